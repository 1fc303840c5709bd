"""Market data 行情: connect, log in, subscribe, print ticks.

Runs on the simulator that comes with the package; on a real front with
`--library PATH --front tcp://host:port --broker 9999 --user ID`.
"""

from __future__ import annotations

import sys
import threading

import ctp_py
from ctp_py.demo import DemoError, Options, explain, parse, price, run


class MdDemo(ctp_py.MdSpi):
    """Called on the package's delivery thread, one callback after another."""

    def __init__(self, api: ctp_py.MdApi, options: Options) -> None:
        self.api = api
        self.options = options
        self.ticks: dict[str, list[ctp_py.DepthMarketDataField]] = {name: [] for name in options.instruments}
        self.error: str | None = None
        self.is_over = threading.Event()

    def OnFrontConnected(self) -> None:
        print("connected 已连接", flush=True)
        login = ctp_py.ReqUserLoginField(
            BrokerID=self.options.broker, UserID=self.options.user, Password=self.options.password
        )
        self.api.ReqUserLogin(login, 1)

    def OnFrontDisconnected(self, reason: int) -> None:
        print(f"disconnected 已断开 ({reason:#x}); the library reconnects by itself", flush=True)

    def OnRspUserLogin(
        self,
        login: ctp_py.RspUserLoginField | None,
        rsp_info: ctp_py.RspInfoField | None,
        request_id: int,
        is_last: bool,
    ) -> None:
        if error := explain(rsp_info):
            self.fail(f"login refused: {error}")
            return
        print(f"logged in 已登录: {self.options.user or '-'}, trading day 交易日 {self.api.GetTradingDay()}", flush=True)
        self.api.SubscribeMarketData(self.options.instruments)

    def OnRspSubMarketData(
        self,
        instrument: ctp_py.SpecificInstrumentField | None,
        rsp_info: ctp_py.RspInfoField | None,
        request_id: int,
        is_last: bool,
    ) -> None:
        name = instrument.InstrumentID if instrument else "?"
        if error := explain(rsp_info):
            self.fail(f"subscribing {name} refused: {error}")
        else:
            print(f"subscribed 已订阅: {name}", flush=True)

    def OnRtnDepthMarketData(self, tick: ctp_py.DepthMarketDataField, /) -> None:
        ticks = self.ticks.get(tick.InstrumentID)
        if ticks is None or len(ticks) >= self.options.ticks:
            return
        # The record is ours: it stays valid after the callback.
        ticks.append(tick)
        print(
            f"{tick.UpdateTime}.{tick.UpdateMillisec:03} {tick.InstrumentID:8} "
            f"last 最新 {price(tick.LastPrice)}  bid 买一 {price(tick.BidPrice1)} x {tick.BidVolume1}  "
            f"ask 卖一 {price(tick.AskPrice1)} x {tick.AskVolume1}  volume 成交量 {tick.Volume}",
            flush=True,
        )
        if all(len(ticks) >= self.options.ticks for ticks in self.ticks.values()):
            self.is_over.set()

    def OnRspError(self, rsp_info: ctp_py.RspInfoField | None, request_id: int, is_last: bool) -> None:
        self.fail(f"request {request_id} refused: {explain(rsp_info)}")

    def on_error(self, callback: str, error: BaseException, /) -> None:
        self.fail(f"{callback}: {error}")

    def fail(self, message: str) -> None:
        self.error = self.error or message
        self.is_over.set()


def demo(arguments: list[str] | None) -> None:
    options = parse("Prints ticks of some contracts.", arguments)
    with ctp_py.MdApi(options.library, options.flow_dir) as api:
        print(f"library 接口: {api.GetApiVersion().strip()}, front 前置: {options.front_shown}", flush=True)
        spi = MdDemo(api, options)
        api.RegisterSpi(spi)
        api.RegisterFront(options.front)
        api.Init()
        is_over = spi.is_over.wait(options.timeout)
        if spi.error:
            raise DemoError(spi.error)
        if not is_over and not any(spi.ticks.values()):
            raise DemoError(f"no tick within {options.timeout:g} s; check front, contracts and trading hours")
    print("summary 汇总:")
    for name, ticks in spi.ticks.items():
        last = ticks[-1] if ticks else None
        shown = f"last 最新 {price(last.LastPrice)}, volume 成交量 {last.Volume}" if last else "no tick 无行情"
        print(f"  {name}: {len(ticks)} ticks, {shown}")
    print(f"  dropped ticks 丢弃: {api.dropped_ticks}")


def main(arguments: list[str] | None = None) -> int:
    return run(demo, arguments)


if __name__ == "__main__":
    sys.exit(main())
