from typing import Any, Literal, final

from ctp_py import data

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
