"""What may enter a data set: how much of it a model wrote, who verified that, and whether it still says many things."""

from tutelage.curation.origins import Human, Origin, Sampled, Sourced, Verified, Verifier, distinct, read, verify, write
from tutelage.curation.synthetic import Admission, Guard, Shares, admit, checked, shares
from tutelage.curation.tail import Diversity, Kept, diversity, kept

__all__ = [
    "Admission", "Diversity", "Guard", "Human", "Kept", "Origin", "Sampled", "Shares", "Sourced", "Verified",
    "Verifier", "admit", "checked", "distinct", "diversity", "kept", "read", "shares", "verify", "write",
]  # fmt: skip
