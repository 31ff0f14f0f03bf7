"""`%llmwatch alert` and `%llmwatch alerts`: rules made, listed, muted and removed by magic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from IPython.display import display

from ..alerting import SEVERITIES, Alerts, rule_of
from ..exceptions import UsageError
from ._line import nearest
from ._say import say

__all__ = ["ALERT", "ALERTS", "add_rule", "manage_rules"]

ALERT = ("--window", "--severity", "--for", "--by", "--min-calls", "--name")
"""The options of `%llmwatch alert`."""
ALERTS = ("on", "off", "mute", "unmute", "remove")
"""The words that may follow `%llmwatch alerts`."""

_ALERT = (
    '%llmwatch alert "error_rate > 10%" [--window 5min] '
    f"[--severity {'|'.join(SEVERITIES)}] [--for 30s] [--by model] [--min-calls 5] [--name NAME]"
)
_ALERTS = "%llmwatch alerts [on | off | mute NAME 10min | unmute NAME | remove NAME]"


def add_rule(alerts: Alerts, rest: list[str]) -> None:
    """Make the rule that was typed behind `%llmwatch alert`."""
    words, said = iter(rest), []
    options: dict[str, Any] = {}
    for word in words:
        name, has_value, value = word.partition("=")
        if name in ALERT:
            _set(options, name, value if has_value else _next(name, words))
        elif word.startswith("--"):
            raise UsageError(f"no option {name}.{nearest(name, ALERT)} {_ALERT}")
        else:
            said.append(word)
    if not said:
        raise UsageError(f"which condition? {_ALERT}")
    condition = " ".join(said)
    rule = alerts.add(rule_of(options.pop("name", condition), condition, **options))
    window = f"{rule.window_s:g} s" if rule.window_s % 60 else f"{rule.window_s / 60:g} min"
    what = "" if rule.name == rule.condition.text else f"{rule.condition.text}, "
    say(f"alert {rule.name!r}: {what}within {window}, {rule.severity}")


def manage_rules(alerts: Alerts, rest: list[str]) -> None:
    """Do what was typed behind `%llmwatch alerts`; nothing more shows them."""
    if not rest:
        display(alerts)
        return
    word, *more = rest
    if word in ("on", "off") and not more:
        (alerts.on if word == "on" else alerts.off)()
        say("alert rules are looked at" if word == "on" else "no alert rule is looked at")
    elif word == "mute" and len(more) in (1, 2):
        alerts.mute(*more)
        say(f"{more[0]} is muted for {more[1] if len(more) > 1 else '10min'}")
    elif word == "unmute" and len(more) == 1:
        alerts.unmute(more[0])
        say(f"{more[0]} is told of again")
    elif word == "remove" and len(more) == 1:
        alerts.remove(more[0])
        say(f"{more[0]} is removed")
    else:
        hint = nearest(word, ALERTS) if word not in ALERTS else ""
        raise UsageError(f"type {_ALERTS}.{hint}")


def _next(name: str, words: Iterator[str]) -> str:
    value = next(words, None)
    if value is None or value.partition("=")[0] in ALERT:
        raise UsageError(f"{name} needs a value. {_ALERT}")
    return value


def _set(options: dict[str, Any], name: str, value: str) -> None:
    if name == "--by":
        options["by"] = [*options.get("by", ()), *(word for word in value.split(",") if word)]
    elif name == "--min-calls":
        options["min_calls"] = int(value) if value.isdecimal() else value
    else:
        options["for_" if name == "--for" else name.removeprefix("--")] = value
