from typing import Literal, final

from ctp_py import data

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
