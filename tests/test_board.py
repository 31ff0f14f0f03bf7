"""`dashboard`: where it opens, what it shows there, and what it says to the front ends."""

from __future__ import annotations

import subprocess
import sys
from uuid import uuid4

import pytest

import llmwatch
from llmwatch.exceptions import UsageError
from tests.magic.kernel import kernel

MIME = "application/vnd.llmwatch.dashboard+json"
VIEW = "application/vnd.jupyter.widget-view+json"
LOAD = "%load_ext llmwatch"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A kernel that has not loaded anything yet; each test leaves it so."""
    with kernel(tmp_path_factory.mktemp("board")) as k:
        yield k


@pytest.fixture
def k(fresh):
    yield fresh
    fresh.run(LOAD)  # what a test without it has begun ends with it, too
    fresh.run("%unload_ext llmwatch")


class FrontEnd:
    """What our extension does with a kernel, without a browser."""

    def __init__(self, kernel):
        self._kernel = kernel
        self.heard = []
        self.comm_id = ""

    def run(self, code):
        """Run a cell, and keep what came over our comm meanwhile, of an earlier cell too."""
        hear = self._note
        run = self._kernel.run(code, during=lambda run: hear(run.messages[-1]), beside=hear)
        assert run.status == "ok", run.reply
        return run

    def say(self, kind):
        """Say a word, and wait until it is heard and, where there is one, for the answer."""
        client, known, asked = self._kernel.client, len(self.heard), uuid4().hex
        content = {"comm_id": asked, "target_name": "llmwatch", "data": {"type": kind}}
        client.shell_channel.send(client.session.msg("comm_open", content))
        taken = False
        while not taken or (kind == "panel" and len(self.heard) == known):
            came = client.get_iopub_msg(timeout=60)
            taken |= came["msg_type"] == "comm_close" and came["content"]["comm_id"] == asked
            self._note(came)

    def has_heard(self, count):
        """All that was said, once it is this much: it is written by a thread of its own."""
        while len(self.heard) < count:
            self._note(self._kernel.client.get_iopub_msg(timeout=60))
        return self.heard

    def tell(self, model, data):
        """Send a widget's model a message."""
        content = {"comm_id": model, "data": data}
        client = self._kernel.client
        client.shell_channel.send(client.session.msg("comm_msg", content))

    def _note(self, message):
        content = message["content"]
        if message["msg_type"] == "comm_open" and content["target_name"] == "llmwatch":
            self.comm_id = content["comm_id"]
        if message["msg_type"] == "comm_msg" and content["comm_id"] == self.comm_id:
            self.heard.append(content["data"])
        if message["msg_type"] == "comm_close" and content["comm_id"] == self.comm_id:
            self.comm_id = ""


def shown(run):
    """What a cell displayed for a live page; below it stands the picture for a saved one."""
    data, picture = run.shown
    assert picture["text/html"].startswith('<div class="llmwatch-still')
    return data


def test_loading_announces_us_and_stays_light(k):
    """A comm is open once llmwatch is loaded, and none of what a panel needs has been imported."""
    front = FrontEnd(k)
    before = set(eval(k.ask("sorted(__import__('sys').modules)")))
    front.run(LOAD)
    assert front.comm_id
    loaded = set(eval(k.ask("sorted(__import__('sys').modules)"))) - before
    assert {"ipywidgets", "anywidget", "pandas", "altair"} & loaded == set()


def test_who_comes_later_finds_us_by_name(k):
    """A page that was reloaded asks for comms of our name, and is told of the one there is."""
    front = FrontEnd(k)
    front.run(LOAD)
    client = k.client
    reply = client.comm_info("llmwatch", reply=True, timeout=60)
    assert list(reply["content"]["comms"]) == [front.comm_id]


def test_somebody_who_looks_gets_the_panel(k):
    """The kernel makes the panel when it is asked for, once, and tells its model each time."""
    front = FrontEnd(k)
    front.run(LOAD)
    front.say("panel")
    front.say("panel")
    first, second = front.heard
    assert first["type"] == "panel"
    assert first == second
    assert first["model_id"]


