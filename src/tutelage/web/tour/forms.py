"""What the sceptic may choose at each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tutelage.web.tour import breaking, queries, scenes
from tutelage.web.tour.models import Tour
from tutelage.web.tour.rules import place

MOST = 2**31 - 1


def _number(**attributes: Any) -> forms.NumberInput:
    return forms.NumberInput(attrs={"inputmode": "numeric", **attributes})


class SeedForm(forms.Form):
    """A seed: any number. The same one gives the same draw to everybody."""

    seed = forms.IntegerField(label=_("Seed"), min_value=0, max_value=MOST, initial=scenes.SEED, widget=_number())


class ClaimForm(SeedForm):
    """Which draw, and what would be enough for you to let the judge work alone."""

    enough = forms.IntegerField(label=_("Enough for you, in %"), min_value=1, max_value=99, initial=80,
                                widget=_number())  # fmt: skip

    def clean_enough(self) -> float:
        """A share."""
        return int(self.cleaned_data["enough"]) / 100


class FlipForm(forms.Form):
    """Which byte of which file."""

    file = forms.ChoiceField(label=_("File"))
    at = forms.IntegerField(label=_("Where, in % of the file"), min_value=0, max_value=100, initial=50,
                            widget=_number())  # fmt: skip


class DeleteForm(forms.Form):
    """Which of one's own judgments."""

    judgment = forms.ChoiceField(label=_("Judgment"))


FORMS: dict[str, type[forms.Form]] = {
    "claim": ClaimForm, "models": SeedForm, "flip": FlipForm, "delete": DeleteForm,
}  # fmt: skip


def _flippable(tour: Tour) -> list[tuple[str, str]]:
    sealed = place(tour) / "release"
    return [(name, name) for name in breaking.FLIPPABLE if (sealed / name).is_file()]


def _own(tour: Tour) -> list[tuple[str, str]]:
    return [(one.id, f"{one.number}. {one.answer} – {one.prompt[:60]}") for one in queries.own(tour)]


CHOICES: dict[str, tuple[str, Callable[[Tour], list[tuple[str, str]]]]] = {
    "flip": ("file", _flippable), "delete": ("judgment", _own),
}  # fmt: skip


def form_of(name: str, tour: Tour, asked: Mapping[str, Any], data: Any = None) -> forms.Form:
    """The form of a step with what was chosen last; one without fields where there is nothing to choose."""
    shown = dict(asked)
    if "enough" in shown:
        shown["enough"] = round(100 * shown["enough"])
    made = FORMS.get(name, forms.Form)(data, initial=shown, auto_id=f"{name}-%s")
    if name in CHOICES:
        field, choices = CHOICES[name]
        offered = made.fields[field]
        assert isinstance(offered, forms.ChoiceField)  # noqa: S101  what a choice is made from
        offered.choices = choices(tour)
    return made
