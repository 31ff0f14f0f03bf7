"""The JSON log: what stands in it of each call, in which words, and what becomes of the file."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import resource
import subprocess
import sys
import threading
import time
from datetime import datetime

import pytest

import llmwatch
from llmwatch import faults
from llmwatch.exceptions import ExportError, UsageError
from llmwatch.testing import OfflineServer, Reply, offline_async_client, offline_client
from tests.notebook import ROOT

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"
HANG_S = 60


@pytest.fixture
def server():
    with OfflineServer() as server:
        yield server


@pytest.fixture
def path(tmp_path):
    return tmp_path / "llm.jsonl"


@pytest.fixture(autouse=True)
def _content_as_it_was():
    before = llmwatch.session.settings.content
    yield
    llmwatch.configure(content=before)


def ask(server, text="Hello!", *, model="gpt-5-mini", retries=0, **options):
    client = offline_client(server, max_retries=retries)
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]
    return client.chat.completions.create(model=model, messages=messages, **options)


def fails(server, **options):
    with pytest.raises(Exception, match=r".") as caught:
        ask(server, **options)
    return caught.value


def lines(path):
    """Each physical line, read by a strict parser."""

    def never(word):
        raise AssertionError(f"{word} is no JSON")

    text = path.read_bytes().decode("utf-8")
    return [json.loads(line, parse_constant=never) for line in text.splitlines()]


def events(path):
    return [line["event"] for line in lines(path)]


def only(path, event):
    (found,) = [line for line in lines(path) if line["event"] == event]
    return found


def until(condition):
    deadline = time.monotonic() + HANG_S
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        threading.Event().wait(0.01)


# -- what is written ------------------------------------------------------------------------------


def test_a_call_is_its_start_and_its_response(server, path):
    """At INFO: who was asked, with how many messages, then what came of it, as in `.calls`."""
    marks = {"tag": "v2", "user": "ana", "labels": {"lang": "en"}}
    with llmwatch.watch(**marks) as w, llmwatch.log_to(path):
        ask(server)
    start, response = lines(path)
    (row,) = w.calls.to_dict("records")
    assert (start["event"], start["level"]) == ("llm_request_start", "INFO")
    assert (start["model"], start["provider"], start["operation"]) == (
        "gpt-5-mini", "openai", "chat",
    )  # fmt: skip
    assert (start["message_count"], start["stream"]) == (2, False)
    assert (response["event"], response["level"]) == ("llm_response", "INFO")
    for name in ("latency_s", "input_tokens", "output_tokens", "cost_usd", "finish_reason",
                 "status", "response_id", "attempts"):  # fmt: skip
        assert response[name] == row[name], name
    for line in (start, response):
        assert {name: line[name] for name in marks} == marks
        assert (line["request_id"], line["trace_id"]) == (row["call_id"], row["trace_id"])


def test_times_are_those_of_the_call(server, path):
    """Stamps are ISO 8601 in UTC, of when it began and ended, not of when it was written."""
    with llmwatch.watch() as w, llmwatch.log_to(path):
        ask(server)
    start, response = lines(path)
    (row,) = w.calls.to_dict("records")
    began, ended = (datetime.fromisoformat(line["timestamp"]) for line in (start, response))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", start["timestamp"])
    assert began == row["started_at"].floor("us")
    assert (ended - began).total_seconds() == pytest.approx(row["latency_s"], abs=2e-6)


def test_no_text_of_the_request_above_debug(server, path):
    """INFO, WARNING and ERROR say nothing of what was asked or answered."""
    server.script(Reply.rate_limited(), Reply("a secret answer"), Reply.server_error())
    with llmwatch.watch(), llmwatch.log_to(path):
        ask(server, "a secret question", retries=1)
        fails(server, text="a secret question")
    assert len(lines(path)) == 5
    assert "secret" not in path.read_text()


def test_debug_has_the_messages_cut_at_200_characters(server, path):
    """Each message with its role; credentials are gone, whatever the level."""
    with llmwatch.watch(), llmwatch.log_to(path, level="DEBUG"):
        ask(server, f"My key is {KEY}. " + "x" * 300)
    request = only(path, "llm_request")
    assert (request["level"], request["message_count"]) == ("DEBUG", 2)
    system, user = request["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    assert user["content"].startswith("My key is [redacted]. xxx")
    assert len(user["content"]) == 201
    assert user["content"].endswith("…")


@pytest.mark.parametrize(
    ("setting", "asked", "text"),
    [
        ("preview", None, "q" * 200 + "…"),
        ("preview", "full", "q" * 300),
        ("full", None, "q" * 300),
        ("full", "preview", "q" * 200 + "…"),
        ("full", "none", None),
        ("none", "full", None),
        ("none", None, None),
    ],
)
def test_content_is_obeyed(server, path, setting, asked, text):
    """`content` says how much is written, and where the session keeps none there is none."""
    llmwatch.configure(content=setting)
    with llmwatch.watch(), llmwatch.log_to(path, "DEBUG", asked):
        ask(server, "q" * 300)
    request = only(path, "llm_request")
    assert request["message_count"] == 2
    assert [m["content"] for m in request.get("messages", [])][1:] == ([text] if text else [])


def test_refusals_are_warnings_also_of_calls_that_succeed(server, path):
    """Each attempt that is answered with 429 is told, under the call's id; other retries not."""
    server.script(Reply.rate_limited(), Reply.server_error(), Reply.rate_limited(), Reply("Paris."))
    with llmwatch.watch() as w, llmwatch.log_to(path):
        ask(server, retries=3)
    limits = [line for line in lines(path) if line["event"] == "llm_rate_limit"]
    assert [(line["level"], line["attempt"]) for line in limits] == [("WARNING", 1), ("WARNING", 3)]
    assert {line["request_id"] for line in limits} == set(w.calls.call_id)
    assert events(path)[-1] == "llm_response"
    assert only(path, "llm_response")["attempts"] == 4