def test_the_magic_opens_the_sidebar_of_a_front_end_that_was_heard(k):
    """What it displays is a line; the panel is in the sidebar. Again, it is the same one."""
    front = FrontEnd(k)
    front.run(LOAD)
    front.say("hello")
    runs = [front.run("%llmwatch dashboard"), front.run("%llmwatch dashboard sidebar")]
    assert [said["type"] for said in front.has_heard(2)] == ["open", "open"]
    assert len({said["model_id"] for said in front.heard}) == 1
    for data in map(shown, runs):
        assert VIEW not in data
        assert data[MIME] == {"model_id": front.heard[0]["model_id"], "where": "sidebar"}
        assert data["text/plain"] == "llmwatch: the dashboard is in the sidebar"


def test_before_a_front_end_is_heard_it_chooses_itself(k):
    """With all cells queued nobody can have answered: the output is of both types.

    A front end with our extension takes ours, every other one the widget.
    """
    front = FrontEnd(k)
    front.run(LOAD)
    data = shown(front.run("%llmwatch dashboard"))
    (said,) = front.has_heard(1)
    assert data[MIME]["where"] == "sidebar"
    assert data[VIEW]["model_id"] == data[MIME]["model_id"] == said["model_id"]
    assert said["type"] == "open"


def test_inline_is_under_the_cell(k):
    """It opens no sidebar, also where there is one."""
    front = FrontEnd(k)
    front.run(LOAD)
    front.say("hello")
    data = shown(front.run("%llmwatch dashboard inline"))
    assert data[MIME]["where"] == "inline"
    assert data[VIEW]["model_id"] == data[MIME]["model_id"]
    assert front.heard == []


def test_the_sidebar_where_there_is_none(k):
    """A line says what there is instead."""
    data = shown(FrontEnd(k).run(f"{LOAD}\n%llmwatch dashboard sidebar"))
    assert "a sidebar is in JupyterLab and Notebook 7" in data["text/plain"]
    assert 'dashboard(where="inline")' in data["text/plain"]


def test_as_the_last_line_it_shows_once(k):
    """The value of the cell is not shown on top of what was displayed; in a later cell it is."""
    front = FrontEnd(k)
    front.run("import llmwatch")
    first = shown(front.run('board = llmwatch.dashboard("inline")\nboard'))
    assert shown(front.run("board")) == first


def test_closed_it_is_made_anew_when_asked_for(k):
    """After `close` the sidebar is told, and the next one is another."""
    front = FrontEnd(k)
    front.run(f"{LOAD}\nimport llmwatch\nboard = llmwatch.dashboard()\nboard.close()")
    front.has_heard(2)
    front.say("panel")
    opened, closed, again = front.heard
    assert (opened["type"], closed["type"], again["type"]) == ("open", "closed", "panel")
    assert again["model_id"] != opened["model_id"]


def test_unloading_ends_the_line(k):
    """Front ends are told, and the panel's widget is closed with it."""
    front = FrontEnd(k)
    front.run(f"{LOAD}\n%llmwatch dashboard")
    front.has_heard(1)
    run = front.run("%unload_ext llmwatch")
    assert front.comm_id == ""
    assert front.heard[-1]["model_id"] in {c["comm_id"] for c in run.of("comm_close")}
    assert k.client.comm_info("llmwatch", reply=True, timeout=60)["content"]["comms"] == {}


def test_a_front_end_that_does_not_know_us(k):
    """It closes what it was offered, and nothing breaks: the dashboard offers it again."""
    front = FrontEnd(k)
    front.run(LOAD)
    message = k.client.session.msg("comm_close", {"comm_id": front.comm_id, "data": {}})
    k.client.shell_channel.send(message)
    before = front.comm_id
    front.run("%llmwatch dashboard")
    assert front.comm_id != before
    assert front.has_heard(1)[-1]["type"] == "open"


