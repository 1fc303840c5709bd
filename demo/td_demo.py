"""Trading 交易: connect, log in, query, place an order, watch it, cancel another one.

Runs on the simulator that comes with the package. On any other library it stops before the order and
prints it; `--place-order` then sends one lot at the far daily limit and cancels it.
"""

from __future__ import annotations

import asyncio
import sys

import ctp_py
from ctp_py.demo import DemoError, Options, parse, price, run, within
from ctp_py.labels import DIRECTION, OFFSET, label


async def watch(order: ctp_py.Order) -> None:
    """Prints every change of an order until it is over and all its trades have arrived."""
    before = "sent 已发送"
    async for event in order.events():
        if isinstance(event, ctp_py.TdEvent.Order):
            now = event.order
            if now.status_text != before:
                print(
                    f"order 报单 {now.id}: {before} -> {now.status_text},"
                    f" traded 已成交 {now.volume_traded}/{now.volume} {now.status_message}",
                    flush=True,
                )
                before = now.status_text
        elif isinstance(event, ctp_py.TdEvent.Trade):
            trade = event.trade
            print(
                f"trade 成交 {trade.trade_id.strip()}: {trade.instrument_id} {label(DIRECTION, trade.direction)}"
                f" {label(OFFSET, trade.offset)} {trade.volume} @ {price(trade.price)} {trade.trade_time}",
                flush=True,
            )


async def send(td: ctp_py.TdClient, new: ctp_py.NewOrder) -> tuple[ctp_py.Order, asyncio.Task[None]]:
    """Places an order; the task prints what becomes of it."""
    order = await td.place(new)
    print(
        f"sent order 已发送报单 {order.id}: {order.instrument_id} {label(DIRECTION, order.direction)}"
        f" {label(OFFSET, order.offset)} {order.volume} @ {price(order.limit_price)}",
        flush=True,
    )
    return order, asyncio.create_task(watch(order))


async def trade(td: ctp_py.TdClient, options: Options) -> None:
    """One order that rests far from the market and is cancelled; on the simulator another one that fills."""
    name = options.instruments[0]
    contract = await td.instrument(name)
    if contract is None:
        raise DemoError(f"contract {name} is unknown; check --instruments")
    print(
        f"contract 合约 {name}: {contract.exchange_id}, multiplier 乘数 {contract.volume_multiple},"
        f" tick 最小变动 {price(contract.price_tick)}",
        flush=True,
    )
    market = await td.snapshot(name)
    if market is None or market.lower_limit_price is None or market.upper_limit_price is None:
        raise DemoError(f"{name} has no daily limits yet")
    far = ctp_py.NewOrder(name, "buy", "open", 1, market.lower_limit_price)
    if not td.is_simulator and not options.place_order:
        print(f"not our simulator: this order was not sent 未发送: {far}")
        print("--place-order sends it, one lot at the far daily limit, and cancels it")
        return
    (before,) = await td.account()
    orders = []
    order, watched = await send(td, far)
    orders.append(order)
    await within(options, order.accepted(), "answer to the order")
    print(f"cancelling 撤单 {order.id}", flush=True)
    await within(options, order.cancel(), "answer to the cancel")
    await watched
    if td.is_simulator:
        order, watched = await send(td, ctp_py.NewOrder(name, "buy", "open", 1, market.upper_limit_price))
        orders.append(order)
        await within(options, order.filled(), "fill")
        await watched
    (after,) = await td.account()
    print("summary 汇总:")
    for order in orders:
        print(f"  order 报单 {order.id}: {order.status_text}, average 均价 {price(order.average_price)}")
    print(f"  commission 手续费: {price(after.commission)}, margin 保证金: {price(after.curr_margin)}")
    print(f"  available 可用资金: {before.available:.2f} -> {after.available:.2f}")


async def show(options: Options) -> None:
    print(f"connecting 连接中: {options.front_shown}", flush=True)
    async with ctp_py.TdClient(options.source, **options.settings) as td:
        # Logged in, settlement confirmed, and orders, positions and money compared with the counter's.
        login = await td.ready()
        print(f"connected 已连接, library 接口: {td.library_version}", flush=True)
        print(f"logged in 已登录, trading day 交易日 {login.trading_day}", flush=True)
        await trade(td, options)


def main(arguments: list[str] | None = None) -> int:
    return run(lambda: asyncio.run(show(parse("Places, watches and cancels orders.", arguments))))


if __name__ == "__main__":
    sys.exit(main())
