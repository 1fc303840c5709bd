"""Batches of ticks as columns, against NumPy, pyarrow and polars."""

from __future__ import annotations

import asyncio
import gc
import pickle
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import ctp_py
from ctp_py import TickBatch, _ctp_py, data, sim
from ctp_py.demo import main_contract

RB = main_contract("rb")
LENGTHS = [0, 1, 63, 64, 65, 1_000]

#: 2026-07-01 09:00:00 in China.
START = 1_782_867_600_000_000_000


def tick(number: int) -> data.DepthMarketData:
    """A tick that says its number; every third has no last price, no second level has one."""
    return data.DepthMarketData(
        instrument_id="rb2701" if number % 2 else "IF2612",
        exchange_id="SHFE",
        trading_day="20260701",
        update_time="09:00:00",
        update_millisec=500,
        last_price=None if number % 3 == 0 else 3900.0 + number,
        volume=number,
        turnover=number * 1e6,
        open_interest=12.0,
        bid_price1=-1.0,
        bid_volume1=number,
        bid_price2=None,
        upper_limit_price=None,
        exchange_inst_id="rb2701",
    )


def batch(count: int) -> TickBatch:
    return TickBatch(
        [tick(number) for number in range(count)],
        receive_ns=[START + number for number in range(count)],
        exchange_ns=[None if number % 2 else START for number in range(count)],
    )


def last_prices(count: int) -> list[float | None]:
    return [tick(number).last_price for number in range(count)]


@pytest.fixture(autouse=True)
def released() -> Any:
    """Whatever was exported is released once its readers are gone."""
    gc.collect()
    before = _ctp_py._arrow_exports()
    yield
    gc.collect()
    assert _ctp_py._arrow_exports() == before


@pytest.mark.parametrize("count", LENGTHS)
def test_a_batch_is_a_sequence_of_records(count: int) -> None:
    made = batch(count)
    assert len(made) == count and list(made) == [tick(number) for number in range(count)]
    if count:
        assert type(made[0]) is data.DepthMarketData
        assert made[-1] == made[count - 1] == tick(count - 1)
        # The number that stands for "no price" is CTP's again.
        assert bytes(made[0]) == bytes(tick(0))
    for outside in (count, -count - 1, 2**70, -(2**70)):
        with pytest.raises(IndexError, match=f"outside a batch of {count} ticks"):
            made[outside]
    with pytest.raises(TypeError):
        made[0.5]  # type: ignore[call-overload]


@pytest.mark.parametrize("count", LENGTHS)
def test_numpy_sees_the_memory_of_the_batch(count: int) -> None:
    made = batch(count)
    array = np.asarray(made)
    assert array.shape == (count,) and array.dtype.names == TickBatch.columns
    base: object = array.base
    assert array.dtype.itemsize == 480 and base is made
    assert array.__array_interface__["data"][0] == made.__array_interface__["data"][0] or not count
    assert [None if np.isnan(price) else float(price) for price in array["last_price"]] == last_prices(count)
    assert np.isnan(array["bid_price2"]).all()
    assert array["volume"].tolist() == list(range(count))
    assert array["instrument_id"].tolist() == [b"IF2612", b"rb2701"][:count] * (count // 2 or 1) + (
        [b"IF2612"] if count > 1 and count % 2 else []
    )
    assert array["receive_time"].dtype == np.dtype("<M8[ns]")
    assert array["receive_time"].astype(np.int64).tolist() == [START + number for number in range(count)]
    assert np.isnat(array["exchange_time"]).tolist() == [number % 2 == 1 for number in range(count)]
    assert not array.flags.writeable
    with pytest.raises(ValueError):
        array["volume"][:] = 1


@pytest.mark.parametrize("count", LENGTHS)
def test_a_column_is_a_view(count: int) -> None:
    made = batch(count)
    for name in TickBatch.columns:
        column = np.asarray(made.column(name))
        assert np.array_equal(column, np.asarray(made)[name], equal_nan=column.dtype.kind in "fM"), name
    prices = made.column("last_price")
    assert (prices.name, len(prices), prices.to_list()) == ("last_price", count, last_prices(count))
    if count:
        assert prices[0] is None and made.column("receive_time")[0] == START
        assert made.column("exchange_time").to_list()[:2] == [START, None][:count]
        assert np.shares_memory(np.asarray(made), np.asarray(prices))


