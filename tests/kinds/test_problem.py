"""A problem is live once two people who saw neither answer nor solution agree with it, and never before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.environments.graders import Task, grade
from tutelage.errors import BadInput
from tutelage.kinds.problem import KIND, as_peer_sees, task
from tutelage.kinds.solving import pass_rate
from tutelage.records import AiJudge, Item, Judgment, Scored, Settled, Simulated, assistant, decode, encode, user

ITEM = Item("i", "problem", user("Write one about rates."))
PROBLEM = KIND.exhibit().judgment.answer
AUTHOR = Judgment("a", "i", "author", PROBLEM)
HELD_OUT = Judgment("a", "i", "author", {**PROBLEM, "use": "held_out"})


def solve(answer, problem="a"):
    return {"type": "solve", "problem": problem, "answer": answer}


BROKEN = {"type": "broken", "problem": "a", "why": "the tank's size is missing"}
HARM = {"type": "harmful", "why": "it asks for a poison"}


def solved(*answers, author=AUTHOR):
    return [author, *(Judgment(f"s{n}", "i", f"p{n}", a) for n, a in enumerate(answers))]


def fold(*answers, judges=None, author=AUTHOR):
    return KIND.fold(ITEM, solved(*answers, author=author), judges or {})


def test_a_problem_is_open_until_two_blind_solves_agree():
    assert fold().why == "0 of 2 blind solves agree, 0 do not"
    assert fold(solve("4")).why == "1 of 2 blind solves agree, 0 do not"
    verdict = fold(solve("4"), solve("4.0"))
    assert (verdict.value, verdict.confidence) == ("live", 1.0)


def test_one_who_differs_is_kept_and_two_who_agree_still_carry_it():
    verdict = fold(solve("4"), solve("36"), solve("4"))
    assert verdict.value == "live"
    assert verdict.distribution == {"agrees": approx(2 / 3), "another answer: 36": approx(1 / 3)}


def test_two_peers_with_one_other_answer_break_it_and_two_with_two_others_do_not():
    broken = fold(solve("36"), solve("36.0"))
    assert (broken.value, broken.detail["why"]) == ("broken", "another answer: 36")
    assert fold(solve("36"), solve("9")).type == "open"
    assert fold(solve("36"), solve("36"), solve("4"), solve("4")).type == "open"


@pytest.mark.parametrize("found", [BROKEN, HARM])
def test_two_peers_who_find_it_broken_or_harmful_end_it(found):
    assert fold(found, found).value == "broken"
    assert fold(found, solve("4"), solve("4")).value == "live"


def test_who_cannot_solve_it_has_no_voice():
    unable = {"type": "cannot_rate", "why": "not my field"}
    verdict = fold(solve("4"), unable, solve("4"))
    assert (verdict.value, verdict.confidence, verdict.detail["cannot_rate"]) == ("live", 1.0, 1)


def test_only_other_people_who_were_not_shown_the_answer_are_peers():
    """The author, a person twice, one who saw the answer, a model and a simulation: one peer."""
    own = Judgment("s1", "i", "author", solve("4"))
    again = Judgment("s2", "i", "p0", solve("4"))
    seeing = Judgment("s3", "i", "p3", solve("4"), conditions={"blind": False})
    model, simulated = Judgment("s4", "i", "m", solve("4")), Judgment("s5", "i", "s", solve("4"))
    judges = {"m": AiJudge("m", "m"), "s": Simulated("s", "always right")}
    verdict = KIND.fold(ITEM, [*solved(solve("4")), own, again, seeing, model, simulated], judges)
    assert verdict.why == "1 of 2 blind solves agree, 0 do not"


def test_an_edited_problem_is_solved_anew():
    edited = Judgment("b", "i", "author", {**PROBLEM, "answer": "5"}, supersedes="a")
    verdict = KIND.fold(ITEM, [*solved(solve("4"), solve("4")), edited], {})
    assert verdict.why == "0 of 2 blind solves agree, 0 do not"


def test_two_problems_for_one_commission_stay_open():
    other = Judgment("b", "i", "other", PROBLEM)
    assert fold().type == KIND.fold(ITEM, [AUTHOR, other], {}).type == "open"


def test_what_the_problems_own_grader_said_of_a_solve_goes_before_equal_words():
    judged = [AUTHOR] + [
        Judgment(f"s{n}", "i", f"p{n}", solve("4 minutes"), conditions={"grade": encode(Scored(1.0))}) for n in (0, 1)
    ]
    assert KIND.fold(ITEM, judged, {}).value == "live"
    assert fold(solve("4 minutes"), solve("4 minutes")).value == "broken"


def test_the_models_pass_rate_stands_beside_with_its_interval():
    figure = pass_rate([Scored(1.0), Scored(0.0)])
    author = Judgment("a", "i", "author", PROBLEM, conditions={"pass_rate": encode(figure)})
    verdict = fold(solve("4"), solve("4"), author=author)
    assert decode(type(figure), verdict.detail["pass_rate"]) == figure
    wrong = Judgment("a", "i", "author", PROBLEM, conditions={"pass_rate": {"type": "rate", "k": 1}})
    with pytest.raises(BadInput) as caught:
        fold(author=wrong)
    assert caught.value.where.field.startswith("conditions.pass_rate")


def test_a_live_training_problem_becomes_an_answer_to_imitate_and_a_held_out_one_nothing():
    judgments = solved(solve("4"), solve("4"))
    [row] = KIND.rows(ITEM, {}, KIND.fold(ITEM, judgments, {}), judgments)
    assert (row.prompt, row.contributions) == (KIND.parse_answer(ITEM, PROBLEM).prompt, ("a", "s0", "s1"))
    assert row.response == assistant(PROBLEM["solution"])
    held_out = solved(solve("4"), solve("4"), author=HELD_OUT)
    verdict = KIND.fold(ITEM, held_out, {})
    assert (verdict.value, verdict.detail["use"]) == ("live", "held_out")
    assert KIND.rows(ITEM, {}, verdict, held_out) == []
    assert KIND.rows(ITEM, {}, fold(), [AUTHOR]) == []


def test_a_peer_sees_the_prompt_and_nothing_else_of_the_problem():
    seen = as_peer_sees(ITEM, AUTHOR)
    KIND.check_item(seen, {})
    assert (seen.id, encode(seen.messages)[0]["text"], seen.payload) == (
        "i",
        PROBLEM["prompt"][0]["text"],
        {"solving": "a"},
    )
    assert "minutes take" not in str(encode(seen))
    KIND.parse_answer(seen, solve("4"))
    for wrong, field in ((solve("4", problem="b"), "problem"), (PROBLEM, "type")):
        with pytest.raises(BadInput) as caught:
            KIND.parse_answer(seen, wrong)
        assert caught.value.where.field == field


def test_a_problem_is_a_task_that_its_own_grader_grades():
    made = decode(Task, task(KIND.parse_answer(ITEM, PROBLEM)))
    assert grade(made, "It takes 4 minutes.").value == 1.0
    assert grade(made, "It takes 5 minutes.").value == 0.0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prompt": []}, "prompt"),
        ({"prompt": encode(assistant("So?"))}, "prompt"),
        ({"answer": " "}, "answer"),
        ({"solution": ""}, "solution"),
        ({"grader": {"name": "", "parameters": {}}}, "grader.name"),
        ({"use": "both"}, "use"),
        ({"check": {"type": "scored", "value": 0.5, "evidence": {}}}, "check"),
        ({"check": {"type": "unscored", "reason": "timeout"}}, "check"),
        ({"check": None}, "check"),
    ],
)
def test_a_problem_that_is_not_whole_names_its_field(change, field):
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(ITEM, {**PROBLEM, **change})
    assert caught.value.where.field == field


@pytest.mark.parametrize(("answer", "field"), [(solve(" "), "answer"), ({**BROKEN, "why": ""}, "why")])
def test_an_empty_finding_names_its_field(answer, field):
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(ITEM, answer)
    assert caught.value.where.field == field


@pytest.mark.parametrize("payload", [{"use": "held_out"}, {"split": "test"}, {"graders": ["exact"]}])
def test_side_and_graders_are_the_owners_to_say(payload):
    asked = Item("i", "problem", ITEM.messages, payload=payload)
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(asked, PROBLEM)
    assert caught.value.where.field in {"use", "grader.name"}


def test_one_blind_solve_is_never_enough():
    with pytest.raises(BadInput) as caught:
        KIND.check_item(Item("i", "problem", ITEM.messages, payload={"solves": 1}), {})
    assert caught.value.where.field == "payload.solves"


FOUND = st.sampled_from([solve("4"), solve("36"), solve("9"), BROKEN, HARM, {"type": "cannot_rate"}])


@given(st.one_of(FOUND, st.just(PROBLEM)))
def test_an_answer_is_what_it_was_after_writing_and_reading(answer):
    parsed = KIND.parse_answer(ITEM, answer)
    assert KIND.parse_answer(ITEM, encode(parsed)) == parsed


@given(st.lists(FOUND, min_size=1, max_size=6), st.randoms())
def test_neither_the_order_of_judges_nor_what_was_superseded_changes_the_verdict(answers, random):
    wanted = fold(*answers)
    later = [*solved(*answers)[:1], Judgment("s0", "i", "p0", answers[0], supersedes="old"), *solved(*answers)[2:]]
    later.append(Judgment("old", "i", "p0", solve("36")))
    random.shuffle(later)
    found = KIND.fold(ITEM, later, {})
    assert (found.type, found.distribution) == (wanted.type, wanted.distribution)
    if isinstance(wanted, Settled):
        assert (found.value, found.confidence, found.detail) == (wanted.value, wanted.confidence, wanted.detail)
