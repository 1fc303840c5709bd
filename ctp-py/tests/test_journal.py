"""The journal of a session, read from Python."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import ctp_py
from conftest import PATIENCE, until
from ctp_py import Journal, TdClient, enums, sim


@pytest.fixture
def exchange() -> Iterator[sim.Exchange]:
    settings: dict[str, sim.Setting] = {"crowd": "off", "latency": "none"}
    with sim.Exchange(clock="virtual", start="2026-11-23 10:00:00", settings=settings) as exchange:
        exchange.tick("rb2701", 3200.0, bid=[(3199.0, 5)], ask=[(3201.0, 5)])
        yield exchange


def test_what_a_session_did_is_read(exchange: sim.Exchange, tmp_path: Path) -> None:
    with TdClient(exchange.front, flow_dir=tmp_path) as td:
        bought = td.place("rb2701", "buy", "open", 2, 3201.0, exchange="SHFE").result(PATIENCE)
        bought.filled().result(PATIENCE)
        waiting = td.place("rb2701", "buy", "open", 1, 3150.0, exchange="SHFE").result(PATIENCE)
        waiting.accepted().result(PATIENCE)
        td.kill("a test")
        waiting.finished().result(PATIENCE)
        journal = Journal(tmp_path)
        until(lambda: len(journal.actions()) == 3, "the view is kept while the session writes")
    day = exchange.trading_day
    assert journal.trading_days() == [day] and journal.path.name == "view.sqlite"
    first, second = journal.orders(day)
    assert (first.order_ref, first.is_own, first.price, first.volume_traded) == (bought.order_ref, True, 3201.0, 2)
    assert first.status is enums.OrderStatus.AllTraded and second.status is enums.OrderStatus.Canceled
    assert (second.direction, second.offset) == (enums.Direction.Buy, enums.OffsetFlag.Open)
    assert first.refusal is None and first.first_ns <= first.last_ns
    trades = journal.trades(instrument_id="rb2701")
    assert [(trade.price, trade.volume) for trade in trades] == [(3201.0, 2)]
    assert trades[0].order_sys_id == first.order_sys_id and trades[0].direction is enums.Direction.Buy
    [position] = journal.positions(day)
    assert (position.side, position.opened, position.closed, position.change) == ("long", 2, 0, 2)
    [session] = journal.sessions(day)
    assert session.trading_day == day and session.front_id == first.front_id and session.process == os.getpid()
    requests = [action.request for action in journal.actions(day)]
    assert requests == ["ReqOrderInsert", "ReqOrderInsert", "ReqOrderAction"]
    assert all(action.answered_ns is not None and action.not_sent is None for action in journal.actions())
    [switch] = journal.switches()
    assert switch.is_on and switch.reason == "a test"
    assert journal.gaps() == [] and not journal.orders("20000101") and not journal.trades(instrument_id="au2612")
    assert [Journal(path).path for path in (journal.path, journal.path.parent)] == [journal.path] * 2


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ctp_py.JournalError, match="no journal in"):
        Journal(tmp_path)
    other = tmp_path / "view.sqlite"
    other.write_text("not a database, and long enough to be looked at as one by whoever opens it" * 20)
    with pytest.raises(ctp_py.JournalError, match="not a database"):
        Journal(other)
    for name in ("td-1-a", "td-1-b"):
        (tmp_path / "flow" / name / "journal").mkdir(parents=True)
        (tmp_path / "flow" / name / "journal" / "view.sqlite").touch()
    with pytest.raises(ctp_py.JournalError, match="2 sessions; give one of td-1-a, td-1-b"):
        Journal(tmp_path / "flow")
    with pytest.raises(ctp_py.JournalError, match="its version is 0"):
        Journal(tmp_path / "flow" / "td-1-a")
