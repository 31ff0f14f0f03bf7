"""The alert under a cell: what is wrong, since when, what to type next; and, in place, its end.

The HTML needs no script: it opens to its calls by itself, also in a saved notebook, in an export,
and where the kernel is gone. What needs a kernel (`Mute`) is put beside it by `_hand`, while
there is one. JupyterLab drops the `<style>` in a notebook it does not trust, so colours stand
inline and what matters is bold and said in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from ..alerting import Alert
from ..colours import BAD, FONT, GOOD, GROUND, INK, MUTED, WARN
from ..context import Cell
from ..records import Call
from ..words import clean, plural
from ._table import TABLE_STYLE, table

__all__ = ["Banner"]

_CALLS = 20  # rows of the table: a notice is no report

_INFO = "color:color-mix(in srgb,var(--jp-info-color1,dodgerblue) 45%,currentColor)"
_LOOKS = {  # a mark, the colour of the ink, and of what the ground is tinted with
    "critical": ("✕", BAD, "var(--jp-error-color1,red)"),
    "warning": ("▲", WARN, "var(--jp-warn-color1,orange)"),
    "info": ("●", _INFO, "var(--jp-info-color1,dodgerblue)"),
    "resolved": ("✓", GOOD, "var(--jp-success-color1,green)"),
    "ended": ("■", f"color:{MUTED}", "currentColor"),  # the rule was removed, or switched off
}
_BLUE = "var(--jp-content-link-color,currentColor)"
_CODE = (
    f"color:color-mix(in srgb,var(--vscode-textLink-foreground,{_BLUE}) 85%,currentColor);"
    "background:none;padding:0"
)

# Without these classes JupyterLab and nbconvert read "$0.50, over $0.40" as a formula.
_CLASS = "llmwatch-alert tex2jax_ignore mathjax_ignore"

_BUTTON = ".llmwatch-alert :is(summary,button)"
_STYLE = (
    ".llmwatch-alert{position:relative;container-type:inline-size;margin:6px 0 0;"
    "border-radius:6px;font-size:var(--jp-ui-font-size1,13px);line-height:1.6;"
    f"{FONT};font-variant-numeric:tabular-nums;"
    f"color:{INK}}}"
    ".llmwatch-alert [role]{padding:8px 130px 8px 40px;overflow-wrap:anywhere}"
    ".llmwatch-alert:has(button) [role]{padding-right:210px}"
    ".llmwatch-alert b{font-weight:600}"
    ".llmwatch-alert b>i{position:absolute;left:14px;font-style:normal}"
    ".llmwatch-alert.llmwatch-alert code{font-size:.95em;white-space:normal;unicode-bidi:isolate}"
    + _BUTTON
    + "{position:absolute;top:9px;right:12px;box-sizing:border-box;display:block;margin:0;"
    "padding:2px 10px;list-style:none;border-radius:4px;font:inherit;line-height:1.5;"
    f"white-space:nowrap;cursor:pointer;color:{INK};background:{GROUND};"
    "border:1px solid color-mix(in srgb,currentColor 25%,transparent)}"
    ".llmwatch-alert summary::-webkit-details-marker{display:none}"
    + _BUTTON
    + ":is(:hover,:focus-visible){border-color:currentColor}"
    ".llmwatch-alert button{width:80px;padding:2px 0;text-align:center}"
    ".llmwatch-alert button:disabled{opacity:.6;cursor:default}"
    ".llmwatch-alert:has(button) summary{right:100px}"
    ".llmwatch-alert .llmwatch-calls{padding:0 14px 8px 32px}"
    # A narrow place: the buttons stand below the words.
    "@container(max-width:560px){.llmwatch-alert.llmwatch-alert [role]{padding:8px 14px 2px 40px}"
    ".llmwatch-alert :is(summary,button){position:static;display:inline-block;margin:4px 0 8px}"
    ".llmwatch-alert summary{margin-left:40px}"
    ".llmwatch-alert details:not([open]){display:inline-block;margin-right:8px}"
    ".llmwatch-alert button{margin-left:40px}"
    ".llmwatch-alert details:not([open])+button{margin-left:0}"
    ".llmwatch-alert .llmwatch-calls{padding-left:14px}}"
    + TABLE_STYLE.replace(".llmwatch-receipt", ".llmwatch-calls")
)


@dataclass(frozen=True, slots=True)
class Banner:
    """One alert as it stands under a cell; shows itself as HTML and as text.

    Parameters
    ----------
    alert : Alert
        The latest notice of it.
    calls : sequence of Call
        Those that caused it, the newest last.
    kernel, ident : str
        By which `_hand` knows the kernel's banners, and this one among them.
    version : int
        Counts up whenever it changes.
    is_open : bool
        Whether the table of calls is shown.
    is_news : bool
        Whether a screen reader is to read it out: not where only a figure moved.
    muted_until : datetime, optional
        Where nothing is told of its rule for a while.
    """

    alert: Alert
    calls: Sequence[Call] = ()
    kernel: str = ""
    ident: str = ""
    version: int = 0
    is_open: bool = False
    is_news: bool = True
    muted_until: datetime | None = None

    def html(self) -> str:
        """The banner as HTML, at most 15 KB."""
        mark, ink, ground = self._look
        detail = escape(self._detail).replace(" · ", "\u00a0· ")  # no line begins with a dot
        if self._hint:
            code = f'<code style="{_CODE}">{escape(self._hint)}</code>'
            detail = f"{detail}\u00a0· {code}" if detail else code
        quiet = "" if self.is_news else ' aria-live="off"'
        return (
            f"<style>{_STYLE}</style>"
            f'<div class="{_CLASS}" style="background:color-mix(in srgb,{ground} 11%,transparent)"'
            f"{self._name}{self._can}>"
            f'<div role="alert"{quiet}><b style="{ink}"><i aria-hidden="true">{mark} </i>'
            f"{escape(self._title)}</b>"
            f'<div style="color:{MUTED}">{detail}</div></div>'
            f"{self._table}</div>"
        )

    def text(self) -> str:
        """The banner as text, two lines at most."""
        below = " · ".join(part for part in (self._detail, self._hint) if part)
        lines = [f"{self._look[0]} {self._title}", *([below] if below else [])]
        return "\n  ".join(lines).replace("\u202f", " ")

    def line(self) -> str:
        """The banner as one line, for a terminal."""
        return self.text().replace("\n  ", " · ")

    def bundle(self) -> dict[str, str]:
        """Both, by MIME type."""
        return {"text/html": self.html(), "text/plain": self.text()}

    def moved(self, to: Cell | None) -> dict[str, str]:
        """What is left of it where it stood, once the alert stands under a later cell."""
        where = "a later cell"
        if to is not None and to.execution_count is not None:
            where = f"cell [{to.execution_count}]"
        ended = f" {_line(self.alert.message, 80)}" if self.alert.state == "resolved" else ""
        return self._said(f"{clean(self.alert.subject, 80)}{ended}: see {where}")

    def rest(self, firing: int, ended: int) -> dict[str, str]:
        """What stands for further groups of its rule: a cell shows a few of them as banners."""
        name = clean(self.alert.name, 80)
        if firing:
            return self._said(
                f"{name}: {plural(firing, 'more group')} firing · ", "llmwatch.alerts"
            )
        if ended:
            line = f"{name}: {plural(ended, 'more group')} fired, all over · "
            return self._said(line, "llmwatch.alerts.history")
        return self._said(f"{name}: more groups under a later cell")

    def _said(self, line: str, hint: str = "") -> dict[str, str]:
        """A line without a banner's box."""
        code = f'<code style="{_CODE}">{escape(hint)}</code>' if hint else ""
        html = (
            f"<style>{_STYLE}</style>"
            f'<div class="{_CLASS}" style="color:{MUTED}"{self._name}>{escape(line)}{code}</div>'
        )
        return {"text/html": html, "text/plain": (line + hint).replace("\u202f", " ")}

    @property
    def _name(self) -> str:
        """By what `_hand` finds it, and knows how fresh it is."""
        return (
            f' data-llmwatch="{escape(self.kernel)}" data-banner="{escape(self.ident)}"'
            f' data-version="{self.version}"'
        )

    @property
    def _can(self) -> str:
        """What can be done with it where there is a kernel."""
        if self.alert.state != "firing":
            return ""
        return f' data-can="{"unmute" if self.muted_until else "mute"}"'

    @property
    def _look(self) -> tuple[str, str, str]:
        kind = self.alert.severity
        if self.alert.state == "resolved":
            kind = "resolved" if self.alert.message.startswith("resolved") else "ended"
        return _LOOKS.get(kind, _LOOKS["warning"])

    @property
    def _title(self) -> str:
        return _line(self.alert.title, 200)

    @property
    def _detail(self) -> str:
        detail = _line(self.alert.detail, 400)
        if self.muted_until is None:
            return detail
        muted = f"muted until {self.muted_until.astimezone():%H:%M}"
        return f"{detail} · {muted}" if detail else muted

    @property
    def _hint(self) -> str:
        return _line(self.alert.hint, 200)

    @property
    def _table(self) -> str:
        if not self.calls:
            return ""
        more, note = len(self.calls) - _CALLS, ""
        if more > 0:
            note = f'<div style="color:{MUTED}">{plural(more, "older call")} left out</div>'
        return (
            f"<details{' open' if self.is_open else ''}><summary>Show calls</summary>"
            f'<div class="llmwatch-calls">{table(self.calls[-_CALLS:])}{note}</div></details>'
        )


def _line(text: str, limit: int) -> str:
    """`clean`, which keeps figures and their units together."""
    return "\u202f".join(clean(part, limit) for part in text.split("\u202f"))
