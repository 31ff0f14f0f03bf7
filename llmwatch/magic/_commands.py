"""`%llmwatch`: its sub-commands, one function each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from IPython.display import display

from ..board import dashboard
from ..exceptions import ExportError, UsageError
from ..recorder import Session
from ..words import plural
from ._autoload import autoload_off, autoload_on
from ._line import USAGE, nearest, words_of
from ._rules import ALERT, ALERTS, add_rule, manage_rules
from ._say import say
from ._status import Status

__all__ = ["CHOICES", "HELP", "Commands"]

HELP = f"""\
%llmwatch                     whether it records, what so far, what went wrong
%llmwatch on | off            start, stop
%llmwatch dashboard           the live sidebar; sidebar | inline: there, or below the cell
%llmwatch export PATH         the calls as .csv, .jsonl or .parquet; --what summary: the figures
                              (--by model: of each group); --what timeline: the figures over time
                              (--freq 1min); --overwrite: also over an existing file
%llmwatch report PATH         figures, charts and tables as one .html page; --overwrite
%llmwatch alert "error_rate > 10%"       tell me when; --window 5min, --for 30s, --by model,
                              --severity critical, --min-calls 5, --name NAME
%llmwatch alerts              the rules and what fires; on | off, mute NAME 10min, unmute NAME,
                              remove NAME
%llmwatch receipts all | tagged | off     which cells get a receipt (on is all)
%llmwatch autoload on | off   load llmwatch with every kernel of this IPython profile
{USAGE}
                              on the first line of a cell: mark its calls, show a receipt
