"""Alerts in a real kernel: under the cell that caused them, once, and in no other."""

from __future__ import annotations

import time

import ipykernel
import pytest

from tests.magic.kernel import HANG_S, kernel
from tests.magic.plain import PATIENCE

HEARS_CLEARING = pytest.mark.skipif(
    ipykernel.version_info < (6, 29), reason="this ipykernel tells nobody that outputs are cleared"
)
SETUP = (
    PATIENCE
    + """
import asyncio, threading
import llmwatch
from llmwatch.testing import OfflineServer, Reply, offline_async_client, offline_client
server = OfflineServer().start()
client, aclient = offline_client(server, max_retries=0), offline_async_client(server, max_retries=0)
asked = {"model": "gpt-5", "messages": [{"role": "user", "content": "x"}]}
go = threading.Event()
llmwatch.alert("failing", "error_rate > 10%", by="tag", severity="critical")
llmwatch.alerts.remove("high_error_rate")

def fail(tag, n=6):
    server.script(*[Reply.rate_limited()] * n)
    with llmwatch.watch(tag=tag):
        for _ in range(n):
            try:
                client.chat.completions.create(**asked)
            except Exception:
                pass

def succeed(tag, n=60):
    with llmwatch.watch(tag=tag):
        for _ in range(n):
            client.chat.completions.create(**asked)

async def fail_later(tag, n=6):
    while not go.is_set():
        await asyncio.sleep(0.01)
    server.script(*[Reply.rate_limited()] * n)
    with llmwatch.watch(tag=tag):
        for _ in range(n):
            try:
                await aclient.chat.completions.create(**asked)
            except Exception:
                pass

def fires(name, tag):
    firing = llmwatch.alerts.firing
    return any((alert.name, alert.labels.get("tag")) == (name, tag) for alert in firing)
"""
)


@pytest.fixture(scope="module")
def k(tmp_path_factory):
    with kernel(tmp_path_factory.mktemp("alerts")) as started:
        loaded = started.run("%load_ext llmwatch")
        assert loaded.status == "ok"
        assert started.run(SETUP).status == "ok"
        yield started


def banners(messages):
    """Of some messages those that show an alert: how, which output, as text."""
    kinds = ("display_data", "update_display_data")
    return [
        (m["msg_type"], m["content"]["transient"]["display_id"], m["content"]["data"]["text/plain"])
        for m in messages
        if m["msg_type"] in kinds and "llmwatch-alert" in m["content"]["data"].get("text/html", "")
    ]


def shown(run):
    """The alerts that a cell showed, as text."""
    return [text for kind, _, text in banners(run.messages) if kind == "display_data"]


def wait_for(k, kind, words, sent=None, heard=()):
    """The next alert of that kind with `words` in it; with `sent`, as an answer to that.

    `heard` is what came before that may be it: it is written by a thread of its own.
    """
    deadline, heard = time.monotonic() + HANG_S, list(heard)
    while time.monotonic() < deadline:
        message = heard.pop(0) if heard else k.client.get_iopub_msg(timeout=HANG_S)
        if sent in (None, message["parent_header"].get("msg_id")):
            for found, ident, text in banners([message]):
                if found == kind and words in text:
                    return ident, text
    raise AssertionError(f"no {kind} with {words!r}")


def test_loading_makes_no_widget(k):
    """Until something fires neither anywidget nor ipywidgets is imported, and nothing is shown."""
    told = k.ask("[m in __import__('sys').modules for m in ('anywidget', 'pandas', 'altair')]")
    assert told == "[False, False, False]"


def test_an_alert_stands_under_its_cell(k):
    """The cell shows it before it ends, once, as HTML and as text; the next one shows nothing."""
    run = k.run("fail('plain')")
    (text,) = shown(run)
    assert text.startswith("✕ failing (tag=plain): 100 %, over 10 %")
    assert "llmwatch.session.errors()" in text
    (data,) = run.shown
    assert 'role="alert"' in data["text/html"]
    assert run.stdout == run.stderr == ""
    after = k.run("1 + 1")
    # A figure that moved meanwhile goes into the banner that stands there, whatever cell runs.
    assert [m["msg_type"] for m in after.messages if m["msg_type"] != "update_display_data"] == [
        "status", "execute_input", "execute_result", "status",
    ]  # fmt: skip


def test_a_thread_alerts_under_the_cell_that_started_it(k):
    """Also while another cell runs, in which nothing is shown."""
    sent = k.send(
        "go.clear(); t = threading.Thread(target=lambda: (go.wait(), fail('thread'))); t.start()",
        cell_id="starts",
    )
    started = k.collect(sent)
    assert shown(started) == []
    other = k.send(
        "import os, time\ngo.set(); t.join()\nwhile not os.path.exists('seen'): time.sleep(0.01)"
    )
    try:
        _, text = wait_for(k, "display_data", "tag=thread", sent)
    finally:
        (k.place / "work" / "seen").touch()  # the other cell ends now, and not before
    assert text.startswith("✕ failing (tag=thread): 100 %")
    assert shown(k.collect(other)) == []


