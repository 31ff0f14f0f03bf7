"""What the tests here ask, and who stands under whom in what was recorded."""

from __future__ import annotations

from llmwatch.testing import offline_client

ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}


def ask(_=None):
    return offline_client().chat.completions.create(**ASK)


def tree(reading):
    """Name and name of the parent of each row, in the order in which they began."""
    spans = reading.spans
    names = dict(zip(spans.span_id, spans.name, strict=True))
    return [(row.name, names.get(row.parent_span_id)) for row in spans.itertuples(index=False)]


def parents(reading):
    """The name of the parent of each call, in order."""
    return [parent for name, parent in tree(reading) if name == "chat gpt-5-mini"]
