from collections.abc import Callable, Iterable
from datetime import datetime
from typing import final, overload

from ctp_py import data

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

    It owns its values and stays as it is. `record` has every field as it came.
    Ticks are equal when all of it is: a pickled one equals itself."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
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

class MdClient(_SessionClient):
    """Market data: ticks of the instruments that are subscribed, and again after every broken link.

    `MdClient("ctp.toml")`, `MdClient("sim://demo")`, or keywords as docs/configuration.md has them, which win over the
    file and over the variables `CTP_…`. It connects with ``async with``, ``with``, `connect` or `open`, and lives until it
    is closed or the interpreter ends.

    Raises:
        ConfigError: every problem of the configuration at once."""

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
    def batches(self, *instruments: str | Iterable[str], size: int = 1024, interval: float | None = None) -> Stream[TickBatch]:
        """Returns a stream of `TickBatch` of the ticks of these instruments, which are subscribed, or of all that are
        without any: each time what has gathered, at least one tick and at most `size`.

        A reader that falls further behind than `tick_capacity` loses the oldest ticks, counted in `.lost`. A wait that is
        cancelled or timed out takes nothing away, also of a batch that is being gathered.

        Args:
            interval: seconds that a batch gathers ticks after its first one came, unless `size` is reached before; without
                it, or with 0, a batch waits for no second tick.

        Raises:
            ValueError: `size` is 0, or `interval` is no time."""
    @overload
    def on_tick(self, function: _Function, /, *instruments: str | Iterable[str]) -> Handler:
        """Calls `function` with every tick of these instruments, which are subscribed, or of all that are without any.

        ``md.on_tick(function, "rb2610")``, or as a decorator: ``@md.on_tick`` and ``@md.on_tick("rb2610")``. All handlers
        run on one thread. What a handler raises goes to `on_error`, else to the log `ctp_py`. Returns the `Handler`."""
    @overload
    def on_tick(self, /, *instruments: str | Iterable[str]) -> Callable[[Callable[[Tick], object]], Handler]: ...
    def on_event(self, function: Callable[[MdEvent], object]) -> Handler:
        """Calls `function` with every `MdEvent`; see `events`. Returns the `Handler`."""
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
