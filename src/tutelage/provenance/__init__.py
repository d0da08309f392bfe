"""Where things come from, provably: receipts, the log, people's signatures, releases, and a checkpoint's lineage.

What the room promises, to whoever holds a release and a key of the operator's (decisions 0005 to 0007):

- each published row has a receipt in an append-only log that the operator signed; one changed byte is named;
- a level, H0 to H4, says how far the person behind a row is known, counted from the row and never from a claim. A
  signature binds work to an enrolled key, not to a soul: nothing here says that a row is human;
- an operator who holds every key of its own cannot sign for a person who enrolled before, for a verifier who kept a
  checkpoint or trusts a witness; and makes nobody H3, which takes an issuer whom the verifier trusts;
- a person can be erased, and what was proven stays proven;
- after kill -9 a contribution has one leaf or none, and a release is whole or absent;
- bytes that anybody may have sent give a record or one of our own errors.

Sealing is in `provenance.release`, the verifier in `provenance.verifier`.
"""

from tutelage.provenance.batches import Batch, Enrolment, check_batch, enrolled_keys, key_at, pay_statement
from tutelage.provenance.checkpoints import Checkpoint
from tutelage.provenance.code import Sealed, code_version
from tutelage.provenance.commitments import Commitment, Salt, pseudonym
from tutelage.provenance.contributions import Tally, Work, tallies, trace, work_of
from tutelage.provenance.keys import PublicKey, SigningKey
from tutelage.provenance.levels import MEANING, Evidence, level_of
from tutelage.provenance.lineage import Lineage, assemble, check, read, write
from tutelage.provenance.log import FileLog, Log, Submission
from tutelage.provenance.receipts import Given, Level, Pay, Receipt, Terms, issue
from tutelage.provenance.tree import to_text
from tutelage.provenance.trust import Attestation, TrustList
from tutelage.provenance.webauthn import Assertion, Credential, check_assertion

__all__ = [
    "MEANING", "Assertion", "Attestation", "Batch", "Checkpoint", "Commitment", "Credential", "Enrolment", "Evidence",
    "FileLog", "Given", "Level", "Lineage", "Log", "Pay", "PublicKey", "Receipt", "Salt", "Sealed", "SigningKey",
    "Submission", "Tally", "Terms", "TrustList", "Work", "assemble", "check", "check_assertion", "check_batch",
    "code_version", "enrolled_keys", "issue", "key_at", "level_of", "pay_statement", "pseudonym", "read", "tallies",
    "to_text", "trace", "work_of", "write",
]  # fmt: skip
