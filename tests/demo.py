"""`make demo`: the quickstart in a real kernel, and what a person would see of it.

Everything happens in `out/`: the CSV, the report, and the notebook with its outputs. It ends well
only if the receipt, the alert, the rows and the files were really there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.notebook import QUICKSTART, ROOT, cell, run

SHOWN = [
    "model", "status", "stream", "latency_s", "ttft_s", "input_tokens", "output_tokens",
    "cost_usd", "attempts", "error_type",
]  # fmt: skip


def main(out: Path = ROOT / "out") -> int:
    """Run the notebook, show what it showed, and check that nothing is missing."""
    import nbformat
    import pandas as pd

    out.mkdir(exist_ok=True)
    table, report, page = out / "calls.csv", out / "session.html", out / QUICKSTART.name
    table.unlink(missing_ok=True)
    report.unlink(missing_ok=True)
    print(f"running {QUICKSTART.relative_to(ROOT)} in a kernel ...", flush=True)
    notebook = run(nbformat.read(QUICKSTART, as_version=4), out)
    nbformat.write(notebook, page)
    receipt, alert = shown_by(notebook, "receipt"), shown_by(notebook, "alert")
    calls = pd.read_csv(table)
    print(f"\nthe receipt under the cell:\n\n{receipt}")
    print(f"\nthe alert under another, whose calls were turned away:\n\n{alert}")
    print(f"\nthe first of {len(calls)} rows, and some of {len(calls.columns)} columns:\n")
    print(calls[SHOWN].head(8).to_string(na_rep="", max_colwidth=24))
    print(f"\nthe calls:    {table}\nthe report:   {report}\nthe notebook: {page}")
    missing = what_is_missing(receipt, alert, calls)
    if not report.exists():
        missing.append("the report")
    for what in missing:
        print(f"missing: {what}", file=sys.stderr)
    return 1 if missing else 0


def shown_by(notebook: Any, cell_id: str) -> str:
    """The text twin of what a cell shows as HTML; empty when that is nothing."""
    shown = [
        output.data
        for output in cell(notebook, cell_id).outputs
        if output.output_type == "display_data" and "text/html" in output.data
    ]
    return shown[-1]["text/plain"] if shown else ""


def what_is_missing(receipt: str, alert: str, calls: Any) -> list[str]:
    """What the demo promises and does not keep, in words; nothing, when all is there."""
    tagged = calls[calls.tag == "quickstart"]
    kept = {
        "a receipt of six calls": receipt.startswith("6 calls · "),
        "an error in the receipt": "1 error" in receipt,
        "an alert of the error rate": "high_error_rate" in alert,
        "the six calls of the cell": len(tagged) == 6,
        "tokens and cost": (tagged.cost_usd > 0).sum() == 4,
        "a stream with its first token": (tagged.stream & (tagged.ttft_s > 0)).sum() == 1,
        "the call that was tried again": tagged.attempts.tolist() == [1, 1, 1, 2, 1, 1],
        "the error that was handled": tagged.error_type.dropna().tolist()
        == ["AuthenticationError"],
        "a price for one's own model": (calls[calls.model == "my-llama"].cost_usd > 0).all(),
        "calls up to a budget": (calls.tag == "spending").sum() > 0,
    }
    return [what for what, there in kept.items() if not there]


if __name__ == "__main__":
    sys.exit(main())
