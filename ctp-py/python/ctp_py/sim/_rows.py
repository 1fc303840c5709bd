"""What an exchange answers, row by row. Money is in CNY, volumes are in lots, times are China's."""

from __future__ import annotations

from typing import TypedDict


class _SessionBase(TypedDict):
    #: Its number, which `Exchange.disconnect` takes.
    session: int
    #: `md` or `trader`.
    api: str
    #: The version of the client's library.
    version: str
    connected: bool
    #: Whether the front says nothing to it.
    silent: bool
    #: How many instruments' ticks go to it.
    subscriptions: int


class Session(_SessionBase, total=False):
    """A client's API object; what follows is there once it logged in."""

    user: str
    investor: str
    front_id: int
    session_id: int


class Order(TypedDict):
    """An order of the trading day."""

    investor: str
    instrument: str
    exchange: str
    #: `buy` or `sell`.
    direction: str
    #: `open`, `close`, `close-today`, `close-yesterday` …
    offset: str
    #: `speculation`, `hedge` …
    hedge: str
    #: `None` for a market order.
    price: float | None
    #: Lots asked for.
    volume: int
    #: Lots traded.
    traded: int
    #: `no-trade-queueing`, `all-traded`, `canceled` …
    status: str
    submit: str
    #: `StatusMsg`.
    message: str
    #: Whether it may still trade.
    live: bool
    order_ref: str
    #: Without its blanks; empty before the exchange has it.
    order_sys_id: str
    front_id: int
    session_id: int
    time: str
    cancel_time: str


class Trade(TypedDict):
    """A client's trade of the trading day."""

    investor: str
    instrument: str
    exchange: str
    #: `buy` or `sell`.
    direction: str
    #: `open`, `close`, `close-today` or `close-yesterday`.
    offset: str
    price: float
    #: Lots.
    volume: int
    trade_id: str
    order_ref: str
    order_sys_id: str
    time: str


class Position(TypedDict):
    """A row of an investor's positions."""

    investor: str
    instrument: str
    exchange: str
    #: `long` or `short`.
    direction: str
    hedge: str
    #: `today`, or `history` where older lots have a row of their own.
    date: str
    #: Lots.
    volume: int
    #: Lots of them opened today.
    today: int
    #: Lots that orders to close hold.
    frozen: int
    open_price: float | None
    margin: float
    position_profit: float
    close_profit: float
    commission: float


class Account(TypedDict):
    """An investor's account, in CNY."""

    investor: str
    balance: float
    available: float
    pre_balance: float
    margin: float
    frozen_margin: float
    frozen_cash: float
    frozen_commission: float
    commission: float
    close_profit: float
    position_profit: float
    #: Premium received, less premium paid.
    premium: float
    deposit: float
    withdraw: float
    withdraw_quota: float
    #: Whether the settlement statement was confirmed today.
    confirmed: bool
