"""What it costs to have llmwatch at all: importing it, and loading it in a kernel."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys

from . import Row

ROUNDS = 7
# pip compiles what it installs: a checkout is compiled by the first round.
_ENVIRON = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
_IMPORT = """
import time
start = time.perf_counter()
import {module}
print((time.perf_counter() - start) * 1000)
"""
_LOAD = """
import json, sys, time
before, start = set(sys.modules), time.perf_counter()
get_ipython().run_line_magic("load_ext", "llmwatch")
took = (time.perf_counter() - start) * 1000
heavy = {"pandas", "altair", "openai", "ipywidgets"} & (set(sys.modules) - before)
print(json.dumps([took, sorted(heavy)]))
"""


def _import_ms(module: str) -> float:
    code = _IMPORT.format(module=module)
    times = []
    for _ in range(ROUNDS):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60,
            env=_ENVIRON,
        )  # fmt: skip
        times.append(float(done.stdout))
    return statistics.median(times)


def _load_in_kernel() -> tuple[float, list[str]]:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(env=_ENVIRON)
    try:
        said: list[str] = []

        def hear(message: dict[str, dict[str, str]]) -> None:
            if "text" in message["content"]:
                said.append(message["content"]["text"])

        client.execute_interactive(_LOAD, output_hook=hear, timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    took, heavy = json.loads("".join(said).strip().splitlines()[-1])
    return float(took), heavy


def rows() -> list[Row]:
    """`import llmwatch` over bare Python; `%load_ext llmwatch` in a kernel."""
    kernels = [_load_in_kernel() for _ in range(3)]
    heavy = sorted({name for _, names in kernels for name in names})
    loaded = f" (newly loaded: {', '.join(heavy)})" if heavy else " (nothing heavy loaded)"
    return [
        Row("import llmwatch", _import_ms("llmwatch"), "ms", 30),
        Row("%load_ext llmwatch" + loaded, statistics.median(t for t, _ in kernels), "ms", 150),
    ]
