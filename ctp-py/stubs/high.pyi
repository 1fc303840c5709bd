from collections.abc import Awaitable, Callable, Generator, Iterable
from datetime import datetime
from os import PathLike
from typing import Any, Generic, TypeVar, final, overload
from typing_extensions import Self

from ctp_py import data

_T_co = TypeVar("_T_co", covariant=True)
_F = TypeVar("_F", bound=Callable[..., object])

class ConfigError(CtpError, ValueError):
    """A configuration that cannot work, with all its problems.

    Attributes: `problems`, a list of (key, place, message)."""

    problems: list[tuple[str, str | None, str]]

class TimedOut(CtpError, TimeoutError):
    """Something did not come in time; it may come later, or be asked for again.

    Attributes: `waited` in seconds; for a query also `request` and `attempts`."""

    waited: float
    request: str
    attempts: int

class NotReady(TimedOut):
    """The session was not ready in time. It goes on trying.

    Attributes: `waited` in seconds, `state`, `fronts`."""

    state: str
    fronts: str

class Faulted(CtpError):
    """The session has stopped for good.

    Attributes: `fault`, `hint`."""

    fault: str
    hint: str

class LoginError(Faulted):
    """A step of the login was refused, and is not repeated: repeated wrong passwords lock the account.

    Attributes: `fault` (the step), `code`, `symbol`, `message`, `hint`."""

    code: int
    symbol: str | None
    message: str
    refuser: str

class Rejected(CtpError):
    """The counter or the exchange refused the request: it has no effect.

    Attributes: `request`, `code`, `symbol`, `message`, `refuser` (`counter` or `exchange`)."""

    request: str
    code: int
    symbol: str | None
    message: str
    refuser: str

class Denied(CtpError):
    """The gateway refused the request before sending it.

    Attributes: `rule`, `value`, `limit`, `fix`."""

    rule: str
    value: str
    limit: str
    fix: str

class Unknown(CtpError):
    """The request was sent, and nothing tells yet whether it had an effect. It is never sent again.

    Attributes: `request`, `cause`."""

    request: str
    cause: str

class NotFilled(CtpError):
    """The order is over, and not all of its lots were traded.

    Attributes: `order` (as it ended), `volume`, `volume_filled`, `status_text`."""

    order: OrderView
    volume: int
    volume_filled: int
    status_text: str

class CaptureError(CtpError):
    """The recording that was asked for cannot begin."""

class JournalError(CtpError):
    """The journal of the session cannot be opened."""

@final
class Pending(Generic[_T_co]):
    """Something that was started and has a result later.

    ``await pending`` in asyncio, ``pending.result()`` on a thread. The work goes on whether or not anybody waits, and a
    cancelled or timed out wait takes nothing back: wait again."""

    def __await__(self) -> Generator[Any, None, _T_co]: ...
    def result(self, timeout: float | None = None) -> _T_co:
        """Waits on this thread and returns the result. Other threads run meanwhile, and Ctrl-C works.

        Args:
            timeout: seconds to wait at most; without it for as long as it takes.

        Raises:
            TimedOut: there is no result yet; the work goes on, and may be waited for again.
            CtpError: whatever the work failed with.
        """
    def done(self) -> bool:
        """Returns whether there is a result, or an error."""
    def add_done_callback(self, callback: Callable[[Pending[_T_co]], object]) -> None:
        """Calls `callback` with this object when it is done, at once if it is; always on the thread of the handlers."""
    def __class_getitem__(cls, key: Any, /) -> Any: ...

@final
class Stream(Generic[_T_co]):
    """What a session brings, from the making of the stream on: ``async for``, ``for``, or `next`.

    It ends after the session has ended. A reader of ticks that falls further behind than `tick_capacity` loses the
    oldest ones, counted in `lost`; nothing else is ever lost. Each stream reads for itself."""

    def __aiter__(self) -> Self: ...
    def __anext__(self) -> Awaitable[_T_co]: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _T_co: ...
    def next(self, timeout: float | None = None) -> _T_co | None:
        """Waits on this thread for the next item and returns it; `None` after the session has ended.

        Args:
            timeout: seconds to wait at most; 0 only looks; without it for as long as it takes.

        Raises:
            TimedOut: nothing came in time.
        """
    @property
    def lost(self) -> int:
        """How many items this reader has lost so far, exactly: ticks that it was too slow for, of any instrument."""
    def __class_getitem__(cls, key: Any, /) -> Any: ...

