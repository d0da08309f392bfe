"""JSONL files are whole or absent, equal for equal records, and strict on the way in."""

import gzip

import pytest

from tutelage.errors import BadInput
from tutelage.records import Person, jsonl

PEOPLE = [Person("a"), Person("b")]


def test_equal_records_are_equal_bytes_also_compressed(tmp_path):
    for name in ("one.jsonl.gz", "two.jsonl.gz"):
        jsonl.write(tmp_path / name, PEOPLE)
    assert (tmp_path / "one.jsonl.gz").read_bytes() == (tmp_path / "two.jsonl.gz").read_bytes()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "people.jsonl"
    jsonl.write(path, PEOPLE)
    before = path.read_bytes()

    def half():
        yield PEOPLE[0]
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        jsonl.write(path, half())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_names_file_line_and_field(tmp_path):
    path = tmp_path / "people.jsonl"
    path.write_text('{"id":"a"}\n\n{"id":7}\n')
    with pytest.raises(BadInput) as caught:
        list(jsonl.read(path, Person))
    where = caught.value.where
    assert (where.file, where.line, where.field) == (str(path), 3, "id")


def test_a_byte_order_mark_is_not_an_error(tmp_path):
    path = tmp_path / "people.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id":"a"}\n')
    assert list(jsonl.read(path, Person)) == [Person("a")]


def test_compression_is_seen_in_the_content_not_in_the_name(tmp_path):
    path = tmp_path / "people.jsonl"
    path.write_bytes(gzip.compress(b'{"id":"a"}\n'))
    assert list(jsonl.read(path, Person)) == [Person("a")]


@pytest.mark.parametrize(
    ("raw", "says", "line"),
    [
        (b'{"id":"a"}\n{"id"', "not JSON", 2),
        (b'{"id":"a","id":"b"}', "`id` stands twice", 1),
        (b'{"id":NaN}', "NaN", 1),
        (b'{"id":"\xff"}', "0xff", 1),
        (b"[" * 100_000, "nested too deeply", 1),
        (gzip.compress(b'{"id":"a"}\n' * 99, mtime=0)[:-9], "damaged", None),
    ],
)
def test_json_is_read_strictly(raw, says, line, tmp_path):
    path = tmp_path / "people.jsonl"
    path.write_bytes(raw)
    with pytest.raises(BadInput) as caught:
        list(jsonl.read(path, Person))
    assert says in caught.value.seen
    assert caught.value.where.line == line


def test_an_absent_file_is_said_to_be_absent(tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        list(jsonl.objects(tmp_path / "none.jsonl"))
