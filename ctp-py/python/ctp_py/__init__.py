"""China's futures market through CTP.

Records, requests and callbacks have CTP's own names; text is `str`, a missing price is `None`.
Without a library path everything runs on the simulator that comes with the package::

    import ctp_py

    class Spi(ctp_py.MdSpi):
        def OnRtnDepthMarketData(self, tick):
            print(tick.InstrumentID, tick.LastPrice)

    with ctp_py.MdApi() as api:
        api.RegisterSpi(Spi())
        api.RegisterFront("sim://demo")
        api.Init()
        api.Join()
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from ctp_py import _ctp_py
from ctp_py._ctp_py import (
    API_VERSION as API_VERSION,
    AccountNow as AccountNow,
    Cancelled as Cancelled,
    CaptureError as CaptureError,
    Closable as Closable,
    CloseError as CloseError,
    Closing as Closing,
    Combination as Combination,
    Comparison as Comparison,
    Condition as Condition,
    ConfigError as ConfigError,
    CtpError as CtpError,
    DayProfit as DayProfit,
    Denied as Denied,
    Difference as Difference,
    Exercise as Exercise,
    Faulted as Faulted,
    FieldError as FieldError,
    FieldTypeError as FieldTypeError,
    FlowDirError as FlowDirError,
    FrontError as FrontError,
    GateState as GateState,
    Gateway as Gateway,
    Handler as Handler,
    Instruction as Instruction,
    InstructionView as InstructionView,
    JournalError as JournalError,
    Killed as Killed,
    LoadError as LoadError,
    Login as Login,
    LoginError as LoginError,
    MdApi as MdApi,
    MdClient as MdClient,
    MdEvent as MdEvent,
    NewOrder as NewOrder,
    NotConnected as NotConnected,
    NotFilled as NotFilled,
    NotInVersion as NotInVersion,
    NotReady as NotReady,
    NotSent as NotSent,
    Order as Order,
    OrderView as OrderView,
    Outcome as Outcome,
    Parked as Parked,
    ParkedCancel as ParkedCancel,
    Pending as Pending,
    PositionNow as PositionNow,
    Quote as Quote,
    RawEvent as RawEvent,
    Record as Record,
    Refusal as Refusal,
    Rejected as Rejected,
    Requests as Requests,
    RiskSnapshot as RiskSnapshot,
    SelfClose as SelfClose,
    Sent as Sent,
    StateError as StateError,
    Stream as Stream,
    SystemInfo as SystemInfo,
    TdClient as TdClient,
    TdEvent as TdEvent,
    Tick as Tick,
    TimedOut as TimedOut,
    TickBatch as TickBatch,
    TickColumn as TickColumn,
    TooFast as TooFast,
    TooManyUnanswered as TooManyUnanswered,
    Trade as Trade,
    TraderApi as TraderApi,
    Unknown as Unknown,
    Version as Version,
    __version__ as __version__,
    close_all as close_all,
    error_symbol as error_symbol,
    find_simulator as find_simulator,
    system_info as system_info,
    version as version,
)

if TYPE_CHECKING:
    from ctp_py._ctp_py import *
    from ctp_py._ctp_py import MdSpi as MdSpi, TraderSpi as TraderSpi
    from ctp_py.journal import Journal as Journal
else:

    class MdSpi:
        """Callbacks of `CThostFtdcMdSpi`: define those you want; the others are skipped."""

    class TraderSpi:
        """Callbacks of `CThostFtdcTraderSpi`: define those you want; the others are skipped."""


class ResumeType(IntEnum):
    """What of a stream is replayed at login. C: `THOST_TE_RESUME_TYPE`."""

    RESTART = 0
    RESUME = 1
    QUICK = 2
    NONE = 3
    FROM_SEQ_NO = 4


def __getattr__(name: str) -> object:
    """Makes record classes on first use."""
    if name == "Journal":
        from ctp_py.journal import Journal

        return Journal
    if not name.endswith("Field"):
        raise AttributeError(f"module 'ctp_py' has no attribute {name!r}")
    record: object = getattr(_ctp_py, name)
    globals()[name] = record
    return record


def __dir__() -> list[str]:
    return sorted({*globals(), "Journal", *_ctp_py.record_names()})
