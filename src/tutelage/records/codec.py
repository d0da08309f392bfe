"""Records to JSON and back, typed by the dataclasses themselves; bad input names its field.

`encode` drops nothing; `decode` refuses unknown keys, missing keys, wrong types and numbers that are not finite.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from tutelage.errors import BadInput, TutelageError, Where

T = TypeVar("T")
Decoder = Callable[[Any], Any]


def encode(value: Any) -> Any:
    """A record as JSON values: tuples become lists, times become RFC 3339 in UTC."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): encode(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(v) for v in value]
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value!r}")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def decode(kind: type[T] | Any, value: Any) -> T:
    """JSON values as a record of type `kind` (a dataclass, a union of them, or any type they use).

    Raises BadInput whose `where.field` is the dotted path of the field at fault.
    """
    return cast(T, _decoder(cast(Any, kind))(value))


def _bad(seen: str, expected: str, remedy: str = "Correct the value.", field: str | None = None) -> TutelageError:
    return BadInput(seen, expected=expected, remedy=remedy, where=Where(field=field))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


@cache
def _decoder(kind: Any) -> Decoder:
    if kind is Any:
        return _any
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _literal(args)
    if origin in (Union, types.UnionType):
        return _union(args)
    if origin is tuple:
        return _tuple(args)
    if origin is list:
        inner = _decoder(args[0])
        return lambda v: [_at(inner, x, f"[{i}]") for i, x in enumerate(_list(v))]
    if origin in (dict, Mapping) or kind in (dict, Mapping):
        inner = _decoder(args[1] if args else Any)
        return lambda v: {k: _at(inner, x, str(k)) for k, x in _mapping(v).items()}
    if dataclasses.is_dataclass(kind):
        return _record(cast("type[Any]", kind))
    raise TypeError(f"no decoder for {kind!r}")


def _at(decoder: Decoder, value: Any, field: str) -> Any:
    try:
        return decoder(value)
    except TutelageError as error:
        raise error.at(field=field) from None


def _any(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise _bad(f"The number is {value}.", "a finite number", "Leave the field out where there is no value.")
    if isinstance(value, Mapping):
        return {k: _at(_any, v, str(k)) for k, v in value.items()}
    if isinstance(value, list):
        return [_at(_any, v, f"[{i}]") for i, v in enumerate(value)]
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _bad(f"Saw {_shown(value)}.", "text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _bad(
            "The text holds half of a surrogate pair.", "valid Unicode", "Re-encode the file as UTF-8."
        ) from None
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _bad(f"Saw {_shown(value)}.", "a whole number")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _bad(f"Saw {_shown(value)}.", "a number")
    if not math.isfinite(value):
        raise _bad(f"The number is {value}.", "a finite number", "Leave the field out where there is no value.")
    return float(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _bad(f"Saw {_shown(value)}.", "true or false")
    return value


def _nothing(value: Any) -> None:
    if value is not None:
        raise _bad(f"Saw {_shown(value)}.", "null")


def _time(value: Any) -> datetime:
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _bad(f"Saw {_shown(value)}.", "a time such as 2026-01-31T09:30:00Z") from None
    if when.tzinfo is None:
        raise _bad(f"The time {value} has no zone.", "a time in UTC", "End it in Z.")
    return when.astimezone(UTC)


_SIMPLE: dict[Any, Decoder] = {
    str: _text, int: _integer, float: _number, bool: _truth, type(None): _nothing, datetime: _time,
}  # fmt: skip


def _list(value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise _bad(f"Saw {_shown(value)}.", "a list")
    return list(value)


def _mapping(value: Any) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise _bad(f"Saw {_shown(value)}.", "an object")
    return value


def _literal(allowed: tuple[Any, ...]) -> Decoder:
    def decoder(value: Any) -> Any:
        if value not in allowed or isinstance(value, bool):
            raise _bad(f"Saw {_shown(value)}.", "one of " + ", ".join(map(repr, allowed)))
        return value

    return decoder


def _tuple(args: tuple[Any, ...]) -> Decoder:
    if len(args) == 2 and args[1] is Ellipsis:
        inner = _decoder(args[0])
        return lambda v: tuple(_at(inner, x, f"[{i}]") for i, x in enumerate(_list(v)))
    inners = [_decoder(a) for a in args]

    def decoder(value: Any) -> Any:
        values = _list(value)
        if len(values) != len(inners):
            raise _bad(f"Saw {len(values)} entries.", f"{len(inners)} entries")
        return tuple(_at(d, x, f"[{i}]") for i, (d, x) in enumerate(zip(inners, values, strict=True)))

    return decoder


def _union(args: tuple[Any, ...]) -> Decoder:
    plain = [a for a in args if a is not type(None)]
    if len(plain) < len(args):
        inner = _union(tuple(plain)) if len(plain) > 1 else _decoder(plain[0])
        return lambda v: None if v is None else inner(v)
    if all(dataclasses.is_dataclass(a) for a in plain):
        return _tagged(plain)
    inners = [_decoder(a) for a in args]

    def decoder(value: Any) -> Any:
        problems = []
        for inner in inners:
            try:
                return inner(value)
            except TutelageError as error:
                problems.append(error.expected)
        raise _bad(f"Saw {_shown(value)}.", " or ".join(dict.fromkeys(problems)))

    return decoder


def _tagged(classes: list[Any]) -> Decoder:
    by_tag = {_default_of(c, "type"): _decoder(c) for c in classes}

    def decoder(value: Any) -> Any:
        tag = _mapping(value).get("type")
        if tag not in by_tag:
            raise _bad(f"Saw {_shown(tag)}.", "one of " + ", ".join(map(repr, by_tag)), field="type")
        return by_tag[tag](value)

    return decoder


def _default_of(cls: Any, name: str) -> Any:
    return next(f.default for f in dataclasses.fields(cls) if f.name == name)


def _record(cls: type[Any]) -> Decoder:
    hints = get_type_hints(cls)
    fields = {f.name: _decoder(hints[f.name]) for f in dataclasses.fields(cls)}
    required = [
        f.name
        for f in dataclasses.fields(cls)
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]
    noun = cls.__name__

    def decoder(value: Any) -> Any:
        given = _mapping(value)
        for name in given:
            if name not in fields:
                raise _bad(f"A {noun} has no `{name}`.", "only " + ", ".join(fields), "Remove it.", field=str(name))
        for name in required:
            if name not in given:
                raise _bad(f"This {noun} has no `{name}`.", f"a {noun} with `{name}`", "Add it.", field=name)
        values = {name: _at(fields[name], v, name) for name, v in given.items()}
        try:
            return cls(**values)
        except ValueError as error:
            raise _bad(f"{error}.", f"a valid {noun}") from None

    return decoder
