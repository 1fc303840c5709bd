"""`ctp_py.openctp`: a script written for openctp-ctp, as its users write them."""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ctp_py
import ctp_py.openctp
from conftest import PATIENCE, run_python
from ctp_py.demo import main_contract

RB = main_contract("rb")


@pytest.fixture
def modules() -> Iterator[tuple[Any, Any]]:
    """`mdapi` and `tdapi`, as `openctp_ctp`'s users import them."""
    before = dict(sys.modules)
    ctp_py.openctp.install()
    from openctp_ctp import mdapi, tdapi

    yield mdapi, tdapi
    for name in set(sys.modules) - set(before):
        del sys.modules[name]


def wait(calls: queue.SimpleQueue[tuple[str, tuple[Any, ...]]], name: str) -> tuple[Any, ...]:
    while True:
        found, arguments = calls.get(timeout=PATIENCE)
        if found == name:
            return arguments


def recorder(base: type, calls: queue.SimpleQueue[tuple[str, tuple[Any, ...]]]) -> Any:
    class Spi(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()

        def __getattribute__(self, name: str) -> Any:
            if name.startswith("On"):
                return lambda *arguments: calls.put((name, arguments))
            return super().__getattribute__(name)

    return Spi()


def test_ticks(modules: tuple[Any, Any], front: str, tmp_path: Path) -> None:
    mdapi, _ = modules
    assert "CTPSIM" in mdapi.CThostFtdcMdApi.GetApiVersion()
    calls: queue.SimpleQueue[tuple[str, tuple[Any, ...]]] = queue.SimpleQueue()
    api = mdapi.CThostFtdcMdApi.CreateFtdcMdApi(str(tmp_path / "flow"))
    spi = recorder(mdapi.CThostFtdcMdSpi, calls)
    api.RegisterSpi(spi)
    api.RegisterFront(front)
    login = mdapi.CThostFtdcReqUserLoginField()
    login.BrokerID, login.UserID, login.Password = "9999", "tester", "simulator"
    assert api.ReqUserLogin(login, 1) == -1
    api.Init()
    wait(calls, "OnFrontConnected")
    assert api.ReqUserLogin(login, 1) == 0
    answer, info, request, is_last = wait(calls, "OnRspUserLogin")
    assert info.ErrorID == 0 and (request, is_last) == (1, True)
    assert api.SubscribeMarketData([RB.encode()], 1) == 0
    (tick,) = wait(calls, "OnRtnDepthMarketData")
    assert tick.InstrumentID == RB and tick.LastPrice > 0 and api.GetTradingDay() == answer.TradingDay
    api.RegisterSpi(None)
    api.Release()
    assert api.Join() == 0


def test_an_order(modules: tuple[Any, Any], front: str, tmp_path: Path) -> None:
    _, tdapi = modules
    calls: queue.SimpleQueue[tuple[str, tuple[Any, ...]]] = queue.SimpleQueue()
    api = tdapi.CThostFtdcTraderApi.CreateFtdcTraderApi(str(tmp_path / "flow"))
    spi = recorder(tdapi.CThostFtdcTraderSpi, calls)
    api.RegisterSpi(spi)
    api.SubscribePrivateTopic(tdapi.THOST_TERT_QUICK)
    api.SubscribePublicTopic(tdapi.THOST_TERT_QUICK)
    api.RegisterFront(front)
    api.Init()
    wait(calls, "OnFrontConnected")
    login = tdapi.CThostFtdcReqUserLoginField()
    login.BrokerID, login.UserID, login.Password = "9999", "tester", "simulator"
    api.ReqUserLogin(login, 1)
    wait(calls, "OnRspUserLogin")
    confirm = tdapi.CThostFtdcSettlementInfoConfirmField()
    confirm.BrokerID, confirm.InvestorID = "9999", "tester"
    api.ReqSettlementInfoConfirm(confirm, 2)
    wait(calls, "OnRspSettlementInfoConfirm")
    order = tdapi.CThostFtdcInputOrderField()
    order.BrokerID, order.InvestorID, order.InstrumentID, order.OrderRef = "9999", "tester", "nothing", "7"
    order.Direction = tdapi.THOST_FTDC_D_Buy
    assert api.ReqOrderInsert(order, 3) == 0
    refused, info, _, _ = wait(calls, "OnRspOrderInsert")
    assert refused.OrderRef == "7" and refused.Direction == tdapi.THOST_FTDC_D_Buy and info.ErrorID != 0
    with pytest.raises(ValueError, match="InstrumentID"):
        order.InstrumentID = "x" * 5000
    api.Release()


def test_names_are_all_there(modules: tuple[Any, Any]) -> None:
    for module, api, spi, kind in (
        (modules[0], "CThostFtdcMdApi", "CThostFtdcMdSpi", "md"),
        (modules[1], "CThostFtdcTraderApi", "CThostFtdcTraderSpi", "trader"),
    ):
        for name in ctp_py._ctp_py.callback_names(kind):
            assert callable(getattr(getattr(module, spi)(), name))
        assert callable(getattr(module, api).GetApiVersion)
        for name in ctp_py._ctp_py.record_names():
            assert getattr(module, f"CThostFtdc{name}") is getattr(ctp_py, name)
        with pytest.raises(AttributeError, match="no attribute 'CThostFtdcNothing'"):
            module.CThostFtdcNothing  # noqa: B018


def test_a_library_that_is_chosen_is_loaded(tmp_path: Path) -> None:
    script = (
        "from ctp_py import openctp; openctp.use(trader_library='missing.so')\n"
        "openctp.tdapi.CThostFtdcTraderApi.CreateFtdcTraderApi('')\n"
    )
    done = run_python("-c", script, cwd=tmp_path)
    assert done.returncode == 1 and "missing.so" in done.stderr
