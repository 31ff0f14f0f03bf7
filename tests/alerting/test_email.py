"""Mail: a real server takes it, and no text of a model gets into its head."""

from __future__ import annotations

import socket
import traceback
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

import llmwatch
from llmwatch.alerting import Undelivered
from tests.alerting.notices import HOSTILE, alert, resolved
from tests.alerting.sinks import HANG_S
from tests.ports import deaf_port


class Box:
    """Keeps what it is given; `answers` are its replies to RCPT and DATA."""

    def __init__(self, rcpt="250 OK", data="250 OK"):
        self.mails, self.logins, self.rcpt, self.data = [], [], rcpt, data

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  # theirs
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # the same
        self.mails.append(
            (envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default))
        )
        return self.data

    def authenticate(self, server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and data.password == b"s3cret"
        self.logins.append(data.login)
        return AuthResult(success=good, handled=False)


class Post(Controller):
    """A server on a port that it holds already, which may take its time to begin."""

    def __init__(self, box, **options):
        self.listening = socket.create_server(("127.0.0.1", 0))
        port = self.listening.getsockname()[1]
        super().__init__(box, hostname="127.0.0.1", port=port, ready_timeout=HANG_S, **options)

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=self.listening)

    def _trigger_server(self):
        with socket.create_connection((self.hostname, self.port), HANG_S) as greeted:
            greeted.recv(1024)


@pytest.fixture
def serve():
    running = []

    def start(box, **options):
        controller = Post(box, **options)
        controller.start()
        running.append(controller)
        return controller.port

    yield start
    for controller in running:
        controller.stop()


def mail(port, **options):
    given = {"from_": "bot@example.com", "to": "ana@example.com", "tls": None, **options}
    return llmwatch.email("127.0.0.1", port, **given)


def test_a_mail_arrives(serve):
    """Subject, addresses and text, exactly."""
    box = Box()
    mail(serve(box), to=["ana@example.com", "bo@example.com"])(alert())
    ((recipients, message),) = box.mails
    assert recipients == ["ana@example.com", "bo@example.com"]
    assert message["Subject"] == "[llmwatch] critical: high_latency: p95 12.4 s, over 10 s"
    assert (message["From"], message["To"]) == (
        "bot@example.com",
        "ana@example.com, bo@example.com",
    )
    assert message["Date"] == "Tue, 24 Nov 2026 12:04:12 +0000"
    assert message["Message-ID"].endswith("@example.com>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().splitlines() == [
        "✕ high_latency: p95 12.4 s, over 10 s", "",
        "41 calls in 5 min, firing since 12:04:10 · gpt-5 in cell [12]", "",
        "llmwatch.session.slowest(5)",
    ]  # fmt: skip


def test_its_end_is_told(serve):
    """The subject says that it is over."""
    box = Box()
    mail(serve(box))(resolved())
    assert box.mails[0][1]["Subject"] == (
        "[llmwatch] resolved: high_latency resolved after 2 min 10 s"
    )


def test_no_text_becomes_a_header(serve):
    """A line break in a name or a message ends in one short subject, and adds nothing."""
    box = Box()
    mail(serve(box))(alert(name=HOSTILE, message="x\r\nBcc: all@example.com\n\nbody" * 50))
    ((recipients, message),) = box.mails
    assert recipients == ["ana@example.com"]
    assert "Bcc" not in message
    assert not message.get_content().startswith("body")
    assert len(message.get_content().splitlines()) == 5
    assert len(message["Subject"]) <= 150


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_the_login_is_made_and_not_shown(serve):
    """The server gets the password; repr, `vars` and a traceback do not."""
    box = Box()
    port = serve(
        box, authenticator=box.authenticate, auth_required=True, auth_require_tls=False,
        auth_exclude_mechanism=["LOGIN"],  # the sink waits a second after each wrong one
    )  # fmt: skip
    mail(port, user="bot", password="s3cret")(alert())
    assert len(box.mails) == 1
    handler = mail(port, user="bot", password="s3cretly wrong")
    with pytest.raises(Undelivered, match="answered 535") as told:
        handler(alert())
    assert not told.value.again
    trace = traceback.TracebackException.from_exception(told.value, capture_locals=True)
    shown = f"{handler!r} {vars(handler)} {told.value!r} {''.join(trace.format())}"
    assert "s3cret" not in shown
    assert repr(handler) == (
        f"email('127.0.0.1', {port}, 'bot@example.com', 'ana@example.com', user='bot', "
        "password='…', tls=None)"
    )


@pytest.mark.parametrize(
    ("box", "again"),
    [(Box(rcpt="450 busy"), True), (Box(rcpt="550 unknown"), False), (Box(data="451 later"), True),
     (Box(data="554 spam"), False)],
)  # fmt: skip
def test_only_what_may_pass_is_tried_again(serve, box, again):
    """4yz of SMTP is for now, 5yz for good."""
    port = serve(box)
    with pytest.raises(Undelivered, match=rf"127\.0\.0\.1:{port} answered \d+") as told:
        mail(port)(alert())
    assert told.value.again is again


def test_nobody_listening_may_pass():
    """A refused connection is tried again."""
    with (
        deaf_port() as port,
        pytest.raises(Undelivered, match="ConnectionRefusedError") as told,
    ):
        mail(port)(alert())
    assert told.value.again


def test_tls_is_not_left_out(serve):
    """A server without STARTTLS gets no mail in the clear where TLS was asked for."""
    box = Box()
    with pytest.raises(Undelivered, match="knows no TLS"):
        mail(serve(box), tls="starttls")(alert())
    assert box.mails == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": ""}, {"host": "a b"}, {"host": "x\ny"}, {"host": None}, {"port": 0}, {"port": 70_000},
        {"port": "587"}, {"port": True}, {"from_": "nobody"}, {"from_": "a@b.c\nBcc: d@e.f"},
        {"to": "a@b.c, d@e.f"}, {"to": []}, {"to": ["a@b.c", "d\r\n@e.f"]}, {"to": None},
        {"tls": "tls"}, {"tls": True}, {"user": "ana"}, {"password": "s3cret"},
        {"user": "ana", "password": "s3cret", "tls": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_meant_is_told_at_once(wrong):
    """One line, without the password."""
    good = {"host": "smtp.example.com", "port": 587, "from_": "a@b.c", "to": "d@e.f"}
    with pytest.raises(llmwatch.UsageError) as told:
        llmwatch.email(**{**good, **wrong})
    assert str(told.value).startswith("llmwatch.email: ")
    assert "\n" not in str(told.value)
    assert "s3cret" not in str(told.value)
