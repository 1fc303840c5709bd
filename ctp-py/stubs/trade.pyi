from os import PathLike
from types import GenericAlias
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeAlias, TypeVar, final, overload
from typing_extensions import Self, Unpack, TypedDict

from ctp_py import data, enums

_R = TypeVar("_R")
_Function = TypeVar("_Function", bound=Callable[..., object])

#: `buy`, `sell`, 买, 卖, or a member of `enums.Direction`.
_Direction: TypeAlias = str
#: `open`, `close`, `close_today`, `close_yesterday`, 开, 平, 平今, 平昨, or a member of `enums.OffsetFlag`.
_Offset: TypeAlias = str
#: `speculation`, `arbitrage`, `hedge`, `market_maker`, or a member of `enums.HedgeFlag`.
_Hedge: TypeAlias = str

class _Plain(TypedDict, total=False):
    kind: Literal["limit", "market", "best_price", "five_level", "spread", "swap"] | None
    lasts: Literal["day", "fak", "fok", "section", "rest_as_limit"] | None
    min_volume: int | None
    exchange: str | None
    hedge: _Hedge | tuple[_Hedge, _Hedge] | None
    stop_loss: float | None
    take_profit: float | None
    memo: str | None
    invest_unit: str | None

class _More(_Plain, total=False):
    when: Condition | None

class _Changes(_More, total=False):
    instrument_id: str
    direction: _Direction
    offset: _Offset | tuple[_Offset, _Offset]
    volume: int
    price: float | None

@final
class NewOrder:
    """An order to be placed: what is wanted, and how.

    `NewOrder(instrument_id, direction, offset, volume, price, **more)` is a limit order for the day unless the keywords say
    otherwise; `NewOrder.limit`, `.market`, `.fak`, `.fok`, `.best_price`, `.five_level`, `.conditional`, `.spread` and
    `.swap` say it by name. Prices are CNY per unit of quotation, volumes lots.

    Keywords:
        kind: `limit` (default), `market`, `best_price`, `five_level`, `spread`, `swap`.
        lasts: `day` (the default of limit orders), `fak` (fill and kill), `fok` (fill or kill), `section` (DCE),
            `rest_as_limit` (best price and five levels, CFFEX).
        min_volume: with `fak`: at least so many lots now, or none.
        exchange: for example `SHFE`; not needed for instruments that `td.instruments()` has returned.
        hedge: `speculation` (default), `arbitrage`, `hedge`, `market_maker`; a pair for the legs of a combination.
        stop_loss, take_profit: kept at the exchange until the last price touches this price (DCE, GFEX).
        when: a `Condition`: the counter keeps the order until it is met (条件单).
        memo: at most 12 GBK bytes that come back in the order's records.
        invest_unit: the unit of the account that trades, at most 16 bytes.

    Raises:
        TypeError: a value is missing or of the wrong type.
        ValueError: a value cannot be sent; the message names it and what to give.
    """

    def __new__(cls, instrument_id: str, direction: _Direction, offset: _Offset | tuple[_Offset, _Offset], volume: int, price: float | None = None, **more: Unpack[_More]) -> NewOrder: ...
    @staticmethod
    def limit(instrument_id: str, direction: _Direction, offset: _Offset, volume: int, price: float, **more: Unpack[_More]) -> NewOrder:
        """A limit order for the day (限价单): `volume` lots at `price` or better."""
    @staticmethod
    def market(instrument_id: str, direction: _Direction, offset: _Offset, volume: int, **more: Unpack[_More]) -> NewOrder:
        """A market order (市价单): what the market gives, the rest is cancelled. DCE, GFEX, CZCE; the others deny it and say
        what they have instead.
        """
    @staticmethod
    def fak(instrument_id: str, direction: _Direction, offset: _Offset, volume: int, price: float, **more: Unpack[_More]) -> NewOrder:
        """A limit order that fills what it can now and cancels the rest (FAK, 即时成交剩余撤销); with `min_volume` at least so
        many lots, or none.
        """
    @staticmethod
    def fok(instrument_id: str, direction: _Direction, offset: _Offset, volume: int, price: float, **more: Unpack[_More]) -> NewOrder:
        """A limit order that fills all lots now or none (FOK, 立即全部成交否则撤销)."""
    @staticmethod
    def best_price(instrument_id: str, direction: _Direction, offset: _Offset, volume: int, **more: Unpack[_More]) -> NewOrder:
        """An order at the other side's best price (最优价), CFFEX; the rest is cancelled, or with `lasts="rest_as_limit"` left
        in the book.
        """
    @staticmethod
    def five_level(instrument_id: str, direction: _Direction, offset: _Offset, volume: int, **more: Unpack[_More]) -> NewOrder:
        """An order that takes at most the other side's best five prices (五档市价), CFFEX; the rest as with `best_price`."""
    @staticmethod
    def conditional(instrument_id: str, direction: _Direction, offset: _Offset, volume: int, price: float, when: Condition, **more: Unpack[_Plain]) -> NewOrder:
        """A limit order that the counter keeps until a price of the market meets `when` (条件单). What then goes to the
        exchange is an order of its own, which names this one as its parent.
        """
    @staticmethod
    def spread(combination_id: str, direction: _Direction, offsets: _Offset | tuple[_Offset, _Offset], volume: int, price: float, **more: Unpack[_More]) -> NewOrder:
        """An order for a combination of two legs (套利单), for example `SP m2701&m2705`: buying it buys the first leg and
        sells the second, at `price` between them, which may be zero or below. DCE and CZCE.
        """
    @staticmethod
    def swap(combination_id: str, direction: _Direction, volume: int, price: float, **more: Unpack[_More]) -> NewOrder:
        """A swap order (互换单): it closes the two legs of a combination that is held, with somebody who wants the opposite.
        DCE and CZCE.
        """
    def replace(self, **changes: Unpack[_Changes]) -> NewOrder:
        """Returns the same order with other parts and keywords, by name."""
    @property
    def instrument_id(self) -> str:
        """The instrument, or the combination."""
    @property
    def direction(self) -> enums.Direction:
        """Buy or sell."""
    @property
    def offset(self) -> enums.OffsetFlag | tuple[enums.OffsetFlag, enums.OffsetFlag]:
        """Open or close; a pair for two legs."""
    @property
    def volume(self) -> int:
        """Lots."""
    @property
    def price(self) -> float | None:
        """CNY per unit of quotation; `None` where there is none."""
    @property
    def kind(self) -> str:
        """What the price is, for example `limit`."""
    @property
    def lasts(self) -> str | None:
        """How long it lasts; `None`: as usual for its kind and exchange."""
    @property
    def min_volume(self) -> int | None:
        """The least lots of a FAK order, if it has a least."""
    @property
    def exchange(self) -> str | None:
        """The exchange, if it is named."""
    @property
    def hedge(self) -> enums.HedgeFlag | tuple[enums.HedgeFlag, enums.HedgeFlag]:
        """The purpose; a pair for two legs."""
    @property
    def stop_loss(self) -> float | None:
        """The price of a stop loss at the exchange, in CNY."""
    @property
    def take_profit(self) -> float | None:
        """The price of a take profit at the exchange, in CNY."""
    @property
    def when(self) -> Condition | None:
        """What a conditional order waits for."""
    @property
    def memo(self) -> str | None:
        """The note that comes back in the order's records."""
    @property
    def invest_unit(self) -> str | None:
        """The unit of the account that trades."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]: ...

@final
class Condition:
    """A price of the market against a stop price, both in CNY per unit of quotation: what a conditional order (条件单)
    waits for, in the counter. C: `ContingentCondition`, `StopPrice`.
    """

    def __new__(cls, kind: str, stop_price: float) -> Condition: ...
    @property
    def kind(self) -> str:
        """The name, for example `last_at_least`."""
    @property
    def stop_price(self) -> float:
        """The price that is waited for, in CNY per unit of quotation."""
    @staticmethod
    def last_above(stop_price: float) -> Condition:
        """The last price is above the stop price (最新价大于条件价)."""
    @staticmethod
    def last_at_least(stop_price: float) -> Condition:
        """The last price is at the stop price or above (最新价大于等于条件价)."""
    @staticmethod
    def last_below(stop_price: float) -> Condition:
        """The last price is below the stop price (最新价小于条件价)."""
    @staticmethod
    def last_at_most(stop_price: float) -> Condition:
        """The last price is at the stop price or below (最新价小于等于条件价)."""
    @staticmethod
    def ask_above(stop_price: float) -> Condition:
        """The best ask is above the stop price (卖一价大于条件价)."""
    @staticmethod
    def ask_at_least(stop_price: float) -> Condition:
        """The best ask is at the stop price or above (卖一价大于等于条件价)."""
    @staticmethod
    def ask_below(stop_price: float) -> Condition:
        """The best ask is below the stop price (卖一价小于条件价)."""
    @staticmethod
    def ask_at_most(stop_price: float) -> Condition:
        """The best ask is at the stop price or below (卖一价小于等于条件价)."""
    @staticmethod
    def bid_above(stop_price: float) -> Condition:
        """The best bid is above the stop price (买一价大于条件价)."""
    @staticmethod
    def bid_at_least(stop_price: float) -> Condition:
        """The best bid is at the stop price or above (买一价大于等于条件价)."""
    @staticmethod
    def bid_below(stop_price: float) -> Condition:
        """The best bid is below the stop price (买一价小于条件价)."""
    @staticmethod
    def bid_at_most(stop_price: float) -> Condition:
        """The best bid is at the stop price or below (买一价小于等于条件价)."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Refusal:
    """A refusal by the counter or the exchange."""

    @property
    def refuser(self) -> Literal["counter", "exchange"]:
        """Who refused: `counter` or `exchange`."""
    @property
    def code(self) -> int:
        """The code; for an exchange the number in front of its text, 0 if there is none. C: `ErrorID`."""
    @property
    def symbol(self) -> str | None:
        """The symbol of the counter's code, for example `INSUFFICIENT_MONEY`."""
    @property
    def message(self) -> str:
        """The text as it came."""
    def __eq__(self, other: object, /) -> bool: ...
    def to_dict(self) -> dict[str, Any]:
        """Returns the fields by name; money in CNY."""

