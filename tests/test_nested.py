"""`llmwatch.run`: async code from sync code, also inside a running loop."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

import llmwatch
from llmwatch.testing import offline_async_client

ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}
INSIDE = """
import asyncio, llmwatch
from llmwatch.testing import offline_async_client

async def main():
    client = offline_async_client()
    ask = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}
    with llmwatch.watch(tag="t") as w:
        await client.chat.completions.create(**ask)
        llmwatch.run(client.chat.completions.create(**ask))
        await client.chat.completions.create(**ask)
    print(w.calls.tag.tolist())

asyncio.run(main())
"""


def test_without_a_loop_it_runs_and_returns():
    """Outside of a loop it is `asyncio.run`, and the call is recorded in the scope around it."""
    with llmwatch.watch(tag="t") as w:
        answer = llmwatch.run(offline_async_client().chat.completions.create(**ASK))
    assert answer.choices[0].message.content
    assert w.calls.tag.tolist() == ["t"]


def test_inside_a_loop_the_same_client_goes_on():
    """Inside a loop one client is used with await, run and await; all calls are in the scope."""
    done = subprocess.run(
        [sys.executable, "-c", INSIDE], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("['t', 't', 't']\n", "")


def test_what_it_raises_goes_through():
    """An exception of the coroutine leaves `run` as itself."""
    problem = ValueError("no")

    async def fail():
        raise problem

    with pytest.raises(ValueError, match="no") as caught:
        llmwatch.run(fail())
    assert caught.value is problem


@pytest.mark.parametrize("wrong", [3, asyncio.sleep])
def test_what_cannot_be_awaited_is_one_clear_line(wrong):
    """A function that was not called, or no awaitable at all, says what to do."""
    with pytest.raises(llmwatch.UsageError, match="call the async function first"):
        llmwatch.run(wrong)


def test_importing_applies_nothing_to_the_loop():
    """Importing llmwatch and enabling it leave asyncio as it is."""
    script = (
        "import asyncio\n"
        "before = (asyncio.run, asyncio.Task, asyncio.BaseEventLoop.run_until_complete)\n"
        "import llmwatch; llmwatch.enable()\n"
        "assert before == (asyncio.run, asyncio.Task, asyncio.BaseEventLoop.run_until_complete)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (done.stderr, done.returncode) == ("", 0)
