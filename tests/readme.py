"""The README's parts: what is typed in it, and the table that is made from the code.

`python -m tests.readme` writes the table of columns anew.
"""

from __future__ import annotations

import re

from llmwatch.semconv import COLUMNS
from tests.notebook import ROOT

README = ROOT / "README.md"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BEGIN, _END = "<!-- columns: ", "<!-- end of columns -->"


def text() -> str:
    return README.read_text("utf-8")


def snippets(language: str = "python") -> list[str]:
    """What stands in fences of one language, in order."""
    return [body for kind, body in _FENCE.findall(text()) if kind == language]


def columns() -> str:
    """The table of `semconv`, as it belongs into the README."""
    lines = [
        "| column | dtype | unit | OpenTelemetry | meaning |",
        "| --- | --- | --- | --- | --- |",
    ]
    for c in COLUMNS:
        otel = f"`{c.otel}`" if c.otel else ""
        unit = "" if c.unit == "1" else c.unit
        lines.append(f"| `{c.name}` | {c.dtype} | {unit} | {otel} | {c.meaning} |")
    return "\n".join(lines) + "\n"


def with_columns(page: str) -> str:
    """The page with the table of today."""
    top, _, rest = page.partition(_BEGIN)
    mark, _, rest = rest.partition("\n")
    _, _, bottom = rest.partition(_END)
    return f"{top}{_BEGIN}{mark}\n{columns()}{_END}{bottom}"


if __name__ == "__main__":
    README.write_text(with_columns(text()), "utf-8")
