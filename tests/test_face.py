"""The face: what `llmwatch.` offers, that it is there, and that having it costs nothing."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib.resources import files

import pytest

import llmwatch

HEAVY = (
    "IPython", "altair", "asyncio", "genai_prices", "httpx", "httpx2", "ipywidgets", "numpy",
    "openai", "pandas", "pydantic", "traitlets",
)  # fmt: skip


def python(code: str) -> str:
    """What a fresh interpreter prints for `code`."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_the_public_list_is_sorted():
    """`__all__` is in order, and no name stands in it twice."""
    assert llmwatch.__all__ == sorted(set(llmwatch.__all__))


def test_the_public_list_is_complete():
    """Every public name that the module itself holds or promises is in `__all__`."""
    code = "import llmwatch; print(*(n for n in dir(llmwatch) if not n.startswith('_')))"
    offered = set(python(code).split())
    machinery = {"Any", "TYPE_CHECKING", "annotations"}
    assert offered - machinery == set(llmwatch.__all__)


def test_tab_offers_public_names_alone():
    """However much of us is loaded by now: rooms and helpers are no names for a person."""
    code = "import llmwatch, llmwatch.magic, llmwatch.testing; llmwatch.session.calls\n"
    code += "print(*(n for n in dir(llmwatch) if not n.startswith('_')))"
    assert python(code).split() == llmwatch.__all__


@pytest.mark.parametrize("name", llmwatch.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name):
    """It resolves, `dir` shows it, and `?` has something to show."""
    assert name in dir(llmwatch)
    assert inspect.getdoc(getattr(llmwatch, name))


@pytest.mark.parametrize("name", llmwatch.__all__)
def test_a_public_name_stays_the_same(name):
    """Asked for twice it is one object; a name that is made anew each time could not be patched."""
    assert getattr(llmwatch, name) is getattr(llmwatch, name)


def test_the_star_brings_the_public_list():
    """`from llmwatch import *` gives exactly `__all__`."""
    code = (
        "names = {}\nexec('from llmwatch import *', names)\nprint(*names.keys() - {'__builtins__'})"
    )
    assert set(python(code).split()) == set(llmwatch.__all__)


def test_a_wrong_name_is_an_attribute_error():
    """It names the module and what was asked for, as Python does."""
    with pytest.raises(AttributeError, match=r"module 'llmwatch' has no attribute 'sesion'"):
        _ = llmwatch.sesion


def test_importing_us_loads_nothing_heavy():
    """A script that imports llmwatch pays for none of what it may use later."""
    code = f"import sys, llmwatch; print(*({set(HEAVY)!r} & sys.modules.keys()))"
    assert python(code) == ""


def test_enabling_loads_nothing_heavy():
    """Neither does switching it on: an SDK that nobody uses is not loaded to be watched."""
    late = set(HEAVY) - {"asyncio"}
    code = f"import sys, llmwatch; llmwatch.enable(); print(*({late!r} & sys.modules.keys()))"
    assert python(code) == ""


def test_the_version_is_the_distribution_s():
    """`__version__` is what the installed distribution is called."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        installed = version("jupyter-llmwatch")
    except PackageNotFoundError:
        pytest.skip("llmwatch runs from a checkout here, it is not installed")
    assert llmwatch.__version__ == installed


def test_the_types_are_shipped():
    """A type checker of whoever uses us reads our annotations (PEP 561)."""
    assert files("llmwatch").joinpath("py.typed").is_file()
