"""What a person sees of %llmwatch and its sub-commands, in a real kernel."""

from __future__ import annotations

import pytest

from llmwatch.magic._commands import CHOICES

from .plain import last


def test_off_and_on(loaded):
    """Off, only the line and `watch` record; on, every call again."""
    assert "%%llmwatch and llmwatch.watch" in loaded.run("%llmwatch off").stdout
    before = int(loaded.ask("len(llmwatch.session)"))
    loaded.run("ask()")
    assert loaded.run("%%llmwatch\nask()").receipt.startswith("1 call · ")
    assert " off: records only under " in loaded.run("%llmwatch").shown[0]["text/plain"]
    assert loaded.run("%llmwatch on").status == "ok"
    loaded.run("ask()")
    assert int(loaded.ask("len(llmwatch.session)")) == before + 2


def test_status(loaded):
    """It says whether it records, where, what so far and the settings, as text and HTML."""
    (shown,) = loaded.run("ask(), ask()\n%llmwatch").shown
    first, so_far, *_, settings = (line.split() for line in shown["text/plain"].splitlines())
    assert first[1:8] == ["records", "every", "LLM", "call,", "on", "httpx2;", "%llmwatch"]
    assert (so_far[:2], so_far[3]) == (["so", "far"], "calls")
    assert settings[:2] == ["settings", "content=preview,"]
    assert "records every LLM call" in shown["text/html"]
    assert "<script" not in shown["text/html"]


def test_status_names_what_was_not_understood(loaded):
    """A request that looks like an LLM call and is not known is named by host and path."""
    loaded.run(
        "import httpx2\nwith httpx2.Client(transport=httpx2.MockTransport("
        "lambda r: httpx2.Response(200, json={}))) as web:\n"
        "    web.post('https://api.openai.com/v1/odd', json={'model': 'm', 'messages': M})"
    )
    (shown,) = loaded.run("%llmwatch").shown
    assert "api.openai.com/v1/odd ×1" in shown["text/plain"]


def test_status_tells_problems_without_what_is_private(loaded):
    """What a listener of the person's raised is cleaned; a rule that fails is named all the same."""
    loaded.run(
        "from llmwatch import faults\n"
        "def hear(spans):\n    raise ValueError('no: sk-proj-Ab3dEf6hIj9kLmN0pQrS')\n"
        "end = llmwatch.session.subscribe_spans(hear)\n"
        "with llmwatch.span('s'): pass\n"
        "len(llmwatch.session)\n"
        "end()"
    )
    (shown,) = loaded.run("%llmwatch").shown
    assert "ValueError: no: [redacted] ×1" in shown["text/plain"]
    loaded.run("llmwatch.configure(redact=[lambda text: 1 / 0])\nask()\nlen(llmwatch.session)")
    (shown,) = loaded.run("%llmwatch").shown
    assert "redact: RuntimeError: a redact function raised ZeroDivisionError" in shown["text/plain"]
    loaded.run("llmwatch.configure(redact=[])\nfaults.clear()")


def test_receipts(loaded):
    """`on` shows them below every cell with calls, `off` nowhere, `tagged` under the line."""
    try:
        loaded.run("%llmwatch receipts on")
        assert loaded.run("ask()\n1").receipt.startswith("1 call · ")
        assert loaded.run("2").shown == []
        loaded.run("%llmwatch receipts off")
        assert loaded.run("%%llmwatch\nask()").shown == []
    finally:
        assert loaded.run("%llmwatch receipts tagged").stdout == (
            "receipts: below cells under %%llmwatch\n"
        )
    assert loaded.run("ask()").shown == []


