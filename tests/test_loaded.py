"""What was exported reads like a session again; what is none of ours is told in one line."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import llmwatch
from llmwatch.exceptions import UsageError
from llmwatch.records import Call
from llmwatch.semconv import COLUMNS, FIGURES, NAMES
from tests.test_reading import Source

BEGIN = 1_790_000_000_000_000_000
SUFFIXES = ("csv", "jsonl", "parquet")
TEXTS = [c.name for c in COLUMNS if c.kind == "text" and c.name not in ("call_id", "status")]
COUNTS = [c.name for c in COLUMNS if c.kind == "count"]
NUMBERS = [c.name for c in COLUMNS if c.kind == "number" and c.name != "score"]

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1) | (
    st.sampled_from([
        "=1+1", "'=1+1", "''=x", "'", "'a", "+", "-5", "@x", "\t", "\r", "\n", "\r\n", "a\rb\nc\r\nd",
        '"', '""', ",", "NA", "nan", "None", "null", "True", "1", "007", "1e5", " a ", "\ufeff", "＝",
        "<script>", "日本語", "a\u2028b", '{"k": "v"}', "\\", "\\N", "#", "\x1a", "\x85", "\ud7ff",
    ])
)  # fmt: skip


@st.composite
def a_call(draw):
    """A call with anything in any column that a file can hold."""
    some = lambda strategy: draw(st.none() | strategy)  # noqa: E731  # short
    seconds = st.floats(0, 1e6) | st.sampled_from([0.1, 1 / 3, 5e-324])
    values = {name: some(texts) for name in draw(st.sets(st.sampled_from(TEXTS), max_size=6))}
    values |= {name: some(st.integers(0, 2**53)) for name in COUNTS}
    values |= {name: some(seconds) for name in NUMBERS} | {"score": some(st.floats(-1, 1))}
    return Call(
        call_id=draw(texts), started_at=BEGIN + draw(st.integers(0, 10**15)),
        status=draw(st.sampled_from(["ok", "error", "cancelled", "partial", "lost"])),
        stream=draw(st.booleans()), **(values | {"session_id": "s"}),
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("loaded")


def made(n: int, **values) -> Call:
    known = {"call_id": f"id-{n}", "session_id": "s", "started_at": BEGIN + n, "status": "ok"}
    return Call(**(known | values))


def exported(source, folder, suffix):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    path = folder / f"calls.{suffix}"
    getattr(source, f"to_{suffix}")(path, overwrite=True)
    return path


def refused(source) -> str:
    """The one line that says what is wrong."""
    with pytest.raises(UsageError) as caught:
        llmwatch.load(source)
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


# -- there and back ------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calls=st.lists(a_call(), max_size=6))
@example(calls=[])
def test_what_was_exported_comes_back_exactly(folder, suffix, calls):
    """Every value, every type, every missing one, in order: `.calls` is the same frame."""
    source = Source(*calls)
    found = llmwatch.load(exported(source, folder, suffix))
    pd.testing.assert_frame_equal(found.calls, source.calls)
    assert found.calls.dtypes.tolist() == source.calls.dtypes.tolist()


def test_a_frame_comes_back_exactly():
    """`.calls` itself, also reordered, filtered and with columns of one's own."""
    source = Source(*(made(n, latency_s=n / 3, tag="ab"[n % 2], chunks=n) for n in range(9)))
    pd.testing.assert_frame_equal(llmwatch.load(source.calls).calls, source.calls)
    frame = source.calls[list(reversed(NAMES))].assign(mine=[1] * 9)
    frame = frame[frame["tag"] == "a"]
    expected = source.calls[source.calls["tag"] == "a"].reset_index(drop=True)
    pd.testing.assert_frame_equal(llmwatch.load(frame).calls, expected)


def test_a_loaded_frame_is_its_own():
    """What is done to the frame afterwards, or to what was loaded, does not reach the other."""
    frame = Source(made(0, latency_s=1.0, tag="a")).calls
    loaded = llmwatch.load(frame)
    frame.loc[0, "latency_s"] = 99.0
    mine = loaded.calls
    mine.loc[0, "tag"] = "b"
    assert loaded.calls.loc[0, ["latency_s", "tag"]].tolist() == [1.0, "a"]
    assert frame.loc[0, "tag"] == "a"


def test_what_pandas_read_of_our_csv_is_understood(tmp_path):
    """Its types are those of pandas: whole numbers as text, counts as floats, times as text."""
    source = Source(
        made(0, process="4711", http_status=200, stream=True, tag="7", latency_s=0.25),
        made(1, process="4711"),
    )
    frame = pd.read_csv(exported(source, tmp_path, "csv"))
    assert frame["http_status"].dtype == "float64"
    pd.testing.assert_frame_equal(llmwatch.load(frame).calls, source.calls)


