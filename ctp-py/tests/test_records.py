"""Records: typed attributes, text, enumerations, errors, secrets."""

from __future__ import annotations

import copy
import json
import math

import pytest

import ctp_py
from ctp_py import constants, enums


def test_every_record_and_enumeration_can_be_made() -> None:
    names = ctp_py._ctp_py.record_names()
    assert len(names) == 519
    for name in names:
        record = getattr(ctp_py, name)()
        assert type(record).__name__ == name
        assert record == record.copy()
        record.to_dict()
    for name in ctp_py._ctp_py.enumeration_names():
        assert issubclass(getattr(enums, name), enums.Enumeration)


def test_attributes_have_the_names_and_types_of_ctp() -> None:
    order = ctp_py.InputOrderField(BrokerID="9999", LimitPrice=3925.0, VolumeTotalOriginal=2, Direction="0")
    assert (order.BrokerID, order.LimitPrice, order.VolumeTotalOriginal) == ("9999", 3925.0, 2)
    assert order.Direction is enums.Direction.Buy
    assert constants.THOST_FTDC_D_Buy == "0" == order.to_dict()["Direction"]
    order.LimitPrice = 3926
    assert order.LimitPrice == 3926.0


def test_a_missing_price_and_an_unset_character_are_none() -> None:
    tick = ctp_py.DepthMarketDataField(LastPrice=None)
    assert tick.LastPrice is None
    order = ctp_py.InputOrderField()
    assert order.Direction is None
    order.Direction = enums.Direction.Sell
    order.Direction = None
    assert order.Direction is None


def test_characters_newer_than_the_header_are_kept() -> None:
    order = ctp_py.OrderField(OrderStatus="z")
    assert order.OrderStatus == "z"
    assert order.OrderStatus.name == "UNKNOWN_z"
    assert order.OrderStatus is enums.OrderStatus("z")
    assert f"{order.OrderStatus} {enums.OrderStatus.AllTraded}" == "z 0"


def test_chinese_text_is_gbk_inside() -> None:
    order = ctp_py.OrderField(StatusMsg="全部成交")
    assert order.StatusMsg == "全部成交"
    assert order.raw("StatusMsg") == "全部成交".encode("gbk")


def test_multi_character_constants_are_text() -> None:
    texts = [name for name, value in vars(constants).items() if name.startswith("THOST_") and len(value) > 1]
    assert len(texts) == 8
    assert constants.THOST_FTDC_OST_AllTraded == "0"


@pytest.mark.parametrize(
    ("field", "value", "error", "message"),
    [
        ("BrokerID", "12345678901", ValueError, "InputOrderField.BrokerID: '12345678901' takes 11 GBK bytes, the field holds 10"),
        ("InvestorID", "张" * 7, ValueError, "takes 14 GBK bytes, the field holds 12"),
        ("InstrumentID", "rb\0x", ValueError, "has a NUL"),
        ("InstrumentID", "🦀", ValueError, "cannot be written in GBK"),
        ("InstrumentID", 5, TypeError, "InputOrderField.InstrumentID is str, not int"),
        ("InstrumentID", None, TypeError, "is str, not NoneType"),
        ("VolumeTotalOriginal", 2**31, ValueError, "2147483648 is outside -2147483648..2147483647"),
        ("VolumeTotalOriginal", 2**70, ValueError, "is outside"),
        ("VolumeTotalOriginal", 1.5, TypeError, "is int, not float"),
        ("LimitPrice", "1", TypeError, "is float or None, not str"),
        ("LimitPrice", math.nan, ValueError, "is not a finite number"),
        ("LimitPrice", math.inf, ValueError, "is not a finite number"),
        ("Direction", "ab", ValueError, "is not one ASCII character"),
        ("Direction", "买", ValueError, "is not one ASCII character"),
    ],
)
def test_values_that_do_not_fit_are_refused(field: str, value: object, error: type[Exception], message: str) -> None:
    order = ctp_py.InputOrderField(BrokerID="9999")
    before = order.copy()
    with pytest.raises(error) as caught:
        setattr(order, field, value)
    assert message in str(caught.value) and field in str(caught.value)
    assert order == before
    with pytest.raises(error):
        ctp_py.InputOrderField(**{field: value})  # type: ignore[arg-type]


def test_unknown_fields_are_refused_with_a_hint() -> None:
    with pytest.raises(TypeError, match="InputOrderField has no field Price"):
        ctp_py.InputOrderField(Price=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="did you mean LimitPrice"):
        ctp_py.InputOrderField(limit_price=1)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        ctp_py.InputOrderField().Price = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        del ctp_py.InputOrderField().BrokerID
    with pytest.raises(TypeError, match="keyword arguments only"):
        ctp_py.InputOrderField("9999")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="base of all records"):
        ctp_py.Record()


def test_secrets_are_never_shown() -> None:
    login = ctp_py.ReqUserLoginField(UserID="226485", Password="canary-password")
    assert login.Password == "canary-password"
    assert "canary" not in repr(login) and "canary" not in str(login.to_dict())
    assert "226485" in repr(login)
    assert login.to_dict(secrets=True)["Password"] == "canary-password"
    for value in ("canary" * 10, "canary🦀", "canary\0"):
        with pytest.raises(ValueError) as caught:
            login.Password = value
        shown = str(caught.value)
        assert "ReqUserLoginField.Password" in shown
        assert "canary" not in shown and "🦀" not in shown


def test_records_compare_and_copy_by_value() -> None:
    one = ctp_py.InputOrderField(BrokerID="9999", VolumeTotalOriginal=1)
    for other in (one.copy(), copy.copy(one), copy.deepcopy(one)):
        assert one == other and other is not one
        other.VolumeTotalOriginal = 2
        assert one != other and one.VolumeTotalOriginal == 1
    others: list[object] = [ctp_py.OrderField(BrokerID="9999"), "9999", None]
    assert one not in others
    with pytest.raises(TypeError):
        hash(one)
    with pytest.raises(TypeError):
        one < one.copy()  # type: ignore[operator]


def test_a_dictionary_of_a_record_is_json() -> None:
    order = ctp_py.InputOrderField(BrokerID="9999", Direction="1", LimitPrice=None)
    values = json.loads(json.dumps(order.to_dict()))
    assert (values["BrokerID"], values["Direction"], values["LimitPrice"]) == ("9999", "1", None)
    with pytest.raises(TypeError):
        order.to_dict(True)  # type: ignore[call-arg]


def test_records_can_be_subclassed() -> None:
    class Order(ctp_py.InputOrderField):
        note = ""

    order = Order(BrokerID="9999")
    order.note = "mine"
    assert (order.BrokerID, order.copy().BrokerID, type(order.copy())) == ("9999", "9999", Order)


def test_records_and_classes_are_not_leaked() -> None:
    import sys

    made = ctp_py.DepthMarketDataField
    before = sys.getrefcount(made)
    for _ in range(1_000):
        made(InstrumentID="rb2701").copy().to_dict()
    assert sys.getrefcount(made) == before
