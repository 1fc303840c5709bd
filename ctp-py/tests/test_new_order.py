"""Orders to be placed: what they say, and what they refuse to be."""

from __future__ import annotations

import math
import pickle
from decimal import Decimal
from typing import Any

import numpy
import pytest

import ctp_py
from ctp_py import Combination, Condition, Exercise, NewOrder, Quote, SelfClose, enums


def test_words_members_and_characters_say_the_same() -> None:
    wanted = NewOrder("rb2701", "buy", "close_today", 2, 3900.0)
    for direction in ("BUY", "买", enums.Direction.Buy, "0"):
        for offset in ("CloseToday", "close-today", "平今", enums.OffsetFlag.CloseToday, "3"):
            assert NewOrder("rb2701", direction, offset, 2, 3900.0) == wanted
    assert wanted.direction is enums.Direction.Buy
    assert wanted.offset is enums.OffsetFlag.CloseToday
    assert hash(wanted) == hash(NewOrder("rb2701", "买", "平今", 2, 3900))


def test_every_kind_has_a_name() -> None:
    limit = NewOrder.limit("rb2701", "buy", "open", 2, 3900.0)
    assert (limit.kind, limit.lasts, limit.price) == ("limit", None, 3900.0)
    fak = NewOrder.fak("rb2701", "buy", "open", 2, 3900.0, min_volume=1)
    assert (fak.lasts, fak.min_volume) == ("fak", 1)
    assert NewOrder.fok("rb2701", "buy", "open", 2, 3900.0).lasts == "fok"
    market = NewOrder.market("m2701", "sell", "close", 1)
    assert (market.kind, market.price) == ("market", None)
    assert NewOrder.best_price("IF2612", "buy", "open", 1, lasts="rest_as_limit").kind == "best_price"
    assert NewOrder.five_level("IF2612", "buy", "open", 1).kind == "five_level"
    when = NewOrder.conditional("rb2701", "buy", "open", 1, 3960.0, Condition.last_at_least(3950.0)).when
    assert when is not None
    assert (when.kind, when.stop_price) == ("last_at_least", 3950.0)
    spread = NewOrder.spread("SP m2701&m2705", "buy", ("open", "close"), 1, -30.0, hedge=("hedge", "speculation"))
    assert spread.offset == (enums.OffsetFlag.Open, enums.OffsetFlag.Close)
    assert spread.hedge == (enums.HedgeFlag.Hedge, enums.HedgeFlag.Speculation)
    assert NewOrder.swap("SP m2701&m2705", "sell", 1, -30.0).kind == "swap"
    assert NewOrder("m2701", "sell", "close", 1, 3000.0, stop_loss=2990.0).stop_loss == 2990.0
    assert NewOrder("m2701", "sell", "close", 1, 3000.0, take_profit=3010.0).take_profit == 3010.0


@pytest.mark.parametrize(
    "order",
    [
        NewOrder("rb2701", "buy", "open", 2, 3900.0, exchange="SHFE", memo="one"),
        NewOrder.fak("rb2701", "sell", "close_yesterday", 2, 3900.0, min_volume=2),
        NewOrder.market("m2701", "sell", "close", 1, hedge="hedge", invest_unit="u"),
        NewOrder.spread("SP a&b", "buy", ("open", "open"), 1, -30.0),
        NewOrder("rb2701", "buy", "open", 1, 3960.0, when=Condition.bid_below(3950.0)),
    ],
)
def test_an_order_is_shown_copied_and_pickled_whole(order: NewOrder) -> None:
    assert eval(repr(order), {"NewOrder": NewOrder, "Condition": Condition}) == order
    assert pickle.loads(pickle.dumps(order)) == order
    other = order.replace(volume=7, memo="another")
    assert (other.volume, other.memo) == (7, "another")
    assert other != order
    assert other.replace(volume=order.volume, memo=order.memo) == order


@pytest.mark.parametrize("price", [3900, numpy.float64(3900), numpy.float32(3900), numpy.int64(3900), Decimal("3900")])
def test_numbers_of_other_kinds_are_numbers(price: Any) -> None:
    volume: Any = numpy.int32(2)
    order = NewOrder("rb2701", "buy", "open", volume, price)
    assert (order.volume, order.price) == (2, 3900.0)
    assert (type(order.volume), type(order.price)) == (int, float)


GOOD: tuple[Any, ...] = ("rb2701", "buy", "open", 2, 3900.0)