def test_packed_files(tmp_path):
    """CSV and JSON lines are read from .gz, too."""
    source = Source(made(0, tag="=1", request_preview="a\r\nb"), made(1))
    for suffix in ("csv", "jsonl"):
        plain = exported(source, tmp_path, suffix)
        packed = tmp_path / f"calls.{suffix}.gz"
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        pd.testing.assert_frame_equal(llmwatch.load(packed).calls, source.calls)


def test_a_file_of_some_columns(tmp_path):
    """Start and status are enough: what lacks is unknown, what is foreign is left out."""
    path = tmp_path / "some.csv"
    path.write_text(
        "status,mood,started_at\nok,fine,2026-03-01 10:00\nerror,,2026-03-01T12:00+01:00"
    )
    loaded = llmwatch.load(path)
    assert list(loaded.calls.columns) == list(NAMES)
    assert loaded.calls["started_at"].tolist() == [
        pd.Timestamp("2026-03-01 10:00", tz="UTC"), pd.Timestamp("2026-03-01 11:00", tz="UTC"),
    ]  # fmt: skip
    assert loaded.summary().error_rate == 0.5
    assert np.isnan(loaded.summary().tokens)
    assert loaded.calls["call_id"].isna().all()


# -- how it reads --------------------------------------------------------------------------------


@pytest.fixture
def loaded(tmp_path):
    calls = [
        made(
            n, started_at=BEGIN + n * 60_000_000_000, latency_s=1.0 + n, model="ab"[n % 2], tag="v1",
            input_tokens=10, output_tokens=n, cost_usd=0.25, status="error" if n == 3 else "ok",
            cell_run_id=f"r{n % 3}", execution_count=n % 3, response_id=f"resp-{n}",
        )
        for n in range(10)
    ]  # fmt: skip
    return llmwatch.load(exported(Source(*calls), tmp_path, "csv"))


def test_it_reads_like_a_session(loaded, tmp_path):
    """Tables, figures and files are those of the calls in it; nothing is in flight."""
    assert (len(loaded), len(loaded.active), len(loaded.errors())) == (10, 0, 1)
    assert loaded.slowest(1)["latency_s"].tolist() == [10.0]
    assert loaded.by_cell()["calls"].tolist() == [4, 3, 3]
    assert set(FIGURES) <= set(loaded.summary().index)
    assert loaded.summary(by="model")["requests"].tolist() == [5, 5]
    assert loaded.timeline("1min")["requests"].tolist() == [1] * 10
    assert repr(loaded) == "<Loaded: 10 calls · 100 → 45 tokens · $2.50 · 1 error>"
    assert loaded.to_jsonl(tmp_path / "again.jsonl").rows == 10
    again = llmwatch.load(tmp_path / "again.jsonl")
    pd.testing.assert_frame_equal(again.calls, loaded.calls)


def test_a_window_looks_back_from_the_last_call(loaded):
    """It is over: the last three minutes of it are those before its last call ended."""
    assert loaded.summary("3min").requests == 3
    assert loaded.summary("10s").requests == 1
    assert loaded.timeline("1min", window="3min")["requests"].sum() == 3
    assert llmwatch.load(Source().calls).summary("3min").requests == 0


def test_a_rating_is_kept_in_memory(loaded, tmp_path):
    """Feedback works as in a session; the file stays as it was."""
    loaded.feedback("id-4", True)
    loaded.feedback("resp-5", 2, scale=(1, 5))
    assert loaded.summary()[["satisfaction", "satisfaction_n"]].tolist() == [0.25, 2]
    assert llmwatch.load(tmp_path / "calls.csv").summary().satisfaction_n == 0


def test_a_folder_is_read_whole(tmp_path):
    """All files in it and below, each call once and as the newest file has it, by their start."""
    first, second = Source(made(2), made(0, score=-1.0)), Source(made(1), made(0, score=1.0))
    first.to_csv(tmp_path / "b.csv")
    (tmp_path / "day=1").mkdir()
    second.to_jsonl(tmp_path / "day=1" / "a.jsonl")
    (tmp_path / "notes.txt").write_text("not a table")
    (tmp_path / ".llmwatch-half.csv").write_text("not whole")
    os.utime(tmp_path / "b.csv", (1, 1))
    found = llmwatch.load(tmp_path)
    assert found.calls["call_id"].tolist() == ["id-0", "id-1", "id-2"]
    assert found.calls["score"].tolist()[0] == 1.0
    os.utime(tmp_path / "b.csv", (2**32, 2**32))
    assert llmwatch.load(str(tmp_path)).calls["score"].tolist()[0] == -1.0
    (tmp_path / "bad.jsonl").write_text("{")
    assert str(tmp_path / "bad.jsonl") in refused(tmp_path)


