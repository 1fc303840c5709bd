"""How each foreign client is driven: through its own classes, as one of its users would.

A record arrives as `[name, kind, text]` per field that is not zero; kinds are `text`, `char`, `whole` and `real`. What a
client shows of a record is copied within the callback, because two of them lend it only for so long.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import sys
from collections.abc import Callable
from importlib import metadata
from typing import Any, Protocol

# How `CThostFtdc…Field` goes by the C names.
PREFIX, SUFFIX = "CThostFtdc", "Field"

Seen = Callable[[str, tuple[Any, ...]], None]


class Cannot(Exception):
    """The client's API has no way to do it."""


class Api(Protocol):
    """An API object with its SPI."""

    def start(self, front: str, private: int, number: int, public: int) -> None: ...
    def request(self, name: str, record: str, fields: list[Any], id: int) -> int: ...
    def subscribe(self, name: str, ids: list[str]) -> int: ...
    def release(self) -> None: ...


class Client(Protocol):
    """A client package."""

    # Whether callbacks reach Python from a thread of the client's, after the library's call has returned.
    queues: bool

    def package(self) -> str: ...
    def version(self) -> str: ...
    def callbacks(self, kind: str) -> set[str]: ...
    def fields(self, record: str) -> list[str] | None: ...
    def create(self, kind: str, flow: str, callbacks: set[str], seen: Seen) -> Api: ...
    def shown(self, value: Any) -> dict[str, Any] | None: ...


def copied(arguments: tuple[Any, ...], client: Client) -> list[Any]:
    """Returns record, pRspInfo, number and bIsLast of a callback; which there are follows from how many."""
    record = info = None
    number, last = 0, False
    match arguments:
        case ():
            pass
        case (bool() | int() as number,):
            pass
        case (record,):
            pass
        case (record, info):
            pass
        case (info, number, last):
            pass
        case (record, info, number, last):
            pass
    return [texts(client.shown(record)), texts(client.shown(info)), int(number), bool(last)]


def texts(fields: dict[str, Any] | None) -> dict[str, str] | None:
    """Returns the fields as the client shows them; those that are zero are left out."""
    if fields is None:
        return None
    shown = {}
    for name, value in fields.items():
        if isinstance(value, bytes):
            # Bytes where a client does not decode: its user does.
            value = value.decode("gb18030", "backslashreplace")
        if value in (0, "", "\0"):
            continue
        text = repr(value) if isinstance(value, float) else str(value)
        # Surrogates stand for bytes that a client could not decode.
        shown[name] = text.encode("utf-8", "backslashreplace").decode()
    return shown


def value(kind: str, text: str) -> str | int | float:
    """Returns what a user would assign."""
    match kind:
        case "whole":
            return int(text)
        case "real":
            return float(text)
    return text


def method(owner: object, name: str) -> Any:
    """Returns a method of the client, which it may lack."""
    found = getattr(owner, name, None)
    if found is None:
        raise Cannot(f"{type(owner).__name__} has no {name}")
    return found


def recorder(base: type, callbacks: set[str], seen: Seen, named: Callable[[str], str] = str) -> type:
    """Returns a subclass of an SPI that tells every callback; `named` makes the client's name of the C name."""

    def tells(name: str) -> Callable[..., None]:
        return lambda self, *arguments: seen(name, arguments)

    return type("Recorder", (base,), {named(name): tells(name) for name in callbacks})


# ---------------------------------------------------------------------------------------------------------------------
# openctp-ctp and ctp-python: SWIG with directors.


class Swig:
    """Modules that SWIG made: classes go by the C names, an SPI is a director."""

    queues = False

    def __init__(self, package: str, trader: str, md: str, counted: bool) -> None:
        self._package = package
        self.modules = {"trader": importlib.import_module(trader), "md": importlib.import_module(md)}
        # Whether a subscription takes a list of bytes and their count, else a list of text.
        self.counted = counted

    def api(self, kind: str) -> Any:
        return getattr(self.modules[kind], "CThostFtdcTraderApi" if kind == "trader" else "CThostFtdcMdApi")

    def spi(self, kind: str) -> Any:
        return getattr(self.modules[kind], "CThostFtdcTraderSpi" if kind == "trader" else "CThostFtdcMdSpi")

    def package(self) -> str:
        return metadata.version(self._package)

    def version(self) -> str:
        return str(self.api("trader").GetApiVersion())

    def callbacks(self, kind: str) -> set[str]:
        return {name for name in dir(self.spi(kind)) if name.startswith("On")}

    def record(self, kind: str, record: str) -> Any:
        return method(self.modules[kind], record)

    def fields(self, record: str) -> list[str] | None:
        for module in self.modules.values():
            if hasattr(module, record):
                return properties(getattr(module, record))
        return None

    def shown(self, value: Any) -> dict[str, Any] | None:
        if value is None:
            return None
        return {name: read(value, name) for name in properties(type(value))}

    def create(self, kind: str, flow: str, callbacks: set[str], seen: Seen) -> Api:
        return SwigApi(self, kind, flow, callbacks, seen)