def test_a_panel_that_cannot_be_made_is_told(tmp_path):
    """The front end gets the reason, and diagnostics have it."""
    with kernel(tmp_path, LLMWATCH_FAULT="dashboard") as k:
        front = FrontEnd(k)
        front.run(LOAD)
        front.say("panel")
        (said,) = front.heard
        assert said == {"type": "failed", "message": "RuntimeError: LLMWATCH_FAULT=dashboard"}
        front.run("import llmwatch")
        assert k.ask("llmwatch.diagnostics().step.tolist()") == "['dashboard']"


def test_a_notice_is_handed_to_the_front_end(k):
    """What fires goes over the line with its words, once, for a toast."""
    front = FrontEnd(k)
    front.run(LOAD)
    front.run(
        "import llmwatch\n"
        "from llmwatch.testing import OfflineServer, offline_client\n"
        "rule = llmwatch.alert('many', 'requests > 0')\n"
        "with OfflineServer() as server:\n"
        "    offline_client(server).chat.completions.create(model='m', messages=[])\n"
        "assert llmwatch.alerts.firing"
    )
    (said,) = front.has_heard(1)
    assert (said["type"], said["phase"], said["severity"]) == ("alert", "firing", "warning")
    assert said["message"].startswith("many: ")


def test_one_thread_writes_to_the_browser(k):
    """The panel's news and answers, where to show it, and toasts: widgets know no other locks."""
    front = FrontEnd(k)
    front.run(LOAD)
    front.run(
        "import threading, time, llmwatch\n"
        "from ipykernel.comm.comm import BaseComm\n"
        "wrote, publish = [], BaseComm.publish_msg\n"
        "def noting(comm, what, data=None, **more):\n"
        "    word = (data or {}).get('method') or (data or {}).get('type')\n"
        "    if what == 'comm_msg' and word:\n"
        "        wrote.append((word, threading.current_thread().name))\n"
        "    return publish(comm, what, data=data, **more)\n"
        "BaseComm.publish_msg = noting"
    )
    front.say("panel")
    model = front.heard[-1]["model_id"]
    front.tell(model, {"method": "request_state"})
    front.tell(model, {"method": "custom", "content": {"do": "csv", "id": 1}})
    front.run("%llmwatch dashboard")
    front.run(
        "from llmwatch.testing import OfflineServer, offline_client\n"
        "rule = llmwatch.alert('any', 'requests > 0')\n"
        "with OfflineServer() as server:\n"
        "    offline_client(server).chat.completions.create(model='m', messages=[])\n"
        "end = time.monotonic() + 60\n"
        "while time.monotonic() < end and not {'alert', 'update', 'custom', 'open'} <= {k for k, _ in wrote}:\n"
        "    time.sleep(0.01)"
    )
    wrote = eval(k.ask("sorted(set(wrote))"))
    assert wrote == [(k, "llmwatch-panel") for k in ("alert", "custom", "open", "panel", "update")]


@pytest.mark.parametrize("where", ["left", "", True])
def test_a_place_that_is_none(where):
    """One line says which there are."""
    with pytest.raises(UsageError, match='give "sidebar", "inline", or leave it out'):
        llmwatch.dashboard(where)


def test_a_script_is_told_in_one_line():
    """Outside of notebooks a line says so, the script goes on, and no IPython is loaded."""
    code = (
        "import sys, llmwatch; print(llmwatch.dashboard(), llmwatch.dashboard('inline'), "
        "'IPython' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    first, second, last = done.stdout.splitlines()
    assert first == second
    assert "needs a notebook" in first
    assert (last, done.stderr, done.returncode) == ("None None False", "", 0)


def test_plain_ipython_is_told_the_same():
    """A terminal has a shell, but no front end."""
    code = "%load_ext llmwatch\n%llmwatch dashboard\n"
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--simple-prompt", "--colors=nocolor"],
        input=code, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "the dashboard needs a notebook" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
