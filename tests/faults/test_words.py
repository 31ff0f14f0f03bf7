"""A credential in a name or an id is as little kept as one in a message (P107)."""

from __future__ import annotations

import openai
import pytest

import llmwatch
from llmwatch.testing import OfflineServer, Reply, offline_client

KEY = "offline-key-0123456789abcdef"


def texts(calls):
    """Everything textual in the rows, as one string."""
    return calls.to_csv()


def test_a_key_in_a_short_text_is_not_kept():
    """A key typed as the model, and echoed as an error's code, stands in no column."""
    said = {"message": f"no such model {KEY}", "code": f"unknown {KEY}", "type": KEY}
    with OfflineServer() as server, llmwatch.watch() as w:
        client = offline_client(server, api_key=KEY, max_retries=0)
        server.script(Reply(status=400, error=said))
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(model=KEY, messages=[{"role": "user", "content": KEY}])
    assert KEY not in texts(w.calls)
    assert w.calls.error_code.tolist() == ["unknown [redacted]"]
    assert w.calls.error_type.tolist() == ["BadRequestError"]


def test_ordinary_names_and_ids_stay_as_they_are():
    """Nothing is taken out of a row without a credential in it."""
    with llmwatch.watch() as w:
        answer = offline_client().chat.completions.create(
            model="gpt-5-mini", messages=[{"role": "user", "content": "hello"}]
        )
    row = w.calls.iloc[0]
    assert (row.response_id, row.request_model) == (answer.id, "gpt-5-mini")