def read(value: Any, name: str) -> Any:
    """Reads a field; what the client raises instead is shown."""
    try:
        return getattr(value, name)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


_properties: dict[type, list[str]] = {}


def properties(record: type) -> list[str]:
    found = _properties.get(record)
    if found is None:
        found = [name for name, kind in vars(record).items() if isinstance(kind, property) and name != "thisown"]
        _properties[record] = found
    return found


class SwigApi:
    """An API object of a SWIG client."""

    def __init__(self, client: Swig, kind: str, flow: str, callbacks: set[str], seen: Seen) -> None:
        self._client, self._kind = client, kind
        spi = recorder(client.spi(kind), callbacks, seen)
        create = "CreateFtdcTraderApi" if kind == "trader" else "CreateFtdcMdApi"
        self._api = getattr(client.api(kind), create)(flow)
        self._spi = spi()

    def start(self, front: str, private: int, number: int, public: int) -> None:
        self._api.RegisterSpi(self._spi)
        if self._kind == "trader":
            numbered = (number,) if number != 1 else ()
            try:
                self._api.SubscribePrivateTopic(private, *numbered)
            except (TypeError, NotImplementedError) as error:
                raise Cannot(f"SubscribePrivateTopic takes no number: {error}") from error
            self._api.SubscribePublicTopic(public)
        self._api.RegisterFront(front)
        self._api.Init()

    def request(self, name: str, record: str, fields: list[Any], id: int) -> int:
        made = self._client.record(self._kind, record)()
        for field, kind, text in fields:
            if field not in properties(type(made)):
                raise Cannot(f"{record} has no {field}")
            setattr(made, field, value(kind, text))
        return int(method(self._api, name)(made, id))

    def subscribe(self, name: str, ids: list[str]) -> int:
        call = method(self._api, name)
        if self._client.counted:
            return int(call([id.encode() for id in ids], len(ids)))
        return int(call(ids))

    def release(self) -> None:
        self._api.RegisterSpi(None)
        self._api.Release()


# ---------------------------------------------------------------------------------------------------------------------
# vnpy_ctp: pybind11, records are dictionaries, a queue and a thread of its own.


class Vnpy:
    """The `api` of vnpy_ctp, which works without vnpy."""

    queues = True

    def __init__(self) -> None:
        found = importlib.util.find_spec("vnpy_ctp")  # Not imported: that needs vnpy.
        assert found is not None and found.submodule_search_locations is not None
        sys.path.insert(0, f"{found.submodule_search_locations[0]}/api")
        self._apis = {
            "trader": importlib.import_module("vnctptd").TdApi,
            "md": importlib.import_module("vnctpmd").MdApi,
        }

    def api(self, kind: str) -> Any:
        return self._apis[kind]

    def package(self) -> str:
        return metadata.version("vnpy_ctp")

    def version(self) -> str:
        return str(self.api("trader")().getApiVersion())

    def callbacks(self, kind: str) -> set[str]:
        return {upper(name) for name in dir(self.api(kind)) if name.startswith("on")}

    def fields(self, record: str) -> list[str] | None:
        return None

    def shown(self, value: Any) -> dict[str, Any] | None:
        # NULL is an empty dictionary.
        return dict(value) if value else None

    def create(self, kind: str, flow: str, callbacks: set[str], seen: Seen) -> Api:
        return VnpyApi(self, kind, flow, callbacks, seen)


def upper(name: str) -> str:
    return name[0].upper() + name[1:]


def lower(name: str) -> str:
    return name[0].lower() + name[1:]


