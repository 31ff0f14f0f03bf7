"""vl-convert, in a process of its own where cells run meanwhile.

It holds Python's lock for as long as it works, over a second for Vega: on a thread of the kernel it
would stop the very calls that are timed, and the panel with them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["converted"]

_PATIENCE_S = 120.0  # a guard against a process that hangs
_CODE = """
import json, sys, vl_convert
name, asked = json.load(sys.stdin)
print(json.dumps([getattr(vl_convert, name)(**one) for one in asked]))
"""


def converted(name: str, asked: Sequence[Mapping[str, Any]], *, apart: bool) -> list[str]:
    """What the function `name` of vl-convert makes of each of these keyword arguments.

    `apart` asks for a process of its own; where there can be none, it is done here.
    """
    if apart and _is_python():
        try:
            return _in_a_process(name, asked)
        except (OSError, subprocess.SubprocessError, ValueError):
            pass
    import vl_convert

    return [getattr(vl_convert, name)(**one) for one in asked]


def _is_python() -> bool:
    """Whether our executable is Python itself; within an application it would be that."""
    return Path(sys.executable or "").name.lower().startswith("python")


def _in_a_process(name: str, asked: Sequence[Mapping[str, Any]]) -> list[str]:
    done = subprocess.run(  # noqa: S603  # our own code, and Python itself
        [sys.executable, "-P", "-c", _CODE],  # -P: a file of the person's could be called json.py
        input=json.dumps([name, asked]).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=_PATIENCE_S,
        start_new_session=True,  # an interrupt of the kernel is not for it
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    made: list[str] = json.loads(done.stdout)
    return made
