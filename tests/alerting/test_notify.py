"""Apprise: what it is given, what its answer means, and that it says nothing to anybody."""

from __future__ import annotations

import json
import logging
import pickle
import subprocess
import sys
import threading

import pytest

import llmwatch
from llmwatch.alerting import Undelivered, _notify
from tests.alerting.notices import alert, resolved
from tests.alerting.sinks import HANG_S, http_sink
from tests.notebook import ROOT
from tests.ports import deaf_port

# Apprise imports it on Python 3.11 and 3.12, where it is there still.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def at(sink):
    """Apprise's own form of the sink's address."""
    return sink.url.replace("http://", "json://").partition("?")[0]


def test_a_notice_goes_through_apprise():
    """Title, text and kind arrive at the service."""
    with http_sink() as sink:
        llmwatch.notify(at(sink))(alert())
        llmwatch.notify(at(sink))(resolved())
    first, second = (json.loads(posted.body) for posted in sink.posted)
    assert first["title"] == "high_latency: p95 12.4 s, over 10 s"
    assert "41 calls in 5 min" in first["message"]
    assert "llmwatch.session.slowest(5)" in first["message"]
    assert (first["type"], second["type"]) == ("failure", "success")
    assert second["title"] == "high_latency resolved after 2 min 10 s"


@pytest.mark.parametrize(
    ("status", "again"), [(404, False), (408, False), (429, False), (503, True)]
)
def test_a_failure_is_judged_by_the_status(status, again, capfd):
    """4xx is for good, 5xx may pass; nothing is printed or logged."""
    with http_sink(status) as sink:
        with pytest.raises(Undelivered, match=rf"^json:// answered {status}$") as told:
            llmwatch.notify(at(sink))(alert())
        assert told.value.again is again
        assert len(sink.posted) == 1
    assert capfd.readouterr() == ("", "")


def test_a_redirect_is_not_followed():
    """The place it points to is never asked."""
    with http_sink() as other, http_sink(302, headers={"Location": other.url}) as sink:
        handler = llmwatch.notify(at(sink))
        with pytest.raises(Undelivered):
            handler(alert())
    assert other.posted == []


def test_nobody_listening_may_pass():
    """A refused connection is tried again."""
    with deaf_port() as port, pytest.raises(Undelivered, match="could not be reached") as told:
        llmwatch.notify(f"json://127.0.0.1:{port}/hook")(alert())
    assert told.value.again


def test_a_server_that_drips_is_left(monkeypatch):
    """A byte now and then does not keep us; while that hangs no other try begins; then one does."""
    with http_sink() as sink:
        handler = llmwatch.notify(at(sink))
        sink.gate.clear()
        sink.drip = True
        monkeypatch.setattr(_notify, "TIMEOUT_S", 0.6)
        done = threading.Event()

        def fail_twice():
            with pytest.raises(Undelivered, match=r"^json://: no answer within 0\.6 s$") as late:
                handler(alert())
            with pytest.raises(Undelivered, match="busy with an earlier notice") as busy:
                handler(alert())
            if late.value.again and busy.value.again:
                done.set()

        threading.Thread(target=fail_twice, daemon=True).start()
        assert done.wait(HANG_S)
        assert not sink.gate.is_set()  # it drips on
        assert sink.wait_for(1)
        monkeypatch.setattr(_notify, "TIMEOUT_S", HANG_S)
        sink.drip = False
        sink.gate.set()
        hanging = handler._thread
        assert hanging is not None
        hanging.join(HANG_S)
        handler(alert())
        assert len(sink.posted) == 2


def test_a_server_that_drips_keeps_no_process_from_its_end():
    """Neither the thread that is left behind nor one of Apprise's is waited for."""
    script = """
import sys
import llmwatch
from llmwatch.alerting import Undelivered
from tests.alerting.notices import alert

try:
    llmwatch.notify(sys.argv[1])(alert())
except Undelivered as problem:
    print(problem)
"""
    with http_sink() as sink:
        sink.gate.clear()
        sink.drip = True
        done = subprocess.run([sys.executable, "-c", script, at(sink)], cwd=ROOT, text=True,
                              capture_output=True, timeout=HANG_S)  # fmt: skip
        assert sink.wait_for(1)
    assert (done.returncode, done.stdout) == (0, "json://: no answer within 3 s\n")


def test_the_last_notice_goes_out_without_a_thread(monkeypatch):
    """When the process ends none is to be had (Python 3.12): the notice goes nevertheless."""
    with http_sink() as sink:
        handler = llmwatch.notify(at(sink))
        started = threading.Thread.start

        def refuse(thread):
            if thread.name == "llmwatch-notify":
                raise RuntimeError("can't create new thread at interpreter shutdown")
            started(thread)

        monkeypatch.setattr(threading.Thread, "start", refuse)
        handler(alert())
        assert len(sink.posted) == 1