# -- what is none of ours ------------------------------------------------------------------------

HEAD = "started_at,status,input_tokens,stream,latency_s,tag"
ROW = "2026-03-01T10:00:00+00:00,ok"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.csv", "", "is empty"),
        ("x.csv", "\n\n", "holds no calls: it has no column started_at and no column status"),
        ("x.csv", "a,b\n1,2\n", "holds no calls: it has no column started_at and no column status"),
        ("x.csv", "status\nok\n", "it has no column started_at."),
        ("x.csv", "started_at,status,tag,tag\n", "has the column tag twice"),
        ("x.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not text"),
        ("x.csv", f"{HEAD}\n".encode() + b"\xff\xfe,ok,1,,,\n", "is damaged, or not what"),
        ("x.csv", HEAD.encode("utf-16"), "is not text"),
        ("x.csv", f"{HEAD}\n{ROW},1,True,2.5,a\n{ROW},1,Tr", "is cut: its last line is not whole"),
        ("x.csv", f'{HEAD}\n{ROW},1,True,2.5,"a\n', "is no whole CSV: EOF inside string"),
        ("x.csv", f"{HEAD}\n{ROW},,,,\n{ROW},,,,,,,\n", "is no whole CSV: Expected 6 fields"),
        ("x.csv", f"{HEAD}\n{ROW},,,,,,,\n", "lines with more values than it has columns"),
        ("x.csv", f"{HEAD}\n,ok,,,,\n", "call 1 has no started_at."),
        ("x.csv", f"{HEAD}\n{ROW},,,,\n2026-03-01,,,,,\n", "call 2 has no status."),
        ("x.csv", f"{HEAD}\nyesterday,ok,,,,\n", "started_at of call 1 is 'yesterday', which is no"),
        ("x.csv", f"{HEAD}\n2026-13-01,ok,,,,\n", "started_at of call 1 is '2026-13-01', which is"),
        ("x.csv", f"{HEAD}\n9999-01-01,ok,,,,\n", "which is not between 1970 and 2199"),
        ("x.csv", f"{HEAD}\n0001-01-01,ok,,,,\n", "which is not between 1970 and 2199"),
        ("x.csv", f"{HEAD}\n1772359200,ok,,,,\n", "which is no"),
        ("x.csv", f"{HEAD}\n{ROW},{2**53 + 1},,,\n", "input_tokens of call 1 is '9007199254740993'"),
        ("x.csv", f"{HEAD}\n{ROW},{'9' * 5000},,,\n", "which is no whole number."),
        ("x.csv", f"{HEAD}\n{ROW},-1,,,\n", "which is no whole number."),
        ("x.csv", f"{HEAD}\n{ROW},1.5,,,\n", "which is no whole number."),
        ("x.csv", f"{HEAD}\n{ROW},1,maybe,,\n", "stream of call 1 is 'maybe', which is neither"),
        ("x.csv", f"{HEAD}\n{ROW},1,True,inf,\n", "latency_s of call 1 is 'inf', which is not betw"),
        ("x.csv", f"{HEAD}\n{ROW},1,True,-1,\n", "which is not between 0 and 1e+09"),
        ("x.csv", f"{HEAD}\n{ROW},1,True,1e300,\n", "which is not between 0 and 1e+09"),
        ("x.csv", f"{HEAD}\n{ROW},1,True,soon,\n", "which is no number."),
        ("x.csv", "x" * (65 * 2**20), "has a line of more than 64 MiB"),
        ("x.csv", "x" * 200_000 + "\n", "is damaged, or not what its name says"),
        ("x.jsonl", '{"started_at": "2026-03-01", "status": "ok"}\n{"sta', "line 2 is no JSON object"),
        ("x.jsonl", "[1]\n", "line 1 is no JSON object"),
        ("x.jsonl", "<html>", "line 1 is no JSON object"),
        ("x.jsonl", "[" * 100_000, "line 1 is no JSON object"),
        ("x.jsonl", '{"status": NaN}', "line 1 is no JSON object"),
        ("x.jsonl", '{"status": "ok", "status": "error"}', "line 1 is no JSON object"),
        ("x.jsonl", '{"status": "ok"}', "it has no column started_at."),
        ("x.jsonl", '{"started_at": 5, "status": "ok"}', "started_at of call 1 is 5, which is no"),
        ("x.jsonl", '{"started_at": "2026-03-01", "status": ["ok"]}', "is ['ok'], which is no text"),
        ("x.jsonl", '{"started_at": "2026-03-01", "status": "ok", "chunks": true}', "no whole"),
        ("x.jsonl", '{"started_at": "2026-03-01", "status": "ok", "chunks": -3}', "not between 0"),
        ("x.jsonl", '{"started_at": "2026-03-01", "status": "ok", "score": {}}', "is no number"),
        ("x.jsonl", '{"started_at": "2026-03-01", "status": "banana"}', "is 'banana', which is none of"),
        ("x.jsonl", '{"started_at": "2026-03-01", "status": "ok", "score": 500}', "not between -1 and"),
        ("x.csv", f'{HEAD}\n{ROW},1,True,2.5,"a\nb"\n{ROW},1,"Tr\nue"', "is cut: its last line"),
        ("x.parquet", b"PAR1" + b"x" * 50 + b"PAR1", "is no whole Parquet file"),
        ("x.parquet", b"", "is no whole Parquet file"),
        ("x.csv.gz", b"not packed", "could not read"),
        ("x.csv.gz", gzip.compress(HEAD.encode())[:-9], "could not read"),
        ("x.csv.gz", gzip.compress(b"\0" * 10**6), "is not text"),
        ("x.txt", "a", "'x.txt' names no format: load one of .csv, .jsonl, .parquet, "),
        ("x.parquet.gz", "a", "names no format"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_ours(tmp_path, name, content, words):
    """One line names the file and what is wrong in it, and never a traceback from inside."""
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    line = refused(path)
    assert words in line
    assert name in line
    assert len(line) < 400


@pytest.mark.parametrize(
    "tag", ["a\nb", 'x",\n",,"y', "x" * 200_000, "\n".join(["z,"] * 100_000), 'say ""hi""'],
    ids=["a line end", "quotes", "long", "long lines", "quoted"],
)  # fmt: skip
def test_a_csv_may_end_without_a_line_end(tmp_path, tag):
    """The last value may be in quotes, hold line ends, and be longer than Python's csv reads."""
    path = tmp_path / "x.csv"
    cell = '"' + tag.replace('"', '""') + '"'
    path.write_text(f"{HEAD}\n{ROW},1,True,2.5,{cell}\n{ROW},1,True,2.5,{cell}", newline="")
    assert llmwatch.load(path).calls["tag"].tolist() == [tag, tag]


def test_a_comparison_looks_back_from_the_last_call():
    """As `summary` does: the last minute of what is over is the one before its end."""
    source = Source(*(made(n, tag="ab"[n % 2], latency_s=1.0) for n in range(8)))
    loaded = llmwatch.load(source.calls)
    assert loaded.summary(window="1min").requests == 8
    assert loaded.compare(window="1min").table["calls"].tolist() == [4, 4]


@pytest.mark.parametrize("source", [5, None, "", "  ", "a\0.csv", b"calls.csv", [], {}])
def test_what_is_no_file_at_all(source):
    """One line shows what to type."""
    assert 'give e.g. llmwatch.load("calls.csv")' in refused(source)


def test_files_that_are_not_there(tmp_path, monkeypatch):
    """Nothing there, an empty folder, a name that is too long, something that is no file."""
    assert refused(tmp_path / "a.csv") == f"there is no {tmp_path / 'a.csv'}."
    assert "holds no file of .csv" in refused(tmp_path)
    assert "could not read" in refused(tmp_path / ("x" * 5000 + ".csv"))
    monkeypatch.chdir(tmp_path)
    assert refused("calls.csv") == "there is no calls.csv."
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.csv")
        assert "is no file" in refused(tmp_path / "pipe.csv")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "the DataFrame holds no calls"),
        ({"started_at": [1], "status": ["ok"]}, "started_at of call 1 is 1"),
        ({"started_at": ["2026-03-01"], "status": ["ok"], "tag": [[1]]}, "tag of call 1 is [1]"),
        ({"started_at": ["2026-03-01"], "status": ["ok"], "tag": [b"x"]}, "which is no text"),
        ({"started_at": ["2026-03-01"], "status": ["ok"], "chunks": [1j]}, "no whole number"),
        ({"started_at": [pd.NaT], "status": ["ok"]}, "call 1 has no started_at"),
    ],
)
def test_a_frame_that_is_none_of_ours(columns, words):
    """One line says which value of which call."""
    assert words in refused(pd.DataFrame(columns))