@final
class Handler:
    """A function that is called with what comes, until `remove()` or the end of its client. It can be called itself."""

    def remove(self) -> None:
        """Ends the calls; one that runs goes on to its end."""
    @property
    def lost(self) -> int:
        """How many ticks the handler was too slow for, exactly, of any instrument; 0 for all but ticks."""
    @property
    def calls(self) -> int:
        """How often the function was called."""
    @property
    def __wrapped__(self) -> Callable[..., object]:
        """The function."""
    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call self as a function."""

@final
class Login:
    """What the login answered."""

    @property
    def trading_day(self) -> str:
        """The trading day, `yyyymmdd`. C: `TradingDay`."""
    @property
    def login_time(self) -> str:
        """The time of the login, `HH:MM:SS`. C: `LoginTime`."""
    @property
    def system_name(self) -> str:
        """The name of the system. C: `SystemName`."""
    @property
    def system_version(self) -> str:
        """The version of the counter. C: `SysVersion`."""
    @property
    def front_id(self) -> int:
        """The number of the front. C: `FrontID`."""
    @property
    def session_id(self) -> int:
        """The number of the session. C: `SessionID`."""
    @property
    def front(self) -> str:
        """The front that answered; empty where the library does not tell. C: `FrontAddr`."""

@final
class MdEvent:
    """An event of a market data session. Attributes that do not belong to its kind are `None` or empty."""

    @property
    def kind(self) -> str:
        """`subscribed`, `refused`, `unsubscribed`, `not_sent`, `unanswered`, `never_ticked`, `gap`, `alert`,
        `trading_day_changed`, `error`; of requests for quotes `quotes_subscribed`, `quotes_refused`,
        `quotes_unsubscribed`, `quotes_unanswered`."""
    @property
    def instrument_id(self) -> str | None:
        """The instrument, if it concerns one."""
    @property
    def instrument_ids(self) -> list[str]:
        """The instruments that it concerns."""
    @property
    def code(self) -> int | None:
        """The front's error code, of refusals and errors."""
    @property
    def text(self) -> str:
        """The event in words."""
    @property
    def trading_day(self) -> str | None:
        """The trading day after a change, `yyyymmdd`."""
    @property
    def alert(self) -> str | None:
        """The name of an alert, for example `market_silent`."""

