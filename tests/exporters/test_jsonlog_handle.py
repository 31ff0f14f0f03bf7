"""A log as a handle: through a logger, by its name again, closed, and what can be none."""

from __future__ import annotations

import json
import logging
import os

import pytest

import llmwatch
from llmwatch import faults
from llmwatch.exceptions import ExportError, UsageError
from llmwatch.testing import Reply
from tests.exporters.outlet import ask, events, lines

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


@pytest.mark.parametrize(
    ("level", "said"), [("INFO", None), ("DEBUG", "I do not like 'a secret question'")]
)
def test_a_logger_without_debug_has_no_text_of_requests(server, logger, level, said):
    """Though DEBUG was asked for: what an error quotes is held back with the request itself."""
    logger.setLevel(level)
    server.script(Reply(status=400, error={"message": "I do not like 'a secret question'"}))
    with llmwatch.watch(), llmwatch.log_to(logger, "DEBUG"), pytest.raises(Exception, match="I"):
        ask(server, "a secret question")
    (error,) = [each for each in logger.handlers[0].records if each.event == "llm_error"]
    assert error.error_message == said
    everything = "".join(str(vars(each)) for each in logger.handlers[0].records)
    assert ("secret" in everything) == (said is not None)


def silence():
    """What diagnostics say of the log."""
    return [fault.message for fault in faults.table() if fault.step == "log"]


def test_a_logger_that_lets_nothing_through_is_told(server):
    """Once, with what to type, by diagnostics and by the handle; its level holds all the same."""
    faults.clear()
    logger = logging.getLogger("app.silent")  # as made: the root's WARNING holds
    logger.addHandler(kept := Kept())
    said = "lets nothing below WARNING through: logger.setLevel('INFO')"
    with llmwatch.watch(), llmwatch.log_to(logger) as log:
        assert silence() == [f"logger 'app.silent' {said}"]
        assert repr(log).endswith(f"INFO, until .close(); the logger {said}>")
        logger.setLevel("INFO")
        assert "lets nothing" not in repr(log)
        ask(server)
    assert len(kept.records) == 2
    assert len(silence()) == 1
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(kept)


def test_a_logger_that_lets_all_through_is_no_trouble(logger, path):
    """Nor one that is asked for no more than it lets through, nor a file."""
    faults.clear()
    logger.setLevel(logging.ERROR)
    with llmwatch.log_to(logger, "ERROR") as log, llmwatch.log_to(path, "DEBUG"):
        assert repr(log).endswith("ERROR, until .close()>")
    assert silence() == []


def test_a_logger_that_is_off_is_told(logger):
    """Turned off as a whole, or by `logging.disable`: what to type is another thing."""
    faults.clear()
    logger.manager = logging.Manager(logging.RootLogger(logging.WARNING))
    logger.manager.disable = logging.CRITICAL
    with llmwatch.log_to(logger) as log:
        assert "the logger is held back by logging.disable()" in repr(log)
        logger.disabled = True
        assert "the logger is disabled: logger.disabled = False" in repr(log)


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
    inside, long = tmp_path / "llm.jsonl", tmp_path / ("x" * 300)
    for place, said in {
        tmp_path: f"{tmp_path} is a folder: give a file in it, e.g. {inside}.",
        tmp_path / "no" / "llm.jsonl": (
            f"there is no folder {tmp_path / 'no'}: make it, or choose another."
        ),
        tmp_path / "pipe": f"{tmp_path / 'pipe'} is no plain file: choose another name.",
        long: f"could not write {long}: File name too long.",
    }.items():
        with pytest.raises(ExportError) as caught:
            llmwatch.log_to(place)
        assert str(caught.value) == said
    for nothing in ("", None, 3):
        with pytest.raises(UsageError, match=r'is not a file name: give e\.g\. "llm\.jsonl"'):
            llmwatch.log_to(nothing)


@pytest.mark.skipif(os.name == "nt", reason="a folder that one is in cannot be deleted there")
def test_a_folder_that_was_deleted_is_one_line(tmp_path, monkeypatch):
    """Under the person's feet."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ExportError, match=r"^could not write llm\.jsonl: No such file"):
        llmwatch.log_to("llm.jsonl")
