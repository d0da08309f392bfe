"""Is this text in the language asked for? By script first, then by the commonest words; it may say "cannot tell".

A coarse check against models that drift into another language, not an identifier: ten languages of the Latin
script are told apart; among languages that share another script it cannot tell, and says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_SCRIPTS: dict[str, frozenset[str]] = {
    "ru": frozenset({"CYRILLIC"}), "uk": frozenset({"CYRILLIC"}), "bg": frozenset({"CYRILLIC"}),
    "el": frozenset({"GREEK"}), "ar": frozenset({"ARABIC"}), "fa": frozenset({"ARABIC"}), "he": frozenset({"HEBREW"}),
    "hi": frozenset({"DEVANAGARI"}), "th": frozenset({"THAI"}), "ko": frozenset({"HANGUL", "CJK"}),
    "zh": frozenset({"CJK"}), "ja": frozenset({"CJK", "HIRAGANA", "KATAKANA"}),
}  # fmt: skip
_LATIN = frozenset({"LATIN"})

_COMMON = {
    "en": "the of and to in is that it for was on are with as be this by you not or have from they at we which can an",
    "de": "der die und das ist nicht ein eine zu den von mit sich auf für im dem des auch es werden sind wird oder wie",
    "fr": "le la les des et est une un du que qui dans pour pas sur au avec ce il elle nous vous sont par plus mais ou",
    "es": "el la los las de que y en un una es por con para no se del su al lo como más pero son está muy también o",
    "it": "il lo la gli le di che e è un una per non con del della sono si dei nel alla anche come più questo ma o",
    "pt": "o os as de que e é um uma não para com do da em se por mais dos das no na como mas são ao também ou",
    "nl": "de het een en van is dat niet te zijn op met voor die er aan om ook maar bij uit door naar wordt of deze",
    "sv": "och att det som en är på för av med den till inte har ett om de var men så kan från eller också vid",
    "pl": "i w nie na się z że jest do to jak o co ale po są przez dla od tak czy być lub oraz może był ma",
    "tr": "ve bir bu için ile da de çok olarak daha en gibi olan ne kadar var mi ama veya değil her şey sonra",
}
_WORDS = {code: frozenset(words.split()) for code, words in _COMMON.items()}
_LEAST_LETTERS, _LEAST_HITS, _FOREIGN_SHARE = 8, 3, 0.3


def scripts(text: str) -> Counter[str]:
    """How many letters of each script (LATIN, CYRILLIC, CJK …) a text holds."""
    return Counter(unicodedata.name(c, "?").split()[0] for c in text if c.isalpha())


def in_language(text: str, code: str) -> bool | None:
    """Whether the text is in language `code` (BCP 47); None where it is too short, or no rule can tell."""
    base = code.split("-")[0].casefold()
    letters = scripts(text)
    total = sum(letters.values())
    if total == 0:
        return None
    wanted = _SCRIPTS.get(base, _LATIN)
    if sum(v for k, v in letters.items() if k not in wanted) > _FOREIGN_SHARE * total:
        return False
    if total < _LEAST_LETTERS:
        return None
    if wanted is not _LATIN:
        return True
    found = re.findall(r"[^\W\d_]+", text.casefold())
    hits = {k: sum(w in common for w in found) for k, common in _WORDS.items()}
    best = max(hits, key=lambda k: hits[k])
    if hits[best] < _LEAST_HITS or base not in _WORDS:
        return None
    if hits[base] == hits[best]:
        return True
    return False if hits[best] >= 1.5 * hits[base] + 1 else None
