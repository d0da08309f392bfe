"""Text of people and models: what Markdown means, and what it can never do."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage.web.shared.rendering import ATTRIBUTES, TAGS, safe_html


def test_plain_text_is_paragraphs_and_line_breaks() -> None:
    assert safe_html("One\ntwo\n\n'three'") == "<p>One<br>two</p><p>&#x27;three&#x27;</p>"


def test_markdown_is_rendered_and_html_is_shown_as_it_was_written() -> None:
    assert safe_html("**a** <b>b</b>") == "<p><strong>a</strong> &lt;b&gt;b&lt;/b&gt;</p>\n"


def test_code_keeps_its_signs_and_its_dollars() -> None:
    assert "<code>\\(x\\) $y$</code>" in safe_html("`\\(x\\) $y$`")
    assert "a &lt; b" in safe_html("```c\na < b\n```")


@pytest.mark.parametrize("said", ["$x^2$", "\\(x^2\\)", "\\( x^2 \\)"])
def test_mathematics_in_a_line_is_mathml_however_it_is_marked(said: str) -> None:
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in safe_html(f"So {said} is it.")


@pytest.mark.parametrize("said", ["$$x^2$$", "\\[x^2\\]", "\\[\nx^2\n\\]"])
def test_mathematics_on_its_own_line_is_a_block(said: str) -> None:
    assert '<math display="block">' in safe_html(f"So:\n\n{said}")


@pytest.mark.parametrize("said", ["\\[" * 20_000, "\\(" * 20_000, "\\[" + " " * 40_000, "\\(" + " " * 40_000 + "x"])
def test_a_formula_that_never_ends_costs_no_more_than_reading_it(said: str) -> None:
    """Four thousand characters of this once held a server for minutes: every opening looked for an end behind it."""
    began = time.process_time()
    safe_html(said)
    assert time.process_time() - began < 3


def test_money_is_not_mathematics() -> None:
    assert "<math" not in safe_html("It costs $5 and **then** $6.")


def test_an_image_is_its_description_because_loading_it_would_tell_who_reads() -> None:
    assert safe_html("![a cat](https://example.org/spy.png)") == "<p>[a cat]</p>\n"


def test_a_link_goes_out_without_a_referrer() -> None:
    said = safe_html("[a](https://example.org)")
    assert 'rel="noopener noreferrer nofollow"' in said
    assert 'target="_blank"' in said


def test_half_written_formulas_are_shown_as_they_were_written() -> None:
    assert safe_html("$\\left( x$") == "<p><code>\\left( x</code></p>\n"


@given(st.text(alphabet=st.sampled_from("<>\"'&/\\$`*_[]()!#=-: \nabimgsronejvctp"), max_size=120))
def test_whatever_is_written_only_listed_tags_and_attributes_come_out(text: str) -> None:
    for name, inside in re.findall(r"<([a-z0-9]+)([^>]*)>", safe_html(text)):
        assert name in TAGS
        given_ = set(re.findall(r"([a-z]+)=\"", inside))
        assert given_ <= ATTRIBUTES.get(name, set()) | ({"rel", "target"} if name == "a" else set())
    assert not re.search(r"(?:href|src)=\"\s*(?!https?:|mailto:)[a-z]+:", safe_html(text))


@given(st.text(max_size=200))
def test_any_text_can_be_rendered(text: str) -> None:
    assert isinstance(safe_html(text), str)
