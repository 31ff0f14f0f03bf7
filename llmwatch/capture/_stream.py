"""The body of a streamed answer: passed on as it comes, with a time stamp beside each piece."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from time import perf_counter_ns
from typing import Any

from ._invocation import Invocation

__all__ = ["tapped_streams"]

_CHAIN = 8  # exceptions looked at: a chain may be a circle
End = Callable[[Invocation, str], None]


class _Tap:
    """What both kinds share: it ends the call once, and is otherwise the stream it stands for."""

    def __init__(self, stream: Any, invocation: Invocation, end: End) -> None:
        self._stream = stream
        self._invocation = invocation
        self._end = end
        self._begun = False

    def __getattr__(self, name: str) -> Any:
        # httpx2 reads `.elapsed` here, anthropic `.stream_observer`, the next one something else.
        return getattr(self.__dict__["_stream"], name)


class _SyncTap(_Tap):
    def __iter__(self) -> Iterator[bytes]:
        invocation, now, again = self._invocation, perf_counter_ns, _again(self)
        keep = invocation.chunks.append
        try:
            for data in self._stream:
                keep((now(), data))
                yield data
        except GeneratorExit:
            raise
        except BaseException as problem:
            _broke(self, problem, again)
            raise
        self._end(invocation, "exhausted")

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._end(self._invocation, _why())


class _AsyncTap(_Tap):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        invocation, now, again = self._invocation, perf_counter_ns, _again(self)
        keep = invocation.chunks.append
        pieces = self._stream.__aiter__()
        try:
            async for data in pieces:
                keep((now(), data))
                yield data
        except GeneratorExit:
            raise
        except BaseException as problem:
            _broke(self, problem, again)
            raise
        finally:
            # httpx2 closes the generator it iterates; the one underneath is ours to close.
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()
        self._end(invocation, "exhausted")

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._end(self._invocation, _why())


def _why() -> str:
    """Why a stream is being closed: `cancelled` while an interrupt or a cancellation unwinds."""
    problem = sys.exception()
    for _ in range(_CHAIN):
        if problem is None:
            break
        if not isinstance(problem, (Exception, GeneratorExit)):
            return "cancelled"
        problem = problem.__context__
    return "closed"


def _again(tap: _Tap) -> bool:
    """Whether it was read from before.

    openai 3 goes over what is left a second time. What that raises, since many streams can be read
    but once, the SDK keeps to itself: it is not how the call ended.
    """
    begun, tap._begun = tap._begun, True
    return begun


def _broke(tap: _Tap, problem: BaseException, again: bool) -> None:
    if again:
        return
    tap._invocation.broke(problem)
    tap._end(tap._invocation, "failed" if isinstance(problem, Exception) else "cancelled")


def tapped_streams(library: Any) -> tuple[type[Any], type[Any]]:
    """The two taps as byte streams of `library` (httpx or httpx2), which checks their type."""
    sync = type("TappedSyncByteStream", (_SyncTap, library.SyncByteStream), {})
    asynchronous = type("TappedAsyncByteStream", (_AsyncTap, library.AsyncByteStream), {})
    return sync, asynchronous
