"""Rows of any column names, by a column map."""

import json

import pytest

from tutelage.errors import BadInput
from tutelage.formats import import_file, rows


def read(tmp_path, kind, text, *columns, name="rows.csv", **options):
    path = tmp_path / name
    path.write_text(text)
    return import_file(path, kind, columns=columns, **options)


def answers(read_):
    return [j.answer for j in read_.corpus.judgments]


def test_columns_are_mapped_by_role_and_values_by_meaning(tmp_path):
    text = "q,l,r,pref\nQ1,a,b,links\nQ2,a,b,rechts\nQ3,a,b,gleich\n"
    maps = ["prompt=q", "first=l", "second=r", "winner=pref"]
    meanings = ["winner:links=first", "winner:rechts=second", "winner:gleich=tie"]
    assert [a["type"] for a in answers(read(tmp_path, "comparison", text, *maps, *meanings))] == [
        "prefer",
        "prefer",
        "tie",
    ]


@pytest.mark.parametrize(
    ("words", "winners"),
    [
        (("model_a", "model_b"), ("first", "second")),
        (("left", "right"), ("first", "second")),
        (("A", "B"), ("first", "second")),
        (("1", "2"), ("first", "second")),
    ],
)
def test_common_words_for_the_sides_are_known(words, winners, tmp_path):
    text = "prompt,first,second,winner\n" + "".join(f"Q{w},a,b,{w}\n" for w in words)
    assert tuple(a["winner"] for a in answers(read(tmp_path, "comparison", text))) == winners


def test_numbers_for_the_sides_must_leave_no_doubt(tmp_path):
    """0, 1, 2 is tie, first, second; 0 and 1 alone could be either way round, so it must be said."""
    three = "prompt,first,second,winner\nQ,a,b,0\nR,a,b,1\nS,a,b,2\n"
    assert [a["type"] for a in answers(read(tmp_path, "comparison", three))] == ["tie", "prefer", "prefer"]
    two = "prompt,first,second,winner\nQ,a,b,0\nR,a,b,1\n"
    with pytest.raises(BadInput, match="not said which"):
        read(tmp_path, "comparison", two)
    said = read(tmp_path, "comparison", two, "winner:0=second", "winner:1=first")
    assert [a["winner"] for a in answers(said)] == ["second", "first"]


def test_true_and_false_mean_what_is_said(tmp_path):
    text = json.dumps({"prompt": "Q", "first": "a", "second": "b", "winner": True})
    read_ = read(tmp_path, "comparison", text, "winner:true=first", name="rows.jsonl")
    assert answers(read_) == [{"type": "prefer", "winner": "first"}]


def test_several_vote_columns_are_several_judges(tmp_path):
    text = "prompt,first,second,x1,x2\nQ,a,b,1,2\n"
    read_ = read(tmp_path, "comparison", text, "winner=x1,x2")
    assert [(j.judge_id, j.answer["winner"]) for j in read_.corpus.judgments] == [("x1", "first"), ("x2", "second")]
    assert len(read_.corpus.items) == 1


def test_several_prompt_columns_are_paragraphs_of_one(tmp_path):
    text = "instruction,input,response,score\nAdd.,2+2,4,5\nSay hi.,,hi,1\n"
    read_ = read(tmp_path, "rating", text, "prompt=instruction,input")
    assert [i.messages[0].text for i in read_.corpus.items] == ["Add.\n\n2+2", "Say hi."]


def test_a_scale_runs_from_worst_to_best_also_downwards(tmp_path):
    """German school marks: 1 is best. 1 becomes 1.0 and 6 becomes 0.0."""
    text = "prompt,response,score\nQ,a,1\nR,b,6\n"
    read_ = read(tmp_path, "rating", text, "scale=@6..1")
    assert [r.score for r in rows(read_.corpus)] == [1.0, 0.0]


def test_what_a_label_is_worth_is_said_not_guessed(tmp_path):
    """Here "yes" answers "is it unsafe?"."""
    text = "prompt,response,label\nQ,a,yes\nR,b,no\n"
    assert rows(read(tmp_path, "classification", text).corpus) == []
    worth = read(tmp_path, "classification", text, "score:yes=0", "score:no=1")
    assert [r.score for r in rows(worth.corpus)] == [0.0, 1.0]


def test_lists_and_columns_can_both_be_ranked(tmp_path):
    listed = json.dumps({"prompt": "Q", "responses": ["a", "b", "c"], "ranks": [2, 1, None]})
    wide = "prompt,r1,r2,r3,k1,k2,k3\nQ,a,b,c,2,1,\n"
    one = read(tmp_path, "ranking", listed, name="rows.jsonl")
    other = read(tmp_path, "ranking", wide, "responses=r1,r2,r3", "ranks=k1,k2,k3")
    assert answers(one) == answers(other) == [{"type": "ranking", "ranks": [2, 1, None]}]


def test_reasoning_stays_beside_the_demonstration(tmp_path):
    read_ = read(tmp_path, "demonstration", "prompt,response,reasoning\nQ,12,half of 24\n")
    assert answers(read_)[0]["reasoning"] == "half of 24"


def test_unusable_answers_are_kept_on_request_and_never_dropped(tmp_path):
    text = "prompt,first,second,winner\nQ,a,b,first\nR,a,b,???\n"
    with pytest.raises(BadInput) as caught:
        read(tmp_path, "comparison", text)
    assert "--keep-unusable" in caught.value.remedy
    read_ = read(tmp_path, "comparison", text, keep_unusable=True)
    assert answers(read_)[1] == {"type": "cannot_rate", "why": "not usable on import: The winner is '???'."}
    assert read_.corpus.judgments[1].source.row == "3"


def test_judges_are_people_models_or_simulations_as_the_file_says(tmp_path):
    text = "prompt,first,second,winner,judge,judge_type\nQ,a,b,1,ann,person\nQ,a,b,2,m,ai\nQ,a,b,1,s,simulated\n"
    assert [j.type for j in read(tmp_path, "comparison", text).corpus.judges] == ["person", "ai", "simulated"]


def test_a_file_of_another_format_is_said_to_be_one(tmp_path):
    text = json.dumps({"prompt": "Q", "chosen": "a", "rejected": "b"})
    with pytest.raises(BadInput, match="looks like trl-preference"):
        read(tmp_path, "rating", text, name="rows.jsonl")
