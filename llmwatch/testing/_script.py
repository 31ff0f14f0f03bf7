"""Who answers: the scripted replies in order, then the default one; and what was asked."""

from __future__ import annotations

import math
import random
import threading
from collections import deque
from dataclasses import replace

from ..exceptions import UsageError
from ._answers import Answer, make_answer
from ._received import Received
from ._reply import Reply, is_time

__all__ = ["Script"]


class Script:
    """The answers to come, shared by all who ask; each request takes one.

    Parameters
    ----------
    latency, chunk_latency : float
        Seconds before the first byte of every answer, and before each further chunk.
    jitter : float
        Spread of the latency: it is multiplied by ``exp(jitter * z)``, z normal, so the median
        stays and single calls are slow, as with real servers. 0.3 is plausible.
    seed : int
        The same seed gives the same latencies in the same order of requests.
    """

    def __init__(
        self,
        latency: float = 0.0,
        *,
        chunk_latency: float = 0.0,
        jitter: float = 0.0,
        seed: int = 0,
    ) -> None:
        for name, value in (("latency", latency), ("chunk_latency", chunk_latency)):
            if not is_time(value):
                raise UsageError(f"{name}={value!r} cannot be waited for: give e.g. {name}=0.1")
        self._latency, self._chunk_latency, self._jitter = latency, chunk_latency, jitter
        self._random = random.Random(seed)
        self._replies: deque[Reply] = deque()
        self._requests: list[Received] = []
        self._lock = threading.Condition()

    def add(self, *replies: Reply) -> None:
        """Answer the next requests with these, in this order."""
        for reply in replies:
            if not isinstance(reply, Reply):
                raise UsageError(f"a script is made of Reply(...), not of {reply!r}")
        with self._lock:
            self._replies.extend(replies)

    @property
    def requests(self) -> list[Received]:
        """What was asked so far, in order of arrival."""
        with self._lock:
            return list(self._requests)

    def wait_for_requests(self, count: int, timeout: float) -> bool:
        """Wait until `count` requests have arrived; False when `timeout` seconds were not enough."""
        with self._lock:
            return self._lock.wait_for(lambda: len(self._requests) >= count, timeout)

    def answer(self, request: Received) -> Answer:
        """The answer to `request`, which is noted."""
        with self._lock:
            self._requests.append(request)
            self._lock.notify_all()
            number = len(self._requests)
            reply = self._replies.popleft() if self._replies else Reply()
            slower = math.exp(self._jitter * self._random.gauss(0.0, 1.0))
        reply = replace(
            reply,
            latency=reply.latency + self._latency * slower,
            chunk_latency=reply.chunk_latency + self._chunk_latency * slower,
        )
        return make_answer(request, reply, number)
