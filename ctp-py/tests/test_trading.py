"""Trading on the simulator: an order that fills, one that is cancelled, ones that are refused."""

from __future__ import annotations

from typing import Any

import pytest

import ctp_py
from conftest import Recorder, log_in_td
from ctp_py import enums
from ctp_py.demo import main_contract

RB = main_contract("rb")


def order(**fields: Any) -> ctp_py.InputOrderField:
    values = {
        "BrokerID": "9999",
        "InvestorID": "tester",
        "UserID": "tester",
        "InstrumentID": RB,
        "ExchangeID": "SHFE",
        "OrderRef": "1",
        "OrderPriceType": enums.OrderPriceType.LimitPrice,
        "Direction": enums.Direction.Buy,
        "CombOffsetFlag": "0",
        "CombHedgeFlag": "1",
        "VolumeTotalOriginal": 1,
        "TimeCondition": enums.TimeCondition.GFD,
        "VolumeCondition": enums.VolumeCondition.AV,
        "ContingentCondition": enums.ContingentCondition.Immediately,
        "ForceCloseReason": enums.ForceCloseReason.NotForceClose,
        "MinVolume": 1,
    }
    return ctp_py.InputOrderField(**{**values, **fields})


def depth(api: ctp_py.TraderApi, spi: Recorder) -> ctp_py.DepthMarketDataField:
    api.ReqQryDepthMarketData(ctp_py.QryDepthMarketDataField(InstrumentID=RB), 9)
    found = spi.wait("OnRspQryDepthMarketData")[0]
    assert isinstance(found, ctp_py.DepthMarketDataField)
    return found


def test_an_order_fills(front: str) -> None:
    spi = Recorder()
    with ctp_py.TraderApi() as api:
        log_in_td(api, spi, front)
        assert api.ReqOrderInsert(order(LimitPrice=depth(api, spi).UpperLimitPrice), 3) == 0
        states: list[enums.OrderStatus] = []
        while not states or states[-1] is not enums.OrderStatus.AllTraded:
            states.append(spi.wait("OnRtnOrder")[0].OrderStatus)
        assert states[0] is enums.OrderStatus.Unknown
        (trade,) = spi.wait("OnRtnTrade")
        assert (trade.InstrumentID, trade.Volume, trade.Direction) == (RB, 1, enums.Direction.Buy)


def test_an_order_rests_and_is_cancelled_from_a_handler(front: str) -> None:
    class Canceller(Recorder):
        def OnRtnOrder(self, seen: ctp_py.OrderField) -> None:
            self.calls.put(("OnRtnOrder", (seen,)))
            if seen.OrderStatus == enums.OrderStatus.NoTradeQueueing and seen.OrderSubmitStatus == "3":
                action = ctp_py.InputOrderActionField(
                    BrokerID="9999", InvestorID="tester", UserID="tester", InstrumentID=RB,
                    ExchangeID=seen.ExchangeID, OrderSysID=seen.OrderSysID, ActionFlag="0",
                )
                api.ReqOrderAction(action, 4)

    spi = Canceller()
    with ctp_py.TraderApi() as api:
        log_in_td(api, spi, front)
        api.ReqOrderInsert(order(LimitPrice=depth(api, spi).LowerLimitPrice), 3)
        while spi.wait("OnRtnOrder")[0].OrderStatus != enums.OrderStatus.Canceled:
            pass


@pytest.mark.parametrize(
    "fields",
    [{"VolumeTotalOriginal": 0}, {"LimitPrice": 3000.1}, {"LimitPrice": None}, {"InstrumentID": "xx9999"}, {"LimitPrice": 1.0}],
)
def test_bad_orders_are_refused_in_chinese(front: str, fields: dict[str, Any]) -> None:
    spi = Recorder()
    with ctp_py.TraderApi() as api:
        log_in_td(api, spi, front)
        api.ReqOrderInsert(order(**{"LimitPrice": 3000.0, **fields}), 3)
        while True:
            name, arguments = spi.calls.get(timeout=30)
            if name == "OnRspOrderInsert":
                assert arguments[1].ErrorID != 0 and arguments[1].ErrorMsg.startswith("CTP")
                assert arguments[2] == 3
                break
            if name == "OnRtnOrder" and arguments[0].OrderSubmitStatus == enums.OrderSubmitStatus.InsertRejected:
                assert arguments[0].StatusMsg
                break


def test_a_wrong_password_is_told_with_symbol(front: str) -> None:
    spi = Recorder()
    with ctp_py.TraderApi() as api:
        api.RegisterSpi(spi)  # type: ignore[arg-type]
        api.RegisterFront(front)
        api.Init()
        spi.wait("OnFrontConnected")
        api.ReqUserLogin(ctp_py.ReqUserLoginField(BrokerID="9999", UserID="tester", Password="wrong"), 1)
        rsp_info = spi.wait("OnRspUserLogin")[1]
        assert rsp_info.ErrorID == 3 and ctp_py.error_symbol(3) == "INVALID_LOGIN"
        assert "CTP" in rsp_info.ErrorMsg


def test_front_info_is_a_record(front: str) -> None:
    spi = Recorder()
    with ctp_py.TraderApi() as api:
        log_in_td(api, spi, front)
        assert isinstance(api.GetFrontInfo(), ctp_py.FrontInfoField)
