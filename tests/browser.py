"""A real JupyterLab or Notebook 7 in a real Chromium, for tests of what a person sees.

`lab` starts a server on a free loopback port, with every Jupyter and IPython folder in a
temporary place and our extension from the checkout, and opens notebooks in a headless Chromium::

    with lab(theme="dark") as desk:
        page = desk.open(notebook, trusted=True)
        desk.run_all()
        page.screenshot(path="seen.png")
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ARGUMENTS = (
    "--no-sandbox",  # as root, in a container, Chromium has no other way to start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ROOT = Path(__file__).parents[1]
EXTENSION = ROOT / "llmwatch" / "labextension"
PATIENCE_MS = 60_000  # a hang guard: ten times what a slow machine needs


def chromium() -> str:
    """Where Chromium is; without it the test skips, or fails where `CI=true`."""
    names = (os.environ.get("LLMWATCH_CHROMIUM", ""), "chromium", "chromium-browser",
             "google-chrome")  # fmt: skip
    for name in names:
        found = shutil.which(name) if name else None
        if found:
            return found
    message = "no Chromium here: apt-get install chromium, or set LLMWATCH_CHROMIUM to its path"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@contextmanager
def playwright() -> Iterator[Any]:
    """Playwright, started by the first who needs it and stopped by the last.

    Its blocking interface can be open once in a thread, and no event loop can be run there
    meanwhile: open a desk for a test or a module, never for the whole session.
    """
    from playwright.sync_api import sync_playwright

    if not _users:
        _playwright.append(sync_playwright().start())
    _users.append(None)
    try:
        yield _playwright[0]
    finally:
        _users.pop()
        if not _users:
            _playwright.pop().stop()


_playwright: list[Any] = []
_users: list[None] = []


@contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium, as Playwright's `Browser`."""
    executable = chromium()
    with playwright() as tool:
        running = tool.chromium.launch(
            executable_path=executable, args=list(ARGUMENTS), timeout=PATIENCE_MS
        )
        try:
            yield running
        finally:
            running.close()


@contextmanager
def lab(
    *,
    theme: Literal["light", "dark"] = "light",
    app: Literal["jupyterlab", "notebook"] = "jupyterlab",
    width: int = 1000,
    height: int = 800,
    scale: float = 1,
    environ: Mapping[str, str] | None = None,
    checkout: bool = True,
) -> Iterator[Desk]:
    """A running JupyterLab (or Notebook 7), and a window of `width` x `height` in front of it.

    Without `checkout` our extension is the one that `environ` leads Jupyter to.
    """
    chromium()  # before the server starts, so that a skip costs nothing
    with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        write_settings(home, theme)
        with serve(home, environ or {}, app, checkout) as address, browser() as running:
            page = running.new_page(
                viewport={"width": width, "height": height}, device_scale_factor=scale
            )
            page.set_default_timeout(PATIENCE_MS)
            yield Desk(page, address, home, app)


class Desk:
    """One JupyterLab or Notebook 7 with one browser page."""

    def __init__(self, page: Any, address: str, home: Path, app: str) -> None:
        self.page = page
        self.address = address
        self.home = home
        self.app = app
        self.requests: list[str] = []
        """The addresses of all that the page has asked for, sockets included."""
        self.console: list[str] = []
        """What the page has written to its console as an error."""
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("console", lambda said: said.type == "error" and self.console.append(said.text))
        page.on("pageerror", lambda problem: self.console.append(str(problem)))

    def open(
        self,
        notebook: Any,
        name: str = "seen.ipynb",
        *,
        trusted: bool = True,
        bare: bool = False,
    ) -> Any:
        """Save `notebook` (an nbformat node), open it, wait for its cells and its kernel.

        An untrusted notebook is one that JupyterLab has not signed: what it shows is sanitised.
        `bare` opens it without the sidebars (JupyterLab's single-document view).
        """
        import nbformat
        from nbformat.sign import NotebookNotary

        path = self.save(notebook, name)
        if trusted:
            notary = NotebookNotary(data_dir=str(self.home / "data"))
            notary.sign(nbformat.read(path, as_version=4))
            notary.store.close()
        place = "notebooks" if self.app == "notebook" else "doc/tree" if bare else "lab/tree"
        self.page.goto(f"{self.address}/{place}/{name}?reset")
        self.wait_until_open()
        return self.page

    def save(self, notebook: Any, name: str) -> Path:
        """Put a notebook into the folder that the server shows."""
        import nbformat

        path = self.home / "work" / name
        nbformat.write(notebook, path)
        return path

    def wait_until_open(self) -> None:
        """Wait for the cells and the kernel of the notebook in front."""
        self.page.locator(".jp-Notebook .jp-Cell").locator("visible=true").first.wait_for()
        # JupyterLab shows a kernel as idle before there is a session: what is run then is lost.
        until(
            self.page,
            "async () => { const it = window.jupyterapp.shell.currentWidget?.sessionContext;"
            " await it?.ready; await it?.session?.kernel?.info; return Boolean(it?.session); }",
        )
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Wait until the kernel has nothing left to run."""
        self.page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]',
                                    state="attached")  # fmt: skip

    def run_all(self) -> None:
        """Run every cell and wait until each has its number (or none is running)."""
        self.page.locator(".jp-Notebook .jp-Cell").first.click()
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(
            "() => ![...document.querySelectorAll('.jp-InputPrompt')]"
            ".some(prompt => prompt.textContent.includes('*'))"
        )
        self.wait_until_idle()


def until(page: Any, promise: str) -> None:
    """Wait until this function of the page resolves to true.

    Playwright's `wait_for_function` takes any promise for true.
    """
    end = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(promise):
        assert time.monotonic() < end, promise
        page.wait_for_timeout(50)


def write_settings(home: Path, theme: str) -> None:
    """The folders of a fresh JupyterLab that asks nothing and shows `theme`."""
    settings = {
        "themes": {"theme": f"JupyterLab {theme.capitalize()}"},
        "notification": {"fetchNews": "false", "checkForUpdates": False},
    }
    place = home / "settings" / "@jupyterlab" / "apputils-extension"
    place.mkdir(parents=True)
    for name, values in settings.items():
        (place / f"{name}.jupyterlab-settings").write_text(json.dumps(values))
    for name in ("work", "data", "config", "runtime", "workspaces", "ipython"):
        (home / name).mkdir()


@contextmanager
def serve(
    home: Path, environ: Mapping[str, str], app: str = "jupyterlab", checkout: bool = True
) -> Iterator[str]:
    """A server of `app` over the folders in `home`; gives its address."""
    port = free_port()
    folders = {
        "HOME": home,
        "IPYTHONDIR": home / "ipython",
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    command = [
        sys.executable, "-m", app, "--no-browser", "--allow-root",
        "--expose-app-in-browser",
        "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        *([f"--LabServerApp.extra_labextensions_path={EXTENSION}"] if checkout else []),
        "--IdentityProvider.token=", f"--ServerApp.root_dir={home / 'work'}",
    ]  # fmt: skip
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=home / "work", stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            env={**os.environ, **{name: str(path) for name, path in folders.items()}, **environ},
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, server, home / "server.log")
        yield address
    finally:
        server.terminate()  # the server ends its kernels itself
        with suppress(subprocess.TimeoutExpired):
            server.wait(20)
        server.kill()
        server.wait()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server answers; say why when it ended or never does."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        with suppress(URLError, OSError), urlopen(f"{address}/api/status", timeout=5):
            return
        with suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
    pytest.fail(f"Jupyter did not start:\n{log.read_text()[-2000:]}", pytrace=False)
