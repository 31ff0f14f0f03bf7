"""Data under attack: odd answers, half letters, huge pictures, full disks, forks, bad settings."""

from __future__ import annotations

import base64
import csv
import gc
import json
import os
import sys
import threading
import tracemalloc

import httpx2
import openai
import pandas as pd
import pytest

import llmwatch
from llmwatch.testing import Reply, offline_client

from .plain import HANG_S, python


def ask(client, content="hi", model="gpt-4o-mini", **options):
    messages = [{"role": "user", "content": content}]
    return client.chat.completions.create(model=model, messages=messages, **options)


def attempt(client, *args, **options):
    """What a call gives or raises: here only its row is of interest."""
    try:
        return ask(client, *args, **options)
    except Exception as problem:
        return problem


@pytest.fixture
def settings():
    """The process-wide settings are as before when the test is over."""
    before = llmwatch.session.settings
    yield llmwatch.configure
    names = ("content", "redact", "receipts", "max_calls")
    llmwatch.configure(**{name: getattr(before, name) for name in names})


# -- when a row is there --------------------------------------------------------------------------


def test_a_call_is_active_while_it_runs_and_a_row_once_it_is_over():
    """Another thread sees the call in flight, with its model; after its end it sees the row."""
    may_answer, is_asked = threading.Event(), threading.Event()

    def answer(request):
        is_asked.set()
        may_answer.wait(HANG_S)
        return httpx2.Response(200, json={"id": "a", "object": "chat.completion", "choices": []})

    web = httpx2.Client(transport=httpx2.MockTransport(answer))
    with llmwatch.watch() as w, openai.OpenAI(api_key="sk-offline", http_client=web) as client:
        thread = threading.Thread(target=ask, args=(client,))
        thread.start()
        assert is_asked.wait(HANG_S)
        active, before = w.active, len(w.calls)
        may_answer.set()
        thread.join()
        assert active["model"].tolist() == ["gpt-4o-mini"]
        assert active["age_s"][0] > 0
        assert before == 0
        assert w.calls["status"].tolist() == ["ok"]
        assert len(w.active) == 0


# -- what a provider may say ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", [-5, float("nan"), float("inf"), 10**30, "12", True, 1.5, None, {"a": 1}, [3]]
)
def test_usage_that_is_no_count_is_unknown(said):
    """What is not a whole number of tokens is missing, not 0, and the rest of the row stays."""
    usage = {"prompt_tokens": said, "completion_tokens": 7, "total_tokens": said}
    with llmwatch.watch() as w, offline_client(script=[Reply("a", usage=usage)]) as client:
        attempt(client)
    row = w.calls.iloc[0]
    assert row.isna()[["input_tokens", "cost_usd", "cost_source"]].all()
    assert (row["status"], row["output_tokens"], row["response_preview"]) == ("ok", 7, "a")


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"not json", b"\xff\xfe\x00", b'{"choices": null}', b'{"a":' * 3000,
             b'{"choices": [1, {"message": 5}], "usage": [1], "model": {"a": 1}}']
)  # fmt: skip
def test_an_answer_of_any_shape_is_one_row(body):
    """A body that is no answer gives a row without figures, and its neighbours stay whole."""
    script = [Reply(body=body, headers={"content-type": "application/json"}), Reply("fine")]
    with llmwatch.watch() as w, offline_client(script=script, max_retries=0) as client:
        attempt(client)
        ask(client)
    assert len(w.calls) == 2
    assert w.calls.isna().loc[0, ["input_tokens", "output_tokens", "cost_usd"]].all()
    assert w.calls["response_preview"][1] == "fine"


@pytest.mark.parametrize("error", ["boom", {"message": "boom", "code": "x"}])
def test_an_error_in_a_good_response_is_an_error(error):
    """HTTP 200 whose body is an error counts as failed, and the caller's object is as without us."""
    body = json.dumps({"error": error}).encode()
    reply = Reply(body=body, headers={"content-type": "application/json"})
    with offline_client(script=[reply]) as client:
        bare = ask(client)
    with llmwatch.watch() as w, offline_client(script=[reply]) as client:
        watched = ask(client)
    assert watched == bare
    assert w.calls["status"].tolist() == ["error"]
    assert w.calls["error_message"].tolist() == ["boom"]
    assert w.summary().error_rate == 1


def test_a_cycle_of_exceptions_ends():
    """An error whose causes go round in a circle is one row, and the caller's own exception."""
    first, second = httpx2.ConnectError("no way"), ValueError("round")
    first.__cause__, second.__cause__ = second, first

    def answer(request):
        raise first

    web = httpx2.Client(transport=httpx2.MockTransport(answer))
    with (
        llmwatch.watch() as w,
        openai.OpenAI(api_key="sk-offline", http_client=web, max_retries=0) as client,
    ):
        raised = attempt(client)
    assert raised.__cause__ is first
    assert w.calls["error_type"].tolist() == ["APIConnectionError"]


