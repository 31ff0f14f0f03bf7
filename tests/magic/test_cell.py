"""What a person sees of a cell under %%llmwatch, in a real kernel: value, calls, receipt."""

from __future__ import annotations

import re

import pytest

from .kernel import once_ready
from .plain import count, last


def test_a_value_and_its_receipt(loaded):
    """The value is shown, then the receipt, last of all, with the figures of the cell's calls."""
    run = loaded.run("%%llmwatch --tag v1\nask()\nask()\n'done'")
    assert run.value == "'done'"
    assert run.receipt.startswith("2 calls · 2 → 12 tokens · $0.0000245 · ")
    assert run.receipt.endswith("0 errors")
    assert [m["msg_type"] for m in run.messages][-2:] == ["display_data", "status"]
    assert last(loaded, "tag", "status") == "['v1', 'ok']"


def test_await(loaded):
    """An awaited call is marked and counted like any other."""
    run = loaded.run("%%llmwatch --tag awaited\nawait asyncio.gather(aask(), aask(), aask())\n1;")
    assert run.value is None
    assert run.receipt.startswith("3 calls · ")
    assert last(loaded, "tag", "execution_count") == f"['awaited', {count(run)}]"


def test_every_option_reaches_the_call(loaded):
    """Tag, user, feature and labels of the line stand in the row of the call."""
    loaded.run(
        "%%llmwatch --tag 'two words' --user=ana --feature search --label k=v --label b=a=c\nask()"
    )
    seen = last(loaded, "tag", "user", "feature", "labels")
    assert seen == """['two words', 'ana', 'search', '{"b": "a=c", "k": "v"}']"""


def test_names_and_expressions_are_filled_in(loaded):
    """`$name` and `{expression}` work as in any magic, and mean the person's own names."""
    loaded.run("line, cell, n = 'mine', 'also', 3")
    loaded.run("%%llmwatch --tag $line --user v{n + 1} --feature {cell}\nask()")
    assert last(loaded, "tag", "user", "feature") == "['mine', 'v4', 'also']"


def test_a_cell_says_who_it_is(loaded):
    """A call knows the cell it was made in, its number and its run; also without the line."""
    for line in ("", "%%llmwatch\n"):
        first = loaded.run(f"{line}ask()", cell_id="abc")
        one = eval(last(loaded, "cell_id", "execution_count", "cell_run_id"))
        again = loaded.run(f"{line}await aask()", cell_id="abc")
        two = eval(last(loaded, "cell_id", "execution_count", "cell_run_id"))
        assert one[:2] == ["abc", count(first)]
        assert two[:2] == ["abc", count(again)]
        assert one[2] != two[2]


def test_plain_cells_are_silent(loaded):
    """Without the line there is no receipt, and no tag of an earlier cell."""
    run = loaded.run("ask()\n'plain'")
    assert run.shown == []
    assert last(loaded, "tag", "user", "labels") == "[None, None, None]"


def test_no_calls(loaded):
    """A cell without calls says so."""
    assert loaded.run("%%llmwatch\nx = 1").receipt == "no LLM calls"


def test_quiet(loaded):
    """`--quiet` marks the calls and shows nothing."""
    assert loaded.run("%%llmwatch --quiet --tag q\nask()").shown == []
    assert last(loaded, "tag") == "['q']"


def test_an_exception_and_its_receipt(loaded):
    """The traceback names the line as the editor counts it; the receipt stands below it."""
    run = loaded.run("%%llmwatch\nask()\n\n1 / 0")
    assert run.error["ename"] == "ZeroDivisionError"
    # IPython 7 draws an arrow beside the line.
    seen = re.sub(r"\x1b\[[0-9;]*m", "", "".join(run.error["traceback"]))
    assert re.search("line 4|-> 4 ", seen)
    kinds = [m["msg_type"] for m in run.messages]
    assert kinds.index("error") < kinds.index("display_data")
    assert run.receipt.startswith("1 call · ")


def test_a_syntax_error(loaded):
    """Nothing runs; the error names the line as the editor counts it."""
    run = loaded.run("%%llmwatch --tag s\nx = 1\nx = = 2")
    assert run.error["ename"] == "SyntaxError"
    assert "line 3" in run.error["evalue"]
    assert run.receipt == "no LLM calls"


def test_a_failed_call_is_in_the_receipt(loaded):
    """A refused call counts as an error, beside the exception that the SDK raises."""
    run = loaded.run(
        "%%llmwatch\nask(client=offline_client(script=[Reply.rate_limited()], max_retries=0))"
    )
    assert run.error["ename"] == "RateLimitError"
    assert "1 error" in run.receipt


