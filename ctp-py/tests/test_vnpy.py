"""`ctp_py.vnpy`: a script written for vnpy_ctp, as its users write them."""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ctp_py.vnpy
from conftest import PATIENCE, run_python
from ctp_py.demo import main_contract

RB = main_contract("rb")
USER = {"BrokerID": "9999", "UserID": "vnpy", "InvestorID": "vnpy", "Password": "simulator"}

#: The largest double: CTP's, and vnpy's, price that is not there.
MAX = sys.float_info.max


@pytest.fixture
def api() -> Iterator[Any]:
    """`vnpy_ctp.api`, which is forgotten afterwards."""
    before = dict(sys.modules)
    ctp_py.vnpy.install()
    from vnpy_ctp import api

    yield api
    for name in set(sys.modules) - set(before):
        if "vnpy" in name or name.startswith("vnct"):
            del sys.modules[name]


class Calls:
    def __init__(self) -> None:
        self.calls: queue.SimpleQueue[tuple[str, tuple[Any, ...]]] = queue.SimpleQueue()

    def put(self, name: str, *arguments: Any) -> None:
        self.calls.put((name, arguments))

    def wait(self, name: str, **wanted: Any) -> tuple[Any, ...]:
        while True:
            found, arguments = self.calls.get(timeout=PATIENCE)
            if found == name and all(arguments[0][key] == value for key, value in wanted.items()):
                return arguments


def md_of(api: Any, calls: Calls) -> Any:
    class Md(api.MdApi):  # type: ignore[misc]
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def onFrontConnected(self) -> None:
            calls.put("connected", self.name)

        def onRspUserLogin(self, data: dict[str, Any], error: dict[str, Any], reqid: int, last: bool) -> None:
            super().onRspUserLogin(data, error, reqid, last)
            calls.put("login", data, error, reqid, last)

        def onRspSubMarketData(self, data: dict[str, Any], error: dict[str, Any], reqid: int, last: bool) -> None:
            calls.put("subscribed", data, error)

        def onRtnDepthMarketData(self, data: dict[str, Any]) -> None:
            calls.put("tick", data)

    return Md("md")


def td_of(api: Any, calls: Calls) -> Any:
    class Td(api.TdApi):  # type: ignore[misc]
        def onFrontConnected(self) -> None:
            calls.put("connected")

        def onRspAuthenticate(self, data: dict[str, Any], error: dict[str, Any], reqid: int, last: bool) -> None:
            calls.put("authenticated", data, error)

        def onRspUserLogin(self, data: dict[str, Any], error: dict[str, Any], reqid: int, last: bool) -> None:
            calls.put("login", data, error)

        def onRspSettlementInfoConfirm(
            self, data: dict[str, Any], error: dict[str, Any], reqid: int, last: bool
        ) -> None:
            calls.put("confirmed", data, error)

        def onRspOrderInsert(self, data: dict[str, Any], error: dict[str, Any], reqid: int, last: bool) -> None:
            calls.put("refused", data, error)

        def onRtnOrder(self, data: dict[str, Any]) -> None:
            calls.put("order", data)

        def onRtnTrade(self, data: dict[str, Any]) -> None:
            calls.put("trade", data)

        def onRspQryDepthMarketData(
            self, data: dict[str, Any], error: dict[str, Any], reqid: int, last: bool
        ) -> None:
            calls.put("depth", data, error)

        def onRspQryInstrument(self, data: dict[str, Any], error: dict[str, Any], reqid: int, last: bool) -> None:
            calls.put("instrument", data, error, reqid, last)

    return Td()


def test_names_are_where_scripts_look_for_them(api: Any) -> None:
    import vnctpmd
    import vnctptd
    from vnpy_ctp.api import THOST_FTDC_D_Buy, MdApi, TdApi
    from vnpy_ctp.api.ctp_constant import THOST_FTDC_OST_AllTraded
    from vnpy_ctp.api.vnctpmd import MdApi as Same

    assert MdApi is Same is vnctpmd.MdApi and TdApi is vnctptd.TdApi
    assert (THOST_FTDC_D_Buy, THOST_FTDC_OST_AllTraded) == ("0", "0")


def test_ticks_are_dictionaries(api: Any, front: str, tmp_path: Path) -> None:
    calls = Calls()
    md = md_of(api, calls)
    # The gateway of vnpy_ctp passes bytes.
    md.createFtdcMdApi(str(tmp_path / "md").encode("GBK"), True)
    md.registerFront(front)
    md.init()
    assert calls.wait("connected") == ("md",)
    assert md.reqUserLogin({**USER, "NoSuchField": 1}, 7) == 0
    data, error, reqid, last = calls.wait("login")
    assert data["UserID"] == "vnpy" and error["ErrorID"] == 0 and (reqid, last) == (7, True)
    assert md.getTradingDay() == data["TradingDay"]
    assert md.subscribeMarketData(RB) == 0
    assert calls.wait("subscribed")[0]["InstrumentID"] == RB
    (tick,) = calls.wait("tick")
    assert tick["InstrumentID"] == RB and isinstance(tick["LastPrice"], float)
    # What is not there is what CTP sends, not None.
    assert tick["SettlementPrice"] == MAX and isinstance(tick["Volume"], int)
    assert len(tick) == len(ctp_py.DepthMarketDataField().to_dict())
    assert md.unSubscribeMarketData(RB) == 0 and md.exit() == 1 and md.exit() == 1
    with pytest.raises(ctp_py.StateError):
        md.subscribeMarketData(RB)
    # After exit there may be another one.
    md.createFtdcMdApi("", False)
    assert md.exit() == 1


