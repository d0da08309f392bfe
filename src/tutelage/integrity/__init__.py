"""Evidence about how a judgment came to be: one file per kind of evidence, pure functions over arrays and texts.

Evidence is never a verdict about a person: every finding is for a person to review, and what is decided here is
whether a *lot* is accepted, at stated risks (`inspection.inspect`, `lot.decide`).
"""