# -- every letter, every file ---------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_half_a_letter_goes_through_every_writer(tmp_path, suffix, settings):
    """Lone surrogates in answers, errors, names and tags are replaced; every row is in the file."""
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    settings(content="full")
    half = json.loads('"\\ud83d"')
    answer = {"id": half, "model": half, "object": "chat.completion",
              "choices": [{"index": 0, "message": {"role": "assistant", "content": f"a{half}b"},
                           "finish_reason": half}]}  # fmt: skip
    json_type = {"content-type": "application/json"}
    script = [
        Reply(body=json.dumps(answer).encode(), headers=json_type),
        Reply(status=400, body=json.dumps({"error": {"message": f"no {half}", "code": half}}).encode(),
              headers=json_type),
    ]  # fmt: skip
    with (
        llmwatch.watch(tag=half, user=half, labels={"k": half}) as w,
        offline_client(script=script, max_retries=0) as client,
    ):
        attempt(client)
        attempt(client)
    written = getattr(w, f"to_{suffix}")(tmp_path / f"a.{suffix}")
    assert written.rows == 2
    assert {
        "csv": lambda path: len(path.read_text("utf-8").splitlines()) - 1,
        "jsonl": lambda path: sum(bool(json.loads(line)["tag"].encode()) for line in path.open()),
        "parquet": lambda path: len(pd.read_parquet(path)),
    }[suffix](written.path) == 2
    assert w.calls["error_message"].str.startswith("no ").tolist() == [False, True]
    assert w.calls["response_preview"][0].encode()


def test_json_lines_are_strict_whatever_was_said(tmp_path):
    """No NaN and no Infinity, from a provider or a label, in what we write as JSON."""
    usage = {"prompt_tokens": float("nan"), "completion_tokens": float("-inf")}
    with (
        llmwatch.watch(labels={"t": float("nan")}) as w,
        offline_client(script=[Reply("NaN", usage=usage)]) as client,
    ):
        attempt(client)

    def refuse(word):
        raise AssertionError(word)

    path = w.to_jsonl(tmp_path / "a.jsonl").path
    (row,) = [json.loads(line, parse_constant=refuse) for line in path.open(encoding="ascii")]
    json.loads(row["labels"], parse_constant=refuse)
    assert row["input_tokens"] is row["cost_usd"] is None


def test_a_spreadsheet_computes_nothing(tmp_path):
    """What begins like a formula, in an answer, a model name or a tag, has a quote in front."""
    formula = '=HYPERLINK("http://x","y")'
    with (
        llmwatch.watch(tag="@SUM(1)", user="-1", feature="+1") as w,
        offline_client(script=[Reply(formula, model="=1+1")]) as client,
    ):
        ask(client, "\t=1", model="＝1")
    path = w.to_csv(tmp_path / "a.csv").path
    raw = path.read_bytes()
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 2
    assert row["response_preview"] == "'" + formula
    assert [row[name][:2] for name in ("tag", "user", "feature", "model", "response_model")] == [
        "'@", "'-", "'+", "'＝", "'=",
    ]  # fmt: skip
    assert float(row["latency_s"]) > 0


