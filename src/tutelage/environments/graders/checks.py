"""Single instructions about form, each a function of the text and its arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from tutelage.environments.graders.language import in_language

Check = Callable[..., bool]
CHECKS: dict[str, Check] = {}

_BULLET = re.compile(r"^\s*[-*•]\s+\S", re.MULTILINE)
_NUMBERED = re.compile(r"^\s*(\d+)[.)]\s+\S", re.MULTILINE)
_SENTENCE = re.compile(r"[^.!?]*\w[^.!?]*[.!?]+[\"')\]”’]*(?=\s|$)")
_ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|vs|e\.g|i\.e|etc|[A-Z])\.", re.IGNORECASE)


def _check(function: Check) -> Check:
    CHECKS[function.__name__] = function
    return function


@_check
def bullets(text: str, *, n: int) -> bool:
    """`n`: exactly n lines that begin with -, * or •."""
    return len(_BULLET.findall(text)) == n


@_check
def numbered(text: str, *, n: int) -> bool:
    """`n`: exactly n lines numbered 1. to n. in order."""
    return [int(x) for x in _NUMBERED.findall(text)] == list(range(1, n + 1))


@_check
def starts_with(text: str, *, phrase: str) -> bool:
    """`phrase`: the text begins with it (case counts) and goes on after it."""
    return text.startswith(phrase) and len(text.strip()) > len(phrase)


@_check
def ends_with(text: str, *, phrase: str) -> bool:
    """`phrase`: the text ends with it (case counts) and has more before it."""
    return text.rstrip().endswith(phrase) and len(text.strip()) > len(phrase)


@_check
def contains(text: str, *, words: Sequence[str]) -> bool:
    """`words`: each of them stands in the text as a whole word, in any case."""
    return all(re.search(rf"(?<!\w){re.escape(w)}(?!\w)", text, re.IGNORECASE) for w in words)


@_check
def avoids(text: str, *, words: Sequence[str]) -> bool:
    """`words`: none of them stands in the text as a whole word."""
    return not any(contains(text, words=[w]) for w in words)


@_check
def sentences(text: str, *, lo: int, hi: int) -> bool:
    """`lo`, `hi`: between lo and hi sentences, the last of them finished."""
    plain = _ABBREVIATION.sub(lambda m: m.group().replace(".", ""), re.sub(r"(?<=\d)\.(?=\d)", "", text))
    found = list(_SENTENCE.finditer(plain))
    return lo <= len(found) <= hi and not plain[found[-1].end() if found else 0 :].strip()


@_check
def words(text: str, *, lo: int, hi: int) -> bool:
    """`lo`, `hi`: between lo and hi words."""
    return lo <= len(re.findall(r"\w+(?:['’-]\w+)*", text)) <= hi


@_check
def uppercase(text: str) -> bool:
    """No arguments: all letters are capitals."""
    return text == text.upper() and text != text.lower()


@_check
def lowercase(text: str) -> bool:
    """No arguments: no letter is a capital."""
    return text == text.lower() and text != text.upper()


@_check
def json_object(text: str, *, keys: Sequence[str] = ()) -> bool:
    """`keys`: the text is one JSON object (a code fence around it is allowed) with these keys."""
    body = re.sub(r"^```(?:json)?\s*|\s*```$", "", text.strip())
    try:
        value = json.loads(body)
    except ValueError:
        return False
    return isinstance(value, dict) and set(keys) <= set(value)


@_check
def no_comma(text: str) -> bool:
    """No arguments: there is no comma."""
    return not any(c in text for c in ",،,、")


@_check
def title(text: str) -> bool:
    """No arguments: a title in double angle brackets, <<like this>>, stands in the text, and more beside it."""
    found = re.search(r"<<\s*\w[^<>\n]*>>", text)
    return found is not None and any(c.isalnum() for c in text.replace(found.group(), ""))


@_check
def finished(text: str) -> bool:
    """No arguments: the text ends as a finished one does: . ! ? or a closing bracket or quote."""
    return text.rstrip().endswith((".", "!", "?", ")", "]", "}", '"', "”", "’", "```", "。"))


@_check
def language(text: str, *, code: str) -> bool:
    """`code`: the text is in this language (BCP 47); a text too short to tell passes if its script fits."""
    return in_language(text, code) is not False