@pytest.mark.parametrize("count", LENGTHS)
def test_pyarrow_takes_a_batch(count: int) -> None:
    made = batch(count)
    taken = pa.record_batch(made)
    taken.validate(full=True)
    assert taken.num_rows == count and tuple(taken.schema.names) == TickBatch.columns
    assert taken.column("last_price").to_pylist() == last_prices(count)
    assert taken.column("last_price").null_count == (count + 2) // 3
    assert taken.column("bid_price2").null_count == count
    assert taken.column("volume").to_pylist() == list(range(count))
    assert taken.column("instrument_id").to_pylist() == [one.instrument_id for one in made]
    assert taken.schema.field("receive_time").type == pa.timestamp("ns", "UTC")
    times = taken.column("exchange_time").cast(pa.int64()).to_pylist()
    assert times == [None if number % 2 else START for number in range(count)]
    assert pa.schema(made) == taken.schema
    table = pa.table(made)
    assert table.num_rows == count and table.column("volume").to_pylist() == list(range(count))
    assert pa.RecordBatchReader.from_stream(made).read_all() == table
    one = pa.array(made.column("last_price"))
    one.validate(full=True)
    assert one.to_pylist() == last_prices(count)


@pytest.mark.parametrize("count", LENGTHS)
def test_polars_takes_a_batch(count: int) -> None:
    made = batch(count)
    frame = pl.DataFrame(made)
    assert frame.shape == (count, len(TickBatch.columns)) and tuple(frame.columns) == TickBatch.columns
    assert frame["last_price"].to_list() == last_prices(count)
    assert frame["volume"].to_list() == list(range(count))
    assert frame["instrument_id"].to_list() == [one.instrument_id for one in made]
    assert frame.schema["receive_time"] == pl.Datetime("ns", "UTC")
    assert frame["receive_time"].cast(pl.Int64).to_list() == [START + number for number in range(count)]
    assert frame["exchange_time"].null_count() == count // 2
    frame.rechunk().write_ipc(None)


@pytest.mark.parametrize("count", LENGTHS)
def test_a_dictionary_has_the_values_of_the_columns(count: int) -> None:
    made = batch(count)
    columns = made.to_dict()
    assert tuple(columns) == TickBatch.columns
    for name, values in columns.items():
        assert values == made.column(name).to_list()
        if not name.endswith("_time") or name == "update_time":
            assert values == [getattr(one, name) for one in made]


def test_slices_share_the_memory_and_steps_copy() -> None:
    made = batch(100)
    part = made[10:20]
    assert [one.volume for one in part] == list(range(10, 20))
    assert np.shares_memory(np.asarray(part), np.asarray(made))
    assert pl.DataFrame(part)["volume"].to_list() == list(range(10, 20))
    assert [one.volume for one in part[-3:-1]] == [17, 18]
    assert [one.volume for one in made[::-30]] == [99, 69, 39, 9]
    assert not np.shares_memory(np.asarray(made[::2]), np.asarray(made))
    assert made.column("volume")[95:].to_list() == [95, 96, 97, 98, 99]
    for empty in (made[5:5], made[9:3], made[200:300], made[:0]):
        assert len(empty) == 0 and pa.table(empty).num_rows == 0 and np.asarray(empty).shape == (0,)
    joined = TickBatch.concat([made[:2], made[98:]])
    assert joined.column("volume").to_list() == [0, 1, 98, 99] and len(TickBatch.concat([])) == 0


def test_chinese_and_broken_text_becomes_utf8_in_arrow() -> None:
    whole = bytearray(bytes(data.DepthMarketData(instrument_id="螺纹")))
    place = bytes(whole).index("螺纹".encode("gbk"))
    whole[place + 4 : place + 10] = b"\xd2\0stale"[:6]
    made = TickBatch([ctp_py.DepthMarketDataField.from_bytes(bytes(whole))])
    taken = pa.record_batch(made)
    taken.validate(full=True)
    assert taken.column("instrument_id").to_pylist() == ["螺纹\ufffd"] == made.column("instrument_id").to_list()
    assert np.asarray(made)["instrument_id"].tolist() == ["螺纹".encode("gbk") + b"\xd2"]
    assert made[0].raw("instrument_id") == "螺纹".encode("gbk") + b"\xd2"


