"""A short day of ctpwrapper: wrapper_tour.py FRONT."""

import json
import queue
import sys
import tempfile
import time

from ctpwrapper import ApiStructure, MdApiPy, TraderApiPy

PATIENCE = 30.0
(front,) = sys.argv[1:]
calls = queue.Queue()
INVESTOR = {"BrokerID": "9999", "InvestorID": "wrapper"}
USER = {"BrokerID": "9999", "UserID": "wrapper", "Password": "simulator"}


def wait(name, **wanted):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            found, data, error = calls.get(timeout=0.2)
        except queue.Empty:
            continue
        if found == name and all(data[key] == value for key, value in wanted.items()):
            return data, error
    sys.exit(f"{name} {wanted} did not come")


def put(name, record, error=None):
    # Records live as long as their callback.
    kept = record.to_dict() if record else {}
    calls.put((name, kept, {"text": error.ErrorMsg, "code": error.ErrorID} if error else {}))


class Md(MdApiPy):
    def OnFrontConnected(self):
        put("md connected", None)

    def OnRspUserLogin(self, pRspUserLogin, pRspInfo, nRequestID, bIsLast):
        put("md login", pRspUserLogin, pRspInfo)

    def OnRtnDepthMarketData(self, pDepthMarketData):
        put("tick", pDepthMarketData)


class Td(TraderApiPy):
    def OnFrontConnected(self):
        put("connected", None)

    def OnFrontDisconnected(self, nReason):
        calls.put(("disconnected", {"reason": nReason}, {}))

    def OnRspUserLogin(self, pRspUserLogin, pRspInfo, nRequestID, bIsLast):
        put("login", pRspUserLogin, pRspInfo)

    def OnRspSettlementInfoConfirm(self, pSettlementInfoConfirm, pRspInfo, nRequestID, bIsLast):
        put("confirmed", pSettlementInfoConfirm, pRspInfo)

    def OnRspOrderInsert(self, pInputOrder, pRspInfo, nRequestID, bIsLast):
        put("refused", pInputOrder, pRspInfo)

    def OnRtnOrder(self, pOrder):
        put("order", pOrder)

    def OnRtnTrade(self, pTrade):
        put("trade", pTrade)

    def OnRspQryInstrument(self, pInstrument, pRspInfo, nRequestID, bIsLast):
        put("instrument", pInstrument, pRspInfo)

    def OnRspQryInvestorPosition(self, pInvestorPosition, pRspInfo, nRequestID, bIsLast):
        put("position", pInvestorPosition, pRspInfo)


def order(ref, price, instrument="rb2701"):
    return ApiStructure.InputOrderField(
        **INVESTOR,
        ExchangeID="SHFE",
        InstrumentID=instrument,
        OrderRef=ref,
        Direction="0",
        CombOffsetFlag="0",
        CombHedgeFlag="1",
        OrderPriceType="2",
        LimitPrice=price,
        VolumeTotalOriginal=1,
        TimeCondition="3",
        VolumeCondition="1",
        MinVolume=1,
        ContingentCondition="1",
        ForceCloseReason="0",
    )


def query(method, record, name):
    while method(record, 9) != 0:
        time.sleep(0.05)
    return wait(name)[0]


flows = tempfile.mkdtemp()
md, td = Md(), Td()
md.Create(f"{flows}/md_")
md.RegisterFront(front)
md.Init()
wait("md connected")
md.ReqUserLogin(ApiStructure.ReqUserLoginField(**USER), 1)
wait("md login")
md.SubscribeMarketData(["rb2701"])
tick, _ = wait("tick")
td.Create(f"{flows}/td_")
td.SubscribePrivateTopic(0, 0)
td.SubscribePublicTopic(2)
td.RegisterFront(front)
td.Init()
wait("connected")
td.ReqUserLogin(ApiStructure.ReqUserLoginField(**USER), 1)
wait("login")
td.ReqSettlementInfoConfirm(ApiStructure.SettlementInfoConfirmField(**INVESTOR), 2)
wait("confirmed")
seen = {"version": TraderApiPy.GetApiVersion().decode()}
td.ReqOrderInsert(order("11", tick["LowerLimitPrice"]), 3)
accepted, _ = wait("order", OrderRef="11", OrderStatus="3")
cancel = {**INVESTOR, "ExchangeID": "SHFE", "InstrumentID": "rb2701", "OrderSysID": accepted["OrderSysID"], "ActionFlag": "0"}
td.ReqOrderAction(ApiStructure.InputOrderActionField(**cancel), 4)
seen["canceled"] = wait("order", OrderRef="11", OrderStatus="5")[0]["StatusMsg"]
td.ReqOrderInsert(order("12", tick["UpperLimitPrice"]), 5)
seen["traded"] = wait("trade", OrderRef="12")[0]["Volume"]
td.ReqOrderInsert(order("13", 1.0, "nothing"), 6)
seen["refused"] = wait("refused", OrderRef="13")[1]["text"]
seen["name"] = query(td.ReqQryInstrument, ApiStructure.QryInstrumentField(InstrumentID="rb2701"), "instrument")["InstrumentName"]
position = query(td.ReqQryInvestorPosition, ApiStructure.QryInvestorPositionField(**INVESTOR), "position")
seen["position"] = position["Position"]

from ctp_py import sim  # noqa: E402

exchange = sim.Exchange.at(front)
for session in exchange.sessions():
    exchange.disconnect(session["session"], 0x2001)
seen["reason"] = wait("disconnected")[0]["reason"]
wait("connected")
td.ReqUserLogin(ApiStructure.ReqUserLoginField(**USER), 7)
wait("login")
seen["replayed"] = wait("order", OrderRef="11", OrderStatus="5")[0]["StatusMsg"]
print("SEEN " + json.dumps(seen, ensure_ascii=False), flush=True)
# Its Release() waits for a callback that waits for the interpreter.
import os  # noqa: E402

os._exit(0)
