"""The real Prometheus, promtool and Pushgateway, as Debian ships them, for tests of what they read.

`prometheus` runs a server on a free loopback port, with all it writes in a folder::

    with prometheus(folder, ["127.0.0.1:9464"], rules=[path]) as p:
        p.wait_for('llm_requests_total{status="ok"} > 3')
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.ports import free_port

HANG_S = 60.0  # a hang guard: ten times what a slow machine needs
_LOOK_S = 0.1  # it has nothing that one could wait for, so one asks again


def tool(name: str) -> str:
    """Where `prometheus`, `promtool` or `prometheus-pushgateway` is; without it the test skips."""
    found = shutil.which(name)
    if found is not None:
        return found
    message = f"no {name} here: apt-get install prometheus prometheus-pushgateway"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def promtool(*arguments: str, told: str | None = None) -> subprocess.CompletedProcess[str]:
    """What `promtool` says, `told` on its standard input."""
    return subprocess.run(
        [tool("promtool"), *arguments], input=told, capture_output=True, text=True, timeout=HANG_S
    )


class Prometheus:
    """A server that scrapes every quarter of a second."""

    def __init__(self, url: str) -> None:
        self.url = url

    def api(self, path: str, **options: str) -> Any:
        """What `/api/v1/<path>` gives."""
        return json.loads(get(f"{self.url}/api/v1/{path}?{urlencode(options)}"))["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression gives now: each with `metric` and `value`."""
        return list(self.api("query", query=expression)["result"])

    def wait_for(self, expression: str) -> list[dict[str, Any]]:
        """The series of an expression, once there are any."""
        return wait_for(lambda: self.query(expression), expression)


@contextmanager
def prometheus(
    folder: Path, targets: Sequence[str], rules: Sequence[Path] = ()
) -> Iterator[Prometheus]:
    """A server that scrapes `targets`, and looks at the rules in these files."""
    config = {
        "global": {"scrape_interval": "250ms", "evaluation_interval": "250ms"},
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [{"job_name": "notebook", "static_configs": [{"targets": [*targets]}]}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
    address = f"127.0.0.1:{free_port()}"
    arguments = [
        tool("prometheus"), f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address={address}",
        "--log.level=warn",
    ]  # fmt: skip
    with running(arguments, folder / "prometheus.log", f"http://{address}/-/ready"):
        yield Prometheus(f"http://{address}")


@contextmanager
def pushgateway(folder: Path) -> Iterator[str]:
    """A Pushgateway; gives its address, `host:port`."""
    address = f"127.0.0.1:{free_port()}"
    arguments = [
        tool("prometheus-pushgateway"), f"--web.listen-address={address}",
        f"--persistence.file={folder / 'pushgateway.data'}",  # Debian has one for the machine
    ]  # fmt: skip
    with running(arguments, folder / "pushgateway.log", f"http://{address}/-/ready"):
        yield address


@contextmanager
def running(arguments: Sequence[str], log: Path, ready: str) -> Iterator[None]:
    """A process, from when `ready` answers until the end of the block."""
    with log.open("w") as said:
        process = subprocess.Popen(arguments, stdout=said, stderr=said)
    try:
        wait_for(lambda: process.poll() is not None or _answers(ready), ready)
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(HANG_S)


def wait_for(look: Callable[[], Any], what: str) -> Any:
    """What `look` gives, once that is something."""
    end = time.monotonic() + HANG_S
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(_LOOK_S)
    pytest.fail(f"waited for {what} in vain", pytrace=False)


def get(url: str) -> str:
    """What is there."""
    with urlopen(url, timeout=HANG_S) as answer:
        return str(answer.read().decode("utf-8"))


def _answers(url: str) -> bool:
    try:
        return bool(get(url))
    except (URLError, ConnectionError):
        return False