@final
class Tick:
    """A snapshot of one instrument. Prices are in CNY per unit of quotation, volumes in lots; what is not there is `None`.

    It owns its values and stays as it is. `record` has every field as it came."""

    @property
    def last_price(self) -> float | None:
        """The last price, in CNY; `None` before the first trade. C: `LastPrice`."""
    @property
    def open_price(self) -> float | None:
        """The first price of the day, in CNY. C: `OpenPrice`."""
    @property
    def highest_price(self) -> float | None:
        """The highest price of the day, in CNY. C: `HighestPrice`."""
    @property
    def lowest_price(self) -> float | None:
        """The lowest price of the day, in CNY. C: `LowestPrice`."""
    @property
    def close_price(self) -> float | None:
        """The closing price, in CNY, after the close. C: `ClosePrice`."""
    @property
    def settlement_price(self) -> float | None:
        """The settlement price, in CNY, after the close. C: `SettlementPrice`."""
    @property
    def pre_close_price(self) -> float | None:
        """The closing price of the day before, in CNY. C: `PreClosePrice`."""
    @property
    def pre_settlement_price(self) -> float | None:
        """The settlement price of the day before, in CNY. C: `PreSettlementPrice`."""
    @property
    def upper_limit_price(self) -> float | None:
        """The highest price that an order may have, in CNY. C: `UpperLimitPrice`."""
    @property
    def lower_limit_price(self) -> float | None:
        """The lowest price that an order may have, in CNY. C: `LowerLimitPrice`."""
    @property
    def banding_upper_price(self) -> float | None:
        """The upper end of CFFEX's price protection band, in CNY. C: `BandingUpperPrice`."""
    @property
    def banding_lower_price(self) -> float | None:
        """The lower end of CFFEX's price protection band, in CNY. C: `BandingLowerPrice`."""
    @property
    def turnover(self) -> float | None:
        """The money traded in the trading day so far, in CNY. C: `Turnover`."""
    @property
    def open_interest(self) -> float | None:
        """The open lots. C: `OpenInterest`."""
    @property
    def pre_open_interest(self) -> float | None:
        """The open lots at the end of the day before. C: `PreOpenInterest`."""
    @property
    def curr_delta(self) -> float | None:
        """An option's delta. C: `CurrDelta`."""
    @property
    def pre_delta(self) -> float | None:
        """An option's delta of the day before. C: `PreDelta`."""
    @property
    def instrument_id(self) -> str:
        """The instrument. C: `InstrumentID`."""
    @property
    def exchange_id(self) -> str | None:
        """The exchange, for example `SHFE`: the front's word or, as ordinary fronts say nothing, the product's."""
    @property
    def volume(self) -> int:
        """The lots traded in the trading day so far. C: `Volume`."""
    @property
    def average_price(self) -> float | None:
        """The average price of the day's trades per unit of quotation, where the product is known."""
    @property
    def bid_price(self) -> float | None:
        """The best buyer's price, in CNY. C: `BidPrice1`."""
    @property
    def bid_volume(self) -> int:
        """The best buyer's lots; 0 where there is none. C: `BidVolume1`."""
    @property
    def ask_price(self) -> float | None:
        """The best seller's price, in CNY. C: `AskPrice1`."""
    @property
    def ask_volume(self) -> int:
        """The best seller's lots; 0 where there is none. C: `AskVolume1`."""
    def bid(self, level: int = 1) -> tuple[float, int] | None:
        """Returns (price in CNY, lots) of a level of buyers, 1 to 5 from the best on; `None` where there is none.

        Raises:
            ValueError: there is no such level.
        """
    def ask(self, level: int = 1) -> tuple[float, int] | None:
        """Returns (price in CNY, lots) of a level of sellers, 1 to 5 from the best on; `None` where there is none.

        Raises:
            ValueError: there is no such level.
        """
    @property
    def bids(self) -> list[tuple[float, int]]:
        """The buyers that there are, best first: (price in CNY, lots)."""
    @property
    def asks(self) -> list[tuple[float, int]]:
        """The sellers that there are, best first: (price in CNY, lots)."""
    @property
    def exchange_ns(self) -> int | None:
        """The moment of the snapshot at the exchange, in nanoseconds since 1970 (UTC); `None` where the date cannot be
        known."""
    @property
    def time(self) -> datetime | None:
        """The moment of the snapshot at the exchange as a `datetime` in Asia/Shanghai, with the right calendar date
        also at night; `None` where the date cannot be known."""
    @property
    def received_ns(self) -> int:
        """When the tick was received, in nanoseconds since 1970 (UTC)."""
    @property
    def received(self) -> datetime:
        """When the tick was received as a `datetime` in Asia/Shanghai, to the microsecond."""
    @property
    def trading_day(self) -> str | None:
        """The trading day that the snapshot belongs to, `yyyymmdd`: at night the next one."""
    @property
    def action_day(self) -> str:
        """The date as it came, `yyyymmdd`, which exchanges write differently at night. C: `ActionDay`."""
    @property
    def update_time(self) -> str:
        """The time at the exchange as it came, `HH:MM:SS`. C: `UpdateTime`."""
    @property
    def update_millisec(self) -> int:
        """Its milliseconds, in the way of the exchange. C: `UpdateMillisec`."""
    @property
    def sequence(self) -> int:
        """The tick's number among all ticks of its client, from 0 without a hole."""
    @property
    def lost_before(self) -> int:
        """How many ticks, of any instrument, this reader lost between its last tick and this one."""
    @property
    def flags(self) -> list[str]:
        """What is odd about the tick: of `duplicate`, `late`, `stale`, `out_of_session`, `session_unknown`,
        `date_unknown` and `junk`."""
    @property
    def record(self) -> data.DepthMarketData:
        """The record as it came, with every field."""

