"""Spans fold passage by passage: exactly where judges agree to the character, else where they overlap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.errors import BadInput
from tutelage.kinds.spans import KIND, Answer, Marked, Span, text_sha256
from tutelage.records import AiJudge, Item, Judgment, Open, Response, Settled, assistant, decode, encode, user

TEXT = "Ada 👩🏽‍💻 met Bob in Rome."  # the emoji is four code points, two of them outside the basic plane
RESPONSES = {"r": Response("r", assistant(TEXT))}
SHA = text_sha256(TEXT)


def item(**more):
    asked = {"text": TEXT, "labels": ["person", "place"], **more}
    return Item("i", "spans", user("Tell me."), responses=("r",), payload=asked)


def marks(*spans):
    listed = [{"start": a, "end": b, "label": label} for a, b, label in spans]
    return {"type": "spans", "text_sha256": SHA, "spans": listed}


def judged(*answers):
    return [Judgment(f"j{n}", "i", f"p{n}", a) for n, a in enumerate(answers)]


def fold(*answers, judges=None, **more):
    return KIND.fold(item(**more), judged(*answers), judges or {})


ADA, BOB = (0, 3, "person"), (TEXT.index("Bob"), TEXT.index("Bob") + 3, "person")


def test_offsets_are_code_points_and_the_text_is_pinned_by_its_hash():
    """The emoji is one picture and four code points: Bob stands at 13."""
    assert BOB[0] == 13
    assert KIND.parse_answer(item(), marks(ADA, BOB)) == Marked(SHA, (Span(*ADA), Span(*BOB)))
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(item(), {**marks(ADA), "text_sha256": text_sha256(TEXT + " ")})
    assert caught.value.where.field == "text_sha256"


def test_a_span_marked_by_two_of_three_is_agreed_and_the_third_is_kept():
    verdict = fold(marks(ADA), marks(ADA, BOB), marks(BOB))
    assert verdict.value == "0-3:person+13-16:person"
    assert verdict.confidence == approx(1 / 3)
    assert [s["exact"] for s in verdict.detail["spans"]] == [approx(2 / 3)] * 2
    assert verdict.distribution["0-3:person"] == approx(1 / 3)


def test_edges_that_differ_still_agree_where_most_overlap():
    """0–3, 0–4 and 1–4: nobody agrees to the character; two or more of three cover 0–4."""
    verdict = fold(marks((0, 3, "person")), marks((0, 4, "person")), marks((1, 4, "person")))
    assert verdict.value == "0-4:person"
    assert verdict.confidence == 1.0
    assert [s["exact"] for s in verdict.detail["spans"]] == [approx(1 / 3)] * 3


def test_the_same_place_with_another_label_is_a_disagreement():
    verdict = fold(marks(ADA), marks((0, 3, "place")))
    assert isinstance(verdict, Open)
    assert verdict.why == "no span was marked by most judges"
    assert verdict.distribution == {"0-3:person": 0.5, "0-3:place": 0.5}


def test_no_span_is_an_answer():
    assert fold(marks(), marks(), marks(ADA)).value == "none"
    assert fold(marks(), marks(ADA)).type == "open"


def test_a_span_half_of_the_judges_marked_is_not_agreed():
    assert fold(marks(ADA), marks(ADA, BOB)).value == "0-3:person"


def test_ai_judges_of_one_family_are_one_voice():
    """Two of a family mark Ada (1/2 each), one person marks nothing: 1 of 2, which is no majority."""
    family = {f"p{n}": AiJudge(f"p{n}", "m", family="m") for n in (0, 1)}
    assert fold(marks(ADA), marks(ADA), marks(), judges=family).type == "open"
    assert fold(marks(ADA), marks(ADA), marks()).value == "0-3:person"


def test_a_text_is_worth_what_its_faults_leave():
    """Faults by two of three judges: worth (0 + 0 + 1) / 3."""
    scores = {"person": 0, "place": 0.5}
    verdict = fold(marks(ADA), marks(ADA), marks(), scores=scores)
    [row] = KIND.rows(item(scores=scores), RESPONSES, verdict, [])
    assert row.score == approx(1 / 3)
    assert KIND.rows(item(), RESPONSES, fold(marks(ADA)), []) == []


def test_harm_is_found_by_most_judges_or_it_stays_beside():
    harm = {"type": "harmful", "why": "an address"}
    found = fold(harm, harm, marks(ADA))
    assert found.value == "harmful"
    assert [r.criterion for r in KIND.rows(item(), RESPONSES, found, [])] == ["harmless"]
    assert fold(harm, marks(ADA), marks(ADA)).detail["harmful"] == 1


@pytest.mark.parametrize(
    ("allowed", "spans", "wrong"),
    [
        ("none", [(0, 5, "person"), (1, 3, "place")], "spans[1]"),
        ("none", [(0, 3, "person"), (3, 5, "person")], None),
        ("nested", [(1, 3, "place"), (0, 5, "person")], None),
        ("nested", [(0, 5, "person"), (0, 5, "place")], None),
        ("nested", [(0, 5, "person"), (3, 8, "place")], "spans[1]"),
        ("any", [(0, 5, "person"), (3, 8, "place")], None),
        ("any", [(0, 5, "person"), (0, 5, "person")], "spans[1]"),
        ("any", [(5, 5, "person")], "spans[0]"),
        ("any", [(-1, 5, "person")], "spans[0]"),
        ("any", [(0, len(TEXT) + 1, "person")], "spans[0]"),
        ("any", [(0, 5, "thing")], "spans[0].label"),
    ],
)
def test_what_may_overlap_is_the_items_to_say_and_a_wrong_span_is_named(allowed, spans, wrong):
    if wrong is None:
        KIND.parse_answer(item(overlap=allowed), marks(*spans))
        return
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(item(overlap=allowed), marks(*spans))
    assert caught.value.where.field == wrong


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"text": "Something else."}, "payload.text"),
        ({"labels": []}, "payload.labels"),
        ({"labels": ["a", "a"]}, "payload.labels"),
        ({"scores": {"thing": 1}}, "payload.scores"),
        ({"overlap": "some"}, "payload.overlap"),
    ],
)
def test_an_item_that_makes_no_sense_names_its_field(more, field):
    with pytest.raises(BadInput) as caught:
        KIND.check_item(item(**more), RESPONSES)
    assert caught.value.where.field == field


def test_a_prompt_can_be_marked_and_trains_nothing():
    asked = {"text": "Who is Ada?", "labels": ["person"], "on": "prompt", "scores": {"person": 0}}
    it = Item("i", "spans", user("Who is Ada?"), payload=asked)
    KIND.check_item(it, {})
    said = {"type": "spans", "text_sha256": text_sha256("Who is Ada?"), "spans": []}
    assert KIND.rows(it, {}, KIND.fold(it, judged(said), {}), []) == []


SPAN = st.tuples(st.integers(0, 20), st.integers(1, 4), st.sampled_from(["person", "place"]))
ANSWER = st.lists(SPAN, unique=True, max_size=4).map(lambda found: marks(*[(a, a + n, x) for a, n, x in found]))


@given(ANSWER)
def test_an_answer_is_what_it_was_after_writing_and_reading(answer):
    parsed = KIND.parse_answer(item(overlap="any"), answer)
    assert KIND.parse_answer(item(overlap="any"), encode(parsed)) == decode(Answer, encode(parsed)) == parsed


@given(st.lists(ANSWER, min_size=1, max_size=6), st.randoms())
def test_neither_the_order_of_judges_nor_what_was_superseded_changes_the_verdict(answers, random):
    given_, wanted = judged(*answers), fold(*answers, overlap="any")
    early = Judgment("old", "i", "p0", marks((0, 9, "place")))
    later = [Judgment("j0", "i", "p0", answers[0], supersedes="old"), *given_[1:], early]
    random.shuffle(later)
    found = KIND.fold(item(overlap="any"), later, {})
    assert (found.type, found.distribution) == (wanted.type, wanted.distribution)
    if isinstance(wanted, Settled):
        assert (found.value, found.confidence, found.detail) == (wanted.value, wanted.confidence, wanted.detail)
