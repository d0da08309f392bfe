"""Nothing is edited: what counts is what was neither replaced nor withdrawn."""

from hypothesis import given
from hypothesis import strategies as st

from tutelage.records import (
    AiJudge,
    Anonymous,
    Judgment,
    Message,
    Person,
    Simulated,
    ToolCall,
    counts_as_person,
    standing,
)


def judged(name, supersedes=None, kind="tie"):
    return Judgment(name, "i", "p", {"type": kind}, supersedes=supersedes)


def test_a_replaced_judgment_does_not_stand():
    assert standing([judged("a"), judged("b", "a")]) == [judged("b", "a")]


def test_a_withdrawal_takes_both_away():
    assert standing([judged("a"), judged("b", "a", "withdrawn")]) == []


def test_a_chain_of_corrections_ends_in_the_last():
    assert [j.id for j in standing([judged("a"), judged("b", "a"), judged("c", "b")])] == ["c"]


@given(st.permutations(["a", "b", "c"]))
def test_the_order_of_the_file_does_not_decide_what_stands(order):
    chain = {"a": judged("a"), "b": judged("b", "a"), "c": judged("c")}
    assert {j.id for j in standing([chain[n] for n in order])} == {"b", "c"}


def test_only_people_count_as_people():
    judges = [Person("p"), AiJudge("a", "m"), Simulated("s", "longer"), Anonymous("anonymous:x", "x")]
    assert [counts_as_person(j) for j in judges] == [True, False, False, False]


def test_a_response_with_tool_calls_has_a_hash_and_its_arguments_still_tell_it_apart():
    """Importers find equal responses by hash; arguments are JSON and have none."""
    one, other = (Message("assistant", "", tool_calls=(ToolCall("c", "search", {"query": q}),)) for q in ("a", "b"))
    assert hash(one) == hash(other)
    assert one != other
