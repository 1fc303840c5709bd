"""Records: typed attributes, text, enumerations, errors, secrets."""

from __future__ import annotations

import copy
import json
import math
import multiprocessing
import pickle
import sys
from decimal import Decimal
from fractions import Fraction
from unittest import mock

import pytest

import ctp_py
from ctp_py import constants, data, enums


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
    made = ctp_py.DepthMarketDataField
    before = sys.getrefcount(made)
    for _ in range(1_000):
        made(InstrumentID="rb2701").copy().to_dict()
    assert sys.getrefcount(made) == before


def test_a_field_error_tells_record_field_value_and_limit() -> None:
    cases: list[tuple[str, object, type[Exception], object]] = [
        ("InstrumentID", "x" * 5_000, ctp_py.FieldError, 80),
        ("VolumeTotalOriginal", 10**30, ctp_py.FieldError, (-(2**31), 2**31 - 1)),
        ("LimitPrice", math.nan, ctp_py.FieldError, None),
        ("LimitPrice", 10**400, ctp_py.FieldError, None),
        ("Direction", "ab", ctp_py.FieldError, 1),
        ("BrokerID", 9999, ctp_py.FieldTypeError, 10),
        ("VolumeTotalOriginal", None, ctp_py.FieldTypeError, (-(2**31), 2**31 - 1)),
    ]
    for field, value, kind, limit in cases:
        with pytest.raises(kind) as caught:
            ctp_py.InputOrderField(**{field: value})  # type: ignore[arg-type]
        error = caught.value
        assert isinstance(error, ctp_py.FieldError) and isinstance(error, (ctp_py.CtpError, ValueError))
        assert (error.record, error.field, error.limit) == ("InputOrderField", field, limit)
        assert error.value is value
        assert len(str(error)) < 300
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), again.field) == (kind, str(error), field)
    assert issubclass(ctp_py.FieldTypeError, TypeError) and not issubclass(ctp_py.FieldError, TypeError)


def test_a_field_error_never_has_a_secret() -> None:
    for value in ("canary" * 10, "canary🦀", b"canary", "canary\ud800"):
        with pytest.raises(ctp_py.FieldError) as caught:
            ctp_py.ReqUserLoginField(Password=value)  # type: ignore[arg-type]
        assert caught.value.value is None and caught.value.field == "Password"
        assert "canary" not in str(caught.value)


def test_numbers_of_other_types_are_taken_where_they_are_exact() -> None:
    class Number:
        def __index__(self) -> int:
            return 7

    class Text(str):
        pass

    order = ctp_py.InputOrderField(
        VolumeTotalOriginal=Number(),  # type: ignore[arg-type]
        LimitPrice=Decimal("3925.5"),  # type: ignore[arg-type]
        InstrumentID=Text("rb2701"),
    )
    assert (order.VolumeTotalOriginal, order.LimitPrice, order.InstrumentID) == (7, 3925.5, "rb2701")
    assert type(order.InstrumentID) is str
    order.LimitPrice = Fraction(1, 2)  # type: ignore[assignment]
    assert order.LimitPrice == 0.5


def test_what_a_value_raises_itself_comes_through() -> None:
    class Broken:
        def __float__(self) -> float:
            raise KeyboardInterrupt

        def __index__(self) -> int:
            raise LookupError("mine")

        def __repr__(self) -> str:
            raise ZeroDivisionError

    order = ctp_py.InputOrderField()
    with pytest.raises(KeyboardInterrupt):
        order.LimitPrice = Broken()  # type: ignore[assignment]
    with pytest.raises(LookupError, match="mine"):
        order.VolumeTotalOriginal = Broken()  # type: ignore[assignment]
    with pytest.raises(TypeError, match="is str, not .*Broken"):
        order.InstrumentID = Broken()  # type: ignore[assignment]


def test_what_only_says_that_it_is_a_record_is_none() -> None:
    liar = mock.Mock(spec=ctp_py.InputOrderField())
    assert isinstance(liar, ctp_py.InputOrderField)
    assert ctp_py.InputOrderField() != liar
    with ctp_py.TraderApi() as api, pytest.raises(TypeError, match="a record is needed.*not Mock"):
        api.ReqOrderInsert(liar)


def test_no_object_gets_the_layout_of_another_record() -> None:
    order = ctp_py.OrderField()
    with pytest.raises(TypeError, match="layout differs"):
        order.__class__ = ctp_py.TradeField  # type: ignore[assignment]
    with pytest.raises(TypeError, match="lay-?out conflict"):
        type("Both", (ctp_py.OrderField, ctp_py.TradeField), {})
    forged = type("Forged", (ctp_py.Record,), {"__ctp_record__": "OrderField"})
    with pytest.raises(TypeError, match="base of all records"):
        forged()
    with pytest.raises(TypeError):
        object.__new__(ctp_py.OrderField)
    assert type(ctp_py.OrderField.__new__(ctp_py.TradeField)) is ctp_py.TradeField
    with pytest.raises(TypeError, match="not a subtype"):
        ctp_py.OrderField.__new__(int)
    descriptor = vars(ctp_py.OrderField)["BrokerID"]
    with pytest.raises(TypeError, match="doesn't apply"):
        descriptor.__get__(ctp_py.TradeField())


