"""`run`: async code from sync code, also inside a running loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

from .exceptions import UsageError

__all__ = ["run"]

T = TypeVar("T")


def run(awaitable: Awaitable[T]) -> T:
    """Run `awaitable` to its end and return its value, wherever you are.

    In a notebook the event loop already runs, so `asyncio.run` refuses. This nests: the loop that
    runs goes on, and the same clients can be used with `await` and with `run`. The first use
    inside a running loop applies nest-asyncio2 to that loop; nothing else of llmwatch does.

    Parameters
    ----------
    awaitable : coroutine or other awaitable
        What to run.

    Returns
    -------
    object
        What it returns; what it raises goes through. An interrupt ends it.

    Raises
    ------
    UsageError
        When `awaitable` is none, or the running loop cannot nest (uvloop).

    Examples
    --------
    >>> import asyncio, llmwatch
    >>> llmwatch.run(asyncio.sleep(0, result="done"))
    'done'
    """
    if not isinstance(awaitable, Awaitable):
        kind = type(awaitable).__name__
        raise UsageError(f"run() takes a coroutine, not {kind}: call the async function first.")
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_whole(awaitable))
    _let_nest(loop)
    future = asyncio.ensure_future(awaitable, loop=loop)
    try:
        return loop.run_until_complete(future)
    except BaseException:
        _stop(future, loop)
        raise


def _stop(future: asyncio.Future[T], loop: asyncio.AbstractEventLoop) -> None:
    """End what was interrupted, as `asyncio.run` does: it would go on, and call models, unseen."""
    if not future.done():
        future.cancel()
        with suppress(Exception, asyncio.CancelledError):
            loop.run_until_complete(future)
    elif not future.cancelled():
        future.exception()  # it reaches the person by itself: asyncio need not log it, too


async def _whole(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _let_nest(loop: asyncio.AbstractEventLoop) -> None:
    import nest_asyncio2

    try:
        nest_asyncio2.apply(loop)
    except ValueError:
        name = f"{type(loop).__module__}.{type(loop).__name__}"
        raise UsageError(f"run() cannot nest inside {name}: use `await` here instead.") from None