@final
class Closable:
    """The lots of a position that can be closed: held, and not reserved by working orders to close."""

    @property
    def today(self) -> int:
        """Lots of today that can be closed."""
    @property
    def yesterday(self) -> int:
        """Older lots that can be closed."""
    @property
    def total(self) -> int:
        """What can be closed in all; where the exchange does not keep them apart (all but SHFE and INE) this counts."""
    @property
    def is_split(self) -> bool:
        """Whether lots of today and older ones are closed by different flags, as at SHFE and INE."""
    def __eq__(self, other: object, /) -> bool: ...
    def to_dict(self) -> dict[str, Any]:
        """Returns the fields by name; money in CNY."""

@final
class PositionNow:
    """A position by the gateway's own books, from the start of the trading day and every trade since. What is not known
    is `None`, and `unknown` says why.
    """

    @property
    def instrument_id(self) -> str:
        """The instrument. C: `InstrumentID`."""
    @property
    def direction(self) -> enums.PosiDirection:
        """Long or short. C: `PosiDirection`."""
    @property
    def hedge(self) -> enums.HedgeFlag:
        """The purpose. C: `HedgeFlag`."""
    @property
    def exchange_id(self) -> str:
        """The exchange. C: `ExchangeID`."""
    @property
    def volume(self) -> int:
        """The lots held."""
    @property
    def volume_today(self) -> int:
        """Those of them that were opened today (今仓)."""
    @property
    def volume_at_start(self) -> int:
        """The lots held when the trading day began (昨仓); it does not change in the day. C: `YdPosition`."""
    @property
    def frozen(self) -> int:
        """The lots that working orders to close reserve."""
    @property
    def closable(self) -> Closable:
        """What can be closed."""
    @property
    def open_volume(self) -> int:
        """The lots opened today. C: `OpenVolume`."""
    @property
    def close_volume(self) -> int:
        """The lots closed today. C: `CloseVolume`."""
    @property
    def missing(self) -> int:
        """Lots that were closed and that the books have never seen opened: trades are missing."""
    @property
    def price(self) -> float | None:
        """The last price that the profits are reckoned at, in CNY per unit of quotation."""
    @property
    def unknown(self) -> list[str]:
        """Why something is `None`, in words."""
    @property
    def cost(self) -> float | None:
        """What the lots cost, marked to market: older ones at the settlement price of the day before. C: `PositionCost`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def cost_e4(self) -> int | None:
        """What the lots cost, marked to market: older ones at the settlement price of the day before. C: `PositionCost`.

        In 1/10,000 CNY, exact.
        """
    @property
    def open_cost(self) -> float | None:
        """What the lots cost when they were opened. C: `OpenCost`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def open_cost_e4(self) -> int | None:
        """What the lots cost when they were opened. C: `OpenCost`.

        In 1/10,000 CNY, exact.
        """
    @property
    def margin(self) -> float | None:
        """The margin, before one-sided margin (大边) is looked at. C: `UseMargin`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def margin_e4(self) -> int | None:
        """The margin, before one-sided margin (大边) is looked at. C: `UseMargin`.

        In 1/10,000 CNY, exact.
        """
    @property
    def commission(self) -> float | None:
        """The commission of the day. C: `Commission`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def commission_e4(self) -> int | None:
        """The commission of the day. C: `Commission`.

        In 1/10,000 CNY, exact.
        """
    @property
    def close_profit(self) -> float | None:
        """The profit of the lots closed today, marked to market (逐日). C: `CloseProfitByDate`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def close_profit_e4(self) -> int | None:
        """The profit of the lots closed today, marked to market (逐日). C: `CloseProfitByDate`.

        In 1/10,000 CNY, exact.
        """
    @property
    def close_profit_by_trade(self) -> float | None:
        """The profit of the lots closed today since they were opened (逐笔). C: `CloseProfitByTrade`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def close_profit_by_trade_e4(self) -> int | None:
        """The profit of the lots closed today since they were opened (逐笔). C: `CloseProfitByTrade`.

        In 1/10,000 CNY, exact.
        """
    @property
    def profit(self) -> float | None:
        """The profit of the lots held at the last price, marked to market; zero for options. C: `PositionProfit`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def profit_e4(self) -> int | None:
        """The profit of the lots held at the last price, marked to market; zero for options. C: `PositionProfit`.

        In 1/10,000 CNY, exact.
        """
    @property
    def profit_by_trade(self) -> float | None:
        """The profit of the lots held at the last price since they were opened.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def profit_by_trade_e4(self) -> int | None:
        """The profit of the lots held at the last price since they were opened.

        In 1/10,000 CNY, exact.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def to_dict(self) -> dict[str, Any]:
        """Returns the fields by name; money in CNY."""

@final
class AccountNow:
    """The money of the account by the gateway's own books. What is not known is `None`, and `unknown` says why."""

    @property
    def unknown(self) -> list[str]:
        """Why something is `None`, or only as good as its best guess, in words."""
    @property
    def static_equity(self) -> float | None:
        """What the account began the day with, after deposits and withdrawals (静态权益).

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def static_equity_e4(self) -> int | None:
        """What the account began the day with, after deposits and withdrawals (静态权益).

        In 1/10,000 CNY, exact.
        """
    @property
    def balance(self) -> float | None:
        """Dynamic equity (动态权益). C: `Balance`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def balance_e4(self) -> int | None:
        """Dynamic equity (动态权益). C: `Balance`.

        In 1/10,000 CNY, exact.
        """
    @property
    def available(self) -> float | None:
        """What new orders can use (可用资金). C: `Available`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def available_e4(self) -> int | None:
        """What new orders can use (可用资金). C: `Available`.

        In 1/10,000 CNY, exact.
        """
    @property
    def margin(self) -> float | None:
        """Margin of the positions (占用保证金), one-sided where the exchange says so. C: `CurrMargin`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def margin_e4(self) -> int | None:
        """Margin of the positions (占用保证金), one-sided where the exchange says so. C: `CurrMargin`.

        In 1/10,000 CNY, exact.
        """
    @property
    def frozen_margin(self) -> float | None:
        """Margin frozen by working orders. C: `FrozenMargin`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def frozen_margin_e4(self) -> int | None:
        """Margin frozen by working orders. C: `FrozenMargin`.

        In 1/10,000 CNY, exact.
        """
    @property
    def frozen_commission(self) -> float | None:
        """Commission frozen by working orders. C: `FrozenCommission`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def frozen_commission_e4(self) -> int | None:
        """Commission frozen by working orders. C: `FrozenCommission`.

        In 1/10,000 CNY, exact.
        """
    @property
    def frozen_cash(self) -> float | None:
        """Premium frozen by working orders for options. C: `FrozenCash`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def frozen_cash_e4(self) -> int | None:
        """Premium frozen by working orders for options. C: `FrozenCash`.

        In 1/10,000 CNY, exact.
        """
    @property
    def cash_in(self) -> float | None:
        """Premium received less premium paid today (权利金收支). C: `CashIn`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def cash_in_e4(self) -> int | None:
        """Premium received less premium paid today (权利金收支). C: `CashIn`.

        In 1/10,000 CNY, exact.
        """
    @property
    def commission(self) -> float | None:
        """Commission of the day (手续费). C: `Commission`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def commission_e4(self) -> int | None:
        """Commission of the day (手续费). C: `Commission`.

        In 1/10,000 CNY, exact.
        """
    @property
    def close_profit(self) -> float | None:
        """Profit of the lots closed today, marked to market (平仓盈亏). C: `CloseProfit`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def close_profit_e4(self) -> int | None:
        """Profit of the lots closed today, marked to market (平仓盈亏). C: `CloseProfit`.

        In 1/10,000 CNY, exact.
        """
    @property
    def position_profit(self) -> float | None:
        """Profit of the lots held, marked to market (持仓盈亏). C: `PositionProfit`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def position_profit_e4(self) -> int | None:
        """Profit of the lots held, marked to market (持仓盈亏). C: `PositionProfit`.

        In 1/10,000 CNY, exact.
        """
    @property
    def option_value(self) -> float | None:
        """What the options held are worth, long less short (期权市值). C: `OptionValue`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def option_value_e4(self) -> int | None:
        """What the options held are worth, long less short (期权市值). C: `OptionValue`.

        In 1/10,000 CNY, exact.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def to_dict(self) -> dict[str, Any]:
        """Returns the fields by name; money in CNY."""

@final
class DayProfit:
    """Profit and loss of the trading day by the gateway's own books, without deposits and withdrawals. What is not known
    counts as nothing: see `is_complete`.
    """

    @property
    def is_complete(self) -> bool:
        """Whether all prices, multipliers and rates are known."""
    @property
    def total(self) -> float:
        """The profit of the day; negative is a loss.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def total_e4(self) -> int:
        """The profit of the day; negative is a loss.

        In 1/10,000 CNY, exact.
        """
    @property
    def closed(self) -> float:
        """Of lots closed today, marked to market.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def closed_e4(self) -> int:
        """Of lots closed today, marked to market.

        In 1/10,000 CNY, exact.
        """
    @property
    def held(self) -> float:
        """Of lots held, marked to market at the last prices.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def held_e4(self) -> int:
        """Of lots held, marked to market at the last prices.

        In 1/10,000 CNY, exact.
        """
    @property
    def commission(self) -> float:
        """Commission paid.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def commission_e4(self) -> int:
        """Commission paid.

        In 1/10,000 CNY, exact.
        """
    @property
    def options(self) -> float:
        """Premium received less paid, plus what the options held are worth now less at the settlement before.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def options_e4(self) -> int:
        """Premium received less paid, plus what the options held are worth now less at the settlement before.

        In 1/10,000 CNY, exact.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def to_dict(self) -> dict[str, Any]:
        """Returns the fields by name; money in CNY."""

@final
class Difference:
    """A figure that the gateway's books and the counter say differently."""

    @property
    def what(self) -> str:
        """Which figure, by the name of its field at the counter, for example `Position`."""
    @property
    def instrument_id(self) -> str | None:
        """The instrument of its position; `None` for the account."""
    @property
    def direction(self) -> enums.PosiDirection | None:
        """Long or short; `None` for the account."""
    @property
    def hedge(self) -> enums.HedgeFlag | None:
        """The purpose; `None` for the account."""
    @property
    def date(self) -> enums.PositionDate | None:
        """Of which row, where today's lots and older ones have their own."""
    @property
    def ours(self) -> int | float:
        """What the books say: lots, or CNY."""
    @property
    def theirs(self) -> int | float:
        """What the counter says: lots, or CNY."""
    @property
    def is_of_lots(self) -> bool:
        """Whether lots differ, and not only money."""
    @property
    def text(self) -> str:
        """The same in words."""
    def __eq__(self, other: object, /) -> bool: ...
    def to_dict(self) -> dict[str, Any]:
        """Returns the fields by name; money in CNY."""

