"""A claim stands on a quote from a source that was read; how accurate a response is follows from its claims."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.errors import BadInput
from tutelage.kinds.fact_check import KIND, accuracy
from tutelage.records import Item, Judgment, Response, Settled, assistant, encode, user

TEXT = "Rome is in Italy. Rome is in Spain. Rome is old."
ITALY, SPAIN, OLD = (0, 17), (18, 35), (36, 48)
RESPONSES = {"r": Response("r", assistant(TEXT))}
DOCUMENTS = {"atlas": "Rome, the capital of Italy, is 2,700 years old."}


def item(*claims, text=TEXT):
    listed = [{"start": a, "end": b} for a, b in claims]
    return Item("i", "fact_check", user("Rome?"), responses=("r",), payload={"text": text, "claims": listed})


def claim(place, verdict="supported", **more):
    found = {"start": place[0], "end": place[1], "text": TEXT[slice(*place)], "verdict": verdict}
    evidence = {"source_state": "live", "source": "https://example.org/rome", "quote": "Rome"}
    return {**found, **evidence, **more}


def unknown(place):
    return claim(place, "not_enough_evidence", source_state="missing", source=None, quote=None)


def checked(*claims):
    return {"type": "fact_check", "claims": list(claims)}


def judged(*answers):
    return [Judgment(f"j{n}", "i", f"p{n}", a) for n, a in enumerate(answers)]


def fold(*answers, of=None):
    return KIND.fold(of or item(), judged(*answers), {})


def test_accuracy_follows_from_the_claims_and_leaves_the_undecided_out():
    """One supported, one refuted, one undecided: 1/2."""
    verdict = fold(checked(claim(ITALY), claim(SPAIN, "refuted"), unknown(OLD)))
    assert (verdict.value, verdict.detail["accuracy"]) == ("0.500", 0.5)
    assert verdict.detail["not_enough_evidence"] == 1
    [row] = KIND.rows(item(), RESPONSES, verdict, [])
    assert (row.score, row.criterion) == (0.5, "accurate")


def test_nobody_can_type_in_the_accuracy():
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(item(), {**checked(claim(ITALY)), "accuracy": 1.0})
    assert caught.value.where.field == "accuracy"


@pytest.mark.parametrize("verdict", ["supported", "refuted"])
@pytest.mark.parametrize(
    ("evidence", "field"),
    [
        ({"source": None, "source_state": "missing"}, "claims[0].source"),
        ({"source_state": "dead"}, "claims[0].source_state"),
        ({"source_state": "missing"}, "claims[0].source_state"),
        ({"source": None}, "claims[0].source_state"),
        ({"quote": " "}, "claims[0].quote"),
        ({"quote": None}, "claims[0].quote"),
        ({"source": "javascript:alert(1)"}, "claims[0].source"),
        ({"source": "two words"}, "claims[0].source"),
        ({"source": ""}, "claims[0].source"),
    ],
)
def test_a_dead_or_missing_source_blocks_and_is_named(verdict, evidence, field):
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(item(), checked(claim(ITALY, verdict, **evidence)))
    assert caught.value.where.field == field


def test_a_dead_source_can_be_reported_with_the_claim_left_undecided():
    KIND.parse_answer(item(), checked(claim(ITALY, "not_enough_evidence", source_state="dead", quote=None)))


def test_a_quote_from_a_known_document_must_stand_in_it():
    asked = item()
    asked = Item("i", "fact_check", asked.messages, responses=("r",), payload={**asked.payload, "documents": DOCUMENTS})
    KIND.parse_answer(asked, checked(claim(ITALY, source="atlas", quote="the capital of Italy")))
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(asked, checked(claim(ITALY, source="atlas", quote="a city in Italy")))
    assert caught.value.where.field == "claims[0].quote"


@pytest.mark.parametrize(
    ("claims", "field"),
    [
        ([claim(ITALY, text="Rome is in Spain.")], "claims[0].text"),
        ([claim((5, 5))], "claims[0]"),
        ([claim((0, 400))], "claims[0]"),
        ([claim(ITALY), claim(ITALY)], "claims[1]"),
        ([claim(ITALY, verdict="maybe")], "claims[0].verdict"),
    ],
)
def test_a_wrong_claim_names_its_field(claims, field):
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(item(), checked(*claims))
    assert caught.value.where.field == field


@pytest.mark.parametrize("claims", [[claim(ITALY)], [claim(ITALY), claim(SPAIN), claim(OLD)], []])
def test_listed_claims_are_checked_all_and_no_others(claims):
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(item(ITALY, SPAIN), checked(*claims))
    assert caught.value.where.field == "claims"
    KIND.parse_answer(item(ITALY, SPAIN), checked(claim(SPAIN), claim(ITALY)))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (item(text="Rome."), "payload.text"),
        (item((0, 99)), "payload.claims[0]"),
        (item(ITALY, ITALY), "payload.claims[1]"),
    ],
)
def test_an_item_that_makes_no_sense_names_its_field(asked, field):
    with pytest.raises(BadInput) as caught:
        KIND.check_item(asked, RESPONSES)
    assert caught.value.where.field == field


def test_a_split_claim_leaves_the_item_open_and_keeps_each_judges_accuracy():
    verdict = fold(checked(claim(ITALY), claim(SPAIN, "refuted")), checked(claim(ITALY), claim(SPAIN)))
    assert verdict.why == "the verdicts are split on claim 2 of 2"
    assert verdict.distribution == {"0.500": 0.5, "1.000": 0.5}


def test_claims_that_share_half_of_their_characters_are_one_claim():
    """ "Rome is in Italy." and "Rome is in Italy" share 16 of 17 characters: one claim, two voices."""
    verdict = fold(checked(claim(ITALY)), checked(claim((0, 16))))
    assert [(c["judges"], c["shares"]) for c in verdict.detail["claims"]] == [(2, {"supported": 1.0})]


def test_two_of_three_who_see_no_claim_settle_that():
    verdict = fold(checked(), checked(), checked(claim(ITALY)))
    assert (verdict.value, verdict.confidence) == ("no_claims", approx(2 / 3))
    assert KIND.rows(item(), RESPONSES, verdict, []) == []
    assert fold(checked(), checked(claim(ITALY))).type == "open"


def test_only_undecided_claims_have_no_accuracy():
    verdict = fold(checked(unknown(ITALY)))
    assert (verdict.value, verdict.detail["accuracy"]) == ("not_enough_evidence", None)
    assert KIND.rows(item(), RESPONSES, verdict, []) == []
    assert accuracy([]) is None


def test_harm_is_a_row_of_its_own():
    verdict = fold({"type": "harmful", "why": "a private address"})
    assert [r.criterion for r in KIND.rows(item(), RESPONSES, verdict, [])] == ["harmless"]


CLAIM = st.builds(
    lambda place, verdict: unknown(place) if verdict == "?" else claim(place, verdict),
    st.sampled_from([ITALY, SPAIN, OLD, (0, 16), (20, 35), (10, 30)]),
    st.sampled_from(["supported", "refuted", "?"]),
)
ANSWER = st.lists(CLAIM, max_size=4, unique_by=lambda c: c["start"]).map(lambda found: checked(*found))


@given(ANSWER)
def test_an_answer_is_what_it_was_after_writing_and_reading(answer):
    parsed = KIND.parse_answer(item(), answer)
    assert KIND.parse_answer(item(), encode(parsed)) == parsed


@given(st.lists(ANSWER, min_size=1, max_size=6), st.randoms())
def test_neither_the_order_of_judges_nor_what_was_superseded_changes_the_verdict(answers, random):
    wanted = fold(*answers)
    later = [Judgment("j0", "i", "p0", answers[0], supersedes="old"), *judged(*answers)[1:]]
    later.append(Judgment("old", "i", "p0", checked(claim(SPAIN))))
    random.shuffle(later)
    found = KIND.fold(item(), later, {})
    assert (found.type, found.distribution) == (wanted.type, wanted.distribution)
    if isinstance(wanted, Settled):
        assert (found.value, found.detail) == (wanted.value, wanted.detail)
        assert found.confidence == approx(wanted.confidence)
    else:
        assert found.why == wanted.why
