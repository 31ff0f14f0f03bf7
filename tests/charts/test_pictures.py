"""Charts as people see them: files, colours, a real browser, a real JupyterLab; all offline."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import nbformat
import numpy as np
import pandas as pd
import pytest

from llmwatch.charts import draw
from llmwatch.charts._look import DARK, EITHER, LIGHT
from tests.browser import browser, lab
from tests.charts.plain import DIFFERENCE, HOSTILE, OF_CALLS, SPANS, calls

# Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color
# vision deficiency", severity 1.0: what the three kinds of it make of linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab_of(rgb):
    """CIELAB (D65) of linear RGB."""
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one, other):
    """The ratio that WCAG asks for."""
    light = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


@pytest.mark.parametrize("look", [LIGHT, DARK, EITHER], ids=["light", "dark", "either"])
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_series_stay_apart_for_all_eyes(look, deficiency):
    """Any two series differ by more than nine units of CIELAB, whatever the eye lacks."""
    seen = np.array(DEFICIENCIES[deficiency])
    places = [lab_of(seen @ linear(colour)) for colour in look.series]
    assert min(np.linalg.norm(a - b) for a, b in combinations(places, 2)) > 9


@pytest.mark.parametrize("theme", ["light", "dark", None])
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_parts_of_a_waterfall_stay_apart_for_all_eyes(theme, deficiency):
    """Waiting, the first token, the call, other work and errors: ten units, however one sees."""
    start = pd.Timestamp("2026-11-24")
    frame = pd.DataFrame({
        "name": ["work", "call", "call"], "start": start, "end": start + pd.Timedelta("3s"),
        "depth": [0, 1, 1], "status": ["ok", "ok", "error"], "kind": ["span", "llm", "llm"],
        "retry_wait_s": [0.0, 1.0, 1.0], "ttft_s": [0.0, 2.0, 2.0],
    })  # fmt: skip
    (colours,) = {tuple(found) for found in ranges(draw("waterfall", frame, theme=theme).to_dict())}
    assert len(colours) == 5
    seen = np.array(DEFICIENCIES[deficiency])
    places = [lab_of(seen @ linear(colour)) for colour in colours]
    assert min(np.linalg.norm(a - b) for a, b in combinations(places, 2)) > 10


def ranges(spec):
    """The colours of each scale in a chart."""
    parts = spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list) else ()
    if isinstance(spec, dict) and "#" in str(spec.get("range", "")):
        yield spec["range"]
    for part in parts:
        yield from ranges(part)


@pytest.mark.parametrize(
    ("look", "grounds", "text"),
    [(LIGHT, ["#ffffff"], 4.5), (DARK, ["#111111"], 4.5), (EITHER, ["#ffffff", "#111111"], 4.0)],
    ids=["light", "dark", "either"],
)
def test_text_and_marks_stand_out(look, grounds, text):
    """Words have the contrast of AA (a little less where both grounds must do), marks 2.5."""
    for ground in grounds:
        assert min(contrast(colour, ground) for colour in (look.ink, look.muted)) >= text
        assert min(contrast(c, ground) for c in (*look.series, look.other, look.bad)) >= 2.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_brings_its_ground(theme):
    """What is saved in a theme reads anywhere; without one the ground is that of the page."""
    ground = {"light": "#ffffff", "dark": "#111111"}[theme]
    assert draw("cost", calls(9), theme=theme).to_dict()["background"] == ground
    assert draw("cost", calls(9)).to_dict()["background"] == "transparent"


def charts():
    """One of each kind, over names that anybody may have chosen."""
    names = [HOSTILE[at % len(HOSTILE)] for at in range(60)]
    frame = calls(60, model=names, tag=names, error_type=names, error_message=names)
    found = {kind: draw(kind, frame) for kind in OF_CALLS}
    found["spans"] = draw("waterfall", SPANS.assign(name=list(HOSTILE[:3])))
    groups = [name for name in HOSTILE if "\ud800" not in name]  # which Arrow cannot hold
    rows = [DIFFERENCE | {"group": group, "baseline": HOSTILE[0]} for group in groups]
    found["compare"] = draw("compare", pd.DataFrame(rows))
    return found


@pytest.fixture(scope="module")
def drawn():
    return charts()


@pytest.mark.parametrize("kind", [*OF_CALLS, "spans", "compare"])
def test_every_kind_saves_offline(kind, drawn, tmp_path):
    """PNG and SVG by `chart.save`; in the SVG a hostile name is text, and nothing can run."""
    drawn[kind].save(tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    drawn[kind].save(tmp_path / "chart.svg")
    tree = ET.parse(tmp_path / "chart.svg").getroot()
    kinds = {node.tag.rpartition("}")[2] for node in tree.iter()}
    assert kinds <= {"svg", "g", "path", "rect", "line", "text", "tspan"}
    names = {name for node in tree.iter() for name in node.attrib}
    assert [name for name in names if name.startswith("on") or name.endswith("href")] == []


COSTS = (
    (2.28123e-5, 8.12456e-6, "$0.0000228 → $0.00000812"),
    (1.23456e-9, 9.87654e-9, "$0.00000000123 → $0.00000000988"),
    (123_456_789.0, 0.00012345, "$123,456,789 → $0.000123"),
    (1.0, 1.1, "$1.00 → $1.10"),
)


@pytest.mark.parametrize(("was", "now", "shown"), COSTS)
@pytest.mark.parametrize("width", [120, 640])
def test_no_number_of_a_comparison_is_cut(width, was, now, shown, tmp_path):
    """Whatever it takes, what was and what is stand there in full, beside the plot."""
    rows = [DIFFERENCE | {"value": now, "baseline_value": was}]
    draw("compare", pd.DataFrame(rows), width=width).save(tmp_path / "chart.svg")
    (text,) = [node for node in ET.parse(tmp_path / "chart.svg").iter() if node.text == shown]
    right = float(re.search(r"translate\(([\d.]+)", text.get("transform"))[1])
    plot = draw("compare", pd.DataFrame(rows), width=width).to_dict()["width"]
    assert right - 6 * len(shown) > plot


def test_a_name_is_read_as_it_is(drawn, tmp_path):
    """Markup in a model's name is seen as its letters."""
    drawn["latency"].save(tmp_path / "chart.svg")
    nodes = ET.parse(tmp_path / "chart.svg").iter()
    texts = {node.text.replace("\u200b", "") for node in nodes if node.text}
    assert "<script>alert(1)</script>" in texts
    assert "{{7*7}}" in texts


