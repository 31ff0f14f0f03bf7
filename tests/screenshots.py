"""`make screenshots`: the pictures that the README shows, taken of the panel as it is.

The calls are made up, the same each time; the clock is the present one.
"""

from __future__ import annotations

import random
import time
from typing import Any

from llmwatch.records import Call
from tests.browser import browser
from tests.notebook import ROOT
from tests.widgets.make import call
from tests.widgets.panel import Made, show, whole

FOLDER = ROOT / "notebooks" / "images"
MODELS = {"gpt-5-mini": (5, 0.8), "gpt-5": (3, 2.6), "claude-haiku-4.5-20251001": (2, 0.6)}
SPAN_S = 900
REFUSED = {
    "status": "error", "error_type": "RateLimitError", "http_status": 429, "ttft_s": None,
    "input_tokens": None, "output_tokens": None, "cost_usd": None, "finish_reason": None,
    "response_preview": None, "error_message": "Rate limit reached for gpt-5.",
}  # fmt: skip


def made_call(dice: random.Random, number: int, of: int, now_ns: int) -> Call:
    """One call of a session that slows down towards its end."""
    shares = [share for share, _ in MODELS.values()]
    model = dice.choices(list(MODELS), shares)[0]
    latency = MODELS[model][1] * dice.lognormvariate(0, 0.5)
    if model == "gpt-5" and number > 0.75 * of:
        latency *= 3.5
    known: dict[str, Any] = {
        "call_id": f"c{number}", "model": model, "latency_s": latency, "ttft_s": 0.2 * latency,
        "started_at": now_ns - (of - number) * SPAN_S * 1_000_000_000 // of - 3_000_000_000,
        "input_tokens": dice.randint(400, 2200), "output_tokens": dice.randint(50, 700),
        "cost_usd": dice.uniform(0.0002, 0.002), "finish_reason": "stop", "http_status": 200,
        "tag": dice.choice(["prompt-v2", "prompt-v2", "baseline"]),
        "execution_count": 10 + 3 * number // of,
        "request_preview": "Summarise the text below in one line: …",
        "response_preview": "The report finds that …",
    }  # fmt: skip
    chance = dice.random()
    if chance < 0.06:
        known |= {**REFUSED, "latency_s": dice.choice([0.3, 30.0])}
    elif chance < 0.08:
        known |= {"model": "qwen-x", "cost_usd": None}
    return call(**known)


def session(n: int = 180) -> Made:
    """Calls, one of them in flight, and an alert."""
    dice, now = random.Random(4), time.time_ns()
    made = Made(*(made_call(dice, number, n, now) for number in range(n - 3)))
    made.store.append([
        call(call_id="left", model="gpt-5-mini", status="partial", latency_s=0.81, cost_usd=None,
             input_tokens=447, estimated_output_tokens=75, estimated_cost_usd=0.0002,
             tag="prompt-v2", execution_count=11, started_at=now - 9_000_000_000),
        call(call_id="refused", model="gpt-5", latency_s=0.3, tag="prompt-v2", execution_count=11,
             started_at=now - 8_000_000_000, **REFUSED),
        call(call_id="open", model="claude-haiku-4.5-20251001", latency_s=1.52, ttft_s=0.28,
             input_tokens=1152, output_tokens=540, cached_input_tokens=800, attempts=3,
             retry_wait_s=1.1, cost_usd=0.0039, finish_reason="stop", tag="prompt-v2",
             execution_count=12, started_at=now - 6_000_000_000,
             request_preview="Summarise the text below in one line: …",
             response_preview="The report finds that …"),
    ])  # fmt: skip
    made.tries.note("open", (429, 429), 200)
    made.alerts.evaluate()
    flying = {"operation": "chat", "tag": "prompt-v2", "execution_count": 12}
    made.flying = [{**flying, "started_at": now - 4_000_000_000, "model": "gpt-5",
                    "estimated_output_tokens": 87}]  # fmt: skip
    return made


def main() -> None:
    """Take them, light and dark."""
    FOLDER.mkdir(exist_ok=True)
    made = session()
    made.enable()
    try:
        state = {**whole(made), "budget": [0.172, 2.0]}
    finally:
        made.disable()
    with browser() as running:
        for theme in ("light", "dark"):
            page = running.new_page(viewport={"width": 320, "height": 1330}, device_scale_factor=2)
            root = show(page, state, theme=theme)
            root.locator(".lw-line[aria-expanded]").first.click()
            root.evaluate("() => document.activeElement.blur()")
            page.wait_for_timeout(600)  # for the charts, which draw when they may
            path = FOLDER / f"panel_{theme}.png"
            page.screenshot(path=path)
            page.close()
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
