"""Alert rules for Prometheus: promtool takes them, and they fire when ours would."""

from __future__ import annotations

import json
import random
import re

import pytest

from llmwatch.alerting import rule_of
from llmwatch.exceptions import ExportError, UsageError
from llmwatch.exporters import write_rules
from tests.prometheus_server import promtool

BUILT_IN = [
    rule_of("high_error_rate", "error_rate > 10%", severity="critical"),
    rule_of("high_latency", "latency_p95_s > 10s"),
    rule_of("high_token_usage", "tokens > 1M"),
    rule_of("stuck_call", "oldest_active_s > 2min", severity="info"),
]
EVERY = [
    "requests > 5", "active > 3", "cancelled > 1", "partial > 1", "qps > 2", "success_rate < 90%",
    "error_rate > 10%", "latency_mean_s > 3", "latency_p50_s > 1", "latency_p95_s > 10",
    "latency_p99_s >= 200", "ttft_p50_s > 1", "ttft_p95_s <= 2", "input_tokens > 5",
    "output_tokens > 5", "tokens > 1M", "cost_usd > $2", "attempts > 4", "errors > 0",
    "oldest_active_s > 2min", "oldest_active_s >= 90.5s",
]  # fmt: skip
UNSAID = [
    "oldest_active_s < 2min", "oldest_active_s > 0s", "satisfaction < 0", "unpriced > 0", "unmeasured > 0",
    "estimated_tokens > 5", "estimated_cost_usd > $1", "output_tokens_per_s < 5",
]  # fmt: skip
HERE = 'job="notebook",instance="k:9464"'


def written(path, *rules, **options):
    return write_rules(rules, path / "llm.yml", overwrite=True, **options)


def check(path):
    """promtool's word on a file of rules."""
    done = promtool("check", "rules", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fires(folder, rules, series, at="5m", **options):
    """The alerts that fire at a moment: name, with the value in their message, and labels."""
    made = written(folder, *rules, **options)
    names = made.rules
    tests = {
        "rule_files": ["llm.yml"],
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "15s",
                "input_series": [{"series": s, "values": v} for s, v in series.items()],
                # Nothing is expected, so that promtool says what it got.
                "alert_rule_test": [{"eval_time": at, "alertname": name} for name in names],
            }
        ],
    }
    (folder / "test.yml").write_text(json.dumps(tests))
    done = promtool("test", "rules", str(folder / "test.yml"))
    said = done.stdout + done.stderr
    if done.returncode == 0:
        return {}
    assert "FAILED" in said and "got:[" in said, said
    return {name: said for name in names if f'alertname="{name}"' in said}


def kernels_in(said):
    """The instances that what promtool says is about."""
    return set(re.findall(r'instance="(\w+):9464"', said))


def requests(ok, failed, model="gpt-5", **more):
    extra = "".join(f',{name}="{value}"' for name, value in more.items())
    where = f'{HERE},model="{model}"{extra}'
    return {
        f'llm_requests_total{{{where},status="ok"}}': ok,
        f'llm_requests_total{{{where},status="error"}}': failed,
    }


def up(values="1x80"):
    """Prometheus looked for the kernel all the time."""
    return {f"up{{{HERE}}}": values}


# -- what is written ------------------------------------------------------------------------------


def test_the_built_in_rules_are_taken_by_promtool(tmp_path):
    """All four; what the one on stuck calls may miss is said in the file."""
    made = written(tmp_path, *BUILT_IN)
    assert made.rules == ("high_error_rate", "high_latency", "high_token_usage", "stuck_call")
    assert made.left_out == {}
    assert "SUCCESS" in check(made.path)
    (note,) = [line for line in made.path.read_text("utf-8").splitlines() if "# stuck_call" in line]
    assert "a call that hangs is missed while others as many end" in note
    assert note.endswith(", and for 3m after a scrape that failed.")
    assert repr(made).startswith("4 rules in ")


def test_a_rule_that_is_left_out_is_named(tmp_path):
    """In the object, in what it shows, and in the file."""
    made = written(tmp_path, *BUILT_IN, rule_of("young", "oldest_active_s < 2min"))
    assert made.left_out == {"young": "no metric has the age of calls in flight"}
    assert "# Left out: young (oldest_active_s < 2min)" in made.path.read_text("utf-8")
    assert "left out: young" in repr(made)


