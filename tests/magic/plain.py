"""What the cells here ask with, and what is read of the calls they made."""

from __future__ import annotations

# The end of a cell waits for what is being recorded and shown longer than a person is made to: what
# is looked at is that it comes before the end, and machines of tests starve.
PATIENCE = """
import llmwatch.magic._alerts, llmwatch.recorder._session
llmwatch.magic._alerts._WAIT_S = llmwatch.recorder._session._WAIT_S = 60.0
"""
SETUP = (
    PATIENCE
    + """
import asyncio, gc, sys, time
import llmwatch
from llmwatch.testing import OfflineServer, Reply, offline_async_client, offline_client
client, aclient = offline_client(max_retries=0), offline_async_client(max_retries=0)
M = [{"role": "user", "content": "hi"}]
def ask(model="gpt-5-mini", client=client):
    return client.chat.completions.create(model=model, messages=M)
async def aask(model="gpt-5-mini"):
    return await aclient.chat.completions.create(model=model, messages=M)
def rows(*names):
    return llmwatch.session.calls[list(names)].astype(object).where(lambda f: f.notna(), None).values.tolist()
"""
)
LOADED = "llmwatch records every LLM call from here on; %llmwatch off stops it\n"


def last(k, *names):
    """These columns of the call made last."""
    return k.ask(f"rows({', '.join(map(repr, names))})[-1]")


def count(run):
    """The number of the cell."""
    return run.reply["content"]["execution_count"]