def test_a_task_alerts_under_the_cell_that_it_outlived(k):
    """A task that goes on when its cell is over, and another one has run."""
    sent = k.send("go.clear(); task = asyncio.create_task(fail_later('task'))", cell_id="task")
    assert shown(k.collect(sent)) == []
    heard = []
    assert shown(k.run("go.set(); 'another cell'", beside=heard.append)) == []
    _, text = wait_for(k, "display_data", "tag=task", sent, heard)
    assert text.startswith("✕ failing (tag=task): 100 %")
    assert k.run("await task").status == "ok"


def test_who_hears_only_the_cell_that_runs_sees_it_there(k):
    """Such as nbclient, which names no cell: it stands under the one that runs, once, too."""
    sent = k.send(
        "go.clear(); t = threading.Thread(target=lambda: (go.wait(), fail('late'))); t.start()"
    )
    assert shown(k.collect(sent)) == []
    (text,) = shown(k.run("go.set(); t.join(); fired = fires('failing', 'late')"))
    count = k.ask("int(llmwatch.session.calls.execution_count.max())")
    assert text.startswith("✕ failing (tag=late): 100 %")
    assert f"in cell [{count}]" in text
    assert shown(k.run("'another cell'")) == []


def test_a_rule_muted_in_a_cell_says_so_where_it_stands(k):
    """Before that cell ends; told of again it says that, too; and so does a rule taken out."""
    k.run("llmwatch.alert('loud', 'requests > 1', severity='info')")

    def said(code):
        return [one for one in banners(k.run(code).messages) if " loud" in one[2]]

    first, *_ = said("succeed('loud', 2)")
    *_, muted = said("llmwatch.alerts.mute('loud', '5min')")
    assert muted[:2] == ("update_display_data", first[1])
    assert "muted until " in muted[2]
    *_, told = said("%llmwatch alerts unmute loud")
    assert "muted until " not in told[2]
    *_, gone = said("llmwatch.alerts.remove('loud')")
    assert gone[2].startswith("■ loud removed after ")


def test_a_cell_that_runs_again_shows_its_alert_again(k):
    """The front end has cleared the former one: the new run has one of its own."""
    first = k.run("fail('again')", cell_id="same")
    second = k.run("fail('again')", cell_id="same")
    assert len(shown(first)) == len(shown(second)) == 1
    assert banners(first.messages)[-1][1] != banners(second.messages)[-1][1]


def test_one_alert_stands_in_the_last_of_many_cells(k):
    """Where it stood before is one line that says where to look."""
    sent = k.send("fail('many')")
    (first, *_) = banners(k.collect(sent).messages)
    second = k.run("fail('many')")
    drawn = banners(second.messages)
    count = second.reply["content"]["execution_count"]
    left = ("update_display_data", first[1], f"failing (tag=many): see cell [{count}]")
    assert left in drawn
    there, *_ = drawn[drawn.index(left) + 1 :]
    assert there[0] == "display_data"


def test_many_groups_are_a_few_banners_and_a_line(k):
    """Of one rule a cell shows five, and how many more there are; it is kept true."""
    k.run("llmwatch.alert('each', 'requests > 0', by='tag', window='1h', severity='info')")
    ran = k.run("for number in range(9): succeed(f'each{number}', 1)")
    *first, last = [text for text in shown(ran) if "each" in text]
    assert [text.partition(":")[0] for text in first] == [
        f"● each (tag=each{number})" for number in range(5)
    ]
    assert last == "each: 4 more groups firing · llmwatch.alerts"
    again = k.run("for number in range(6, 9): succeed(f'each{number}', 1)")
    assert len([text for text in shown(again) if "● each" in text]) == 3
    said = [text for _, _, text in banners(again.messages)]
    assert "each: 1 more group firing · llmwatch.alerts" in said
    assert shown(k.run("succeed('each0', 1)"))[0].startswith("● each (tag=each0)")
    over = [text for _, _, text in banners(k.run("llmwatch.alerts.remove('each')").messages)]
    assert "each: 1 more group fired, all over · llmwatch.alerts.history" in over


def test_it_is_resolved_in_place(k):
    """Its end goes into the same output, though other cells have run."""
    k.run("llmwatch.alert('busy', 'requests > 3', by='tag', window='2s', severity='info')")
    heard = []
    run = k.run("while not fires('busy', 'over'): succeed('over', 4)", beside=heard.append)
    (_, ident, text), *updates = [
        one for one in banners(run.messages) if " busy (tag=over)" in one[2]
    ]
    assert {(kind, where) for kind, where, _ in updates} <= {("update_display_data", ident)}
    assert text.startswith("● busy (tag=over): ")
    another = k.run("'another cell'", beside=heard.append)
    assert shown(another) == []
    heard = [*run.messages, *heard, *another.messages]
    where, text = wait_for(k, "update_display_data", "busy (tag=over) resolved after ", heard=heard)
    assert where == ident
    assert text.startswith("✓ ")
    assert k.run("llmwatch.alerts.remove('busy')").status == "ok"


