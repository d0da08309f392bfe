"""OpenAssistant trees, whole and flat."""

import json

from tutelage.formats import import_file
from tutelage.records import Message


def message(name, role, text, *replies, parent=None, **more):
    return {
        "message_id": name,
        "parent_id": parent,
        "role": role,
        "text": text,
        "lang": "en",
        "replies": replies,
        **more,
    }


TREE = {
    "message_tree_id": "t1",
    "tree_state": "ready_for_export",
    "prompt": message(
        "m1",
        "prompter",
        "Q",
        message("m2", "assistant", "best", message("m5", "prompter", "And?", message("m6", "assistant", "so")), rank=0),
        message("m3", "assistant", "worst", rank=2),
        message("m4", "assistant", "middle", rank=1),
        message("m7", "assistant", "spam", rank=3, deleted=True),
        message_tree_id="t1",
    ),
}


def flat(node, parent=None):
    yield {k: v for k, v in node.items() if k != "replies"} | {"parent_id": parent}
    for reply in node["replies"]:
        if not reply.get("deleted"):
            yield from flat(reply, node["message_id"])


def read(tmp_path, kind, rows):
    path = tmp_path / "trees.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return import_file(path, kind)


def test_the_ranks_of_sibling_replies_are_one_ranking(tmp_path):
    """Rank 0 is best there, 1 is best here; the deleted reply is not part of the data."""
    read_ = read(tmp_path, "ranking", [TREE])
    assert read_.format == "openassistant"
    assert [j.answer for j in read_.corpus.judgments] == [{"type": "ranking", "ranks": [1, 3, 2]}]
    assert read_.corpus.items[0].group == "t1"


def test_every_reply_is_a_demonstration_of_its_conversation(tmp_path):
    read_ = read(tmp_path, "demonstration", [TREE])
    assert len(read_.corpus.judgments) == 4
    last = read_.corpus.items[-1]
    assert last.messages == (Message("user", "Q"), Message("assistant", "best"), Message("user", "And?"))


def test_flat_messages_are_the_same_tree(tmp_path):
    whole, loose = (read(tmp_path, "ranking", rows).corpus for rows in ([TREE], flat(TREE["prompt"])))
    assert [j.answer for j in whole.judgments] == [j.answer for j in loose.judgments]
    assert [i.messages for i in whole.items] == [i.messages for i in loose.items]
