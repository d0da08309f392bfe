"""The tags and partials of all templates."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django import forms
from django.http import HttpRequest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from tutelage.web.shared import dist

pytestmark = pytest.mark.usefixtures("built")


@pytest.fixture
def built() -> None:
    """Skips where the front end cannot be built."""
    try:
        dist.manifest()
    except dist.FrontEndMissing as why:
        pytest.skip(str(why))


def shown(source: str, **context: Any) -> str:
    """A template with our tags, rendered."""
    return Template("{% load house i18n %}" + source).render(Context(context))


def test_styles_and_scripts_are_named_by_their_hash_and_fetched_with_what_they_need() -> None:
    assert shown('{% style "site.css" %}').startswith('<link rel="stylesheet" href="/static/dist/site-style-')
    said = shown('{% script "workbench.js" %}')
    assert said.count('rel="modulepreload"') == len(dist.files_of("workbench.js")) - 1
    assert '<script type="module" src="/static/dist/workbench-' in said


def test_a_kind_is_fetched_early_and_an_unknown_one_is_nothing() -> None:
    assert shown('{% kind_script "comparison" %}').count("modulepreload") >= 1
    assert shown('{% kind_script "no-such" %}') == ""


def test_words_are_handed_over_translated_and_cannot_end_their_script(monkeypatch: pytest.MonkeyPatch) -> None:
    from tutelage.web.shared.templatetags import house

    monkeypatch.setattr(house, "gettext", lambda text: f"</script>{text}&")
    said = shown("{% words %}")
    assert said.count("</script>") == 1
    table = json.loads(said.removeprefix('<script type="application/json" id="words">').removesuffix("</script>"))
    assert table["Undo"] == "</script>Undo&"


def test_english_needs_no_words() -> None:
    with translation.override("en"):
        assert shown("{% words %}") == '<script type="application/json" id="words">{}</script>'


@pytest.mark.parametrize(("cookie", "chosen"), [("dark", "dark"), ("light", "light"), ("'><script>", ""), ("", "")])
def test_the_theme_is_what_the_browser_chose_and_nothing_else(cookie: str, chosen: str) -> None:
    request: HttpRequest = RequestFactory().get("/")
    request.COOKIES["theme"] = cookie
    assert shown("{% theme %}", request=request) == chosen


def test_a_field_ties_label_help_and_errors_to_its_control() -> None:
    class Sample(forms.Form):
        name = forms.CharField(min_length=2, help_text="Two letters or more.")
        sure = forms.BooleanField(required=False)

    said = shown("{% field form.name %}{% field form.sure %}", form=Sample({"name": "x"}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in said or 'aria-describedby="id_name_helptext"' in said
    assert 'id="id_name_error"' in said
    assert '<label class="check" for="id_sure">' in said


def test_a_figure_links_to_the_rows_behind_it_and_an_empty_state_says_what_is_next() -> None:
    assert '<a class="card fig" href="/rows">' in shown('{% figure "Settled" "1,846" "31 open" "/rows" %}')
    said = shown('{% empty "No open cases" "A case opens when …" "/how" "How" %}')
    assert "A case opens when" in said
    assert 'href="/how"' in said
