from collections.abc import Callable
from types import GenericAlias
from typing import Any, final, Generic, Literal, overload, TypeVar
from typing_extensions import Unpack

from ctp_py import data

_R = TypeVar("_R")

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
class Cancelled:
    """What became of one order of `td.cancel_all`."""

    @property
    def order(self) -> OrderView:
        """The order as it stood when it was to be cancelled."""
    @property
    def ended(self) -> OrderView | None:
        """How it ended: `canceled`, or `filled` if a fill won the race; `None` if that is not known."""
    @property
    def error(self) -> CtpError | None:
        """The exception that says why it is not known: what `td.cancel` would have raised."""

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

class TdClient(_SessionClient, _Queries):
    """Trading: orders, what is known of them, positions, money, and every request of the trader API.

    `TdClient("ctp.toml")`, `TdClient("sim://demo")`, or keywords as docs/configuration.md has them, which win over the
    file and over the variables `CTP_…`: `TdClient("sim://demo", risk={"order_lots": 5})`. It connects with ``async with``,
    ``with``, `connect` or `open`, and lives until it is closed or the interpreter ends.

    Whatever takes time returns a `Pending`. A request leaves in the call that makes it, and never twice; what became of it
    is `Rejected` (with proof), `Denied` (by us, before sending), `NotSent` or `Unknown`, which is never taken for a refusal.

    Raises:
        ConfigError: every problem of the configuration at once.
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
    def cancel_all(self, instrument_id: str | None = None) -> Pending[list[Cancelled]]:
        """Cancels all working orders of this gateway, of earlier runs of the trading day too, as fast as the pace allows, and waits
        until it is known what became of each; with an instrument, only its own. The result is a list of `Cancelled`.

        Orders pass as before, and those that are placed meanwhile are not cancelled: see `kill`. Orders of other sessions are
        left alone. What the library has no room for (−2, −3) is given to it again after a second, five times in all; what still
        waits when the link breaks is not sent.

        Raises:
            Denied: the instrument's id does not fit.
            NotSent: the session is not ready; nothing was sent.
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
    @property
    def awaits_sms_code(self) -> bool:
        """Whether the login waits for a code by text message: `request_sms_code` and `log_in_with_sms_code` lead on."""
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
