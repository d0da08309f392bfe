"""What one is ready to meet."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tutelage.web.care import rules
from tutelage.web.projects.rules import WARNINGS

LEVELS = {1: _("Rough"), 2: _("Distressing"), 3: _("Severe")}


class ContentForm(forms.Form):
    """A choice for each class; all are off until chosen."""

    def __init__(self, *args: Any, chosen: set[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in rules.CLASSES:
            self.fields[name] = forms.BooleanField(label=WARNINGS[name], required=False, initial=name in (chosen or ()))

    def levels(self) -> list[tuple[int, Any, list[Any]]]:
        """(severity, its word, its fields), the mildest first."""
        named = {s: [self[n] for n, level in rules.CLASSES.items() if level == s] for s in LEVELS}
        return [(s, LEVELS[s], named[s]) for s in sorted(named)]

    def classes(self) -> list[str]:
        """What was chosen."""
        return [name for name in rules.CLASSES if self.cleaned_data.get(name)]