class MdClient:
    """Market data: ticks of the instruments that are subscribed, and again after every broken link.

    `MdClient("ctp.toml")`, `MdClient("sim://demo")`, or keywords as docs/configuration.md has them, which win over the
    file and over the variables `CTP_…`. It connects with ``async with``, ``with``, `connect` or `open`, and lives until it
    is closed or the interpreter ends.

    Raises:
        ConfigError: every problem of the configuration at once."""

    def __new__(cls, config: str | PathLike[str] | None = None, /, **keywords: Any) -> Self: ...
    @classmethod
    def connect(cls, config: str | PathLike[str] | None = None, /, **keywords: Any) -> Pending[Self]:
        """Makes a client, connects it and waits until it is ready: ``md = await MdClient.connect("ctp.toml")``.

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
        """Closes the session; its streams and handlers end. It may be called again, and from anywhere; ``await`` it or
        call ``.result()`` to wait for the end.

        Raises:
            CloseError: the library did not stop within `timeouts.close_ms`.
        """
    def subscribe(self, *instruments: str | Iterable[str]) -> None:
        """Subscribes instruments, now or as soon as the session is ready, and again after every broken link.

        The front's answers come as `events`.

        Raises:
            Denied: an id is empty or too long; nothing is subscribed then.
        """
    def unsubscribe(self, *instruments: str | Iterable[str]) -> None:
        """Ends subscriptions.

        Raises:
            Denied: an id is empty or too long.
        """
    def ticks(self, *instruments: str | Iterable[str]) -> Stream[Tick]:
        """Returns a stream of the ticks of these instruments, which are subscribed, or of all that are without any.

        A reader that falls further behind than `tick_capacity` loses the oldest ticks, counted in `.lost`."""
    def batches(self, *instruments: str | Iterable[str], size: int = 1024) -> Stream[TickBatch]:
        """Returns a stream of `TickBatch` of the ticks of these instruments, which are subscribed, or of all that are
        without any: each time what has gathered, at least one tick and at most `size`.

        A reader that falls further behind than `tick_capacity` loses the oldest ticks, counted in `.lost`.

        Raises:
            ValueError: `size` is 0."""
    @overload
    def on_tick(self, function: _F, /, *instruments: str | Iterable[str]) -> Handler:
        """Calls `function` with every tick of these instruments, which are subscribed, or of all that are without any.

        ``md.on_tick(function, "rb2610")``, or as a decorator: ``@md.on_tick`` and ``@md.on_tick("rb2610")``. All handlers
        run on one thread. What a handler raises goes to `on_error`, else to the log `ctp_py`. Returns the `Handler`."""
    @overload
    def on_tick(self, /, *instruments: str | Iterable[str]) -> Callable[[Callable[[Tick], object]], Handler]: ...
    def on_event(self, function: Callable[[MdEvent], object]) -> Handler:
        """Calls `function` with every `MdEvent`; see `events`. Returns the `Handler`."""
    def on_error(self, function: _F) -> _F:
        """Calls `function` with the name of the handler and the exception whenever a handler of this client raises one.
        Without it they are logged as errors of `ctp_py`. Returns the function."""
    def latest(self, instrument: str) -> Tick | None:
        """Returns the latest tick of an instrument since the client connected, if there is one."""
    def events(self) -> Stream[MdEvent]:
        """Returns a stream of `MdEvent`: answers to subscriptions, gaps, alerts, errors. None is ever dropped."""
    def quote_requests(self, *instruments: str | Iterable[str]) -> Stream[data.ForQuoteRsp]:
        """Returns a stream of the requests for quotes (询价) in these instruments, which are subscribed to.

        Raises:
            Denied: an id is empty or too long.
        """
    def unsubscribe_quote_requests(self, *instruments: str | Iterable[str]) -> None:
        """Ends subscriptions to requests for quotes.

        Raises:
            Denied: an id is empty or too long.
        """
    def qry_multicast_instrument(
        self, request: data.QryMulticastInstrument | QryMulticastInstrumentField
    ) -> Pending[list[data.MulticastInstrument]]:
        """Asks for the multicast instruments (组播合约) of a topic; the result is a list of records.

        Args:
            request: a `ctp_py.data.QryMulticastInstrument`, or a `ctp_py.QryMulticastInstrumentField`.

        Raises:
            Rejected: the front refused it.
            TimedOut: no answer in three attempts.
            NotInVersion: the library has no such request.
        """
    @property
    def state(self) -> str:
        """Where the session stands: `connecting`, `logging in`, `ready`, `reconnecting`, `faulted`, `closed` and so on;
        `new` before it is connected."""
    @property
    def state_text(self) -> str:
        """Where the session stands in words, with the reason."""
    @property
    def login(self) -> Login | None:
        """What the last login answered; `None` while the session cannot be used."""
    def health(self) -> dict[str, Any]:
        """Returns how the session is as a `dict`: state, link, counts of ticks, latency. It costs the session nothing."""
    @property
    def is_simulator(self) -> bool:
        """Whether the library is the simulator."""
    @property
    def library_version(self) -> str:
        """The library's version."""

