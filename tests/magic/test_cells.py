"""Calls belong to the cell that started them, however cells, tasks, threads and magics nest."""

from __future__ import annotations

from .plain import SETUP, count, last


def test_a_task_that_outlives_its_cell(loaded):
    """Its calls belong to the cell that started it; the cell that awaits it has none."""
    first = loaded.run(
        "%%llmwatch --tag starter\nbegin = asyncio.Event()\n"
        "async def later():\n    await begin.wait()\n    return await aask()\n"
        "task = asyncio.create_task(later())\nawait asyncio.sleep(0)"
    )
    second = loaded.run("%%llmwatch --tag waiter\nbegin.set()\nawait task\n'over'")
    assert (first.receipt, second.receipt) == ("no LLM calls", "no LLM calls")
    assert last(loaded, "tag", "execution_count") == f"['starter', {count(first)}]"


def test_a_thread_that_outlives_its_cell(loaded):
    """A thread's calls belong to the cell that started it, too."""
    loaded.run(
        "%%llmwatch --tag thread\nimport threading\ngo = threading.Event()\n"
        "thread = threading.Thread(target=lambda: (go.wait(), ask()))\nthread.start()"
    )
    loaded.run("%%llmwatch --tag other\ngo.set()\nthread.join()")
    assert last(loaded, "tag") == "['thread']"


def test_run_in_the_first_of_two_queued_cells(loaded):
    """`llmwatch.run` nests in the kernel's loop, and the next queued cell still answers."""
    first = loaded.send("%%llmwatch --tag nested\nllmwatch.run(aask())\n'first'")
    second = loaded.send("%%llmwatch\nllmwatch.run(aask())\nawait aask()\n'second'")
    one = loaded.collect(first)
    two = loaded.collect(second)
    assert (one.value, two.value) == ("'first'", "'second'")
    assert one.receipt.startswith("1 call · ")
    assert two.receipt.startswith("2 calls · ")


def test_a_watch_left_open_in_one_cell_and_closed_in_another(loaded):
    """It marks the cells in between, and none after it; no cell marks another."""
    loaded.run("%%llmwatch --tag opener\nw = llmwatch.watch(user='held').__enter__()")
    loaded.run("ask()")
    assert last(loaded, "tag", "user") == "[None, 'held']"
    loaded.run("w.close()")
    loaded.run("ask()")
    assert last(loaded, "tag", "user") == "[None, None]"
    assert loaded.ask("len(w)") == "1"


def test_cells_within_cells(loaded):
    """A cell run by a cell belongs to it, and a line of its own marks its own calls."""
    run = loaded.run(
        "%%llmwatch --tag outer --user ana\nask()\n"
        "get_ipython().run_cell('ask()')\n"
        "get_ipython().run_cell('%%llmwatch --tag inner\\nask()')\nask()\nNone"
    )
    assert [text.split(" · ")[0] for text in run.receipts] == ["1 call", "4 calls"]
    seen = eval(loaded.ask("rows('tag', 'user', 'execution_count')[-4:]"))
    assert [tag for tag, _, _ in seen] == ["outer", "outer", "inner", "outer"]
    assert {(user, number) for _, user, number in seen} == {("ana", count(run))}


def test_a_cell_of_whose_end_nobody_speaks(loaded):
    """Run behind the shell's back, a cell ends with the one around it and marks no later one."""
    behind = "code = '%%llmwatch --tag behind\\nask()'; ip = get_ipython()\n"
    run = loaded.run(
        f"%%llmwatch --tag front\n{behind}"
        "r = await ip.run_cell_async(code, transformed_cell=ip.transform_cell(code))\nNone"
    )
    assert [text.split(" · ")[0] for text in run.receipts] == ["1 call", "1 call"]
    loaded.run("ask()")
    assert loaded.ask("rows('tag')[-2:]") == "[['behind'], [None]]"


def test_a_reset_of_the_names(loaded):
    """`%reset -f` takes the person's names, not what we do."""
    loaded.run("%reset -f")
    loaded.run(SETUP)
    assert loaded.run("%%llmwatch --tag on\nask()").receipt.startswith("1 call · ")


def test_under_another_magic(loaded):
    """Above or below `%%time` and `%%capture` the calls are marked and counted."""
    for cell in (
        "%%time\n%%llmwatch --tag beside\nask()",
        "%%llmwatch --tag beside\n%%time\nask()",
        "%%capture\n%%llmwatch --tag beside\nask()",
        "%%llmwatch --tag beside\n%%capture\nask()",
    ):
        run = loaded.run(cell)
        assert run.receipt.startswith("1 call · ")
        assert last(loaded, "tag") == "['beside']"


def test_callers_of_run_cell_magic(loaded):
    """They get the cell run and its receipt; what it raises is raised to them."""
    run = loaded.run("get_ipython().run_cell_magic('llmwatch', '--tag called', 'ask()\\n1 + 1')")
    assert run.value == "2"
    assert run.receipt.startswith("1 call · ")
    assert last(loaded, "tag") == "['called']"
    failed = loaded.run(
        "try:\n    get_ipython().run_cell_magic('llmwatch', '', '1 / 0')\n"
        "except ZeroDivisionError:\n    print('raised')"
    )
    assert "raised" in failed.stdout
    awaits = loaded.run("get_ipython().run_cell_magic('llmwatch', '', 'await aask()')")
    assert awaits.error["traceback"] == [
        "UsageError: an `await` works only where %%llmwatch is on the first line of the cell itself."
    ]


UNENDED = """
ip, code = get_ipython(), "%%llmwatch\\n1"
late = asyncio.create_task(
    ip.run_cell_async(code, store_history=True, transformed_cell=ip.transform_cell(code))
)
"""


def test_nothing_of_finished_cells_is_kept(loaded):
    """However many cells run, also of whose end nobody speaks, no more watches live than before."""
    counted = "(gc.collect(), sum(type(o).__name__ == 'Watch' for o in gc.get_objects()))[1]"
    loaded.run("%llmwatch")
    before = int(loaded.ask(counted))
    for _ in range(5):
        loaded.run("%%llmwatch\nask()")
        loaded.run("%%llmwatch\nawait aask()")
        loaded.run("ask()")
        loaded.run(UNENDED)
    loaded.run("await late; del late")
    loaded.run("gc.collect()")
    loaded.run("%llmwatch")  # what the worker did last is forgotten when it does the next thing
    assert int(loaded.ask(counted)) <= before