@final
class Comparison:
    """What a comparison of the gateway's books with the counter found."""

    @property
    def agrees(self) -> bool:
        """Whether everything that was compared agrees."""
    @property
    def differences(self) -> list[Difference]:
        """What differs."""
    @property
    def unknown(self) -> list[str]:
        """What was not compared, because the books do not know it, in words."""
    @property
    def compared(self) -> int:
        """How many figures were compared."""
    def __eq__(self, other: object, /) -> bool: ...
    def to_dict(self) -> dict[str, Any]:
        """Returns the fields by name; money in CNY."""

@final
class Killed:
    """A kill switch that is on: no order passes."""

    @property
    def reason(self) -> str:
        """Why, in the words of who threw it."""
    @property
    def since_ns(self) -> int:
        """Since when, in nanoseconds since the Unix epoch."""
    def __eq__(self, other: object, /) -> bool: ...
    def to_dict(self) -> dict[str, Any]:
        """Returns the fields by name; money in CNY."""

@final
class RiskSnapshot:
    """What the risk gate counts at this moment."""

    @property
    def actions_in_window(self) -> int:
        """Orders and cancels in the window that ends now."""
    @property
    def actions_max(self) -> int | None:
        """How many the window may hold; `None`: no limit."""
    @property
    def actions_max_with_orders(self) -> int | None:
        """How many of them orders may fill; the rest is for cancels."""
    @property
    def window(self) -> float:
        """How long the window is, in seconds."""
    @property
    def order_wait(self) -> float | None:
        """How long an order would have to wait, in seconds; 0: it need not. `None`: no order passes."""
    @property
    def busiest_window(self) -> int:
        """The most actions that a window held on this trading day, in this run."""
    @property
    def seconds_of_ten(self) -> int:
        """How often there were ten actions in one second on this trading day, in this run. Exchanges count that."""
    @property
    def orders_today(self) -> int:
        """Orders and quotes sent on this trading day, by earlier runs too if there is a journal."""
    @property
    def cancels_today(self) -> int:
        """Cancels sent on this trading day, likewise."""
    @property
    def open_orders(self) -> int:
        """Orders that can still be cancelled, of all sessions of the account."""
    @property
    def open_orders_own(self) -> int:
        """Of them, this gateway's."""
    @property
    def denied(self) -> int:
        """Requests that the gate denied, in this run."""
    @property
    def late_acks(self) -> int:
        """Orders whose first answer was late, in this run."""
    @property
    def killed(self) -> Killed | None:
        """The kill switch, if it is on."""
    @property
    def to_cancel(self) -> int:
        """Orders that the kill switch has still to get cancelled."""
    @property
    def dry_run(self) -> bool:
        """Whether nothing is sent."""
    def __eq__(self, other: object, /) -> bool: ...
    def to_dict(self) -> dict[str, Any]:
        """Returns the fields by name; money in CNY."""

