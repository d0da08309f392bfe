"""The stages joined: an engine that does each once, whatever is killed in between, and the loop it drives."""

from tutelage.pipeline.engine import RunResult, StageResult, run
from tutelage.pipeline.forecast import Forecast, forecast
from tutelage.pipeline.publish import deliver
from tutelage.pipeline.stage import Effort, Plan, Stage, StageContext, StageSpec

__all__ = [
    "Effort", "Forecast", "Plan", "RunResult", "Stage", "StageContext", "StageResult", "StageSpec", "deliver",
    "forecast", "run",
]  # fmt: skip
