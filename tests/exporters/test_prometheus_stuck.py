"""The rule on stuck calls in Prometheus: no metric has an age, and it fires for none that ended."""

from __future__ import annotations

import pytest

from llmwatch.alerting import rule_of
from tests.exporters.test_prometheus_rules import HERE, fires, requests, up

STUCK = [rule_of("stuck_call", "oldest_active_s > 2min", severity="info")]


def active(values):
    """How many calls are in flight, every 15 s."""
    return {f"llm_active_requests{{{HERE}}}": values}


def fired(folder, series, *moments):
    """At which of the moments it fires."""
    return [at for at in moments if fires(folder, STUCK, series, at=at)]


def test_a_call_that_does_not_come_back_fires_after_two_minutes(tmp_path):
    """The first of a kernel, so that no call has ended yet: it began a minute after the scrapes."""
    series = up() | active("0x3 1x76")
    assert fired(tmp_path, series, "2m", "2m45s", "3m", "4m", "15m") == ["3m", "4m", "15m"]
    said = fires(tmp_path, STUCK, series, at="4m")["stuck_call"]
    assert "oldest_active_s > 2min: 1 in flight for so long, at least" in said
    assert "llmwatch.session.active" in said
    assert 'severity="info"' in said
    assert 'instance="k:9464"' in said


def test_a_call_that_hangs_behind_others_fires_and_resolves(tmp_path):
    """Twenty had ended before; with its end at minute eight the alert is over."""
    series = up("1x80") | active("0x7 1x24 0x48") | requests("20x31 21x48", "0x80")
    assert fired(tmp_path, series, "3m", "4m", "7m", "8m15s", "12m") == ["4m", "7m"]


def test_two_that_hang_are_seen_while_one_other_ends(tmp_path):
    """Its message says how many there are at least."""
    series = up() | active("3x8 2x72") | requests("5x8 6x72", "0x80")
    said = fires(tmp_path, STUCK, series, at="3m")["stuck_call"]
    assert "2min: 2 in flight" in said
    at_first = fires(tmp_path, STUCK, series, at="2m")["stuck_call"]
    assert "2min: 3 in flight" in at_first


@pytest.mark.parametrize("ended", ["0+3x80", "0+1x80", "0+40x80"])
def test_steady_traffic_fires_nothing(tmp_path, ended):
    """Eight calls are in flight at any time, and in two minutes at least as many end."""
    series = up() | active("8x80") | requests(ended, "0x80")
    assert fired(tmp_path, series, "1m", "2m", "3m", "10m", "19m45s") == []


def test_it_misses_one_that_hangs_among_many(tmp_path):
    """As the file says: of two in flight one ends and another begins all the time."""
    series = up() | active("2x80") | requests("0+1x80", "0x80")
    assert fired(tmp_path, series, "5m", "15m") == []


@pytest.mark.parametrize("status", ["ok", "error"])
@pytest.mark.parametrize("flying", ["0x7 1x6 0x66", "0x7 2x6 0x66"])
def test_the_first_call_of_a_model_that_ends_is_none(tmp_path, flying, status):
    """Its end at minute 3:45 begins a series, of which there was nothing; alone, or with another."""
    ends = {f'llm_requests_total{{{HERE},model="new",status="{status}"}}': "_x15 1x66"}
    before = requests("9x14 10x66", "1x80") if flying.startswith("0x7 2") else {}
    series = up() | active(flying) | before | ends
    moments = ("2m", "3m", "3m45s", "4m", "4m15s", "4m45s", "5m", "5m30s", "6m")
    assert fired(tmp_path, series, *moments) == []


# From minute four on one call is in flight, until at 4:45 or 5:00 the kernel is started anew: what is
# in flight after that, what has ended, and whether scrapes found a kernel.
RESTARTED = {
    "the counters fell": ("stale _x2 1x60", "20x18 stale _x2 1 2 20x60", "1x80"),
    "unseen between two scrapes": ("1x60", "20x18 3x60", "1x80"),
    "it grew at once": ("1x60", "20x18 3 30x60", "1x80"),
    "it had counted the same": ("stale 1x60", "20x18 stale 20x60", "1x18 0 1x60"),
    "it has not finished a call": ("1x60", "20x18 stale _x60", "1x80"),
    "nothing was in flight for a moment": ("0 1x60", "20x80", "1x80"),
}


@pytest.mark.parametrize("case", RESTARTED)
def test_a_kernel_that_starts_anew_fires_nothing_for_its_past(tmp_path, case):
    """What was in flight is gone with the process, though no counter says that it ended."""
    flying, ended, seen = RESTARTED[case]
    series = up(seen) | active(f"0x15 1x2 {flying}")
    series |= {f'llm_requests_total{{{HERE},model="m",status="ok"}}': ended}
    moments = [f"{minute}m{second}s" for minute in (5, 6) for second in (0, 15, 30, 45)]
    assert fired(tmp_path, series, *moments[:-1]) == []


def test_a_call_that_hangs_in_the_kernel_that_started_anew_fires(tmp_path):
    """Once that has been watched for long enough."""
    series = up() | active("1x18 stale _x2 1x60")
    series |= requests("20x18 stale _x2 1x60", "0x18 stale _x2 0x60")
    assert fired(tmp_path, series, "6m", "10m") == ["10m"]


def test_a_scrape_that_failed_silences_it_for_a_while(tmp_path):
    """As the file says: it may have been a new start, which nothing else tells."""
    series = up("1x23 0 1x56") | active("1x23 _ 1x56")
    moments = ("5m45s", "6m", "7m", "8m45s", "9m15s")
    assert fired(tmp_path, series, *moments) == ["5m45s", "9m15s"]


def test_without_the_series_up_it_fires_all_the_same(tmp_path):
    """As behind a Pushgateway."""
    assert fired(tmp_path, active("1x80"), "5m") == ["5m"]


def test_each_kernel_has_its_own(tmp_path):
    """The ends of one do not stand for those of another."""
    series = up() | active("1x80")
    busy = up() | active("1x80") | requests("0+4x80", "0x80")
    series |= {name.replace("k:9464", "busy:9464"): values for name, values in busy.items()}
    said = fires(tmp_path, STUCK, series, at="5m")["stuck_call"]
    assert 'instance="k:9464"' in said
    assert "busy:9464" not in said
