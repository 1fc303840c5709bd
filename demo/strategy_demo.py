"""A small strategy 策略: two contracts, limits on risk, only on the simulator.

Holds one lot long of whatever contract rose over its last ticks, and none of what fell. What it may do is said once, in
the configuration: the gateway denies every order that would break it, whatever the strategy thinks.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter, deque

import ctp_py
from ctp_py.demo import DemoError, Options, parse, price, run

#: Ticks that a decision looks back on.
WINDOW = 8

#: What no order may break, checked before it leaves.
RISK = {"position_lots": 2, "position_lots_total": 3, "order_lots": 1, "orders_per_day": 40, "loss_cny": 20_000}


class Follower:
    """One contract: remembers its last prices, and trades at the price that is offered."""

    def __init__(self, md: ctp_py.MdClient, td: ctp_py.TdClient, name: str, told: Counter[str]) -> None:
        self.td = td
        self.ticks = md.ticks(name)
        self.name = name
        self.told = told
        self.prices: deque[float] = deque(maxlen=WINDOW)
        self.lots = 0

    async def run(self, count: int) -> None:
        """Looks at so many ticks and decides on each."""
        async for tick in self.ticks:
            count -= 1
            # The loss of the day follows the price.
            self.td.mark(tick)
            if tick.last_price is not None:
                self.prices.append(tick.last_price)
            if len(self.prices) == WINDOW:
                await self.decide(tick)
            if count <= 0:
                # The end: what is left is sold.
                await self.want(0, tick)
                return

    async def decide(self, tick: ctp_py.Tick) -> None:
        change = self.prices[-1] - self.prices[0]
        if change > 0:
            await self.want(self.lots + 1, tick)
        elif change < 0:
            await self.want(0, tick)
        self.prices.clear()

    async def want(self, lots: int, tick: ctp_py.Tick) -> None:
        """Buys or sells until it holds so many lots, or a rule says no."""
        while self.lots != lots:
            buys = self.lots < lots
            limit = tick.ask_price if buys else tick.bid_price
            if limit is None:
                return
            try:
                # All or none at once: nothing rests in the book while nobody looks.
                if buys:
                    order = await self.td.place(ctp_py.NewOrder.fok(self.name, "buy", "open", 1, limit))
                else:
                    closing = await self.td.close_position(ctp_py.NewOrder.fok(self.name, "sell", "close", 1, limit))
                    order = closing.orders[0]
                over = await order.finished()
            except ctp_py.Denied as denied:
                self.told["denied"] += 1
                print(f"denied 风控 {self.name}: {denied}", flush=True)
                return
            self.told[over.phase] += 1
            if over.phase != "filled":
                return
            self.lots += 1 if buys else -1
            word = "bought 买入" if buys else "sold 卖出"
            print(f"{word} {self.name} 1 @ {price(order.average_price)}, holds 持仓 {self.lots}", flush=True)


async def show(options: Options) -> None:
    if options.place_order or not (options.source or "").startswith("sim://"):
        raise DemoError("this is an example of code, not of a strategy: it trades on the simulator only")
    source, settings = options.source, options.settings
    async with ctp_py.MdClient(source, **settings) as md, ctp_py.TdClient(source, risk=RISK, **settings) as td:
        # The contracts are known from here on: orders find their exchange, and prices their tick.
        await td.instruments()
        told: Counter[str] = Counter()
        await asyncio.gather(*(Follower(md, td, name, told).run(options.ticks) for name in options.instruments))
        profit = td.day_profit()
    print("summary 汇总:")
    print(f"  orders 报单: {', '.join(f'{count} {kind}' for kind, count in sorted(told.items())) or 'none'}")
    print(f"  {profit}")


def main(arguments: list[str] | None = None) -> int:
    def demo() -> None:
        options = parse("Trades two contracts within limits, on the simulator.", arguments)
        options.ticks = max(options.ticks, 5 * WINDOW)
        asyncio.run(show(options))

    return run(demo)


if __name__ == "__main__":
    sys.exit(main())