def test_a_failure_is_an_error(server, path):
    """The kind, the code and the words of the provider, credentials removed."""
    server.script(Reply(status=429, error={"message": f"no {KEY}", "code": "insufficient_quota"}))
    with llmwatch.watch(), llmwatch.log_to(path):
        fails(server)
    assert events(path) == ["llm_request_start", "llm_rate_limit", "llm_error"]
    error = only(path, "llm_error")
    assert (error["level"], error["error_type"], error["http_status"]) == (
        "ERROR", "RateLimitError", 429,
    )  # fmt: skip
    assert (error["error_code"], error["error_message"]) == ("insufficient_quota", "no [redacted]")


def test_a_trace_is_complete_when_its_outermost_span_ends(server, path):
    """One event for each trace, with duration, calls and how it ended, after those of its calls."""
    with llmwatch.watch(), llmwatch.log_to(path):
        with llmwatch.span("answer") as outer, llmwatch.span("ask"):
            ask(server)
        with pytest.raises(ZeroDivisionError), llmwatch.span("fail"):
            _ = 1 / 0
    assert events(path)[-3:] == ["llm_response", "trace_complete", "trace_complete"]
    complete, failed = lines(path)[-2:]
    assert (complete["span_name"], complete["status"], complete["calls"]) == ("answer", "ok", 1)
    assert complete["trace_id"] == outer.trace_id == only(path, "llm_response")["trace_id"]
    assert complete["duration_s"] >= only(path, "llm_response")["latency_s"]
    assert (failed["status"], failed["error_type"]) == ("error", "ZeroDivisionError")


@pytest.mark.parametrize(
    ("level", "kept"),
    [
        ("warning", ["llm_rate_limit", "llm_error"]),
        ("ERROR", ["llm_error"]),
        (logging.ERROR, ["llm_error"]),
    ],
)
def test_lower_levels_are_left_out(server, path, level, kept):
    """From `level` on, by name or by number of `logging`."""
    server.script(Reply.rate_limited(), Reply("ok"), Reply.server_error())
    with llmwatch.watch(), llmwatch.log_to(path, level):
        ask(server, retries=1)
        fails(server)
    assert events(path) == kept


