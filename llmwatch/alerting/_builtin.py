"""The rules that are there from the start; each can be redefined by its name."""

from __future__ import annotations

from ._rules import Rule, rule_of

__all__ = ["builtin_rules"]


def builtin_rules() -> tuple[Rule, ...]:
    """Errors, slow answers, many tokens, a call that does not come back; over five minutes."""
    return (
        rule_of("high_error_rate", "error_rate > 10%", severity="critical"),
        rule_of("high_latency", "latency_p95_s > 10s", severity="warning"),
        rule_of("high_token_usage", "tokens > 1M", severity="warning"),
        rule_of("stuck_call", "oldest_active_s > 2min", severity="info"),
    )
