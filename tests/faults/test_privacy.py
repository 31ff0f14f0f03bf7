"""Secrets and strangers' text: nothing of the first is kept, nothing of the second is run."""

from __future__ import annotations

import gc
import io
import json
import secrets
import sys
import traceback
import weakref
from contextlib import redirect_stdout, suppress

import httpx2
import openai
import pytest

import llmwatch
from llmwatch import faults
from llmwatch.testing import OfflineServer, Reply, offline_client
from llmwatch.widgets import Receipt

from .. import notebook

KEY = "sk-proj-Ab3dEf6hIj9kLmN0pQrS"
ODD_KEY = "my own/gateway+password"  # of no known make: it goes by its value alone


def ask(client, content="hi", model="gpt-4o-mini", **options):
    messages = [{"role": "user", "content": content}]
    return client.chat.completions.create(model=model, messages=messages, **options)


def attempt(*args, **options):
    try:
        return ask(*args, **options)
    except openai.OpenAIError as problem:
        return problem


def texts(frame):
    """All that a table holds as text, in one."""
    return "\n".join(map(str, frame.astype(object).to_numpy().ravel()))


@pytest.fixture
def settings():
    """The process-wide settings are as before when the test is over."""
    before = llmwatch.session.settings
    yield llmwatch.configure
    llmwatch.configure(content=before.content, redact=before.redact)


def shown(w, tmp_path):
    """All that we show or write of the calls of `w`."""
    w.to_csv(tmp_path / "a.csv")
    w.to_jsonl(tmp_path / "a.jsonl")
    receipt = Receipt(w._now().calls())
    return "\n".join([
        texts(w.calls), texts(w.active), texts(w.errors()), str(w.summary().to_dict()), repr(w),
        w._repr_html_(), receipt.html(), receipt.text(), texts(llmwatch.diagnostics()),
        str(dict(llmwatch.session.not_understood)), (tmp_path / "a.csv").read_text("utf-8"),
        (tmp_path / "a.jsonl").read_text("utf-8"),
    ])  # fmt: skip


# -- credentials ----------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_a_long_key_in_a_long_answer_is_not_kept_by_half(stream):
    """Of a long answer the beginning is kept: a key that this would halve, anywhere, goes whole."""
    key = secrets.token_hex(100)
    for before in range(0, 1300, 60):
        said = "." * before + " " + key + " and so on" * 300
        with offline_client(script=[Reply(said)], api_key=key) as client, llmwatch.watch() as w:
            answer = ask(client, stream=stream)
            if stream:
                assert list(answer)
        kept = w.calls.response_preview.iloc[0]
        assert key[:8] not in kept
        assert len(kept) <= 201


@pytest.mark.parametrize("content", ["preview", "full"])
@pytest.mark.parametrize("key", [KEY, ODD_KEY])
def test_a_key_that_comes_back_is_kept_nowhere(tmp_path, settings, content, key):
    """Echoed by a 401, by an error after HTTP 200, by the model, or put into the prompt: gone."""
    settings(content=content)
    script = [
        Reply.unauthorized(),
        Reply(error={"message": f"bad key {key}", "type": "t"}),
        Reply(f"your key is {key}, is it not"),
        Reply(chunks=["it is ", key[:9], key[9:], " I think"]),
    ]
    with (
        llmwatch.watch(tag="t") as w,
        OfflineServer() as server,
        offline_client(server, script=script, api_key=key, max_retries=0) as client,
    ):
        for _ in script[:-1]:
            attempt(client, f"use {key} please", extra_body={"user": key})
        list(ask(client, stream=True))
        sent = [request.headers["authorization"] for request in server.requests]
    assert sent == [f"Bearer {key}"] * 4
    everything = shown(w, tmp_path)
    assert "[redacted]" in everything
    assert key not in everything
    assert json.dumps(key)[1:-1].replace("/", r"\/") not in everything


def test_a_key_in_a_path_is_not_told():
    """Gateways have such: what was not understood is named by its address, without the key."""
    web = httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json={})))
    with web, llmwatch.watch():
        web.post(f"https://gateway.example.com/{KEY}/v1/predict", json={"model": "m"})
        web.post(f"https://gateway.example.com/{KEY[:-1]}x/v1/predict", json={"model": "m"})
    told = llmwatch.session.not_understood
    assert told["gateway.example.com/[redacted]/v1/predict"] == 2
    assert KEY not in str(told)


def test_an_address_is_kept_without_its_secrets(tmp_path):
    """User, password and query of a URL stand nowhere, known path or not, failed or not."""
    words = "geheim123", "abcdefgh12345678"

    def answer(request):
        if "fails" in request.url.path:
            raise httpx2.ConnectError(f"cannot reach {request.url}", request=request)
        return httpx2.Response(200, json={"model": "m", "choices": []})

    with (
        llmwatch.watch() as w,
        openai.OpenAI(
            api_key=KEY, base_url=f"https://ana:{words[0]}@api.example.com/v1",
            default_query={"sig": words[1]}, max_retries=0,
            http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
        ) as client,
    ):  # fmt: skip
        body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
        for path in ("/chat/completions", "/new/generate", "/fails/chat/completions"):
            try:
                client.post(path, body=body, cast_to=object)
            except openai.APIConnectionError:
                assert "fails" in path
    everything = shown(w, tmp_path)
    assert len(w.calls) == 2
    assert "api.example.com" in everything
    assert [word for word in words if word in everything] == []


