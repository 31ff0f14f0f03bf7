"""A real kernel, driven as a front end drives it: cells in, messages out.

`kernel` starts one with every Jupyter and IPython folder in a temporary place::

    with kernel(folder) as k:
        run = k.run("1 + 1")
        run.value            # "2"
"""

from __future__ import annotations

import os
import queue
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

HANG_S = 60.0  # a hang guard: far more than the slowest cell here takes on a slow machine
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Run:
    """All that one execute request brought: the messages in order, and the reply."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    reply: dict[str, Any] = field(default_factory=dict)
    place: str = ""

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The contents of the messages of one type."""
        return [m["content"] for m in self.messages if m["msg_type"] == kind]

    @property
    def status(self) -> str:
        """`ok`, `error` or `aborted`."""
        return str(self.reply["content"]["status"])

    @property
    def value(self) -> str | None:
        """The cell's value as text."""
        results = self.of("execute_result")
        return results[-1]["data"]["text/plain"] if results else None

    @property
    def stdout(self) -> str:
        """What it wrote to stdout."""
        return "".join(c["text"] for c in self.of("stream") if c["name"] == "stdout")

    @property
    def stderr(self) -> str:
        """What it wrote to stderr."""
        return "".join(c["text"] for c in self.of("stream") if c["name"] == "stderr")

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The mime bundles of what it displayed."""
        return [content["data"] for content in self.of("display_data")]

    @property
    def receipts(self) -> list[str]:
        """The receipts among them, as text."""
        return [data["text/plain"] for data in self.shown if is_receipt(data)]

    @property
    def receipt(self) -> str:
        """The one receipt, as text."""
        (text,) = self.receipts
        return text

    @property
    def error(self) -> dict[str, Any]:
        """The one error message."""
        (content,) = self.of("error")
        return content


def is_receipt(data: Mapping[str, Any]) -> bool:
    """Whether a mime bundle is a receipt."""
    return "llmwatch-receipt" in data.get("text/html", "")


def once_ready(act: Callable[[], object]) -> Callable[[Run], None]:
    """For `during`: act once, when the cell has written "ready" and the end of that line."""
    acted = []

    def listen(run: Run) -> None:
        # How a stream is cut into messages is chance: a second Ctrl-C would hit whatever comes next.
        if not acted and run.stdout.startswith("ready\n"):
            acted.append(True)
            act()

    return listen


class Kernel:
    """A running kernel and one front end on it."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient, place: Path) -> None:
        self.manager = manager
        self.place = place
        self.client = client

    def run(
        self,
        code: str,
        *,
        during: Callable[[Run], None] | None = None,
        beside: Callable[[dict[str, Any]], None] | None = None,
        client: BlockingKernelClient | None = None,
        cell_id: str | None = None,
        **options: Any,
    ) -> Run:
        """Execute `code` and wait for its end; `during` is told after each message."""
        front = client or self.client
        sent = self.send(code, client=front, cell_id=cell_id, **options)
        return self.collect(sent, during=during, beside=beside, client=front)

    def send(
        self,
        code: str,
        *,
        client: BlockingKernelClient | None = None,
        cell_id: str | None = None,
        **options: Any,
    ) -> str:
        """Queue `code` as a front end does; returns the id of the request."""
        front = client or self.client
        content = {
            "code": code, "silent": False, "store_history": True, "user_expressions": {},
            "allow_stdin": False, "stop_on_error": True, **options,
        }  # fmt: skip
        metadata = {"cellId": cell_id} if cell_id else {}
        message = front.session.msg("execute_request", content, metadata=metadata)
        front.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def collect(
        self,
        sent: str,
        *,
        during: Callable[[Run], None] | None = None,
        beside: Callable[[dict[str, Any]], None] | None = None,
        client: BlockingKernelClient | None = None,
    ) -> Run:
        """Wait for the end of a request; what belongs to another one is told `beside`."""
        front, run = client or self.client, Run(place=str(self.place))
        while not _is_idle(run):
            message = front.get_iopub_msg(timeout=HANG_S)
            if message["parent_header"].get("msg_id") == sent:
                run.messages.append(message)
                if during is not None:
                    during(run)
            elif beside is not None:
                beside(message)
        run.reply = _reply(front, sent)
        return run

    def ask(self, code: str) -> Any:
        """What the expression `code` is, without leaving a trace in the history."""
        asked = self.run("", silent=True, user_expressions={"it": code})
        while asked.reply["content"]["status"] == "aborted":  # ipykernel 6, right behind an error
            asked = self.run("", silent=True, user_expressions={"it": code})
        told = asked.reply["content"]["user_expressions"]["it"]
        return told["data"]["text/plain"] if told["status"] == "ok" else told

    def complete(self, code: str) -> list[str]:
        """What Tab offers at the end of `code`."""
        sent = self.client.complete(code, len(code))
        return list(_reply(self.client, sent)["content"]["matches"])

    def restart(self) -> None:
        """Restart it, as the menu of a front end does."""
        self.manager.restart_kernel(now=True)
        self.client.wait_for_ready(timeout=HANG_S)

    @contextmanager
    def second_client(self) -> Iterator[BlockingKernelClient]:
        """Another front end on the same kernel."""
        client = BlockingKernelClient()  # with a session of its own
        client.load_connection_info(self.manager.get_connection_info())
        client.start_channels()
        client.wait_for_ready(timeout=HANG_S)
        _hear(client)
        yield client
        client.stop_channels()


def _hear(client: BlockingKernelClient) -> None:
    """Ask until the answer comes on iopub too: a subscription takes effect when it has arrived."""
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        client.kernel_info(reply=True, timeout=HANG_S)
        with suppress(queue.Empty):
            while True:
                if client.get_iopub_msg(timeout=1)["content"].get("execution_state") == "idle":
                    return
    raise queue.Empty


def _is_idle(run: Run) -> bool:
    last = run.messages[-1] if run.messages else None
    return (
        last is not None
        and last["msg_type"] == "status"
        and last["content"]["execution_state"] == "idle"
    )


def _reply(client: BlockingKernelClient, sent: str) -> dict[str, Any]:
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        message: dict[str, Any] = client.get_shell_msg(timeout=HANG_S)
        if message["parent_header"].get("msg_id") == sent:
            return message
    raise queue.Empty


def places(folder: Path) -> dict[str, str]:
    """An environment in which nothing of the person's own IPython and Jupyter is seen."""
    hidden = ("LLMWATCH_", "JPY_", "IPYTHON", "JUPYTER_")
    environ = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
    paths = [str(ROOT), environ.get("PYTHONPATH", "")]
    return environ | {
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "NO_COLOR": "1",
    }


@contextmanager
def kernel(folder: Path, **more: str) -> Iterator[Kernel]:
    """A kernel that works in `folder`, with `more` in its environment."""
    work = folder / "work"
    work.mkdir(parents=True, exist_ok=True)
    # No ports: sockets are files in the folder, and nobody else on the machine can speak to it.
    manager = KernelManager(transport="ipc", ip=str(folder / "kernel"))
    manager.kernel_spec.argv = [
        sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}",
    ]  # fmt: skip
    manager.start_kernel(env=places(folder) | more, cwd=str(work))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=HANG_S)
        yield Kernel(manager, client, folder)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