@pytest.mark.parametrize(
    ("position", "value", "error", "told"),
    [
        (0, "x" * 81, ValueError, "80"),
        (0, "😀", ValueError, "GBK"),
        (0, 5, TypeError, "int"),
        (1, "bay", ValueError, '"buy", "sell"'),
        (1, None, TypeError, "NoneType"),
        (1, "9", ValueError, '"sell"'),
        (2, "shut", ValueError, "close_today"),
        (2, ("open", "open"), ValueError, "spread"),
        (3, 2.0, TypeError, "whole number"),
        (3, True, TypeError, "bool"),
        (3, "2", TypeError, "str"),
        (3, None, TypeError, "lots"),
        (3, 2**31, ValueError, "2147483647"),
        (4, math.nan, ValueError, "nan"),
        (4, math.inf, ValueError, "inf"),
        (4, -math.inf, ValueError, "CNY"),
        (4, 1.7976931348623157e308, ValueError, "CNY"),
        (4, None, TypeError, "missing"),
        (4, True, TypeError, "bool"),
        (4, numpy.bool_(True), TypeError, "bool"),
        (4, "3900", TypeError, "str"),
    ],
)
def test_a_wrong_part_is_named_with_what_to_give(position: int, value: Any, error: type[Exception], told: str) -> None:
    parts = list(GOOD)
    parts[position] = value
    with pytest.raises(error, match=told.replace("(", r"\(")):
        NewOrder(*parts)


@pytest.mark.parametrize(
    ("keywords", "error", "told"),
    [
        ({"exchnge": "SHFE"}, TypeError, "exchange"),
        ({"kind": "iceberg"}, ValueError, '"best_price"'),
        ({"lasts": "week"}, ValueError, '"fak"'),
        ({"lasts": "rest_as_limit"}, ValueError, "five_level"),
        ({"min_volume": 1}, ValueError, "fak"),
        ({"kind": "market"}, ValueError, "leave it out"),
        ({"hedge": ("hedge", "hedge")}, ValueError, "spread"),
        ({"memo": "x" * 13}, ValueError, "12"),
        ({"invest_unit": "x" * 17}, ValueError, "16"),
        ({"when": "last >= 3"}, TypeError, "Condition"),
        ({"stop_loss": 3.0, "take_profit": 4.0}, ValueError, "one of them"),
        ({"stop_loss": math.nan}, ValueError, "stop_loss"),
    ],
)
def test_a_wrong_keyword_is_named_with_what_to_give(
    keywords: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        NewOrder(*GOOD, **keywords)


def test_conditions_are_values() -> None:
    names = [f"{price}_{how}" for price in ("last", "ask", "bid") for how in ("above", "at_least", "below", "at_most")]
    for name in names:
        condition = getattr(Condition, name)(3950)
        assert condition == Condition(name, 3950.0) == pickle.loads(pickle.dumps(condition))
        assert (condition.kind, repr(condition)) == (name, f"Condition.{name}(3950.0)")
    with pytest.raises(ValueError, match="last_at_least"):
        Condition("last_over", 3950.0)
    with pytest.raises(ValueError, match="nan"):
        Condition.last_above(math.nan)


def test_instructions_say_what_they_are() -> None:
    quote = Quote("m2701-C-3000", ask=(102.0, 5), bid=(98.0, 4, "close"), exchange="DCE", in_answer_to="77")
    assert repr(quote).startswith("Quote(\"m2701-C-3000\", ask=(102.0, 5, \"open\"), bid=(98.0, 4, \"close\")")
    assert repr(Exercise("m2701-C-3000", 2, abandon=True)) == 'Exercise("m2701-C-3000", 2, abandon=True)'
    assert "close_self_option_position" in repr(SelfClose("m2701-C-3000", 1, "close_self_option_position"))
    assert repr(Combination("SP a&b", "buy", 1, "split")) == 'Combination("SP a&b", "buy", 1, "split")'
    number: Any = 1.5
    merge: Any = "merge"
    wrong: list[tuple[Any, str]] = [
        (lambda: Quote("m2701-C-3000", ask=number), "lots"),
        (lambda: Quote("m2701-C-3000", ask=(math.nan, 1)), "ask price"),
        (lambda: Exercise("x", number), "volume"),
        (lambda: Exercise("x", 1, abandon=True, close_resulting_position=True), "abandon"),
        (lambda: SelfClose("x", 1, "somehow"), "reserve_option_position"),
        (lambda: Combination("x", "buy", 1, merge), '"split"'),
    ]
    for make, told in wrong:
        with pytest.raises((TypeError, ValueError), match=told):
            make()


def test_the_classes_are_documented() -> None:
    for cls in (NewOrder, Condition, Quote, ctp_py.TdClient, ctp_py.Order, ctp_py.TdEvent, ctp_py.PositionNow):
        assert cls.__doc__
    assert "Raises" in str(ctp_py.TdClient.place.__doc__)
