"""The smallest text that satisfies a JSON schema, for requests that ask for structure."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["sample_text"]

_SIMPLE = {"string": "text", "integer": 1, "number": 1.0, "boolean": True, "null": None}


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


def _sample(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _sample(_resolve(schema["$ref"], root), root)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return _sample(schema[choice][0], root)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type", "object")
    if kind == "array":
        return [_sample(schema.get("items", {"type": "string"}), root)]
    if kind == "object":
        return {name: _sample(sub, root) for name, sub in schema.get("properties", {}).items()}
    return _SIMPLE.get(kind[0] if isinstance(kind, list) else kind)


def _resolve(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    """Follow ``#/$defs/Name``."""
    found = root
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found