@final
class GateState:
    """Whether new orders may leave, and why not. Cancels pass a closed gate as long as requests can be made."""

    @property
    def is_open(self) -> bool:
        """Whether orders may leave."""
    @property
    def reasons(self) -> list[str]:
        """Why no order may leave, the first to mend first: `not_ready`, `recovering`, `differs`, `unverified`, `kill_switch`,
        `journal_failed`, `read_only`.
        """
    @property
    def fixes(self) -> list[str]:
        """What has to happen for the gate to open, one line per reason."""
    def __eq__(self, other: object, /) -> bool: ...
    def to_dict(self) -> dict[str, Any]:
        """Returns the fields by name; money in CNY."""

class OrderView:
    """An order as it stood when something was told about it: in events, answers and lists. An `Order`, which `td.place`
    returns, has the same attributes and shows how it stands now.

    Prices are CNY per unit of quotation, volumes lots, texts as they came, blanks included.
    """

    @property
    def id(self) -> int:
        """The gateway's number of the order; `td.cancel(id)` takes it."""
    @property
    def origin(self) -> Literal["own", "earlier", "foreign"]:
        """Who placed it: `own` (this client), `earlier` (this program in an earlier run), `foreign` (anybody else)."""
    @property
    def phase(self) -> Literal["sent", "unknown", "acknowledged", "untriggered", "working", "triggered", "filled", "canceled", "rejected"]:
        """Where it stands: `sent`, `unknown`, `acknowledged`, `untriggered`, `working`, `triggered`, `filled`, `canceled`,
        `rejected`. It only moves forward. `unknown` is not `rejected`: the order may exist.
        """
    @property
    def is_over(self) -> bool:
        """Whether nothing changes any more, apart from trades that are on their way."""
    @property
    def is_complete(self) -> bool:
        """Whether it is over and all its trades have arrived."""
    @property
    def instrument_id(self) -> str:
        """The instrument. C: `InstrumentID`."""
    @property
    def direction(self) -> enums.Direction:
        """Buy or sell. C: `Direction`."""
    @property
    def offset(self) -> enums.OffsetFlag:
        """Open or close, of the first leg. C: `CombOffsetFlag`."""
    @property
    def hedge(self) -> enums.HedgeFlag:
        """The purpose, of the first leg. C: `CombHedgeFlag`."""
    @property
    def limit_price(self) -> float | None:
        """The limit in CNY per unit of quotation; `None` without one. C: `LimitPrice`."""
    @property
    def volume(self) -> int:
        """The lots ordered. C: `VolumeTotalOriginal`."""
    @property
    def volume_traded(self) -> int:
        """The lots traded as the order's records say; never falls. C: `VolumeTraded`."""
    @property
    def volume_filled(self) -> int:
        """The lots of the trades that have arrived; catches up with `volume_traded`."""
    @property
    def volume_left(self) -> int:
        """The lots that are neither traded nor given up."""
    @property
    def status(self) -> enums.OrderStatus:
        """The status as it came; `None` before the first record. C: `OrderStatus`."""
    @property
    def submit_status(self) -> enums.OrderSubmitStatus:
        """The submit status as it came. C: `OrderSubmitStatus`."""
    @property
    def status_text(self) -> str:
        """The status in Chinese and English, for people: `全部成交 all traded`."""
    @property
    def status_message(self) -> str:
        """The counter's words. C: `StatusMsg`."""
    @property
    def refusal(self) -> Refusal | None:
        """Why it was refused, if it was."""
    @property
    def unknown_cause(self) -> str | None:
        """What cut it from its answer, while its outcome is unknown."""
    @property
    def parent(self) -> int | None:
        """The number of the conditional order that this one was triggered by."""
    @property
    def child(self) -> int | None:
        """The number of the order that a conditional one became when it was triggered."""
    @property
    def replayed(self) -> bool:
        """Whether what changed last tells of the past: a replay of the day, a query or the journal brought it."""
    @property
    def received_ns(self) -> int:
        """When the last record was received, in nanoseconds since the Unix epoch; 0 before the first."""
    @property
    def front_id(self) -> int:
        """The front of the session that placed it. C: `FrontID`."""
    @property
    def session_id(self) -> int:
        """The session that placed it. C: `SessionID`."""
    @property
    def order_ref(self) -> str:
        """The client's number, unique within front and session. C: `OrderRef`."""
    @property
    def exchange_id(self) -> str:
        """The exchange. C: `ExchangeID`."""
    @property
    def order_sys_id(self) -> str:
        """The exchange's number; empty before the exchange has the order. C: `OrderSysID`."""
    @property
    def trader_id(self) -> str:
        """The counter's seat at the exchange. C: `TraderID`."""
    @property
    def order_local_id(self) -> str:
        """The counter's number, unique within exchange and seat. C: `OrderLocalID`."""
    @property
    def record(self) -> data.Order | None:
        """The last record that was taken, exactly as it came; `None` before the first."""

@final
class Order(OrderView):
    """An order that was sent, from `td.place`. Its attributes show how it stands now; what waits is a `Pending`.

    Letting go of it does not cancel the order.
    """

    def accepted(self) -> Pending[OrderView]:
        """Waits until the exchange has taken the order.

        Raises:
            Rejected: counter or exchange refused it; it does not exist.
            Unknown: nothing tells yet; later events may. The order is never sent again.
        """
    def resolved(self) -> Pending[OrderView]:
        """Waits until the exchange has taken the order or it is known that it does not exist, however long nothing tells.

        Raises:
            Rejected: counter or exchange refused it, or the counter does not have it.
            Unknown: the session ended before.
        """
    def filled(self) -> Pending[OrderView]:
        """Waits until all lots are traded and all trades have arrived.

        Raises:
            NotFilled: the order is over before: cancelled by somebody, or the rest of an immediate order.
            Rejected: counter or exchange refused it; it does not exist.
            Unknown: nothing tells yet; later events may.
        """
    def finished(self) -> Pending[OrderView]:
        """Waits until the order is over and all its trades have arrived: filled or cancelled, look at its `phase`.

        Raises:
            Rejected: counter or exchange refused it; it does not exist.
            Unknown: nothing tells yet; later events may.
        """
    def cancel(self) -> Pending[OrderView]:
        """Cancels the order and waits until it is over. If a fill won the race it is `filled`: look at its `phase`. A second
        cancel joins the first.

        Raises:
            Denied: the order is over already.
            NotSent: the session is not ready, or the library did not take the request.
            Rejected: counter or exchange refused to cancel; the order's events tell where it stands.
            Unknown: no answer came.
        """
    def outcome(self) -> Pending[Outcome]:
        """Waits until it is known what became of the order as a request, or that it is not known. Raises nothing."""
    def events(self) -> Stream[TdEvent]:
        """The order's events, with those that nobody took yet. Each event goes to one reader; the stream ends after the last
        trade of an order that is over, or with the session.
        """
    @property
    def trades(self) -> list[Trade]:
        """The trades that have arrived, in the order in which they came."""
    @property
    def average_price(self) -> float | None:
        """What the lots cost on average, in CNY per unit of quotation; `None` before the first trade, and for combinations."""

@final
class Outcome:
    """What became of an order as a request. It says nothing of fills."""

    @property
    def kind(self) -> Literal["confirmed", "rejected", "denied", "not_sent", "unknown"]:
        """`confirmed`, `rejected` (counter or exchange refused it), `denied` (by the gateway, before it was sent), `not_sent`
        or `unknown`.
        """
    @property
    def is_definite(self) -> bool:
        """Whether it is known that the order exists, or that it does not."""
    @property
    def order(self) -> OrderView | None:
        """The order, if it is confirmed."""
    @property
    def error(self) -> CtpError | None:
        """The exception that says why, if it is not."""

