"""Text of people and models as safe HTML: Markdown without HTML, code, mathematics, cleaned once more at the end."""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from functools import cache, lru_cache
from html import escape
from typing import Any

import nh3
from django.utils.safestring import SafeString
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

# Any of these may mean something in Markdown; a text without them is only paragraphs, and most texts are.
MARKED = re.compile(r"[\\`*_{}\[\]<>#~|$!&]|^\s*(?:[-+]|\d+[.)])\s|^\s{4}|^\s*[-=]{2,}\s*$|https?://", re.MULTILINE)
CODE = re.compile(r"(```[\s\S]*?(?:```|\Z)|`[^`\n]*`)")
LONGEST_MATHS = 2_000
MATHML = {
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot",
    "mover", "munder", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom", "mmultiscripts",
    "menclose",
}  # fmt: skip
TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong",
    "s", "a", "table", "thead", "tbody", "tr", "th", "td",
} | MATHML  # fmt: skip
ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "ol": {"start"},
    "code": {"class"},
    "math": {"display"},
    "mo": {"stretchy", "fence", "separator"},
    "mspace": {"width"},
    "mtable": {"columnalign"},
    "mfrac": {"linethickness"},
    "mover": {"accent"},
}


@lru_cache(maxsize=1024)
def safe_html(text: str) -> SafeString:
    """Markdown (CommonMark, tables, ~~strike~~, $maths$) as HTML that runs nothing and loads nothing.

    HTML in the text is shown as text; images are shown as their description, since loading one tells its server who
    reads; links open with no referrer. Equal texts give equal HTML.
    """
    if not MARKED.search(text):
        return SafeString(_paragraphs(text))
    cleaned = nh3.clean(
        _markdown().render(_dollars(text)),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return SafeString(cleaned)


def _dollars(text: str) -> str:
    """Models write \\(x\\) and \\[x\\] as often as $x$; in code they stay what they are."""
    parts = CODE.split(text)
    parts[::2] = [_between(_between(part, "\\(", "\\)", "$", ""), "\\[", "\\]", "$$", "\n\n") for part in parts[::2]]
    return "".join(parts)


def _between(text: str, opening: str, closing: str, mark: str, around: str) -> str:
    """Each `opening … closing` with `mark` at both ends, in one pass: a pattern for it can be made to run for hours."""
    done, at, end = [], 0, 0
    while (start := text.find(opening, at)) >= 0:
        if end < start + 2:
            end = text.find(closing, start + 2)
        if end < 0:
            break
        inner = text[start + 2 : end].strip() if end - start <= LONGEST_MATHS else ""
        fits = inner and (around or "\n" not in inner)
        done.append(text[at:start] + (f"{around}{mark}{inner}{mark}{around}" if fits else opening))
        at = end + 2 if fits else start + 2
    return "".join(done) + text[at:]


def _paragraphs(text: str) -> str:
    blocks = (b.strip("\n") for b in re.split(r"\n\s*\n", text))
    return "".join(f"<p>{escape(b).replace(chr(10), '<br>')}</p>" for b in blocks if b.strip())


@cache
def _markdown() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 24}).enable(["table", "strikethrough"])
    md.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True, renderer=_maths)
    md.add_render_rule("image", _described)
    return md


def _described(
    self: RendererHTML, tokens: Sequence[Token], i: int, options: Any, env: MutableMapping[str, Any]
) -> str:  # fmt: skip
    return f"[{escape(tokens[i].content or 'image')}]"


def _maths(source: str, options: dict[str, Any]) -> str:
    """TeX as MathML; what cannot be read is shown as it was written."""
    display = "block" if options.get("display_mode") else "inline"
    try:
        if len(source) <= LONGEST_MATHS:
            return convert(source, display=display)
    except Exception:  # noqa: BLE001  the converter raises many things at a half-written formula; the source is shown
        return f"<code>{escape(source)}</code>"
    return f"<code>{escape(source)}</code>"
