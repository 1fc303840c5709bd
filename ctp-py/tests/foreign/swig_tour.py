"""A day in the life of a client written against openctp-ctp or ctp-python, as their users write them.

It knows nothing of the simulator, except where it asks for a forced disconnect. What it saw goes to standard output as
JSON. Run: swig_tour.py PACKAGE FRONT [--no-disconnect] [--no-release].
"""

import argparse
import json
import os
import queue
import sys
import tempfile
import time

arguments = argparse.ArgumentParser()
arguments.add_argument("package", choices=["openctp_ctp", "ctp"])
arguments.add_argument("front")
arguments.add_argument("--exchange", help="where the forced disconnect is asked for; the front when left out")
arguments.add_argument("--no-disconnect", action="store_true")
arguments.add_argument("--no-release", action="store_true")
arguments = arguments.parse_args()

if arguments.package == "openctp_ctp":
    from openctp_ctp import mdapi, tdapi
else:
    import ctp as mdapi

    tdapi = mdapi

PATIENCE = 30.0
BROKER, INVESTOR, PASSWORD = "9999", "investor", "simulator"
INSTRUMENT = "rb2701"

seen = {"md_version": mdapi.CThostFtdcMdApi.GetApiVersion(), "td_version": tdapi.CThostFtdcTraderApi.GetApiVersion()}
seen["locale_path"] = os.environ.get("LOCPATH")


class Calls:
    """Callbacks in the order they came, each a name and what was kept of it."""

    def __init__(self):
        self.calls = queue.Queue()

    def put(self, name, **kept):
        self.calls.put((name, kept))

    def wait(self, name, **wanted):
        end = time.monotonic() + PATIENCE
        skipped = []
        while time.monotonic() < end:
            try:
                found, kept = self.calls.get(timeout=0.2)
            except queue.Empty:
                continue
            if found == name and all(kept[key] == value for key, value in wanted.items()):
                return kept
            skipped.append((found, kept))
        sys.exit(f"{name} {wanted} did not come; others: {skipped}")


def error(info):
    return {"error": info.ErrorID, "text": info.ErrorMsg} if info else {"error": 0, "text": ""}


class MdSpi(mdapi.CThostFtdcMdSpi):
    def __init__(self, calls):
        super().__init__()
        self.calls = calls

    def OnFrontConnected(self):
        self.calls.put("connected")

    def OnFrontDisconnected(self, nReason):
        self.calls.put("disconnected", reason=nReason)

    def OnRspUserLogin(self, pRspUserLogin, pRspInfo, nRequestID, bIsLast):
        self.calls.put("login", day=pRspUserLogin.TradingDay, **error(pRspInfo))

    def OnRspSubMarketData(self, pSpecificInstrument, pRspInfo, nRequestID, bIsLast):
        self.calls.put("subscribed", instrument=pSpecificInstrument.InstrumentID, **error(pRspInfo))

    def OnRtnDepthMarketData(self, pDepthMarketData):
        tick = pDepthMarketData
        limits = {"upper": tick.UpperLimitPrice, "lower": tick.LowerLimitPrice}
        self.calls.put("tick", instrument=tick.InstrumentID, time=tick.UpdateTime, **limits)


class TraderSpi(tdapi.CThostFtdcTraderSpi):
    def __init__(self, calls):
        super().__init__()
        self.calls = calls

    def OnFrontConnected(self):
        self.calls.put("connected")

    def OnFrontDisconnected(self, nReason):
        self.calls.put("disconnected", reason=nReason)

    def OnRspAuthenticate(self, pRspAuthenticateField, pRspInfo, nRequestID, bIsLast):
        self.calls.put("authenticated", **error(pRspInfo))

    def OnRspUserLogin(self, pRspUserLogin, pRspInfo, nRequestID, bIsLast):
        login = pRspUserLogin
        self.calls.put("login", front=login.FrontID, session=login.SessionID, ref=login.MaxOrderRef, **error(pRspInfo))

    def OnRspSettlementInfoConfirm(self, pSettlementInfoConfirm, pRspInfo, nRequestID, bIsLast):
        self.calls.put("confirmed", **error(pRspInfo))

    def OnRspOrderInsert(self, pInputOrder, pRspInfo, nRequestID, bIsLast):
        self.calls.put("refused", ref=pInputOrder.OrderRef, **error(pRspInfo))

    def OnRtnOrder(self, pOrder):
        order = pOrder
        self.calls.put("order", ref=order.OrderRef, status=order.OrderStatus, text=order.StatusMsg, id=order.OrderSysID)

    def OnRtnTrade(self, pTrade):
        self.calls.put("trade", ref=pTrade.OrderRef, price=pTrade.Price, volume=pTrade.Volume)

    def _row(self, row, info, is_last, **kept):
        self.calls.put("row", last=is_last, row=kept if row else None, **error(info))

    def OnRspError(self, pRspInfo, nRequestID, bIsLast):
        # Query not ready (90): more of them in a second than the counter answers.
        self._row(None, pRspInfo, bIsLast)

    def OnRspQryOrder(self, pOrder, pRspInfo, nRequestID, bIsLast):
        kept = {"ref": pOrder.OrderRef, "text": pOrder.StatusMsg} if pOrder else {}
        self._row(pOrder, pRspInfo, bIsLast, **kept)

    def OnRspQryTrade(self, pTrade, pRspInfo, nRequestID, bIsLast):
        self._row(pTrade, pRspInfo, bIsLast, **({"ref": pTrade.OrderRef} if pTrade else {}))

    def OnRspQryInvestorPosition(self, pInvestorPosition, pRspInfo, nRequestID, bIsLast):
        row = pInvestorPosition
        kept = {"instrument": row.InstrumentID, "position": row.Position, "direction": row.PosiDirection} if row else {}
        self._row(row, pRspInfo, bIsLast, **kept)

    def OnRspQryTradingAccount(self, pTradingAccount, pRspInfo, nRequestID, bIsLast):
        row = pTradingAccount
        self._row(row, pRspInfo, bIsLast, **({"margin": row.CurrMargin, "balance": row.Balance} if row else {}))

    def OnRspQryInstrument(self, pInstrument, pRspInfo, nRequestID, bIsLast):
        row = pInstrument
        kept = {"id": row.InstrumentID, "name": row.InstrumentName, "multiple": row.VolumeMultiple} if row else {}
        self._row(row, pRspInfo, bIsLast, **kept)


