from typing import Any, final

from ctp_py import enums

class _View:
    """What the gateway says of its books and gates: values that do not change."""

    def __eq__(self, other: object, /) -> bool: ...
    def to_dict(self) -> dict[str, Any]:
        """Returns the fields by name; money in CNY."""

@final
class Closable(_View):
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

@final
class PositionNow(_View):
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
        """The same in 1/10,000 CNY, exact."""
    @property
    def open_cost(self) -> float | None:
        """What the lots cost when they were opened. C: `OpenCost`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def open_cost_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def margin(self) -> float | None:
        """The margin, before one-sided margin (大边) is looked at. C: `UseMargin`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def margin_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def commission(self) -> float | None:
        """The commission of the day. C: `Commission`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def commission_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def close_profit(self) -> float | None:
        """The profit of the lots closed today, marked to market (逐日). C: `CloseProfitByDate`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def close_profit_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def close_profit_by_trade(self) -> float | None:
        """The profit of the lots closed today since they were opened (逐笔). C: `CloseProfitByTrade`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def close_profit_by_trade_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def profit(self) -> float | None:
        """The profit of the lots held at the last price, marked to market; zero for options. C: `PositionProfit`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def profit_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def profit_by_trade(self) -> float | None:
        """The profit of the lots held at the last price since they were opened.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def profit_by_trade_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""

@final
class AccountNow(_View):
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
        """The same in 1/10,000 CNY, exact."""
    @property
    def balance(self) -> float | None:
        """Dynamic equity (动态权益). C: `Balance`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def balance_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def available(self) -> float | None:
        """What new orders can use (可用资金). C: `Available`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def available_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def margin(self) -> float | None:
        """Margin of the positions (占用保证金), one-sided where the exchange says so. C: `CurrMargin`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def margin_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def frozen_margin(self) -> float | None:
        """Margin frozen by working orders. C: `FrozenMargin`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def frozen_margin_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def frozen_commission(self) -> float | None:
        """Commission frozen by working orders. C: `FrozenCommission`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def frozen_commission_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def frozen_cash(self) -> float | None:
        """Premium frozen by working orders for options. C: `FrozenCash`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def frozen_cash_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def cash_in(self) -> float | None:
        """Premium received less premium paid today (权利金收支). C: `CashIn`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def cash_in_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def commission(self) -> float | None:
        """Commission of the day (手续费). C: `Commission`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def commission_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def close_profit(self) -> float | None:
        """Profit of the lots closed today, marked to market (平仓盈亏). C: `CloseProfit`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def close_profit_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def position_profit(self) -> float | None:
        """Profit of the lots held, marked to market (持仓盈亏). C: `PositionProfit`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def position_profit_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""
    @property
    def option_value(self) -> float | None:
        """What the options held are worth, long less short (期权市值). C: `OptionValue`.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def option_value_e4(self) -> int | None:
        """The same in 1/10,000 CNY, exact."""

@final
class DayProfit(_View):
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
        """The same in 1/10,000 CNY, exact."""
    @property
    def closed(self) -> float:
        """Of lots closed today, marked to market.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def closed_e4(self) -> int:
        """The same in 1/10,000 CNY, exact."""
    @property
    def held(self) -> float:
        """Of lots held, marked to market at the last prices.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def held_e4(self) -> int:
        """The same in 1/10,000 CNY, exact."""
    @property
    def commission(self) -> float:
        """Commission paid.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def commission_e4(self) -> int:
        """The same in 1/10,000 CNY, exact."""
    @property
    def options(self) -> float:
        """Premium received less paid, plus what the options held are worth now less at the settlement before.

        In CNY; the exact amount is the same name with `_e4`.
        """
    @property
    def options_e4(self) -> int:
        """The same in 1/10,000 CNY, exact."""

@final
class Difference(_View):
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

@final
class Comparison(_View):
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