def test_every_figure_with_a_metric_can_be_a_rule(tmp_path):
    """promtool reads each of them, whatever the window, the minimum and the delay."""
    rules = [rule_of(f"r{n}", text, window=90, for_="90.5s", min_calls=7)
             for n, text in enumerate(EVERY)]  # fmt: skip
    made = written(tmp_path, *rules)
    assert made.left_out == {}
    check(made.path)
    text = made.path.read_text("utf-8")
    assert text.count("for: 90500ms") == len(EVERY)
    assert ":increase90s" in text


def test_what_no_metric_tells_is_left_out_with_a_reason(tmp_path):
    """Figures without a metric, functions, thresholds beyond the buckets, unknown labels."""
    rules = [
        *(rule_of(text) for text in UNSAID),
        rule_of("mine", lambda f: f.tokens > 5),
        rule_of("late", "latency_p95_s > 10min"),
        rule_of("in flight by model", "active > 3", by="model"),
        rule_of("stuck by model", "oldest_active_s > 2min", by="model"),
        rule_of("by user", "tokens > 5", by=["model", "user"]),
        rule_of("by text", "tokens > 5", by="request_preview"),
    ]
    made = written(tmp_path, *rules)
    assert made.rules == ()
    assert set(made.left_out) == {rule.name for rule in rules}
    assert all(made.left_out.values())
    assert 'serve_prometheus(labels="user")' in made.left_out["by user"]
    assert made.left_out["by text"] == "request_preview is text of calls, which no metric shows"
    assert made.path.read_text("utf-8").count("# Left out: ") == len(rules)
    check(made.path)


@pytest.mark.parametrize("word", ["a\nb: 1", "my label", "größe", "status", "type", "job", "le"])
def test_a_rule_by_what_can_be_no_label_is_left_out(tmp_path, word):
    """No advice that would be refused; and a label's name breaks no line of the file."""
    made = written(tmp_path, rule_of("mine", "tokens > 5", by=["user", word]))
    check(made.path)
    (why,) = made.left_out.values()
    assert why == f"{' '.join(word.split())} can be no label of the metrics"


@pytest.mark.parametrize("word", ["severity", "alertname"])
def test_a_rule_by_what_an_alert_is_called_is_left_out(tmp_path, word):
    """Served or not: two groups would be one alert, which Prometheus takes for an error."""
    rule = rule_of("mine", "tokens > 5", by=word)
    for labels in ((), (word,)):
        made = written(tmp_path, rule, labels=labels)
        assert made.left_out == {"mine": f"an alert of Prometheus has a label {word} of its own"}


def test_the_labels_that_are_served_stay_in_the_advice(tmp_path):
    """Whoever types what is said has all of them."""
    made = written(tmp_path, rule_of("mine", "tokens > 5", by=["tag", "user"]), labels=("user",))
    assert made.left_out["mine"].endswith('label tag: serve_prometheus(labels=("user", "tag"))')


def test_a_rule_by_a_served_label_is_kept(tmp_path):
    """With the label on the metrics, one alert for each of its values."""
    rule = rule_of("dear", "cost_usd > $2", by=["model", "user"])
    made = written(tmp_path, rule, labels=("user",))
    assert made.rules == ("dear",)
    assert "sum by (job, instance, model, user)" in made.path.read_text("utf-8")
    check(made.path)


@pytest.mark.parametrize(
    "name",
    ['"', "a\nb: 1", "{{ $value }}", "🙂 \u202e", "#", "a\x85b", "x" * 300, "- \\", "\ud83d"],
)
def test_any_name_of_a_rule_can_be_written(tmp_path, name):
    """Quotes, newlines, templates, what YAML forbids: in the file it is what it was."""
    yaml = pytest.importorskip("yaml")
    made = written(tmp_path, rule_of(name, "errors > 0"), rule_of(name + "!", lambda f: True))
    check(made.path)
    (group,) = yaml.safe_load(made.path.read_text("utf-8"))["groups"]
    (alert,) = [rule for rule in group["rules"] if "alert" in rule]
    assert alert["alert"] == name.replace("\ud83d", "?").strip()
    assert alert["labels"] == {"severity": "warning"}
    assert alert["annotations"]["hint"] == "llmwatch.session.errors()"


