"""What both modules share: the classes in the style of SWIG's wrappers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ctp_py
from ctp_py import _ctp_py, _libraries, constants

#: What stands in both modules.
RESUME_TYPES = {
    "THOST_TERT_RESTART": 0,
    "THOST_TERT_RESUME": 1,
    "THOST_TERT_QUICK": 2,
    "THOST_TERT_NONE": 3,
}


def common() -> dict[str, object]:
    """Returns the constants under their C names."""
    return {name: value for name, value in vars(constants).items() if name.startswith("THOST_")} | RESUME_TYPES


def record(module: str, name: str) -> object:
    """Returns the record class `CThostFtdcXField`."""
    if name.startswith("CThostFtdc") and name.endswith("Field"):
        return getattr(ctp_py, name.removeprefix("CThostFtdc"))
    raise AttributeError(f"module {module!r} has no attribute {name!r}")


def spi(name: str, callbacks: Sequence[str]) -> type:
    """Makes a class with every callback, doing nothing."""

    def ignore(self: object, *arguments: object) -> None:
        """Called unless a subclass has its own."""

    return type(name, (), {callback: ignore for callback in callbacks})


def code(call: Callable[..., int]) -> Callable[..., int]:
    """Returns CTP's code instead of raising when a request did not leave."""

    def send(*arguments: Any) -> int:
        try:
            return call(*arguments)
        except ctp_py.NotSent as error:
            return error.code

    return send


class Api:
    """An API object; what is not written here is the low level's own."""

    def __init__(self, api: ctp_py.MdApi | ctp_py.TraderApi) -> None:
        self._api = api

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._api, name)
        if name.startswith(("Req", "Submit")) or name in ("RegisterUserSystemInfo", "RegisterWechatUserSystemInfo"):
            found = code(found)
            # The next look finds it at once.
            self.__dict__[name] = found
        return found

    def RegisterSpi(self, spi: Any) -> None:
        # After Init it cannot be changed; scripts unregister before Release, which does it anyway.
        if spi is None and (self._api.is_closed or self._initialised):
            return
        self._api.RegisterSpi(spi)

    _initialised = False

    def Init(self) -> None:
        self._initialised = True
        self._api.Init()

    def Release(self) -> None:
        self._api.Release()


class MdApi(Api):
    """`CThostFtdcMdApi`."""

    _api: ctp_py.MdApi

    @staticmethod
    def CreateFtdcMdApi(
        pszFlowPath: str = "",
        bIsUsingUdp: bool = False,
        bIsMulticast: bool = False,
        bIsProductionMode: bool = True,
    ) -> MdApi:
        api = ctp_py.MdApi(
            _libraries.chosen("md"),
            pszFlowPath or None,
            bIsProductionMode,
            udp=bIsUsingUdp,
            multicast=bIsMulticast,
        )
        return MdApi(api)

    @staticmethod
    def GetApiVersion() -> str:
        library = _libraries.chosen("md") or ctp_py.find_simulator()["md"]
        return str(ctp_py.version(library))

    def SubscribeMarketData(self, instruments: Sequence[str | bytes], count: int | None = None) -> int:
        return code(self._api.SubscribeMarketData)(_texts(instruments, count))

    def UnSubscribeMarketData(self, instruments: Sequence[str | bytes], count: int | None = None) -> int:
        return code(self._api.UnSubscribeMarketData)(_texts(instruments, count))

    def SubscribeForQuoteRsp(self, instruments: Sequence[str | bytes], count: int | None = None) -> int:
        return code(self._api.SubscribeForQuoteRsp)(_texts(instruments, count))

    def UnSubscribeForQuoteRsp(self, instruments: Sequence[str | bytes], count: int | None = None) -> int:
        return code(self._api.UnSubscribeForQuoteRsp)(_texts(instruments, count))


class TraderApi(Api):
    """`CThostFtdcTraderApi`."""

    _api: ctp_py.TraderApi

    @staticmethod
    def CreateFtdcTraderApi(pszFlowPath: str = "", bIsProductionMode: bool = True) -> TraderApi:
        return TraderApi(ctp_py.TraderApi(_libraries.chosen("trader"), pszFlowPath or None, bIsProductionMode))

    @staticmethod
    def GetApiVersion() -> str:
        library = _libraries.chosen("trader") or ctp_py.find_simulator()["trader"]
        return str(ctp_py.version(library))


def _texts(instruments: Sequence[str | bytes], count: int | None) -> list[str]:
    wanted = list(instruments)[:count]
    return [each.decode("gbk") if isinstance(each, bytes) else each for each in wanted]


#: The callbacks by class.
CALLBACKS: dict[str, list[str]] = {kind: _ctp_py.callback_names(kind) for kind in ("md", "trader")}
