"""Receipts: what they commit to, what they never show, and that only whole, signed, canonical ones are read."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from tests.provenance.people_at_work import KEK, NOW, PEPPER, changed, given

from tutelage.errors import BadInput, Failed
from tutelage.provenance.commitments import Commitment, Salt, check_opening, commit, pseudonym
from tutelage.provenance.keys import PublicKey, SigningKey, keys_at, rotate
from tutelage.provenance.receipts import Given, Receipt, envelope, open_receipt

OPERATOR, NEXT = SigningKey("operator", bytes(range(32))), SigningKey("operator", bytes(range(1, 33)))


def test_an_unsalted_hash_of_an_answer_has_no_type() -> None:
    plain = "sha256:" + hashlib.sha256(b'{"value":"A"}').hexdigest()
    with pytest.raises(BadInput, match="not a salted commitment"):
        Commitment(plain)
    with pytest.raises(BadInput, match="not a salted commitment"):
        changed(given("ana", "j1").receipt, contribution=plain)
    for no_salt in (b"", bytes(32), b"A" * 32):
        with pytest.raises(BadInput):
            Salt(no_salt)
    with pytest.raises(TypeError):
        commit(b"A", b"A" * 32)  # type: ignore[arg-type]  the test chooses the fields


def test_two_receipts_for_the_same_answer_have_nothing_in_common_to_compare() -> None:
    assert given("ana", "j1").receipt.contribution != given("ana", "j1").receipt.contribution


def test_a_receipt_holds_neither_the_answer_nor_the_person() -> None:
    one = given("ana", "j1", "secret answer")
    assert b"secret" not in one.receipt.payload()
    assert b"ana" not in one.receipt.payload()
    assert b'"ana"' not in one.contribution
    assert one.receipt.nym.encode() in one.contribution


def test_the_salt_opens_the_published_line_and_no_other() -> None:
    one = given("ana", "j1")
    check_opening(Commitment(one.receipt.contribution), one.contribution, one.salt)
    with pytest.raises(Failed, match="not what the commitment"):
        check_opening(Commitment(one.receipt.contribution), one.contribution.replace(b'"A"', b'"B"'), one.salt)


def test_a_person_has_another_pseudonym_in_each_project() -> None:
    assert pseudonym(PEPPER, "ana") != pseudonym(KEK, "ana")
    with pytest.raises(BadInput):
        pseudonym(b"short", "ana")


def test_an_envelope_gives_its_receipt_back_and_refuses_another_key_or_byte() -> None:
    receipt = given("ana", "j1").receipt
    sealed = envelope(receipt, OPERATOR)
    assert open_receipt(sealed, [OPERATOR.public]) == receipt
    with pytest.raises(Failed):
        open_receipt(sealed, [NEXT.public])
    with pytest.raises(Failed):
        open_receipt({**sealed, "payloadType": "application/json"}, [OPERATOR.public])


def test_only_canonical_receipts_are_read() -> None:
    payload = given("ana", "j1").receipt.payload()
    assert Receipt.parse(payload).payload() == payload
    for other in (payload + b" ", json.dumps(json.loads(payload), indent=1).encode(), b"{}", b"[" * 100_000, b"\xff"):
        with pytest.raises(BadInput):
            Receipt.parse(other)


def test_what_the_store_encrypts_reads_back_the_same() -> None:
    one = given("ana", "j1", "ü – 漢字")
    assert Given.parse(one.body()) == one


def test_after_a_rotation_the_new_key_alone_signs_larger_checkpoints() -> None:
    step = rotate("log", OPERATOR, NEXT.public, from_size=100)
    assert keys_at([OPERATOR.public], [step], "log", 99) == [OPERATOR.public]
    assert keys_at([OPERATOR.public], [step], "log", 100) == [NEXT.public]
    with pytest.raises(Failed):
        keys_at([NEXT.public], [step], "log", 100)
    with pytest.raises(Failed):
        keys_at([OPERATOR.public], [step], "another log", 100)


def test_a_key_reads_back_from_its_text_and_a_changed_id_is_refused() -> None:
    vkey = OPERATOR.public.vkey()
    assert PublicKey.parse(vkey) == OPERATOR.public
    with pytest.raises(BadInput):
        PublicKey.parse(vkey.replace("operator+", "another+"))


def test_times_are_whole_seconds() -> None:
    assert given("ana", "j1").receipt.accepted_at == NOW
    assert timedelta(0) == timedelta(microseconds=given("ana", "j1").receipt.accepted_at.microsecond)
