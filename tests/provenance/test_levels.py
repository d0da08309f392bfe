"""How far a person is known, and what an adversary who holds everything of the operator's still cannot do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.provenance.people_at_work import LOG, NOW, RP, Passkey, Worker, changed

from tutelage.errors import BadInput, Failed
from tutelage.provenance.batches import check_batch, enrolled_keys, key_at, pay_statement
from tutelage.provenance.checkpoints import Checkpoint, check_grown, check_signed, cosign, sign, witnessed
from tutelage.provenance.keys import SigningKey
from tutelage.provenance.levels import Evidence, level_of
from tutelage.provenance.merkle import Tree, leaf_hash
from tutelage.provenance.trust import Attestation, TrustList, attest
from tutelage.provenance.verifier import formats
from tutelage.provenance.webauthn import check_assertion

OPERATOR, WITNESS = SigningKey("operator", bytes(range(32))), SigningKey("witness", bytes(range(1, 33)))
ISSUER = SigningKey("chamber", bytes(range(2, 34)))
TRUST = TrustList(
    LOG, (OPERATOR.public.vkey(),), (WITNESS.public.vkey(),), {"chamber": ISSUER.public.raw.hex()}, quorum=1
)


def attestation(worker: Worker, issuer: str = "chamber", method: str = "live") -> Attestation:
    start = NOW - timedelta(days=10)
    return Attestation(issuer, worker.key.public.id(), method, start, start + timedelta(days=365))  # type: ignore[arg-type]  a parameter, one of the methods


@pytest.mark.parametrize("alg", ["ES256", "Ed25519"])
def test_a_persons_signature_covers_each_receipt_their_order_and_the_pay(alg: str) -> None:
    ana = Worker("ana", Passkey(alg))
    receipts = [ana.work(f"j{i}").receipt for i in range(5)]
    batch = ana.batch(receipts)
    assert check_batch(batch, receipts, ana.enrolment()).device_bound
    assert batch.pay.minor == 5 * 35
    edited = [*receipts[:4], changed(receipts[4], contribution="salted:" + "0" * 64)]
    with pytest.raises(Failed, match="signs something else"):
        check_batch(batch, edited, ana.enrolment())
    with pytest.raises(Failed, match="names other receipts"):
        check_batch(batch, receipts[::-1], ana.enrolment())
    with pytest.raises(Failed, match="signs something else"):
        check_batch(replace(batch, pay=replace(batch.pay, active_s=6.0)), receipts, ana.enrolment())
    with pytest.raises(Failed, match="pay is not"):
        check_batch(replace(batch, pay=replace(batch.pay, minor=1)), receipts, ana.enrolment())
    with pytest.raises(Failed, match="signs something else"):
        backdated = replace(batch.pay, at=NOW - timedelta(days=9))
        check_batch(replace(batch, pay=backdated), receipts, ana.enrolment())


def test_an_assertion_for_another_site_kind_or_absent_user_is_refused() -> None:
    key, what = Passkey(), b"c" * 32
    check_assertion(key.sign(what), key.public, RP, what)
    for bad in (
        key.sign(what, origin="https://evil.example"),
        key.sign(what, origin=f"http://{RP}"),
        key.sign(what, origin="http://localhost:8000"),
        key.sign(what, origin=f"https://evil{RP}"),
        key.sign(what, rp="evil.example", origin=f"https://{RP}"),
        key.sign(what, kind="webauthn.create"),
        key.sign(b"d" * 32),
        Passkey().sign(what),
        replace(key.sign(what), signature=""),
        replace(key.sign(what), authenticator_data="AAAA"),
    ):
        with pytest.raises(Failed):
            check_assertion(bad, key.public, RP, what)
    for flags in (0, 1, 4):
        key.flags = flags
        with pytest.raises(Failed):
            check_assertion(key.sign(what), key.public, RP, what)
    for text in ("a=b", "!", "A"):
        with pytest.raises(BadInput):
            check_assertion(replace(key.sign(what), client_data=text), key.public, RP, what)


def test_without_tls_only_localhost_is_a_site_and_only_for_itself() -> None:
    """Any port of http://localhost for `localhost`; not its subdomain, not 127.0.0.1. Ours and verify.py agree."""
    key, what = Passkey(), b"c" * 32
    public = {"alg": key.public.alg, "x": key.public.x, "y": key.public.y}
    for origin, good in (
        ("http://localhost:8690", True),
        ("http://localhost", True),
        ("https://localhost:8690", True),
        ("http://evil.localhost", False),
        ("http://127.0.0.1:8690", False),
    ):
        made = key.sign(what, rp="localhost", origin=origin)
        said = {n: getattr(made, n) for n in ("client_data", "authenticator_data", "signature")}
        if good:
            check_assertion(made, key.public, "localhost", what)
            formats.check_assertion(said, public, "localhost", what)
            continue
        with pytest.raises(Failed):
            check_assertion(made, key.public, "localhost", what)
        with pytest.raises(formats.Fault):
            formats.check_assertion(said, public, "localhost", what)