def test_broken_text_is_shown_as_far_as_it_goes_and_its_bytes_are_kept() -> None:
    """Peers: a cut tail vanished, a bad byte emptied the field, both threw elsewhere."""
    whole = bytearray(bytes(ctp_py.RspInfoField(ErrorMsg="找不到")))
    place = bytes(whole).index("找不到".encode("gbk"))
    for broken, text in (
        ("找不到".encode("gbk") + b"\xd2", "找不到\ufffd"),
        ("找".encode("gbk") + b"\xff" + "到".encode("gbk"), "找\ufffd到"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"abc\xd2", "abc\ufffd"),
    ):
        changed = bytes(whole[:place]) + broken + bytes(len(whole) - place - len(broken))
        for made in (ctp_py.RspInfoField.from_bytes(changed), data.RspInfo.from_bytes(changed).to_ctp()):
            assert made.raw("ErrorMsg") == broken
            assert made.ErrorMsg == text
            assert bytes(made) == changed


def test_a_chinese_name_makes_the_round_trip() -> None:
    for text in ("张", "张" * 40, "螺纹钢2701", "α", "—"):
        record = ctp_py.RspInfoField(ErrorMsg=text[:40])
        assert record.ErrorMsg == text[:40]
        assert pickle.loads(pickle.dumps(record)).raw("ErrorMsg") == text[:40].encode("gbk")


def test_the_bytes_of_a_record_are_the_struct_of_c() -> None:
    record = ctp_py.RspInfoField(ErrorID=-3, ErrorMsg="张")
    whole = bytes(record)
    assert len(whole) == 88 and whole[:4] == (-3).to_bytes(4, "little", signed=True) and whole[4:7] == b"\xd5\xc5\0"
    assert ctp_py.RspInfoField.from_bytes(whole) == record
    # A text that fills its field gets the NUL that C reads up to.
    assert ctp_py.RspInfoField.from_bytes(b"a" * 88).ErrorMsg == "a" * 80
    for wrong in (whole[:-1], whole + b"\0", b""):
        with pytest.raises(ValueError, match="RspInfoField has 88 bytes, not"):
            ctp_py.RspInfoField.from_bytes(wrong)
    with pytest.raises(TypeError):
        ctp_py.RspInfoField.from_bytes("text")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="base of all records"):
        ctp_py.Record.from_bytes(whole)
    with pytest.raises(TypeError, match="ErrorID is not a text"):
        record.raw("ErrorID")
    with pytest.raises(TypeError, match="has no field Error"):
        record.raw("Error")


class Noted(ctp_py.InputOrderField):
    """A class of a user's, with attributes of its own."""

    notes: list[str]

    def __init__(self, note: str, **fields: object) -> None:
        self.notes = [note]

    def __new__(cls, note: str = "", **fields: object) -> Noted:
        return super().__new__(cls, **fields)


def test_records_are_pickled_and_copied_with_what_was_added() -> None:
    order = Noted("mine", BrokerID="9999", LimitPrice=None)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(order, protocol))
        assert again == order and again.notes == ["mine"] and type(again) is Noted
    assert copy.copy(order).notes is order.notes
    assert copy.deepcopy(order).notes == ["mine"] and copy.deepcopy(order).notes is not order.notes


def test_a_pickle_of_another_layout_is_refused() -> None:
    order = ctp_py.InputOrderField(BrokerID="9999")
    _, _, (mark, whole, _) = order.__reduce_ex__(4)
    with pytest.raises(ValueError, match="pickled by a version of ctp_py whose InputOrderField has other fields"):
        order.__setstate__((mark + 1, whole, None))
    with pytest.raises(ValueError, match="bytes, not"):
        order.__setstate__((mark, whole[:-1], None))
    for wrong in (None, (), (mark, whole), ("x", whole, None), (mark, "x", None), (-1, whole, None)):
        with pytest.raises(TypeError, match="not the state of a pickled InputOrderField"):
            order.__setstate__(wrong)
    with pytest.raises((ValueError, TypeError)):
        ctp_py.TradeField().__setstate__((mark, whole, None))
    assert order.BrokerID == "9999"


def traded(trade: data.Trade) -> data.Trade:
    trade.volume += 1
    return trade


def test_records_go_to_other_processes_and_back() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        returned = pool.apply(traded, (data.Trade(volume=1, instrument_id="rb2701"),))
    assert (returned.volume, returned.instrument_id, type(returned)) == (2, "rb2701", data.Trade)


def test_what_is_shown_of_a_record_is_what_it_has() -> None:
    assert repr(ctp_py.OrderField()) == "OrderField()"
    order = ctp_py.OrderField(
        InstrumentID="rb2701", Direction="0", OrderStatus="z", LimitPrice=3925.5, VolumeTotal=2, StatusMsg="张"
    )
    assert repr(order) == (
        "OrderField(Direction=Direction.Buy, LimitPrice=3925.5, OrderStatus=OrderStatus.UNKNOWN_z, "
        "VolumeTotal=2, StatusMsg='张', InstrumentID='rb2701')"
    )
    order.LimitPrice = None
    assert "LimitPrice" not in repr(order)
    assert {"BrokerID", "to_dict", "copy", "raw"} <= set(dir(order))


def test_records_without_a_price_are_equal_however_it_is_written() -> None:
    one = ctp_py.DepthMarketDataField(LastPrice=None)
    whole = bytearray(bytes(one))
    for number in (b"\0\0\0\0\0\0\xf8\x7f", b"\xff\xff\xff\xff\xff\xff\xef\xff"):
        whole[80:88] = number
        other = ctp_py.DepthMarketDataField.from_bytes(bytes(whole))
        assert other.LastPrice is None and other == one == other.copy()


def test_many_kept_records_keep_their_values() -> None:
    kept = [ctp_py.DepthMarketDataField(InstrumentID=f"rb{number}", Volume=number) for number in range(5_000)]
    del kept[::2]
    assert all(tick.InstrumentID == f"rb{tick.Volume}" for tick in kept)
