"""A contributor shows what they choose of their own record, and any library can check it without a network."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.errors import BadInput, Failed
from tutelage.measure import rate
from tutelage.provenance import credential as credentials
from tutelage.provenance.credential import Achievement, Issuer, band
from tutelage.provenance.sd_jwt import jwk

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
ISSUER = Issuer("https://issuer.example", derive_private_key(105, SECP256R1()), "key-1")
HOLDER = derive_private_key(104, SECP256R1())
OTHER = derive_private_key(111, SECP256R1())
TRUST = {"key-1": ISSUER.key.public_key()}
WORK = Achievement(
    "medicine", 730, ("de", "en"), NOW - timedelta(days=200), rate(90, 100), rate(48, 50), "H2"
)  # fmt: skip


def issued() -> str:
    return credentials.issue(WORK, ISSUER, HOLDER.public_key(), now=NOW)


def presented(show: set[str], **more: Any) -> str:
    asked: dict[str, Any] = {"key": HOLDER, "audience": "https://buyer.example", "nonce": "n-1", "now": NOW} | more
    return credentials.present(issued(), show, **asked)


def verified(presentation: str, **more: Any) -> Any:
    asked: dict[str, Any] = {"audience": "https://buyer.example", "nonce": "n-1", "now": NOW} | more
    return credentials.verify(presentation, TRUST, **asked)


def test_only_what_the_contributor_shows_can_be_read() -> None:
    """Two of seven members are shown; the other five are not in the bytes, not even as hashes of guessable values."""
    found = verified(presented({"domain", "tasks"}))
    assert found == {"domain": "medicine", "tasks": "500-999"}
    opened = "".join(
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("latin-1")
        for piece in presented({"domain"}).split("~") for part in piece.split(".")
    )  # fmt: skip
    assert "medicine" in opened
    assert "500-999" not in opened
    assert "gold_accuracy" not in opened


def test_a_figure_is_never_shown_without_its_interval_and_n() -> None:
    found = verified(presented({"gold_accuracy"}))["gold_accuracy"]
    assert (found["k"], found["n"], found["method"]) == (48, 50, "clopper-pearson")
    assert found["lo"] < 0.96 < found["hi"]


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0-9"), (9, "0-9"), (10, "10-49"), (730, "500-999"), (60000, "50000+")]
)
def test_a_count_is_shown_as_a_band(count: int, said: str) -> None:
    assert band(count) == said


def test_a_credential_cannot_be_shown_by_whoever_copied_it() -> None:
    with pytest.raises(Failed, match="holder's signature"):
        verified(presented({"domain"}, key=OTHER))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"nonce": "n-2"}, "nonce"),
        ({"audience": "https://else.example"}, "aud"),
        ({"now": NOW + timedelta(hours=1)}, "another time"),
        ({"now": NOW + timedelta(days=800)}, "exp"),
        ({"now": NOW - timedelta(days=1)}, "nbf"),
    ],
)
def test_a_presentation_holds_for_one_question_at_one_time(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(Failed, match=said):
        verified(presented({"domain"}), **asked)


def test_a_presentation_without_its_holder_proves_nothing() -> None:
    with pytest.raises(Failed, match="Nobody signs"):
        verified(issued())


def test_an_unknown_issuer_is_not_believed() -> None:
    with pytest.raises(Failed, match="an issuer you trust"):
        credentials.verify(presented({"domain"}), {}, audience="https://buyer.example", nonce="n-1", now=NOW)


def test_what_the_credential_does_not_have_cannot_be_shown() -> None:
    with pytest.raises(BadInput, match="has no salary"):
        presented({"salary"})


@settings(max_examples=300)
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_no_changed_byte_verifies(place: int, byte: int) -> None:
    """The last character of a signature in base64url holds spare bits, so that equal bytes may be spelled differently:
    what verifies must then say the same."""
    good = presented({"domain", "agreement"})
    place %= len(good)
    bad = good[:place] + chr(byte) + good[place + 1 :]
    try:
        assert verified(bad) == verified(good)
    except Failed:
        return


@given(st.text(max_size=200))
def test_no_text_crashes_the_verifier(text: str) -> None:
    with pytest.raises(Failed):
        verified(text)


def test_a_third_party_library_verifies_it_offline() -> None:
    """sd-jwt is the IETF working group's reference implementation; it reads the same two claims."""
    from jwcrypto.jwk import JWK
    from sd_jwt.verifier import SDJWTVerifier

    key = JWK(**jwk(ISSUER.key.public_key()))
    checked = SDJWTVerifier(
        presented({"domain", "tasks"}), lambda issuer, header: key, "https://buyer.example", "n-1"
    )  # fmt: skip
    subject = checked.get_verified_payload()["credentialSubject"]
    assert {k: subject[k] for k in ("domain", "tasks")} == {"domain": "medicine", "tasks": "500-999"}
    assert "agreement" not in subject
    assert json.dumps(subject)
