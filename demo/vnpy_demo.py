"""Drop-in 替换: a script as it is written for vnpy_ctp, on this package.

Only the first two lines are new. From there on `vnpy_ctp.api` is ours: same names, same arguments, dictionaries. On the
simulator; `ctp_py.vnpy.install(md_library=…, trader_library=…)` takes the vendor's libraries.
"""
# vnpy_ctp's interface is dictionaries without types.
# mypy: disable-error-code="misc, no-untyped-def, no-untyped-call, no-any-unimported"
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import ctp_py.vnpy

ctp_py.vnpy.install()

import queue
import sys
import tempfile
from typing import Any

from vnpy_ctp import api

from ctp_py.demo import DemoError, main_contract, parse, run

calls: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()


class Md(api.MdApi):
    def onFrontConnected(self):
        calls.put(("md connected", {}))

    def onRspUserLogin(self, data, error, reqid, last):
        calls.put(("md login", error))

    def onRtnDepthMarketData(self, data):
        calls.put(("tick", data))


class Td(api.TdApi):
    def onFrontConnected(self):
        calls.put(("td connected", {}))

    def onRspUserLogin(self, data, error, reqid, last):
        calls.put(("td login", error))

    def onRspSettlementInfoConfirm(self, data, error, reqid, last):
        calls.put(("confirmed", error))

    def onRspOrderInsert(self, data, error, reqid, last):
        calls.put(("refused", error))

    def onRtnOrder(self, data):
        print(f"order 报单 {data['OrderRef']}: {data['StatusMsg']}, {data['VolumeTraded']} traded", flush=True)

    def onRtnTrade(self, data):
        calls.put(("trade", data))


def wait(name: str) -> dict[str, Any]:
    """Returns what the next callback of that name brought."""
    while True:
        found, data = calls.get(timeout=30)
        if found == "refused" or data.get("ErrorID"):
            raise DemoError(f"{found}: {data['ErrorMsg']}")
        if found == name:
            return data


def show(front: str, instrument: str) -> None:
    user = {"BrokerID": "9999", "UserID": "vnpy", "InvestorID": "vnpy", "Password": "simulator"}
    md, td = Md(), Td()
    with tempfile.TemporaryDirectory() as flows:
        md.createFtdcMdApi(f"{flows}/md_", True)
        md.registerFront(front)
        md.init()
        wait("md connected")
        md.reqUserLogin(user, 1)
        wait("md login")
        md.subscribeMarketData(instrument)
        tick = wait("tick")
        print(f"tick 行情 {tick['InstrumentID']}: {tick['LastPrice']} at {tick['UpdateTime']}", flush=True)
        td.createFtdcTraderApi(f"{flows}/td_", True)
        td.subscribePrivateTopic(2)
        td.subscribePublicTopic(2)
        td.registerFront(front)
        td.init()
        wait("td connected")
        td.reqUserLogin(user, 1)
        wait("td login")
        td.reqSettlementInfoConfirm(user, 2)
        wait("confirmed")
        order = {
            **user,
            "ExchangeID": "SHFE",
            "InstrumentID": instrument,
            "OrderRef": "1",
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
        }
        td.reqOrderInsert(order, 3)
        trade = wait("trade")
        print(f"trade 成交 {trade['InstrumentID']}: {trade['Volume']} @ {trade['Price']}", flush=True)
        md.exit()
        td.exit()


def main(arguments: list[str] | None = None) -> int:
    def demo() -> None:
        options = parse("A vnpy_ctp script on this package, on the simulator.", arguments)
        if not (options.source or "").startswith("sim://"):
            raise DemoError("this example sends an order by itself: it runs on the simulator only")
        show(options.source or "", main_contract("rb"))

    return run(demo)


if __name__ == "__main__":
    sys.exit(main())
