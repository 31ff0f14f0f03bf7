"""The live panel: one model for a session, shown in the sidebar and under cells alike."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from .. import faults
from ._assets import css, esm, vega
from ._inline import Picture
from ._orders import Orders
from ._refresh import Refresher
from ._writer import Writer

__all__ = ["Panel"]


class Panel:
    """What a session is doing, live in the browser.

    Parameters
    ----------
    source : object
        The session: `.store`, `.running`, `.in_flight_under(None)`, and, where there are,
        `.enabled` with `enable()` and `disable()`, `.feedback`, `.alerts`, `.budget`, `.to_csv`.
    eager : bool
        Hand the browser what its charts need at once, not when it asks: where a front end is known
        to be there, its charts shall not wait for a cell that blocks the kernel.
    writer : Writer, optional
        The thread that writes to the browser, where there is one already.

    Attributes
    ----------
    widget : anywidget.AnyWidget
        The model, for whoever puts it into a layout of their own.
    """

    def __init__(self, source: Any, *, eager: bool = False, writer: Writer | None = None) -> None:
        self._source = source
        self._forget_picture: Callable[[], None] = lambda: None
        self._refresher = Refresher(source, self._tell, writer=writer)
        self._orders = Orders(source, self._refresher, self._send, self._give_vega)
        self.widget: Any = _model()(self._refresher.whole, self._refresher.post)
        self.widget.on_msg(self._orders.hear)
        self._vega_asked = False
        self._refresher.start()
        if eager:
            self._give_vega()

    @property
    def model_id(self) -> str:
        """The id under which the browser finds the model; empty once it is closed."""
        return "" if self.closed else str(self.widget.model_id)

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""
        return self.widget.comm is None

    def close(self) -> None:
        """Stop following the session, and take the panel out of the browser."""
        self._refresher.stop()
        self._forget_picture()
        layout = self.widget.layout  # has a comm of its own, which would stay
        self.widget.close()
        layout.close()

    def leave_picture(self) -> None:
        """Put a picture of the session under the cell: seen where, and when, nothing is live.

        It is renewed as cells end, unless there is a later one. Where a live panel is on the page,
        it does not show.
        """
        from IPython import get_ipython

        shell = get_ipython()
        if shell is not None:
            self._forget_picture()
            self._forget_picture = Picture(self._source, shell, lambda: self._vega_asked).show()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)
        self.leave_picture()

    def _repr_mimebundle_(self, **_: Any) -> Any:  # IPython names what it wants
        # With its metadata, without which Colab shows no widget but its own.
        return self.widget._repr_mimebundle_()

    def _tell(self, news: dict[str, Any]) -> None:
        self.widget.news = news

    def _send(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        self._refresher.post(lambda: self.widget.send(content, buffers))

    def _give_vega(self) -> None:
        """Make Vega ready and hand it over, on a thread of its own: figures go on meanwhile."""
        if not self._vega_asked:
            self._vega_asked = True
            threading.Thread(target=self._make_vega, name="llmwatch-vega", daemon=True).start()
        elif self.widget.vega:
            # Where each output is a page of its own (Colab), a later one may not be told of it.
            self.widget.send_state("vega")

    def _make_vega(self) -> None:
        try:
            bundle = vega()
        except Exception as problem:  # no vl-convert for this machine: the rest shows without it
            faults.note("panel", problem)
            return
        self.widget.vega = bundle


@cache
def _model() -> Any:
    """The model's class, made when the first panel is: anywidget takes a while to import."""
    import anywidget
    import traitlets

    class Model(anywidget.AnyWidget):
        """What the panel's front end reads."""

        _esm, _css = esm(), css()
        whole = traitlets.Dict(help="everything, as of when it was asked for").tag(sync=True)
        news = traitlets.Dict(help="what is new since some earlier message").tag(sync=True)
        vega = traitlets.Unicode(help="Vega, as an ES module").tag(sync=True)

        def __init__(self, look: Any, post: Any) -> None:
            self._look, self._post = look, post
            super().__init__()

        def send_state(self, key: Any = None) -> None:
            # Also where a front end asks for it, which is heard on a thread of the kernel's.
            if self.comm is not None:
                self._post(partial(super().send_state, {*key} if isinstance(key, set) else key))

        def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:
            # Who asks for the state (a page that was reloaded) gets the present; it is not kept
            # up to date for nobody.
            state = super().get_state(key, drop_defaults)
            if "whole" in state:
                state["whole"] = self._look()
            return state

    return Model
