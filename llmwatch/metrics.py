"""Metrics of the session for Prometheus and Grafana: served, as text, pushed, drawn, ruled."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .exporters import (
    Meter,
    PrometheusRules,
    PrometheusServer,
    Scrape,
    label_names,
    listening,
    push,
    registry_of,
    text_of,
    write_dashboard,
    write_rules,
)
from .recorder import session

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

__all__ = [
    "grafana_dashboard",
    "prometheus_rules",
    "prometheus_text",
    "push_prometheus",
    "serve_prometheus",
]

_PORT = 9464  # what OpenTelemetry's Prometheus exporters listen on
_running: dict[tuple[str, int], PrometheusServer] = {}  # by where it listens; 0: picked a port
_lock = threading.RLock()


def serve_prometheus(
    port: int = _PORT, addr: str = "127.0.0.1", labels: str | Iterable[str] = ()
) -> PrometheusServer:
    """Serve the session's metrics on ``http://127.0.0.1:9464/metrics`` until it is closed.

    Calls made before count, too; a call that ends is counted within a tenth of a second, the first
    one of a process within about a second. Asked for again, it gives the server that runs there;
    with other labels, one with these in its place, on its port.

    Parameters
    ----------
    port : int
        Where to listen; 0 picks a free port (`.port` says which).
    addr : str
        This machine alone by default. ``"0.0.0.0"`` lets every machine that reaches this one read
        the metrics (models, tokens, cost; no text of calls), without a password.
    labels : str or iterable of str
        Break the metrics down by these, too: "feature", "user", "tag", "provider", any label or
        column of words but those with text of calls. Each has at most 100 values (1,000
        combinations), all others are "other", as are these of calls that had left memory before:
        of such the model is known.

    Returns
    -------
    PrometheusServer
        With `.port`, `.url` and `.close()`; usable in ``with``.

    Raises
    ------
    UsageError
        When the port is in use (names a free one), or is none, or `addr` or a label is none.
    ExportError
        When prometheus-client is not installed.

    Examples
    --------
    >>> with serve_prometheus(port=0) as server:
    ...     server.url
    'http://127.0.0.1:...'
    """
    words, place = label_names(labels), listening(port, addr)
    with _lock:
        keys, running = [place], _running.get(place)
        if running is not None and not running.closed:
            if running.labels == words:
                return running
            running.close()
            port, keys = running.port, [key for key in _running if _running[key] is running]
        server = _serve(port, addr, words)
        _running.update(dict.fromkeys([*keys, (place[0], server.port)], server))
        return server


def _serve(port: int, addr: str, words: tuple[str, ...]) -> PrometheusServer:
    meter = Meter(session().store, words, follow=True)
    try:
        return PrometheusServer(_registry(meter), port, addr, words, at_end=meter.close)
    except BaseException:
        meter.close()
        raise


def prometheus_text(labels: str | Iterable[str] = ()) -> str:
    """The session's metrics as Prometheus reads them, without a server.

    Parameters
    ----------
    labels : str or iterable of str
        As for `serve_prometheus`.

    Raises
    ------
    UsageError
        For a label that can be none.
    ExportError
        When prometheus-client is not installed.
    """
    return text_of(_read(labels))


def push_prometheus(
    gateway: str,
    job: str = "llmwatch",
    *,
    instance: str | None = None,
    labels: str | Iterable[str] = (),
) -> None:
    """Push the session's metrics to a Pushgateway: for scripts that end before a scrape.

    They take the place of what was pushed before with the same job and instance, so that pushing
    again counts nothing twice.

    Parameters
    ----------
    gateway : str
        Its address: "localhost:9091", "https://push.example.com".
    job : str
        The label `job`: what kind of run this is.
    instance : str, optional
        The label `instance`, where several run at once.
    labels : str or iterable of str
        As for `serve_prometheus`.

    Raises
    ------
    UsageError
        For an address, a job or a label that can be none.
    ExportError
        When the gateway cannot be reached within 10 s, or does not take them; or when
        prometheus-client is not installed.
    """
    push(_read(labels), gateway, job, instance)


def grafana_dashboard(path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a Grafana dashboard over the metrics of `serve_prometheus`, to be imported there.

    Calls by status and model, latency, first token, error rate, tokens, cost, attempts, calls in
    flight and satisfaction; to choose are the data source, the kernel and the model.

    Parameters
    ----------
    path : str or path-like
        A ``.json`` file.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    UsageError
        When `path` is no ``.json`` file.
    ExportError
        When it cannot be written, or grafana-foundation-sdk is not installed.
    """
    return write_dashboard(path, overwrite=overwrite)


def prometheus_rules(
    path: str | os.PathLike[str],
    *,
    labels: str | Iterable[str] | None = None,
    overwrite: bool = False,
) -> PrometheusRules:
    """Write the session's alert rules as alerting rules for Prometheus.

    Severity, `for_`, window, groups and `min_calls` are those of the rule, and a rate fires when
    the near end of its 95 % Wilson interval is over. Windows should be several scrapes long, and
    so should the ages of `oldest_active_s`: no metric holds these, so that such a rule compares the
    calls in flight that long ago with those that ended since, and misses one that hangs while as
    many others end, and any for a while after a scrape that failed. What Prometheus does otherwise:
    it resolves at once, it knows no `mute`, and who is told is the matter of its Alertmanager.

    Parameters
    ----------
    path : str or path-like
        A ``.yml`` file, for ``rule_files`` of Prometheus.
    labels : str or iterable of str, optional
        The labels that the metrics have besides `model`; by default those of the server that runs.
        A rule by anything else is left out.
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    PrometheusRules
        `.path`, the names in `.rules`, and in `.left_out` those that the metrics cannot tell (a
        Python function, a figure without a metric), with the reason.

    Raises
    ------
    UsageError
        When `path` is no ``.yml`` file, or a label can be none.
    ExportError
        When it cannot be written.
    """
    words = _served() if labels is None else label_names(labels)
    return write_rules(session().alerts, path, labels=words, overwrite=overwrite)


def _served() -> tuple[str, ...]:
    """The labels of the servers that run."""
    with _lock:
        servers = [server for server in _running.values() if not server.closed]
    return tuple(dict.fromkeys(word for server in servers for word in server.labels))


def _read(labels: str | Iterable[str]) -> CollectorRegistry:
    """What is counted now; by a server that runs with these labels, which knows them of all calls."""
    words = label_names(labels)
    session()._settle()
    with _lock:
        for server in _running.values():
            if not server.closed and server.labels == words:
                return server.registry
    return _registry(Meter(session().store, words))


def _registry(meter: Meter) -> CollectorRegistry:
    owner = session()
    return registry_of(Scrape(meter, lambda: owner.running))


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()  # a thread that is not here may have held it
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
