"""Trading 交易: connect, authenticate, log in, query, place an order, watch it, cancel another one.

Runs on the simulator that comes with the package. On any other library it stops before the order and
prints it; `--place-order` then sends one lot at the far daily limit and cancels it.
"""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import ctp_py
from ctp_py import enums
from ctp_py.demo import DemoError, Options, explain, parse, price, run
from ctp_py.labels import DIRECTION, OFFSET, ORDER_STATUS, SUBMIT_STATUS, label

R = TypeVar("R", bound=ctp_py.Record)

#: Fronts take one query per second.
QUERY_SECONDS = 1.05

FINAL = (enums.OrderStatus.AllTraded, enums.OrderStatus.Canceled)


class TdDemo(ctp_py.TraderSpi):
    """Prints what happens, and hands answers and orders to the main thread."""

    def __init__(self) -> None:
        self.connected: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[tuple[ctp_py.Record | None, str | None, int]] = queue.SimpleQueue()
        self.orders: queue.SimpleQueue[ctp_py.OrderField | str] = queue.SimpleQueue()
        self.trades: list[ctp_py.TradeField] = []

    def OnFrontConnected(self) -> None:
        print("connected 已连接", flush=True)
        self.connected.put(None)

    def OnFrontDisconnected(self, reason: int) -> None:
        print(f"disconnected 已断开 ({reason:#x}); the library reconnects by itself", flush=True)

    def answer(
        self, record: ctp_py.Record | None, rsp_info: ctp_py.RspInfoField | None, request_id: int, is_last: bool
    ) -> None:
        if is_last:
            self.answers.put((record, explain(rsp_info), request_id))

    # Every answer has the same shape.
    OnRspAuthenticate = answer
    OnRspUserLogin = answer
    OnRspSettlementInfoConfirm = answer
    OnRspQryInstrument = answer
    OnRspQryDepthMarketData = answer
    OnRspQryTradingAccount = answer

    def OnRspError(self, rsp_info: ctp_py.RspInfoField | None, request_id: int, is_last: bool) -> None:
        self.answers.put((None, explain(rsp_info), request_id))

    def OnRspOrderInsert(
        self,
        order: ctp_py.InputOrderField | None,
        rsp_info: ctp_py.RspInfoField | None,
        request_id: int,
        is_last: bool,
    ) -> None:
        self.orders.put(f"order refused 报单被拒: {explain(rsp_info)}")

    def OnRspOrderAction(
        self,
        action: ctp_py.InputOrderActionField | None,
        rsp_info: ctp_py.RspInfoField | None,
        request_id: int,
        is_last: bool,
    ) -> None:
        self.orders.put(f"cancel refused 撤单被拒: {explain(rsp_info)}")

    def OnRtnOrder(self, order: ctp_py.OrderField, /) -> None:
        print(
            f"order 报单 {order.OrderRef.strip()}: {label(ORDER_STATUS, order.OrderStatus)}"
            f" ({label(SUBMIT_STATUS, order.OrderSubmitStatus)}),"
            f" traded 已成交 {order.VolumeTraded}/{order.VolumeTotalOriginal} {order.StatusMsg}",
            flush=True,
        )
        self.orders.put(order)

    def OnRtnTrade(self, trade: ctp_py.TradeField, /) -> None:
        self.trades.append(trade)
        print(
            f"trade 成交 {trade.TradeID.strip()}: {trade.InstrumentID} {label(DIRECTION, trade.Direction)}"
            f" {label(OFFSET, trade.OffsetFlag)} {trade.Volume} @ {price(trade.Price)} {trade.TradeTime}",
            flush=True,
        )

    def on_error(self, callback: str, error: BaseException, /) -> None:
        self.orders.put(f"{callback}: {error}")


