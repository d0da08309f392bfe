"""What reviewers, adjudicators and contributors fill in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tutelage.records import Json
from tutelage.store import canonical
from tutelage.web.review import rules
from tutelage.web.review.models import Review, Ruling

TEXT = forms.Textarea(attrs={"rows": 3, "dir": "auto"})


class ReviewForm(forms.Form):
    """A reviewer's verdict; the buttons carry it."""

    verdict = forms.ChoiceField(choices=Review.Verdict.choices)
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=2_000, widget=TEXT,
        help_text=_("Its maker reads it, without your name. Needed for asking again and for an expert."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """A reason where one is needed; it is asked for where it is missing."""
        return _reasoned(self, self.cleaned_data.get("verdict") in ("redo", "expert"))


class RulingForm(forms.Form):
    """An adjudicator's verdict: one of the answers, or that they are all or none of them right, or both defensible."""

    verdict = forms.ChoiceField(label=_("Your verdict"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason"), max_length=2_000, widget=TEXT,
                             help_text=_("Its maker reads it, without your name."))  # fmt: skip

    def __init__(self, *args: Any, options: Sequence[Json], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answers = [(canonical(a).decode(), rules.in_words(a)) for a in options]
        without = {"answer"} if len(options) > 1 else {"answer", "both"}
        several = [(v, label) for v, label in Ruling.Verdict.choices if v not in without]
        self.fields["verdict"].choices = [*answers, *several]

    def ruling(self) -> tuple[str, Json | None]:
        """(verdict, the answer that is right, for the verdict `answer`)."""
        chosen = self.cleaned_data["verdict"]
        return ("answer", json.loads(chosen)) if chosen.startswith("{") else (chosen, None)


class ReplyForm(forms.Form):
    """What a contributor says to a result; the buttons carry whether they agree."""

    agrees = forms.TypedChoiceField(choices=[("yes", "yes"), ("no", "no")], coerce=lambda v: v == "yes")
    reason = forms.CharField(label=_("Why"), required=False, max_length=2_000, widget=TEXT)

    def clean(self) -> dict[str, Any]:
        """A reason for a dispute."""
        return _reasoned(self, self.cleaned_data.get("agrees") is False)


def _reasoned(form: forms.Form, needed: bool) -> dict[str, Any]:
    if needed and not form.cleaned_data.get("reason", "").strip():
        form.add_error("reason", _("Say in a sentence why."))
        form.fields["reason"].widget = forms.Textarea(attrs={**TEXT.attrs, "autofocus": True})
    return form.cleaned_data
