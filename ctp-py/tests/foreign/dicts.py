"""vnpy_ctp and `ctp_py.vnpy` side by side on one exchange: dicts.py FRONT. What differs goes to standard output as JSON."""

import glob
import json
import queue
import sys
import tempfile
import time

(front,) = sys.argv[1:]
(folder,) = [folder for path in sys.path for folder in glob.glob(f"{path}/vnpy_ctp/api")][:1]
sys.path.insert(0, folder)
import vnctpmd  # noqa: E402
import vnctptd  # noqa: E402

from ctp_py import vnpy  # noqa: E402

PATIENCE = 30.0
USER = {"BrokerID": "9999", "UserID": "twins", "InvestorID": "twins", "Password": "simulator"}
flows = tempfile.mkdtemp()


def recorder(base):
    """Returns an object that keeps every callback it is asked to keep, with all arguments."""

    class Recorder(base):
        def __init__(self):
            super().__init__()
            self.calls = queue.Queue()

        def wait(self, name):
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                try:
                    found, arguments = self.calls.get(timeout=0.2)
                except queue.Empty:
                    continue
                if found == name:
                    return arguments
            sys.exit(f"{base.__module__}: {name} did not come")

    def keep(name):
        setattr(Recorder, name, lambda self, *arguments: self.calls.put((name, arguments)))

    for name in dir(base):
        if name.startswith("on"):
            keep(name)
    return Recorder()


def md(base, name):
    api = recorder(base)
    api.createFtdcMdApi(f"{flows}/{name}", True)
    api.registerFront(front)
    api.init()
    api.wait("onFrontConnected")
    api.reqUserLogin(USER, 1)
    seen = {"login": api.wait("onRspUserLogin")}
    api.subscribeMarketData("rb2701")
    seen["subscribed"] = api.wait("onRspSubMarketData")
    return api, seen


def td(base, name):
    api = recorder(base)
    api.createFtdcTraderApi(f"{flows}/{name}", True)
    api.subscribePrivateTopic(2)
    api.subscribePublicTopic(2)
    api.registerFront(front)
    seen = {"code": api.reqUserLogin(USER, 1)}
    api.init()
    api.wait("onFrontConnected")
    api.reqUserLogin(USER, 1)
    api.wait("onRspUserLogin")
    api.reqSettlementInfoConfirm(USER, 2)
    seen["confirmed"] = api.wait("onRspSettlementInfoConfirm")
    order = {**USER, "InstrumentID": "nothing", "OrderRef": "7", "Direction": "0", "LimitPrice": 1.5, "MinVolume": 1}
    api.reqOrderInsert(order, 3)
    seen["refused"] = api.wait("onRspOrderInsert")
    while api.reqQryInstrument({"InstrumentID": "rb2701"}, 4) != 0:
        time.sleep(0.05)
    seen["instrument"] = api.wait("onRspQryInstrument")
    time.sleep(0.1)
    while api.reqQryInstrument({"InstrumentID": "no such"}, 5) != 0:
        time.sleep(0.05)
    seen["no row"] = api.wait("onRspQryInstrument")
    seen["front"] = api.getFrontInfo()
    return api, seen


def differences(where, theirs, ours):
    """Yields every value of theirs that is another one of ours; keys that are newer may be more."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key, value in theirs.items():
            yield from differences(f"{where}.{key}", value, ours.get(key, "missing"))
    elif isinstance(theirs, (tuple, list)) and len(theirs) == len(ours):
        for number, pair in enumerate(zip(theirs, ours)):
            yield from differences(f"{where}[{number}]", *pair)
    elif type(theirs) is not type(ours) or theirs != ours:
        yield [where, repr(theirs), repr(ours)]


their_md, their_seen = md(vnctpmd.MdApi, "their-md")
our_md, our_seen = md(vnpy.MdApi, "our-md")
different = list(differences("md", their_seen, our_seen))


def key(tick):
    return tick["UpdateTime"], tick["UpdateMillisec"], tick["Volume"]


def ticks(api):
    return {key(tick): tick for (tick,) in (api.wait("onRtnDepthMarketData") for _ in range(60))}


theirs, ours = ticks(their_md), ticks(our_md)
same = sorted(theirs.keys() & ours.keys())
for number in same:
    different += differences("tick", theirs[number], ours[number])
their_td, their_seen = td(vnctptd.TdApi, "their-td")
our_td, our_seen = td(vnpy.TdApi, "our-td")
different += differences("td", their_seen, our_seen)
print("SEEN " + json.dumps({"ticks": len(same), "different": different}, ensure_ascii=False), flush=True)
import os  # noqa: E402

os._exit(0)
