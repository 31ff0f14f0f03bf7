"""What a person types and sees, in a real kernel with the real SDK on an offline model."""

from __future__ import annotations

import pytest

from llmwatch.magic._commands import CHOICES

from .kernel import kernel

SETUP = """
import asyncio, gc, sys, time
import llmwatch
from llmwatch.testing import OfflineServer, Reply, offline_async_client, offline_client
client, aclient = offline_client(max_retries=0), offline_async_client(max_retries=0)
M = [{"role": "user", "content": "hi"}]
def ask(model="gpt-5-mini", client=client):
    return client.chat.completions.create(model=model, messages=M)
async def aask(model="gpt-5-mini"):
    return await aclient.chat.completions.create(model=model, messages=M)
def rows(*names):
    return llmwatch.session.calls[list(names)].astype(object).where(lambda f: f.notna(), None).values.tolist()
"""
LOADED = "llmwatch records every LLM call from here on; %llmwatch off stops it\n"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A kernel with llmwatch loaded and clients that need no network."""
    with kernel(tmp_path_factory.mktemp("loaded")) as k:
        assert k.run("%load_ext llmwatch").stdout == LOADED
        assert k.run(SETUP).status == "ok"
        yield k


def last(k, *names):
    """These columns of the call made last."""
    return k.ask(f"rows({', '.join(map(repr, names))})[-1]")


# -- the cell -------------------------------------------------------------------------------------


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


def count(run):
    """The number of the cell."""
    return run.reply["content"]["execution_count"]


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
    assert "line 4" in "".join(run.error["traceback"]).replace("\x1b[39m", "")
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


def test_an_interrupted_stream(loaded):
    """A stream that Ctrl-C leaves half read is cancelled once it is dropped, not partial."""

    def interrupt(run):
        if run.messages[-1]["msg_type"] == "stream":
            loaded.manager.interrupt_kernel()

    run = loaded.run(
        "%%llmwatch --tag half\n"
        "stream = client.chat.completions.create(model='gpt-5-mini', messages=M, stream=True)\n"
        "for chunk in stream:\n    print('ready')\n    time.sleep(60)",
        during=interrupt,
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


def test_a_call_still_running(loaded):
    """The receipt says what is not over yet."""
    loaded.run("held = OfflineServer(); held.__enter__(); held.script(Reply('x', latency=60))")
    run = loaded.run(
        "%%llmwatch\nopen_call = asyncio.create_task(offline_async_client(held)"
        ".chat.completions.create(model='gpt-5-mini', messages=M))\nawait asyncio.sleep(0.2)"
    )
    assert "1 still running" in run.receipt
    loaded.run("open_call.cancel()")


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


# -- what is wrong in the line --------------------------------------------------------------------


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


# -- %llmwatch ------------------------------------------------------------------------------------


def test_status(loaded):
    """It says whether it records, where, what so far and the settings, as text and HTML."""
    (shown,) = loaded.run("ask()\n%llmwatch").shown
    first, so_far, *_, settings = (line.split() for line in shown["text/plain"].splitlines())
    assert first[1:8] == ["records", "every", "LLM", "call,", "on", "httpx2;", "%llmwatch"]
    assert (so_far[:2], so_far[3]) == (["so", "far"], "calls")
    assert settings[:2] == ["settings", "content=preview,"]
    assert "records every LLM call" in shown["text/html"]
    assert "<script" not in shown["text/html"]


def test_status_names_what_was_not_understood(loaded):
    """A request that looks like an LLM call and is not known is named by host and path."""
    loaded.run(
        "import httpx2\nwith httpx2.Client(transport=httpx2.MockTransport("
        "lambda r: httpx2.Response(200, json={}))) as web:\n"
        "    web.post('https://api.openai.com/v1/odd', json={'model': 'm', 'messages': M})"
    )
    (shown,) = loaded.run("%llmwatch").shown
    assert "api.openai.com/v1/odd ×1" in shown["text/plain"]


def test_off_and_on(loaded):
    """Off, only the line and `watch` record; on, every call again."""
    assert "%%llmwatch and llmwatch.watch" in loaded.run("%llmwatch off").stdout
    before = int(loaded.ask("len(llmwatch.session)"))
    loaded.run("ask()")
    assert loaded.run("%%llmwatch\nask()").receipt.startswith("1 call · ")
    assert " off: records only under " in loaded.run("%llmwatch").shown[0]["text/plain"]
    assert loaded.run("%llmwatch on").status == "ok"
    loaded.run("ask()")
    assert int(loaded.ask("len(llmwatch.session)")) == before + 2


def test_receipts(loaded):
    """`on` shows them below every cell with calls, `off` nowhere, `tagged` under the line."""
    try:
        loaded.run("%llmwatch receipts on")
        assert loaded.run("ask()\n1").receipt.startswith("1 call · ")
        assert loaded.run("2").shown == []
        loaded.run("%llmwatch receipts off")
        assert loaded.run("%%llmwatch\nask()").shown == []
    finally:
        assert loaded.run("%llmwatch receipts tagged").stdout == (
            "receipts: below cells under %%llmwatch\n"
        )
    assert loaded.run("ask()").shown == []


def test_export(loaded):
    """It says how many rows went where; a file that is there is replaced when told to."""
    n = int(loaded.ask("len(llmwatch.session)"))
    assert loaded.run("%llmwatch export calls.csv").stdout == f"{n:,} rows in calls.csv\n"
    assert loaded.run("import pandas as pd; len(pd.read_csv('calls.csv'))").value == str(n)
    again = loaded.run("%llmwatch export calls.csv").error["traceback"]
    assert again == [
        "ExportError: calls.csv exists: give --overwrite to replace it, or another name."
    ]
    assert loaded.run("%llmwatch export calls.csv --overwrite").status == "ok"
    assert loaded.run("%llmwatch export calls.jsonl").stdout == f"{n:,} rows in calls.jsonl\n"
    assert loaded.run("%llmwatch export --what summary s.csv").stdout == "1 row in s.csv\n"
    assert loaded.run("int(pd.read_csv('s.csv').requests[0])").value == str(n)
    by = loaded.run("%llmwatch export --what summary --by model,status by.csv")
    assert by.stdout.endswith(" in by.csv\n")
    total = "(lambda t: (list(t)[:3], int(t.requests.sum())))"
    assert loaded.ask(f"{total}(pd.read_csv('by.csv'))") == str(
        (["model", "status", "requests"], n)
    )
    assert loaded.run("%llmwatch export --what timeline --freq=1D t.csv").status == "ok"
    assert loaded.ask("int(pd.read_csv('t.csv').requests.sum())") == str(n)
    assert loaded.run("name = 'of mine.csv'").status == "ok"
    assert loaded.run('%llmwatch export "$name"').stdout == f"{n:,} rows in of mine.csv\n"
    loaded.run("with llmwatch.watch(labels={'tokens': 'few'}): ask()")  # a label like a figure
    assert loaded.run("%llmwatch export --what summary --by tokens l.csv").status == "ok"
    assert loaded.ask("list(pd.read_csv('l.csv'))[0]") == "'by tokens'"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("exprot a.csv", "UsageError: %llmwatch exprot? Did you mean export? There are on, off, "),
        ("export", "UsageError: which file? %llmwatch export PATH"),
        ("export a.csv b.csv", "UsageError: one file only"),
        ("export a.csv --overwrit", "UsageError: no option --overwrit. Did you mean --overwrite?"),
        ("export a.csv --what call", "UsageError: --what call? Did you mean calls?"),
        ("export a.csv --by model", "UsageError: --by goes with --what summary or timeline."),
        ("export a.csv --freq 1min", "UsageError: --freq goes with --what timeline."),
        ("export a.csv --what summary --by modle", "UsageError: by='modle' is no group. Did you"),
        ("export nowhere/calls.csv", "ExportError: there is no folder nowhere: make it, or "),
        ("export calls.exe", "UsageError: 'calls.exe' names no format: end it in one of .csv"),
        ("export .", "ExportError: "),
        ("receipts sometimes", "UsageError: type %llmwatch receipts all | tagged | off | on."),
        ("autoload", "UsageError: type %llmwatch autoload on | off."),
        ("on now", "UsageError: %llmwatch on takes nothing more, not 'now'."),
        ("'on", 'UsageError: "\'on" cannot be read'),
    ],
)  # fmt: skip
def test_a_wrong_command(loaded, line, words):
    """One line says what is meant, never a traceback, and nothing is lost."""
    before = loaded.ask("len(llmwatch.session)")
    run = loaded.run(f"%llmwatch {line}")
    (shown,) = run.error["traceback"]
    if not words.endswith(": "):
        assert shown.startswith(words)
    assert "\n" not in shown
    assert loaded.ask("len(llmwatch.session)") == before


def test_help(loaded):
    """`help`, `?` and `%%llmwatch?` explain every option and sub-command."""
    told = loaded.run("%llmwatch help").stdout
    for word in ("on | off", "export", "receipts", "autoload", "--tag", "--budget", "--quiet"):
        assert word in told
    page = loaded.run("%%llmwatch?").reply["content"]["payload"][0]["data"]["text/plain"]
    assert "--budget USD" in page
    assert "does not\nrun at all" in page.replace("\r", "")
    assert (
        "export PATH"
        in (loaded.run("%llmwatch?").reply["content"]["payload"][0]["data"]["text/plain"])
    )


@pytest.mark.parametrize("jedi", [True, False])
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("%llmwatch ", list(CHOICES)),
        ("%llmwatch alerts un", ["unmute"]),
        ("%llmwatch alert x --sev", ["--severity"]),
        ("%llmwatch ex", ["export"]),
        ("x = 1\n%llmwatch o", ["on", "off"]),
        ("%llmwatch receipts t", ["tagged"]),
        ("%llmwatch autoload ", ["on", "off"]),
        ("%llmwatch export --", ["--what", "--by", "--freq", "--overwrite"]),
        ("%llmwatch export --what s", ["summary"]),
        ("%%llmwatch --t", ["--tag"]),
        ("%%llmwatch ", ["--tag", "--user", "--feature", "--budget", "--label", "--quiet"]),
        ("%%llmwatch --tag x --b", ["--budget"]),
        (
            "%%llmwatch --tag x --",
            ["--tag", "--user", "--feature", "--budget", "--label", "--quiet"],
        ),
        ("%%llmw", ["%%llmwatch"]),
    ],
)
def test_completion(loaded, jedi, typed, offered):
    """Tab offers what can come next, and nothing else."""
    loaded.run(f"%config IPCompleter.use_jedi = {jedi}", store_history=False)
    assert loaded.complete(typed) == offered


def test_files_are_completed(loaded):
    """Behind `export` the files of the folder are offered."""
    loaded.run("open('kept.csv', 'w').close()")
    assert "kept.csv" in loaded.complete("%llmwatch export kep")


def test_config(loaded):
    """`%config` reads and sets the settings of the session; a wrong value is one line."""
    assert loaded.run("%config LLMWatch.content").value == "'preview'"
    assert loaded.run('%config LLMWatch.content = "none"').stderr == ""
    loaded.run("ask()")
    assert last(loaded, "request_preview") == "[None]"
    assert loaded.run("llmwatch.configure(content='full')\n%config LLMWatch.content").value == (
        "'full'"
    )
    wrong = loaded.run('%config LLMWatch.content = "some"')
    assert wrong.stderr.count("\n") == 1
    assert 'content=\'some\' is not one of "preview", "none", "full".' in wrong.stderr
    assert loaded.run('%config LLMWatch.content = "preview"').status == "ok"
    assert "LLMWatch" in loaded.run("%config").stdout


# -- coming and going -----------------------------------------------------------------------------

STATE = """(
    [f.__name__ for f in ip.input_transformers_cleanup + ip.input_transformers_post
     if hasattr(f, '__name__')], len(ip.input_transformers_cleanup),
    {k: len(v) for k, v in ip.events.callbacks.items()}, len(ip.configurables),
    sorted(ip.magics_manager.magics['line']) == lines, len(ip.Completer.custom_matchers),
    'llmwatch' in ip.magics_manager.magics['cell'], len(ip.ast_transformers),
)"""


def test_unload_leaves_the_shell_as_it_was(tmp_path):
    """Loaded twice is loaded once; unloaded, nothing of us is left, and it can come again."""
    with kernel(tmp_path) as k:
        k.run("%unload_ext none_such")  # IPython brings the magics of extensions when first asked
        k.run("import httpx2; send = httpx2.Client.send")
        k.run("ip = get_ipython(); lines = sorted(ip.magics_manager.magics['line'])")
        before = k.ask(STATE)
        assert k.run("%load_ext llmwatch").stdout == LOADED
        k.run(SETUP)
        assert LOADED not in k.run("%load_ext llmwatch").stdout
        assert k.run("%%llmwatch\nask()").receipt.startswith("1 call · ")
        assert len(k.run("%%llmwatch\nask()").receipts) == 1
        assert k.ask(STATE) != before
        assert k.ask("httpx2.Client.send is send") == "False"
        k.run("%%llmwatch --tag left\n%unload_ext llmwatch")
        assert k.ask(STATE) == before
        assert k.ask("__import__('llmwatch.context').context.here()") == "None"
        assert k.ask("httpx2.Client.send is send") == "True"
        assert k.run("ask()").shown == []
        assert k.ask("len(llmwatch.session)") == "2"
        assert k.run("%reload_ext llmwatch").stdout == LOADED
        assert k.run("%reload_ext llmwatch").stdout == LOADED
        assert k.run("%%llmwatch --tag again\nask()").receipt.startswith("1 call · ")
        assert k.run("ask()").shown == []
        assert last(k, "tag", "execution_count") == "[None, 14]"


def test_loading_is_light(tmp_path):
    """`%load_ext` brings none of the heavy libraries into the process."""
    heavy = "{'pandas', 'numpy', 'altair', 'openai', 'ipywidgets', 'httpx', 'httpx2', 'jupyterlab'}"
    with kernel(tmp_path) as k:
        k.run("import sys; before = set(sys.modules)")
        k.run("%load_ext llmwatch")
        k.run("%%llmwatch\n1")
        k.run("%llmwatch")
        assert k.run(f"(set(sys.modules) - before) & {heavy}").value == "set()"


def test_the_cell_that_loads_it(tmp_path):
    """A call made in the cell of `%load_ext` knows its cell, and the next one knows its own."""
    with kernel(tmp_path) as k:
        k.run(f"%load_ext llmwatch\n{SETUP}\nask()", cell_id="first")
        assert last(k, "cell_id", "execution_count") == "['first', 1]"
        k.run("ask()", cell_id="second")
        assert last(k, "cell_id", "execution_count") == "['second', 2]"


def test_the_name_of_the_notebook(tmp_path):
    """It is the file's name alone, from Jupyter or from VS Code."""
    with kernel(tmp_path, JPY_SESSION_NAME="/home/ana/work/report.ipynb") as k:
        k.run(f"%load_ext llmwatch\n{SETUP}")
        k.run("ask()")
        assert last(k, "notebook") == "['report.ipynb']"
        k.run("__vsc_ipynb_file__ = 'C:\\\\ana\\\\other.ipynb'")
        k.run("ask()")
        assert last(k, "notebook") == "['other.ipynb']"


