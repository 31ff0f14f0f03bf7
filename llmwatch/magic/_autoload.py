"""`%llmwatch autoload`: a start-up file of the IPython profile, for kernels and terminals alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..exceptions import ExportError, UsageError

__all__ = ["autoload_off", "autoload_on", "startup_file"]

# Files in `startup/` are run by every shell of the profile, whatever its front end. One of our own
# leaves the person's configuration alone; it stays silent where llmwatch is not installed.
_LINES = """\
# Written by `%llmwatch autoload on`; `%llmwatch autoload off` takes it out.
try:
    get_ipython().extension_manager.load_extension("llmwatch")
except ImportError:
    pass
"""


def startup_file(shell: Any) -> Path:
    """Where the start-up file of this shell's profile stands, or would."""
    if getattr(shell, "profile_dir", None) is None:
        raise UsageError("this shell has no IPython profile that could load llmwatch.")
    return Path(shell.profile_dir.startup_dir) / "50-llmwatch.py"


def autoload_on(shell: Any) -> str:
    """Load llmwatch with every kernel of this profile; returns what was done, in one line."""
    file = startup_file(shell)
    there = _read(file)
    if _LINES in there:
        return f"llmwatch is loaded with every kernel already: {file}"
    _write(file, there + _LINES)
    return f"llmwatch will be loaded with every kernel of this profile: wrote {file}"


def autoload_off(shell: Any) -> str:
    """Undo `autoload_on`, leaving what others wrote; returns what was done, in one line."""
    file = startup_file(shell)
    there = _read(file)
    if _LINES not in there:
        return f"llmwatch is not loaded by itself: there is nothing of it in {file}"
    _write(file, there.replace(_LINES, ""))
    return f"llmwatch will not be loaded by itself any more: took it out of {file}"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as problem:
        raise ExportError(f"could not read {file}: {problem}.") from None


def _write(file: Path, text: str) -> None:
    try:
        if not text.strip():
            file.unlink()
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise ExportError(f"could not write {file}: {problem.strerror or problem}.") from None