@final
class Trade:
    """A trade: one fill of one order. Prices are CNY per unit of quotation, volumes lots."""

    @property
    def order(self) -> OrderView | None:
        """The order with this fill counted in; `None` in lists, and if no record of it came."""
    @property
    def exchange_id(self) -> str:
        """The exchange. C: `ExchangeID`."""
    @property
    def trade_id(self) -> str:
        """The exchange's number of the trade; both sides of a trade with oneself share it. C: `TradeID`."""
    @property
    def order_sys_id(self) -> str:
        """The exchange's number of the order. C: `OrderSysID`."""
    @property
    def instrument_id(self) -> str:
        """The instrument. C: `InstrumentID`."""
    @property
    def direction(self) -> enums.Direction:
        """Buy or sell. C: `Direction`."""
    @property
    def offset(self) -> enums.OffsetFlag:
        """Open or close, as the exchange reports it. C: `OffsetFlag`."""
    @property
    def price(self) -> float | None:
        """The price in CNY per unit of quotation. C: `Price`."""
    @property
    def volume(self) -> int:
        """The lots of this fill. C: `Volume`."""
    @property
    def trading_day(self) -> str:
        """The trading day, `yyyymmdd`. C: `TradingDay`."""
    @property
    def trade_time(self) -> str:
        """The time at the exchange, `HH:MM:SS`. C: `TradeTime`."""
    @property
    def received_ns(self) -> int:
        """When the record was received, in nanoseconds since the Unix epoch."""
    @property
    def replayed(self) -> bool:
        """Whether it tells of the past: a replay of the day, a query or the journal brought it."""
    @property
    def record(self) -> data.Trade:
        """The record exactly as it came."""

@final
class Quote:
    """A market maker's quote (报价): an ask and a bid in one instruction, two orders at the exchange.

    Args:
        instrument_id: the instrument.
        ask: price in CNY per unit of quotation, lots, and optionally the offset (`open`): `(102.0, 5)`.
        bid: the same for the other side; DCE takes one side alone.
        exchange: not needed for instruments that `td.instruments()` has returned.
        hedge: the purpose of both sides, `speculation` by default.
        invest_unit: the unit of the account that acts.
        in_answer_to: the exchange's number of a request for a quote. C: `ForQuoteSysID`.
        replaces: the exchange's number of a quote whose place it takes (CFFEX). C: `ReplaceSysID`.
    """

    def __new__(cls, instrument_id: str, *, ask: tuple[float, int] | tuple[float, int, _Offset] | None = None, bid: tuple[float, int] | tuple[float, int, _Offset] | None = None, exchange: str | None = None, hedge: _Hedge | None = None, invest_unit: str | None = None, in_answer_to: str | None = None, replaces: str | None = None) -> Quote: ...

@final
class Exercise:
    """The exercise of an option that is held (行权), or the word that it shall not be (放弃行权).

    Args:
        instrument_id: the option.
        volume: lots.
        abandon: gives the exercise up that would happen by itself.
        close_resulting_position: closes the futures position that comes of it at once, where the exchange can.
        exchange: not needed for instruments that `td.instruments()` has returned.
        hedge: the purpose of the lots, `speculation` by default.
        invest_unit: the unit of the account that acts.
    """

    def __new__(cls, instrument_id: str, volume: int, *, abandon: bool = False, close_resulting_position: bool = False, exchange: str | None = None, hedge: _Hedge | None = None, invest_unit: str | None = None) -> Exercise: ...

@final
class SelfClose:
    """How positions of options, or the futures they turn into, are set off against each other (期权自对冲, 履约对冲).

    Args:
        instrument_id: the option.
        volume: lots.
        how: `close_self_option_position`, `reserve_option_position`, `sell_close_self_future_position`,
            `reserve_future_position`, or a member of `enums.OptSelfCloseFlag`.
        exchange: not needed for instruments that `td.instruments()` has returned.
        hedge: the purpose of the lots, `speculation` by default.
        invest_unit: the unit of the account that acts.
    """

    def __new__(cls, instrument_id: str, volume: int, how: str, *, exchange: str | None = None, hedge: _Hedge | None = None, invest_unit: str | None = None) -> SelfClose: ...

@final
class Combination:
    """Two positions that are made one combination (组合), which needs less margin, or a combination that is split (拆分).

    Args:
        combination_id: for example `SP m2701&m2705`.
        direction: `buy`: those long of the first leg and short of the second.
        volume: lots.
        action: `combine`, `split`, or `undo`: takes an earlier instruction of as many lots back, 30 seconds after it at
            the earliest.
        exchange: not needed for instruments that `td.instruments()` has returned.
        hedge: the purpose of the lots, `speculation` by default.
        invest_unit: the unit of the account that acts.
    """

    def __new__(cls, combination_id: str, direction: _Direction, volume: int, action: Literal["combine", "split", "undo"] = "combine", *, exchange: str | None = None, hedge: _Hedge | None = None, invest_unit: str | None = None) -> Combination: ...

class InstructionView:
    """A quote, a declaration of exercise, a self close or a combination as it stood when something was told about it. An
    `Instruction`, which `td.quote` and its kin return, has the same attributes and shows how it stands now.
    """

    @property
    def id(self) -> int:
        """The gateway's number; `td.cancel_instruction(id)` takes it."""
    @property
    def kind(self) -> Literal["quote", "exercise", "self_close", "combination"]:
        """What it is: `quote`, `exercise`, `self_close` or `combination`."""
    @property
    def origin(self) -> Literal["own", "earlier", "foreign"]:
        """Who sent it: `own` (this client), `earlier` (this program in an earlier run), `foreign` (anybody else)."""
    @property
    def phase(self) -> Literal["sent", "unknown", "submitted", "accepted", "done", "canceled", "rejected"]:
        """Where it stands: `sent`, `unknown`, `submitted`, `accepted`, `done`, `canceled`, `rejected`. It only moves forward.
        `unknown` is not `rejected`: it may have an effect.
        """
    @property
    def is_over(self) -> bool:
        """Whether nothing changes any more."""
    @property
    def instrument_id(self) -> str:
        """The instrument. C: `InstrumentID`."""
    @property
    def exchange_id(self) -> str:
        """The exchange. C: `ExchangeID`."""
    @property
    def sys_id(self) -> str:
        """The exchange's number. C: `QuoteSysID`, `ExecOrderSysID`, `OptionSelfCloseSysID`, `ComTradeID`."""
    @property
    def reference(self) -> str:
        """The client's number. C: `QuoteRef`, `ExecOrderRef`, `OptionSelfCloseRef`, `CombActionRef`."""
    @property
    def front_id(self) -> int:
        """The front of the session that sent it. C: `FrontID`."""
    @property
    def session_id(self) -> int:
        """The session that sent it. C: `SessionID`."""
    @property
    def status_message(self) -> str:
        """The counter's words. C: `StatusMsg`."""
    @property
    def refusal(self) -> Refusal | None:
        """Why it was refused, if it was."""
    @property
    def unknown_cause(self) -> str | None:
        """What cut it from its answer, while its outcome is unknown."""
    @property
    def received_ns(self) -> int:
        """When the last record was received, in nanoseconds since the Unix epoch; 0 before the first."""
    @property
    def record(self) -> data.Quote | data.ExecOrder | data.OptionSelfClose | data.CombAction | None:
        """The last pushed record, exactly as it came: `data.Quote`, `data.ExecOrder`, `data.OptionSelfClose` or
        `data.CombAction`; `None` before the first.
        """

