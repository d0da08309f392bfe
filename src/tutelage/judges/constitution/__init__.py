"""Constitutional AI: principles in a file, answers criticised and revised under them, pairs labelled by a model.

What a model wrote or preferred here is a model's work and is named so; it never counts as people's.
"""

from tutelage.judges.constitution.pairs import Label, Labelling, chooser, label
from tutelage.judges.constitution.poll import Ballots, Poll, Standing, poll
from tutelage.judges.constitution.principles import Constitution, Principle, Support, default, read, to_toml
from tutelage.judges.constitution.revise import Chain, Draft, Step, revise
from tutelage.judges.constitution.saying import Speaker

__all__ = [
    "Ballots", "Chain", "Constitution", "Draft", "Label", "Labelling", "Poll", "Principle", "Speaker", "Standing",
    "Step", "Support", "chooser", "default", "label", "poll", "read", "revise", "to_toml",
]  # fmt: skip