def test_a_captured_cell_keeps_its_alert_visible(k):
    """`%%capture` catches what the cell shows, not what is wrong with it."""
    run = k.run("%%capture caught\nfail('captured')\nprint('kept')")
    assert len(shown(run)) == 1
    assert k.ask("(caught.stdout, caught.outputs)") == "('kept\\n', [])"


@HEARS_CLEARING
def test_what_a_cell_clears_away_stands_below_it_at_its_end(k):
    """Progress is often shown by clearing the outputs: the alert comes back, once, as one output."""
    run = k.run("""
from IPython.display import clear_output
fail('cleared')
assert fires('failing', 'cleared')
for step in range(3):
    clear_output(wait=True)
    print('step', step)
""")
    assert run.status == "ok"
    last = max(n for n, m in enumerate(run.messages) if m["msg_type"] == "clear_output")
    after = [(kind, text) for kind, _, text in banners(run.messages[last:])]
    assert any(kind == "display_data" and "(tag=cleared)" in text for kind, text in after)
    assert shown(k.run("'nothing was cleared'")) == []


def test_at_the_end_of_its_cell_it_says_the_latest(k):
    """Whoever saves the notebook then has all its calls; while a cell runs figures may wait."""
    run = k.run("fail('latest')\nassert fires('failing', 'latest')\nfail('latest', 3)")
    assert run.status == "ok"
    said = [text for _, _, text in banners(run.messages) if "(tag=latest)" in text]
    assert "9 of 9 calls" in said[-1]


@HEARS_CLEARING
def test_what_a_widget_clears_is_its_own(k):
    """Progress inside an `ipywidgets.Output` takes nothing from the cell."""
    run = k.run("""
import ipywidgets
out = ipywidgets.Output()
fail('kept')
assert fires('failing', 'kept')
out.clear_output()
with out:
    clear_output(wait=True)
""")
    assert run.status == "ok"
    assert len(run.of("clear_output")) == 2
    assert len([text for text in shown(run) if "(tag=kept)" in text]) == 1


def test_markup_in_a_tag_is_text(k):
    """A name cannot bring markup or a formula into the page."""
    run = k.run("fail('<img src=x onerror=alert(1)> $x$')")
    (data,) = run.shown
    assert "<img" not in data["text/html"]
    assert "&lt;img" in data["text/html"]
    assert "mathjax_ignore" in data["text/html"]


def test_nothing_went_wrong_inside(k):
    """After all of the above diagnostics is empty."""
    assert k.ask("llmwatch.diagnostics().to_dict('records')") == "[]"


def test_a_broken_banner_breaks_nothing(tmp_path):
    """The cell runs as before, and diagnostics says what went wrong."""
    with kernel(tmp_path, LLMWATCH_FAULT="banner") as k:
        assert k.run("%load_ext llmwatch").status == "ok"
        assert k.run(SETUP).status == "ok"
        run = k.run("fail('x'); 'done'")
        assert (run.value, run.stderr, shown(run)) == ("'done'", "", [])
        assert k.ask("'banner' in set(llmwatch.diagnostics().step)") == "True"


def test_unloading_ends_it(tmp_path):
    """After `%unload_ext` nothing is shown, and the shell has no listener of ours."""
    with kernel(tmp_path) as k:
        before = k.ask("[len(v) for v in get_ipython().events.callbacks.values()]")
        assert k.run("%load_ext llmwatch").status == "ok"
        assert k.run(SETUP).status == "ok"
        assert len(shown(k.run("fail('x')"))) == 1
        assert k.run("%unload_ext llmwatch").status == "ok"
        assert k.ask("[len(v) for v in get_ipython().events.callbacks.values()]") == before
        assert shown(k.run("fail('y')")) == []


def test_a_terminal_shows_a_line(tmp_path):
    """Plain IPython prints what fires behind the cell's own output, and nothing else."""
    import subprocess
    import sys

    from tests.magic.kernel import places

    script = tmp_path / "work.ipy"
    script.write_text(SETUP + "fail('plain')\nprint('out')\n")
    code = (
        "from IPython.testing.globalipapp import start_ipython\n"
        "shell = start_ipython()\n"
        "shell.run_cell('%load_ext llmwatch')\n"
        f"shell.run_cell(open({str(script)!r}).read())\n"
        "shell.run_cell('1 + 1')\n"
        "import sys; print('anywidget' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=places(tmp_path), text=True,
                          capture_output=True, timeout=HANG_S)  # fmt: skip
    lines = done.stdout.splitlines()
    said = [line for line in lines if "failing" in line]
    assert len(said) == 1
    assert said[0].startswith("✕ failing (tag=plain): 100 %, over 10 % · 6 of 6 calls")
    assert lines.index(said[0]) > lines.index("out")
    assert lines[-1] == "False"
