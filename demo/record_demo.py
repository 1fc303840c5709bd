"""Recording 录制: ticks into a Parquet file with polars, and into a candle chart.

Runs on an exchange of its own whose clock is fast: some seconds bring an hour of ticks. Needs polars and matplotlib
(`pip install polars matplotlib`), which the package itself does not.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import ctp_py
from ctp_py.demo import DemoError, Options, parse, run

#: An exchange whose minutes pass in half a second, from the opening of a trading day on.
FRONT = "sim://record?clock=virtual&speed=120&start=2026-11-23T09:00:00&hours=exchange"

#: Seconds of the machine's clock that are recorded.
SECONDS = 12.0


async def record(options: Options, seconds: float) -> list[ctp_py.Tick]:
    """Returns the ticks of so many seconds."""
    ticks: list[ctp_py.Tick] = []

    async def collect(stream: ctp_py.Stream[ctp_py.Tick]) -> None:
        async for tick in stream:
            if not tick.flags:
                # Neither late nor stale: the first one may show the close of the day before.
                ticks.append(tick)

    async with ctp_py.MdClient(options.source, **options.settings) as md:
        stream = md.ticks(*options.instruments)
        try:
            await asyncio.wait_for(collect(stream), seconds)
        except asyncio.TimeoutError:
            print(f"recorded 录制: {len(ticks)} ticks, lost 丢失 {stream.lost}", flush=True)
    return ticks


def work_up(ticks: list[ctp_py.Tick], name: str, folder: Path) -> None:
    """Writes the ticks, and the candles of one contract as a picture."""
    import polars as pl

    frame = pl.DataFrame(
        {
            "instrument_id": [tick.instrument_id for tick in ticks],
            "time": pl.Series([tick.exchange_ns for tick in ticks], dtype=pl.Int64),
            "last_price": [tick.last_price for tick in ticks],
            "volume": [tick.volume for tick in ticks],
        }
    )
    # Nanoseconds since the Unix epoch; people in China read eight hours more.
    frame = frame.with_columns(pl.col("time").cast(pl.Datetime("ns")).dt.offset_by("8h"))
    frame.write_parquet(folder / "ticks.parquet")
    candles = (
        frame.filter(pl.col("instrument_id") == name, pl.col("last_price").is_not_null(), pl.col("time").is_not_null())
        .sort("time")
        .group_by_dynamic("time", every="1m")
        .agg(
            open=pl.col("last_price").first(),
            high=pl.col("last_price").max(),
            low=pl.col("last_price").min(),
            close=pl.col("last_price").last(),
            volume=pl.col("volume").max() - pl.col("volume").min(),
        )
    )
    if candles.is_empty():
        raise DemoError(f"{name} had no tick; check --instruments")
    print(candles)
    draw(candles.rows(named=True), name, folder / "candles.png")
    for file in ("ticks.parquet", "candles.png"):
        print(f"written 已写入: {folder / file} ({(folder / file).stat().st_size} bytes)")


def draw(candles: list[dict[str, Any]], name: str, path: Path) -> None:
    """Draws a candle for each row: red rises and green falls, as in China."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (prices, volumes) = pyplot.subplots(
        2, 1, sharex=True, figsize=(10, 6), height_ratios=[3, 1], layout="constrained"
    )
    for place, candle in enumerate(candles):
        colour = "#c0392b" if candle["close"] >= candle["open"] else "#1e8449"
        low, high = sorted((candle["open"], candle["close"]))
        prices.vlines(place, candle["low"], candle["high"], color=colour, linewidth=1)
        prices.bar(place, max(high - low, 0.05), width=0.7, bottom=low, color=colour)
        volumes.bar(place, candle["volume"], width=0.7, color=colour)
    step = max(1, len(candles) // 8)
    volumes.set_xticks(range(0, len(candles), step), [f"{candle['time']:%H:%M}" for candle in candles[::step]])
    prices.set_title(f"{name}, one minute")
    prices.set_ylabel("CNY")
    volumes.set_ylabel("lots")
    prices.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> int:
    def demo() -> None:
        options = parse("Records ticks and draws a candle chart.", arguments)
        if options.source == "sim://demo":
            options.source, options.instruments = FRONT, ["rb2701", "IF2612"]
        folder = Path("record_demo")
        folder.mkdir(exist_ok=True)
        ticks = asyncio.run(record(options, SECONDS))
        work_up(ticks, options.instruments[0], folder)

    return run(demo)


if __name__ == "__main__":
    sys.exit(main())