def test_a_batch_is_small_enough_to_look_through_and_of_one_person() -> None:
    ana, ben = Worker("ana", Passkey()), Worker("ben", Passkey())
    with pytest.raises(BadInput):
        pay_statement([ana.work(str(i)).receipt for i in range(51)], 1.0, NOW)
    with pytest.raises(BadInput):
        pay_statement([ana.work("a").receipt, ben.work("b").receipt], 1.0, NOW)
    with pytest.raises(BadInput):
        pay_statement([], 1.0, NOW)


def test_each_level_needs_all_below_it() -> None:
    ana = Worker("ana", Passkey())
    full = Evidence(True, NOW, ana.key.public.id(), device_bound=True, witnesses=1)
    live, register = attestation(ana), attestation(ana, method="register")
    assert level_of(Evidence(False), [live], 1) == "H0"
    assert level_of(Evidence(True), [live], 1) == "H1"
    assert level_of(full, [], 1) == "H2"
    assert level_of(full, [register], 1) == "H3"
    assert level_of(full, [live], 1) == "H4"
    assert level_of(replace(full, witnesses=0), [live], 1) == "H3"
    assert level_of(replace(full, device_bound=False), [live], 1) == "H2"
    assert level_of(replace(full, signed_at=NOW + timedelta(days=25)), [live], 1) == "H3"
    assert level_of(replace(full, signed_at=NOW + timedelta(days=400)), [live], 1) == "H2"
    assert level_of(replace(full, logged=False), [live], 1) == "H0"


def test_an_operators_key_is_no_issuer_and_no_witness() -> None:
    with pytest.raises(BadInput, match="two roles"):
        replace(TRUST, issuers={"chamber": OPERATOR.public.raw.hex()})
    with pytest.raises(BadInput, match="two roles"):
        replace(TRUST, witnesses=(OPERATOR.public.vkey(),))


def test_who_holds_database_server_keys_and_enrolment_reaches_h2_for_invented_people_and_never_h3() -> None:
    """Step by step: the adversary has the pepper, the log, the operator's keys, and enrols whom it likes."""
    puppet = Worker("invented", Passkey())  # 1. it enrols a key of its own for a person who does not exist
    receipts = [puppet.work(f"j{i}").receipt for i in range(3)]
    batch = puppet.batch(receipts)  # 2. it signs work with it
    keys = enrolled_keys(LOG, [(0, puppet.enrolment())])
    signed = check_batch(batch, receipts, keys[puppet.nym][-1][1])
    evidence = Evidence(True, batch.pay.at, batch.credential, signed.device_bound, witnesses=1)
    assert level_of(evidence, [], 1) == "H2"  # 3. H2: a key, and nothing about a person
    for forged in (  # 4. it attests its own key, in the issuer's name and in its own
        attest(attestation(puppet), OPERATOR),
        attest(attestation(puppet), SigningKey("chamber", bytes(range(3, 35)))),
        attest(attestation(puppet, issuer="operator"), OPERATOR),
    ):
        with pytest.raises(Failed):
            TRUST.attested(forged)
    real = Worker("ana", Passkey())  # 5. it reuses the attestation of a real person's key
    borrowed = TRUST.attested(attest(attestation(real), ISSUER))
    assert level_of(evidence, [borrowed], 1) == "H2"
    with pytest.raises(Failed, match="another key"):  # 6. and names that key in its batch
        check_batch(replace(batch, credential=real.key.public.id()), receipts, puppet.enrolment())
    assert level_of(evidence, [TRUST.attested(attest(attestation(puppet), ISSUER))], 1) == "H4"  # only the issuer can


