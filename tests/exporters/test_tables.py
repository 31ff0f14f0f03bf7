"""Files: the same values come back, nothing in them is run, and none is ever half there."""

from __future__ import annotations

import csv
import json
import os
import stat
import sys
import threading

import pandas as pd
import pytest

from llmwatch.exceptions import ExportError, LLMWatchError, UsageError
from llmwatch.exporters import to_csv, to_jsonl, to_parquet, write_table
from llmwatch.records import Call
from llmwatch.semconv import COLUMNS, NAMES
from llmwatch.store import Store

START = 1_790_000_000_123_456_789
SUFFIXES = ["csv", "jsonl", "parquet"]


@pytest.fixture(params=SUFFIXES)
def suffix(request):
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
    return request.param


def view(*calls: dict, max_calls: int = 1000):
    store = Store(max_calls)
    known = {"session_id": "s", "status": "ok"}
    store.append(
        [Call(**(known | {"call_id": f"id-{i}", "started_at": START + i} | values))
         for i, values in enumerate(calls)]
    )  # fmt: skip
    return store.view()


def full() -> dict:
    values = {"text": "héllo, \"w\"\n'ö' 漢字 🙂", "time": START, "count": 2**53 + 1,
              "number": 0.1 + 0.2, "flag": True}  # fmt: skip
    return {c.name: values[c.kind] for c in COLUMNS}


def read(path):
    if path.suffix == ".csv":
        kinds = {c.name: c.dtype for c in COLUMNS if c.kind != "time"}
        frame = pd.read_csv(path, dtype=kinds, parse_dates=["started_at"])
    elif path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text("ascii").splitlines()]
        frame = pd.DataFrame(
            {c.name: pd.Series([row[c.name] for row in rows], dtype=c.dtype) for c in COLUMNS}
        )
    else:
        frame = pd.read_parquet(path)
    return frame.astype({column.name: column.dtype for column in COLUMNS})


def test_the_same_values_come_back(tmp_path, suffix):
    """Full and empty rows, to the nanosecond, the last bit and the last letter of any script."""
    source = view(full(), {}, full() | {"error_message": "two\r\nlines\rand a tab\tin it"})
    path = tmp_path / f"calls.{suffix}"
    written = write_table(source, path)
    pd.testing.assert_frame_equal(read(path), source.frame().astype(read(path).dtypes.to_dict()))
    assert (written.path, written.rows, written.bytes) == (path, 3, path.stat().st_size)


def test_no_rows_are_a_table_too(tmp_path, suffix):
    """A source without calls gives a file with its columns (JSON Lines: an empty one)."""
    path = tmp_path / f"calls.{suffix}"
    assert write_table(view(), path).rows == 0
    assert len(read(path)) == 0


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\r\nb", 'a"b', "a,b", "a;b", " a ", "a\n=1+1"])
def test_no_text_tears_a_row(tmp_path, text):
    """Line ends, quotes and commas in a text stay in its cell."""
    path = tmp_path / "calls.csv"
    to_csv(view({"tag": text}, {"tag": "next"}), path)
    assert pd.read_csv(path)["tag"].tolist() == [text, "next"]
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert [row["tag"] for row in csv.DictReader(file)] == [text, "next"]


def test_csv_opens_right_in_excel_and_pandas(tmp_path):
    """UTF-8 with a mark that Excel needs and pandas drops; unknown empty; ISO times; CRLF ends."""
    path = tmp_path / "calls.csv"
    to_csv(view({"model": "ü", "latency_s": 1.5}), path)
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfcall_id,")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 2
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["started_at"] == "2026-09-21T14:13:20.123456789+00:00"
    assert (row["model"], row["latency_s"], row["stream"]) == ("ü", "1.5", "False")
    unknown = set(NAMES) - {
        "call_id", "session_id", "started_at", "status", "model", "stream", "latency_s",
    }  # fmt: skip
    assert {row[name] for name in unknown} == {""}
    assert pd.read_csv(path).columns[0] == "call_id"


