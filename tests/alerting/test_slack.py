"""Slack: the exact payload, and that no text of a model can format, link or call."""

from __future__ import annotations

import json

import llmwatch
from tests.alerting.notices import HOSTILE, alert, resolved
from tests.alerting.sinks import http_sink


def posted(notice):
    with http_sink() as sink:
        llmwatch.slack(sink.url)(notice)
    return json.loads(sink.posted[0].body)


def test_the_payload_of_a_notice():
    """Heading, detail and the next thing to type as code; the colour is the severity's."""
    assert posted(alert()) == {
        "text": "✕ high_latency: p95 12.4 s, over 10 s",
        "attachments": [
            {
                "color": "#c62828",
                "fallback": "✕ high_latency: p95 12.4 s, over 10 s",
                "text": "41 calls in 5 min, firing since 12:04:10 · gpt-5 in cell [12]\n"
                "`llmwatch.session.slowest(5)`",
                "mrkdwn_in": ["text"],
                "ts": 1795521852,
                "footer": "llmwatch · critical",
            }
        ],
    }


def test_the_payload_of_its_end():
    """Green, with how long it took, and no code where there is none."""
    payload = posted(resolved())
    assert payload["text"] == "✓ high_latency resolved after 2 min 10 s"
    (attachment,) = payload["attachments"]
    assert attachment["color"] == "#2e7d32"
    assert "`" not in attachment["text"]


def test_text_of_others_is_text():
    """Markup, links and calls to everybody stay what was written, in every field."""
    payload = posted(
        alert(message=HOSTILE, detail=HOSTILE, hint=HOSTILE, labels={"model": HOSTILE})
    )
    (attachment,) = payload["attachments"]
    for text in (payload["text"], attachment["fallback"], attachment["text"]):
        assert "<" not in text
        assert ">" not in text
        assert "&lt;!channel&gt;" in text.replace("\u2060", "")
        assert "://" not in text.partition("\n")[0]
        assert "&amp;" in text
        assert "@here" not in text
        assert not set("*~") & set(text)
        assert " _it_ " not in text.partition("\n")[0]
    detail, hint = attachment["text"].split("\n")
    assert "`" not in payload["text"] + detail
    assert hint.count("`") == 2


def test_an_address_in_a_text_is_no_link():
    """Neither a bare one, nor one in Markdown, which Mattermost and Discord read."""
    text = "see https://evil.example, www.evil.example or [x](mailto:a@b.cd)"
    payload = posted(alert(message=text, detail=text))
    for shown in (payload["text"], payload["attachments"][0]["text"].partition("\n")[0]):
        assert not [held for held in ("://", "www.", "evil.example", "](", "a@b") if held in shown]
        assert text in shown.replace("\u2060", "")


def test_a_long_text_is_cut():
    """What is posted is bounded, whatever a model writes."""
    payload = posted(alert(message="x" * 9_000, detail="y" * 9_000, hint="z" * 9_000))
    assert len(payload["text"]) <= 210
    assert len(payload["attachments"][0]["text"]) <= 910
    assert payload["text"].endswith("…")
