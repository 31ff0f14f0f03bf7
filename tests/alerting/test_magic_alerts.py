"""`%llmwatch alert` and `%llmwatch alerts`, and the status while something fires."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from llmwatch.exceptions import UsageError
from llmwatch.magic._line import words_of
from llmwatch.magic._rules import add_rule, manage_rules
from tests.alerting.scene import Scene
from tests.notebook import ROOT


@pytest.fixture
def scene():
    return Scene()


def alert(scene, line):
    add_rule(scene.alerts, words_of(line))


def alerts(scene, line):
    manage_rules(scene.alerts, words_of(line))


def test_a_condition_alone(scene, capsys):
    """Quoted or not, it is a rule of that name; one line says what is watched."""
    alert(scene, '"error_rate > 10%"')
    alert(scene, "tokens > 1M")
    alert(scene, "tokens > 2M --name many --window 90s")
    assert capsys.readouterr().out.splitlines() == [
        "alert 'error_rate > 10%': within 5 min, warning",
        "alert 'tokens > 1M': within 5 min, warning",
        "alert 'many': tokens > 2M, within 90 s, warning",
    ]


def test_every_option(scene):
    """Each in both of its spellings."""
    alert(
        scene,
        "latency_p95_s > 10s --window=90s --severity critical --for 30s --by model,user --by tag "
        '--min-calls 9 --name "slow answers"',
    )
    (rule,) = scene.alerts
    assert (rule.name, rule.window_s, rule.severity) == ("slow answers", 90, "critical")
    assert (rule.for_s, rule.by, rule.min_calls) == (30, ("model", "user", "tag"), 9)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "which condition?"),
        ("--window 5min", "which condition?"),
        ("error_rate > 10% --windw 5min", "no option --windw. Did you mean --window?"),
        ("error_rate > 10% --window", "--window needs a value"),
        ("error_rate > 10% --window --for 3s", "--window needs a value"),
        ("error_rate > 10% --min-calls few", "min_calls='few'"),
        ("eror_rate > 10%", "did you mean error_rate"),
    ],
)
def test_what_cannot_be_meant(scene, line, told):
    """It is told in one line, and no rule is made."""
    with pytest.raises(UsageError) as problem:
        alert(scene, line)
    assert told in str(problem.value)
    assert "\n" not in str(problem.value)
    assert len(scene.alerts) == 0


def test_managing(scene, capsys):
    """Off and on, mute and unmute, remove."""
    alert(scene, "active > 0 --name many")
    alerts(scene, "off")
    assert not scene.alerts.is_on
    alerts(scene, "on")
    assert scene.alerts.is_on
    alerts(scene, "mute many")
    assert "(muted 10 min 0 s)" in repr(scene.alerts)
    alerts(scene, "mute many 1h")
    assert "(muted 1 h 0 min)" in repr(scene.alerts)
    alerts(scene, "unmute many")
    assert "muted" not in repr(scene.alerts)
    alerts(scene, "remove many")
    assert len(scene.alerts) == 0
    assert len(capsys.readouterr().out.splitlines()) == 7


@pytest.mark.parametrize(
    "line", ["of", "mute", "remove", "on now", "mute many 1h more", "remvoe x"]
)
def test_what_cannot_be_managed(scene, line):
    """One line with the usage, and the nearest word."""
    with pytest.raises(UsageError, match=r"type %llmwatch alerts \[on"):
        alerts(scene, line)


IN_A_SHELL = """
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
import llmwatch

shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "llmwatch")
shell.run_line_magic("llmwatch", "alert cost_usd > $0.50 --name dear")
shell.run_line_magic("llmwatch", "alert requests > 0 --name calls --by tag")
with llmwatch.watch(tag="t1"), llmwatch.call(model="m", provider="local"):
    pass
print("STATUS")
shell.run_line_magic("llmwatch", "")
print("TABLE")
shell.run_line_magic("llmwatch", "alerts")
print("TAB")
for text in ("alert ", "alert x --severity ", "alerts "):
    with provisionalcompleter():
        found = shell.Completer.completions(f"%llmwatch {text}", 10 + len(text))
        print(*(completion.text for completion in found))
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What a shell of its own shows, by heading."""
    folder = tmp_path_factory.mktemp("ipython")
    done = subprocess.run(
        [sys.executable, "-c", IN_A_SHELL], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(folder)},
    )  # fmt: skip
    parts = re.split(r"^(STATUS|TABLE|TAB)$", done.stdout, flags=re.MULTILINE)
    assert len(parts) == 7, done.stderr
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_what_fires_stands_in_the_status(shown):
    """In one line, with its group."""
    (line,) = [line for line in shown["STATUS"].splitlines() if line.startswith("alerts ")]
    assert "calls (tag=t1): 1 call, over 0" in line


def test_the_table_is_shown(shown):
    """`%llmwatch alerts` shows the rules; a dollar sign in a condition is no variable."""
    rows = shown["TABLE"].strip().splitlines()
    assert [row.split()[0] for row in rows[1:]] == [
        "high_error_rate", "high_latency", "high_token_usage", "stuck_call", "dear", "calls",
    ]  # fmt: skip
    assert "> $0.50" in rows[5]


def test_completion(shown):
    """Figures and options come with Tab, severities behind theirs."""
    alert, severity, alerts = (set(line.split()) for line in shown["TAB"].strip().splitlines())
    assert {"error_rate", "--window", "--min-calls"} <= alert
    assert severity == {"info", "warning", "critical"}
    assert {"on", "off", "mute", "unmute", "remove"} <= alerts
