"""The house: imports go down, rooms are entered by their door, and nothing heavy stands in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import llmwatch

# From the bottom up: a room imports from floors below its own, never from its neighbours.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("exceptions", "faults", "ids", "late", "semconv"),
    ("colours", "otel", "records", "retry_after", "settings", "totals", "words"),
    ("columns", "context", "frames", "pricing", "redaction", "tallies"),
    ("capture", "left", "view", "worker", "wrapping"),
    ("assemble", "store", "summary"),
    ("alerting", "charts", "compare", "flights", "traces"),
    ("exporters", "widgets"),
    ("reading",),
    ("recorder",),
    (
        "board", "face", "loaded", "manual", "metrics", "nested", "outlets", "scopes", "spans",
        "testing",
    ),
    ("magic",),
    ("__init__",),
)  # fmt: skip
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
HEAVY = {
    "IPython", "altair", "anthropic", "anywidget", "genai_prices", "grafana_foundation_sdk", "httpx",
    "httpx2", "ipykernel", "ipywidgets", "nest_asyncio2", "numpy", "openai", "opentelemetry",
    "pandas", "prometheus_client", "pyarrow", "pydantic", "requests", "scipy", "traitlets",
    "vl_convert",
}  # fmt: skip
AT_HOME = {"magic": {"IPython", "traitlets"}}  # who loads it has them already
ON_PURPOSE = {"testing/plugin.py"}  # typed in full by a person, who loads it into pytest

HOME = Path(llmwatch.__file__).parent
FILES = sorted(HOME.rglob("*.py"))


def name_of(path: Path) -> str:
    """The dotted name inside the house: `capture._tap`; a door bears the name of its room."""
    parts = path.relative_to(HOME).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


NAMES = {name_of(path) for path in FILES}


def room_of(name: str) -> str:
    return name.partition(".")[0]


def imports(path: Path, *, when_loaded: bool = False) -> Iterator[tuple[int, str]]:
    """Line and absolute name of what a file imports; `when_loaded`: only what runs then."""
    package = ["llmwatch", *path.relative_to(HOME).parent.parts]
    for node in nodes(ast.parse(path.read_text("utf-8")), when_loaded=when_loaded):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def nodes(tree: ast.AST, *, when_loaded: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if when_loaded and (
            isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        ):
            continue
        yield node
        yield from nodes(node, when_loaded=when_loaded)


def inside(name: str) -> str | None:
    """The file of ours that an absolute name stands for or in; None for other people's."""
    if name.partition(".")[0] != "llmwatch":
        return None
    rest = name.removeprefix("llmwatch").removeprefix(".")
    while rest and rest not in NAMES:
        rest = rest.rpartition(".")[0]
    return rest or "__init__"


def crossings() -> Iterator[tuple[str, str, str]]:
    """Place, importing file and imported file, wherever a room imports from another."""
    for path in FILES:
        source = name_of(path)
        for line, name in imports(path):
            target = inside(name)
            if target is not None and room_of(target) != room_of(source):
                yield f"{path.relative_to(HOME)}:{line}", source, target


def test_every_room_has_its_floor():
    """The table above names every file and folder of the package, and nothing that is not."""
    assert {room_of(name) for name in NAMES} == set(FLOOR)


def test_imports_go_down():
    """A room imports from lower floors only: not from above, not from its own."""
    wrong = [
        f"{place}: {source} ({FLOOR[room_of(source)]}) -> {target} ({FLOOR[room_of(target)]})"
        for place, source, target in crossings()
        if FLOOR[room_of(target)] >= FLOOR[room_of(source)]
    ]
    assert wrong == []


def test_a_room_is_entered_by_its_door():
    """Who imports from a folder takes what its `__init__.py` offers, no file behind it."""
    assert [place for place, _, target in crossings() if "." in target] == []


def test_files_in_a_folder_are_private():
    """Behind a door every file begins with an underscore, what a person types excepted."""
    behind = {path.relative_to(HOME) for path in FILES if path.parent != HOME}
    public = {path.as_posix() for path in behind if not path.name.startswith("_")}
    assert public == ON_PURPOSE


def test_no_files_import_each_other_in_a_circle():
    """Also inside a room, what is needed at import time stands in an order."""
    graph: dict[str, set[str]] = {}
    for path in FILES:
        targets = {inside(name) for _, name in imports(path, when_loaded=True)} - {None}
        graph[name_of(path)] = targets - {name_of(path)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as found:
        pytest.fail(" <- ".join(found.args[1]))


def test_no_module_is_named_like_a_public_attribute():
    """Importing such a module would put it in the attribute's place."""
    assert {room_of(name) for name in NAMES} & set(llmwatch.__all__) == set()


def test_heavy_libraries_are_imported_where_they_are_used():
    """No file loads pandas, openai or the like when it is imported."""
    heavy = [
        f"{path.relative_to(HOME)}:{line} {name}"
        for path in FILES
        for line, name in imports(path, when_loaded=True)
        if name.partition(".")[0] in HEAVY - AT_HOME.get(room_of(name_of(path)), set())
    ]
    assert heavy == []


def test_the_worker_knows_no_pandas():
    """What runs on the background thread has no way to import pandas, not even inside a function."""
    rooms = {
        "assemble",
        "capture",
        "context",
        "faults",
        "flights",
        "ids",
        "otel",
        "pricing",
        "records",
        "redaction",
        "traces",
        "worker",
    }
    found = [
        f"{path.relative_to(HOME)}:{line}"
        for path in FILES
        if room_of(name_of(path)) in rooms
        for line, name in imports(path)
        if name.partition(".")[0] == "pandas"
    ]
    assert found == []