def test_export(loaded):
    """It says how many rows went where; a file that is there is replaced when told to."""
    n = int(loaded.ask("len(llmwatch.session)"))
    assert loaded.run("%llmwatch export calls.csv").stdout == f"{n:,} rows in calls.csv\n"
    assert loaded.run("import pandas as pd; len(pd.read_csv('calls.csv'))").value == str(n)
    again = loaded.run("%llmwatch export calls.csv").error["traceback"]
    assert again == [
        "ExportError: calls.csv exists: give --overwrite to replace it, or another name."
    ]
    assert loaded.run("%llmwatch export calls.csv --overwrite").status == "ok"
    assert loaded.run("%llmwatch export calls.jsonl").stdout == f"{n:,} rows in calls.jsonl\n"
    assert loaded.run("%llmwatch export --what summary s.csv").stdout == "1 row in s.csv\n"
    assert loaded.run("int(pd.read_csv('s.csv').requests[0])").value == str(n)
    by = loaded.run("%llmwatch export --what summary --by model,status by.csv")
    assert by.stdout.endswith(" in by.csv\n")
    total = "(lambda t: (list(t)[:3], int(t.requests.sum())))"
    assert loaded.ask(f"{total}(pd.read_csv('by.csv'))") == str(
        (["model", "status", "requests"], n)
    )
    assert loaded.run("%llmwatch export --what timeline --freq=1D t.csv").status == "ok"
    assert loaded.ask("int(pd.read_csv('t.csv').requests.sum())") == str(n)
    assert loaded.run("name = 'of mine.csv'").status == "ok"
    assert loaded.run('%llmwatch export "$name"').stdout == f"{n:,} rows in of mine.csv\n"
    loaded.run("with llmwatch.watch(labels={'tokens': 'few'}): ask()")  # a label like a figure
    assert loaded.run("%llmwatch export --what summary --by tokens l.csv").status == "ok"
    assert loaded.ask("list(pd.read_csv('l.csv'))[0]") == "'by tokens'"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("exprot a.csv", "UsageError: %llmwatch exprot? Did you mean export? There are on, off, "),
        ("export", "UsageError: which file? %llmwatch export PATH"),
        ("export a.csv b.csv", "UsageError: one file only"),
        ("export a.csv --overwrit", "UsageError: no option --overwrit. Did you mean --overwrite?"),
        ("export a.csv --what call", "UsageError: --what call? Did you mean calls?"),
        ("export a.csv --by model", "UsageError: --by goes with --what summary or timeline."),
        ("export a.csv --freq 1min", "UsageError: --freq goes with --what timeline."),
        ("export a.csv --what summary --by modle", "UsageError: by='modle' is no group. Did you"),
        ("export nowhere/calls.csv", "ExportError: there is no folder nowhere: make it, or "),
        ("export calls.exe", "UsageError: 'calls.exe' names no format: end it in one of .csv"),
        ("export .", "ExportError: "),
        ("receipts sometimes", "UsageError: type %llmwatch receipts all | tagged | off | on."),
        ("autoload", "UsageError: type %llmwatch autoload on | off."),
        ("on now", "UsageError: %llmwatch on takes nothing more, not 'now'."),
        ("'on", 'UsageError: "\'on" cannot be read'),
    ],
)  # fmt: skip
def test_a_wrong_command(loaded, line, words):
    """One line says what is meant, never a traceback, and nothing is lost."""
    before = loaded.ask("len(llmwatch.session)")
    run = loaded.run(f"%llmwatch {line}")
    (shown,) = run.error["traceback"]
    if not words.endswith(": "):
        assert shown.startswith(words)
    assert "\n" not in shown
    assert loaded.ask("len(llmwatch.session)") == before


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--tag x", "UsageError: --tag goes on the first line of a cell, behind two percent "),
        ("status", "UsageError: %llmwatch status? There are on, off, dashboard, "),
        ("export a.csv --what", "UsageError: --what needs a value. %llmwatch export PATH "),
        ("export a.csv --what=", "UsageError: --what needs a value. %llmwatch export PATH "),
        ("export a.csv --by --overwrite", "UsageError: --by needs a value. %llmwatch export "),
        ("export .", "UsageError: '.' names no format: end it in one of .csv"),
        ("export /", "UsageError: '/' names no format: end it in one of .csv"),
    ],
)
def test_what_is_nearly_a_command(loaded, line, words):
    """What is missing is named, never an empty word."""
    (shown,) = loaded.run(f"%llmwatch {line}").error["traceback"]
    assert shown.startswith(words)
    assert "\n" not in shown