@pytest.mark.skipif(os.name != "posix", reason="only POSIX limits how long a file gets")
def test_a_full_disk_costs_the_file_alone(tmp_path):
    """While nothing can be written, calls go on and one line says why; with room it is written."""
    code = f"""
import resource, signal
import llmwatch
from llmwatch.testing import Reply, offline_client

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def ask(client):
    client.chat.completions.create(model="m", messages=[{{"role": "user", "content": "hi"}}])

with llmwatch.watch() as w, offline_client() as client:
    ask(client)
    w.to_jsonl({str(tmp_path / "before.jsonl")!r})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    said = []
    for method, name in (("to_csv", "a.csv"), ("to_jsonl", "a.jsonl")):
        try:
            getattr(w, method)({str(tmp_path)!r} + "/" + name)
        except llmwatch.ExportError as problem:
            said.append(str(problem))
    ask(client)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    w.to_csv({str(tmp_path / "a.csv")!r})
    print(len(said), len("".join(said).splitlines()), len(w.calls))
"""
    done = python(code)
    assert (done.stdout.split(), done.stderr) == (["2", "1", "2"], "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "before.jsonl"]
    assert len((tmp_path / "a.csv").read_text("utf-8").splitlines()) == 3


@pytest.mark.skipif(os.name != "posix", reason="only POSIX kills so")
def test_a_kill_amid_an_export_leaves_no_half_file(tmp_path):
    """The file that was there is whole, the one that was not there is not."""
    code = f"""
import os, signal
import pandas
import llmwatch
from llmwatch.testing import offline_client

with llmwatch.watch() as w, offline_client() as client:
    client.chat.completions.create(model="m", messages=[{{"role": "user", "content": "hi"}}])
w.to_csv({str(tmp_path / "old.csv")!r})
write = pandas.DataFrame.to_csv
def write_and_die(*args, **options):
    write(*args, **options)
    os.kill(os.getpid(), signal.SIGKILL)
pandas.DataFrame.to_csv = write_and_die
w.to_csv({str(tmp_path)!r} + "/" + os.environ["NAME"], overwrite=True)
"""
    for name in ("old.csv", "new.csv"):
        assert python(code, NAME=name).returncode == -9
        (tmp_path / "old.csv").rename(tmp_path / "kept.csv")
        assert len((tmp_path / "kept.csv").read_text("utf-8").splitlines()) == 2
    assert not (tmp_path / "new.csv").exists()


def test_parquet_without_pyarrow_says_what_to_type(tmp_path, monkeypatch):
    """One line with the command; nothing is left in the folder, and CSV still works."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with llmwatch.watch() as w, offline_client() as client:
        ask(client)
    with pytest.raises(llmwatch.ExportError, match="pip install") as caught:
        w.to_parquet(tmp_path / "a.parquet")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    assert w.to_csv(tmp_path / "a.csv").rows == 1


# -- large and many -------------------------------------------------------------------------------


def test_pictures_leave_no_weight(settings):
    """Three calls with a picture of 8 MB hold less than 1 MB once the next call is over."""
    settings(content="preview")
    picture = "data:image/png;base64," + base64.b64encode(os.urandom(6_000_000)).decode()
    message = [{"type": "image_url", "image_url": {"url": picture}}]
    answer = {"id": "a", "object": "chat.completion", "choices": []}
    web = httpx2.Client(
        transport=httpx2.MockTransport(lambda request: httpx2.Response(200, json=answer))
    )
    with llmwatch.watch() as w, openai.OpenAI(api_key="sk-offline", http_client=web) as client:
        ask(client)
        assert len(w.calls) == 1
        assert llmwatch.alerts.firing is not None  # what the rules load is no weight of a picture
        gc.collect()
        tracemalloc.start()
        try:
            for _ in range(3):
                ask(client, message)
            assert len(w.calls) == 4
            ask(client)
            assert len(w.calls) == 5
            gc.collect()
            held = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
    assert held < 1_000_000
    assert "base64" not in "".join(w.calls["request_preview"].dropna())


def test_totals_stay_exact_beyond_max_calls(tmp_path, settings):
    """With room for three rows, sums, errors and the unpriced count are those of all 600 calls."""
    settings(max_calls=3)
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    script = [Reply("a", usage=usage) for _ in range(600)]
    with llmwatch.watch() as w, offline_client(script=script) as client:
        for number in range(600):
            ask(client, model="gpt-4o-mini" if number % 2 else "nobody-knows")
            if number == 300:
                assert len(w.calls) == 3
    figures = w.summary()
    assert (len(w.calls), figures.requests, figures.input_tokens) == (3, 600, 6000)
    assert figures.unpriced == 300
    assert figures.cost_usd == pytest.approx(300 * (10 * 0.15 + 2 * 0.6) / 1e6)
    assert "597 older" in str(w.to_csv(tmp_path / "a.csv"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX forks")
def test_children_forked_amid_calls_record_their_own():
    """Six children forked while four threads call: each records its call, and none hangs.

    In a process of its own: one that holds all that a run of tests leaves behind spends ten seconds
    on copying its pages, and more than that no fork waits for us.
    """
    done = python("""
import multiprocessing, threading
import llmwatch
from llmwatch.recorder import _session
from llmwatch.testing import offline_client

_session._WAIT_S = 60.0  # reading waits longer than a person is made to: machines of tests starve

def ask(client):
    client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])

def one_call(number):
    with llmwatch.watch(tag=f"child-{number}") as w, offline_client() as client:
        ask(client)
    return w.calls["tag"].tolist() or llmwatch.diagnostics().message.tolist()

one_call(-1)  # all is imported: a lock of Python's own imports would hang a child for ever
stop = threading.Event()

def busy():
    with offline_client() as client:
        while not stop.is_set():
            ask(client)