def fields(record, **values):
    for name, value in values.items():
        setattr(record, name, value)
    return record


class Client:
    """What both sessions share: the numbers of requests."""

    request = 0

    def send(self, method, record):
        """Sends a request until it is taken: -2 and -3 mean too many at once."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            Client.request += 1
            code = method(record, Client.request)
            if code == 0:
                return
            if code not in (-2, -3):
                sys.exit(f"{method.__name__} returned {code}")
            time.sleep(0.05)
        sys.exit(f"{method.__name__} was never taken")


class MdClient(Client):
    def __init__(self, front, flow):
        self.calls = Calls()
        self.spi = MdSpi(self.calls)
        self.api = mdapi.CThostFtdcMdApi.CreateFtdcMdApi(flow)
        self.api.RegisterSpi(self.spi)
        self.api.RegisterFront(front)
        self.api.Init()

    def log_in(self):
        self.calls.wait("connected")
        user = {"BrokerID": BROKER, "UserID": INVESTOR, "Password": PASSWORD}
        self.send(self.api.ReqUserLogin, fields(mdapi.CThostFtdcReqUserLoginField(), **user))
        self.calls.wait("login", error=0)
        # ctp-python takes a list of str, openctp-ctp one of bytes and its length.
        wanted = ([INSTRUMENT],) if arguments.package == "ctp" else ([INSTRUMENT.encode()], 1)
        if self.api.SubscribeMarketData(*wanted) != 0:
            sys.exit("SubscribeMarketData was not taken")
        self.calls.wait("subscribed", instrument=INSTRUMENT, error=0)
        return self.calls.wait("tick", instrument=INSTRUMENT)


class TraderClient(Client):
    def __init__(self, front, flow):
        self.calls = Calls()
        self.spi = TraderSpi(self.calls)
        self.api = tdapi.CThostFtdcTraderApi.CreateFtdcTraderApi(flow)
        self.api.RegisterSpi(self.spi)
        if arguments.package == "ctp":
            # 6.7.13 has a second argument.
            self.api.SubscribePrivateTopic(tdapi.THOST_TERT_RESTART, 0)
        else:
            self.api.SubscribePrivateTopic(tdapi.THOST_TERT_RESTART)
        self.api.SubscribePublicTopic(tdapi.THOST_TERT_QUICK)
        self.api.RegisterFront(front)
        self.api.Init()
        self.ref = 0

    def log_in(self):
        self.calls.wait("connected")
        key = {"BrokerID": BROKER, "UserID": INVESTOR, "AppID": "simnow_client_test", "AuthCode": "0000000000000000"}
        self.send(self.api.ReqAuthenticate, fields(tdapi.CThostFtdcReqAuthenticateField(), **key))
        self.calls.wait("authenticated", error=0)
        user = {"BrokerID": BROKER, "UserID": INVESTOR, "Password": PASSWORD}
        self.send(self.api.ReqUserLogin, fields(tdapi.CThostFtdcReqUserLoginField(), **user))
        login = self.calls.wait("login", error=0)
        self.ref = max(self.ref, int(login["ref"]))
        return login

    def confirm(self):
        who = {"BrokerID": BROKER, "InvestorID": INVESTOR}
        self.send(self.api.ReqSettlementInfoConfirm, fields(tdapi.CThostFtdcSettlementInfoConfirmField(), **who))
        self.calls.wait("confirmed", error=0)

    def insert(self, price, volume=1, instrument=INSTRUMENT):
        self.ref += 1
        ref = str(self.ref)
        record = fields(
            tdapi.CThostFtdcInputOrderField(),
            BrokerID=BROKER,
            InvestorID=INVESTOR,
            ExchangeID="SHFE",
            InstrumentID=instrument,
            OrderRef=ref,
            Direction=tdapi.THOST_FTDC_D_Buy,
            CombOffsetFlag=tdapi.THOST_FTDC_OF_Open,
            CombHedgeFlag=tdapi.THOST_FTDC_HF_Speculation,
            OrderPriceType=tdapi.THOST_FTDC_OPT_LimitPrice,
            LimitPrice=price,
            VolumeTotalOriginal=volume,
            TimeCondition=tdapi.THOST_FTDC_TC_GFD,
            VolumeCondition=tdapi.THOST_FTDC_VC_AV,
            MinVolume=1,
            ContingentCondition=tdapi.THOST_FTDC_CC_Immediately,
            ForceCloseReason=tdapi.THOST_FTDC_FCC_NotForceClose,
        )
        self.send(self.api.ReqOrderInsert, record)
        return ref

    def cancel(self, system_id):
        record = fields(
            tdapi.CThostFtdcInputOrderActionField(),
            BrokerID=BROKER,
            InvestorID=INVESTOR,
            ExchangeID="SHFE",
            InstrumentID=INSTRUMENT,
            OrderSysID=system_id,
            ActionFlag=tdapi.THOST_FTDC_AF_Delete,
        )
        self.send(self.api.ReqOrderAction, record)

    def query(self, method, record, **values):
        """Returns the rows of a query; one that the counter is too busy for is asked again."""
        record = fields(record, BrokerID=BROKER, InvestorID=INVESTOR, **values) if values.pop("own", True) else record
        while True:
            self.send(method, record)
            rows = []
            while True:
                answer = self.calls.wait("row")
                if answer["error"]:
                    break
                rows.extend([answer["row"]] if answer["row"] else [])
                if answer["last"]:
                    return rows


def trade(md_tick, trader):
    """Places an order that rests and cancels it, one that fills, and one that is refused."""
    resting = trader.insert(md_tick["lower"])
    accepted = trader.calls.wait("order", ref=resting, status=tdapi.THOST_FTDC_OST_NoTradeQueueing)
    trader.cancel(accepted["id"])
    seen["canceled"] = trader.calls.wait("order", ref=resting, status=tdapi.THOST_FTDC_OST_Canceled)["text"]
    seen["accepted"] = accepted["text"]
    filled = trader.insert(md_tick["upper"], volume=2)
    lots = 0
    while lots < 2:
        lots += trader.calls.wait("trade", ref=filled)["volume"]
    refused = trader.insert(md_tick["lower"], instrument="nothing")
    seen["refused"] = trader.calls.wait("refused", ref=refused)


def ask(trader):
    """Asks for everything that a client asks for."""
    api = trader.api
    seen["orders"] = trader.query(api.ReqQryOrder, tdapi.CThostFtdcQryOrderField())
    seen["trades"] = trader.query(api.ReqQryTrade, tdapi.CThostFtdcQryTradeField())
    seen["positions"] = trader.query(api.ReqQryInvestorPosition, tdapi.CThostFtdcQryInvestorPositionField())
    seen["account"] = trader.query(api.ReqQryTradingAccount, tdapi.CThostFtdcQryTradingAccountField())
    instrument = fields(tdapi.CThostFtdcQryInstrumentField(), InstrumentID=INSTRUMENT)
    seen["instruments"] = trader.query(api.ReqQryInstrument, instrument, own=False)


def reconnect(md, trader):
    """Both connections are lost, by force or with the server; both come back."""
    if not arguments.no_disconnect:
        from ctp_py import sim

        exchange = sim.Exchange.at(arguments.exchange or arguments.front)
        for session in exchange.sessions():
            exchange.disconnect(session["session"], 0x1001)
    seen["reasons"] = [client.calls.wait("disconnected")["reason"] for client in (md, trader)]
    md.log_in()
    again = trader.log_in()
    # The private stream from the day's beginning brings the orders once more.
    seen["replayed"] = trader.calls.wait("order", status=tdapi.THOST_FTDC_OST_Canceled)["text"]
    return again


flows = tempfile.mkdtemp()
md = MdClient(arguments.front, os.path.join(flows, "md_"))
trader = TraderClient(arguments.front, os.path.join(flows, "td_"))
tick = md.log_in()
first = trader.log_in()
trader.confirm()
trade(tick, trader)
ask(trader)
print("TRADED", flush=True)
second = reconnect(md, trader)
seen["sessions"] = [[login["front"], login["session"]] for login in (first, second)]
seen["orders_again"] = len(trader.query(trader.api.ReqQryOrder, tdapi.CThostFtdcQryOrderField()))
print("SEEN " + json.dumps(seen, ensure_ascii=False), flush=True)
if arguments.no_release:
    # Many scripts just end.
    sys.exit(0)
md.api.Release()
trader.api.Release()
