"""A contributor's own, portable record of work: an SD-JWT VC in the shape of an Open Badges 3.0 achievement.

The contributor decides what of it to show, to whom, and needs nobody's platform to show it. There is no score: every
member is a fact with its interval and n, or a band. The work is bound to an enrolled key, not to a soul.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

from tutelage.errors import BadInput
from tutelage.provenance import sd_jwt
from tutelage.records import Figure, Json, encode

TYPE = "dc+sd-jwt"
VCT = "https://purl.imsglobal.org/spec/ob/v3p0/AchievementCredential"
CONTEXT = ("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")
BANDS = (0, 10, 50, 100, 500, 1000, 5000, 10000, 50000)
Level = Literal["H0", "H1", "H2", "H3", "H4"]


@dataclass(frozen=True, slots=True)
class Achievement:
    """What may be shown, member by member.

    tasks      accepted contributions; shown as a band, so that a count cannot be matched with a release
    agreement  with others on the same items;  gold  accuracy on items with a known answer: figures, never bare numbers
    """

    domain: str
    tasks: int
    languages: tuple[str, ...]
    since: datetime
    agreement: Figure
    gold: Figure
    level: Level

    def members(self, now: datetime) -> Json:
        """As they stand in the credential."""
        months = max(0, (now - self.since).days // 30)
        return {
            "domain": self.domain, "tasks": band(self.tasks), "languages": list(self.languages),
            "tenure_months": months, "agreement": shown(self.agreement), "gold_accuracy": shown(self.gold),
            "known_level": self.level,
        }  # fmt: skip


def band(count: int) -> str:
    """A count as the band it lies in: 730 is "500-999"."""
    if count < 0:
        raise BadInput(f"The count is {count}.", expected="0 or more", remedy="Correct it.")
    low = max(b for b in BANDS if b <= count)
    above = next((b for b in BANDS if b > count), None)
    return f"{low}-{above - 1}" if above is not None else f"{low}+"


def shown(figure: Figure) -> Any:
    """A figure as a credential states it: its value goes nowhere without interval, n and method."""
    return encode(figure)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues: an address that names them, their key and its id."""

    id: str
    key: EllipticCurvePrivateKey
    key_id: str


def issue(
    achievement: Achievement, issuer: Issuer, holder: EllipticCurvePublicKey, *, now: datetime,
    valid: timedelta = timedelta(days=730),
) -> str:  # fmt: skip
    """The contributor's credential, bound to their own key. Every fact in it can be shown or kept back."""
    start, end = int(now.timestamp()), int((now + valid).timestamp())
    claims = {
        "iss": issuer.id, "iat": start, "nbf": start, "exp": end, "vct": VCT, "@context": list(CONTEXT),
        "type": ["VerifiableCredential", "AchievementCredential"],
        "validFrom": now.isoformat(),
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "achievement": {
                "id": f"{issuer.id}#judgment-work", "type": ["Achievement"], "name": "Work of human judgment",
                "description": "Judgments accepted under published guidelines, with how well they agreed.",
                "criteria": {"narrative": "Each member states its figure with interval, method and n."},
            },
        },
    }  # fmt: skip
    hidden = {"credentialSubject": achievement.members(now)}
    return sd_jwt.issue(claims, hidden, key=issuer.key, key_id=issuer.key_id, type=TYPE, holder=holder)


def present(
    credential: str, show: Collection[str], *, key: EllipticCurvePrivateKey, audience: str, nonce: str, now: datetime
) -> str:
    """The credential with only what the contributor chooses to show. Raises BadInput for what it does not have."""
    return sd_jwt.present(credential, show, key=key, audience=audience, nonce=nonce, now=int(now.timestamp()))


def verify(
    presentation: str, issuers: dict[str, EllipticCurvePublicKey], *, audience: str, nonce: str, now: datetime
) -> Json:
    """What was shown of an achievement, or Failed naming the check. Offline: the issuer's public key is enough."""
    found = sd_jwt.verify(presentation, issuers, audience=audience, nonce=nonce, now=int(now.timestamp()))
    subject = found.claims.get("credentialSubject")
    return {
        k: v
        for k, v in (subject if isinstance(subject, dict) else {}).items()
        if k not in ("type", "achievement")
    }  # fmt: skip