class Session:
    """Sends one request at a time and waits for its answer."""

    def __init__(self, api: ctp_py.TraderApi, spi: TdDemo, options: Options) -> None:
        self.api = api
        self.spi = spi
        self.options = options
        self.request_id = 0
        self.next_query = 0.0
        self.login: ctp_py.RspUserLoginField | None = None
        self.order_ref = 0

    def connect(self) -> None:
        self.api.RegisterSpi(self.spi)
        self.api.SubscribePrivateTopic(ctp_py.ResumeType.QUICK)
        self.api.SubscribePublicTopic(ctp_py.ResumeType.QUICK)
        self.api.RegisterFront(self.options.front)
        self.api.Init()
        try:
            self.spi.connected.get(timeout=self.options.timeout)
        except queue.Empty:
            raise DemoError(f"no front answered within {self.options.timeout:g} s; check {self.options.front_shown}") from None

    def ask(self, request: Callable[[R, int], int], record: R) -> ctp_py.Record | None:
        """Sends a request and returns the last record of its answer."""
        self.request_id += 1
        request(record, self.request_id)
        while True:
            try:
                answer, error, request_id = self.spi.answers.get(timeout=self.options.timeout)
            except queue.Empty:
                raise DemoError(f"no answer to request {self.request_id} within {self.options.timeout:g} s") from None
            if request_id == self.request_id:
                break
        if error:
            raise DemoError(f"refused: {error}")
        return answer

    def query(self, request: Callable[[R, int], int], record: R) -> ctp_py.Record | None:
        """As `ask`, no faster than fronts allow."""
        time.sleep(max(0.0, self.next_query - time.monotonic()))
        try:
            return self.ask(request, record)
        finally:
            self.next_query = time.monotonic() + QUERY_SECONDS

    def log_in(self) -> None:
        options = self.options
        if options.app_id:
            self.ask(
                self.api.ReqAuthenticate,
                ctp_py.ReqAuthenticateField(
                    BrokerID=options.broker, UserID=options.user, AppID=options.app_id, AuthCode=options.auth_code
                ),
            )
            print("authenticated 已认证", flush=True)
        login = self.ask(
            self.api.ReqUserLogin,
            ctp_py.ReqUserLoginField(BrokerID=options.broker, UserID=options.user, Password=options.password),
        )
        if not isinstance(login, ctp_py.RspUserLoginField):
            raise DemoError("the login answer carries no record")
        self.login = login
        self.order_ref = int(login.MaxOrderRef.strip() or "0")
        print(f"logged in 已登录: {options.user}, trading day 交易日 {login.TradingDay}", flush=True)
        self.ask(
            self.api.ReqSettlementInfoConfirm,
            ctp_py.SettlementInfoConfirmField(BrokerID=options.broker, InvestorID=options.user),
        )
        print("settlement confirmed 结算单已确认", flush=True)

    def instrument(self, name: str) -> ctp_py.InstrumentField:
        record = self.query(self.api.ReqQryInstrument, ctp_py.QryInstrumentField(InstrumentID=name))
        if not isinstance(record, ctp_py.InstrumentField):
            raise DemoError(f"contract {name} is unknown; check --instruments")
        print(
            f"contract 合约 {name}: {record.ExchangeID}, multiplier 乘数 {record.VolumeMultiple},"
            f" tick 最小变动 {price(record.PriceTick)}",
            flush=True,
        )
        return record

    def depth(self, name: str) -> ctp_py.DepthMarketDataField:
        record = self.query(self.api.ReqQryDepthMarketData, ctp_py.QryDepthMarketDataField(InstrumentID=name))
        if not isinstance(record, ctp_py.DepthMarketDataField):
            raise DemoError(f"there is no market data of {name}")
        return record

    def account(self) -> ctp_py.TradingAccountField:
        record = self.query(
            self.api.ReqQryTradingAccount,
            ctp_py.QryTradingAccountField(BrokerID=self.options.broker, InvestorID=self.options.user),
        )
        if not isinstance(record, ctp_py.TradingAccountField):
            raise DemoError("the account query brought nothing")
        return record

    def order(self, instrument: ctp_py.InstrumentField, limit: float) -> ctp_py.InputOrderField:
        """Returns an order to buy one lot; nothing is sent."""
        self.order_ref += 1
        return ctp_py.InputOrderField(
            BrokerID=self.options.broker,
            InvestorID=self.options.user,
            UserID=self.options.user,
            InstrumentID=instrument.InstrumentID,
            ExchangeID=instrument.ExchangeID,
            OrderRef=str(self.order_ref),
            OrderPriceType=enums.OrderPriceType.LimitPrice,
            Direction=enums.Direction.Buy,
            CombOffsetFlag=enums.OffsetFlag.Open,
            CombHedgeFlag=enums.HedgeFlag.Speculation,
            LimitPrice=limit,
            VolumeTotalOriginal=1,
            TimeCondition=enums.TimeCondition.GFD,
            VolumeCondition=enums.VolumeCondition.AV,
            MinVolume=1,
            ContingentCondition=enums.ContingentCondition.Immediately,
            StopPrice=0.0,
            ForceCloseReason=enums.ForceCloseReason.NotForceClose,
        )

    def insert(self, order: ctp_py.InputOrderField) -> None:
        print(
            f"sending order 发送报单 {order.OrderRef}: {order.InstrumentID} {label(DIRECTION, order.Direction)}"
            f" {label(OFFSET, order.CombOffsetFlag)} {order.VolumeTotalOriginal} @ {price(order.LimitPrice)}",
            flush=True,
        )
        self.request_id += 1
        self.api.ReqOrderInsert(order, self.request_id)

    def cancel(self, order: ctp_py.OrderField) -> None:
        print(f"sending cancel 发送撤单 {order.OrderRef.strip()}", flush=True)
        self.request_id += 1
        action = ctp_py.InputOrderActionField(
            BrokerID=order.BrokerID,
            InvestorID=order.InvestorID,
            UserID=order.UserID,
            InstrumentID=order.InstrumentID,
            ExchangeID=order.ExchangeID,
            FrontID=order.FrontID,
            SessionID=order.SessionID,
            OrderRef=order.OrderRef,
            ActionFlag=enums.ActionFlag.Delete,
        )
        self.api.ReqOrderAction(action, self.request_id)

    def watch(self, order_ref: str, is_enough: Callable[[ctp_py.OrderField], bool]) -> ctp_py.OrderField:
        """Waits until our order has reached a state."""
        assert self.login is not None
        while True:
            try:
                seen = self.spi.orders.get(timeout=self.options.timeout)
            except queue.Empty:
                raise DemoError(f"order {order_ref} did not change within {self.options.timeout:g} s") from None
            if isinstance(seen, str):
                raise DemoError(seen)
            is_ours = (seen.FrontID, seen.SessionID) == (self.login.FrontID, self.login.SessionID)
            if is_ours and seen.OrderRef.strip() == order_ref and is_enough(seen):
                return seen


