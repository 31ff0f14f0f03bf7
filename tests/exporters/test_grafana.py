"""The Grafana dashboard: the current schema, what is on it, and where it is written."""

from __future__ import annotations

import json
import re

import pytest

pytest.importorskip("grafana_foundation_sdk")

from llmwatch.exceptions import ExportError, UsageError
from llmwatch.exporters import write_dashboard
from tests.exporters.test_prometheus import METRICS


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """The file, read back."""
    path = tmp_path_factory.mktemp("grafana") / "llm.json"
    assert write_dashboard(path) == path
    return json.loads(path.read_text("utf-8"))


def expressions(board):
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def test_the_schema_is_that_of_today(board):
    """Number 41 is the last of the format that every Grafana from 10 to 12 imports."""
    assert board["schemaVersion"] == 41
    assert (board["uid"], board["title"]) == ("llmwatch", "LLM calls")


def test_the_official_reader_loses_nothing(board):
    """What Grafana's own SDK reads from the file, and writes again, is the file."""
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard

    register_default_plugins()  # else it takes queries for mere JSON
    assert json.loads(JSONEncoder().encode(Dashboard.from_json(board))) == board


def test_it_shows_what_one_asks_for_first(board):
    """Each figure has a panel with a title, a unit and a sentence."""
    titles = {panel["title"] for panel in board["panels"]}
    assert {
        "Calls a second, by model", "Latency", "Error rate, by model", "Tokens a second, by type",
        "Cost an hour, by model", "First token", "In flight, by kernel",
        "Attempts for each call, by model", "Satisfaction, by model",
    } <= titles  # fmt: skip
    assert len(titles) == len(board["panels"])
    for panel in board["panels"]:
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["type"] in ("stat", "timeseries")
    latency = next(panel for panel in board["panels"] if panel["title"] == "Latency")
    assert [target["legendFormat"] for target in latency["targets"]] == ["p50", "p95", "p99"]


def test_every_metric_is_shown_and_no_other(board):
    """What is served is what is drawn."""
    names = {
        re.sub(r"_(total|bucket|sum|count)$", "", name)
        for expression in expressions(board)
        for name in re.findall(r"\bllm_\w+", expression)
    }
    assert names == set(METRICS)


def test_data_source_kernel_and_model_can_be_chosen(board):
    """Several kernels and models at once; each panel heeds the choice."""
    variables = {v["name"]: v for v in board["templating"]["list"]}
    assert list(variables) == ["datasource", "instance", "model"]
    assert variables["model"]["query"] == "label_values(llm_requests_total, model)"
    for name in ("instance", "model"):
        assert variables[name]["multi"] and variables[name]["includeAll"]
    for panel in board["panels"]:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    for expression in expressions(board):
        for selector in re.findall(r"\{(.*?)\}", expression):
            assert 'instance=~"$instance"' in selector
        if "llm_active_requests" not in expression:
            assert expression.count("{") == expression.count('model=~"$model"')


def test_no_panel_covers_another(board):
    """The 24 columns hold all of them, each in a place of its own."""
    taken = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                 for y in range(at["y"], at["y"] + at["h"])}  # fmt: skip
        assert not cells & taken
        taken |= cells
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_only_a_json_file_is_written_and_none_replaced(tmp_path):
    """The suffix says what it is; what is there stays unless asked."""
    with pytest.raises(UsageError, match=r"call it 'llm\.json'"):
        write_dashboard(tmp_path / "llm.yml")
    with pytest.raises(UsageError, match=r"is not a file name: give .*\.json"):
        write_dashboard("")
    path = tmp_path / "llm.json"
    path.write_text("mine")
    with pytest.raises(ExportError, match="overwrite=True"):
        write_dashboard(path)
    assert path.read_text() == "mine"
    write_dashboard(path, overwrite=True)
    assert json.loads(path.read_text("utf-8"))["uid"] == "llmwatch"
    assert [item.name for item in tmp_path.iterdir()] == ["llm.json"]
