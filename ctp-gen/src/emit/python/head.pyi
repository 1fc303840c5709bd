from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, SupportsIndex, TypeVar, overload
from typing_extensions import Self, disjoint_base

from ctp_py import data, enums

_E = TypeVar("_E", bound=enums.Enumeration)

__version__: str
API_VERSION: str

class CtpError(Exception):
    """Any error of this package."""

class LoadError(CtpError):
    """A library was not loaded."""

class FlowDirError(CtpError):
    """The flow directory cannot be used, for example because another instance uses it."""

class FrontError(CtpError):
    """A front address is not one."""

class NotSent(CtpError):
    """A request did not leave; nothing happened at the counter."""

    code: int

class NotConnected(NotSent):
    """The front is not connected (-1)."""

class TooManyUnanswered(NotSent):
    """Too many requests wait for their answer (-2)."""

class TooFast(NotSent):
    """Too many requests in this second (-3)."""

class NotInVersion(CtpError):
    """The loaded library's version lacks the method or a value does not fit its older record."""

class StateError(CtpError):
    """The call does not fit the life cycle: before or after `Init`, or after `close`."""

class CloseError(CtpError):
    """The API was not closed in time."""

class FieldError(CtpError, ValueError):
    """A value does not fit its field. `record`, `field`, `value` and `limit` say which; the value of a
    secret is never told (`None`). `limit` is a number of GBK bytes or characters, or the lowest and the
    highest number."""

    record: str | None
    field: str | None
    value: Any
    limit: int | tuple[int, int] | None

class FieldTypeError(FieldError, TypeError):
    """A value is of a type that its field does not take, or there is no such field."""

class _Enumeration(Generic[_E]):
    @overload
    def __get__(self, instance: None, owner: type[object]) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type[object]) -> _E | None: ...
    def __set__(self, instance: object, value: str | None) -> None: ...

class Version:
    """A library's version, read from the library itself."""

    @property
    def text(self) -> str: ...
    @property
    def is_simulator(self) -> bool: ...

def version(library: str | PathLike[str]) -> Version: ...
def find_simulator() -> dict[str, Path]: ...
def error_symbol(code: int) -> str | None: ...
def record_names() -> list[str]: ...
def data_names() -> list[str]: ...
def data_class(name: str) -> type[Record] | None: ...
def enumeration_names() -> list[str]: ...
def enumeration_values(name: str) -> list[tuple[str, str, str]] | None: ...
def constant_values() -> dict[str, str]: ...
def callback_names(kind: str) -> list[str]: ...
def close_all(timeout: float = 5.0) -> None: ...

@disjoint_base
class Record:
    """A record of the API. Text is `str`, an unset character and a missing price are `None`."""

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """Returns all fields; secrets are hidden unless asked for."""
    def copy(self) -> Self:
        """Returns a copy."""
    def raw(self, field: str, /) -> bytes:
        """Returns the bytes of a text as they came, before the NUL."""
    def to_ctp(self) -> Record:
        """Returns a copy with CTP's names, for example `ctp_py.OrderField`."""
    def to_data(self) -> Record:
        """Returns a copy with snake_case names, for example `ctp_py.data.Order`."""
    @classmethod
    def from_bytes(cls, data: bytes, /) -> Self:
        """Makes a record of what `bytes(record)` returned: the C struct."""
    def __bytes__(self) -> bytes:
        """Returns the C struct, padding as zeros."""
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]
    def __copy__(self) -> Self: ...
    def __deepcopy__(self, memo: Any, /) -> Self: ...
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]: ...
    def __setstate__(self, state: object, /) -> None: ...

class _Api:
    """What market data and trading have in common."""

    def GetApiVersion(self) -> str: ...
    def GetTradingDay(self) -> str: ...
    def RegisterFront(self, address: str) -> None: ...
    def RegisterNameServer(self, address: str) -> None: ...
    def RegisterFensUserInfo(self, record: FensUserInfoField) -> None: ...
    def Init(self) -> None: ...
    def Join(self) -> int: ...
    def Release(self) -> None: ...
    def close(self, timeout: float = 5.0) -> None: ...
    @property
    def is_simulator(self) -> bool: ...
    @property
    def is_closed(self) -> bool: ...
    @property
    def flow_dir(self) -> Path: ...
    @property
    def dropped_ticks(self) -> int: ...
    @property
    def undelivered(self) -> int: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

class _MdApi(_Api):
    def __init__(
        self,
        library: str | PathLike[str] | None = None,
        flow_dir: str | PathLike[str] | None = None,
        production_mode: bool = True,
        *,
        udp: bool = False,
        multicast: bool = False,
        version: str | None = None,
        tick_capacity: int = 16384,
        spin: bool = False,
    ) -> None: ...
    def RegisterSpi(self, spi: MdSpi | None) -> None: ...

class _TraderApi(_Api):
    def __init__(
        self,
        library: str | PathLike[str] | None = None,
        flow_dir: str | PathLike[str] | None = None,
        production_mode: bool = True,
        *,
        version: str | None = None,
    ) -> None: ...
    def RegisterSpi(self, spi: TraderSpi | None) -> None: ...
    def SubscribePrivateTopic(self, resume_type: int, sequence: int = 1) -> None: ...
    def SubscribePublicTopic(self, resume_type: int) -> None: ...
    def RegisterUserSystemInfo(self, record: UserSystemInfoField) -> int: ...
    def SubmitUserSystemInfo(self, record: UserSystemInfoField) -> int: ...
    def RegisterWechatUserSystemInfo(self, record: WechatUserSystemInfoField) -> int: ...
    def SubmitWechatUserSystemInfo(self, record: WechatUserSystemInfoField) -> int: ...
    def GetFrontInfo(self) -> FrontInfoField: ...