def test_a_frame_with_a_column_twice():
    """It is not known which of the two is meant."""
    frame = Source(made(0)).calls
    twice = pd.concat([frame, frame[["tag"]]], axis=1)
    assert refused(twice) == "the DataFrame has the column tag twice."


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_damaged_file_is_read_or_refused(tmp_path, suffix):
    """Whatever bytes are changed or missing: calls, or one line; nothing else ever."""
    whole = exported(
        Source(*(made(n, tag="=x", latency_s=0.5) for n in range(5))), tmp_path, suffix
    )
    content, chance = whole.read_bytes(), random.Random(5)
    for n in range(150):
        damaged = bytearray(content[: chance.randrange(len(content))] if n % 3 == 0 else content)
        for _ in range(chance.randrange(1, 6)):
            if damaged:
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        whole.write_bytes(damaged)
        try:
            llmwatch.load(whole).summary()
        except UsageError as problem:
            assert "\n" not in str(problem)


def test_parquet_of_others(tmp_path):
    """Dictionaries, microseconds, integers with gaps and decimals of other writers are read."""
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table({
        "started_at": pyarrow.array([1_790_000_000_000_000, 1], pyarrow.timestamp("us")),
        "status": pyarrow.array(["ok", "error"]).dictionary_encode(),
        "input_tokens": pyarrow.array([None, 7], pyarrow.int32()),
        "cost_usd": pyarrow.array([1, None]).cast(pyarrow.decimal128(30, 2)),
        "stream": pyarrow.array([True, None]),
        "mood": pyarrow.array([[1], [2]]),
    })  # fmt: skip
    parquet.write_table(table, tmp_path / "calls.parquet")
    calls = llmwatch.load(tmp_path / "calls.parquet").calls
    assert calls["started_at"].tolist()[0] == pd.Timestamp(BEGIN, tz="UTC")
    assert calls["input_tokens"].tolist() == [pd.NA, 7]
    assert calls["cost_usd"].tolist()[0] == 1.0
    assert calls["stream"].tolist() == [True, False]
    odd = table.set_column(2, "input_tokens", pyarrow.array([[1], [2]]))
    parquet.write_table(odd, tmp_path / "calls.parquet")
    assert "input_tokens of call 1 is" in refused(tmp_path / "calls.parquet")


