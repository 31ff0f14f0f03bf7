"""The file of a log: added to, turned over, shared, and what becomes of it when it cannot be."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

import pytest

import llmwatch
from llmwatch import faults
from tests.exporters.outlet import FORKED, HANG_S, LAST, ask, events, lines, run
from tests.notebook import ROOT

OUTLET = 'llmwatch.log_to("llm.jsonl")'


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
            assert llmwatch.session.settled(HANG_S)  # else the next one's start may come first
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


def test_the_last_call_of_a_script_is_in_the_log(tmp_path):
    """Nothing is to be closed for that, and nothing is said on the screen."""
    assert run(LAST.format(outlet=OUTLET), tmp_path) == ""
    start, response = lines(tmp_path / "llm.jsonl")
    assert (start["operation"], start["message_count"]) == ("embeddings", 3)
    assert response["event"] == "llm_response"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_logs_nothing_by_itself(tmp_path):
    """Its calls are its own; the parent goes on logging."""
    assert run(FORKED.format(outlet=OUTLET), tmp_path) == ""
    models = [line["model"] for line in lines(tmp_path / "llm.jsonl")]
    assert models == ["the-last"] * 2 + ["of-the-parent"] * 2
