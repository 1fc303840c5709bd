"""What the journal of a trading session holds, to be read: orders, trades, positions, sessions.

It reads `view.sqlite`, which the session itself keeps some 0.2 s behind its journal (docs/journal.md), and writes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from ctp_py import JournalError, enums
from ctp_py._ctp_py import _look_into_journal

_VIEW = "view.sqlite"

_Row = TypeVar("_Row")
_Member = TypeVar("_Member", bound=enums.Enumeration)


class JournalOrder(NamedTuple):
    """An order of a trading day, own or foreign, as the journal knows it last. Prices are CNY per unit of quotation."""

    trading_day: str
    #: With `session_id` and `order_ref` its name. C: `FrontID`.
    front_id: int
    session_id: int
    order_ref: str
    #: Whether this program placed it, in any run.
    is_own: bool
    exchange_id: str
    #: The exchange's number; empty before it has the order.
    order_sys_id: str
    instrument_id: str
    direction: enums.Direction
    #: Of the first leg, as the hedge is.
    offset: enums.OffsetFlag
    hedge: enums.HedgeFlag
    #: `None` without a limit.
    price: float | None
    volume: int
    volume_traded: int
    volume_left: int
    #: `None` until the counter has said something: the order may or may not exist.
    status: enums.OrderStatus | None
    submit_status: enums.OrderSubmitStatus | None
    status_message: str
    refusal_code: int | None
    refusal: str | None
    #: The time at the exchange, `HH:MM:SS`; `None` before it is known.
    insert_time: str | None
    #: When the first and the last was written of it, in nanoseconds since the Unix epoch.
    first_ns: int
    last_ns: int


class JournalTrade(NamedTuple):
    """A fill."""

    trading_day: str
    exchange_id: str
    trade_id: str
    direction: enums.Direction
    order_sys_id: str
    instrument_id: str
    order_ref: str
    offset: enums.OffsetFlag
    hedge: enums.HedgeFlag
    price: float
    volume: int
    #: The date and the time at the exchange, `yyyymmdd` and `HH:MM:SS`.
    trade_date: str
    trade_time: str
    #: When it was received, in nanoseconds since the Unix epoch.
    at_ns: int


class JournalPosition(NamedTuple):
    """What the day's own fills changed of a position, in lots; what was held before is the counter's."""

    trading_day: str
    exchange_id: str
    instrument_id: str
    hedge: enums.HedgeFlag
    side: Literal["long", "short"]
    opened: int
    closed: int
    change: int


class JournalSession(NamedTuple):
    """A login."""

    trading_day: str
    front_id: int
    session_id: int
    max_order_ref: str
    at_ns: int
    #: The gateway's version, and the number of its process; `None` where the journal does not say.
    gateway: str | None
    process: int | None


class JournalAction(NamedTuple):
    """A request that moves money. Without `answered_ns` the library has not said a word: the process ended before, and the
    request may or may not have left."""

    trading_day: str
    request: str
    request_id: int
    front_id: int
    session_id: int
    order_ref: str
    instrument_id: str | None
    at_ns: int
    answered_ns: int | None
    #: Why the library did not take it, if it did not.
    not_sent: str | None


class JournalSwitch(NamedTuple):
    """A turn of the kill switch."""

    at_ns: int
    is_on: bool
    reason: str


class JournalGap(NamedTuple):
    """Entries that could not be read, by their numbers."""

    first: int
    last: int


class Journal:
    """The journal of a trading session, to be read, also while the session writes it.

    `path` is the session's flow directory, the folder `journal` in it, or its `view.sqlite`. Every call reads anew.

    Raises:
        JournalError: there is no view, or it is of another version.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = _find(Path(path))
        # A file of another kind, or of another version, is noticed here.
        self.trading_days()

    @property
    def path(self) -> Path:
        """The file that is read."""
        return self._path

    def trading_days(self) -> list[str]:
        """Returns the trading days that somebody logged in on, `yyyymmdd`, the oldest first."""
        return self._read("SELECT DISTINCT trading_day FROM sessions ORDER BY trading_day", (), str)

    def orders(self, trading_day: str | None = None, instrument_id: str | None = None) -> list[JournalOrder]:
        """Returns the orders, by the time of what was written of them first: all, or those of a trading day or instrument."""
        columns = (
            "trading_day, front_id, session_id, order_ref, is_own, exchange_id, order_sys_id, instrument_id, direction, "
            "offset, hedge, price, volume, volume_traded, volume_left, status, submit_status, status_message, refusal_code, "
            "refusal, insert_time, first_ns, last_ns"
        )
        return self._of_day(columns, "orders", "first_ns, order_ref", trading_day, instrument_id, _order)

    def trades(self, trading_day: str | None = None, instrument_id: str | None = None) -> list[JournalTrade]:
        """Returns the fills in the order in which they came: all, or those of a trading day or instrument."""
        columns = (
            "trading_day, exchange_id, trade_id, direction, order_sys_id, instrument_id, order_ref, offset, hedge, price, "
            "volume, trade_date, trade_time, at_ns"
        )
        return self._of_day(columns, "trades", "at_ns, trade_id", trading_day, instrument_id, _trade)

    def positions(self, trading_day: str | None = None, instrument_id: str | None = None) -> list[JournalPosition]:
        """Returns what the fills changed of the positions of each day: all, or those of a trading day or instrument."""
        columns = "trading_day, exchange_id, instrument_id, hedge, side, opened, closed, change"
        order = "trading_day, exchange_id, instrument_id, hedge, side"
        return self._of_day(columns, "positions", order, trading_day, instrument_id, _position)

    def sessions(self, trading_day: str | None = None) -> list[JournalSession]:
        """Returns the logins in their order."""
        columns = "trading_day, front_id, session_id, max_order_ref, at_ns, gateway, process"
        return self._of_day(columns, "sessions", "sequence", trading_day, None, JournalSession)

    def actions(self, trading_day: str | None = None) -> list[JournalAction]:
        """Returns the requests that move money, in their order."""
        columns = (
            "trading_day, request, request_id, front_id, session_id, order_ref, instrument_id, at_ns, answered_ns, not_sent"
        )
        return self._of_day(columns, "actions", "sequence", trading_day, None, JournalAction)

    def switches(self) -> list[JournalSwitch]:
        """Returns the turns of the kill switch in their order."""
        query = "SELECT at_ns, is_on, reason FROM switches ORDER BY sequence"
        return self._read(query, (), lambda at_ns, is_on, reason: JournalSwitch(at_ns, bool(is_on), reason))

    def gaps(self) -> list[JournalGap]:
        """Returns what could not be read of the journal."""
        return self._read("SELECT first, last FROM gaps ORDER BY first", (), JournalGap)

    def _of_day(
        self,
        columns: str,
        table: str,
        order: str,
        trading_day: str | None,
        instrument_id: str | None,
        make: Callable[..., _Row],
    ) -> list[_Row]:
        given = {"trading_day": trading_day, "instrument_id": instrument_id}
        wanted = {name: value for name, value in given.items() if value is not None}
        where = " AND ".join(f"{name} = ?" for name in wanted)
        query = f"SELECT {columns} FROM {table} {'WHERE ' + where if where else ''} ORDER BY {order}"
        return self._read(query, tuple(wanted.values()), make)

    def _read(self, query: str, values: tuple[str, ...], make: Callable[..., _Row]) -> list[_Row]:
        return [make(*row) for row in _look_into_journal(self._path, query, values)]

    def __repr__(self) -> str:
        return f"Journal({str(self._path)!r})"