def test_at_h2_the_same_adversary_cannot_sign_for_a_person_enrolled_before() -> None:
    ana, key = Worker("ana", Passkey()), Passkey()
    thief = Worker("ana", key)  # 1. the same pseudonym, another key
    receipts = [ana.work("j1").receipt]
    tree = Tree()
    tree.append(leaf_hash(ana.enrolment().payload()))
    known = sign(LOG, 1, tree.root(), OPERATOR)  # what the verifier saw, before
    chain = enrolled_keys(LOG, [(0, ana.enrolment()), (1, thief.enrolment())])[ana.nym]
    assert [e.key for _, e in chain] == [ana.key.public]  # 2. its enrolment comes second, without proof
    lying = replace(thief.enrolment(), proof=key.sign(thief.enrolment().challenge()))
    assert len(enrolled_keys(LOG, [(0, ana.enrolment()), (1, lying)])[ana.nym]) == 1  # 3. it proves it by its own key
    with pytest.raises(Failed, match="another key than the enrolled"):
        check_batch(thief.batch(receipts), receipts, chain[-1][1])  # 4. it signs all the same
    with pytest.raises(Failed, match="another key signed"):
        check_batch(replace(thief.batch(receipts), credential=ana.key.public.id()), receipts, chain[-1][1])
    fork = Tree()  # 5. it rewrites the log, so that its enrolment comes first
    for one in (thief.enrolment(), ana.enrolment()):
        fork.append(leaf_hash(one.payload()))
    with pytest.raises(Failed, match="does not hold"):
        check_grown(known, sign(LOG, 2, fork.root(), OPERATOR), fork.consistency(1))
    moved = Worker("ana", key)  # only Ana can move to another key
    proof = ana.key.sign(moved.enrolment().challenge())
    chain = enrolled_keys(LOG, [(0, ana.enrolment()), (5, replace(moved.enrolment(), proof=proof))])[ana.nym]
    assert [key_at(chain, index) for index in (0, 5)] == [None, chain[0][1]]  # 6. and a batch is judged by its place
    assert key_at(chain, 6) == chain[1][1]


def test_a_witness_cosigns_growth_and_no_fork() -> None:
    tree, keys = Tree(), [OPERATOR.public]
    for i in range(5):
        tree.append(leaf_hash(bytes([i])))
    first, second = (sign(LOG, n, tree.root(n), OPERATOR) for n in (3, 5))
    seen = cosign(first, WITNESS, NOW, keys)
    both = cosign(second, WITNESS, NOW, keys, seen, tree.consistency(3))
    again = Checkpoint.parse(both.note())
    assert check_signed(again, keys) == OPERATOR.public
    assert witnessed(again, [WITNESS.public]) == {WITNESS.public: NOW}
    assert witnessed(replace(again, size=6), [WITNESS.public]) == {}
    with pytest.raises(Failed):
        cosign(sign(LOG, 5, b"x" * 32, OPERATOR), WITNESS, NOW, keys, seen, tree.consistency(3))
    with pytest.raises(Failed):
        cosign(sign(LOG, 5, tree.root(), WITNESS), WITNESS, NOW, keys)


@pytest.mark.parametrize("cut", range(0, 130, 7))
def test_a_note_is_read_to_the_byte_or_refused(cut: int) -> None:
    note = sign(LOG, 3, b"r" * 32, OPERATOR).note()
    assert Checkpoint.parse(note).note() == note
    with pytest.raises(BadInput):
        Checkpoint.parse(note[:cut] + " " + note[cut:])


def test_a_checkpoint_with_one_changed_figure_is_not_signed() -> None:
    note = sign(LOG, 3, b"r" * 32, OPERATOR).note()
    with pytest.raises(Failed):
        check_signed(Checkpoint.parse(note.replace("\n3\n", "\n4\n")), [OPERATOR.public])
