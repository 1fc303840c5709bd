"""The records under snake_case names: `ctp_py.data`."""

from __future__ import annotations

import copy
import keyword
import pickle

import pytest

import ctp_py
from ctp_py import data, enums


def test_every_record_has_a_class_of_both_kinds_with_the_same_fields() -> None:
    names = ctp_py._ctp_py.data_names()
    assert names == [name.removesuffix("Field") for name in ctp_py._ctp_py.record_names()]
    for name in names:
        ctp, snake = getattr(ctp_py, f"{name}Field")(), getattr(data, name)()
        assert type(snake).__name__ == name and type(snake).__module__ == "ctp_py.data"
        assert list(snake.to_dict().values()) == list(ctp.to_dict().values())
        assert ctp == snake and ctp.to_data() == snake and snake.to_ctp() == ctp
        for field in snake.to_dict():
            assert field == field.lower() and not keyword.iskeyword(field)
            assert not hasattr(ctp_py.Record, field)


def test_attributes_have_snake_case_names() -> None:
    order = data.InputOrder(broker_id="9999", limit_price=3925, direction=enums.Direction.Buy, instrument_id="rb2701")
    assert (order.broker_id, order.limit_price, order.direction) == ("9999", 3925.0, enums.Direction.Buy)
    order.limit_price = None
    assert order.limit_price is None
    assert order.to_dict()["instrument_id"] == "rb2701"
    assert repr(order) == "InputOrder(broker_id='9999', direction=Direction.Buy, instrument_id='rb2701')"
    assert "broker_id" in dir(order) and "BrokerID" not in dir(order)


def test_one_kind_becomes_the_other() -> None:
    order = ctp_py.OrderField(OrderSysID="       12345", StatusMsg="全部成交", OrderStatus="0")
    made = order.to_data()
    assert type(made) is data.Order and type(made.to_ctp()) is ctp_py.OrderField
    assert (made.order_sys_id, made.status_msg, made.order_status) == ("       12345", "全部成交", "0")
    made.status_msg = ""
    assert order.StatusMsg == "全部成交" and made != order


def test_both_kinds_are_taken_where_a_record_is() -> None:
    with ctp_py.TraderApi() as api:
        for record in (ctp_py.InputOrderField(), data.InputOrder()):
            # Not initialised: the record was accepted before that was noticed.
            with pytest.raises(ctp_py.CtpError):
                api.ReqOrderInsert(record)  # type: ignore[arg-type]


def test_errors_tell_the_names_of_the_class() -> None:
    with pytest.raises(ctp_py.FieldError, match=r"InputOrder\.broker_id: '12345678901' takes 11 GBK bytes") as caught:
        data.InputOrder(broker_id="12345678901")
    error = caught.value
    assert (error.record, error.field, error.value, error.limit) == ("InputOrder", "broker_id", "12345678901", 10)
    with pytest.raises(TypeError, match="InputOrder has no field LimitPrice; did you mean limit_price"):
        data.InputOrder(LimitPrice=1)  # type: ignore[call-arg]


def test_copies_and_pickles_stay_of_their_kind() -> None:
    trade = data.Trade(price=3925.0, volume=2, instrument_id="rb2701")
    for made in (trade.copy(), copy.deepcopy(trade), pickle.loads(pickle.dumps(trade))):
        assert made == trade and made is not trade and type(made) is data.Trade


def test_the_module_knows_its_names_and_no_others() -> None:
    assert len(dir(data)) == 519 and "DepthMarketData" in dir(data)
    assert data.Order is data.Order
    for name in ("OrderField", "Nothing", "", "Field"):
        with pytest.raises(AttributeError, match="has no attribute"):
            getattr(data, name)