@final
class Instruction(InstructionView):
    """An instruction that was sent, from `td.quote`, `td.exercise`, `td.self_close` or `td.combine`. Its attributes show how
    it stands now; what waits is a `Pending`. Letting go of it withdraws nothing.
    """

    @property
    def orders(self) -> tuple[Order, ...]:
        """The orders of a quote, the ask first; nothing else has any."""
    def accepted(self) -> Pending[InstructionView]:
        """Waits until the exchange has it, or more.

        Raises:
            Rejected: counter or exchange refused it; it has no effect.
            Unknown: nothing tells yet; later events may. It is never sent again.
        """
    def finished(self) -> Pending[InstructionView]:
        """Waits until it is over: carried out, withdrawn or refused. A declaration of exercise is carried out at the end of
        the day.

        Raises:
            Rejected: counter or exchange refused it; it has no effect.
            Unknown: nothing tells yet; later events may.
        """
    def cancel(self) -> Pending[InstructionView]:
        """Withdraws the instruction and waits until it is over.

        Raises:
            Denied: it is over already, or a combination, which is undone by another instruction.
            NotSent: the session is not ready, or the library did not take the request.
            Rejected: counter or exchange refused it; the instruction's events tell where it stands.
            Unknown: no answer came.
        """

@final
class Parked:
    """An order that is parked in the counter (预埋单). Letting go of it removes nothing."""

    @property
    def id(self) -> str:
        """The counter's number."""
    @property
    def record(self) -> data.ParkedOrder:
        """The record as the counter took it: `data.ParkedOrder`."""
    def remove(self) -> Pending[None]:
        """Takes the order back before it is sent.

        Raises:
            NotSent: the session is not ready, or the library did not take the request.
            Rejected: it was sent (46) or removed (47) already.
            Unknown: no answer came; `td.parked_orders()` tells.
        """

@final
class ParkedCancel:
    """A cancel that is parked in the counter (预埋撤单). Letting go of it removes nothing."""

    @property
    def id(self) -> str:
        """The counter's number."""
    @property
    def record(self) -> data.ParkedOrderAction:
        """The record as the counter took it: `data.ParkedOrderAction`."""
    def remove(self) -> Pending[None]:
        """Takes the cancel back before it is sent: the order stays. So it passes the gate like an order.

        Raises:
            Denied: the gate is closed.
            NotSent: the session is not ready, or the library did not take the request.
            Rejected: it was sent or removed already.
            Unknown: no answer came; `td.parked_cancels()` tells.
        """

@final
class RawEvent:
    """A callback of the library, as it came."""

    @property
    def callback(self) -> str:
        """Its C name, for example `OnRtnOrder`."""
    @property
    def record(self) -> Any:
        """The record, of `ctp_py.data`; `None` for NULL or where the callback carries none."""
    @property
    def refusal(self) -> Refusal | None:
        """The refusal that it carries, if it carries one. C: `pRspInfo`."""
    @property
    def number(self) -> int:
        """C: `nRequestID`, `nReason`, `nTimeLapse` or `nSeqNo`; 0 where it carries none."""
    @property
    def is_last(self) -> bool:
        """C: `bIsLast`; `True` where it carries none."""
    @property
    def received_ns(self) -> int:
        """When it was received, in nanoseconds since the Unix epoch."""

class TdEvent:
    """An event of a trading session; none is ever dropped. Each kind is a class of its own: `TdEvent.Order`,
    `TdEvent.Trade` and so on, for `isinstance` and `match`.
    """

    @property
    def kind(self) -> str:
        """The kind as a word: `order`, `trade`, `position`, `rejected`, `foreign_rejected`, `cancel_rejected`, `unknown`,
        `instruction`, `instruction_cancel_rejected`, `alert`, `trading_day_changed`, `differences`, `dry_run`, `error`.
        """

    @final
    class Order(TdEvent):
        """An order appeared or changed. Repeated and late records make no event."""

        __match_args__ = ("order",)
        @property
        def order(self) -> OrderView:
            """The order as it stood then."""

    @final
    class Trade(TdEvent):
        """A trade, once per fill."""

        __match_args__ = ("trade", "order")
        @property
        def trade(self) -> Trade:
            """The fill."""
        @property
        def order(self) -> OrderView | None:
            """The order with this fill counted in; `None` if no record of it came."""

    @final
    class Position(TdEvent):
        """A trade changed a position of the gateway's own books. The last lot that goes is told, too: with 0 lots."""

        __match_args__ = ("position",)
        @property
        def position(self) -> PositionNow:
            """The position."""

    @final
    class Rejected(TdEvent):
        """The counter or exchange refused an order: once, however many callbacks say so."""

        __match_args__ = ("order", "refusal")
        @property
        def order(self) -> OrderView:
            """The order."""
        @property
        def refusal(self) -> Refusal:
            """The refusal."""

    @final
    class ForeignRejected(TdEvent):
        """The counter refused an order of another session of the account. It never existed."""

        __match_args__ = ("input", "refusal")
        @property
        def input(self) -> data.InputOrder:
            """The order as it was sent: `data.InputOrder`."""
        @property
        def refusal(self) -> Refusal:
            """The refusal."""

    @final
    class CancelRejected(TdEvent):
        """The counter or exchange refused to cancel an order. The order's own events tell where it stands."""

        __match_args__ = ("order", "refusal")
        @property
        def order(self) -> OrderView | None:
            """The order, if it is known."""
        @property
        def refusal(self) -> Refusal:
            """The refusal."""

    @final
    class Unknown(TdEvent):
        """Nothing tells whether an order that was sent exists. Later events may. It is never sent again."""

        __match_args__ = ("order", "cause")
        @property
        def order(self) -> OrderView:
            """The order."""
        @property
        def cause(self) -> str:
            """What cut the order from its answer."""

    @final
    class Instruction(TdEvent):
        """A quote, a declaration of exercise, a self close or a combination appeared or changed."""

        __match_args__ = ("instruction",)
        @property
        def instruction(self) -> InstructionView:
            """The instruction as it stood then."""

    @final
    class InstructionCancelRejected(TdEvent):
        """The counter or exchange refused to withdraw an instruction."""

        __match_args__ = ("instruction", "refusal")
        @property
        def instruction(self) -> InstructionView | None:
            """The instruction, if it is known."""
        @property
        def refusal(self) -> Refusal:
            """The refusal."""

    @final
    class Alert(TdEvent):
        """The session noticed something by itself."""

        __match_args__ = ("name", "text")
        @property
        def name(self) -> str:
            """What, for example `killed`, `orders_slow`, `not_usable`."""
        @property
        def text(self) -> str:
            """The same in words."""

    @final
    class TradingDayChanged(TdEvent):
        """The session logged in on another trading day: orders, instruments and rates begin anew."""

        __match_args__ = ("before", "now")
        @property
        def before(self) -> str:
            """The trading day of the login before, `yyyymmdd`."""
        @property
        def now(self) -> str:
            """The trading day of this login, `yyyymmdd`."""

    @final
    class Differences(TdEvent):
        """The gateway's books and the counter say different things, in two looks, or for longer."""

        __match_args__ = ("differences", "policy")
        @property
        def differences(self) -> list[Difference]:
            """What differs."""
        @property
        def policy(self) -> Literal["strict", "adopt_counter", "report_only"]:
            """What the configuration says about it: `strict`, `adopt_counter` or `report_only`."""

    @final
    class DryRun(TdEvent):
        """A request that was not sent because `risk.dry_run` is set. It kept to all other rules."""

        __match_args__ = ("request", "record")
        @property
        def request(self) -> str:
            """The C name of the request."""
        @property
        def record(self) -> Any:
            """Its record as it would have been sent, but for numbers."""

    @final
    class Error(TdEvent):
        """An error that belongs to no request of this session. C: `OnRspError`."""

        __match_args__ = ("refusal", "request_id")
        @property
        def refusal(self) -> Refusal:
            """The error."""
        @property
        def request_id(self) -> int:
            """The number it names."""

@final
class Closing:
    """What became of a close: one order, or two where the exchange keeps today's and earlier lots apart."""

    @property
    def orders(self) -> list[Order]:
        """The orders that were sent, in this order; at least one."""
    @property
    def failure(self) -> CtpError | None:
        """The exception that says why the rest was not sent, if there is a rest."""