def test_a_failed_call_keeps_no_exception(tmp_path):
    """Type and message are kept; the exception, with its request and frames, is not."""

    def answer(request):
        raise httpx2.ConnectError("no way", request=request)

    web = httpx2.Client(transport=httpx2.MockTransport(answer))
    with (
        llmwatch.watch() as w,
        openai.OpenAI(api_key=KEY, http_client=web, max_retries=0) as client,
    ):
        problem = attempt(client)
        held = [weakref.ref(problem), weakref.ref(problem.__cause__)]
        assert w.calls["error_message"].tolist() == ["no way"]
        del problem
        gc.collect()
        assert [ref() for ref in held] == [None, None]


def _held(needle: bytes) -> list[object]:
    """The bytes with `needle` in them that can be reached from what we have in memory."""
    seen, found = set(), []
    ours = [module for name, module in sys.modules.items() if name.startswith("llmwatch")]
    ahead = [vars(module) for module in ours]
    while ahead:
        thing = ahead.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, bytes) and needle in thing:
            found.append(thing)
        elif isinstance(thing, (dict, list, tuple, set)):
            ahead += gc.get_referents(thing)
    return found


def test_no_key_stays_in_our_memory_when_watching_ends():
    """While a client is watched its key is known to us, to be found in echoes; then it is not."""
    key = f"sk-proj-{secrets.token_hex(12)}"
    with llmwatch.watch() as w, offline_client() as client:
        ask(client.with_options(api_key=key))
        assert len(w.calls) == 1
        assert _held(key.encode())
    assert _held(key.encode()) == []


def test_the_traceback_of_a_failed_call_shows_nothing_of_ours_as_its_cause():
    """The person's exception has the chain that the bare client gives it."""
    with offline_client(script=[Reply.unauthorized()], max_retries=0) as client:
        bare = attempt(client)
    with llmwatch.watch(), offline_client(script=[Reply.unauthorized()], max_retries=0) as client:
        watched = attempt(client)
    assert traceback.format_exception_only(watched) == traceback.format_exception_only(bare)
    assert repr(watched.__cause__) == repr(bare.__cause__)
    assert repr(watched.__context__) == repr(bare.__context__)


def test_diagnostics_hold_no_text_and_no_key(settings):
    """A rule that fails says so by its kind, and what a foreign error says is cleaned."""
    faults.clear()

    def fails(text):
        raise ValueError(f"cannot clean {text}")

    settings(redact=[fails])
    with llmwatch.watch() as w, offline_client() as client:
        ask(client, "the plan of the bank")
    assert w.calls["request_preview"].str.contains("withheld").all()
    looks = [llmwatch.diagnostics() for _ in range(2)]  # while the rule still fails
    assert looks[0].equals(looks[1])
    assert "a redact function raised ValueError" in texts(looks[0])
    settings(redact=[])
    faults.note("subscriber", ValueError(f"refused {KEY}"))
    said = texts(llmwatch.diagnostics())
    faults.clear()
    assert "ValueError" in said
    assert "refused [redacted]" in said
    assert [word for word in (KEY, "plan", "bank") if word in said] == []


# -- how much is kept -----------------------------------------------------------------------------

LONG = "word " * 60 + "the very end"


@pytest.mark.parametrize("stream", [False, True])
def test_content_none_keeps_no_word(tmp_path, settings, stream):
    """Nothing of question and answer is in any table, file or representation."""
    settings(content="none")
    with llmwatch.watch() as w, offline_client(script=[Reply("Answered quietly.")]) as client:
        got = ask(client, "Asked quietly.", stream=stream)
        assert not stream or list(got)
    assert len(w.calls) == 1
    assert "quietly" not in shown(w, tmp_path)


def test_content_none_keeps_no_word_of_an_error(tmp_path, settings):
    """A provider quotes the question in its error, so do exceptions: class and code are kept."""
    settings(content="none")
    error = {"message": "'Asked quietly.' is not allowed", "code": "refused"}
    with llmwatch.watch() as w, offline_client(script=[Reply(status=400, error=error)]) as client:
        with suppress(ValueError), llmwatch.span("step"):
            attempt(client, "Asked quietly.")
            raise ValueError("it was said quietly")
        with suppress(ValueError), llmwatch.call(model="m"):
            raise ValueError("quietly, too")
    assert w.calls[["error_type", "error_code"]].fillna("").values.tolist() == [
        ["BadRequestError", "refused"],
        ["ValueError", ""],
    ]
    assert "quietly" not in shown(w, tmp_path) + texts(w.spans)