llmwatch.session.calls        every call, as a DataFrame (import llmwatch)"""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "on": (),
    "off": (),
    "dashboard": ("sidebar", "inline"),
    "export": ("--what", "--by", "--freq", "--overwrite"),
    "report": ("--overwrite",),
    "alert": ALERT,
    "alerts": ALERTS,
    "receipts": ("all", "tagged", "off", "on"),
    "autoload": ("on", "off"),
    "help": (),
}
"""The sub-commands, and the words that may follow each."""

WHAT = ("calls", "summary", "timeline")


class Commands:
    """Runs the sub-commands on a session."""

    def __init__(self, shell: Any, session: Session) -> None:
        self._shell = shell
        self._session = session

    def __call__(self, line: str) -> None:
        """Run what was typed behind `%llmwatch`.

        Raises
        ------
        UsageError
            For anything that is no sub-command or option, in one line with the nearest one.
        """
        words = words_of(line)
        if not words:
            display(Status(self._session))
            return
        name, *rest = words
        if name not in CHOICES:
            raise UsageError(_unknown(name))
        run: Callable[[list[str]], None] = getattr(self, f"_{name}")
        run(rest)

    def _on(self, rest: list[str]) -> None:
        _none("on", rest)
        self._session.enable()
        say("llmwatch records every LLM call from here on")

    def _off(self, rest: list[str]) -> None:
        _none("off", rest)
        self._session.disable()
        say("llmwatch records only under %%llmwatch and llmwatch.watch now; what it has stays")

    def _help(self, rest: list[str]) -> None:
        _none("help", rest)
        say(HELP)

    def _receipts(self, rest: list[str]) -> None:
        wanted = _one("receipts", rest)
        self._session.configure(receipts="all" if wanted == "on" else wanted)
        say(f"receipts: {_RECEIPTS[self._session.settings.receipts]}")

    def _autoload(self, rest: list[str]) -> None:
        change = autoload_on if _one("autoload", rest) == "on" else autoload_off
        say(change(self._shell))

    def _alert(self, rest: list[str]) -> None:
        add_rule(self._session.alerts, rest)

    def _alerts(self, rest: list[str]) -> None:
        manage_rules(self._session.alerts, rest)

    def _dashboard(self, rest: list[str]) -> None:
        dashboard(_one("dashboard", rest) if rest else None)

    def _export(self, rest: list[str]) -> None:
        asked = _export_options(rest)
        from ..exporters import write_table

        try:
            table = _table(self._session, asked)
            say(str(write_table(table, asked.path, overwrite=asked.overwrite)))
        except ExportError as problem:
            raise ExportError(str(problem).replace("overwrite=True", "--overwrite")) from None

    def _report(self, rest: list[str]) -> None:
        path, overwrite = _report_options(rest)
        try:
            written = self._session.report(path, overwrite=overwrite)
        except ExportError as problem:
            raise ExportError(str(problem).replace("overwrite=True", "--overwrite")) from None
        say(f"{plural(written.rows, 'call')} told in {written.path}")


_RECEIPTS = {
    "all": "below every cell that makes calls",
    "tagged": "below cells under %%llmwatch",
    "off": "none",
}


def _unknown(name: str) -> str:
    if name.startswith("--"):
        return f"{name} goes on the first line of a cell, behind two percent signs: {USAGE}"
    known = ", ".join(CHOICES)
    return f"%llmwatch {name}?{nearest(name, CHOICES)} There are {known}; alone it says how it is."


def _none(name: str, rest: list[str]) -> None:
    if rest:
        raise UsageError(f"%llmwatch {name} takes nothing more, not {rest[0]!r}.")


def _one(name: str, rest: list[str]) -> str:
    """The one word that `name` takes."""
    choices = CHOICES[name]
    if len(rest) == 1 and rest[0] in choices:
        return rest[0]
    hint = nearest(rest[0], choices) if rest else ""
    raise UsageError(f"type %llmwatch {name} {' | '.join(choices)}.{hint}")


def _report_options(rest: list[str]) -> tuple[str, bool]:
    """The path, and whether over an existing file."""
    usage = "%llmwatch report PATH.html [--overwrite]"
    paths = [word for word in rest if word != "--overwrite"]
    for word in paths:
        if word.startswith("--"):
            raise UsageError(f"no option {word}.{nearest(word, CHOICES['report'])} {usage}")
    if len(paths) != 1:
        which = "which file?" if not paths else "one file only (a name with spaces in quotes)."
        raise UsageError(f"{which} {usage}")
    return paths[0], "--overwrite" in rest


@dataclass(slots=True)
class _Export:
    """What is to be exported, and where to."""

    path: str = ""
    what: str = "calls"
    by: str = ""
    freq: str = ""
    overwrite: bool = False


_EXPORT = (
    "%llmwatch export PATH [--what calls|summary|timeline] [--by model] [--freq 1min] [--overwrite]"
)


def _export_options(rest: list[str]) -> _Export:
    asked, paths = _Export(), []
    words = iter(rest)
    for word in words:
        name, has_value, value = word.partition("=")
        if word == "--overwrite":
            asked.overwrite = True
        elif name in ("--what", "--by", "--freq"):
            value = _value(name, iter([value]) if has_value else words)
            setattr(asked, name.removeprefix("--"), value)
        elif word.startswith("--"):
            raise UsageError(f"no option {word}.{nearest(word, CHOICES['export'])} {_EXPORT}")
        else:
            paths.append(word)
    _check_export(asked, paths)
    asked.path = paths[0]
    return asked


def _value(name: str, words: Iterator[str]) -> str:
    value = next(words, "")
    if not value or value.startswith("--"):
        raise UsageError(f"{name} needs a value. {_EXPORT}")
    return value


def _check_export(asked: _Export, paths: list[str]) -> None:
    if asked.what not in WHAT:
        raise UsageError(f"--what {asked.what}?{nearest(asked.what, WHAT)} {_EXPORT}")
    if asked.by and asked.what == "calls":
        raise UsageError(f"--by goes with --what summary or timeline. {_EXPORT}")
    if asked.freq and asked.what != "timeline":
        raise UsageError(f"--freq goes with --what timeline. {_EXPORT}")
    if len(paths) != 1:
        which = "which file?" if not paths else "one file only (a name with spaces in quotes)."
        raise UsageError(f"{which} {_EXPORT}")


def _table(session: Session, asked: _Export) -> Any:
    """The rows to write; what a frame has in its index stands in front."""
    import json

    import pandas as pd

    if asked.what == "calls":
        len(session)  # waits until what is over can be read
        return session.store.view()
    by = asked.by.split(",") if asked.by else None
    if asked.what == "timeline":
        frame = session.timeline(asked.freq or "10s", by=by)
    elif by is not None:
        frame = session.summary(by=by)
    else:
        frame = pd.DataFrame([dict(session.summary())])
    frame["errors"] = [json.dumps(errors) for errors in frame["errors"]]
    if by is None and asked.what == "summary":
        return frame
    taken = set(frame.columns)  # a label may be called like a figure
    names = [f"by {name}" if name in taken else name for name in frame.index.names]
    return frame.rename_axis(names).reset_index()
