"""The alert rules of a session as a file of alerting rules for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..alerting import Rule
from ..exceptions import UsageError
from ..words import clean, plural
from ._files import Target, beside, place_of
from ._promql import Unsaid, Wording, duration, wording

__all__ = ["PrometheusRules", "write_rules"]

_SUFFIXES = (".yml", ".yaml")
_HEAD = (
    "# Alert rules of an llmwatch session, for Prometheus: written by llmwatch.prometheus_rules.",
    "# Each kernel that is scraped has its own alerts. Percentiles are read off histogram buckets.",
)
# How Prometheus writes a value of each kind.
_VALUE = {
    "rate": "{{ $value | humanizePercentage }}",
    "seconds": "{{ $value | humanizeDuration }}",
    "usd": '${{ $value | printf "%.4g" }}',
}
_HINTS = (
    (("error_rate", "success_rate", "errors"), "llmwatch.session.errors()"),
    (("latency",), "llmwatch.session.slowest(5)"),
    (("ttft",), 'llmwatch.session.calls.nlargest(5, "ttft_s")'),
    (("active", "oldest_active_s"), "llmwatch.session.active"),
    (("",), 'llmwatch.session.summary(window="5min", by="model")'),
)


@dataclass(frozen=True, slots=True)
class PrometheusRules:
    """What `llmwatch.prometheus_rules` wrote.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    rules : tuple of str
        The names of the rules in it.
    left_out : mapping of str to str
        The names of those that the metrics cannot tell, and why.
    """

    path: Path
    rules: tuple[str, ...]
    left_out: Mapping[str, str]

    def __str__(self) -> str:
        lines = [f"{plural(len(self.rules), 'rule')} in {self.path}"]
        lines += [f"left out: {clean(name)}, since {why}" for name, why in self.left_out.items()]
        return "\n".join(lines)

    __repr__ = __str__


def write_rules(
    rules: Iterable[Rule], path: Target, *, labels: tuple[str, ...] = (), overwrite: bool = False
) -> PrometheusRules:
    """Write `rules` for metrics that have `labels` besides `model`.

    Raises
    ------
    UsageError
        When `path` is no ``.yml`` file.
    ExportError
        When it cannot be written, or exists and `overwrite` is not given.
    """
    place = place_of(path, "llm-rules.yml")
    if place.suffix.lower() not in _SUFFIXES:
        raise UsageError(
            f"Prometheus reads rules from .yml files: call it {place.stem + '.yml'!r}."
        )
    said: list[tuple[Rule, Wording]] = []
    left_out: dict[str, str] = {}
    told: list[str] = []
    for rule in rules:
        try:
            said.append((rule, worded := wording(rule, labels)))
            if worded.note:
                told.append(f"# {clean(rule.name)} {worded.note}.")
        except Unsaid as why:
            left_out[rule.name] = str(why)
            told.append(
                f"# Left out: {clean(rule.name)} ({clean(rule.condition.text)}), since {why}."
            )
    with beside(place, overwrite) as temporary:
        temporary.write_text("\n".join([*_HEAD, *told, *_lines(said), ""]), "utf-8")
    return PrometheusRules(place, tuple(rule.name for rule, _ in said), left_out)


def _lines(said: list[tuple[Rule, Wording]]) -> Iterator[str]:
    if not said:
        yield "groups: []"
        return
    yield from ("groups:", "  - name: llmwatch", "    rules:")
    records = {name: text for _, worded in said for name, text in worded.records.items()}
    for name, text in records.items():  # before the alerts: rules of a group run in order
        yield f"      - record: {name}"
        yield from _expression(text)
    for rule, worded in said:
        yield f"      - alert: {_quoted(rule.name)}"
        yield from _expression(worded.expression)
        if rule.for_s:
            yield f"        for: {duration(rule.for_s)}"
        yield from ("        labels:", f"          severity: {rule.severity}")
        yield from ("        annotations:", f"          message: {_quoted(_message(rule))}")
        yield f"          hint: {_quoted(_hint(rule))}"


def _expression(text: str) -> Iterator[str]:
    yield "        expr: |-"
    yield from (f"          {line}" for line in text.splitlines())


def _message(rule: Rule) -> str:
    figure = rule.condition.figure
    if figure.name == "oldest_active_s":  # what is known of these is how many there are
        return f"{rule.condition.text}: {{{{ $value | humanize }}}} in flight for so long, at least"
    value = _VALUE.get(figure.kind, "{{ $value | humanize }}")
    first = (figure.word, value) if figure.kind == "seconds" else (value, figure.word)
    return f"{rule.condition.text}: {' '.join(filter(None, first))}"


def _hint(rule: Rule) -> str:
    name = rule.condition.figure.name
    return next(hint for starts, hint in _HINTS if name.startswith(starts))


def _quoted(text: str) -> str:
    """`text` as a YAML scalar in double quotes; what YAML forbids to stand there is escaped."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08X}"
