"""Every parser of bytes that anybody may have sent gives a value or one of our own errors, and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.provenance.people_at_work import LOG, NOW, RP, Passkey, Worker
from tests.provenance.test_credential import TRUST as ISSUERS
from tests.provenance.test_credential import presented
from tests.provenance.test_levels import ISSUER, OPERATOR, TRUST, WITNESS, attestation

from tutelage.errors import TutelageError
from tutelage.provenance import credential as credentials
from tutelage.provenance.batches import Batch, Enrolment, check_batch
from tutelage.provenance.checkpoints import Checkpoint, check_signed, cosign, sign, witnessed
from tutelage.provenance.commitments import Commitment, Salt
from tutelage.provenance.erasure import REVOCATIONS_TYPE, Revocations, open_revocations, sign_revocations
from tutelage.provenance.keys import ROTATION_TYPE, PublicKey, keys_at, rotate, seal
from tutelage.provenance.receipts import RECEIPT_TYPE, Receipt, envelope, open_receipt
from tutelage.provenance.trust import ATTESTATION_TYPE, TrustList, attest
from tutelage.provenance.webauthn import Assertion, base64url, check_assertion, unbase64url
from tutelage.records import encode
from tutelage.store import canonical

ANA = Worker("ana", Passkey())
GIVEN = ANA.work("j1")
RECEIPT = GIVEN.receipt
BATCH = ANA.batch([RECEIPT])
OPERATORS = [OPERATOR.public]
NOTE = cosign(sign(LOG, 3, b"r" * 32, OPERATOR, (1, b"p" * 32)), WITNESS, NOW, OPERATORS).note()


def sealed_again(kind: str, payload: bytes) -> Any:
    """Bad contents under a good signature: a trusted signer may be mistaken, or hostile."""
    return seal(kind, payload, OPERATOR)


def noted(raw: bytes) -> None:
    found = Checkpoint.parse(raw.decode("utf-8", "replace"))
    check_signed(found, OPERATORS)
    witnessed(found, [WITNESS.public])


def trusted(raw: bytes, path: Path) -> None:
    path.write_bytes(raw)
    found = TrustList.read(path)
    found.known_checkpoint()


def asserted(raw: bytes) -> None:
    check_assertion(replace(BATCH.assertion, client_data=base64url(raw)), ANA.key.public, RP, b"c" * 32)


def signed(raw: bytes) -> None:
    check_batch(Batch.parse(raw), [RECEIPT], ANA.enrolment())


def opened(raw: bytes) -> None:
    open_receipt(json.loads(raw), OPERATORS)


PARSERS: dict[str, tuple[bytes, Callable[[bytes], Any]]] = {
    "receipt": (RECEIPT.payload(), Receipt.parse),
    "receipt in an envelope": (RECEIPT.payload(), lambda p: open_receipt(sealed_again(RECEIPT_TYPE, p), OPERATORS)),
    "batch": (BATCH.payload(), signed),
    "enrolment": (ANA.enrolment().payload(), Enrolment.parse),
    "client data": (unbase64url(BATCH.assertion.client_data), asserted),
    "attestation": (
        canonical(attestation(ANA)), lambda p: TRUST.attested(seal(ATTESTATION_TYPE, p, ISSUER))
    ),
    "rotation": (
        base64.b64decode(rotate(LOG, OPERATOR, WITNESS.public, 1)["payload"]),
        lambda p: keys_at(OPERATORS, [sealed_again(ROTATION_TYPE, p)], LOG, 3),
    ),
    "revocations": (
        base64.b64decode(sign_revocations(Revocations(LOG, 3, ("a",)), OPERATOR)["payload"]),
        lambda p: open_revocations(sealed_again(REVOCATIONS_TYPE, p), OPERATORS),
    ),
}  # fmt: skip
ENVELOPES: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "of a receipt": (envelope(RECEIPT, OPERATOR), lambda e: open_receipt(e, OPERATORS)),
    "of an attestation": (attest(attestation(ANA), ISSUER), TRUST.attested),
}
TEXTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "checkpoint": (NOTE, lambda t: noted(t.encode("utf-8", "surrogatepass"))),
    "verifier key": (OPERATOR.public.vkey(), PublicKey.parse),
    "salt": ("ab" * 32, Salt.parse),
    "commitment": (RECEIPT.contribution, Commitment),
    "base64url": (BATCH.assertion.signature, unbase64url),
    "presentation": (
        presented({"domain"}),
        lambda t: credentials.verify(t, ISSUERS, audience="https://buyer.example", nonce="n-1", now=NOW),
    ),
}
ODD: list[Any] = [
    None, True, [], {}, [[]], {"a": {}}, "", "x", "é\ud800", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    10**400, -(2**63), 2**53 + 1, 1e308, 0.1, -0.0, "A" * 70000, "salted:" + "0" * 64,
    "https://[",
]  # fmt: skip


def ours(parser: Callable[[Any], Any], value: Any) -> None:
    """Only our own errors come out."""
    try:
        parser(value)
    except TutelageError as error:
        assert str(error)


def spots(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to every value in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(spot for key, one in inner for spot in spots(one, (*at, key)))]


def put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value there."""
    if not at:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[at[0]] = put(value[at[0]], at[1:], new)
    return changed


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("name", PARSERS)
def test_any_value_in_any_field_of_a_payload_gives_our_own_error(name: str) -> None:
    """Every field in turn is each of 19 odd values, or absent, or stands beside one that is unknown."""
    payload, parser = PARSERS[name]
    whole = json.loads(payload)
    parser(payload) if name != "client data" else None
    for at in spots(whole):
        for odd in ODD:
            ours(parser, as_json(put(whole, at, odd)))
    for key in whole:
        ours(parser, canonical({k: v for k, v in whole.items() if k != key}))
    ours(parser, canonical({**whole, "unknown": 1}))


