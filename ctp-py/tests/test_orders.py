"""Orders on the simulator, from the call to their end, in each style."""

from __future__ import annotations

import asyncio
import gc
import logging
import queue
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import PATIENCE, until

import ctp_py
from ctp_py import Condition, NewOrder, TdClient, TdEvent, enums, sim

START = "2026-11-23 10:00:00"
LAST = 3200.0


@pytest.fixture
def exchange() -> Iterator[sim.Exchange]:
    """A market that trades, with one known book: 2 lots at 3199, 2 at 3201 and 3 at 3202."""
    with sim.Exchange(clock="virtual", start=START, settings={"crowd": "off", "latency": "none"}) as exchange:
        exchange.tick("rb2701", LAST, bid=[(3199.0, 2)], ask=[(3201.0, 2), (3202.0, 3)])
        yield exchange


@pytest.fixture
def td(exchange: sim.Exchange) -> Iterator[TdClient]:
    # Without positions and money the login takes fewer queries, which the front paces.
    with TdClient(exchange.front, risk={"self_trade_check": False}, recovery="orders") as td:
        yield td


def place(td: TdClient, *parts: object, **more: object) -> ctp_py.Order:
    order = td.place(*parts, exchange="SHFE", **more).result(PATIENCE)  # type: ignore[call-overload]
    assert isinstance(order, ctp_py.Order)
    return order


def test_the_readme_example(exchange: sim.Exchange) -> None:
    async def main() -> None:
        async with TdClient(exchange.front) as td:
            order = await td.place("rb2701", "buy", "open", 1, 3201.0, exchange="SHFE")
            filled = await order.filled()
            assert filled.phase == "filled"
            assert filled.status is enums.OrderStatus.AllTraded
            account = await td.query_trading_account()
            assert account[0].available is not None and account[0].available < 1_000_000.0

    asyncio.run(main())


def test_an_order_fills_with_its_trades(td: TdClient) -> None:
    order = place(td, "rb2701", "buy", "open", 4, 3202.0)
    order.filled().result(PATIENCE)
    assert (order.phase, order.volume_traded, order.volume_filled, order.volume_left) == ("filled", 4, 4, 0)
    assert order.is_over and order.is_complete
    assert [(trade.price, trade.volume) for trade in order.trades] == [(3201.0, 2), (3202.0, 2)]
    assert order.average_price == 3201.5
    assert order.order_sys_id and order.exchange_id == "SHFE" and order.origin == "own"
    assert "全部成交" in order.status_text
    record = order.record
    assert record is not None and record.volume_traded == 4
    assert f"id={order.id}" in repr(order)


def test_an_order_is_seen_as_it_stood_and_as_it_stands(td: TdClient) -> None:
    order = place(td, "rb2701", "buy", "open", 1, 3190.0)
    accepted = order.accepted().result(PATIENCE)
    canceled = order.cancel().result(PATIENCE)
    assert (accepted.phase, canceled.phase, order.phase) == ("working", "canceled", "canceled")
    assert isinstance(order, ctp_py.OrderView) and not isinstance(accepted, ctp_py.Order)
    assert order.average_price is None and order.trades == []
    with pytest.raises(ctp_py.NotFilled) as caught:
        order.filled().result(PATIENCE)
    assert caught.value.volume == 1
    with pytest.raises(ctp_py.Denied) as denied:
        order.cancel().result(PATIENCE)
    assert denied.value.rule == "order_is_over"


def test_a_partial_fill_is_told_step_by_step(td: TdClient, exchange: sim.Exchange) -> None:
    order = place(td, "rb2701", "buy", "open", 3, 3201.0)
    events = order.events()
    kinds: list[str] = []
    while order.volume_filled < 2:
        event = events.next(PATIENCE)
        assert event is not None
        kinds.append(event.kind)
    assert order.phase == "working" and order.volume_left == 1
    exchange.tick("rb2701", 3201.0, bid=[(3199.0, 2)], ask=[(3201.0, 5)])
    assert order.filled().result(PATIENCE).volume_traded == 3
    kinds += [event.kind for event in events]
    assert kinds.count("trade") == 2 and set(kinds) == {"order", "trade"}