def test_the_same_address_is_the_same_handler():
    """A cell that runs again does not tell everything twice."""
    one, again, other = (llmwatch.notify(f"json://localhost/{path}") for path in ("a", "a", "b"))
    assert one == again != other
    assert len({one, again, other}) == 2


def test_the_log_of_others_goes_on(caplog):
    """Only what Apprise says on behalf of a notice of ours is kept back."""
    with http_sink(500) as sink, caplog.at_level(logging.WARNING):
        with pytest.raises(Undelivered):
            llmwatch.notify(at(sink))(alert())
        logging.getLogger("apprise").warning("mine")
    assert caplog.messages == ["mine"]


def test_no_text_formats_links_or_mentions():
    """For services that read Markdown, as Discord; and it is read as before."""
    text = "[click](https://evil.example) <@&123> @bob <b> || www.evil.example a < 5"
    with http_sink() as sink:
        llmwatch.notify(at(sink))(alert(message=f"**bold** {text}", detail=f"_it_ ~x~ `c` {text}"))
    told = json.loads(sink.posted[0].body)
    for shown in (told["title"], told["message"]):
        held = ("](", "://", "<@", "@&", "@bob", "<b", "||", "www.", "evil.e", "*", "~", "`", "_i")
        assert not [sign for sign in held if sign in shown]
        assert text in shown.replace("\u2060", "")


@pytest.mark.parametrize("scheme", ["json", "xml", "form", "apprise", "JSON", "gotify"])
def test_plain_http_is_for_this_machine(scheme):
    """To another host a notice goes over TLS; the line says how, and not to whom."""
    with pytest.raises(llmwatch.UsageError, match=rf"everybody.*: {scheme.lower()}s://…$") as told:
        llmwatch.notify(f"{scheme}://u:s3cret@example.com/t0ken")
    assert not [word for word in ("s3cret", "t0ken", "example") if word in str(told.value)]
    for url in (f"{scheme}s://example.com/t0ken", f"{scheme}://[::1]:8/t0ken"):
        assert llmwatch.notify(url)


def test_what_has_no_tls_is_for_this_machine():
    """Neither a protocol that knows none, nor a chat's server by its plain one; a cloud has it."""
    with pytest.raises(llmwatch.UsageError, match=r"everybody on the way: it has no TLS\.$"):
        llmwatch.notify("rsyslog://example.com")
    with pytest.raises(llmwatch.UsageError, match=r"everybody on the way: matrixs://…$"):
        llmwatch.notify("matrix://u:s3cret@example.com/#room")
    for url in ("rsyslog://localhost", "ntfy://a-topic-of-the-cloud", "mailto://u:p@gmail.com"):
        assert llmwatch.notify(url)


def test_it_is_not_pickled():
    """The address would go along, with its password."""
    handler = llmwatch.notify("jsons://user:s3cret@example.com/t0ken")
    with pytest.raises(TypeError, match="a secret is not copied"):
        pickle.dumps(handler)


def test_the_path_is_in_no_log(caplog):
    """Nor in what the library logs that posts for Apprise; its log for others goes on."""
    with http_sink() as sink:
        handler = llmwatch.notify(f"{at(sink)}/s3cret")
        with caplog.at_level(logging.DEBUG):
            handler(alert())
            logging.getLogger("urllib3.connectionpool").debug("mine")
    assert "s3cret" in sink.posted[0].path
    assert caplog.messages == ["mine"]


@pytest.mark.parametrize("url", ["", "nonsense", "nosuch://s3cret", None, 3])
def test_an_address_that_apprise_cannot_read_is_told_at_once(url, capfd):
    """One line, without the secret, and nothing of Apprise's beside it."""
    with pytest.raises(llmwatch.UsageError) as told:
        llmwatch.notify(url)
    assert str(told.value).startswith("llmwatch.notify: Apprise cannot read this address")
    assert "s3cret" not in str(told.value)
    assert capfd.readouterr() == ("", "")


def test_only_the_scheme_shows():
    """Not the host, which is a token with many services."""
    handler = llmwatch.notify("jsons://s3cret.example.com/t0ken")
    assert repr(handler) == "notify('jsons://…')"
    assert "s3cret" not in repr(vars(handler))
    assert "t0ken" not in repr(vars(handler))


def test_without_apprise_one_line_says_what_to_install():
    """A missing extra is no traceback from inside."""
    script = (
        "import sys; sys.modules['apprise'] = None\n"
        "import llmwatch\n"
        "try: llmwatch.notify('json://x')\n"
        "except llmwatch.UsageError as problem: print(problem)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True,
                          timeout=60)  # fmt: skip
    assert done.stdout.strip() == 'notify needs apprise: pip install "jupyter-llmwatch[notify]"'