class Gateway:
    """Both sessions of an account: market data as `md`, trading as `td`.

    Made as `MdClient` and `TdClient` are: `Gateway("ctp.toml")`, `Gateway("sim://demo")`, or keywords. Each session has its
    own state; one may be down while the other is ready.

    Raises:
        ConfigError: every problem of the configuration at once."""

    def __new__(cls, config: str | PathLike[str] | None = None, /, **keywords: Any) -> Self: ...
    @classmethod
    def connect(cls, config: str | PathLike[str] | None = None, /, **keywords: Any) -> Pending[Self]:
        """Makes a gateway, connects both sessions and waits until they are ready.

        Raises:
            ConfigError: every problem of the configuration at once.
            LoginError: a login was refused; it is not repeated.
            NotReady: not ready within `timeouts.ready_ms`; the gateway is closed.
        """
    @classmethod
    def open(cls, config: str | PathLike[str] | None = None, /, **keywords: Any) -> Self:
        """Makes a gateway, connects it and waits on this thread until both sessions are ready; as `connect` otherwise."""
    def __aenter__(self) -> Pending[Self]: ...
    def __aexit__(self, *_exception: object) -> Pending[None]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_exception: object) -> None: ...
    @property
    def md(self) -> MdClient:
        """The market data session.

        Raises:
            StateError: the gateway is not connected.
        """
    @property
    def td(self) -> TdClient:
        """The trading session.

        Raises:
            StateError: the gateway is not connected.
        """
    def ready(self) -> Pending[tuple[Login, Login]]:
        """Waits until both sessions are ready; the result is the logins, market data first.

        Raises:
            LoginError: a login was refused; it is not repeated.
            NotReady: not within `timeouts.ready_ms`; the sessions go on trying.
            StateError: the gateway was closed.
        """
    def close(self) -> Pending[None]:
        """Closes both sessions; streams and handlers end. It may be called again, and from anywhere; ``await`` it or call
        ``.result()`` to wait for the end. Open orders stay at the exchange.

        Raises:
            CloseError: a library did not stop within `timeouts.close_ms`.
        """
    @property
    def states(self) -> dict[str, str]:
        """Where both sessions stand, by `md` and `td`."""
    def health(self) -> dict[str, Any]:
        """Returns how both sessions are as a `dict` with `is_ready`, `md` and `td`."""