def test_an_interrupt(loaded):
    """Ctrl-C in a call ends it as cancelled, and the receipt says so."""
    loaded.run("slow = OfflineServer(); slow.__enter__(); slow.script(Reply('x', latency=60))")
    loaded.run(
        "import signal, threading\n"
        "def interrupt():\n"
        "    slow.wait_for_requests(timeout=60)\n"
        "    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)\n"
        "threading.Thread(target=interrupt).start()"
    )
    run = loaded.run("%%llmwatch\nask(client=offline_client(slow, max_retries=0))")
    assert run.error["ename"] == "KeyboardInterrupt"
    assert "1 cancelled" in run.receipt
    assert last(loaded, "status") == "['cancelled']"


def test_an_interrupt_of_what_run_runs(loaded):
    """Ctrl-C in `llmwatch.run` ends its coroutine: none goes on calling when the cell is over."""
    loaded.run("away = OfflineServer(); away.__enter__(); away.script(Reply('x', latency=60))")
    loaded.run(
        "import signal, threading\n"
        "def interrupt():\n"
        "    away.wait_for_requests(timeout=60)\n"
        "    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)\n"
        "async def twice():\n"
        "    async with offline_async_client(away, max_retries=0) as asked:\n"
        "        for _ in range(2):\n"
        "            await asked.chat.completions.create(model='gpt-5-mini', messages=M)\n"
        "threading.Thread(target=interrupt).start()"
    )
    run = loaded.run("%%llmwatch --tag nested\nllmwatch.run(twice())")
    assert run.error["ename"] == "KeyboardInterrupt"
    assert "1 cancelled" in run.receipt
    assert last(loaded, "tag", "status") == "['nested', 'cancelled']"
    assert loaded.ask("[t for t in asyncio.all_tasks() if 'twice' in repr(t)]") == "[]"


def test_an_interrupted_stream(loaded):
    """A stream that Ctrl-C leaves half read is cancelled once it is dropped, not partial."""
    run = loaded.run(
        "%%llmwatch --tag half\n"
        "stream = client.chat.completions.create(model='gpt-5-mini', messages=M, stream=True)\n"
        "for chunk in stream:\n    print('ready')\n    time.sleep(60)",
        during=once_ready(loaded.manager.interrupt_kernel),
    )
    assert "1 still running" in run.receipt
    loaded.run("stream.close()")
    assert last(loaded, "tag", "status") == "['half', 'cancelled']"


def test_a_budget_of_a_cell(loaded):
    """Once the budget is spent the next call is refused, and the receipt names both sums."""
    run = loaded.run("%%llmwatch --budget 0.00001\nask()\nask()")
    assert run.error["ename"] == "BudgetExceeded"
    assert "nothing was sent" in run.error["evalue"]
    assert run.receipt.startswith("1 call · ")
    assert "of $0.00001 (spent)" in run.receipt
    assert loaded.run("ask()").status == "ok"


def test_a_call_still_running(loaded):
    """The receipt says what is not over yet."""
    loaded.run("held = OfflineServer(); held.__enter__(); held.script(Reply('x', latency=60))")
    run = loaded.run(
        "%%llmwatch\nopen_call = asyncio.create_task(offline_async_client(held)"
        ".chat.completions.create(model='gpt-5-mini', messages=M))\n"
        "await asyncio.to_thread(held.wait_for_requests, timeout=60)"
    )
    assert "1 still running" in run.receipt
    loaded.run("open_call.cancel()")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--bugdet 1", "no option --bugdet. Did you mean --budget? %%llmwatch [--tag T]"),
        ("--budget -1", "--budget -1 is not an amount in USD: give e.g. --budget 0.50."),
        ("--budget x", "--budget x is not an amount in USD: give e.g. --budget 0.50."),
        ("--budget {-2}", "--budget -2 is not an amount in USD: give e.g. --budget 0.50."),
        ("prompt-v2", "'prompt-v2' is no option: for a tag type --tag prompt-v2."),
        ("--tag", "--tag needs a value."),
        ("--label k", "--label k is not a pair: give e.g. --label version=2."),
        ("--tag 'open", "cannot be read: No closing quotation."),
    ],
)
@pytest.mark.parametrize(
    "body", ["ran = True", "%%time\nran = True", "await asyncio.sleep(0); ran = True"]
)
def test_a_wrong_option(loaded, line, words, body):
    """One line says what is meant, nothing of the cell runs, and the history has it."""
    loaded.run("ran = False")
    run = loaded.run(f"%%llmwatch {line}\n{body}")
    (shown,) = run.error["traceback"]
    assert shown.startswith("UsageError: ")
    assert words in shown
    assert "\n" not in shown
    assert (run.status, run.shown, run.stdout, run.stderr) == ("error", [], "", "")
    assert loaded.ask("ran") == "False"
    assert loaded.run("_i").value == repr(f"%%llmwatch {line}\n{body}")
    assert loaded.run("1 + 1").value == "2"