def _find(path: Path) -> Path:
    """Returns the view that a path leads to."""
    if path.is_file():
        return path
    for candidate in (path / _VIEW, path / "journal" / _VIEW):
        if candidate.is_file():
            return candidate
    sessions = sorted(path.glob(f"td-*/journal/{_VIEW}"))
    if len(sessions) == 1:
        return sessions[0]
    if sessions:
        names = ", ".join(found.parent.parent.name for found in sessions)
        raise JournalError(f"{path} has the journals of {len(sessions)} sessions; give one of {names}")
    raise JournalError(f"no journal in {path}; give a session's flow directory, or make the view with `ctp journal rebuild`")


def _order(*row: object) -> JournalOrder:
    made = JournalOrder(*row)  # type: ignore[arg-type]
    return made._replace(
        is_own=bool(made.is_own),
        direction=_first(enums.Direction, made.direction),
        offset=_first(enums.OffsetFlag, made.offset),
        hedge=_first(enums.HedgeFlag, made.hedge),
        status=_some(enums.OrderStatus, made.status),
        submit_status=_some(enums.OrderSubmitStatus, made.submit_status),
        status_message=made.status_message or "",
    )


def _trade(*row: object) -> JournalTrade:
    made = JournalTrade(*row)  # type: ignore[arg-type]
    return made._replace(
        direction=_first(enums.Direction, made.direction),
        offset=_first(enums.OffsetFlag, made.offset),
        hedge=_first(enums.HedgeFlag, made.hedge),
    )


def _position(*row: object) -> JournalPosition:
    made = JournalPosition(*row)  # type: ignore[arg-type]
    return made._replace(hedge=_first(enums.HedgeFlag, made.hedge))


def _first(enumeration: type[_Member], text: str) -> _Member:
    """Returns the member of the first character: a combination has one for each leg."""
    return enumeration(text[:1])


def _some(enumeration: type[_Member], text: str | None) -> _Member | None:
    return enumeration(text) if text else None
