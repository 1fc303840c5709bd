"""Every request of the trader API: all there by their names, and a wide sample of them sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import PATIENCE, REPOSITORY

import ctp_py
from ctp_py import TdClient, data, enums, sim

START = "2026-11-23 10:00:00"


@pytest.fixture(scope="module")
def exchange() -> Iterator[sim.Exchange]:
    with sim.Exchange(clock="virtual", start=START, settings={"crowd": "off", "latency": "none"}) as exchange:
        exchange.tick("rb2701", 3200.0, bid=[(3199.0, 5)], ask=[(3201.0, 5)])
        yield exchange


@pytest.fixture(scope="module")
def td(exchange: sim.Exchange) -> Iterator[TdClient]:
    with TdClient(exchange.front) as td:
        yield td


@pytest.fixture(autouse=True)
def closed() -> None:
    """The client of this module outlives its tests."""


def model_requests() -> list[str]:
    """Returns the requests of the trader API as the committed model has them."""
    model = (REPOSITORY / "ctp-gen" / "api" / f"se-{ctp_py.API_VERSION}.json").read_text(encoding="utf-8")
    trader = model[model.index("CThostFtdcTraderApi") :]
    return sorted(set(re.findall(r'"name": ?"(Req\w+)"', trader)))


def test_every_request_of_the_model_is_a_method() -> None:
    names = {name for name in vars(ctp_py.Requests) if not name.startswith("_")}
    c_names = {re.search(r"\((Req\w+)\)", repr(getattr(ctp_py.Requests, name))).group(1) for name in names}  # type: ignore[union-attr]
    wanted = model_requests()
    assert c_names == set(wanted)
    assert len(names) == len(wanted) == 125
    for name in names:
        documented = getattr(ctp_py.Requests, name).__doc__
        assert "C: `Req" in documented and "data." in documented
        if name.startswith("qry_"):
            assert hasattr(TdClient, "query_" + name.removeprefix("qry_"))


#: Queries that the simulator answers with rows, without a filter or with one that is easily given.
WITH_ROWS: list[tuple[str, dict[str, Any], type[Any]]] = [
    ("query_exchange", {}, data.Exchange),
    ("query_product", {"product_id": "rb"}, data.Product),
    ("query_instrument", {"instrument_id": "rb2701"}, data.Instrument),
    ("query_depth_market_data", {"instrument_id": "rb2701"}, data.DepthMarketData),
    ("query_trading_account", {}, data.TradingAccount),
    ("query_investor", {}, data.Investor),
    ("query_trading_code", {}, data.TradingCode),
    ("query_instrument_margin_rate", {"instrument_id": "rb2701", "hedge_flag": "1"}, data.InstrumentMarginRate),
    ("query_instrument_commission_rate", {"instrument_id": "rb2701"}, data.InstrumentCommissionRate),
    ("query_settlement_info_confirm", {}, data.SettlementInfoConfirm),
    ("query_broker_trading_params", {}, data.BrokerTradingParams),
]


@pytest.mark.parametrize(("name", "fields", "record"), WITH_ROWS, ids=[row[0] for row in WITH_ROWS])
def test_a_query_returns_rows(td: TdClient, name: str, fields: dict[str, Any], record: type[Any]) -> None:
    rows = getattr(td, name)(**fields).result(PATIENCE)
    assert rows and all(type(row) is record for row in rows)


@pytest.mark.parametrize("name", ["query_order", "query_trade", "query_investor_position", "query_parked_order", "query_quote"])
def test_a_query_without_rows_returns_none_of_them(td: TdClient, name: str) -> None:
    assert getattr(td, name)().result(PATIENCE) == []


def test_a_record_is_taken_as_well_as_its_fields(td: TdClient) -> None:
    by_record = td.query_instrument(data.QryInstrument(instrument_id="rb2701")).result(PATIENCE)
    low_level = td.requests.qry_instrument(ctp_py.QryInstrumentField(InstrumentID="rb2701")).result(PATIENCE)
    by_field = td.requests.qry_instrument(instrument_id="rb2701").result(PATIENCE)
    assert by_record == low_level == by_field
    assert by_field[0].exchange_id == "SHFE"


def test_wrong_records_and_fields_are_named(td: TdClient) -> None:
    with pytest.raises(TypeError, match="QryInstrumentField"):
        td.query_instrument(data.QryProduct())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not both"):
        td.query_instrument(data.QryInstrument(), instrument_id="rb2701")
    with pytest.raises(TypeError, match="instrument"):
        td.query_instrument(instrument="rb2701")  # type: ignore[call-arg]
    with pytest.raises(ctp_py.FieldError, match="80"):
        td.query_instrument(instrument_id="x" * 90)
    with pytest.raises(TypeError, match="record"):
        td.query_instrument(5)  # type: ignore[arg-type]


def test_requests_that_are_not_queries(td: TdClient) -> None:
    answer = td.requests.qry_max_order_volume(
        instrument_id="rb2701", direction="0", offset_flag="0", hedge_flag="1", exchange_id="SHFE"
    ).result(PATIENCE)
    assert answer
    insert = td.requests.order_insert(
        instrument_id="rb2701",
        exchange_id="SHFE",
        direction=enums.Direction.Buy,
        comb_offset_flag="0",
        comb_hedge_flag="1",
        order_price_type=enums.OrderPriceType.LimitPrice,
        limit_price=3100.0,
        volume_total_original=1,
        time_condition=enums.TimeCondition.GFD,
        volume_condition=enums.VolumeCondition.AV,
        min_volume=1,
        contingent_condition=enums.ContingentCondition.Immediately,
        force_close_reason=enums.ForceCloseReason.NotForceClose,
    ).result(PATIENCE)
    assert (insert.request, insert.request_id > 0) == ("ReqOrderInsert", True)
    pushed = insert.outcome().result(PATIENCE)
    assert type(pushed) is data.Order and pushed.limit_price == 3100.0
    assert insert.outcome() is insert.outcome()
    # A raw order is an order of the book like any other.
    (order,) = [order for order in td.orders().result(PATIENCE) if order.limit_price == 3100.0]
    assert td.cancel(order).result(PATIENCE).phase == "canceled"
    # A raw order that breaks a rule passes no more than another.
    with pytest.raises(ctp_py.Denied):
        td.requests.order_insert(instrument_id="rb2701", exchange_id="SHFE").result(PATIENCE)


def test_the_usual_questions_have_nicer_forms(td: TdClient) -> None:
    instruments = td.instruments().result(PATIENCE)
    assert len(instruments) > 100 and type(instruments[0]) is data.Instrument
    rebar = td.instrument("rb2701").result(PATIENCE)
    assert rebar is not None and rebar.volume_multiple == 10
    assert td.instrument("nothing").result(PATIENCE) is None
    margin = td.margin_rate("rb2701").result(PATIENCE)
    assert margin is not None and margin.long_margin_ratio_by_money
    fee = td.commission_rate("rb2701").result(PATIENCE)
    assert fee is not None
    snapshot = td.snapshot("rb2701").result(PATIENCE)
    assert snapshot is not None and snapshot.last_price == 3200.0
    (account,) = td.account().result(PATIENCE)
    assert account.balance == 1_000_000.0
    assert all(row.position == 0 for row in td.positions().result(PATIENCE))
    assert td.trades().result(PATIENCE) == []
    assert isinstance(td.settlement_text().result(PATIENCE), str | None)


def test_a_method_tells_what_it_is(td: TdClient) -> None:
    assert repr(td.query_instrument) == "<request query_instrument>"
    assert td.query_instrument.__name__ == "query_instrument"
    assert "list of `data.Instrument`" in str(td.query_instrument.__doc__)