def test_fak_and_fok(td: TdClient) -> None:
    killed = td.place(NewOrder.fok("rb2701", "buy", "open", 3, 3201.0, exchange="SHFE")).result(PATIENCE)
    assert killed.finished().result(PATIENCE).phase == "canceled" and killed.volume_traded == 0
    partly = td.place(NewOrder.fak("rb2701", "buy", "open", 3, 3201.0, exchange="SHFE")).result(PATIENCE)
    assert partly.finished().result(PATIENCE).phase == "canceled" and partly.volume_filled == 2
    least = td.place(NewOrder.fak("rb2701", "buy", "open", 9, 3202.0, min_volume=8, exchange="SHFE")).result(PATIENCE)
    assert least.finished().result(PATIENCE).volume_traded == 0


def test_a_conditional_order_becomes_another(td: TdClient, exchange: sim.Exchange) -> None:
    new = NewOrder.conditional("rb2701", "buy", "open", 1, 3210.0, Condition.last_at_least(3205.0), exchange="SHFE")
    order = td.place(new).result(PATIENCE)
    assert order.accepted().result(PATIENCE).phase == "untriggered"
    exchange.tick("rb2701", 3206.0, bid=[(3205.0, 2)], ask=[(3206.0, 2)])
    finished = order.finished().result(PATIENCE)
    assert finished.phase == "triggered" and finished.child is not None
    (child,) = [other for other in td.orders().result(PATIENCE) if other.id == finished.child]
    assert child.parent == order.id


def test_refusals_have_proof(td: TdClient) -> None:
    # 100 lots of margin are more than the account has.
    order = place(td, "rb2701", "buy", "open", 400, 3201.0)
    with pytest.raises(ctp_py.Rejected) as caught:
        order.accepted().result(PATIENCE)
    assert (caught.value.code, caught.value.request) == (31, "ReqOrderInsert")
    assert caught.value.message and caught.value.refuser == "counter"
    assert order.phase == "rejected" and order.refusal is not None and order.refusal.code == 31
    outcome = order.outcome().result(PATIENCE)
    assert (outcome.kind, outcome.is_definite) == ("rejected", True)
    assert isinstance(outcome.error, ctp_py.Rejected)


def test_what_breaks_a_rule_is_not_sent(exchange: sim.Exchange) -> None:
    with TdClient(exchange.front) as td:
        td.instruments().result(PATIENCE)
        for parts, rule in [
            (("rb2701", "buy", "open", 0, 3200.0), "volume"),
            (("rb2701", "buy", "open", 1, 3200.5), "price_tick"),
            (("rb2701", "sell", "close_today", 1, 3200.0), "over_close"),
            (("nothing", "buy", "open", 1, 3200.0), "instrument"),
        ]:
            with pytest.raises(ctp_py.Denied) as caught:
                td.place(*parts).result(PATIENCE)
            assert caught.value.rule == rule
            assert caught.value.value and caught.value.limit and caught.value.fix
        assert exchange.orders() == []
        assert td.risk().denied == 4


def test_limits_come_as_keywords(exchange: sim.Exchange) -> None:
    with TdClient(exchange.front, risk={"order_lots": 2}) as td:
        with pytest.raises(ctp_py.Denied, match="3") as caught:
            td.place("rb2701", "buy", "open", 3, 3201.0, exchange="SHFE").result(PATIENCE)
        assert caught.value.rule == "order_lots"
    with pytest.raises(ctp_py.ConfigError, match="order_lots"):
        TdClient(exchange.front, risk={"order_lots": 0})


def test_a_denial_that_was_caught_is_not_logged(td: TdClient, caplog: pytest.LogCaptureFixture) -> None:
    async def denied() -> None:
        with pytest.raises(ctp_py.Denied):
            await td.place("rb2701", "buy", "open", 0, 3200.0)

    with caplog.at_level(logging.ERROR, "ctp_py"):
        asyncio.run(denied())
        gc.collect()
        assert caplog.records == []