@pytest.mark.parametrize("start", list("=+-@\t\r\n＝＋－＠"))
def test_csv_holds_no_formulas(tmp_path, start):
    """Text that a spreadsheet would compute gets a quote in front; numbers stay numbers."""
    path = tmp_path / "calls.csv"
    to_csv(view({"tag": start + "cmd()", "user": "a" + start, "score": -1.0}), path)
    row = pd.read_csv(path).iloc[0]
    assert row["tag"] == "'" + start + "cmd()"
    assert row["user"] == "a" + start
    assert row["score"] == -1.0


def test_a_name_of_a_column_is_no_formula_either(tmp_path):
    """The name of a label heads a column of a summary by it: it is disarmed as values are."""
    path = tmp_path / "summary.csv"
    frame = pd.DataFrame({"=1+1": ["x"], "requests": [1]})
    write_table(frame, path)
    assert path.read_text(encoding="utf-8-sig").splitlines()[0] == "'=1+1,requests"
    assert list(frame.columns) == ["=1+1", "requests"]


def test_what_no_file_can_hold_is_replaced(tmp_path, suffix):
    """NUL goes, half a surrogate pair becomes a question mark, and the rest of the row stays."""
    path = tmp_path / f"calls.{suffix}"
    write_table(view({"tag": "a\0b\ud83dc", "model": "m"}, {"tag": "fine"}), path)
    frame = read(path)
    assert frame["tag"].tolist() == ["ab?c", "fine"]
    assert frame["model"][0] == "m"


def test_jsonl_is_strict(tmp_path):
    """No NaN, no Infinity, ASCII alone, one object a line with every column."""
    path = tmp_path / "calls.jsonl"
    to_jsonl(view({"latency_s": float("inf"), "tag": "ü\u2028\n"}, {}), path)
    lines = path.read_bytes().decode("ascii").splitlines()

    def refuse(word):
        raise AssertionError(word)

    rows = [json.loads(line, parse_constant=refuse) for line in lines]
    assert [list(row) for row in rows] == [list(NAMES)] * 2
    assert (rows[0]["latency_s"], rows[0]["tag"]) == (None, "ü\u2028\n")
    assert rows[0]["started_at"] == "2026-09-21T14:13:20.123456789+00:00"


def test_any_frame_can_be_written(tmp_path, suffix):
    """A frame that is not ours goes through the same care."""
    frame = pd.DataFrame({"what": ["=1+1", None], "n": [1, 2], "x": [0.5, float("nan")]})
    path = tmp_path / f"summary.{suffix}"
    written = write_table(frame, path)
    assert (written.rows, written.older) == (2, 0)
    assert frame["what"][0] == "=1+1"
    text = path.read_bytes()
    assert (b"'=1+1" in text) == (suffix == "csv")


def test_it_says_how_many_are_older(tmp_path):
    """Rows that left memory are not in the file, and the answer says how many."""
    written = write_table(view(*[{}] * 30, max_calls=10), tmp_path / "calls.csv")
    assert (written.rows, written.older) == (10, 20)
    assert "20 older" in str(written)


# -- never over, never half -----------------------------------------------------------------------


