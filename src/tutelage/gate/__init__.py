"""The gate: criteria, evidence and signatures in; pass, fail or insufficient out. It may always say it cannot tell."""

from __future__ import annotations

from tutelage.gate.criteria import Criteria, Criterion
from tutelage.gate.decision import Decision, decide
from tutelage.gate.evidence import Capability, Evidence, Signature
from tutelage.gate.findings import Finding

__all__ = ["Capability", "Criteria", "Criterion", "Decision", "Evidence", "Finding", "Signature", "decide"]