def test_the_kill_switch_stops_orders_and_cancels_what_works(td: TdClient) -> None:
    orders = [place(td, "rb2701", "buy", "open", 1, price) for price in (3180.0, 3181.0, 3182.0)]
    for order in orders:
        order.accepted().result(PATIENCE)
    assert not td.is_killed and td.gate.is_open
    td.kill("a test")
    assert td.is_killed
    with pytest.raises(ctp_py.Denied) as caught:
        td.place("rb2701", "buy", "open", 1, 3180.0, exchange="SHFE").result(PATIENCE)
    assert caught.value.rule == "kill_switch"
    assert [order.finished().result(PATIENCE).phase for order in orders] == ["canceled"] * 3
    killed = td.risk().killed
    assert killed is not None and killed.reason == "a test"
    assert td.gate.reasons == ["kill_switch"] and not td.gate.is_open
    td.release()
    assert td.gate_open().result(PATIENCE).is_open and not td.is_killed


def test_all_working_orders_are_cancelled_at_one_call(td: TdClient, exchange: sim.Exchange) -> None:
    prices = [3180.0, 3181.0, 3182.0]
    orders = [place(td, "rb2701", "buy", "open", 1, price) for price in prices]
    other = place(td, "rb2705", "buy", "open", 1, 3100.0)
    for order in (*orders, other):
        order.accepted().result(PATIENCE)
    cancelled = td.cancel_all("rb2701").result(PATIENCE)
    assert [(one.order.limit_price, one.order.phase) for one in cancelled] == [(price, "working") for price in prices]
    assert all(one.error is None and one.ended is not None and one.ended.phase == "canceled" for one in cancelled)
    assert other.phase == "working" and "canceled" in repr(cancelled[0])
    assert [one.order.id for one in td.cancel_all().result(PATIENCE)] == [other.id]
    assert td.cancel_all().result(PATIENCE) == []
    # It is no kill switch, and each order has an outcome of its own.
    until(lambda: td.risk().order_wait == 0, "the pace allows an order")
    assert place(td, "rb2701", "buy", "open", 1, 3180.0).accepted().result(PATIENCE).phase == "working"
    exchange.fault("refuse what=ReqOrderAction error=26 count=1")
    [stuck] = td.cancel_all().result(PATIENCE)
    assert stuck.ended is None and isinstance(stuck.error, ctp_py.Rejected) and stuck.error.code == 26
    with pytest.raises(ctp_py.Denied):
        td.cancel_all("x" * 100).result(PATIENCE)


def test_a_dry_run_shows_and_sends_nothing(exchange: sim.Exchange) -> None:
    with TdClient(exchange.front, risk={"dry_run": True}) as td:
        events = td.events()
        with pytest.raises(ctp_py.Denied) as caught:
            td.place("rb2701", "buy", "open", 1, 3201.0, exchange="SHFE").result(PATIENCE)
        assert caught.value.rule == "dry_run"
        shown = next(event for event in events if isinstance(event, TdEvent.DryRun))
        assert shown.request == "ReqOrderInsert" and shown.record.limit_price == 3201.0
        assert exchange.orders() == [] and td.risk().dry_run


def test_a_fill_wins_the_race_with_a_cancel_and_both_say_so() -> None:
    """The test moves the time: the cancel is on its way for half a second, and the fill comes meanwhile."""
    with sim.Exchange(start=START, settings={"crowd": "off", "latency": "none"}) as exchange:

        def wait(pending: ctp_py.Pending[Any]) -> Any:
            until(lambda: bool(exchange.advance("10ms")) and pending.done(), "it is done")
            return pending.result(0)

        exchange.tick("rb2701", LAST, bid=[(3199.0, 2)], ask=[(3201.0, 2)])
        td = wait(TdClient.connect(exchange.front, recovery="orders"))
        order = td.place("rb2701", "buy", "open", 1, 3200.0, exchange="SHFE").result(PATIENCE)
        wait(order.accepted())
        exchange.fault("delay-request what=ReqOrderAction by=500ms")
        cancel = order.cancel()
        exchange.tick("rb2701", 3200.0, bid=[(3198.0, 2)], ask=[(3200.0, 5)])
        assert wait(cancel).phase == "filled" and wait(order.filled()).phase == "filled"
        assert len(exchange.trades()) == 1
        exchange.advance("1s")
        assert order.phase == "filled", "the exchange's refusal of the cancel changes nothing"
        closed = td.close()
        wait(closed)


