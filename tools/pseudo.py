"""The right-to-left trial language: every text of the platform, accented, lengthened and mirrored, under `ar`.

`python -m tools.pseudo` reads every translatable text of Python, templates and scripts and writes the catalogue. A text
that stays as it was on a page under `ar` cannot be translated; a page that breaks has a fixed width or a fixed side.
No gettext is needed.
"""

from __future__ import annotations

import ast
import os
import re
import struct
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
WEB = ROOT / "src" / "tutelage" / "web"
CATALOGUE = WEB / "locale" / "ar" / "LC_MESSAGES" / "django.mo"
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
FORMS = (
    "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5;"
)
HEADER = f"Content-Type: text/plain; charset=UTF-8\nLanguage: ar\nPlural-Forms: {FORMS}\n"
OVERRIDE, END = "\u202e", "\u202c"  # right-to-left override, and the end of it
ACCENTS = str.maketrans("AEIOUYCNSZaeiouycnsz", "ÅÉÎØÛÝÇÑŠŽåéîøûýçñšž")
KEPT = re.compile(r"%\(\w+\)[-+#0-9.]*[sdfg]|%[sdfg%]|\{\w*\}|</?\w+[^>]*>|&\w+;|`[^`]*`|[#*]+ ?|\n+")
STRING = r"""(u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))"""
IN_TEMPLATE = re.compile(r"(?<!\w)(n?)(?:gettext|_)\(\s*" + STRING + r"(?:\s*,\s*" + STRING + ")?", re.DOTALL)


class Text(NamedTuple):
    """A translatable text; `plural` where it counts something, `context` where one was given."""

    text: str
    plural: str = ""
    context: str = ""


def in_python(source: str) -> Iterator[Text]:
    """The texts in calls of gettext and its kin."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in CALLS:
            continue
        said = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if not said:
            continue
        if node.func.id.startswith("p"):
            yield Text(said[1], context=said[0])
        else:
            yield Text(said[0], said[1] if node.func.id.startswith("n") else "")


def in_template(source: str) -> Iterator[Text]:
    """The texts in `translate`, `blocktranslate` and `_("…")`."""
    from django.utils.translation.template import templatize

    for counts, one, many in IN_TEMPLATE.findall(templatize(source)):
        yield Text(ast.literal_eval(one), ast.literal_eval(many) if counts and many else "")


def texts() -> list[Text]:
    """Every translatable text of the platform, sorted, once."""
    found = {text for path in WEB.rglob("*.py") for text in in_python(path.read_text(encoding="utf-8"))}
    for path in WEB.rglob("templates/**/*"):
        if path.suffix in (".html", ".txt"):
            found |= set(in_template(path.read_text(encoding="utf-8")))
    from tutelage.web.shared import dist

    found |= {Text(word) for word in dist.words()}
    plurals = {t.text for t in found if t.plural}
    return sorted(t for t in found if t.text and (t.plural or t.text not in plurals))


def pseudo(text: str) -> str:
    """The text accented, a third longer, and mirrored between its placeholders and tags, which stay."""
    pieces, at = [], 0
    for kept in KEPT.finditer(text):
        pieces += [_mirrored(text[at : kept.start()]), kept[0]]
        at = kept.end()
    return "".join([*pieces, _mirrored(text[at:])])


def _mirrored(run: str) -> str:
    core = run.strip()
    if not any(c.isalpha() for c in core):
        return run
    longer = re.sub(r"([aeiou])", r"\1\1", core, flags=re.IGNORECASE, count=max(1, len(core) // 6))
    start = run.index(core)
    return run[:start] + OVERRIDE + longer.translate(ACCENTS) + END + run[start + len(core) :]


def compiled(found: Iterable[Text]) -> bytes:
    """The catalogue as gettext reads it (.mo, little-endian): sorted originals, their places, translations."""
    rows = {b"": HEADER.encode()}
    for one in found:
        key = f"{one.context}\x04{one.text}" if one.context else one.text
        forms = [pseudo(one.plural)] * 6 if one.plural else [pseudo(one.text)]
        if one.plural:
            key, forms[1] = f"{key}\0{one.plural}", pseudo(one.text)
        rows[key.encode()] = "\0".join(forms).encode()
    keys = sorted(rows)
    ids: list[bytes] = []
    strings: list[bytes] = []
    where, body = 28 + 16 * len(keys), b""
    for table, words in ((ids, keys), (strings, [rows[k] for k in keys])):
        for word in words:
            table.append(struct.pack("<II", len(word), where + len(body)))
            body += word + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(keys), 28, 28 + 8 * len(keys), 0, 28 + 16 * len(keys))
    return head + b"".join(ids) + b"".join(strings) + body


def main() -> int:
    """Write the catalogue, or with `--check` say whether it is current: exit 0 or 3."""
    os.environ.setdefault("TUTELAGE_HALL", tempfile.mkdtemp())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutelage.web.settings")
    import django

    django.setup()
    found = texts()
    made = compiled(found)
    if "--check" in sys.argv:
        current = CATALOGUE.exists() and CATALOGUE.read_bytes() == made
        print("current" if current else "stale: run python -m tools.pseudo")
        return 0 if current else 3
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_bytes(made)
    print(f"{len(found)} texts in {CATALOGUE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