def test_readers_outlive_the_batch() -> None:
    made = batch(1_000)
    array, column, frame, table = np.asarray(made), np.asarray(made.column("volume")), pl.DataFrame(made), pa.table(made)
    schema, exported = made.__arrow_c_array__()
    stream = made.__arrow_c_stream__()
    records = list(made)
    del made
    gc.collect()
    # Others take the memory, if it was given back.
    others = [batch(1_000)[::2] for _ in range(20)]
    expected = list(range(1_000))
    assert array["volume"].tolist() == column.tolist() == expected
    assert frame["volume"].to_list() == table.column("volume").to_pylist() == expected
    assert [record.volume for record in records] == expected
    taken = pa.RecordBatch._import_from_c_capsule(schema, exported)
    assert taken.column("volume").to_pylist() == expected
    assert pa.RecordBatchReader._import_from_c_capsule(stream).read_all().num_rows == 1_000
    assert len(others) == 20


def test_what_nobody_takes_is_released_once() -> None:
    made = batch(3)
    count, columns = _ctp_py._arrow_exports(), len(TickBatch.columns)
    for _ in range(3):
        schema, exported = made.__arrow_c_array__()
        # A struct, and one per column; of schema and array.
        assert _ctp_py._arrow_exports() == count + 2 * (columns + 1)
        stream = made.__arrow_c_stream__()
        assert _ctp_py._arrow_exports() == count + 2 * (columns + 1) + 1
        del schema, exported, stream
        assert _ctp_py._arrow_exports() == count
    one = made.__arrow_c_schema__()
    assert _ctp_py._arrow_exports() == count + columns + 1
    del one
    # A child that was moved out lives longer than its parent.
    child = pa.record_batch(made).column("volume")
    gc.collect()
    assert child.to_pylist() == [0, 1, 2]
    reader = pa.RecordBatchReader.from_stream(made)
    assert reader.read_next_batch().num_rows == 3
    with pytest.raises(StopIteration):
        reader.read_next_batch()


def test_what_is_no_tick_is_refused() -> None:
    with pytest.raises(TypeError, match="a batch holds DepthMarketDataField, not OrderField"):
        TickBatch([data.Order()])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="a record is needed"):
        TickBatch([1])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        TickBatch(1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="receive_ns has 1 times for 2 ticks"):
        TickBatch([tick(0), tick(1)], receive_ns=[START])
    with pytest.raises(OverflowError):
        TickBatch([tick(0)], receive_ns=[2**64])
    with pytest.raises(KeyError, match="no column .*LastPrice"):
        batch(1).column("LastPrice")
    assert repr(batch(4)) == "<TickBatch of 4 ticks: IF2612, rb2701>"
    assert repr(batch(4).column("volume")) == "<TickColumn volume of 4 ticks>"
    assert len(TickBatch()) == 0


def test_a_batch_has_columns_by_name_and_is_pickled() -> None:
    whole = batch(65)
    assert whole["volume"].to_list() == whole.column("volume").to_list()
    with pytest.raises(KeyError, match="no column .*LastPrice"):
        whole["LastPrice"]
    for part in (whole, whole[3:9], TickBatch()):
        assert pickle.loads(pickle.dumps(part)).to_dict() == part.to_dict()


def test_kept_ticks_become_a_batch_with_their_times(quiet: sim.Exchange) -> None:
    with ctp_py.MdClient(quiet.front) as md:
        stream = md.ticks(RB)
        next(stream)
        publish(quiet, 3)
        ticks = [next(stream) for _ in range(3)]
    kept = TickBatch(ticks)
    assert kept["last_price"].to_list() == [3000.0, 3001.0, 3002.0]
    assert kept["receive_time"].to_list() == [tick.received_ns for tick in ticks]
    assert kept["exchange_time"].to_list() == [tick.exchange_ns for tick in ticks]
    mixed = TickBatch([ticks[0], ticks[1].record], receive_ns=[None, START], exchange_ns=[START, None])
    assert mixed["receive_time"].to_list() == [ticks[0].received_ns, START]
    assert mixed["exchange_time"].to_list() == [START, None]


@pytest.fixture
def quiet() -> Iterator[sim.Exchange]:
    """An exchange on which nobody trades: its ticks are those of the test."""
    with sim.Exchange(clock="real", settings={"crowd": "off"}) as exchange:
        yield exchange


def publish(exchange: sim.Exchange, count: int) -> None:
    for number in range(count):
        exchange.tick(RB, 3000.0 + number, volume=1)
    exchange.barrier()