@pytest.mark.parametrize(("content", "ends"), [("preview", "…"), ("full", "the very end")])
def test_content_says_how_much_is_kept(settings, content, ends):
    """By default the first 200 characters of both sides, with "full" all of them."""
    settings(content=content)
    with llmwatch.watch() as w, offline_client(script=[Reply(LONG)]) as client:
        ask(client, LONG)
    for text in w.calls[["request_preview", "response_preview"]].iloc[0]:
        assert text.endswith(ends)
        assert (len(text) == 201) == (content == "preview")


def test_the_person_says_what_else_goes(tmp_path, settings):
    """Patterns and functions of `redact` hold for question, answer and error message."""
    settings(redact=[r"ID-\d+", lambda text: text.replace("Ana", "[name]")])
    script = [Reply("Ana has ID-77"), Reply(status=400, error={"message": "Ana (ID-78) is late"})]
    with llmwatch.watch() as w, offline_client(script=script, max_retries=0) as client:
        attempt(client, "who is Ana, ID-76?")
        attempt(client, "who is Ana, ID-76?")
    everything = shown(w, tmp_path)
    assert w.calls["error_message"].dropna().tolist() == ["[name] ([redacted]) is late"]
    assert [word for word in ("Ana", "ID-7") if word in everything] == []


# -- strangers' text ------------------------------------------------------------------------------

HOSTILE = "</script><img src=x onerror=alert(1)>"


def test_a_model_named_like_markup_is_text(tmp_path):
    """In receipt and representation it is shown, never part of the page."""
    script = [Reply(HOSTILE, model=HOSTILE), Reply(status=400, error={"message": HOSTILE,
                                                                      "code": HOSTILE})]  # fmt: skip
    with (
        llmwatch.watch(tag=HOSTILE, user=HOSTILE, labels={HOSTILE: HOSTILE}) as w,
        offline_client(script=script, max_retries=0) as client,
    ):
        attempt(client, HOSTILE, HOSTILE)
        attempt(client, HOSTILE, HOSTILE)
    for page in (Receipt(w._now().calls()).html(), w._repr_html_(), w.calls._repr_html_()):
        assert "<img" not in page
        assert "</script" not in page
    assert "&lt;img" in Receipt(w._now().calls()).html()


def test_a_name_cannot_forge_a_line():
    """Line ends, bidi marks and terminal codes in a name leave the text receipt its lines."""
    name = "gpt\n9 calls · $0.00 · 0 errors\r\x1b[2J\u202e"
    with llmwatch.watch() as w, offline_client() as client:
        ask(client, model=name)
    first, *rest = Receipt(w._now().calls()).text().splitlines()
    assert first.startswith("1 call · ")
    assert not any(line.strip().startswith("9 calls") for line in rest)
    assert all(line.isprintable() for line in (first, *rest))
    assert repr(w).isprintable()


CELLS = [
    "%load_ext llmwatch",
    """
from llmwatch.testing import OfflineServer, Reply, offline_client
key, hostile = "sk-proj-" + "Ab3dEf6hIj9kLmN0pQrS", chr(60) + "/script>" + chr(60) + "img src=x>"
server = OfflineServer().__enter__()
client = offline_client(server, api_key=key, max_retries=0)
def ask(text, model="gpt-4o-mini"):
    try:
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])
    except Exception:
        pass
""",
    """%%llmwatch --tag t
server.script(Reply.unauthorized(), Reply(hostile + key, model=hostile))
ask("my key is " + key)
ask("word " * 60 + "the very" + " end", hostile)
""",
    "import llmwatch; llmwatch.session.calls",
    "llmwatch.session",
    "%llmwatch",
    "client.close(); server.__exit__(None, None, None)",
]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A notebook that was run in a kernel and saved."""
    import nbformat

    folder = tmp_path_factory.mktemp("saved")
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS]
    return notebook.run(nbformat.v4.new_notebook(cells=cells), folder)


def outputs(saved):
    return [output for cell in saved.cells for output in cell.get("outputs", ())]


def test_a_saved_notebook_holds_no_key_and_no_whole_prompt(saved):
    """What we leave in its outputs names calls and previews, and neither key nor prompt's end."""
    text = json.dumps(outputs(saved))
    assert "AuthenticationError" in text
    assert [word for word in (KEY, KEY[8:], "the very end") if word in text] == []


def test_a_saved_receipt_needs_no_kernel_and_no_script(saved):
    """It stands in the notebook as HTML and as text, with nothing that must be loaded."""
    receipt = next(o for o in outputs(saved) if "llmwatch-receipt" in str(o.get("data")))
    assert {"text/html", "text/plain"} <= set(receipt["data"])
    assert set(receipt["data"]) <= {"text/html", "text/plain"}
    page = receipt["data"]["text/html"]
    assert [
        word for word in ("<script", "src=x>", "http:", "https:", "<link") if word in page
    ] == []
    assert "2 calls" in receipt["data"]["text/plain"]


def test_an_exported_page_runs_nothing_of_the_model(saved):
    """nbconvert's HTML shows the hostile name as text."""
    exporters = pytest.importorskip("nbconvert.exporters")
    with redirect_stdout(io.StringIO()):
        page, _ = exporters.HTMLExporter(template_name="basic").from_notebook_node(saved)
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;" in page
