"""What an owner fills in: the six questions, the terms, the guideline, its rubric."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tutelage import kinds
from tutelage.errors import BadInput, Where
from tutelage.web.projects import models_here, rules
from tutelage.web.projects.models import Project

SUMMARIES = {
    "comparison": _("Comparison: which of two answers is better"),
    "ranking": _("Ranking: several answers in order"),
    "rating": _("Rating: one answer, criterion by criterion"),
    "demonstration": _("Demonstration: write the answer"),
    "classification": _("Classification: choose the class"),
    "spans": _("Spans: mark passages in a text"),
    "fact_check": _("Fact check: claim by claim, with sources"),
    "problem": _("Problem: write a task and its grader"),
    "trajectory": _("Trajectory: the steps of an agent, first error"),
    "dialogue": _("Dialogue: talk with a model and judge it"),
}


def kind_choices() -> list[tuple[str, Any]]:
    """The kinds of question that this installation has."""
    return [(name, SUMMARIES.get(name, name)) for name in kinds.names()]


def check_kind(name: str) -> None:
    """Raises BadInput for a kind that is not here."""
    kinds.get(name)


def check_warnings(chosen: list[str]) -> None:
    """Raises BadInput for a class that is not known, and for “none” beside another."""
    unknown = [c for c in chosen if c not in rules.WARNINGS]
    if unknown or (rules.NONE in chosen and len(chosen) > 1):
        raise BadInput(
            f"The content warnings are {chosen[:8]}.",
            expected="`none` alone, or any of " + ", ".join(w for w in rules.WARNINGS if w != rules.NONE),
            remedy="Name those that apply.",
            where=Where(field="warnings"),
        )


class MoneyField(forms.DecimalField):
    """An amount as people write it; its value is a whole number of the smallest unit."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_digits=9, decimal_places=2, **kwargs)
        self.widget.attrs.update({"inputmode": "decimal", "step": "0.01"})

    def clean(self, value: Any) -> Any:
        """Cents."""
        amount = super().clean(value)
        return None if amount is None else int((amount * 100).to_integral_value())

    def prepare_value(self, value: Any) -> Any:
        """Cents as an amount; what was typed stays as it was typed."""
        return f"{Decimal(value) / 100:.2f}" if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """By amount, not by spelling."""
        try:
            return int(Decimal(data or "0") * 100) != (initial or 0)
        except InvalidOperation:
            return True


