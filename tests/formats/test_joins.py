"""Rows in two files: pairs here, votes there."""

import pytest

from tutelage.errors import BadInput
from tutelage.formats import import_file
from tutelage.formats.joins import Join, join
from tutelage.formats.tables import load


@pytest.fixture
def files(tmp_path):
    def make(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.csv").write_text(text)
        return tmp_path

    return make


def test_every_vote_becomes_a_row_with_its_pair(files):
    folder = files(
        pairs="id,prompt,first,second\n1,Q,a,b\n2,R,c,d\n", votes="id,winner,judge\n1,first,x\n1,second,y\n2,tie,x\n"
    )
    read = import_file(folder / "pairs.csv", "comparison", joins=[f"{folder}/votes.csv:id"])
    assert (len(read.corpus.items), len(read.corpus.judgments), len(read.corpus.judges)) == (2, 3, 2)


def test_one_file_can_be_joined_twice_by_keys_of_other_names(files):
    """Pairs name two texts by id; each is looked up, and its columns carry the name of our key."""
    folder = files(pairs="prompt,l,r,winner\nQ,t1,t2,first\n", texts="id,text\nt1,one\nt2,two\n")
    joins = [f"{folder}/texts.csv:l=id", f"{folder}/texts.csv:r=id"]
    read = import_file(folder / "pairs.csv", "comparison", columns=["first=l.text", "second=r.text"], joins=joins)
    assert [r.messages[0].text for r in read.corpus.responses] == ["one", "two"]


def test_a_pair_without_votes_is_an_item_that_nobody_has_judged(files):
    folder = files(pairs="id,prompt,first,second\n1,Q,a,b\n2,R,c,d\n", votes="id,winner\n1,first\n")
    read = import_file(folder / "pairs.csv", "comparison", joins=[f"{folder}/votes.csv:id"])
    assert (len(read.corpus.items), len(read.corpus.judgments)) == (2, 1)


def test_a_name_that_is_taken_is_told_apart_by_its_file(files):
    folder = files(pairs="id,model\n1,a\n", votes="id,model\n1,b\n")
    made = join(load(folder / "pairs.csv"), Join.parse(f"{folder}/votes.csv:id"))
    assert made.columns == ("id", "model", "votes.model")


def test_a_fault_in_a_joined_row_is_placed_in_its_own_file(files):
    folder = files(pairs="id,prompt,first,second\n1,Q,a,b\n", votes="id,winner\n1,first\n1,nobody\n")
    with pytest.raises(BadInput) as caught:
        import_file(folder / "pairs.csv", "comparison", joins=[f"{folder}/votes.csv:id"])
    assert (caught.value.where.file, caught.value.where.line) == (str(folder / "votes.csv"), 3)


@pytest.mark.parametrize("spec", ["votes.csv", ":id", "votes.csv:"])
def test_a_join_that_cannot_be_read_is_refused(spec):
    with pytest.raises(BadInput, match="FILE:KEY"):
        Join.parse(spec)


def test_a_key_that_is_not_there_is_refused_with_the_columns_that_are(files):
    folder = files(pairs="id,prompt\n1,Q\n", votes="pair,winner\n1,first\n")
    with pytest.raises(BadInput) as caught:
        join(load(folder / "pairs.csv"), Join.parse(f"{folder}/votes.csv:id"))
    assert "pair, winner" in caught.value.expected