def test_an_order_whose_answer_the_link_loses_is_unknown_until_the_login_tells(
    td: TdClient, exchange: sim.Exchange
) -> None:
    exchange.fault("drop what=OnRtnOrder")
    order = place(td, "rb2701", "buy", "open", 1, 3190.0)
    until(lambda: len(exchange.orders()) == 1, "the exchange has it, and nobody was told")
    assert order.phase == "sent"
    exchange.disconnect(exchange.sessions(connected=True)[0]["session"])
    outcome = order.outcome().result(PATIENCE)
    assert outcome.kind == "unknown" and not outcome.is_definite and isinstance(outcome.error, ctp_py.Unknown)
    exchange.clear_faults()
    # Never sent again, and found.
    assert order.resolved().result(PATIENCE).phase == "working"
    assert len(exchange.orders()) == 1
    td.gate_open().result(PATIENCE)
    assert td.state == "ready"


def test_handlers_are_called_with_orders_trades_and_events(td: TdClient) -> None:
    orders: queue.SimpleQueue[ctp_py.OrderView] = queue.SimpleQueue()
    trades: queue.SimpleQueue[ctp_py.Trade] = queue.SimpleQueue()
    kinds: queue.SimpleQueue[str] = queue.SimpleQueue()
    td.on_order(orders.put)
    td.on_trade(trades.put)

    @td.on_event
    def on_event(event: TdEvent) -> None:
        kinds.put(event.kind)

    placed = place(td, "rb2701", "buy", "open", 1, 3201.0)
    trade = trades.get(timeout=PATIENCE)
    assert (trade.price, trade.volume, trade.instrument_id) == (3201.0, 1, "rb2701")
    assert trade.order is not None and trade.order.id == placed.id
    while orders.get(timeout=PATIENCE).phase != "filled":
        pass
    seen: set[str] = set()
    while not {"order", "trade", "position"} <= seen:
        seen.add(kinds.get(timeout=PATIENCE))


def test_events_are_matched_by_their_class(td: TdClient) -> None:
    events = td.events()
    place(td, "rb2701", "buy", "open", 1, 3201.0)
    trades: list[str] = []
    for event in events:
        match event:
            case TdEvent.Trade(trade, order):
                assert order is not None
                trades.append(trade.trade_id)
            case TdEvent.Position(position):
                assert (position.volume, position.direction) == (1, enums.PosiDirection.Long)
                break
            case TdEvent.Order():
                assert event.order.instrument_id == "rb2701"
    assert len(trades) == 1


def test_a_foreign_order_is_seen_and_cancelled(td: TdClient, exchange: sim.Exchange) -> None:
    events = td.events()
    with TdClient(exchange.front) as other:
        mine = place(other, "rb2701", "buy", "open", 1, 3180.0)
        mine.accepted().result(PATIENCE)
        orders = (event.order for event in events if isinstance(event, TdEvent.Order))
        order = next(order for order in orders if order.phase == "working")
        assert order.origin == "foreign"
        assert td.cancel(order).result(PATIENCE).phase == "canceled"
        assert mine.finished().result(PATIENCE).phase == "canceled"
    with pytest.raises(ctp_py.Denied):
        td.cancel(10**9).result(PATIENCE)
    with pytest.raises(TypeError, match="id"):
        td.cancel("1")  # type: ignore[arg-type]


def test_a_position_is_closed_as_the_exchange_wants_it(td: TdClient, exchange: sim.Exchange) -> None:
    place(td, "rb2701", "buy", "open", 2, 3201.0).filled().result(PATIENCE)
    closable = td.closable("rb2701", "long")
    assert (closable.today, closable.yesterday, closable.total, closable.is_split) == (2, 0, 2, True)
    with pytest.raises(ctp_py.Denied) as caught:
        td.close_position("rb2701", "sell", 3, 3199.0, exchange="SHFE").result(PATIENCE)
    assert caught.value.rule == "over_close"
    closing = td.close_position("rb2701", "sell", 2, 3199.0, exchange="SHFE", first="today").result(PATIENCE)
    (order,) = closing.orders
    assert closing.failure is None and order.offset is enums.OffsetFlag.CloseToday
    order.filled().result(PATIENCE)
    assert td.closable("rb2701", "long").total == 0