@pytest.fixture(scope="module")
def chromium():
    with browser() as running:
        yield running


@pytest.fixture
def page(chromium):
    page = chromium.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("kind", ["latency", "errors", "waterfall"])
def test_a_saved_page_runs_nothing_of_a_call(kind, drawn, page, tmp_path):
    """As a page with Vega inside, it draws, asks no network, and no text of a call is run."""
    path = tmp_path / "chart.html"
    drawn[kind].save(path, inline=True)
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda problem: wrong.append(str(problem)))
    page.add_init_script("window.alert = words => { throw new Error(`ran: ${words}`); }")
    page.goto(path.as_uri())
    page.wait_for_selector(".vega-embed canvas, .vega-embed svg")
    assert wrong == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_it_shows_in_jupyterlab_without_a_network():
    """JupyterLab draws it with the Vega that it has, over the ground of its own theme."""
    bundle = draw("latency", calls(40))._repr_mimebundle_()
    cell = nbformat.v4.new_code_cell("chart", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("execute_result", bundle, execution_count=1)]
    book = nbformat.v4.new_notebook(cells=[cell])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    with lab(theme="dark", width=900) as desk:
        asked = []
        desk.page.on("request", lambda request: asked.append(request.url))
        page = desk.open(book, bare=True)
        page.wait_for_function(
            "() => document.querySelector('.jp-OutputArea :is(canvas, svg.marks)')"
            "?.getBoundingClientRect().width > 600"
        )
        elsewhere = [url for url in asked if "127.0.0.1" not in url]
        assert [url for url in elsewhere if not url.startswith(("data:", "blob:"))] == []
