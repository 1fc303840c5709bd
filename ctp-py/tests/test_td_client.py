"""A trading client's life, its books and states, in each style."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PATIENCE, until

import ctp_py
from ctp_py import TdClient, TdEvent, data, enums, sim

START = "2026-11-23 10:00:00"


@pytest.fixture
def exchange() -> Iterator[sim.Exchange]:
    with sim.Exchange(clock="virtual", start=START, settings={"crowd": "off", "latency": "none"}) as exchange:
        exchange.tick("rb2701", 3200.0, bid=[(3199.0, 5)], ask=[(3201.0, 5)])
        yield exchange


def test_it_opens_and_closes_in_each_style(front: str) -> None:
    async def awaited() -> None:
        async with TdClient(front) as td:
            assert td.state == "ready" and td.is_simulator
        other = await TdClient.connect(front)
        assert (await other.ready()).trading_day == other.login.trading_day  # type: ignore[union-attr]
        await other.close()
        assert other.state == "closed"

    asyncio.run(awaited())
    with TdClient(front) as td:
        assert repr(td).endswith(" ready>") and td.library_version.startswith("v6")
        assert td.health()["is_ready"] is True
    td = TdClient.open(front)
    td.close().result(PATIENCE)
    td.close().result(PATIENCE)
    with pytest.raises(ctp_py.StateError):
        td.place("rb2701", "buy", "open", 1, 3200.0, exchange="SHFE").result(PATIENCE)
    with pytest.raises(ctp_py.StateError):
        td.query_trading_account().result(PATIENCE)


def test_nothing_is_done_before_it_is_connected(front: str) -> None:
    td = TdClient(front)
    assert td.state == "new"
    for call in (td.events, td.positions_now, td.risk, td.instruments, lambda: td.cancel(1), lambda: td.requests):
        with pytest.raises(ctp_py.StateError, match="connect"):
            call()


def test_a_refused_login_says_why(front: str) -> None:
    with pytest.raises(ctp_py.LoginError) as caught:
        TdClient.open(front, password="false-1")
    assert caught.value.code == 3 and "false-1" not in str(caught.value)


def test_the_books_follow_orders_trades_and_prices(exchange: sim.Exchange) -> None:
    with TdClient(exchange.front) as td:
        assert td.positions_now() == []
        start = td.account_now()
        assert (start.balance, start.balance_e4, start.unknown) == (1_000_000.0, 10_000_000_000, [])
        events = td.events()
        td.instruments().result(PATIENCE)
        td.place("rb2701", "buy", "open", 2, 3201.0).result(PATIENCE).filled().result(PATIENCE)
        told = next(event.position for event in events if isinstance(event, TdEvent.Position))
        (position,) = td.positions_now()
        assert told.volume == position.volume == 2
        assert (position.instrument_id, position.direction) == ("rb2701", enums.PosiDirection.Long)
        assert (position.volume_today, position.open_volume, position.missing) == (2, 2, 0)
        assert (position.open_cost, position.open_cost_e4) == (64_020.0, 640_200_000)
        exchange.tick("rb2701", 3211.0, bid=[(3210.0, 5)], ask=[(3212.0, 5)])
        tick = td.snapshot("rb2701").result(PATIENCE)
        assert tick is not None and tick.last_price == 3211.0
        td.mark(tick)
        profit = td.day_profit()
        assert profit.held == 200.0
        assert profit.total_e4 == profit.held_e4 - profit.commission_e4
        (row,) = td.query_investor_position().result(PATIENCE)
        assert row.position == position.volume
        account = td.account_now()
        (asked,) = td.account().result(PATIENCE)
        assert account.margin == asked.curr_margin and account.available is not None
        found = td.reconcile().result(PATIENCE)
        assert found.agrees and found.differences == [] and found.compared > 10
        shown = position.to_dict()
        assert shown["volume"] == 2 and shown["open_cost"] == 64_020.0
        assert position == td.positions_now()[0] or position.price != td.positions_now()[0].price


def test_the_gate_and_the_counts_are_seen(exchange: sim.Exchange) -> None:
    with TdClient(exchange.front) as td:
        assert td.gate.is_open and td.gate.reasons == [] and td.gate.fixes == []
        assert td.gate_open().result(PATIENCE) == td.gate
        risk = td.risk()
        assert (risk.actions_max, risk.window, risk.orders_today, risk.killed) == (9, 1.0, 0, None)
        td.place("rb2701", "buy", "open", 1, 3150.0, exchange="SHFE").result(PATIENCE).accepted().result(PATIENCE)
        risk = td.risk()
        assert (risk.orders_today, risk.open_orders, risk.open_orders_own) == (1, 1, 1)
        td.accept_differences().result(PATIENCE)


def test_a_broken_link_is_seen_and_made_up_for(exchange: sim.Exchange) -> None:
    with TdClient(exchange.front) as td:
        order = td.place("rb2701", "buy", "open", 1, 3150.0, exchange="SHFE").result(PATIENCE)
        order.accepted().result(PATIENCE)
        (session,) = exchange.sessions(connected=True)
        exchange.disconnect(session["session"])
        while td.health()["disconnects"] == 0:
            exchange.barrier()
        td.ready().result(PATIENCE)
        assert td.gate_open().result(PATIENCE).is_open
        # The order lived on, and is the same one.
        assert order.phase == "working"
        assert order.cancel().result(PATIENCE).phase == "canceled"
        assert len(exchange.orders()) == 1


def test_the_password_is_changed(front: str) -> None:
    with TdClient(front) as td:
        td.change_password("Another-1-password").result(PATIENCE)
    with pytest.raises(ctp_py.LoginError):
        TdClient.open(front)
    with TdClient(front, password="Another-1-password") as td:
        with pytest.raises(ctp_py.Denied) as caught:
            td.change_password("x" * 60).result(PATIENCE)
        assert "xxx" not in str(caught.value)
        with pytest.raises(ctp_py.NotSent):
            td.log_in_with_sms_code("123456").result(PATIENCE)
        with pytest.raises(ctp_py.NotSent):
            td.request_sms_code("13800000000").result(PATIENCE)


def test_a_code_by_text_message_leads_into_the_session() -> None:
    settings: dict[str, sim.Setting] = {"crowd": "off", "sms_login": "on", "sms_mobile": "13912345678"}
    with sim.Exchange(clock="real", settings=settings) as exchange:
        td = TdClient(exchange.front, user_id="one")
        opened = td.start()
        until(lambda: td.state == "logging in" and td.awaits_sms_code, "a code is wanted")
        assert "log_in_with_sms_code" in td.state_text and not opened.done()
        with pytest.raises(ctp_py.Rejected) as caught:
            td.request_sms_code("13800000000").result(PATIENCE)
        assert caught.value.code == 6014
        td.request_sms_code("13912345678").result(PATIENCE)
        td.log_in_with_sms_code("345678").result(PATIENCE)
        assert opened.result(PATIENCE) is td
        assert td.state == "ready" and not td.awaits_sms_code
        td.close().result(PATIENCE)


def test_a_password_that_must_be_changed_is_changed_on_the_same_connection() -> None:
    with sim.Exchange(clock="real", settings={"crowd": "off"}) as exchange:
        with TdClient(exchange.front, user_id="one"):
            pass
        exchange.command("user one out-of-date")
        with pytest.raises(ctp_py.LoginError, match="change_password"):
            TdClient.open(exchange.front, user_id="one")
        td = TdClient(exchange.front, user_id="one")
        with pytest.raises(ctp_py.LoginError) as caught:
            td.start().result(PATIENCE)
        assert caught.value.code == 141 and td.state == "faulted"
        td.change_password("an0ther-Secret").result(PATIENCE)
        assert td.ready().result(PATIENCE).trading_day == exchange.trading_day
        assert td.state == "ready" and "an0ther" not in repr(td) + td.state_text
        td.close().result(PATIENCE)
        with pytest.raises(ctp_py.LoginError):
            TdClient.open(exchange.front, user_id="one")


def test_raw_events_tell_every_callback(exchange: sim.Exchange) -> None:
    with TdClient(exchange.front) as td:
        heard = td.raw_events()
        td.query_trading_account().result(PATIENCE)
        for event in heard:
            if event.callback == "OnRspQryTradingAccount":
                break
        assert event.is_last and event.refusal is None and event.number > 0
        assert type(event.record) is data.TradingAccount


def test_a_session_that_ends_ends_its_streams_and_orders(exchange: sim.Exchange) -> None:
    with TdClient(exchange.front) as td:
        events = td.events()
        order = td.place("rb2701", "buy", "open", 1, 3150.0, exchange="SHFE").result(PATIENCE)
        order.accepted().result(PATIENCE)
        filled = order.filled()
    # Nobody knows what becomes of it now; it is not called rejected or cancelled.
    with pytest.raises(ctp_py.Unknown):
        filled.result(PATIENCE)
    assert order.phase == "working"
    assert [event.kind for event in events][-1:] != []
    with pytest.raises(ctp_py.CtpError):
        td.positions_now()


def test_an_order_survives_its_program(exchange: sim.Exchange, tmp_path: Path) -> None:
    with TdClient(exchange.front, flow_dir=tmp_path) as td:
        placed = td.place("rb2701", "buy", "open", 1, 3150.0, exchange="SHFE").result(PATIENCE)
        placed.accepted().result(PATIENCE)
    with TdClient(exchange.front, flow_dir=tmp_path) as td:
        (order,) = td.orders().result(PATIENCE)
        assert (order.origin, order.order_sys_id) == ("earlier", placed.order_sys_id)
        assert td.cancel(order).result(PATIENCE).phase == "canceled"