@pytest.mark.parametrize("name", ENVELOPES)
def test_any_value_in_any_field_of_an_envelope_gives_our_own_error(name: str) -> None:
    whole, parser = ENVELOPES[name]
    parser(whole)
    for at in spots(whole):
        for odd in ODD:
            ours(parser, put(whole, at, odd))


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_bytes_for_a_payload_give_our_own_error(name: str, data: st.DataObject) -> None:
    payload, parser = PARSERS[name]
    low, high = sorted(data.draw(st.tuples(*[st.integers(0, len(payload))] * 2)))
    new = data.draw(
        st.binary(max_size=12) | st.sampled_from([b"[" * 5000, b"1e999", b"NaN", b"9" * 5000, b"\xed\xa0\x80"])
    )
    ours(parser, payload[:low] + new + payload[high:])
    ours(parser, data.draw(st.binary(max_size=60)))


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_text_gives_our_own_error(name: str, data: st.DataObject) -> None:
    text, parser = TEXTS[name]
    low, high = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    ours(parser, text[:low] + data.draw(st.text(max_size=8)) + text[high:])
    ours(parser, data.draw(st.text(max_size=60)))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_header_of_a_presentation_gives_our_own_error(data: st.DataObject) -> None:
    """The header is read before any signature is checked."""
    head, rest = presented({"domain"}).split(".", 1)
    whole = json.loads(unbase64url(head))
    at, odd = data.draw(st.sampled_from(spots(whole))), data.draw(st.sampled_from([*ODD[:8], 10**30, 0.5]))
    parser = TEXTS["presentation"][1]
    ours(parser, base64url(json.dumps(put(whole, at, odd)).encode()) + "." + rest)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_trust_list_is_read_or_refused(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    whole = encode(replace(TRUST, known=NOTE))
    at, odd = data.draw(st.sampled_from(spots(whole))), data.draw(st.sampled_from(ODD))
    path = tmp_path_factory.getbasetemp() / "trust.json"
    ours(lambda raw: trusted(raw, path), as_json(put(whole, at, odd)))
    ours(lambda raw: trusted(raw, path), data.draw(st.binary(max_size=60)))


@settings(max_examples=150, deadline=None)
@given(client=st.binary(max_size=80), told=st.binary(max_size=80), signature=st.binary(max_size=80))
def test_any_assertion_is_refused_with_our_own_error(client: bytes, told: bytes, signature: bytes) -> None:
    made = Assertion(base64url(client), base64url(told), base64url(signature))
    ours(lambda one: check_assertion(one, ANA.key.public, RP, b"c" * 32), made)