def listed(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_that_is_there_stays(tmp_path, suffix):
    """Without `overwrite` it is untouched, in one line that names the way; with it, replaced."""
    path = tmp_path / f"calls.{suffix}"
    path.write_text("mine")
    with pytest.raises(ExportError, match="overwrite=True") as caught:
        write_table(view({}), path)
    assert "\n" not in str(caught.value)
    assert path.read_text() == "mine"
    assert listed(tmp_path) == [path.name]
    assert write_table(view({}), path, overwrite=True).rows == 1
    assert len(read(path)) == 1
    assert listed(tmp_path) == [path.name]


def test_a_link_to_nowhere_is_there_too(tmp_path):
    """A dangling symbolic link is not written through."""
    path = tmp_path / "calls.csv"
    path.symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(ExportError, match="exists"):
        to_csv(view({}), path)
    assert listed(tmp_path) == ["calls.csv"]


class Breaking:
    """A value that cannot be written."""

    def __str__(self):
        raise KeyboardInterrupt


def test_a_failed_export_leaves_nothing(tmp_path):
    """When writing breaks half-way, the old file stays and no temporary one is left."""
    path = tmp_path / "calls.csv"
    path.write_text("mine")
    frame = pd.DataFrame({"a": [1, 2], "b": pd.Series([1, Breaking()], dtype=object)})
    with pytest.raises(KeyboardInterrupt):
        write_table(frame, path, overwrite=True)
    assert path.read_text() == "mine"
    assert listed(tmp_path) == ["calls.csv"]


def test_the_first_of_two_writers_wins(tmp_path):
    """Two exports to one new name at once: one file, whole, and one clear refusal."""
    path, results = tmp_path / "calls.csv", []
    gate = threading.Barrier(2)

    def write(n):
        source = view(*[{"tag": str(n)}] * 500)
        gate.wait(60)
        try:
            results.append(to_csv(source, path).rows)
        except ExportError as problem:
            results.append(str(problem))

    threads = [threading.Thread(target=write, args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results.count(500) == 1
    assert pd.read_csv(path)["tag"].nunique() == 1
    assert listed(tmp_path) == ["calls.csv"]


@pytest.mark.skipif(os.name != "posix", reason="file modes are a POSIX matter")
def test_only_the_owner_can_read_it(tmp_path, suffix):
    """Mode 0600, whatever the umask."""
    before = os.umask(0)
    try:
        path = write_table(view({}), tmp_path / f"calls.{suffix}").path
        again = write_table(view({}), path, overwrite=True).path
    finally:
        os.umask(before)
    assert stat.S_IMODE(again.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="only POSIX can limit how long a file gets")
def test_a_full_disk_is_one_line(tmp_path):
    """When no more can be written, one line says so and nothing is left behind."""
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(ExportError, match=r"could not write .*calls\.csv: File too large"):
            to_csv(view(*[{"tag": "x" * 100}] * 1000), tmp_path / "calls.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert listed(tmp_path) == []


# -- places that are none -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("calls.exe", UsageError, ".csv, .jsonl, .parquet"),
        ("calls", UsageError, ".csv"),
        ("", UsageError, '"calls.csv"'),
        ("  ", UsageError, '"calls.csv"'),
        (None, UsageError, '"calls.csv"'),
        (7, UsageError, '"calls.csv"'),
        ("a\0b.csv", UsageError, "NUL"),
        ("CON.csv", UsageError, "device"),
        ("lpt1.x.csv", UsageError, "device"),
        ("none/such/calls.csv", ExportError, "no folder"),
        ("x" * 300 + ".csv", ExportError, "too long"),
        ("folder.csv", ExportError, "is a folder"),
        ("file.txt/calls.csv", ExportError, "no folder"),
    ],
)
def test_a_place_that_is_none_is_one_line(tmp_path, monkeypatch, name, kind, says):
    """What happened and what to type next, in one line; nothing is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file.txt").touch()
    before = listed(tmp_path)
    with pytest.raises(kind) as caught:
        write_table(view({}), name)
    assert says.lower() in str(caught.value).lower()
    assert "\n" not in str(caught.value)
    assert listed(tmp_path) == before


@pytest.mark.skipif(sys.platform != "linux", reason="it needs a folder nobody can write to")
def test_no_permission_is_one_line():
    """A folder that cannot be written to: one line with the reason of the system."""
    with pytest.raises(ExportError, match=r"could not write /proc/calls\.csv: "):
        write_table(view({}), "/proc/calls.csv")


@pytest.mark.parametrize(("write", "wrong"), [(to_csv, "a.jsonl"), (to_jsonl, "a"),
                                              (to_parquet, "a.csv")])  # fmt: skip
def test_a_name_of_another_format_is_refused(tmp_path, write, wrong):
    """`to_csv("a.jsonl")` says which name it would take."""
    with pytest.raises(UsageError, match=r"call it 'a\."):
        write(view({}), tmp_path / wrong)
    assert listed(tmp_path) == []


def test_the_home_folder_is_known(tmp_path, monkeypatch):
    """`~` is expanded."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert to_csv(view({}), "~/calls.csv").path == tmp_path / "calls.csv"
    assert listed(tmp_path) == ["calls.csv"]


def test_without_pyarrow_parquet_says_what_to_install(tmp_path, monkeypatch):
    """One line with the command, and nothing left behind."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(LLMWatchError, match=r'pip install "jupyter-llmwatch\[parquet\]"'):
        to_parquet(view({}), tmp_path / "calls.parquet")
    assert listed(tmp_path) == []