def test_a_day_of_trading(api: Any, front: str, tmp_path: Path) -> None:
    calls = Calls()
    td = td_of(api, calls)
    td.createFtdcTraderApi(str(tmp_path / "td"), True)
    td.subscribePrivateTopic(0)
    td.subscribePublicTopic(0)
    td.registerFront(front)
    assert td.reqUserLogin(USER, 1) == -1
    td.init()
    calls.wait("connected")
    td.reqAuthenticate({**USER, "AppID": "simnow_client_test", "AuthCode": "0" * 16}, 1)
    assert calls.wait("authenticated")[1]["ErrorID"] == 0
    td.reqUserLogin(USER, 2)
    assert calls.wait("login")[1]["ErrorID"] == 0
    td.reqSettlementInfoConfirm(USER, 3)
    calls.wait("confirmed")
    assert "CTPSIM" in td.getApiVersion() and td.getFrontInfo()["QryFreq"] >= 0
    while td.reqQryDepthMarketData({"InstrumentID": RB}, 4) != 0:
        pass
    (tick, *_) = calls.wait("depth")
    order = {
        **USER,
        "ExchangeID": "SHFE",
        "InstrumentID": RB,
        "OrderRef": "11",
        "Direction": api.THOST_FTDC_D_Buy,
        "CombOffsetFlag": api.THOST_FTDC_OF_Open,
        "CombHedgeFlag": api.THOST_FTDC_HF_Speculation,
        "OrderPriceType": api.THOST_FTDC_OPT_LimitPrice,
        "LimitPrice": tick["UpperLimitPrice"],
        "VolumeTotalOriginal": 1,
        "TimeCondition": api.THOST_FTDC_TC_GFD,
        "VolumeCondition": api.THOST_FTDC_VC_AV,
        "MinVolume": 1,
        "ContingentCondition": api.THOST_FTDC_CC_Immediately,
        "ForceCloseReason": api.THOST_FTDC_FCC_NotForceClose,
        "IsAutoSuspend": 0,
    }
    assert td.reqOrderInsert(order, 4) == 0
    assert calls.wait("order", OrderRef="11")[0]["VolumeTotalOriginal"] == 1
    assert calls.wait("trade", OrderRef="11")[0]["Volume"] == 1
    order["InstrumentID"], order["OrderRef"] = "没有", "12"
    td.reqOrderInsert(order, 5)
    data, error = calls.wait("refused", OrderRef="12")
    assert data["InstrumentID"] == "没有" and error["ErrorID"] != 0 and error["ErrorMsg"].startswith("CTP:")
    while td.reqQryInstrument({"InstrumentID": RB}, 6) != 0:
        pass
    data, error, reqid, last = calls.wait("instrument")
    assert (data["InstrumentID"], error, reqid, last) == (RB, {}, 6, True)
    # An unset character reads as vnpy_ctp's, and can be written back.
    assert data["OptionsType"] == "\0"
    with pytest.raises(ValueError, match="InstrumentID"):
        td.reqQryInstrument({"InstrumentID": "x" * 5000}, 7)
    with pytest.raises(TypeError, match="LimitPrice"):
        td.reqOrderInsert({**order, "LimitPrice": None}, 8)
    td.exit()


def test_calls_before_there_is_an_object_are_refused(api: Any) -> None:
    for call in (api.MdApi().init, api.TdApi().join, api.TdApi().getTradingDay):
        with pytest.raises(ctp_py.StateError, match="createFtdc"):
            call()
    assert api.MdApi().exit() == 1


def test_every_request_and_callback_has_its_name(api: Any) -> None:
    for kind, drop_in, own in (("md", api.MdApi, ctp_py.MdApi), ("trader", api.TdApi, ctp_py.TraderApi)):
        for name in ctp_py._ctp_py.callback_names(kind) + [name for name in dir(own) if name.startswith("Req")]:
            assert callable(getattr(drop_in, name[0].lower() + name[1:])), name


def test_exit_in_a_callback_ends(api: Any, front: str) -> None:
    calls = Calls()

    class Md(api.MdApi):  # type: ignore[misc]
        def onFrontConnected(self) -> None:
            calls.put("code", self.exit())

    md = Md()
    md.createFtdcMdApi("")
    md.registerFront(front)
    md.init()
    assert calls.wait("code") == (1,)
    assert md.join() == 0


def test_a_library_that_is_chosen_is_loaded(tmp_path: Path) -> None:
    script = (
        "import ctp_py.vnpy; ctp_py.vnpy.install(md_library='missing.so')\n"
        "from vnpy_ctp.api import MdApi\n"
        "MdApi().createFtdcMdApi('')\n"
    )
    done = run_python("-c", script, cwd=tmp_path)
    assert done.returncode == 1 and "missing.so" in done.stderr


def test_how_many_ticks_wait_can_be_chosen() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ctp_py.vnpy.install(tick_capacity=0)


def test_homalos_finds_it_under_its_own_name(tmp_path: Path) -> None:
    script = (
        "import ctp_py.vnpy; ctp_py.vnpy.install(package='homalos_ctp')\n"
        "from homalos_ctp.api import MdApi, TdApi\n"
        "print(MdApi.__name__, TdApi.__name__)\n"
    )
    done = run_python("-c", script, cwd=tmp_path)
    assert done.stdout == "MdApi TdApi\n", done.stderr