def test_a_call_in_flight_has_its_start_in_the_log(server, path):
    """Who looks into the file while a call hangs sees which one it is."""
    server.script(Reply(stall_after=0))
    with llmwatch.watch(), llmwatch.log_to(path) as log:

        async def hang():
            client = offline_async_client(server, max_retries=0)
            task = asyncio.ensure_future(
                client.chat.completions.create(
                    model="gpt-5-mini", messages=[{"role": "user", "content": "Hi"}]
                )
            )
            await asyncio.to_thread(until, lambda: path.stat().st_size)
            assert events(path) == ["llm_request_start"]
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(hang())
        log.close()
    start, response = lines(path)
    assert (response["event"], response["status"]) == ("llm_response", "cancelled")
    assert start["request_id"] == response["request_id"]


def test_a_call_in_flight_before_the_log_is_in_it(server, path):
    """Its start has the time when it began, before the log did."""
    server.script(Reply("late", latency=1.5))
    with llmwatch.watch():
        asking = threading.Thread(target=ask, args=[server])
        asking.start()
        assert server.wait_for_requests(1)
        opened = time.time()
        with llmwatch.log_to(path):
            asking.join()
    start = only(path, "llm_request_start")
    assert datetime.fromisoformat(start["timestamp"]).timestamp() < opened
    assert only(path, "llm_response")["request_id"] == start["request_id"]


def test_a_refusal_is_told_while_the_sdk_waits(server, path):
    """A call that waits for its next attempt has its 429 in the log already."""
    server.script(Reply.rate_limited(retry_after=3), Reply("at last"))
    with llmwatch.watch(), llmwatch.log_to(path):
        asking = threading.Thread(target=ask, args=[server], kwargs={"retries": 1})
        asking.start()
        until(lambda: path.stat().st_size and "llm_rate_limit" in events(path))
        assert "llm_response" not in events(path)
        asking.join()
    assert events(path) == ["llm_request_start", "llm_rate_limit", "llm_response"]


def test_calls_by_hand_are_logged_too(path):
    """Their start is written with their end; their text only at DEBUG."""
    with llmwatch.watch(), llmwatch.log_to(path, "DEBUG"), llmwatch.call(model="my-llama") as c:
        c.usage(input=3, output=4)
        c.answer("Paris.", request="The capital of France?")
    start, request, response = lines(path)
    assert (start["model"], start["message_count"]) == ("my-llama", None)
    assert request["messages"] == [{"role": None, "content": "The capital of France?"}]
    assert (response["input_tokens"], response["cost_usd"]) == (3, None)


@pytest.mark.parametrize("ascii", [True, False])
def test_a_line_is_one_line_whatever_is_said(server, path, ascii):
    """Line ends of every kind, controls and half surrogates break neither line nor parser."""
    nasty = "a\nb\r\nc\u2028d\u2029e\x85f\x0bg\x1ch\ud800i\0j é 😀"
    with llmwatch.watch(tag="é\u2028"), llmwatch.log_to(path, "DEBUG", ascii=ascii):
        ask(server, nasty.replace("\ud800", "\ufffd"), model="mo\ndel é")
        with llmwatch.call(model="half \ud800") as c:
            c.answer("-", request=nasty)
    assert len(lines(path)) == 6
    raw = path.read_bytes()
    assert raw.count(b"\n") == 6
    assert raw.isascii() == ascii
    said = [line["messages"][-1]["content"] for line in lines(path) if "messages" in line]
    assert all("😀" in text and "\nb\r\nc\u2028d" in text for text in said)


# -- through a logger -----------------------------------------------------------------------------


