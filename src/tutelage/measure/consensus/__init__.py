"""From many votes on an item to one answer, its probability, and how good each judge is."""

from tutelage.measure.consensus.categorical import dawid_skene, majority, one_coin
from tutelage.measure.consensus.choose import Choice, choose, held_out
from tutelage.measure.consensus.gaussian import OrdinalConsensus, ScaleConsensus, continuous, ordinal
from tutelage.measure.consensus.uncertainty import err_together, widen
from tutelage.measure.consensus.votes import Consensus, Votes, votes

__all__ = [
    "Choice", "Consensus", "OrdinalConsensus", "ScaleConsensus", "Votes", "choose", "continuous", "dawid_skene",
    "err_together", "held_out", "majority", "one_coin", "ordinal", "votes", "widen",
]  # fmt: skip
