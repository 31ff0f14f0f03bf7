"""The smallest text that satisfies a JSON schema, for requests that ask for structure."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["sample_text"]

_SIMPLE = {"string": "text", "integer": 1, "number": 1.0, "boolean": True, "null": None}
_FORMATS = {
    "date": "2026-01-01", "date-time": "2026-01-01T00:00:00Z", "time": "00:00:00Z",
    "duration": "P1D", "email": "text@example.com", "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1",
}  # fmt: skip


class _EndlessError(ValueError):
    """A form that contains itself, always."""


def sample_text(ask: dict[str, Any]) -> str | None:
    """JSON of the form that the request asks for; None when it asks for no form."""
    form = _format(ask)
    if form.get("type") not in ("json_schema", "json_object"):
        return None
    schema = (form.get("json_schema") or form).get("schema") or {"type": "object"}
    return json.dumps(_sample(schema, schema))


def _format(ask: dict[str, Any]) -> dict[str, Any]:
    """Where chat completions, Responses and Anthropic messages each say which form."""
    for place in (ask.get("response_format"), ask.get("text"), ask.get("output_config")):
        if isinstance(place, dict):
            return place.get("format") or place
    return {}


def _sample(schema: dict[str, Any], root: dict[str, Any], above: tuple[str, ...] = ()) -> Any:
    """A value of the form `schema`, within the named forms `above`, none of which comes again."""
    name = schema.get("$ref")
    if name in above:
        raise _EndlessError(f"{name} contains itself without end")
    if name is not None:
        return _sample(_resolve(name, root), root, (*above, name))
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _first(schema[choice], root, above)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "array":
        return _items(schema, root, above)
    if kind == "object":
        fields = schema.get("properties", {})
        return {field: _sample(sub, root, above) for field, sub in fields.items()}
    if kind in ("integer", "number"):
        return _number(schema, _SIMPLE[kind])
    return _FORMATS.get(schema.get("format", "")) or _SIMPLE.get(kind)


def _number(schema: dict[str, Any], value: Any) -> Any:
    """`value`, or the nearest that the bounds allow."""
    value = max(value, schema.get("minimum", value), schema.get("exclusiveMinimum", value - 1) + 1)
    return min(value, schema.get("maximum", value))


def _first(choices: list[dict[str, Any]], root: dict[str, Any], above: tuple[str, ...]) -> Any:
    """A value of the first form that comes to an end."""
    for schema in choices[:-1]:
        try:
            return _sample(schema, root, above)
        except _EndlessError:
            continue
    return _sample(choices[-1], root, above)


def _items(schema: dict[str, Any], root: dict[str, Any], above: tuple[str, ...]) -> list[Any]:
    try:
        one = _sample(schema.get("items", {"type": "string"}), root, above)
    except _EndlessError:
        return []
    return [one] * max(1, schema.get("minItems", 1))


def _resolve(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    """Follow ``#/$defs/Name``; ``#`` is the whole."""
    found = root
    for step in filter(None, reference.removeprefix("#").split("/")):
        found = found[step]
    return found
