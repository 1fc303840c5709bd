from typing import Any, Literal, TypeAlias, final
from typing_extensions import Unpack, TypedDict

from ctp_py import enums

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