@final
class Sent(Generic[_R]):
    """A request that the library took and that has no answer of its own: counter and exchange say nothing when they accept
    it, a push tells the effect. Letting go of it takes nothing back.
    """

    @property
    def request(self) -> str:
        """The C name of the request."""
    @property
    def request_id(self) -> int:
        """The request's number. C: `nRequestID`, and `RequestID` of records that have one."""
    def outcome(self) -> Pending[_R]:
        """Waits for the first thing that tells what became of the request; the result is its record. Of a cancel only a
        refusal is seen here: its push repeats the number of what is cancelled.

        Raises:
            Rejected: the counter or the exchange refused it; it has no effect.
            Unknown: nothing came in time, or the link broke. Later pushes may tell; it is never sent again.
        """
    @classmethod
    def __class_getitem__(cls, key: object) -> GenericAlias: ...

class TdClient(_Queries):
    """Trading: orders, what is known of them, positions, money, and every request of the trader API.

    `TdClient("ctp.toml")`, `TdClient("sim://demo")`, or keywords as docs/configuration.md has them, which win over the
    file and over the variables `CTP_…`: `TdClient("sim://demo", risk={"order_lots": 5})`. It connects with ``async with``,
    ``with``, `connect` or `open`, and lives until it is closed or the interpreter ends.

    Whatever takes time returns a `Pending`. A request leaves in the call that makes it, and never twice; what became of it
    is `Rejected` (with proof), `Denied` (by us, before sending), `NotSent` or `Unknown`, which is never taken for a refusal.

    Raises:
        ConfigError: every problem of the configuration at once.
    """

    def __new__(cls, config: str | PathLike[str] | None = None, /, **keywords: Any) -> Self: ...
    @classmethod
    def connect(cls, config: str | PathLike[str] | None = None, /, **keywords: Any) -> Pending[Self]:
        """Makes a client, connects it and waits until it is ready: ``td = await TdClient.connect("ctp.toml")``.

        Raises:
            ConfigError: every problem of the configuration at once.
            LoginError: the login was refused; it is not repeated.
            NotReady: not ready within `timeouts.ready_ms`; the client is closed.
        """
    @classmethod
    def open(cls, config: str | PathLike[str] | None = None, /, **keywords: Any) -> Self:
        """Makes a client, connects it and waits on this thread until it is ready; as `connect` otherwise."""
    def __aenter__(self) -> Pending[Self]: ...
    def __aexit__(self, *_exception: object) -> Pending[None]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_exception: object) -> None: ...
    def ready(self) -> Pending[Login]:
        """Waits until the session is ready, again after a broken link; the result is its `Login`.

        Raises:
            LoginError: the login was refused; it is not repeated.
            NotReady: not within `timeouts.ready_ms`; the session goes on trying.
            StateError: the session was closed.
        """
    def close(self) -> Pending[None]:
        """Closes the session; its streams and handlers end, working orders stay where they are. It may be called again, and
        from anywhere; ``await`` it or call ``.result()`` to wait for the end.

        Raises:
            CloseError: the library did not stop within `timeouts.close_ms`.
        """
    @overload
    def place(self, order: NewOrder, /) -> Pending[Order]:
        """Sends an order, from this thread: when the call returns the library has it. The result is the `Order`.

        ``td.place(NewOrder.fak("rb2701", "buy", "open", 2, 3925.0))``, or the parts and keywords of a `NewOrder`:
        ``td.place("rb2701", "buy", "open", 2, 3925.0, exchange="SHFE")``.

        A refusal by counter or exchange comes later: see `Order.accepted`.

        Raises:
            Denied: it breaks a rule; nothing was sent.
            NotSent: the session is not ready, or the library did not take it.
        """
    @overload
    def place(self, instrument_id: str, direction: _Direction, offset: _Offset | tuple[_Offset, _Offset], volume: int, price: float | None = None, /, **more: Unpack[_More]) -> Pending[Order]: ...
    def cancel(self, order: OrderView | int) -> Pending[OrderView]:
        """Cancels an order of the account, own or foreign, by itself or by its `id`, and waits until it is over. The result is
        how it ended: `canceled`, or `filled` if a fill won the race. A second cancel joins the first.

        Raises:
            Denied: the order is over already or not known.
            NotSent: the session is not ready, or the library did not take the request.
            Rejected: counter or exchange refused to cancel; the order's events tell where it stands.
            Unknown: no answer came.
        """
    @overload
    def close_position(self, order: NewOrder, /, *, first: Literal["yesterday", "today"] = "yesterday") -> Pending[Closing]:
        """Closes lots of a position without knowing when they were opened: selling closes what was bought. SHFE and INE close
        today's and earlier lots by different orders, so there may be two. The result is a `Closing`.

        ``td.close_position("rb2701", "sell", 5, 3900.0)``, with keywords as `NewOrder` has them, or
        ``td.close_position(order)``, whose offset is of no account.

        Args:
            first: which lots are taken first where the exchange lets one choose: `yesterday` or `today`.

        Raises:
            Denied: fewer lots are free than are to be closed, or the order breaks a rule; nothing was sent.
            NotSent: the session is not ready, or the library did not take the first order.
        """
    @overload
    def close_position(self, instrument_id: str, direction: _Direction, volume: int, price: float | None = None, /, *, first: Literal["yesterday", "today"] = "yesterday", **more: Unpack[_More]) -> Pending[Closing]: ...
    def quote(self, quote: Quote) -> Pending[Instruction]:
        """Sends a market maker's quote (报价); the result is an `Instruction`, whose `orders` are its two sides.

        Raises:
            Denied: it breaks a rule; nothing was sent.
            NotSent: the session is not ready, or the library did not take it.
        """
    def exercise(self, exercise: Exercise) -> Pending[Instruction]:
        """Declares the exercise of an option, or gives it up (行权, 放弃行权); as `quote`."""
    def self_close(self, wish: SelfClose) -> Pending[Instruction]:
        """Sets positions of options, or the futures they turn into, off against each other (期权自对冲); as `quote`."""
    def combine(self, wish: Combination) -> Pending[Instruction]:
        """Makes two positions one combination, or splits one (组合申请); as `quote`."""
    def cancel_instruction(self, instruction: InstructionView | int) -> Pending[InstructionView]:
        """Withdraws an instruction of the account, by itself or by its `id`, and waits until it is over.

        Raises:
            Denied: it is over already, not known, or a combination, which is undone by another instruction.
            NotSent: the session is not ready, or the library did not take the request.
            Rejected: counter or exchange refused it; the instruction's events tell where it stands.
            Unknown: no answer came.
        """
    def cancel_batch(self, exchange_id: str) -> Pending[Sent[Any]]:
        """Cancels all orders of this session at an exchange with one request (批量撤单; DCE, for market makers). The result is a
        `Sent`; the events of the orders tell what became of each.

        Raises:
            Denied: the exchange's name does not fit.
            NotSent: the session cannot be used, or the library did not take it.
        """
    @overload
    def park(self, order: NewOrder, /) -> Pending[Parked]:
        """Parks an order in the counter (预埋单): it is sent when the product begins to trade. It takes what `place` takes; the
        result is a `Parked`.

        Raises:
            Denied: it breaks a rule, or is conditional, or a combination; nothing was sent.
            NotSent: the session is not ready, or the library did not take it.
            Rejected: the counter did not take it.
            Unknown: no answer came; `parked_orders` tells.
        """
    @overload
    def park(self, instrument_id: str, direction: _Direction, offset: _Offset | tuple[_Offset, _Offset], volume: int, price: float | None = None, /, **more: Unpack[_More]) -> Pending[Parked]: ...
    def park_cancel(self, order: OrderView) -> Pending[ParkedCancel]:
        """Parks the cancel of an order in the counter (预埋撤单); the result is a `ParkedCancel`. As `park` otherwise."""
    def parked_orders(self) -> Pending[list[data.ParkedOrder]]:
        """Asks for the parked orders of the account, as `data.ParkedOrder`, also those that were sent or removed."""
    def parked_cancels(self) -> Pending[list[data.ParkedOrderAction]]:
        """Asks for the parked cancels of the account, as `data.ParkedOrderAction`."""
    @property
    def requests(self) -> Requests:
        """Every request of the trader API. The queries are methods of the client, too: `td.query_trading_account()`."""
    def instruments(self) -> Pending[list[data.Instrument]]:
        """Returns all instruments, as `data.Instrument`: those that this or an earlier session of the trading day queried, else it
        queries them. Afterwards orders are checked against them, and need no `exchange`.
        """
    def instrument(self, instrument_id: str) -> Pending[data.Instrument | None]:
        """Queries one instrument, as `data.Instrument`; `None` if there is none with this id."""
    def margin_rate(self, instrument_id: str) -> Pending[data.InstrumentMarginRate | None]:
        """Returns the account's margin rate of an instrument, for speculation, as `data.InstrumentMarginRate`; asked once a
        trading day.
        """
    def commission_rate(self, instrument_id: str) -> Pending[data.InstrumentCommissionRate | None]:
        """Returns what the account pays for trades of an instrument, as `data.InstrumentCommissionRate`; asked once a trading day."""
    def snapshot(self, instrument_id: str) -> Pending[data.DepthMarketData | None]:
        """Queries the counter's last snapshot of an instrument, with its daily limits, as `data.DepthMarketData`; `None` if
        there is none.
        """
    def account(self) -> Pending[list[data.TradingAccount]]:
        """Queries the money of the account, as `data.TradingAccount`, one row per currency. For the gateway's own books, without
        a query, see `account_now`.
        """
    def positions(self) -> Pending[list[data.InvestorPosition]]:
        """Queries the positions, as `data.InvestorPosition`. For the gateway's own books, without a query, see `positions_now`."""
    def orders(self) -> Pending[list[OrderView]]:
        """Queries the orders of the trading day, of all sessions of the account, as `OrderView`."""
    def trades(self) -> Pending[list[Trade]]:
        """Queries the trades of the trading day, as `Trade`."""
    def settlement_text(self, period: str = ...) -> Pending[str | None]:
        """Queries the settlement statement of a day (`yyyymmdd`) or month (`yyyymm`), or the last one; `None` if there is none."""
    def events(self) -> Stream[TdEvent]:
        """Returns a stream of `TdEvent` from now on, of all sessions of the account. None is ever dropped."""
    def raw_events(self) -> Stream[RawEvent]:
        """Returns a stream of every callback from now on, as it came: `RawEvent`. None is ever dropped."""
    def instrument_statuses(self) -> Stream[data.InstrumentStatus]:
        """Returns a stream of the changes of products' trading phases from now on, as `data.InstrumentStatus`."""
    def bulletins(self) -> Stream[data.Bulletin]:
        """Returns a stream of the exchanges' bulletins from now on, as `data.Bulletin`."""
    def trading_notices(self) -> Stream[data.TradingNoticeInfo]:
        """Returns a stream of the broker's notices about trading from now on, as `data.TradingNoticeInfo`."""
    def quote_requests(self) -> Stream[data.ForQuoteRsp]:
        """Returns a stream of the requests for quotes that market makers are told, from now on, as `data.ForQuoteRsp`."""
    def on_order(self, function: Callable[[OrderView], object]) -> Handler:
        """Calls `function` with an `OrderView` whenever an order of the account changes, also by a trade. It may be used as a
        decorator. What it raises goes to `on_error`, else to the log `ctp_py`. Returns the `Handler`.
        """
    def on_trade(self, function: Callable[[Trade], object]) -> Handler:
        """Calls `function` with every `Trade` of the account, once per fill; as `on_order`."""
    def on_event(self, function: Callable[[TdEvent], object]) -> Handler:
        """Calls `function` with every `TdEvent`; as `on_order`."""
    def on_error(self, function: _Function) -> _Function:
        """Calls `function` with the name of the handler and the exception whenever a handler of this client raises one.
        Without it they are logged as errors of `ctp_py`. Returns the function.
        """
    def positions_now(self) -> list[PositionNow]:
        """Returns the positions by the gateway's own books, without asking anybody; those that are flat by now with 0 lots."""
    def account_now(self) -> AccountNow:
        """Returns the money of the account by the gateway's own books, without asking anybody."""
    def day_profit(self) -> DayProfit:
        """Returns the profit of the trading day by the gateway's own books."""
    def closable(self, instrument_id: str, side: str) -> Closable:
        """Returns what can be closed of a speculative position: what is held, less what working orders reserve.

        Args:
            side: `long` or `short`, or a member of `enums.PosiDirection`.
        """
    def mark(self, tick: Tick | data.DepthMarketData | DepthMarketDataField) -> None:
        """Tells the session a price: profits and the checks of orders follow it. A `Gateway` does so with every tick of its own.

        Args:
            tick: a `Tick`, a `data.DepthMarketData` or a `DepthMarketDataField`.
        """
    def risk(self) -> RiskSnapshot:
        """Returns what the risk gate counts at this moment."""
    def kill(self, reason: str) -> None:
        """Throws the kill switch: from now on no order passes, and all working orders of this client are cancelled as fast as the
        pace allows. It stays on over reconnects, trading days and, with a journal, restarts, until `release`.
        """
    def release(self) -> None:
        """Turns the kill switch off. Nothing is sent."""
    @property
    def is_killed(self) -> bool:
        """Whether the kill switch is on."""
    @property
    def gate(self) -> GateState:
        """Whether new orders may leave, and why not."""
    def gate_open(self) -> Pending[GateState]:
        """Waits until new orders may leave; the result is the `GateState`.

        Raises:
            StateError: the session ended before.
        """
    def reconcile(self) -> Pending[Comparison]:
        """Compares the gateway's own positions and money with the counter's, now; the result is a `Comparison`.

        Raises:
            NotSent: the session is not ready, or the counter does not answer.
        """
    def accept_differences(self) -> Pending[None]:
        """Takes the counter's word for what differs, and opens the gate if nothing else closes it.

        Raises:
            NotSent: the session is not logged in.
        """
    def change_password(self, new: str) -> Pending[None]:
        """Changes the user's password, and logs in with it from then on. The configuration is not changed: give it the new one.

        Raises:
            Denied: the password does not fit; nothing was sent.
            Rejected: the counter refused it, for example as too weak (131, 132).
            Unknown: no answer came: either password may be right.
        """
    def request_sms_code(self, mobile: str) -> Pending[None]:
        """Asks the counter to send a code by text message, while the login waits for one.

        Raises:
            NotSent: the login does not wait for a code.
            Rejected: the counter refused it, for example because the number is not the user's (6014).
            Unknown: no answer came; the message may come all the same.
        """
    def log_in_with_sms_code(self, code: str) -> Pending[None]:
        """Goes on with a login that waits for a code by text message; `ready` tells how it ends.

        Raises:
            Denied: the code does not fit.
            NotSent: the login does not wait for one.
        """
    @property
    def state(self) -> str:
        """Where the session stands: `connecting`, `logging in`, `recovering`, `ready`, `reconnecting`, `faulted`, `closed` and
        so on; `new` before it is connected.
        """
    @property
    def state_text(self) -> str:
        """Where the session stands in words, with the reason."""
    @property
    def login(self) -> Login | None:
        """What the last login answered; `None` while the session cannot be used."""
    def health(self) -> dict[str, Any]:
        """Returns how the session is as a `dict`: state, link, what waits, requests by outcome. It costs the session nothing."""
    @property
    def is_simulator(self) -> bool:
        """Whether the library is the simulator, where orders cost nothing."""
    @property
    def library_version(self) -> str:
        """The library's version."""
