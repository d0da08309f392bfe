"""What an owner fills in: a file to import, a file to export, what to look for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tutelage.formats import FORMATS
from tutelage.formats.importers import importers
from tutelage.web.runs.rules import EVENTS


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

    def clean(self) -> dict[str, Any]:
        """A file or a text, not neither."""
        found = super().clean() or {}
        if not found.get("file") and not (found.get("text") or "").strip():
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
