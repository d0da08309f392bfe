"""From many votes on an item to one answer, its probability, and how good each judge is."""

from tutelage.measure.consensus.categorical import dawid_skene, majority, one_coin
from tutelage.measure.consensus.choose import Choice, choose, held_out
from tutelage.measure.consensus.gaussian import ScaleConsensus, continuous
from tutelage.measure.consensus.ordinal import OrdinalConsensus, ordinal
from tutelage.measure.consensus.ranked import Pairs, concentration, pair_certainty, pair_wins
from tutelage.measure.consensus.settled import Settled, settle
from tutelage.measure.consensus.uncertainty import err_together, widen
from tutelage.measure.consensus.votes import Consensus, Votes, votes

__all__ = [
    "Choice", "Consensus", "OrdinalConsensus", "Pairs", "ScaleConsensus", "Settled", "Votes", "choose",
    "concentration", "continuous", "dawid_skene", "err_together", "held_out", "majority", "one_coin", "ordinal",
    "pair_certainty", "pair_wins", "settle", "votes", "widen",
]  # fmt: skip
