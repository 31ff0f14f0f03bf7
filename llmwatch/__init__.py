"""llmwatch: the flight recorder for LLM calls in a notebook.

In IPython or Jupyter: ``%load_ext llmwatch``, then ``%llmwatch help``. In any Python::

    import llmwatch

    with llmwatch.watch(tag="prompt-v2") as w:
        ...
    w.calls
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .alerting import Alert, Alerts, email, notify, slack, webhook
    from .board import dashboard
    from .exceptions import BudgetExceeded, ExportError, LLMWatchError, UsageError
    from .face import alert, configure, diagnostics, disable, enable, price
    from .loaded import load
    from .manual import call
    from .metrics import (
        grafana_dashboard,
        prometheus_rules,
        prometheus_text,
        push_prometheus,
        serve_prometheus,
    )
    from .nested import run
    from .outlets import log_to, stream_otlp
    from .recorder import Session
    from .scopes import watch
    from .spans import span

    alerts: Alerts
    session: Session

__all__ = [
    "Alert",
    "BudgetExceeded",
    "ExportError",
    "LLMWatchError",
    "UsageError",
    "alert",
    "alerts",
    "call",
    "configure",
    "dashboard",
    "diagnostics",
    "disable",
    "email",
    "enable",
    "grafana_dashboard",
    "load",
    "load_ipython_extension",
    "log_to",
    "notify",
    "price",
    "prometheus_rules",
    "prometheus_text",
    "push_prometheus",
    "run",
    "serve_prometheus",
    "session",
    "slack",
    "span",
    "stream_otlp",
    "unload_ipython_extension",
    "watch",
    "webhook",
]

__version__ = "0.1.0"

_HOMES = {
    "Alert": "alerting",
    "BudgetExceeded": "exceptions",
    "ExportError": "exceptions",
    "LLMWatchError": "exceptions",
    "UsageError": "exceptions",
    "alert": "face",
    "call": "manual",
    "configure": "face",
    "dashboard": "board",
    "diagnostics": "face",
    "disable": "face",
    "email": "alerting",
    "enable": "face",
    "grafana_dashboard": "metrics",
    "load": "loaded",
    "log_to": "outlets",
    "notify": "alerting",
    "price": "face",
    "prometheus_rules": "metrics",
    "prometheus_text": "metrics",
    "push_prometheus": "metrics",
    "run": "nested",
    "serve_prometheus": "metrics",
    "slack": "alerting",
    "span": "spans",
    "stream_otlp": "outlets",
    "watch": "scopes",
    "webhook": "alerting",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562), so that importing us stays light."""
    if name in ("alerts", "session"):
        from .recorder import session

        return session().alerts if name == "alerts" else session()
    from .late import late

    return late(__name__, _HOMES)(name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext llmwatch``: record every LLM call of this kernel from now on."""
    from .magic import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext llmwatch``: stop, and leave the shell as it was found."""
    from .magic import unload

    unload(shell)