class PercentField(forms.DecimalField):
    """A share in per cent; its value is in basis points."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=100, max_digits=5, decimal_places=2, **kwargs)

    def clean(self, value: Any) -> Any:
        """Basis points."""
        share = super().clean(value)
        return None if share is None else int(share * 100)

    def prepare_value(self, value: Any) -> Any:
        """Basis points as per cent."""
        return f"{Decimal(value) / 100:g}" if isinstance(value, int) else value


def _long(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "dir": "auto"})


class TermsForm(forms.Form):
    """The six questions; each is a line of the offer."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"dir": "auto"}))
    kind = forms.ChoiceField(label=_("What is asked"), choices=kind_choices)
    purpose = forms.CharField(
        label=_("What is it for?"),
        widget=_long(),
        help_text=_("People decide by this whether they want to help. Say what the answers become."),
    )
    client_class = forms.CharField(
        label=_("For whom?"),
        max_length=120,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=_("The sort of client, if not its name: a hospital, a university, a maker of AI models."),
    )
    duties = forms.CharField(label=_("What do people do?"), widget=_long())
    minutes = forms.FloatField(
        label=_("How many minutes does a task take?"),
        min_value=0.05,
        max_value=480,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text=_("The median. Do five yourself before you publish."),
    )
    currency = forms.ChoiceField(
        label=_("Currency"), choices=[(c, f"{c} {sign}") for c, sign in rules.CURRENCIES.items()]
    )
    piece_minor = MoneyField(label=_("Pay for one task"), help_text=_("What people get, whatever the platform takes."))
    instruction_minor = MoneyField(label=_("Pay for reading the instructions"))
    fee_bp = PercentField(label=_("The platform's share on top, %"), initial=0)
    warnings = forms.MultipleChoiceField(
        label=_("What may upset people?"),
        choices=[],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Shown before anybody accepts. If there is nothing, say so."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["warnings"].choices = list(rules.WARNINGS.items())

    def clean_warnings(self) -> list[str]:
        """Either classes or “nothing of the kind”, never both."""
        chosen = self.cleaned_data["warnings"]
        if rules.NONE in chosen and len(chosen) > 1:
            raise ValidationError(_("“Nothing of the kind” cannot stand beside a class. Choose one or the other."))
        return chosen


class NewProjectForm(TermsForm):
    """A new project: the six questions and whose it is."""

    organisation = forms.ChoiceField(label=_("Organisation"))

    def __init__(self, *args: Any, organisations: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = [(str(o.pk), o.name) for o in organisations]
        if len(organisations) == 1:
            self.fields["organisation"].widget = forms.HiddenInput()
            self.fields["organisation"].initial = str(organisations[0].pk)


class QueueForm(forms.Form):
    """How tasks are handed out; not part of the offer."""

    overlap = forms.IntegerField(label=_("People for each task"), min_value=1, max_value=100)
    gold_share = forms.FloatField(
        label=_("Share of tasks with a known answer"),
        min_value=0,
        max_value=0.5,
        widget=forms.NumberInput(attrs={"step": "0.01"}),
        help_text=_("0.05 is one in twenty. People see afterwards how they did."),
    )
    strategy = forms.ChoiceField(label=_("Order"), choices=Project.Strategy)
    lease_s = forms.IntegerField(
        label=_("Seconds a task is held for somebody"),
        min_value=60,
        max_value=86_400,
        help_text=_("Longer than the longest task; whoever is late is paid all the same."),
    )
    quota_day = forms.IntegerField(label=_("Most tasks for one person a day"), min_value=0, help_text=_("0: no limit."))
    open_call = forms.BooleanField(label=_("Anybody who reads the offer may take it"), required=False)
    model = forms.ChoiceField(
        label=_("Model that tries what people write"),
        required=False,
        help_text=_(
            "It tries a problem while its author writes it. Models are added by whoever runs this installation."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"].choices = [("", _("none")), *((name, name) for name in models_here.specs())]


class MoneyForm(forms.Form):
    """Money to set aside. `key` makes sending it twice harmless."""

    minor = MoneyField(label=_("Set aside"))
    key = forms.CharField(widget=forms.HiddenInput, max_length=32)

    def clean_minor(self) -> int:
        """Something, not nothing."""
        if not self.cleaned_data["minor"]:
            raise ValidationError(_("Say how much."))
        return self.cleaned_data["minor"]


class GuidelineForm(forms.Form):
    """The instructions, in Markdown."""

    text = forms.CharField(
        label=_("Guideline"),
        widget=_long(18),
        max_length=100_000,
        help_text=_("Markdown. Saving makes the next version; earlier ones stay readable."),
    )


_ANCHOR = re.compile(r"^\s*(-?\d{1,3})\s*[:=–-]\s*(.+)$")


class CriterionForm(forms.Form):
    """One criterion of a rubric, with examples that anchor its scale."""

    name = forms.CharField(label=_("Criterion"), max_length=60, widget=forms.TextInput(attrs={"dir": "auto"}))
    about = forms.CharField(
        label=_("What it means"), max_length=300, required=False, widget=forms.TextInput(attrs={"dir": "auto"})
    )
    anchors = forms.CharField(
        label=_("Examples"),
        widget=_long(4),
        max_length=4_000,
        help_text=_("One a line: the score, a colon, and what earns it. “1: A fact that matters is wrong.”"),
    )

    def clean_anchors(self) -> dict[str, str]:
        """Score to example; at least two, or the scale has no ends."""
        found: dict[str, str] = {}
        for number, line in enumerate(self.cleaned_data["anchors"].splitlines(), 1):
            if not line.strip():
                continue
            match = _ANCHOR.match(line)
            if match is None:
                raise ValidationError(_("Line %(n)d is not a score, a colon and an example.") % {"n": number})
            if match[1] in found:
                raise ValidationError(
                    _("Line %(n)d gives the score %(score)s again.") % {"n": number, "score": match[1]}
                )
            found[match[1]] = match[2].strip()
        if len(found) < 2:
            raise ValidationError(_("Give examples for two scores at least: the ends of the scale."))
        return found


class _Criteria(forms.BaseFormSet):
    def clean(self) -> None:
        """No two criteria of one name."""
        names = [
            f.cleaned_data["name"]
            for f in self.forms
            if f.is_valid() and f.cleaned_data.get("name") and not f.cleaned_data.get("DELETE")
        ]
        if len(set(names)) < len(names):
            raise ValidationError(_("Two criteria have the same name."))

    def rubric(self) -> list[dict[str, Any]]:
        """What was filled in, in order."""
        return [
            {name: f.cleaned_data[name] for name in ("name", "about", "anchors")}
            for f in self.forms
            if f.cleaned_data.get("name") and not f.cleaned_data.get("DELETE")
        ]


RubricForms = forms.formset_factory(CriterionForm, formset=_Criteria, extra=1, max_num=12, can_delete=True)


def rubric_initial(rubric: list[dict[str, Any]]) -> list[dict[str, str]]:
    """A rubric as the form shows it."""
    return [
        {
            "name": c["name"],
            "about": c.get("about", ""),
            "anchors": "\n".join(
                f"{score}: {text}" for score, text in sorted(c.get("anchors", {}).items(), key=_by_score)
            ),
        }
        for c in rubric
    ]


def _by_score(anchor: tuple[str, str]) -> tuple[int, str]:
    score = anchor[0]
    return (int(score), "") if score.lstrip("-").isdigit() else (0, score)
