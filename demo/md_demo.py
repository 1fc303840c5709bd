"""Market data 行情: connect, log in, subscribe, print ticks.

Runs on the simulator that comes with the package; on a real front with
`--library PATH --front tcp://host:port --broker 9999 --user ID`, or with `--config ctp.toml`.
"""

from __future__ import annotations

import asyncio
import sys

import ctp_py
from ctp_py.demo import DemoError, Options, parse, price, run, within


async def subscribed(events: ctp_py.Stream[ctp_py.MdEvent], instruments: list[str]) -> None:
    """Prints the front's answers until every contract has one."""
    waiting = set(instruments)
    async for event in events:
        if event.kind == "subscribed":
            print(f"subscribed 已订阅: {event.instrument_id}", flush=True)
            waiting.difference_update(event.instrument_ids)
        elif event.kind in ("refused", "not_sent", "never_ticked", "error"):
            raise DemoError(f"subscribing refused 订阅被拒: {event.text}; check --instruments")
        if not waiting:
            return


async def collect(ticks: ctp_py.Stream[ctp_py.Tick], seen: dict[str, list[ctp_py.Tick]], count: int) -> None:
    """Prints ticks until each contract had as many as wanted."""
    async for tick in ticks:
        own = seen[tick.instrument_id]
        if len(own) < count:
            # A tick is a value of its own: it stays valid however long it is kept.
            own.append(tick)
            print(
                f"{tick.update_time}.{tick.update_millisec:03} {tick.instrument_id:8} "
                f"last 最新 {price(tick.last_price)}  bid 买一 {price(tick.bid_price)} x {tick.bid_volume}  "
                f"ask 卖一 {price(tick.ask_price)} x {tick.ask_volume}  volume 成交量 {tick.volume}",
                flush=True,
            )
        if all(len(own) >= count for own in seen.values()):
            return


async def show(options: Options) -> None:
    print(f"connecting 连接中: {options.front_shown}", flush=True)
    seen: dict[str, list[ctp_py.Tick]] = {name: [] for name in options.instruments}
    # Inside of the block the session is there: a broken link is connected, logged in and subscribed again by itself.
    async with ctp_py.MdClient(options.source, **options.settings) as md:
        login = await md.ready()
        print(f"connected 已连接, library 接口: {md.library_version}", flush=True)
        print(f"logged in 已登录, trading day 交易日 {login.trading_day}", flush=True)
        events = md.events()
        ticks = md.ticks(*options.instruments)
        await within(options, subscribed(events, options.instruments), "answer to the subscription")
        try:
            await within(options, collect(ticks, seen, options.ticks), "tick")
        except DemoError:
            # A quiet contract is shown as it is; no tick at all is worth a word.
            if not any(seen.values()):
                raise
        lost = ticks.lost
    print("summary 汇总:")
    for name, own in seen.items():
        last = f"last 最新 {price(own[-1].last_price)}, volume 成交量 {own[-1].volume}" if own else "no tick 无行情"
        print(f"  {name}: {len(own)} ticks, {last}")
    print(f"  lost ticks 丢失: {lost}")


def main(arguments: list[str] | None = None) -> int:
    return run(lambda: asyncio.run(show(parse("Prints ticks of some contracts.", arguments))))


if __name__ == "__main__":
    sys.exit(main())