def test_autoload(tmp_path):
    """A restarted kernel knows the line; `off` takes out what `on` wrote, and nothing else."""
    file = tmp_path / "ipython" / "profile_default" / "startup" / "50-llmwatch.py"
    with kernel(tmp_path) as k:
        k.run("%load_ext llmwatch")
        assert str(file) in k.run("%llmwatch autoload on").stdout
        written = file.read_text()
        assert "already" in k.run("%llmwatch autoload on").stdout
        assert file.read_text() == written
        k.restart()
        assert k.run("%%llmwatch\n1").receipt == "no LLM calls"
        file.write_text(f"mine = 1\n{written}")
        assert str(file) in k.run("%llmwatch autoload off").stdout
        assert file.read_text() == "mine = 1\n"
        file.write_text(written)
        k.run("%llmwatch autoload off")
        assert not file.exists()
        assert "nothing of it" in k.run("%llmwatch autoload off").stdout
        k.restart()
        assert "not found" in k.run("%llmwatch").stderr


def test_a_profile_that_says_how(tmp_path):
    """`c.LLMWatch` in the profile is heeded; a wrong value there is one line, not a failure."""
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    config = profile / "ipython_config.py"
    config.write_text("c.LLMWatch.receipts = 'all'\n")
    with kernel(tmp_path) as k:
        k.run("%load_ext llmwatch")
        assert k.run("%config LLMWatch.receipts").value == "'all'"
        config.write_text("c.LLMWatch.receipts = 'some'\n")
        k.restart()
        assert k.run("%load_ext llmwatch").stdout == (
            'llmwatch: receipts=\'some\' is not one of "tagged", "all", "off".\n' + LOADED
        )


@pytest.mark.parametrize("step", ["cell", "store", "all"])
def test_what_breaks_inside_stays_inside(tmp_path, step):
    """With our own steps broken a cell still runs as without us, and it is counted."""
    with kernel(tmp_path, LLMWATCH_FAULT=step) as k:
        k.run("%load_ext llmwatch")
        k.run(SETUP)
        run = k.run("%%llmwatch --tag x\nask().choices[0].message.content")
        assert run.value == "'A short answer to \"hi\".'"
        assert (run.stdout, run.stderr, run.of("error")) == ("", "", [])
        assert "LLMWATCH_FAULT" in k.run("%llmwatch").shown[0]["text/plain"]