def fill_one(session: Session, instrument: ctp_py.InstrumentField, depth: ctp_py.DepthMarketDataField) -> None:
    """Buys one lot at a price that trades at once. Only on the simulator."""
    limit = depth.UpperLimitPrice or depth.AskPrice1 or depth.LastPrice
    if limit is None:
        raise DemoError(f"{instrument.InstrumentID} has no price yet")
    order = session.order(instrument, limit)
    session.insert(order)
    session.watch(order.OrderRef, lambda seen: seen.OrderStatus in FINAL)


def rest_and_cancel(session: Session, order: ctp_py.InputOrderField) -> None:
    """Sends an order far from the market, and cancels it."""
    session.insert(order)
    resting = session.watch(order.OrderRef, lambda seen: seen.OrderSysID != "" or seen.OrderStatus in FINAL)
    if resting.OrderStatus not in FINAL:
        session.cancel(resting)
        session.watch(order.OrderRef, lambda seen: seen.OrderStatus in FINAL)


def demo(arguments: list[str] | None) -> None:
    options = parse("Places, watches and cancels orders.", arguments)
    spi = TdDemo()
    with ctp_py.TraderApi(options.library, options.flow_dir) as api:
        print(f"library 接口: {api.GetApiVersion().strip()}, front 前置: {options.front_shown}", flush=True)
        if not (options.broker and options.user):
            raise DemoError("trading needs an account: pass --broker and --user, and the password as CTP_PASSWORD")
        session = Session(api, spi, options)
        session.connect()
        session.log_in()
        instrument = session.instrument(options.instruments[0])
        depth = session.depth(instrument.InstrumentID)
        before = session.account()
        if depth.LowerLimitPrice is None:
            raise DemoError(f"{instrument.InstrumentID} has no daily limits yet")
        far = session.order(instrument, depth.LowerLimitPrice)
        if not api.is_simulator and not options.place_order:
            print(f"not our simulator: this order was not sent 未发送: {far}")
            print("--place-order sends it, one lot at the far daily limit, and cancels it")
            return
        rest_and_cancel(session, far)
        if api.is_simulator:
            fill_one(session, instrument, depth)
        after = session.account()
    print("summary 汇总:")
    volume = sum(trade.Volume for trade in spi.trades)
    print(f"  traded 成交: {volume} lot in {len(spi.trades)} trades")
    print(f"  commission 手续费: {price(after.Commission)}, margin 保证金: {price(after.CurrMargin)}")
    print(f"  available 可用资金: {before.Available:.2f} -> {after.Available:.2f}")


def main(arguments: list[str] | None = None) -> int:
    return run(demo, arguments)


if __name__ == "__main__":
    sys.exit(main())
