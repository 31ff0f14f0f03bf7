"""With OpenTelemetry in the process its traces and ours are one, and it is left as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import ModuleType

import pytest

import llmwatch
from llmwatch import faults
from tests.notebook import ROOT

OTEL = """
import asyncio, json, logging, sys
import llmwatch
from llmwatch.testing import offline_client
llmwatch.enable()
ask = lambda: offline_client().chat.completions.create(
    model="gpt-5-mini", messages=[{"role": "user", "content": "hello"}]
)
with llmwatch.span("before"):
    ask()
imported = "opentelemetry" in sys.modules

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider, sampling
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

logged = []
class Listener(logging.Handler):
    def emit(self, record):
        logged.append(record.getMessage())
logging.getLogger().addHandler(Listener(logging.WARNING))

tracer = trace.get_tracer("theirs")
with llmwatch.span("no provider"):
    untouched = not trace.get_current_span().get_span_context().is_valid
provider, memory = TracerProvider(), InMemorySpanExporter()
provider.add_span_processor(SimpleSpanProcessor(memory))
trace.set_tracer_provider(provider)

with tracer.start_as_current_span("A"):
    with llmwatch.span("S"):
        ask()
        with tracer.start_as_current_span("B"):
            ask()
        with llmwatch.span("T"):
            ask()
    ask()
with llmwatch.span("R"), tracer.start_as_current_span("D"):
    with llmwatch.call(model="by hand"):
        pass
ask()

@llmwatch.span("G")
def words():
    with llmwatch.span("H"):
        yield 1
        with tracer.start_as_current_span("E"):
            pass
        ask()

with tracer.start_as_current_span("F"):
    for _ in words():
        ask()
        with tracer.start_as_current_span("C"):
            pass

async def inside():
    with llmwatch.span("Y"):
        yield 1

async def closing():
    run = inside()
    await run.__anext__()
    async def close():
        with tracer.start_as_current_span("K"):
            await run.aclose()
            ask()
    await asyncio.create_task(close())
asyncio.run(closing())

left = trace.get_current_span().get_span_context().is_valid
seen = len(memory.get_finished_spans())
provider.sampler = sampling.ParentBased(sampling.ALWAYS_OFF)
with llmwatch.span("unsampled") as quiet, tracer.start_as_current_span("silent") as theirs:
    same = f"{theirs.get_span_context().trace_id:032x}" == quiet.trace_id
    ask()

hexed = lambda number: f"{number:016x}"
rows = [(s.name, f"{s.context.trace_id:032x}", hexed(s.context.span_id),
         hexed(s.parent.span_id) if s.parent else None) for s in memory.get_finished_spans()]
spans = llmwatch.session.spans
rows += [(r.name if r.kind == "span" else "call", r.trace_id, r.span_id,
          r.parent_span_id if isinstance(r.parent_span_id, str) else None)
         for r in spans.itertuples()]
names = {span_id: name for name, _, span_id, _ in rows}
print(json.dumps({
    "imported": imported, "untouched": untouched, "left": left, "logged": logged, "same": same,
    "sampled": len(memory.get_finished_spans()) - seen,
    "parents": [(name, names.get(parent, parent)) for name, _, _, parent in rows],
    "broken": sum(1 for _, trace_id, _, parent in rows for _, other, mine, _ in rows
                  if parent == mine and trace_id != other),
    "faults": llmwatch.diagnostics().message.tolist(),
}))
"""


@pytest.fixture(scope="module")
def otel():
    """What was seen in a process that runs OpenTelemetry: it can be set up once in each."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", OTEL],
        capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_opentelemetry_is_not_loaded_by_us(otel):
    """Spans and calls without it load nothing of it; with its API alone nothing is set in it."""
    assert (otel["imported"], otel["untouched"]) == (False, True)


def test_traces_of_opentelemetry_and_ours_are_one(otel):
    """Ours stand under theirs and theirs under ours, by the innermost; a call under either."""
    found = [tuple(pair) for pair in otel["parents"]]
    assert {("S", "A"), ("B", "S"), ("T", "S"), ("R", None), ("D", "R"), ("A", None)} <= {*found}
    calls = [parent for name, parent in found if name == "call"]
    assert calls[:7] == ["before", "S", "B", "T", "A", "D", None]
    assert otel["broken"] == 0  # parent and child have one trace id


def test_a_generator_leads_opentelemetry_only_while_it_runs(otel):
    """Between two items what the caller opens and calls is the caller's, there as here."""
    found = [tuple(pair) for pair in otel["parents"]]
    assert {("G", "F"), ("H", "G"), ("E", "H"), ("C", "F")} <= {*found}
    calls = [parent for name, parent in found if name == "call"]
    assert calls[7:9] == ["F", "H"]


def test_opentelemetry_is_left_as_it_was(otel):
    """Nothing stays current, nothing is logged, nothing of ours went wrong."""
    assert (otel["left"], otel["logged"], otel["faults"]) == (False, [], [])
    assert [parent for name, parent in otel["parents"] if name == "call"][9] == "K"


def test_the_sampling_of_opentelemetry_holds(otel):
    """What its sampler leaves out stays out, though the trace id is one."""
    assert (otel["same"], otel["sampled"]) == (True, 0)


def test_opentelemetry_that_is_being_loaded_is_waited_for(monkeypatch):
    """Another thread imports it while calls go on, as `stream_otlp` does: that is no trouble."""
    faults.clear()
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", ModuleType("opentelemetry.trace"))
    with llmwatch.watch() as w, llmwatch.span("work"), llmwatch.call(model="mine"):
        pass
    assert len(w.spans) == 2
    assert faults.table() == []
