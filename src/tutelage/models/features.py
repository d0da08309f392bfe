"""What an answer looks like, in numbers: surface features and hashed n-grams. numpy and scipy alone, deterministic."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from tutelage.formats.texts import is_transcript, transcript
from tutelage.models import Prompt
from tutelage.records import text_of

Matrix = npt.NDArray[np.float64]
NGRAM_BITS = 15  # 32 768 columns: collisions are rare enough for texts of human length

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?…]+(?:[\"'”’)]*)(?:\s|$)")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Word classes of the argument-quality literature (Habernal and Gurevych 2016; Wachsmuth et al. 2017), closed lists.
LEXICONS: dict[str, frozenset[str]] = {
    "connectives": _words(
        "because since therefore thus hence however although though but moreover furthermore also if then so "
        "while whereas despite nevertheless first second third finally example instance such consequently unless "
        "still rather instead otherwise even yet"
    ),
    "hedges": _words(
        "may might could perhaps possibly probably seems seem appears often usually generally likely sometimes "
        "somewhat almost mostly"
    ),
    "modals": _words("should must ought need needs would can will shall cannot"),
    "first_person": _words("i me my mine myself i'm i've i'd i'll im"),
    "we": _words("we us our ours ourselves"),
    "second_person": _words("you your yours yourself u ur you're you've you'll youre"),
    "third_person": _words("he she they them their his her its people person children child students society human"),
    "negations": _words("no not never none nothing nobody neither nor don't doesn't isn't aren't can't won't didn't"),
    "insults": _words(
        "stupid idiot idiots idiotic dumb moron morons fool fools shit fuck fucking crap damn hell sucks suck ass "
        "retarded bitch gay hate ugly bullshit loser ignorant"
    ),
    "informal": _words(
        "lol lmao omg dont cant wont isnt doesnt didnt thats ive u ur r im gonna wanna gotta kinda ya yeah yea ok "
        "okay cuz cus coz becuase beacuse alot becasue wat wut plz pls thier teh hav bcuz btw hey haha wow duh"
    ),
    "evidence": _words(
        "study studies research evidence statistics percent data report reported according scientists science "
        "university survey proven shows found source fact facts experts professor history million billion"
    ),
    "refusals": _words("sorry can't cannot unable illegal inappropriate unethical apologize advise recommend"),
    "causes": _words("cause causes caused lead leads result results effect effects reason reasons due affect why"),
    "values": _words(
        "right rights wrong good bad better best worse moral morally freedom life health healthy safe law"
    ),
    "stop": _words(
        "the a an of to in and that is it for on with as this be are was by from at or have has had were been which"
    ),
}

_SHAPE = (
    "log_words", "log_chars", "log_words_squared", "root_words", "short_10", "short_20", "long_80", "long_150",
    "log_sentences", "words_per_sentence", "log_longest_sentence", "chars_per_word", "long_words", "very_long_words",
    "type_token", "log_types", "once_only", "commas", "full_stops", "exclamations", "questions", "quotes", "colons",
    "brackets", "ellipses", "dashes", "links", "digits", "capital_share", "shouted_words", "capital_start",
    "lower_i", "sentence_starts_capital", "ends_with_stop", "lines", "bullets", "readability", "repeated_letters",
    "non_ascii", "no_space_after_stop", "prompt_overlap", "prompt_covered", "log_new_words", "empty",
)  # fmt: skip
SURFACE_NAMES = (*_SHAPE, *LEXICONS, *(f"log_{name}" for name in LEXICONS))


def prompt_text(prompt: Prompt) -> str:
    """What the answer answers: the last user turn of a conversation, transcripts in text included."""
    turns = transcript(prompt[-1].text) if prompt and is_transcript(prompt[-1].text) else prompt
    asked = [m.text for m in turns if m.role == "user"]
    return asked[-1] if asked else text_of(turns)


def surface(prompts: Sequence[str], responses: Sequence[str]) -> Matrix:
    """(n, len(SURFACE_NAMES)) float64, finite: counts as logs, frequencies per word or per sentence."""
    rows = [_surface_row(p, r) for p, r in zip(prompts, responses, strict=True)]
    return np.array(rows, np.float64).reshape(len(rows), len(SURFACE_NAMES))


def _surface_row(prompt: str, text: str) -> list[float]:
    words = _WORD.findall(text)
    lower = [w.lower().replace("’", "'") for w in words]
    n = max(len(words), 1)
    counts = {name: sum(map(lexicon.__contains__, lower)) for name, lexicon in LEXICONS.items()}
    letters = Counter(text)
    shape = [*_length(text, words, n), *_vocabulary(words, lower, n), *_punctuation(text, letters, n)]
    shape += [*_care(text, letters, words, n), *_relation(prompt, lower)]
    shape.append(float(not words))
    return [*shape, *(c / n for c in counts.values()), *(float(np.log1p(c)) for c in counts.values())]


def _length(text: str, words: list[str], n: int) -> list[float]:
    sentences = [len(_WORD.findall(s)) for s in _SENTENCE_END.split(text)]
    sentences = [s for s in sentences if s] or [0]
    log = float(np.log1p(len(words)))
    hinges = [max(0.0, float(np.log(k / n))) for k in (10, 20)] + [max(0.0, float(np.log(n / k))) for k in (80, 150)]
    return [
        log, float(np.log1p(len(text))), log * log, n**0.5, *hinges,
        float(np.log1p(len(sentences))), min(n / len(sentences), 60.0), float(np.log1p(max(sentences))),
    ]  # fmt: skip


def _how_many(letters: Counter[str], holds: Callable[[str], bool]) -> int:
    """How many characters of a text are such: each kind is asked about once."""
    return sum(count for character, count in letters.items() if holds(character))


def _vocabulary(words: list[str], lower: list[str], n: int) -> list[float]:
    types = Counter(lower)
    letters = [len(w) for w in words]
    once = list(types.values()).count(1) if n < 400 else len(types) / 2
    return [
        min(sum(letters) / n, 12.0), sum(k > 6 for k in letters) / n, sum(k > 9 for k in letters) / n,
        len(types) / n, float(np.log1p(len(types))), once / n,
    ]  # fmt: skip


def _punctuation(text: str, letters: Counter[str], n: int) -> list[float]:
    def per_word(characters: str) -> float:
        return min(sum(map(letters.__getitem__, characters)) / n, 1.0)

    return [
        per_word(","), per_word("."), per_word("!"), per_word("?"), per_word("\"“”"), per_word(":;"), per_word("()[]"),
        min((text.count("...") + letters["…"]) / n, 1.0), per_word("-–—"), float("http" in text or "www." in text),
        min(_how_many(letters, str.isdigit) / n, 1.0),
    ]  # fmt: skip


def _care(text: str, letters: Counter[str], words: list[str], n: int) -> list[float]:
    starts = [s.strip()[:1] for s in _SENTENCE_END.split(text) if s.strip()]
    stripped = text.strip()
    sentences = max(len(starts), 1)
    long_words = sum(len(w) > 6 for w in words) / n
    return [
        _how_many(letters, str.isupper) / max(_how_many(letters, str.isalpha), 1),
        sum(len(w) > 2 and w.isupper() for w in words) / n,
        float(stripped[:1].isupper()),
        float(any(w in ("i", "i'm", "i've") for w in words)),
        sum(s.isupper() for s in starts) / sentences,
        float(stripped[-1:] in tuple('.!?"”)')) if stripped else 0.0,
        float(np.log1p(letters["\n"])),
        float(np.log1p(len(_BULLET.findall(text)))),
        min(n / sentences, 60.0) / 10 + 10 * long_words,  # LIX, a readability index that counts no syllables
        float(bool(re.search(r"([a-zA-Z!?])\1\1", text))),
        min(_how_many(letters, lambda c: ord(c) > 127) / max(len(text), 1), 1.0),
        min(len(re.findall(r"[,.!?][A-Za-z]", text)) / n, 1.0),
    ]


def _relation(prompt: str, lower: list[str]) -> list[float]:
    asked = {w.lower() for w in _WORD.findall(prompt)} - LEXICONS["stop"]
    said = set(lower) - LEXICONS["stop"]
    both = len(asked & said)
    return [both / max(len(said), 1), both / max(len(asked), 1), float(np.log1p(len(said - asked)))]


def ngrams(texts: Sequence[str]) -> sparse.csr_matrix:
    """(n, 2**NGRAM_BITS) counts of hashed words, word pairs and runs of 3 to 5 characters, lower-cased.

    All texts are hashed at once over their bytes; the hash is fixed, so a column means the same everywhere.
    """
    joined = b"".join(b" " + t.lower().encode("utf-8", "replace") + b" " for t in texts)
    sizes = np.array([len(t.lower().encode("utf-8", "replace")) + 2 for t in texts], np.int64)
    data = np.frombuffer(joined, np.uint8).astype(np.uint64)
    owner = np.repeat(np.arange(len(texts)), sizes)
    hashes, owners = [], []
    for found, at in (*_character_runs(data, owner), *_word_runs(data, owner)):
        hashes.append(found)
        owners.append(owner[at])
    if not hashes:
        return sparse.csr_matrix((len(texts), 1 << NGRAM_BITS))
    column = (_mix(np.concatenate(hashes)) >> np.uint64(64 - NGRAM_BITS)).astype(np.int64)
    row = np.concatenate(owners)
    ones = np.ones(row.size)
    return sparse.coo_matrix((ones, (row, column)), shape=(len(texts), 1 << NGRAM_BITS)).tocsr()


Hashed = tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]  # hash of each run, where it starts
_PRIME, _SALT = np.uint64(0x100000001B3), np.uint64(0x9E3779B97F4A7C15)


def _character_runs(data: npt.NDArray[np.uint64], owner: npt.NDArray[np.int64]) -> list[Hashed]:
    out = []
    run = data.copy()
    for k in range(2, 6):
        if k > data.size:
            break
        run = run[:-1] * _PRIME + data[k - 1 :]
        inside = np.flatnonzero(owner[: run.size] == owner[k - 1 :])
        if k >= 3:
            out.append((run[inside] ^ (_SALT >> np.uint64(k)), inside))
    return out


def _word_runs(data: npt.NDArray[np.uint64], owner: npt.NDArray[np.int64]) -> list[Hashed]:
    """Words and pairs of neighbouring words of one text."""
    is_word = ((data >= 97) & (data <= 122)) | ((data >= 48) & (data <= 57)) | (data >= 128) | (data == 39)
    edge = np.diff(is_word.astype(np.int8), prepend=0)
    starts = np.flatnonzero(edge == 1)
    if not starts.size:
        return []
    power = _PRIME ** (np.arange(data.size, dtype=np.uint64) - np.repeat(*_since(starts, data.size)))
    word = np.add.reduceat(np.where(is_word, _mix(data + _SALT) * power, np.uint64(0)), starts)
    pair = word[:-1] * _PRIME + _mix(word[1:])
    same = np.flatnonzero(owner[starts[:-1]] == owner[starts[1:]])
    return [(word, starts), (pair[same] ^ _SALT, starts[same])]


def _since(starts: npt.NDArray[np.int64], size: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """For `np.repeat`: each position's word start (position 0 before the first word)."""
    ends = np.append(starts, size)
    return np.append(np.uint64(0), starts.astype(np.uint64)), np.diff(ends, prepend=0)


def _mix(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of splitmix64: every bit of the input moves every bit of the output."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