def test_only_a_file_of_yaml_is_written_and_none_replaced(tmp_path):
    """The suffix says what it is; what is there stays unless asked."""
    with pytest.raises(UsageError, match=r"call it 'llm\.yml'"):
        write_rules(BUILT_IN, tmp_path / "llm.json")
    with pytest.raises(UsageError, match=r"is not a file name: give .*\.yml"):
        write_rules(BUILT_IN, "")
    made = write_rules(BUILT_IN, tmp_path / "llm.yaml")
    with pytest.raises(ExportError, match="overwrite=True"):
        write_rules(BUILT_IN, made.path)
    with pytest.raises(ExportError, match="there is no folder"):
        write_rules(BUILT_IN, tmp_path / "nowhere" / "llm.yml")


# -- when they fire -------------------------------------------------------------------------------


def test_five_of_five_failures_of_a_new_kernel_fire(tmp_path):
    """All of them lie in its counters' first values, which `increase` alone does not see."""
    series = up("0x79 1x80") | requests("_x20 0x60", "_x20 5x60")
    said = fires(tmp_path, BUILT_IN, series, at="6m")
    assert set(said) == {"high_error_rate"}
    assert 'severity="critical"' in said["high_error_rate"]
    assert "error_rate > 10%: 100%" in said["high_error_rate"]
    assert 'instance="k:9464"' in said["high_error_rate"]
    assert fires(tmp_path, BUILT_IN, series, at="12m") == {}


def test_one_failure_of_one_call_is_no_alert(tmp_path):
    """Too few calls."""
    series = up() | requests("_x20 0x60", "_x20 1x60")
    assert fires(tmp_path, BUILT_IN, series, at="6m") == {}


def test_one_failure_of_five_may_be_chance(tmp_path):
    """20 % are over 10 %, and the near end of the interval is not; of fifty it is."""
    series = up() | requests("_x20 4x60", "_x20 1x60")
    assert fires(tmp_path, BUILT_IN, series, at="6m") == {}
    series = up() | requests("_x20 40x60", "_x20 10x60")
    assert set(fires(tmp_path, BUILT_IN, series, at="6m")) == {"high_error_rate"}


def test_a_low_rate_of_success_fires_like_a_high_rate_of_errors(tmp_path):
    """The other end of the interval is looked at."""
    rules = [rule_of("low", "success_rate < 90%")]
    few, many = requests("_x20 4x60", "_x20 1x60"), requests("_x20 40x60", "_x20 10x60")
    assert fires(tmp_path, rules, up() | few, at="6m") == {}
    assert set(fires(tmp_path, rules, up() | many, at="6m")) == {"low"}


def test_a_kernel_that_is_looked_at_late_does_not_fire_for_its_past(tmp_path):
    """Two million tokens of yesterday are not those of the last five minutes."""
    tokens = {f'llm_tokens_total{{{HERE},model="m",type="input"}}': "_x12 2000000x60"}
    for at in ("4m", "7m", "10m"):
        assert fires(tmp_path, BUILT_IN, up("_x12 1x60") | tokens, at=at) == {}


def test_a_gap_between_scrapes_makes_nothing_new(tmp_path):
    """Old counters that come back after twenty minutes out of sight fire nothing."""
    gap = "2000000x20 _x80 2000000x60"
    tokens = {f'llm_tokens_total{{{HERE},model="m",type="input"}}': gap}
    assert fires(tmp_path, BUILT_IN, up("1x20 0x79 1x61") | tokens, at="27m") == {}


def test_tokens_of_all_types_of_a_window_count_once(tmp_path):
    """Cached tokens are part of the input: 0.6 M in and 0.3 M out are no million."""
    where = f'{HERE},model="m"'
    series = up() | {
        f'llm_tokens_total{{{where},type="input"}}': "_x40 600000x60",
        f'llm_tokens_total{{{where},type="cached_input"}}': "_x40 500000x60",
        f'llm_tokens_total{{{where},type="output"}}': "_x40 300000x60",
    }
    assert fires(tmp_path, BUILT_IN, series, at="11m") == {}
    series[f'llm_tokens_total{{{where},type="output"}}'] = "_x40 500000x60"
    assert set(fires(tmp_path, BUILT_IN, series, at="11m")) == {"high_token_usage"}


