"""What an owner fills in for a release, a decision, and a certificate."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tutelage.errors import BadInput
from tutelage.web.shared import uploads

LICENCES = ("CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC0-1.0", "ODC-By-1.0")
MOST_UPLOADED, MOST_UNPACKED = 64 << 20, 512 << 20


class ReleaseForm(forms.Form):
    """A release: under which licence, for whom, with which certificate."""

    licence = forms.CharField(
        label=_("Licence"), max_length=80, initial="CC-BY-4.0",
        widget=forms.TextInput(attrs={"list": "licences", "dir": "ltr", "autocomplete": "off"}),
        help_text=_("Under which others may use the rows; an SPDX name if there is one."),
    )  # fmt: skip
    exclusive = forms.BooleanField(
        label=_("Exclusive"), required=False, help_text=_("Nobody else gets these rows, and the release says so.")
    )
    certificate = forms.ChoiceField(label=_("Certificate of an AI judge"), required=False)

    def __init__(self, *args: Any, certificates: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(c.number), f"{c.number} · {c.judge}") for c in certificates]
        self.fields["certificate"].choices = [("", _("none: nothing is claimed of an AI judge")), *named]


class SuspectForm(forms.Form):
    """A judgment to be put under suspicion."""

    judgment = forms.UUIDField(label=_("Judgment"), widget=forms.TextInput(attrs={"dir": "ltr"}),
                               help_text=_("Its id, as the receipt or the record has it."))  # fmt: skip
    why = forms.CharField(label=_("Why"), max_length=300, widget=forms.TextInput(attrs={"dir": "auto"}))


class DecisionForm(forms.Form):
    """Keep a row or leave it out."""

    keep = forms.ChoiceField(choices=(("yes", _("Keep")), ("no", _("Leave out"))))
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.TextInput(attrs={"dir": "auto"}))


class DrawForm(forms.Form):
    """An AI judge's verdicts, and the slice to hold them against people."""

    judge = forms.CharField(label=_("Name of the AI judge"), max_length=120,
                            help_text=_("With its version, as buyers should read it."),
                            widget=forms.TextInput(attrs={"dir": "auto"}))  # fmt: skip
    file = forms.FileField(
        label=_("Its verdicts"),
        help_text=_("A .csv, .jsonl or .parquet with columns `item` and `verdict`, and `confidence` if it gave one."),
    )
    target = forms.ChoiceField(
        label=_("What is to be claimed"),
        choices=(
            ("agreement", _("how often it agrees with people")),
            ("mean", _("the share of each verdict, as people would give it")),
            ("residual", _("which of its verdicts may go out unseen, at a given error")),
        ),
    )
    size = forms.IntegerField(label=_("Items that people look at"), min_value=1, max_value=1_000_000, initial=200)
    require = forms.FloatField(
        label=_("Usable only if it agrees at least so often"),
        min_value=0,
        max_value=1,
        required=False,
        help_text=_("A share such as 0.8; empty: nothing is required."),
    )
    error = forms.FloatField(
        label=_("Error allowed in what goes out unseen"), min_value=0.001, max_value=0.5, initial=0.05
    )
    each = forms.IntegerField(
        label=_("People an item"),
        min_value=1,
        max_value=3,
        initial=1,
        help_text=_("Two show how far people agree among themselves."),
    )
    alone = forms.BooleanField(
        label=_("The slice first"), required=False, initial=True, help_text=_("The rest of the queue waits for it.")
    )

    def clean_file(self) -> Any:
        """A file that is not larger than what is read in one go, packed or unpacked."""
        found = self.cleaned_data["file"]
        if found.size > MOST_UPLOADED:
            raise forms.ValidationError(_("This file is larger than 64 MiB."))
        try:
            uploads.check(found, MOST_UNPACKED)
        except BadInput as why:
            raise forms.ValidationError(f"{why.seen} {why.remedy}") from None
        return found
