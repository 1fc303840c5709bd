"""What is no single order: quotes, exercises, self closes, combinations, batch cancels, parked orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from conftest import PATIENCE

import ctp_py
from ctp_py import Combination, Exercise, Quote, SelfClose, TdClient, TdEvent, data, enums, sim

START = "2026-11-23 10:00:00"


@pytest.fixture
def exchange() -> Iterator[sim.Exchange]:
    with sim.Exchange(clock="virtual", start=START, settings={"crowd": "off", "latency": "none"}) as exchange:
        yield exchange


@pytest.fixture
def td(exchange: sim.Exchange) -> Iterator[TdClient]:
    with TdClient(exchange.front) as td:
        yield td


def option_of(td: TdClient, product: str) -> data.Instrument:
    """Returns an option of a product, and learns every instrument on the way."""
    rows = td.instruments().result(PATIENCE)
    return next(
        row for row in rows if row.product_id == product and row.product_class is enums.ProductClass.Options
    )


def fair(td: TdClient, option: data.Instrument) -> float:
    """Returns a price within the daily limits."""
    snapshot = td.snapshot(option.instrument_id).result(PATIENCE)
    assert snapshot is not None and snapshot.pre_settlement_price is not None
    return snapshot.pre_settlement_price


def own(td: TdClient, exchange: sim.Exchange, option: data.Instrument) -> None:
    """Buys two lots."""
    price, tick = fair(td, option), option.price_tick or 0.5
    exchange.tick(option.instrument_id, price, bid=[(price - tick, 50)], ask=[(price, 50)])
    td.place(option.instrument_id, "buy", "open", 2, price).result(PATIENCE).filled().result(PATIENCE)


def test_a_quote_has_two_orders_and_is_withdrawn(td: TdClient) -> None:
    option = option_of(td, "m_o")
    tick, price = option.price_tick or 0.5, fair(td, option)
    events = td.events()
    quote = td.quote(Quote(option.instrument_id, ask=(price + tick, 2), bid=(price - tick, 2))).result(PATIENCE)
    assert (quote.kind, quote.origin, len(quote.orders)) == ("quote", "own", 2)
    assert quote.accepted().result(PATIENCE).phase == "accepted"
    ask, bid = quote.orders
    assert (ask.direction, bid.direction) == (enums.Direction.Sell, enums.Direction.Buy)
    assert ask.accepted().result(PATIENCE).phase == "working"
    assert quote.sys_id and type(quote.record) is data.Quote
    assert quote.cancel().result(PATIENCE).phase == "canceled"
    assert [order.finished().result(PATIENCE).phase for order in quote.orders] == ["canceled", "canceled"]
    phases: list[str] = []
    while not phases or phases[-1] != "canceled":
        event = events.next(PATIENCE)
        if isinstance(event, TdEvent.Instruction):
            assert event.instruction.id == quote.id
            phases.append(event.instruction.phase)
    assert "accepted" in phases


def test_a_quote_without_sense_is_denied(td: TdClient) -> None:
    option = option_of(td, "m_o")
    with pytest.raises(ctp_py.Denied, match="crosses|above"):
        td.quote(Quote(option.instrument_id, ask=(90.0, 1), bid=(100.0, 1))).result(PATIENCE)
    with pytest.raises(ctp_py.Denied):
        td.quote(Quote(option.instrument_id)).result(PATIENCE)
    with pytest.raises(TypeError):
        td.quote(Exercise(option.instrument_id, 1))  # type: ignore[arg-type]


def test_an_option_is_exercised_and_the_declaration_withdrawn(td: TdClient, exchange: sim.Exchange) -> None:
    option = option_of(td, "m_o")
    own(td, exchange, option)
    exercise = td.exercise(Exercise(option.instrument_id, 1)).result(PATIENCE)
    assert exercise.kind == "exercise"
    assert exercise.accepted().result(PATIENCE).phase == "accepted"
    canceled = td.cancel_instruction(exercise.id).result(PATIENCE)
    assert canceled.phase == "canceled" and exercise.phase == "canceled"
    with pytest.raises(ctp_py.Denied):
        td.cancel_instruction(exercise).result(PATIENCE)
    abandon = td.exercise(Exercise(option.instrument_id, 1, abandon=True)).result(PATIENCE)
    assert abandon.accepted().result(PATIENCE).record is not None


def test_positions_of_an_option_are_set_off(td: TdClient, exchange: sim.Exchange) -> None:
    option = option_of(td, "m_o")
    own(td, exchange, option)
    wish = SelfClose(option.instrument_id, 1, "close_self_option_position")
    instruction = td.self_close(wish).result(PATIENCE)
    assert instruction.kind == "self_close"
    assert instruction.accepted().result(PATIENCE).phase in ("accepted", "done")
    assert instruction.cancel().result(PATIENCE).phase == "canceled"


def test_a_combination_that_is_not_held_is_refused_with_proof(td: TdClient) -> None:
    rows = td.instruments().result(PATIENCE)
    pairs = [row for row in rows if row.product_class is enums.ProductClass.Combination and row.exchange_id == "DCE"]
    combination = pairs[0].instrument_id if pairs else "SP m2701&m2705"
    instruction = td.combine(Combination(combination, "buy", 1, exchange="DCE")).result(PATIENCE)
    assert instruction.kind == "combination" and instruction.orders == ()
    with pytest.raises(ctp_py.Rejected) as caught:
        instruction.accepted().result(PATIENCE)
    assert caught.value.request == "ReqCombActionInsert"
    assert instruction.phase == "rejected" and instruction.refusal is not None


def test_positions_are_combined_and_split() -> None:
    settings: dict[str, sim.Setting] = {
        "crowd": "off",
        "latency": "none",
        "products": "m",
        "carried": "m2701:long:3@3000,m2703:short:2@3000",
    }
    pair = "SP m2701&m2703"
    with sim.Exchange(clock="virtual", start=START, settings=settings) as exchange, TdClient(exchange.front) as td:
        too_many = td.combine(Combination(pair, "buy", 3, exchange="DCE")).result(PATIENCE)
        with pytest.raises(ctp_py.Rejected) as caught:
            too_many.accepted().result(PATIENCE)
        assert caught.value.code == 30
        combined = td.combine(Combination(pair, "buy", 2, exchange="DCE")).result(PATIENCE)
        done = combined.finished().result(PATIENCE)
        assert done.phase == "done" and type(done.record) is data.CombAction and done.sys_id
        split = td.combine(Combination(pair, "buy", 1, "split", exchange="DCE")).result(PATIENCE)
        assert split.finished().result(PATIENCE).phase == "done"
        with pytest.raises(ctp_py.Denied):
            combined.cancel().result(PATIENCE)


def test_a_batch_cancel_takes_the_orders_of_the_session_at_dce(td: TdClient, exchange: sim.Exchange) -> None:
    exchange.tick("m2701", 3000.0, bid=[(2999.0, 5)], ask=[(3001.0, 5)])
    exchange.tick("rb2701", 3200.0, bid=[(3199.0, 5)], ask=[(3201.0, 5)])
    wanted = [("m2701", "DCE", 2950.0), ("m2701", "DCE", 2951.0), ("rb2701", "SHFE", 3150.0)]
    placed = [
        td.place(instrument, "buy", "open", 1, price, exchange=venue).result(PATIENCE) for instrument, venue, price in wanted
    ]
    for order in placed:
        order.accepted().result(PATIENCE)
    assert td.cancel_batch("DCE").result(PATIENCE).request == "ReqBatchOrderAction"
    assert [order.finished().result(PATIENCE).phase for order in placed[:2]] == ["canceled"] * 2
    assert placed[2].phase == "working"


def test_a_batch_cancel_is_sent_and_its_refusal_told(td: TdClient) -> None:
    sent = td.cancel_batch("SHFE").result(PATIENCE)
    assert sent.request == "ReqBatchOrderAction"
    with pytest.raises(ctp_py.Rejected):
        sent.outcome().result(PATIENCE)
    with pytest.raises(ctp_py.Denied):
        td.cancel_batch("x" * 20).result(PATIENCE)


def test_orders_and_cancels_are_parked_and_taken_back(td: TdClient, exchange: sim.Exchange) -> None:
    exchange.tick("rb2701", 3200.0, bid=[(3199.0, 5)], ask=[(3201.0, 5)])
    order = td.place("rb2701", "buy", "open", 1, 3150.0, exchange="SHFE").result(PATIENCE)
    order.accepted().result(PATIENCE)
    parked = td.park("rb2701", "buy", "open", 1, 3160.0, exchange="SHFE").result(PATIENCE)
    assert parked.id and parked.record.limit_price == 3160.0
    rows = td.parked_orders().result(PATIENCE)
    assert [row.parked_order_id for row in rows] == [parked.record.parked_order_id]
    with pytest.raises(ctp_py.Denied):
        td.park("rb2701", "buy", "open", 1, 3160.0, exchange="SHFE", when=ctp_py.Condition.last_above(1.0)).result(PATIENCE)


def test_a_parked_order_of_the_pause_is_removed() -> None:
    settings: dict[str, sim.Setting] = {"crowd": "off", "latency": "none"}
    with sim.Exchange(clock="virtual", start="2026-11-23 11:45:00", settings=settings) as exchange:
        with TdClient(exchange.front) as td:
            parked = td.park("rb2701", "buy", "open", 1, 3000.0, exchange="SHFE").result(PATIENCE)
            parked.remove().result(PATIENCE)
            with pytest.raises(ctp_py.Rejected):
                parked.remove().result(PATIENCE)


@pytest.mark.parametrize(
    ("make", "record", "field"),
    [
        (lambda: Quote("x" * 90), "Quote", "instrument_id"),
        (lambda: Quote("m2701", ask=(float("nan"), 1)), "Quote", "ask price"),
        (lambda: Exercise("m2701-C-3000", 1.5), "Exercise", "volume"),  # type: ignore[arg-type]
        (lambda: Exercise("m2701-C-3000", 1, abandon=True, close_resulting_position=True), "Exercise", "abandon"),
        (lambda: SelfClose("m2701-C-3000", 1, "nothing"), "SelfClose", "how"),
        (lambda: Combination("SP m2701&m2703", "up", 1), "Combination", "direction"),
        (lambda: ctp_py.Condition.last_above(float("inf")), "Condition", "stop_price"),
        (lambda: ctp_py.NewOrder("rb2701", "up", "open", 1, 1.0), "NewOrder", "direction"),
    ],
)
def test_an_error_names_the_class_that_was_given_the_value(make: Callable[[], object], record: str, field: str) -> None:
    with pytest.raises(ctp_py.FieldError) as caught:
        make()
    assert (caught.value.record, caught.value.field) == (record, field)


def test_a_text_that_is_too_long_says_the_limit() -> None:
    with pytest.raises(ctp_py.FieldError) as caught:
        Quote("m2701", bid=(1.0, 1), invest_unit="x" * 17)
    assert (caught.value.record, caught.value.limit) == ("Quote", 16)
