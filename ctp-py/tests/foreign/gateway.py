"""vnpy_ctp's own gateway, unedited, on `ctp_py.vnpy`: gateway.py INSTRUMENT. `CTP_SIM_FRONT` says where it connects to."""

import json
import os
import queue
import sys
import time
from types import ModuleType


class Unused(ModuleType):
    """NumPy and TA-Lib stand in vnpy's annotations; no gateway computes with them."""

    def __getattr__(self, name):
        return object


for name in ("numpy", "talib"):
    sys.modules[name] = Unused(name)

import ctp_py.vnpy  # noqa: E402

ctp_py.vnpy.install()

from vnpy.event import EventEngine  # noqa: E402
from vnpy.trader.constant import Direction, Exchange, Offset, OrderType, Status  # noqa: E402
from vnpy.trader.event import EVENT_CONTRACT, EVENT_LOG, EVENT_ORDER, EVENT_TICK, EVENT_TRADE  # noqa: E402
from vnpy.trader.object import OrderRequest, SubscribeRequest  # noqa: E402
from vnpy_ctp import CtpGateway  # noqa: E402

(instrument,) = sys.argv[1:]
PATIENCE = 60.0
events = queue.Queue()
logs = []
engine = EventEngine()
for kind in (EVENT_CONTRACT, EVENT_LOG, EVENT_ORDER, EVENT_TICK, EVENT_TRADE):
    engine.register(kind, lambda event: events.put((event.type, event.data)))
engine.start()


def wait(kind, accept=lambda data: True):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            found, data = events.get(timeout=0.2)
        except queue.Empty:
            continue
        if found == EVENT_LOG:
            logs.append(data.msg)
        if found == kind and accept(data):
            return data
    sys.exit(f"{kind} did not come; said: {logs}")


gateway = CtpGateway(engine, "CTP")
assert type(gateway.md_api).__mro__[1] is ctp_py.vnpy.MdApi
setting = {
    "用户名": "vnpy",
    "密码": "simulator",
    "经纪商代码": "9999",
    "交易服务器": "127.0.0.1:1",
    "行情服务器": "127.0.0.1:1",
    "产品名称": "simnow_client_test",
    "授权编码": "0" * 16,
    "柜台环境": "实盘",
}
gateway.connect(setting)
wait(EVENT_LOG, lambda log: log.msg == "合约信息查询成功")
gateway.subscribe(SubscribeRequest(symbol=instrument, exchange=Exchange.SHFE))
tick = wait(EVENT_TICK, lambda tick: tick.symbol == instrument)
request = OrderRequest(
    symbol=instrument,
    exchange=Exchange.SHFE,
    direction=Direction.LONG,
    type=OrderType.LIMIT,
    volume=1,
    price=tick.limit_up,
    offset=Offset.OPEN,
)
order = gateway.send_order(request)
# CTP tells the order's end before the trade.
last = wait(EVENT_ORDER, lambda data: data.vt_orderid == order and data.status == Status.ALLTRADED)
trade = wait(EVENT_TRADE, lambda trade: trade.vt_orderid == order)
gateway.close()
engine.stop()
seen = {"name": tick.name, "price": tick.last_price, "volume": trade.volume, "status": last.status.value, "logs": logs}
print("SEEN " + json.dumps(seen, ensure_ascii=False), flush=True)
os._exit(0)
