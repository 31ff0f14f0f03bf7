"""What to do about what is missing or went wrong, at most four hints, the costliest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..records import Call
from ..words import plural, price_hint

__all__ = ["Hint", "advice", "is_cut", "lacks_price", "unpriced_models"]

_AT_MOST = 4
_CUT = ("length", "max_tokens", "max_output_tokens")
# Their own streams always report tokens, and refuse the option that OpenAI's streams need.
_ALWAYS_REPORT = ("anthropic", "cohere")


class Hint(NamedTuple):
    """One hint: words, then what to type (which may be empty)."""

    words: str
    code: str = ""


def advice(calls: Sequence[Call]) -> list[Hint]:
    """The hints for `calls`, at most four of them."""
    failed = [call for call in calls if call.status == "error"]
    hints = [*_failures(failed), *_cut(calls), *_silent_streams(calls), *_prices(calls)]
    return hints[:_AT_MOST]


def _failures(failed: Sequence[Call]) -> Iterator[Hint]:
    for is_it, words, code in _CAUSES:
        count = sum(map(is_it, failed))
        if count:
            what = words.format(was=_was(count))
            yield Hint(f"{plural(count, 'call')} {what}", code)


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _out_of_quota(call: Call) -> bool:
    return call.error_code == "insufficient_quota"


def _rate_limited(call: Call) -> bool:
    is_it = call.http_status == 429 or call.error_type == "RateLimitError"
    return is_it and not _out_of_quota(call)


def _refused(call: Call) -> bool:
    return call.http_status == 401 or call.error_type == "AuthenticationError"


def _too_long(call: Call) -> bool:
    return call.error_code == "context_length_exceeded"


def _timed_out(call: Call) -> bool:
    return "Timeout" in (call.error_type or "")


_CAUSES: tuple[tuple[Callable[[Call], bool], str, str], ...] = (
    (_out_of_quota, "{was} refused, the quota is used up: check plan and billing of this key", ""),
    (_refused, "{was} refused, the provider does not know this key: check it", ""),
    (_rate_limited, "{was} rate-limited: send fewer at once, or raise", "max_retries=…"),
    (_too_long, "{was} longer than the model reads: shorten the messages", ""),
    (_timed_out, "timed out: raise", "timeout=…"),
)


def _cut(calls: Sequence[Call]) -> Iterator[Hint]:
    cut = [call for call in calls if is_cut(call)]
    if cut:
        what = f"{plural(len(cut), 'answer')} {_was(len(cut))} cut at the token limit: raise"
        yield Hint(what, ", ".join(dict.fromkeys(map(_limit, cut))))


def _limit(call: Call) -> str:
    """The option that sets the limit of such a call: each API has a name of its own for it."""
    reason = (call.finish_reason or "").lower()
    if reason.endswith("max_output_tokens") or call.operation == "generate_content":
        return "max_output_tokens=…"
    is_openai = call.operation == "chat" and call.provider in ("openai", "azure.ai.openai")
    return "max_completion_tokens=…" if is_openai else "max_tokens=…"


def is_cut(call: Call) -> bool:
    """Whether the answer ended at a token limit."""
    reason = (call.finish_reason or "").lower()
    return any(reason == word or reason.endswith(f" {word}") for word in _CUT)


def _silent_streams(calls: Sequence[Call]) -> Iterator[Hint]:
    count = sum(map(_is_silent, calls))
    if count:
        verb = "reports" if count == 1 else "report"
        what = f"{plural(count, 'stream')} {verb} no tokens: pass"
        yield Hint(what, 'stream_options={"include_usage": True}')


def _is_silent(call: Call) -> bool:
    # A stream not read to its end would tell nothing anyway: usage comes with the last chunk.
    return (
        call.stream
        and call.status == "ok"
        and call.usage_source is None
        and call.operation in ("chat", "text_completion")
        and call.provider not in _ALWAYS_REPORT
    )


def _prices(calls: Sequence[Call]) -> Iterator[Hint]:
    models = unpriced_models(calls)
    if models:
        yield Hint(*price_hint(models))


def unpriced_models(calls: Sequence[Call]) -> list[str]:
    """The models that lack nothing but a price, in the order of their first call."""
    priced = {call.model for call in calls if call.cost_usd is not None}
    lacking = (call.model for call in calls if lacks_price(call))
    return list(dict.fromkeys(model for model in lacking if model and model not in priced))


def lacks_price(call: Call) -> bool:
    """Whether only the price is missing: all that was used is known, or estimated."""
    if call.model is None or call.cost_usd is not None or call.estimated_cost_usd is not None:
        return False
    into = call.input_tokens is not None or call.estimated_input_tokens is not None
    out = call.output_tokens is not None or call.estimated_output_tokens is not None
    return into and (out or call.operation == "embeddings")
