"""%load_ext and %unload_ext come and go, light and without a trace, whatever breaks inside."""

from __future__ import annotations

import pytest

from .kernel import kernel
from .plain import LOADED, SETUP, last

STATE = """(
    [f.__name__ for f in ip.input_transformers_cleanup + ip.input_transformers_post
     if hasattr(f, '__name__')], len(ip.input_transformers_cleanup),
    {k: len(v) for k, v in ip.events.callbacks.items()}, len(ip.configurables),
    sorted(ip.magics_manager.magics['line']) == lines, len(ip.Completer.custom_matchers),
    'llmwatch' in ip.magics_manager.magics['cell'], len(ip.ast_transformers),
)"""


def test_unload_leaves_the_shell_as_it_was(tmp_path):
    """Loaded twice is loaded once; unloaded, nothing of us is left, and it can come again."""
    with kernel(tmp_path) as k:
        k.run("%unload_ext none_such")  # IPython brings the magics of extensions when first asked
        k.run("import httpx2; send = httpx2.Client.send")
        k.run("ip = get_ipython(); lines = sorted(ip.magics_manager.magics['line'])")
        before = k.ask(STATE)
        assert k.run("%load_ext llmwatch").stdout == LOADED
        k.run(SETUP)
        assert LOADED not in k.run("%load_ext llmwatch").stdout
        assert k.run("%%llmwatch\nask()").receipt.startswith("1 call · ")
        assert len(k.run("%%llmwatch\nask()").receipts) == 1
        assert k.ask(STATE) != before
        assert k.ask("httpx2.Client.send is send") == "False"
        k.run("%%llmwatch --tag left\n%unload_ext llmwatch")
        assert k.ask(STATE) == before
        assert k.ask("__import__('llmwatch.context').context.here()") == "None"
        assert k.ask("httpx2.Client.send is send") == "True"
        assert k.run("ask()").shown == []
        assert k.ask("len(llmwatch.session)") == "2"
        assert k.run("%reload_ext llmwatch").stdout == LOADED
        assert k.run("%reload_ext llmwatch").stdout == LOADED
        assert k.run("%%llmwatch --tag again\nask()").receipt.startswith("1 call · ")
        assert k.run("ask()").shown == []
        assert last(k, "tag", "execution_count") == "[None, 14]"


def test_loading_is_light(tmp_path):
    """`%load_ext` brings none of the heavy libraries into the process."""
    heavy = "{'pandas', 'numpy', 'altair', 'openai', 'ipywidgets', 'httpx', 'httpx2', 'jupyterlab'}"
    with kernel(tmp_path) as k:
        k.run("import sys; before = set(sys.modules)")
        k.run("%load_ext llmwatch")
        k.run("%%llmwatch\n1")
        k.run("%llmwatch")
        assert k.run(f"(set(sys.modules) - before) & {heavy}").value == "set()"


def test_the_cell_that_loads_it(tmp_path):
    """A call made in the cell of `%load_ext` knows its cell, and the next one knows its own."""
    with kernel(tmp_path) as k:
        k.run(f"%load_ext llmwatch\n{SETUP}\nask()", cell_id="first")
        assert last(k, "cell_id", "execution_count") == "['first', 1]"
        k.run("ask()", cell_id="second")
        assert last(k, "cell_id", "execution_count") == "['second', 2]"


def test_the_name_of_the_notebook(tmp_path):
    """It is the file's name alone, from Jupyter or from VS Code."""
    with kernel(tmp_path, JPY_SESSION_NAME="/home/ana/notes/report.ipynb") as k:
        k.run(f"%load_ext llmwatch\n{SETUP}")
        k.run("ask()")
        assert last(k, "notebook") == "['report.ipynb']"
        k.run("__vsc_ipynb_file__ = 'C:\\\\ana\\\\other.ipynb'")
        k.run("ask()")
        assert last(k, "notebook") == "['other.ipynb']"


def test_autoload(tmp_path):
    """A restarted kernel knows the line; `off` takes out what `on` wrote, and nothing else."""
    file = tmp_path / "ipython" / "profile_default" / "startup" / "50-llmwatch.py"
    with kernel(tmp_path) as k:
        k.run("%load_ext llmwatch")
        assert str(file) in k.run("%llmwatch autoload on").stdout
        written = file.read_text()
        assert "already" in k.run("%llmwatch autoload on").stdout
        assert file.read_text() == written
        k.restart()
        assert k.run("%%llmwatch\n1").receipt == "no LLM calls"
        file.write_text(f"mine = 1\n{written}")
        assert str(file) in k.run("%llmwatch autoload off").stdout
        assert file.read_text() == "mine = 1\n"
        file.write_text(written)
        k.run("%llmwatch autoload off")
        assert not file.exists()
        assert "nothing of it" in k.run("%llmwatch autoload off").stdout
        k.restart()
        assert "not found" in k.run("%llmwatch").stderr


def test_a_profile_that_says_how(tmp_path):
    """`c.LLMWatch` in the profile is heeded; a wrong value there is one line, not a failure."""
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    config = profile / "ipython_config.py"
    config.write_text("c.LLMWatch.receipts = 'all'\n")
    with kernel(tmp_path) as k:
        k.run("%load_ext llmwatch")
        assert k.run("%config LLMWatch.receipts").value == "'all'"
        config.write_text("c.LLMWatch.receipts = 'some'\n")
        k.restart()
        assert k.run("%load_ext llmwatch").stdout == (
            'llmwatch: receipts=\'some\' is not one of "tagged", "all", "off".\n' + LOADED
        )


@pytest.mark.parametrize("step", ["cell", "store", "all"])
def test_what_breaks_inside_stays_inside(tmp_path, step):
    """With our own steps broken a cell still runs as without us, and it is counted."""
    with kernel(tmp_path, LLMWATCH_FAULT=step) as k:
        k.run("%load_ext llmwatch")
        k.run(SETUP)
        run = k.run("%%llmwatch --tag x\nask().choices[0].message.content")
        assert run.value == "'A short answer to \"hi\".'"
        assert (run.stdout, run.stderr, run.of("error")) == ("", "", [])
        assert "LLMWATCH_FAULT" in k.run("%llmwatch").shown[0]["text/plain"]
