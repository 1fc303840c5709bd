"""Conversions of values that nobody thought of: a field takes a value and gives it back, or says why not."""

from __future__ import annotations

import math
import pickle
import struct
from typing import Any

from hypothesis import example, given, settings, strategies as st

import ctp_py
from ctp_py import TickBatch, data, enums

#: No example is slow; a machine is.
settings.register_profile("ctp", deadline=None, max_examples=200, derandomize=True)
settings.load_profile("ctp")

ORDER = {
    name: type(value) for name, value in ctp_py.InputOrderField(LimitPrice=1.0, StopPrice=1.0).to_dict().items()
}
ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.characters(categories=["Cs"]),
    st.binary(),
    st.complex_numbers(),
    st.decimals(),
    st.fractions(),
    st.lists(st.integers(), max_size=2),
    st.builds(object),
    st.sampled_from([str, enums.Direction.Buy, float("nan"), 10**400, "x" * 5_000, "张" * 5_000]),
)


def gbk_length(text: str) -> int | None:
    """Returns how many bytes a text takes, None for one that has no place in a record."""
    try:
        return None if "\0" in text else len(text.encode("gbk"))
    except UnicodeEncodeError:
        return None


@given(st.sampled_from(sorted(ORDER)), ANYTHING)
@example("InstrumentID", "x" * 5_000)
@example("InstrumentID", "\ud800")
@example("LimitPrice", -0.0)
def test_a_field_takes_a_value_or_says_why_not(field: str, value: Any) -> None:
    order = ctp_py.InputOrderField(BrokerID="9999")
    before = bytes(order)
    try:
        setattr(order, field, value)
    except ctp_py.FieldError as error:
        assert bytes(order) == before
        assert (error.record, error.field) == ("InputOrderField", field) and error.value is value
        assert field in str(error) and len(str(error)) < 400
    else:
        found = getattr(order, field)
        assert found == (None if value == "" and found is None else value) or math.isclose(found, value)
        assert pickle.loads(pickle.dumps(order)) == order


@given(st.text(max_size=60))
@example("张")
@example("€")
@example("x" * 81)
def test_text_comes_back_as_it_went_or_is_refused(text: str) -> None:
    length = gbk_length(text)
    record = data.Order()
    if length is not None and length <= 80:
        record.status_msg = text
        assert record.status_msg == text and record.raw("status_msg") == text.encode("gbk")
        assert record.to_ctp().StatusMsg == text
        return
    try:
        record.status_msg = text
    except ctp_py.FieldError:
        assert record == data.Order()
    else:
        # A few characters have a place in GB18030's two bytes, and none in Python's GBK.
        assert record.status_msg == text


@given(st.integers())
@example(2**31)
@example(-(2**63))
def test_numbers_are_taken_up_to_their_limits(number: int) -> None:
    fits = -(2**31) <= number < 2**31
    try:
        assert data.InputOrder(volume_total_original=number).volume_total_original == number and fits
    except ctp_py.FieldError as error:
        assert not fits and error.limit == (-(2**31), 2**31 - 1)


@given(st.floats())
@example(1.7976931348623157e308)
def test_prices_are_numbers_or_none(number: float) -> None:
    try:
        price = data.InputOrder(limit_price=number).limit_price
    except ctp_py.FieldError:
        assert not math.isfinite(number)
    else:
        assert price == (number if abs(number) < 1e300 else None)


@given(st.binary(max_size=200))
@example(b"\xd5")
@example(b"\xff" * 88)
def test_any_bytes_are_a_record(content: bytes) -> None:
    whole = content[:88].ljust(88, b"\0")
    for kind in (ctp_py.RspInfoField, data.RspInfo):
        record = kind.from_bytes(whole)
        values = list(record.to_dict().values())
        assert values[0] == struct.unpack("<i", whole[:4])[0]
        raw = whole[4:84].split(b"\0")[0]
        assert isinstance(values[1], str) and record.raw(list(record.to_dict())[1]) == raw
        assert record == record.copy() == pickle.loads(pickle.dumps(record))
        assert type(record).__name__ in repr(record)


@given(st.binary(min_size=584, max_size=584))
def test_any_bytes_are_a_tick_of_a_batch(whole: bytes) -> None:
    tick = data.DepthMarketData.from_bytes(whole)
    batch = TickBatch([tick], receive_ns=[1])
    values, back = tick.to_dict(), batch[0].to_dict()
    assert {name: value for name, value in back.items() if not name.startswith("reserve")} == {
        name: value for name, value in values.items() if not name.startswith("reserve")
    }
    columns = batch.to_dict()
    assert all(columns[name] == [value] for name, value in back.items() if name in columns)


@given(st.text(min_size=1, max_size=3))
def test_characters_are_members_known_or_not(text: str) -> None:
    order = ctp_py.OrderField()
    if len(text) == 1 and "\x01" <= text <= "~":
        order.OrderStatus = text
        member: Any = order.OrderStatus
        assert isinstance(member, enums.OrderStatus) and member == text and member is enums.OrderStatus(text)
    else:
        try:
            order.OrderStatus = text
        except ctp_py.FieldError as error:
            assert error.limit == 1
        else:
            raise AssertionError(f"{text!r} was taken")


@given(ANYTHING)
def test_no_state_of_a_pickle_breaks_a_record(state: Any) -> None:
    record = data.Order(instrument_id="rb2701")
    for given_state in (state, (state, state, state), (1, b"", state)):
        try:
            record.__setstate__(given_state)
        except (TypeError, ValueError):
            assert record.instrument_id == "rb2701"
        else:
            raise AssertionError(f"{given_state!r} was taken")
