"""What an owner fills in: a file to import, a file to export, what to look for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tutelage.errors import BadInput
from tutelage.formats import FORMATS
from tutelage.formats.importers import importers
from tutelage.web.runs.actions import MOST_BYTES
from tutelage.web.runs.loop_rules import MOST_TEXT
from tutelage.web.runs.rules import EVENTS
from tutelage.web.shared import uploads


class ImportForm(forms.Form):
    """A file or pasted rows, how to read them, and what their answers count as."""

    file = forms.FileField(label=_("File"), required=False,
                           help_text=_("JSONL, JSON, CSV, TSV or Parquet; .gz of the text ones."))  # fmt: skip
    text = forms.CharField(label=_("Or paste rows"), required=False, strip=False,
                           widget=forms.Textarea({"rows": 4, "spellcheck": "false", "dir": "auto"}))  # fmt: skip
    format = forms.ChoiceField(label=_("Format"), required=False)
    columns = forms.CharField(
        label=_("Columns"), required=False, widget=forms.Textarea({"rows": 2, "spellcheck": "false", "dir": "ltr"}),
        help_text=_("Only where names do not speak for themselves, one a line: prompt=question."),
    )  # fmt: skip
    answers = forms.ChoiceField(
        label=_("Answers in the file"), initial="none",
        choices=[("none", _("are left out: people judge every item")), ("gold", _("are known answers (gold)")),
                 ("judgments", _("are judgments made elsewhere: they get receipts here"))],
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = sorted(importers().values(), key=lambda i: i.name)
        self.fields["format"].choices = [("", _("Find out")), *((i.name, i.name) for i in known)]

    def clean_file(self) -> Any:
        """A file that is not larger inside than one may be that is not packed."""
        found = self.cleaned_data["file"]
        try:
            if found:
                uploads.check(found, MOST_BYTES)
        except BadInput as why:
            raise ValidationError(f"{why.seen} {why.remedy}") from None
        return found

    def clean(self) -> dict[str, Any]:
        """A file or a text, not neither."""
        found = super().clean() or {}
        if "file" not in self.errors and not found.get("file") and not (found.get("text") or "").strip():
            raise ValidationError(_("Choose a file, or paste some rows."))
        return found

    def options(self) -> dict[str, Any]:
        """As a job keeps them."""
        said = self.cleaned_data
        lines = [line.strip() for line in said["columns"].splitlines() if line.strip()]
        return {"format": said["format"], "columns": lines, "answers": said["answers"]}


class ExportForm(forms.Form):
    """Which format, in which kind of file."""

    to = forms.ChoiceField(label=_("Format"), choices=[(f, f) for f in FORMATS])
    file = forms.ChoiceField(label=_("File"), choices=[("jsonl", "JSONL"), ("csv", "CSV")])


class WebhookForm(forms.Form):
    """Where events are sent, and which."""

    url = forms.CharField(label=_("Address"), max_length=500, widget=forms.URLInput({"dir": "ltr"}),
                          help_text=_("https, on the open net: nothing is sent into a private network."))  # fmt: skip
    events = forms.MultipleChoiceField(
        label=_("Events"), choices=[(e, e) for e in EVENTS], widget=forms.CheckboxSelectMultiple
    )


class LoopForm(forms.Form):
    """A run in a few choices; everything else has a default and can be edited as TOML."""

    name = forms.CharField(label=_("Name"), max_length=60, initial="first loop")
    base = forms.ChoiceField(label=_("Base model"))
    source = forms.ChoiceField(
        label=_("Who judges the answers"), initial="platform",
        choices=[("platform", _("the people of this project")),
                 ("simulated", _("simulated contributors: a rehearsal"))],
    )  # fmt: skip
    topics = forms.IntegerField(label=_("Topics"), initial=24, min_value=2, max_value=48,
                                help_text=_("Six prompts each; a part of them is kept for the test."))  # fmt: skip
    answers = forms.IntegerField(label=_("Answers a prompt"), initial=4, min_value=2, max_value=9)
    per_item = forms.IntegerField(label=_("Judgments an item"), initial=3, min_value=1, max_value=15)
    reward = forms.ChoiceField(label=_("Reward model"), initial="head", choices=[
        ("head", _("head: fast, on sentence vectors")), ("trunk", _("trunk: the language model itself"))])  # fmt: skip
    control = forms.BooleanField(label=_("Also train on shuffled verdicts, as a control"), required=False)

    def __init__(self, *args: Any, bases: list[str], kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["base"].choices = [(one, one.partition(":")[2]) for one in bases]
        if kind == "comparison":
            self.fields["answers"].initial = 2
            self.fields["answers"].help_text = _("Two: this project compares.")
        if kind not in ("comparison", "ranking"):
            self.fields["source"].initial = "simulated"

    def said(self) -> dict[str, Any]:
        """What `loop_rules.template` takes."""
        return {**DEFAULTS, **self.cleaned_data}

    def defaults(self) -> dict[str, Any]:
        """The same of a form that nobody has filled in."""
        return {**DEFAULTS, **{name: field.initial for name, field in self.fields.items()}}


DEFAULTS: dict[str, Any] = {
    "seed": 1, "held_out": 0.5, "max_tokens": 56, "rank": 16, "epochs": 1, "beta": 0.1, "best_of": 8,
    "best_of_prompts": 24,
}  # fmt: skip


def _lines(label: Any, rows: int) -> forms.CharField:
    shown = forms.Textarea({"rows": rows, "spellcheck": "false", "dir": "ltr", "wrap": "off", "class": "mono small"})
    return forms.CharField(label=label, strip=False, max_length=MOST_TEXT, widget=shown)


class RecipeForm(forms.Form):
    """The recipe and its criteria as they will be run."""

    recipe = _lines(_("Recipe"), 24)
    criteria = _lines(_("Criteria of the gate"), 24)


class StatementForm(forms.Form):
    """Somebody's word about a model, before it is signed."""

    role = forms.CharField(label=_("Your role"), max_length=80)
    team = forms.CharField(
        label=_("Your team"), max_length=80, initial="model",
        help_text=_("“model” is those who made it: for a High capability they do not count."),
    )  # fmt: skip
    approves = forms.ChoiceField(
        label=_("Your word"),
        choices=[("yes", _("I approve: it may ship on this evidence")),
                 ("no", _("I dissent: it is kept with the decision"))],
    )  # fmt: skip
    words = forms.CharField(label=_("Why"), max_length=1000,
                            widget=forms.Textarea({"rows": 3, "dir": "auto"}))  # fmt: skip
    days = forms.IntegerField(label=_("It holds for, in days"), initial=90, min_value=1, max_value=365)

    def __init__(self, *args: Any, roles: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if roles:
            self.fields["role"].help_text = _("The criteria ask for: {roles}.").format(roles=", ".join(roles))
            self.fields["role"].initial = roles[0]