class Kept(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append(record)


@pytest.fixture
def logger():
    logger = logging.Logger("app.llm")  # noqa: LOG001  # known to nobody else, as its handlers are
    logger.addHandler(Kept())
    return logger


def test_a_logger_gets_records(server, logger):
    """The line is the message, its fields are the record's, its time is that of the event."""
    with llmwatch.watch() as w, llmwatch.log_to(logger):
        ask(server)
    start, response = logger.handlers[0].records
    (row,) = w.calls.to_dict("records")
    assert json.loads(response.getMessage())["event"] == response.event == "llm_response"
    assert (response.levelname, response.name) == ("INFO", "app.llm")
    assert (response.request_id, response.output_tokens) == (row["call_id"], row["output_tokens"])
    assert start.created == pytest.approx(row["started_at"].timestamp(), abs=1e-5)


def test_the_level_of_the_logger_holds_too(server, logger):
    """What the application has turned off stays off."""
    logger.setLevel(logging.ERROR)
    with llmwatch.watch(), llmwatch.log_to(logger, "DEBUG"):
        ask(server)
    assert logger.handlers[0].records == []


def test_a_handler_that_raises_is_a_line_in_diagnostics(server, logger):
    """The call goes on, and so do we."""

    class Broken(logging.Handler):
        def handle(self, record):
            raise RuntimeError("the handler is broken")

    logger.addHandler(Broken())
    faults.clear()
    with llmwatch.watch() as w, llmwatch.log_to(logger):
        assert ask(server).choices
    assert len(w.calls) == 1
    assert "the handler is broken" in llmwatch.diagnostics().message.to_list()[0]


def test_other_logging_is_untouched(server, path, capfd):
    """A log to a file adds no handler and no logger, and shows nothing on the screen."""
    before, handlers = {*logging.Logger.manager.loggerDict}, [*logging.getLogger().handlers]
    with llmwatch.watch(), llmwatch.log_to(path):
        ask(server)
        assert logging.getLogger().handlers == handlers
    made = {*logging.Logger.manager.loggerDict} - before
    assert [name for name in made if "llmwatch" in name] == []
    assert capfd.readouterr() == ("", "")


def test_a_call_that_was_over_is_not_in_it(server, path):
    """It begins where it was typed, also where the worker is behind."""
    with llmwatch.watch():
        ask(server)
        with llmwatch.log_to(path):
            pass
    assert lines(path) == []


# -- the handle -----------------------------------------------------------------------------------


def test_after_close_nothing_is_written(server, path):
    """Closing twice is closing once, and what came before is there."""
    with llmwatch.watch():
        log = llmwatch.log_to(path)
        ask(server)
        log.close()
        log.close()
        ask(server)
        llmwatch.session.calls  # noqa: B018  # waits until what is over is recorded
    assert log.closed
    assert events(path) == ["llm_request_start", "llm_response"]


def test_the_same_path_gives_the_same_log(server, path, tmp_path, monkeypatch):
    """Asked for again, by whatever name, no line comes twice; the new options hold."""
    monkeypatch.chdir(tmp_path)
    with llmwatch.watch(), llmwatch.log_to(path) as log:
        assert llmwatch.log_to("llm.jsonl", "ERROR") is log
        ask(server)
    assert lines(path) == []
    with llmwatch.log_to(path) as new:
        assert new is not log


def test_two_logs_at_once(server, tmp_path):
    """Each has its own level."""
    one, two = tmp_path / "one", tmp_path / "two"
    with llmwatch.watch(), llmwatch.log_to(one), llmwatch.log_to(two, "DEBUG"):
        ask(server)
    assert (len(lines(one)), len(lines(two))) == (2, 3)


def test_the_place_stays_when_the_person_moves(server, tmp_path, monkeypatch):
    """A relative path means the folder in which it was typed."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with llmwatch.watch(), llmwatch.log_to("llm.jsonl"):
        monkeypatch.chdir(tmp_path / "elsewhere")
        ask(server)
    assert len(lines(tmp_path / "llm.jsonl")) == 2
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"level": "LOUD"}, "level='LOUD' is not one of \"DEBUG\""),
        ({"level": True}, "level=True"),
        ({"content": "some"}, "content='some' is not one of \"none\""),
        ({"max_bytes": -1}, "max_bytes=-1 is no whole number"),
        ({"backups": 1.5}, "backups=1.5 is no whole number"),
    ],
)
def test_what_cannot_be_meant_is_one_line(path, options, said):
    """And no file is made of it."""
    with pytest.raises(UsageError, match=r"^[^\n]+$") as caught:
        llmwatch.log_to(path, **options)
    assert said in str(caught.value)
    assert not path.exists()


def test_a_place_that_can_be_no_log_is_one_line(tmp_path):
    """A folder, a folder that is not there, a pipe, no name at all: said at once."""
    os.mkfifo(tmp_path / "pipe")
    for place, said in {
        tmp_path: "is a folder: give a file in it",
        tmp_path / "no" / "llm.jsonl": "there is no folder",
        tmp_path / "pipe": "is no plain file",
        tmp_path / ("x" * 300): "could not write",
    }.items():
        with pytest.raises(ExportError, match=r"^[^\n]+$") as caught:
            llmwatch.log_to(place)
        assert said in str(caught.value)
    for nothing in ("", None, 3):
        with pytest.raises(UsageError, match="is not a file name"):
            llmwatch.log_to(nothing)


# -- the file -------------------------------------------------------------------------------------


def test_only_the_person_can_read_it(path):
    """As everything that llmwatch writes."""
    with llmwatch.log_to(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_added_to(server, path):
    """What stood in the file stays."""
    path.write_text('{"event": "before"}\n')
    with llmwatch.watch(), llmwatch.log_to(path):
        ask(server)
    assert events(path) == ["before", "llm_request_start", "llm_response"]


def test_it_is_put_aside_before_it_grows_too_large(server, path):
    """No file is over `max_bytes`, as many as `backups` are kept, and the newest line is last."""
    with llmwatch.watch() as w, llmwatch.log_to(path, max_bytes=3000, backups=2):
        for _ in range(12):
            ask(server)
    files = [path.with_name("llm.jsonl.2"), path.with_name("llm.jsonl.1"), path]
    assert sorted(path.parent.iterdir()) == sorted(files)
    assert all(0 < file.stat().st_size <= 3000 for file in files)
    ids = [line["request_id"] for file in files for line in lines(file)]
    expected = [call_id for call_id in w.calls.call_id for _ in range(2)]
    assert ids == expected[-len(ids) :]


def test_without_a_size_or_backups_it_grows(server, path):
    """0 is never, for either."""
    for options in ({"max_bytes": 0}, {"max_bytes": 10, "backups": 0}):
        with llmwatch.watch(), llmwatch.log_to(path, **options):
            ask(server)
    assert len(lines(path)) == 4
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_is_moved_away_is_made_anew(server, path):
    """As tools do that turn logs over; nothing is lost."""
    moved = path.with_name("moved")
    with llmwatch.watch(), llmwatch.log_to(path):
        ask(server)
        llmwatch.session.calls  # noqa: B018  # waits until what is over is recorded
        path.rename(moved)
        ask(server)
    assert (len(lines(moved)), len(lines(path))) == (2, 2)


def test_a_place_that_is_gone_is_a_line_in_diagnostics(server, tmp_path):
    """The call goes on; once the folder is back, so does the log."""
    folder = tmp_path / "logs"
    folder.mkdir()
    path = folder / "llm.jsonl"
    faults.clear()
    with llmwatch.watch() as w, llmwatch.log_to(path):
        path.unlink()
        folder.rmdir()
        assert ask(server).choices
        told = llmwatch.session.calls is not None and llmwatch.diagnostics()
        folder.mkdir()
        ask(server)
    assert len(w.calls) == 2
    assert len(lines(path)) == 2
    assert told.step.to_list() == ["log"]
    assert told["count"].to_list() == [2]
    assert f"could not write {path}: No such file or directory" in told.message[0]


def test_a_full_disk_costs_the_line_that_found_it_full(path):
    """It is told, and what is written once there is room again can be read line by line."""
    from llmwatch.exporters import LineFile

    file = LineFile(path, 0, 0)
    faults.clear()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, limits[1]))
        file.write([b'{"a": 1}\n'] * 10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    file.write([b'{"b": 2}\n'])
    file.close()
    whole = [line for line in path.read_bytes().splitlines() if line.endswith(b"}")]
    assert whole == [b'{"a": 1}'] * 5 + [b'{"b": 2}']
    assert [fault.count for fault in faults.table()] == [5]


WRITER = """
import sys
from pathlib import Path
from llmwatch.exporters import LineFile
file = LineFile(Path(sys.argv[1]), 20_000, 50)
for n in range(400):
    file.write([f'{sys.argv[2]} {n:04d} {"x" * 200}\\n'.encode() for n in range(n, n + 1)])
"""


def test_processes_share_a_file(path):
    """Three that write at once, and turn the file over, lose no line and break none."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, name], cwd=ROOT) for name in "abc"
    ]
    assert [writer.wait(HANG_S) for writer in writers] == [0, 0, 0]
    files = list(path.parent.iterdir())
    found = [line for file in files for line in file.read_text().splitlines()]
    assert {len(line) for line in found} == {207}
    for name in "abc":
        mine = [line.split()[1] for line in found if line.startswith(name)]
        assert sorted(mine) == [f"{n:04d}" for n in range(400)]
    assert len(files) > 5