@pytest.mark.parametrize("jedi", [True, False])
def test_settings_are_completed(loaded, jedi):
    """Tab offers the names of the settings inside `configure(`, and public names behind the dot."""
    loaded.run(f"%config IPCompleter.use_jedi = {jedi}", store_history=False)
    for begun, whole in (("con", "content="), ("rec", "receipts="), ("max", "max_calls=")):
        assert whole in loaded.complete(f"llmwatch.configure({begun}")
    offered = {name.rpartition(".")[2] for name in loaded.complete("llmwatch.")}
    assert {"configure", "session", "watch"} <= offered
    assert offered & {"Any", "annotations", "face", "magic", "recorder", "late"} == set()


def test_help(loaded):
    """`help`, `?` and `%%llmwatch?` explain every option and sub-command."""
    told = loaded.run("%llmwatch help").stdout
    for word in ("on | off", "export", "receipts", "autoload", "--tag", "--budget", "--quiet"):
        assert word in told
    page = loaded.run("%%llmwatch?").reply["content"]["payload"][0]["data"]["text/plain"]
    assert "--budget USD" in page
    assert "does not\nrun at all" in page.replace("\r", "")
    assert (
        "export PATH"
        in (loaded.run("%llmwatch?").reply["content"]["payload"][0]["data"]["text/plain"])
    )


@pytest.mark.parametrize("jedi", [True, False])
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("%llmwatch ", list(CHOICES)),
        ("%llmwatch alerts un", ["unmute"]),
        ("%llmwatch alert x --sev", ["--severity"]),
        ("%llmwatch ex", ["export"]),
        ("x = 1\n%llmwatch o", ["on", "off"]),
        ("%llmwatch receipts t", ["tagged"]),
        ("%llmwatch autoload ", ["on", "off"]),
        ("%llmwatch export --", ["--what", "--by", "--freq", "--overwrite"]),
        ("%llmwatch export --what s", ["summary"]),
        ("%llmwatch export --what summary --by mo", ["model"]),
        ("%llmwatch alert x --by fe", ["feature"]),
        ("%llmwatch alert x --severity cr", ["critical"]),
        ("%%llmwatch --t", ["--tag"]),
        ("%%llmwatch ", ["--tag", "--user", "--feature", "--budget", "--label", "--quiet"]),
        ("%%llmwatch --tag x --b", ["--budget"]),
        (
            "%%llmwatch --tag x --",
            ["--tag", "--user", "--feature", "--budget", "--label", "--quiet"],
        ),
        ("%%llmw", ["%%llmwatch"]),
    ],
)
def test_completion(loaded, jedi, typed, offered):
    """Tab offers what can come next, and nothing else."""
    loaded.run(f"%config IPCompleter.use_jedi = {jedi}", store_history=False)
    assert list(dict.fromkeys(loaded.complete(typed))) == offered  # IPython 7 says some twice


@pytest.mark.parametrize("typed", ["export --freq --", "export x.csv --by --", "alert x --window "])
def test_no_option_is_offered_where_one_waits_for_its_value(loaded, typed):
    """What is offered and taken must not be an error."""
    assert not any(word.startswith("--") for word in loaded.complete(f"%llmwatch {typed}"))


def test_files_are_completed(loaded):
    """Behind `export` the files of the folder are offered."""
    loaded.run("open('kept.csv', 'w').close()")
    assert "kept.csv" in loaded.complete("%llmwatch export kep")


def test_config(loaded):
    """`%config` reads and sets the settings of the session; a wrong value is one line."""
    assert loaded.run("%config LLMWatch.content").value == "'preview'"
    assert loaded.run('%config LLMWatch.content = "none"').stderr == ""
    loaded.run("ask()")
    assert last(loaded, "request_preview") == "[None]"
    assert loaded.run("llmwatch.configure(content='full')\n%config LLMWatch.content").value == (
        "'full'"
    )
    wrong = loaded.run('%config LLMWatch.content = "some"')
    assert wrong.stderr.count("\n") == 1
    assert 'content=\'some\' is not one of "preview", "none", "full".' in wrong.stderr
    assert loaded.run('%config LLMWatch.content = "preview"').status == "ok"
    assert "LLMWatch" in loaded.run("%config").stdout