def test_without_pyarrow_the_line_says_what_to_install(tmp_path, monkeypatch):
    """An extra that is missing is named by the command that brings it."""
    path = tmp_path / "calls.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    assert refused(path) == (
        'reading Parquet needs pyarrow: pip install "jupyter-llmwatch[parquet]".'
    )


def test_nothing_in_a_file_is_run(tmp_path):
    """A pickle in the clothes of a table, and pandas metadata that are no JSON, do nothing."""
    mark = tmp_path / "ran"
    pickled = f"cposix\nsystem\n(S'touch {mark}'\ntR.".encode()
    for name in ("x.csv", "x.jsonl", "x.parquet"):
        (tmp_path / name).write_bytes(pickled)
        refused(tmp_path / name)
    assert not mark.exists()
    parquet = pytest.importorskip("pyarrow.parquet")
    path = exported(Source(made(0, tag="a")), tmp_path, "parquet")
    table = parquet.read_table(path)
    parquet.write_table(table.replace_schema_metadata({"pandas": "{not json"}), path)
    assert llmwatch.load(path).calls["tag"].tolist() == ["a"]


def test_large_texts_come_back(tmp_path):
    """What `content="full"` keeps may be longer than what a CSV reader takes at first."""
    source = Source(made(0, request_preview="a,\n" * 200_000, response_preview="x" * 10**6))
    for suffix in ("csv", "jsonl"):
        found = llmwatch.load(exported(source, tmp_path, suffix))
        pd.testing.assert_frame_equal(found.calls, source.calls)


def test_jsonl_of_others(tmp_path):
    """Blank lines, keys in another order and keys that come and go are no harm."""
    rows = [
        {"status": "ok", "started_at": "2026-03-01T10:00:00Z"}, {},
        {"mood": [1], "started_at": "2026-03-01T10:00:01.5Z", "status": "partial", "chunks": 3.0},
    ]  # fmt: skip
    path = tmp_path / "calls.jsonl"
    path.write_text("\n".join(json.dumps(row) if row else " " for row in rows))
    calls = llmwatch.load(path).calls
    assert calls["chunks"].tolist() == [pd.NA, 3]
    assert calls["status"].tolist() == ["ok", "partial"]
    shutil.copy(path, tmp_path / "CALLS.JSONL")
    assert len(llmwatch.load(tmp_path / "CALLS.JSONL")) == 2