LAST = """
import llmwatch
from llmwatch.testing import OfflineServer, offline_client
server = OfflineServer().start()
llmwatch.enable()
llmwatch.log_to("llm.jsonl")
offline_client(server).embeddings.create(model="text-embedding-3-small", input=["a", "b", "c"])
"""


def test_the_last_call_of_a_script_is_in_the_log(tmp_path):
    """Nothing is to be closed for that, and nothing is said on the screen."""
    done = subprocess.run(
        [sys.executable, "-c", LAST], cwd=tmp_path, capture_output=True, text=True,
        timeout=HANG_S, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    start, response = lines(tmp_path / "llm.jsonl")
    assert (start["operation"], start["message_count"]) == ("embeddings", 3)
    assert response["event"] == "llm_response"


FORKED = (
    LAST
    + """
import os
ask = offline_client(server).models.list
child = os.fork()
if child == 0:
    offline_client(server).embeddings.create(model="of-the-child", input="a")
    assert "of-the-child" in set(llmwatch.session.calls.model)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
offline_client(server).embeddings.create(model="of-the-parent", input="a")
"""
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_logs_nothing_by_itself(tmp_path):
    """Its calls are its own; the parent goes on logging."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKED], cwd=tmp_path,
        capture_output=True, text=True, timeout=HANG_S,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    models = [line["model"] for line in lines(tmp_path / "llm.jsonl")]
    assert models == ["text-embedding-3-small"] * 2 + ["of-the-parent"] * 2


# -- many -----------------------------------------------------------------------------------------


def test_each_of_many_calls_is_in_the_log_once(server, path):
    """200 from 8 threads: one start and one end each, under one id, none torn."""

    def some():
        client = offline_client(server)
        for n in range(25):
            client.embeddings.create(model=f"model-{n % 3}", input="a")

    with llmwatch.watch() as w, llmwatch.log_to(path):
        threads = [threading.Thread(target=some) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = lines(path)
    for event in ("llm_request_start", "llm_response"):
        ids = [line["request_id"] for line in found if line["event"] == event]
        assert sorted(ids) == sorted(w.calls.call_id)
    tokens = sum(line["input_tokens"] for line in found if line["event"] == "llm_response")
    assert tokens == w.calls.input_tokens.sum()