def test_a_client_delivers_batches(quiet: sim.Exchange) -> None:
    with ctp_py.MdClient(quiet.front) as md:
        # The snapshot that a subscription brings.
        next(md.ticks(RB))
        batches, small = md.batches(RB), md.batches(RB, size=3)
        publish(quiet, 10)
        taken: list[TickBatch] = []
        while sum(map(len, taken)) < 10:
            taken.append(next(batches))
        prices = TickBatch.concat(taken).column("last_price").to_list()
        assert prices == [3000.0 + number for number in range(10)]
        times = TickBatch.concat(taken).column("receive_time").to_list()
        assert None not in times and times == sorted(times)
        assert [len(next(small)) for _ in range(4)] == [3, 3, 3, 1]
        assert batches.lost == small.lost == 0
        with pytest.raises(ValueError, match="size 0"):
            md.batches(RB, size=0)
    assert batches.next() is None and list(small) == []


def test_batches_are_awaited(quiet: sim.Exchange) -> None:
    async def main() -> list[float | None]:
        async with ctp_py.MdClient(quiet.front) as md:
            next(md.ticks(RB))
            batches = md.batches(RB)
            publish(quiet, 5)
            prices: list[float | None] = []
            async for batch in batches:
                prices += pl.DataFrame(batch)["last_price"].to_list()
                if len(prices) == 5:
                    break
            return prices

    assert asyncio.run(main()) == [3000.0 + number for number in range(5)]


def test_pandas_and_duckdb_take_the_arrow_columns() -> None:
    made = batch(100)
    # Before version 3 pandas takes Arrow through pyarrow.
    taken = getattr(pd.DataFrame, "from_arrow", None)
    frame = taken(made) if taken else pa.table(made).to_pandas()
    assert list(frame.columns) == list(TickBatch.columns) and len(frame) == 100
    assert frame["last_price"].isna().sum() == 34 and frame["volume"].sum() == sum(range(100))
    assert list(frame["instrument_id"][:2]) == ["IF2612", "rb2701"]
    query = "select instrument_id, count(last_price), sum(volume) from made group by 1 order by 1"
    found = duckdb.sql(query)
    assert found is not None
    assert found.fetchall() == [("IF2612", 33, sum(range(0, 100, 2))), ("rb2701", 33, sum(range(1, 100, 2)))]


def test_a_batch_gathers_for_an_interval(exchange: sim.Exchange) -> None:
    with ctp_py.MdClient(exchange.front) as md:
        next(md.ticks(RB))
        patient = md.batches(RB, size=3, interval=3600.0)
        quick = md.batches(RB, interval=0.05)
        for number in range(2):
            exchange.tick(RB, 3000.0 + number)
        exchange.barrier()
        # What was taken stays where it is while a wait is given up.
        for _ in range(2):
            with pytest.raises(ctp_py.TimedOut):
                patient.next(0)
        first = quick.next(30.0)
        assert first is not None and len(first) >= 1
        exchange.tick(RB, 3002.0)
        whole = patient.next(30.0)
        assert whole is not None and [record.last_price for record in whole] == [3000.0, 3001.0, 3002.0]
        exchange.tick(RB, 3003.0)
        exchange.barrier()
        with pytest.raises(ctp_py.TimedOut):
            patient.next(0.01)
        for wrong in (-1.0, float("nan")):
            with pytest.raises(ValueError, match="not a time to wait"):
                md.batches(RB, interval=wrong)
        assert patient.lost == quick.lost == 0
    # The end hands over what is left.
    last = patient.next(30.0)
    assert last is not None and [record.last_price for record in last] == [3003.0] and patient.next() is None


def test_a_cancelled_wait_for_a_gathering_batch_loses_nothing(exchange: sim.Exchange) -> None:
    async def main() -> list[float | None]:
        async with ctp_py.MdClient(exchange.front) as md:
            async for _ in md.ticks(RB):
                break
            batches = md.batches(RB, size=2, interval=3600.0)
            exchange.tick(RB, 3000.0)
            exchange.barrier()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(batches.__anext__(), 0.05)
            exchange.tick(RB, 3001.0)
            return [record.last_price for record in await asyncio.wait_for(batches.__anext__(), 30.0)]

    assert asyncio.run(main()) == [3000.0, 3001.0]