with llmwatch.watch():
    threads = [threading.Thread(target=busy) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        with multiprocessing.get_context("fork").Pool(3, maxtasksperchild=2) as pool:
            tags = pool.map_async(one_call, range(6), chunksize=1).get(100)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
print(tags == [[f"child-{number}"] for number in range(6)], tags)
""")
    assert done.stdout.startswith("True"), done.stdout + done.stderr[-2000:]


# -- a process and its end ------------------------------------------------------------------------


def test_the_last_line_of_a_script_may_be_a_call():
    """Nothing is said at exit, whether the call was read or not, from a thread or not."""
    done = python("""
import threading
import llmwatch
from llmwatch.testing import offline_client

llmwatch.enable()
client = offline_client()
def ask():
    client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
threading.Thread(target=ask).start()
ask()
""")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_process_keeps_its_own_logging_and_hooks():
    """Enabling and recording leaves loggers, warning filters, hooks and signals as they were."""
    done = python("""
import logging, signal, sys, threading, warnings
import openai
import pandas  # it filters warnings of its own when it is loaded
import llmwatch
from llmwatch.testing import offline_client

def state():
    root = logging.getLogger()
    levels = {n: (l.level, list(l.handlers), l.propagate) for n, l in
              logging.Logger.manager.loggerDict.items() if isinstance(l, logging.Logger)
              and n.split(".")[0] in ("openai", "httpx2", "httpx", "asyncio")}
    return (list(root.handlers), root.level, logging.getLoggerClass(), logging.raiseExceptions,
            levels, list(warnings.filters), warnings.showwarning, sys.excepthook,
            sys.unraisablehook, threading.excepthook, sys.displayhook, sys.gettrace(),
            sys.getprofile(), [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)])

def ask():
    with offline_client() as client:
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])

ask()
before = state()
llmwatch.enable()
ask()
len(llmwatch.session.calls), llmwatch.session.summary()
during = state()
llmwatch.disable()
print(during == before, state() == before)
""")
    assert (done.stdout.split(), done.stderr) == (["True", "True"], "")


def test_no_network_is_touched_by_us(tmp_path):
    """Where every connection and name look-up fails, all that is built works all the same."""
    done = python(f"""
import socket
def refuse(*args, **options):
    raise AssertionError("network!")
socket.socket.connect = socket.socket.connect_ex = socket.socket.bind = refuse
socket.getaddrinfo = socket.create_connection = refuse
import llmwatch
from llmwatch.testing import Reply, offline_client

llmwatch.enable()
with llmwatch.watch(budget=1.0) as w, offline_client(script=[Reply("a"), Reply("b")]) as client:
    for model in ("gpt-4o-mini", "nobody-knows"):
        client.chat.completions.create(model=model, messages=[{{"role": "user", "content": "x"}}])
w.summary(), w.by_cell(), w.errors(), w.slowest(), w.active, repr(w), w._repr_html_()
w.to_csv({str(tmp_path / "a.csv")!r}), w.to_jsonl({str(tmp_path / "a.jsonl")!r})
llmwatch.price("nobody-knows", input=1, output=1)
print(w.summary().unpriced, len(llmwatch.diagnostics()))
""")
    assert (done.stdout.split(), done.stderr) == (["0", "0"], "")


# -- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "value"),
    [("CONTENT", "some"), ("RECEIPTS", "1"), ("MAX_CALLS", "0"), ("MAX_CALLS", "many"),
     ("REDACT", "(")],
)  # fmt: skip
def test_a_bad_environment_variable_is_one_line_at_first_use(variable, value):
    """Importing says nothing; the first use names the variable and what it may be."""
    code = """
import llmwatch
print("imported")
try:
    llmwatch.enable()
except llmwatch.UsageError as problem:
    print(problem)
"""
    done = python(code, **{f"LLMWATCH_{variable}": value})
    imported, *said = done.stdout.splitlines()
    assert (imported, len(said), done.stderr) == ("imported", 1, "")
    assert f"LLMWATCH_{variable}" in said[0]


def test_environment_variables_are_read_as_a_person_writes_them():
    """`100_000` is a number here as it is in Python, and space around a value is none of it."""
    code = "import llmwatch; s = llmwatch.session.settings; print(s.max_calls, s.content, s.redact)"
    done = python(
        code, LLMWATCH_MAX_CALLS="1_000", LLMWATCH_CONTENT=" none ", LLMWATCH_REDACT="ID-[0-9]+"
    )
    assert done.stdout.strip() == "1000 none ('ID-[0-9]+',)"


@pytest.mark.parametrize("rules", [3, None, b"x", {"a": 1}, [3], ["("], [""], [b"x"], [None]])
def test_redact_rules_that_are_none_are_one_line(rules):
    """What is no list of patterns and functions is refused, and the old rules hold on."""
    before = llmwatch.session.settings
    with pytest.raises(llmwatch.UsageError) as caught:
        llmwatch.configure(redact=rules)
    assert "\n" not in str(caught.value)
    assert llmwatch.session.settings is before
