"""The preview shows both ends of a scale, as they were read."""

from tutelage.formats import ends, import_file


def shown(tmp_path, kind, text, *columns):
    (tmp_path / "rows.csv").write_text(text)
    return [(e.reading, e.texts) for e in ends(import_file(tmp_path / "rows.csv", kind, columns=columns).corpus)]


def test_a_comparison_shows_a_row_that_each_side_wins_and_a_tie(tmp_path):
    text = "prompt,first,second,winner\nQ,a,b,second\nQ,a,b,tie\nR,c,d,first\nS,e,f,first\n"
    assert shown(tmp_path, "comparison", text) == [
        ("the first response wins", {"prompt": "R", "first": "c", "second": "d"}),
        ("the responses tie", {"prompt": "Q", "first": "a", "second": "b"}),
        ("the second response wins", {"prompt": "Q", "first": "a", "second": "b"}),
    ]


def test_a_rating_shows_what_was_read_as_worst_and_as_best(tmp_path):
    """On a scale of school marks the 1 is shown as best only if the scale was said to run from 6 to 1."""
    text = "prompt,response,score\nQ,good,1\nQ,bad,6\nQ,so-so,3\n"
    [worst, best] = shown(tmp_path, "rating", text, "scale=@6..1")
    assert worst == ("worst: 0.00 of 1", {"prompt": "Q", "answer": "bad"})
    assert best == ("best: 1.00 of 1", {"prompt": "Q", "answer": "good"})


def test_labels_without_a_worth_are_shown_one_by_one(tmp_path):
    text = "prompt,response,label\nQ,a,yes\nR,b,no\nS,c,yes\n"
    assert [reading for reading, _ in shown(tmp_path, "classification", text)] == ["['yes']", "['no']"]


def test_a_ranking_shows_its_best_and_its_worst(tmp_path):
    text = "prompt,r1,r2,r3,k1,k2,k3\nQ,a,b,c,2,1,3\n"
    [(_, texts)] = shown(tmp_path, "ranking", text, "responses=r1,r2,r3", "ranks=k1,k2,k3")
    assert texts == {"prompt": "Q", "best": "b", "worst": "c"}


def test_demonstrations_show_the_shortest_and_the_longest(tmp_path):
    made = shown(tmp_path, "demonstration", "prompt,response\nQ,aa\nR,a\nS,aaa\n")
    assert [texts["answer"] for _, texts in made] == ["a", "aaa"]


def test_long_texts_are_cut(tmp_path):
    [(_, texts), _] = shown(tmp_path, "demonstration", f"prompt,response\nQ,{'x' * 999}\n")
    assert len(texts["answer"]) == 200
