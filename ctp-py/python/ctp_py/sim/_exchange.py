"""An exchange as an object: inside this process, or served by `ctp sim serve`."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, time, timedelta, timezone
from types import TracebackType
from typing import Any, Literal, TypeAlias

from ctp_py.sim._control import control
from ctp_py.sim._errors import ControlError
from ctp_py.sim._rows import Account, Order, Position, Session, Trade

#: A setting or switch of an exchange: docs/simulator.md lists them; `True` is `on`.
Setting: TypeAlias = str | int | float | bool

#: An answer of the control interface, by field.
Answer: TypeAlias = dict[str, Any]

#: How an exchange's time passes: by hand, so many times as fast as the machine's, as the machine's, or from one event
#: to the next without waiting.
ClockName: TypeAlias = Literal["manual", "virtual", "real", "max"]

#: China's time, in which every moment here is given.
CHINA = timezone(timedelta(hours=8), "CST")

#: Rows of one answer, at most.
_PAGE = 1000

_numbers = itertools.count(1)


class Exchange:
    """A simulated exchange with its broker.

    With ``with``, or with `close()`, it ends, and its clients are disconnected. Clients reach it by `front`; broker
    9999, any investor, password `simulator`.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        clock: ClockName = "manual",
        speed: float | None = None,
        start: str | datetime | None = None,
        settings: Mapping[str, Setting] | None = None,
        replay: str | os.PathLike[str] | None = None,
    ) -> None:
        """Starts an exchange inside this process.

        Args:
            name: 1 to 64 letters, digits, `-`, `_` or `.`; one that nobody else uses when left out.
            clock: `manual`: time passes by `advance` and `until` only, and nothing happens before: a client that waits
                for its login (`with MdClient(front)`) waits in vain. Give it `real` or `virtual`, or call `start()`
                and advance until what it returned is `done()`.
            speed: virtual seconds per second, above 0, at most 1000; with `clock="virtual"` only.
            start: a time in China, such as `2026-11-23 10:00:00`; the machine's when left out.
            settings: settings and switches by name, made in their order.
            replay: a recording of ticks in CSV: played at its own times where a start is given, else from now on.

        Raises:
            ControlError: the name is in use, or a value cannot be.
            LibraryError: the simulator is missing.
        """
        self._where: dict[str, str] = {"exchange": name or f"python-{os.getpid()}-{next(_numbers)}"}
        self._is_ours = True
        self._ended = False
        request: dict[str, Any] = {"op": "start", **self._where, "clock": clock}
        if speed is not None:
            request["speed"] = speed
        if start is not None:
            request["start"] = _moment(start)
        if replay is not None:
            request["replay"] = os.fspath(replay)
        if settings:
            # Pairs keep their order in JSON.
            request["config"] = [list(pair) for pair in settings.items()]
        control(request)

    @classmethod
    def at(cls, front: str) -> Exchange:
        """Returns the exchange behind a front: `tcp://HOST:PORT` of `ctp sim serve`, or `sim://NAME` of this process.

        It goes on when the object is closed.

        Raises:
            ControlError: nothing answers there, or no such exchange runs.
        """
        scheme, _, rest = front.partition("://")
        self = cls.__new__(cls)
        if scheme == "sim":
            self._where = {"exchange": rest.partition("?")[0].rstrip("/")}
        elif scheme == "tcp" and rest:
            self._where = {"front": front}
        else:
            raise ControlError(f"front {front!r} is no address of an exchange: write tcp://HOST:PORT or sim://NAME")
        self._is_ours = False
        self._ended = False
        self.control("state")
        return self

    @property
    def front(self) -> str:
        """The address that clients register: `RegisterFront(exchange.front)`."""
        return self._where.get("front") or f"sim://{self._where['exchange']}"

    @property
    def now(self) -> datetime:
        """The exchange's time, in China, to the microsecond."""
        return _time_of(self.control("state"))

    @property
    def trading_day(self) -> str:
        """The trading day as `yyyymmdd`."""
        return str(self.control("state")["trading_day"])

    def advance(self, duration: str | timedelta) -> datetime:
        """Lets time pass, and returns the exchange's time once every callback due has returned.

        The duration is a `timedelta` or a text such as `500ms`, `2s`, `1m` or `1h`. Not from inside a callback.

        Raises:
            ControlError: the duration cannot be read, the clock is not moved by hand, or a callback does not return.
        """
        return _time_of(self.control("advance", duration=_duration(duration)))

    def until(self, moment: str | time | datetime) -> datetime:
        """Lets time pass until a moment in China: `15:00:00` is the next one, a date may stand before it.

        Raises:
            ControlError: the time cannot be read or is over, the clock is not moved by hand, or a callback does not
                return.
        """
        return _time_of(self.control("until", time=_moment(moment)))

    def barrier(self) -> None:
        """Returns once every callback that is due has returned."""
        self.control("barrier")

    def tick(
        self,
        instrument: str,
        last: float | None = None,
        *,
        volume: int = 0,
        bid: str | Iterable[tuple[float, int]] | None = None,
        ask: str | Iterable[tuple[float, int]] | None = None,
        open_interest: int | None = None,
        upper: float | None = None,
        lower: float | None = None,
        pre_settlement: float | None = None,
        after: str | timedelta | None = None,
    ) -> None:
        """Publishes a tick of our own; the simulated crowd then leaves that market.

        Args:
            instrument: its id.
            last: the last price, in CNY.
            volume: lots traded since the tick before.
            bid: the bids from the best on, as (price in CNY, lots), or as `3200x5,3199x3`; empty: no bids.
            ask: the asks.
            open_interest: in lots.
            upper: the upper price limit, in CNY.
            lower: the lower price limit, in CNY.
            pre_settlement: the settlement price of the day before, in CNY.
            after: the exchange's time until it comes; at once when left out.

        Raises:
            ControlError: there is no such instrument, or a value cannot be.
        """
        given: dict[str, Any] = {
            "last": last,
            "volume": volume or None,
            "bid": _levels(bid),
            "ask": _levels(ask),
            "open_interest": open_interest,
            "upper": upper,
            "lower": lower,
            "pre_settlement": pre_settlement,
            "after": None if after is None else _duration(after),
        }
        self.control("tick", instrument=instrument, **{key: value for key, value in given.items() if value is not None})

    def command(self, command: str, **fields: Any) -> None:
        """Does what no client does: `command("deposit", investor="one", amount=50_000.0)`, in CNY.

        Without fields `command` may be a whole line as in scenarios: `command("deposit one amount=50000")`.
        docs/scenarios.md lists the commands.

        Raises:
            ControlError: there is no such command, or a value cannot be.
        """
        if fields:
            self.control("command", command=command, **fields)
        else:
            self.control("command", text=command)

    def disconnect(self, session: int, reason: int = 0x1001) -> None:
        """Ends the connection of a session, whose library then connects again; `reason` is its `nReason`."""
        self.control("disconnect", session=session, reason=reason)

    def settle(self) -> str:
        """Settles the trading day at once and returns the next one as `yyyymmdd`."""
        return str(self.control("settle")["trading_day"])

    def restart(self, *, clear_flow: bool = False, down: str | timedelta | None = None) -> None:
        """Restarts the core: every connection ends with 0x1001, and the day goes on.

        Args:
            clear_flow: the flow is cleared as well.
            down: how long nobody gets a connection, in the exchange's time.

        Raises:
            ControlError: the duration cannot be read.
        """
        wanted = {} if down is None else {"down": _duration(down)}
        self.control("restart", **{"clear-flow": clear_flow}, **wanted)

    def fault(self, fault: str | Mapping[str, Any], *, name: str | None = None) -> int:
        """Brings faults into force and returns their plan's number, which `clear_faults` takes.

        One fault is a line as in scenarios, `fault("drop what=OnRtnTrade count=2")`; a whole plan is TOML text with its
        `[[fault]]`, or the same as a mapping. docs/faults.md describes them. `name` is for a plan that says none.

        Raises:
            ControlError: the plan is not understood; every problem is listed.
        """
        is_line = isinstance(fault, str) and "[[" not in fault and "\n" not in fault.strip()
        request: dict[str, Any] = {"text" if is_line else "plan": fault if isinstance(fault, str) else dict(fault)}
        if name is not None:
            request["name"] = name
        return int(self.control("fault", **request)["plan"])

    def faults(self) -> list[Answer]:
        """Returns the plans in force, and what their faults did."""
        plans: list[Answer] = self.control("faults")["plans"]
        return plans

    def clear_faults(self, plan: int | None = None) -> int:
        """Takes a plan out of force, or all, and returns how many; what they held back goes on."""
        wanted = {} if plan is None else {"plan": plan}
        return int(self.control("clear-faults", **wanted)["cleared"])

    def sessions(self, *, connected: bool = False) -> list[Session]:
        """Returns the clients' API objects, or those that are connected now."""
        sessions: list[Session] = self.control("sessions", connected=connected)["sessions"]
        return sessions

    def orders(
        self, investor: str | None = None, instrument: str | None = None, *, live: bool | None = None
    ) -> list[Order]:
        """Returns the day's orders in the order of their acceptance: all, or those of an investor or instrument.

        With `live` those that may still trade, or with `live=False` those that ended.

        Raises:
            ControlError: there is no such investor or instrument.
        """
        return self._all("orders", investor=investor, instrument=instrument, live=live)

    def trades(self, investor: str | None = None, instrument: str | None = None) -> list[Trade]:
        """Returns the clients' trades of the day in their order: all, or those of an investor or instrument.

        Raises:
            ControlError: there is no such investor or instrument.
        """
        return self._all("trades", investor=investor, instrument=instrument)

    def positions(self, investor: str | None = None, instrument: str | None = None) -> list[Position]:
        """Returns the positions of all investors, or those of an investor or instrument.

        Raises:
            ControlError: there is no such investor or instrument.
        """
        return self._all("positions", investor=investor, instrument=instrument)

    def accounts(self, investor: str | None = None) -> list[Account]:
        """Returns the accounts of all investors, or one.

        Raises:
            ControlError: there is no such investor.
        """
        return self._all("accounts", investor=investor)

    def instrument(self, instrument: str) -> dict[str, str] | None:
        """Returns the fields of an instrument's record and present tick, or `None` where it is not listed."""
        fields = self.control("instrument", id=instrument).get("fields")
        return None if fields is None else {str(key): str(value) for key, value in fields.items()}

    def control(self, op: str, **arguments: Any) -> Answer:
        """Carries out any operation of the control interface and returns its answer; docs/control.md lists them.

        Raises:
            ControlError: it was not carried out.
        """
        return control({"op": op, **self._where, **arguments})

    def _all(self, op: str, **wanted: Any) -> list[Any]:
        """Returns every row of a list, page by page."""
        rows: list[Any] = []
        wanted = {key: value for key, value in wanted.items() if value is not None}
        while True:
            page = self.control(op, **wanted, offset=len(rows), limit=_PAGE)
            rows.extend(page["rows"])
            if not page["more"]:
                return rows

    def close(self) -> None:
        """Ends the exchange when it was started by this object; a second call has no effect."""
        if self._is_ours and not self._ended:
            self._ended = True
            # It may have been ended by name.
            with suppress(ControlError):
                self.control("end")

    def __enter__(self) -> Exchange:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Exchange({self.front!r})"


def _time_of(answer: Answer) -> datetime:
    seconds, nanoseconds = divmod(int(answer["nanoseconds"]), 1_000_000_000)
    return datetime.fromtimestamp(seconds, CHINA) + timedelta(microseconds=nanoseconds // 1000)


def _duration(duration: str | timedelta) -> str:
    if isinstance(duration, str):
        return duration
    return f"{duration // timedelta(microseconds=1)}us"


def _moment(moment: str | time | datetime) -> str:
    """Writes a moment as the simulator reads it; one with a time zone is turned into China's time."""
    if isinstance(moment, str):
        return moment
    if isinstance(moment, datetime):
        local = moment.astimezone(CHINA).replace(tzinfo=None) if moment.tzinfo else moment
        return local.isoformat(sep=" ")
    return moment.isoformat()


def _levels(levels: str | Iterable[tuple[float, int]] | None) -> str | None:
    if levels is None or isinstance(levels, str):
        return levels
    return ",".join(f"{price}x{lots}" for price, lots in levels)
