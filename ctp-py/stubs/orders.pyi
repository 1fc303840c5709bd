from typing import Literal, final

from ctp_py import data, enums

@final
class Refusal(_View):
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
