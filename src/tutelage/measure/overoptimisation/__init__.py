"""Is a policy still getting better, or only better at pleasing its reward? Proxy, gold and KL on one curve."""

from tutelage.measure.overoptimisation.alarm import LEAST_PAIRS, Alarm, Fired, Watch, watch
from tutelage.measure.overoptimisation.curve import Curve, Point, fit

__all__ = ["LEAST_PAIRS", "Alarm", "Curve", "Fired", "Point", "Watch", "fit", "watch"]