def latency(model, **counts):
    """Buckets that stand so from minute ten on, by upper edge."""
    where = f'{HERE},model="{model}"'
    edges = {"10.0": counts["below"], "12.0": counts["all"], "+Inf": counts["all"]}
    name = "llm_request_latency_seconds"
    return {
        **{f'{name}_bucket{{{where},le="{e}"}}': f"_x40 {n}x60" for e, n in edges.items()},
        f"{name}_count{{{where}}}": f"_x40 {counts['all']}x60",
        f"{name}_sum{{{where}}}": f"_x40 {counts['all'] * 11}x60",
    }


def test_a_slow_p95_fires_and_a_fast_one_does_not(tmp_path):
    """Ten of twenty calls over 10 s are a p95 over 10 s; none of twenty is not; two are too few."""
    slow = up() | latency("m", below=10, all=20)
    assert set(fires(tmp_path, BUILT_IN, slow, at="11m")) == {"high_latency"}
    assert fires(tmp_path, BUILT_IN, up() | latency("m", below=20, all=20), at="11m") == {}
    assert fires(tmp_path, BUILT_IN, up() | latency("m", below=0, all=2), at="11m") == {}


def test_a_rule_by_model_fires_for_the_model(tmp_path):
    """The alert says which."""
    rules = [rule_of("slow", "latency_p95_s > 10s", by="model"),
             rule_of("mean", "latency_mean_s > 10s", by="model")]  # fmt: skip
    series = up() | latency("lame", below=0, all=9)
    series |= dict.fromkeys(latency("quick", below=0, all=0), "_x40 0x60")
    said = fires(tmp_path, rules, series, at="11m")
    assert set(said) == {"slow", "mean"}
    assert 'model="lame"' in said["slow"]
    assert 'model="quick"' not in said["slow"]


def test_a_delay_is_waited_for(tmp_path):
    """With `for_` it is pending first."""
    rules = [rule_of("flying", "active > 3", for_="2min")]
    series = {f"llm_active_requests{{{HERE}}}": "0x10 5x60"}
    assert fires(tmp_path, rules, series, at="4m") == {}
    assert set(fires(tmp_path, rules, series, at="5m")) == {"flying"}


def test_calls_a_second_are_over_the_window(tmp_path):
    """Six hundred calls of five minutes are two a second."""
    rules = [rule_of("busy", "qps >= 2"), rule_of("busier", "qps > 2.5")]
    series = up() | requests("_x40 600x60", "_x40 0x60")
    assert set(fires(tmp_path, rules, series, at="11m")) == {"busy"}


@pytest.mark.parametrize(
    "text", ["error_rate > 10%", "error_rate >= 50%", "success_rate < 90%", "error_rate <= 20%"]
)
def test_a_rate_fires_for_the_same_counts_as_ours(tmp_path, text):
    """Over 150 kernels with random counts, Prometheus and our own rule agree on each."""
    rule, dice = rule_of("rate", text), random.Random(7)
    counts = {f"k{n}": (dice.randint(0, 60), dice.choice([0, 1, 2, 5, 20])) for n in range(150)}
    series, expected = {}, set()
    for name, (ok, failed) in counts.items():
        home = {"ok": f"_x20 {ok}x60", "failed": f"_x20 {failed}x60"}
        for start, values in (up() | requests(**home)).items():
            series[start.replace("k:9464", f"{name}:9464")] = values
        n = ok + failed
        share = (failed if text.startswith("error") else ok) / n if n else float("nan")
        figures = {"error_rate": share, "success_rate": share, "rate_n": n, "requests": n}
        if rule.condition.measure(figures, rule.min_calls).over:
            expected.add(name)
    assert 5 < len(expected) < 145
    said = fires(tmp_path, [rule], series, at="6m")
    assert kernels_in(said["rate"]) == expected
