"""Real human judgments import whole: every vote is there, on the right pair, by its own judge."""

import os
from collections import Counter
from pathlib import Path

import pytest

from tutelage.formats import ends, export, import_file, rows

DATA = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[3] / "shared" / "data"))
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="neither $TUTELAGE_DATA nor ../shared/data is there"),
]


def votes(read):
    return Counter(j.answer.get("winner", j.answer["type"]) for j in read.corpus.judgments)


def test_llmfao_keeps_8931_votes_of_124_people_on_2139_pairs():
    folder = DATA / "llmfao"
    read = import_file(folder / "pairs.parquet", "comparison", joins=[f"{folder}/votes.parquet:pair_id"])
    assert votes(read) == {"tie": 3471, "first": 2911, "second": 2549}
    assert (len(read.corpus.items), len(read.corpus.judges)) == (2139, 124)
    assert len({row.group for row in rows(read.corpus)}) == 13


def test_ukp_keeps_61357_votes_on_texts_of_a_third_file():
    folder = DATA / "ukp_convarg"
    joins = ["votes.parquet:pair_id", "arguments.parquet:arg1=arg_id", "arguments.parquet:arg2=arg_id"]
    maps = ["prompt=topic", "group=topic", "winner=value", "first=arg1.text", "second=arg2.text"]
    read = import_file(folder / "pairs.parquet", "comparison", columns=maps, joins=[f"{folder}/{j}" for j in joins])
    assert votes(read) == {"first": 23873, "second": 23725, "tie": 13759}
    assert len(read.corpus.items) == 12300
    assert all(j.reason for j in read.corpus.judgments)


def test_hh_harmless_is_recognised_and_its_transcripts_become_turns():
    read = import_file(DATA / "hh_harmless" / "pairs.parquet", "comparison")
    assert read.format == "trl-preference"
    assert len(read.corpus.judgments) == 1477
    assert all(i.messages[0].role == i.messages[-1].role == "user" for i in read.corpus.items)


@pytest.mark.parametrize("style", ["conversational", "standard"])
@pytest.mark.parametrize("to", ["trl-preference", "trl-preference-implicit"])
def test_hh_harmless_survives_a_trip_through_trl(style, to, tmp_path):
    """Two answers hold "Assistant:" themselves; where turns are told apart by that word alone, export says so."""
    first = import_file(DATA / "hh_harmless" / "pairs.parquet", "comparison").corpus
    made = export(first, to, tmp_path / "out.parquet", style=style)
    again = import_file(tmp_path / "out.parquet", "comparison").corpus
    assert len(again.judgments) == len(first.judgments) == 1477
    assert [i.messages for i in again.items] == [i.messages for i in first.items]
    texts, kept = (Counter(r.messages for r in c.responses) for c in (first, again))
    assert (texts - kept).total() <= sum(made.left_out.values()) <= 2


def test_pandalm_keeps_three_judges_a_pair():
    maps = ["item=idx", "prompt=instruction,input", "winner=annotator1,annotator2,annotator3"]
    read = import_file(DATA / "pandalm_test" / "pairs.parquet", "comparison", columns=maps)
    assert (len(read.corpus.items), len(read.corpus.judgments), len(read.corpus.judges)) == (999, 2997, 3)


def test_dices_shows_both_ends_of_its_labels_the_right_way_round():
    folder = DATA / "dices_350"
    maps = [
        "item=id",
        "prompt=context",
        "judge=rater",
        "label=label",
        "score:safe=1",
        "score:unsafe=0",
        "score:unsure=0.5",
    ]
    read = import_file(folder / "items.parquet", "classification", columns=maps, joins=[f"{folder}/ratings.parquet:id"])
    assert len(read.corpus.judgments) == 43050
    assert [e.reading for e in ends(read.corpus)] == ["worst: 0.00 of 1", "best: 1.00 of 1"]
