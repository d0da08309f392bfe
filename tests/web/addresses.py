"""Every address of the platform, filled in with given objects: pages from `urls`, machine ones from OpenAPI."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tutelage.web.api import api

FOREIGN = ("account/", "api/")  # allauth's own, and what OpenAPI lists


def pages(values: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, bool]]:
    """(address, whether it names an object) of every page, with each combination of the values of its parts."""
    for route, names in _routes(get_resolver().url_patterns, ""):
        unknown = names - values.keys()
        assert not unknown, f"{route}: say in the tenant matrix which objects {sorted(unknown)} may name"
        for combination in itertools.product(*(values[n] for n in sorted(names))):
            filled = route
            for name, value in zip(sorted(names), combination, strict=True):
                filled = _fill(filled, name, value)
            yield "/" + filled, bool(names)


def operations(values: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str, Any, bool]]:
    """(method, address, body, whether it names an object) of every operation of the API."""
    schema = api.get_openapi_schema()
    for path, methods in schema["paths"].items():
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        unknown = set(names) - values.keys()
        assert not unknown, f"{path}: say in the tenant matrix which objects {sorted(unknown)} may name"
        for method, about in methods.items():
            for combination in itertools.product(*(values[n] for n in names)):
                filled = path
                for name, value in zip(names, combination, strict=True):
                    filled = filled.replace("{" + name + "}", str(value))
                asked, is_named = _query(about, values)
                content = about.get("requestBody", {}).get("content", {})
                body = _example(next(iter(content.values()))["schema"], schema, values) if content else None
                yield method, filled + asked, body, bool(names) or is_named


def _routes(patterns: Sequence[Any], prefix: str) -> Iterator[tuple[str, set[str]]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if route.startswith(FOREIGN):
            continue
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, set(pattern.pattern.converters)


def _fill(route: str, name: str, value: Any) -> str:
    before, _, after = route.partition(f":{name}>")
    return before[: before.rindex("<")] + str(value) + after


def _query(about: Mapping[str, Any], values: Mapping[str, Sequence[Any]]) -> tuple[str, bool]:
    needed = [p for p in about.get("parameters", ()) if p["in"] == "query" and p.get("required")]
    said = [f"{p['name']}={values.get(p['name'], ['1'])[0]}" for p in needed]
    return ("?" + "&".join(said) if said else ""), any(p["name"] in values for p in needed)


def _example(schema: Mapping[str, Any], whole: Mapping[str, Any], values: Mapping[str, Sequence[Any]]) -> Any:
    """The least that a schema takes, with the objects that its fields name."""
    if "$ref" in schema:
        schema = whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], whole, values)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema.get("type") == "object":
        fields = schema.get("properties", {})
        return {
            name: str(values[name][0]) if name in values else _example(fields[name], whole, values)
            for name in fields
            if name in schema.get("required", ()) or name in values
        }
    if schema.get("type") == "string" and schema.get("pattern", "").startswith("^("):
        return schema["pattern"][2:-2].split("|")[0]
    plain = {"integer": schema.get("minimum", 1), "number": 1.0, "boolean": True, "array": [], "string": "xxxxxxxxxxxx"}
    return plain.get(schema.get("type", ""), {})
