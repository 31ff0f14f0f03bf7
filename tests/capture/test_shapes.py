"""The ways in which people call models: each leaves its one right row, and nothing else."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

from .shapes import SHAPES
from .stage import Performance, Shape, perform

every_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)


@cache
def performed(name: str, watched: bool) -> Performance:
    """A shape acted once; all tests look at the same performance."""
    return perform(next(shape for shape in SHAPES if shape.name == name), watched=watched)


def test_the_table_has_every_shape_once() -> None:
    """56 shapes, each under a name of its own."""
    assert len({shape.name for shape in SHAPES}) == len(SHAPES) == 56


@every_shape
def test_each_shape_leaves_its_rows(shape: Shape) -> None:
    """As many rows as logical calls, each with the columns that the table of shapes says."""
    done = performed(shape.name, True)
    assert [row["status"] for row in done.rows] == [shape.expected.get("status")] * shape.rows
    for row in done.rows:
        got: dict[str, Any] = {
            name: None if pd.isna(value) else value for name, value in row.items()
        }
        got["ttft"] = got["ttft_s"] is not None
        wanted = shape.expected | {"tag": shape.name}
        assert {name: got[name] for name in wanted} == wanted
        assert (got["retry_wait_s"] > 0) == (got["attempts"] > 1)


@every_shape
def test_an_error_is_named_as_it_was_raised(shape: Shape) -> None:
    """`error_type` is the class that the caller caught, and is there for errors only."""
    done = performed(shape.name, True)
    raised = done.outcome[1] if done.outcome[0] == "raised" else None
    for row in done.rows:
        if row["status"] == "error":
            assert row["error_type"] == raised
        else:
            assert pd.isna(row["error_type"])


@every_shape
def test_the_caller_sees_no_difference(shape: Shape) -> None:
    """Same result or exception, same types, same attributes of the clients as without a watch."""
    bare, watched = performed(shape.name, False), performed(shape.name, True)
    assert watched.outcome == bare.outcome
    assert watched.clients == bare.clients


@every_shape
def test_the_same_bytes_are_sent(shape: Shape) -> None:
    """As many requests with the same method, URL, headers and body as without a watch."""
    assert performed(shape.name, True).sent == performed(shape.name, False).sent