class VnpyApi:
    """An API object of vnpy_ctp, which is its own SPI."""

    def __init__(self, client: Vnpy, kind: str, flow: str, callbacks: set[str], seen: Seen) -> None:
        self._kind = kind
        self._api = recorder(client.api(kind), callbacks, seen, lower)()
        (self._api.createFtdcTraderApi if kind == "trader" else self._api.createFtdcMdApi)(flow, True)

    def start(self, front: str, private: int, number: int, public: int) -> None:
        if self._kind == "trader":
            if number != 1:
                raise Cannot("TdApi.subscribePrivateTopic takes no number")
            self._api.subscribePrivateTopic(private)
            self._api.subscribePublicTopic(public)
        self._api.registerFront(front)
        self._api.init()

    def request(self, name: str, record: str, fields: list[Any], id: int) -> int:
        values = {field: value(kind, text) for field, kind, text in fields}
        return int(method(self._api, lower(name))(values, id))

    def subscribe(self, name: str, ids: list[str]) -> int:
        call = method(self._api, lower(name))
        if len(ids) == 1:
            return int(call(ids[0]))
        raise Cannot(f"MdApi.{lower(name)} takes one instrument")

    def release(self) -> None:
        self._api.exit()


# ---------------------------------------------------------------------------------------------------------------------
# ctpwrapper: Cython, records are structures of ctypes.


class Ctpwrapper:
    """The classes of ctpwrapper."""

    queues = False

    def __init__(self) -> None:
        package = importlib.import_module("ctpwrapper")
        self._apis = {"trader": package.TraderApiPy, "md": package.MdApiPy}
        self._records = importlib.import_module("ctpwrapper.ApiStructure")

    def api(self, kind: str) -> Any:
        return self._apis[kind]

    def package(self) -> str:
        return metadata.version("ctpwrapper")

    def version(self) -> str:
        version = self.api("trader").GetApiVersion()
        return version.decode() if isinstance(version, bytes) else str(version)

    def callbacks(self, kind: str) -> set[str]:
        return {name for name in dir(self.api(kind)) if name.startswith("On")}

    def record(self, record: str) -> Any:
        return method(self._records, record.removeprefix(PREFIX))

    def fields(self, record: str) -> list[str] | None:
        found = getattr(self._records, record.removeprefix(PREFIX), None)
        return None if found is None else [name for name, *_ in found._fields_]

    def shown(self, value: Any) -> dict[str, Any] | None:
        return None if value is None else dict(value.to_dict())

    def create(self, kind: str, flow: str, callbacks: set[str], seen: Seen) -> Api:
        return CtpwrapperApi(self, kind, flow, callbacks, seen)


class CtpwrapperApi:
    """An API object of ctpwrapper, which is its own SPI."""

    def __init__(self, client: Ctpwrapper, kind: str, flow: str, callbacks: set[str], seen: Seen) -> None:
        self._client, self._kind = client, kind
        made = recorder(client.api(kind), callbacks, seen)
        # Its own Init sleeps for a second after calling this one.
        self._init = client.api(kind).__base__.Init
        self._api = made()
        self._api.Create(flow)

    def start(self, front: str, private: int, number: int, public: int) -> None:
        if self._kind == "trader":
            self._api.SubscribePrivateTopic(private, number)
            self._api.SubscribePublicTopic(public)
        self._api.RegisterFront(front)
        self._init(self._api)

    def request(self, name: str, record: str, fields: list[Any], id: int) -> int:
        made = self._client.record(record)
        # A character has to be given: the constructor's own default for it is no character.
        values: dict[str, Any] = {field: b"\0" for field, kind in made._fields_ if kind is ctypes.c_char}
        for field, kind, text in fields:
            if field not in (self._client.fields(record) or []):
                raise Cannot(f"{record.removeprefix(PREFIX)} has no {field}")
            # Text as bytes: the constructor would make UTF-8 of it.
            values[field] = text.encode("gb18030") if kind in ("text", "char") else value(kind, text)
        return int(method(self._api, name)(made(**values), id))

    def subscribe(self, name: str, ids: list[str]) -> int:
        return int(method(self._api, name)(ids))

    def release(self) -> None:
        self._api.Release()


def openctp() -> Client:
    return Swig("openctp-ctp", "openctp_ctp.thosttraderapi", "openctp_ctp.thostmduserapi", counted=True)


def ctp_python() -> Client:
    return Swig("ctp-python", "ctp", "ctp", counted=False)


CLIENTS: dict[str, Callable[[], Client]] = {
    "openctp-ctp": openctp,
    "ctp-python": ctp_python,
    "vnpy_ctp": Vnpy,
    "ctpwrapper": Ctpwrapper,
}
