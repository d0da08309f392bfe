"""From comparisons and rankings to strengths, with errors that hold when one judge answers often."""

from tutelage.measure.preference.bradley_terry import bradley_terry
from tutelage.measure.preference.connect import NotConnected, components
from tutelage.measure.preference.plackett_luce import plackett_luce
from tutelage.measure.preference.scores import Raters, Scores

__all__ = ["NotConnected", "Raters", "Scores", "bradley_terry", "components", "plackett_luce"]
