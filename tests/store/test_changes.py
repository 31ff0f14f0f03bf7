"""Some columns can change after the call, and who subscribed hears of calls and of changes."""

from __future__ import annotations

import pytest

from llmwatch import faults
from llmwatch.store import Store
from tests.store.plain import filled, make


def test_late_columns_can_change():
    """A price and a rating given later show in the next frame; None takes them back."""
    store = filled(3)
    store.amend({0: {"cost_usd": 0.5, "cost_source": "user"}, 2: {"score": -1.0}})
    frame = store.view().frame()
    assert frame["cost_usd"].tolist()[0] == 0.5
    assert frame["cost_usd"].isna().tolist() == [False, True, True]
    assert (frame["cost_source"][0], frame["score"][2]) == ("user", -1.0)
    store.amend({0: {"cost_usd": None, "cost_source": None}})
    assert store.view().frame()[["cost_usd", "cost_source"]].isna().all(axis=None)
    assert store.view().calls()[0] == make(0)


def test_other_columns_cannot_change():
    """What a call was stays what it was."""
    store = filled(1)
    with pytest.raises(ValueError, match="latency_s"):
        store.amend({0: {"latency_s": 1.0}})
    assert store.view().calls() == [make(0)]


def test_amending_what_is_not_there_is_passed_over():
    """Calls that left memory or never were are not changed, and nothing else is."""
    Store().amend({0: {"score": 1.0}})
    store = filled(10, max_calls=4)
    store.amend({3: {"score": 1.0}, 99: {"score": 1.0}})
    assert store.view().frame()["score"].isna().all()
    assert store.view().past.counts["score"] == 0


def test_a_revision_sees_what_is_there_now():
    """It gets the call with all earlier changes, and says whether the call is in memory."""
    store = filled(10, max_calls=4)
    store.amend({7: {"cost_usd": 0.5}})
    assert store.revise(7, lambda call: {"score": call.cost_usd, "feedback": call.call_id})
    assert store.revise(7, lambda call: {"score": call.score + 1})
    for gone in (3, 10, -1):
        assert not store.revise(gone, lambda call: {"score": 1.0})
    frame = store.view().frame().set_index("call_id")
    assert frame["score"].dropna().to_dict() == {"id-7": 1.5}
    assert frame["feedback"].dropna().to_dict() == {"id-7": "id-7"}


# -- subscribers ----------------------------------------------------------------------------------


def test_subscribers_hear_of_each_append():
    """Each gets the calls and the number of the first, until it unsubscribes."""
    store, heard = filled(2), []
    stop = store.subscribe(lambda calls, first: heard.append((list(calls), first)))
    store.append([make(2)])
    store.append([])
    stop()
    store.append([make(3)])
    assert heard == [([make(2)], 2)]


def test_a_broken_subscriber_silences_no_other():
    """What one raises is counted; the others run, and the calls are stored."""
    store, heard = Store(), []

    def broken(calls, first):
        raise RuntimeError("broken")

    store.subscribe(broken)
    store.subscribe(lambda calls, first: heard.append(first))
    store.append([make(0)])
    assert (heard, len(store.view())) == ([0], 1)
    assert [(fault.step, fault.count) for fault in faults.table()] == [("subscriber", 1)]


def test_subscribers_hear_of_changes():
    """Each change tells the numbers it changed, and what changes nothing tells nothing."""
    heard, store = [], filled(10, max_calls=4)
    stop = store.subscribe_changes(lambda numbers: heard.append(list(numbers)))
    assert store.amend({3: {"score": 1.0}, 8: {"score": 1.0}, 6: {"score": -1.0}}) == [8, 6]
    store.amend({3: {"score": 1.0}})
    store.revise(9, lambda call: {"score": 0.5})
    store.append([make(10)])
    stop()
    store.amend({9: {"score": 1.0}})
    assert heard == [[8, 6], [9]]


def test_a_broken_subscriber_to_changes_silences_no_other():
    """Its trouble is counted, the change stands, and the next one is told."""
    heard, store = [], filled(2)
    store.subscribe_changes(lambda numbers: 1 / 0)
    store.subscribe_changes(heard.append)
    store.amend({1: {"score": 1.0}})
    assert heard == [[1]]
    assert store.view().frame()["score"][1] == 1.0
    assert [(fault.step, fault.count) for fault in faults.table()] == [("subscriber", 1)]
