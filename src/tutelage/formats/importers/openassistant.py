"""OpenAssistant: conversation trees, whole or as a flat list of messages, whose replies people ranked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tutelage.formats.entries import JUDGES, Entry, Said, Vote
from tutelage.formats.importers.protocol import Request
from tutelage.formats.tables import Place, Record, Table
from tutelage.formats.texts import ROLES
from tutelage.records import Json, Judge, Message, decode

Path = tuple[Message, ...]


class OpenAssistant:
    """A prompt's assistant replies with ranks (0 is best) are one ranking; each reply is one demonstration."""

    name = "openassistant"
    summary = "OpenAssistant trees, or their flat messages"
    mapped = False
    kinds = ("ranking", "demonstration")

    def sniff(self, table: Table) -> float:
        """0.95 for trees, or messages with a parent."""
        columns = set(table.columns)
        tree = {"message_tree_id", "prompt"} <= columns and isinstance(table.first.get("prompt"), Mapping)
        return 0.95 if tree or {"message_id", "parent_id", "text", "role"} <= columns else 0.0

    def entries(self, request: Request) -> Iterator[Entry]:
        """Walk every tree; deleted messages, and what hangs on them, are not part of the published data."""
        for root, tree in _trees(request.table):
            for place, path, node, replies in _asked(root, tree):
                yield from MAKERS[request.kind](place, path, node, replies, root)


def _trees(table: Table) -> Iterator[tuple[Record, Mapping[str, Any]]]:
    if "parent_id" not in table.columns or "prompt" in table.columns:
        for record in table.records:
            root = record.value("prompt")
            if not isinstance(root, Mapping):
                raise record.fault(
                    "prompt", "It is not a message.", "the first message of the tree", "Correct the row."
                )
            yield record, root
        return
    nodes = {record.text("message_id"): ({**record.values, "replies": []}, record) for record in table.records}
    for node, record in nodes.values():
        parent = record.optional_text("parent_id")
        if parent is not None:
            if parent not in nodes:
                seen = f"There is no message {parent!r}."
                raise record.fault("parent_id", seen, "the id of a message", "Add it.")
            nodes[parent][0]["replies"].append(node)
    yield from ((record, node) for node, record in nodes.values() if record.optional_text("parent_id") is None)


Asked = tuple[Place, Path, Mapping[str, Any], list[Mapping[str, Any]]]


def _asked(root: Record, tree: Mapping[str, Any]) -> Iterator[Asked]:
    """(place, conversation up to a user's turn, that turn, its assistant replies), for every user's turn."""
    stack: list[tuple[Path, Mapping[str, Any], str]] = [((), tree, "prompt")]
    while stack:
        before, node, field = stack.pop()
        path = (*before, _message(root, node, field))
        replies = [(n, r) for n, r in enumerate(node.get("replies") or []) if not r.get("deleted")]
        if path[-1].role == "user":
            answers = [r for _, r in replies if ROLES.get(r.get("role", "")) == "assistant"]
            yield root.place, path, node, answers
        stack += [(path, r, f"{field}.replies[{n}]") for n, r in reversed(replies)]


def _message(root: Record, node: Mapping[str, Any], field: str) -> Message:
    role, text = ROLES.get(node.get("role", "")), node.get("text")
    if role is None or not isinstance(text, str):
        raise root.fault(
            field, f"A message with role {node.get('role')!r}.", "prompter or assistant, and text", "Correct it."
        )
    return Message(role, decode(str, text))


def _rankings(
    place: Place, path: Path, node: Mapping[str, Any], replies: list[Mapping[str, Any]], root: Record
) -> Iterator[Entry]:
    ranks = [r.get("rank") for r in replies]
    if sum(r is not None for r in ranks) < 2:
        return
    said = tuple(Said((_message(root, r, "replies"),), r.get("model_name")) for r in replies)
    answer: Json = {"type": "ranking", "ranks": [None if r is None else r + 1 for r in ranks]}
    yield Entry(place, path, (Vote(answer, place, "rank"),), said, {}, _key(node), _extra(node))


def _demonstrations(
    place: Place, path: Path, node: Mapping[str, Any], replies: list[Mapping[str, Any]], root: Record
) -> Iterator[Entry]:
    votes = []
    for reply in replies:
        written = [{"role": "assistant", "text": _message(root, reply, "replies").text}]
        answer: Json = {"type": "demonstration", "response": written}
        votes.append(Vote(answer, place, "replies", _author(reply), _key(reply)))
    if votes:
        yield Entry(place, path, tuple(votes), (), {}, _key(node), _extra(node))


def _author(reply: Mapping[str, Any]) -> Judge | None:
    synthetic = bool(reply.get("synthetic"))
    name = reply.get("model_name" if synthetic else "user_id")
    return JUDGES["ai" if synthetic else "person"](name) if isinstance(name, str) else None


def _key(node: Mapping[str, Any]) -> str | None:
    key = node.get("message_id")
    return key if isinstance(key, str) else None


def _extra(node: Mapping[str, Any]) -> dict[str, Any]:
    """The tree is the group: its prompts begin alike."""
    tree, language = node.get("message_tree_id"), node.get("lang")
    found = {"group": tree, "language": language}
    return {k: v for k, v in found.items() if isinstance(v, str)}


MAKERS = {"ranking": _rankings, "demonstration": _demonstrations}
IMPORTERS = (OpenAssistant(),)
