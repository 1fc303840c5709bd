"""One measurement of one Python package, in a process of its own: client.py PACKAGE TASK COUNT LIBRARY.

The library is the bench's own (`gateway/front.cpp`): this script is its front and tells it over TCP what to send. What
was measured goes to standard output as JSON, in nanoseconds. PACKAGE is ctp_py, ctp_py.spin (whose
delivery thread polls), ctp_py.vnpy, vnpy_ctp, openctp_ctp, or numpy, pyarrow or polars for who takes the columns of ctp_py.
"""

import json
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
import timeit

package, task, count, library = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]

#: Intervals between ticks of each task; 0: as fast as the library is let.
INTERVALS = {"latency": 1_000_000, "busy": 100_000}
OURS = ["ctp_py", "ctp_py.spin"]
FOUR = ["InstrumentID", "UpdateTime", "LastPrice", "Volume"]
PATIENCE = 120.0

connected, done = threading.Event(), threading.Event()
seen = 0
marks = []
latencies = []
kept = []
now = time.monotonic_ns


def mark():
    marks.append((now(), time.thread_time_ns()))
    if len(marks) == 2:
        done.set()


def handler(names, get, latency):
    """Returns a function that counts ticks and reads these fields of each, written out as a user writes them."""
    lines = ["def handle(self, tick):", "    global seen", "    seen += 1"]
    lines += ["    if seen == 1 or seen == count:", "        kept.append(tick)", "        mark()"]
    lines += [f"    {get.format(name)}" for name in names]
    if latency:
        lines.append(f"    latencies.append(now() - {get.format('PreDelta')})")
    exec("\n".join(lines), globals())
    return globals()["handle"]


is_dict = "vnpy" in package
get = 'tick["{}"]' if is_dict else "tick.{}"


def fields():
    if task == "four":
        return FOUR
    if task != "all":
        return []
    if is_dict or package in OURS:
        import ctp_py

        return list(ctp_py.DepthMarketDataField().to_dict())
    from openctp_ctp import mdapi

    record = mdapi.CThostFtdcDepthMarketDataField
    return [name for name in vars(record) if not name.startswith("_") and name not in ("this", "thisown")]


def all_keys(self, tick):
    """All of a dictionary is there when it is: whoever wants the values takes them."""
    global seen
    seen += 1
    if seen == 1 or seen == count:
        mark()
    list(tick.values())


on_tick = all_keys if is_dict and task == "all" else handler(fields(), get, task in INTERVALS)
front = socket.create_server(("127.0.0.1", 0))
address = f"tcp://127.0.0.1:{front.getsockname()[1]}"
flow = os.path.join(tempfile.mkdtemp(), "md_")


def start():
    """Makes the package's API object and connects it; returns what must stay alive."""
    if package in OURS:
        import ctp_py

        class Spi(ctp_py.MdSpi):
            def OnFrontConnected(self):
                connected.set()

            OnRtnDepthMarketData = on_tick

        # Room for all, so that nothing is dropped when the library is faster than any handler.
        api, spi = ctp_py.MdApi(library, flow, tick_capacity=count, spin=package == "ctp_py.spin"), Spi()
        api.RegisterSpi(spi)
        api.RegisterFront(address)
        api.Init()
        return api, spi
    if package == "openctp_ctp":
        from openctp_ctp import mdapi

        class Spi(mdapi.CThostFtdcMdSpi):
            def OnFrontConnected(self):
                connected.set()

            OnRtnDepthMarketData = on_tick

        api, spi = mdapi.CThostFtdcMdApi.CreateFtdcMdApi(flow), Spi()
        api.RegisterSpi(spi)
        api.RegisterFront(address)
        api.Init()
        return api, spi
    if package == "vnpy_ctp":
        import glob

        sys.path.insert(0, [found for path in sys.path for found in glob.glob(f"{path}/vnpy_ctp/api")][0])
    else:
        import ctp_py.vnpy

        ctp_py.vnpy.install(md_library=library)
    from vnctpmd import MdApi

    class Md(MdApi):
        def onFrontConnected(self):
            connected.set()

        onRtnDepthMarketData = on_tick

    api = Md()
    api.createFtdcMdApi(flow, True)
    api.registerFront(address)
    api.init()
    return api


def columns():
    """Takes all ticks as columns, in the batches that a client hands over; tells the time of one, and its row's."""
    import numpy
    import pyarrow

    import ctp_py

    # The time of this thread: on two cores it has the feed and the session's own reader beside it.
    own = time.thread_time_ns
    takes = {"numpy": numpy.asarray, "pyarrow": pyarrow.record_batch}
    if package == "polars":
        import polars

        takes["polars"] = polars.DataFrame
    take, batches, ticks, taking = takes[package], 0, 0, 0
    # Room for all, so that nothing is lost.
    made = ctp_py.MdClient.connect(
        front=address, library=library, flow_dir=os.path.dirname(flow), tick_capacity=count,
        broker_id="9999", user_id="bench", password="bench",
    )  # fmt: skip
    stream, _ = front.accept()
    source = made.result().batches()
    stream.sendall(f"due {count} 0\n".encode())
    for batch in source:
        if not ticks:
            began, own_began, head = now(), own(), len(batch)
        before = own()
        columns = take(batch)
        taking += own() - before
        batches += 1
        ticks += len(columns)
        if ticks + source.lost >= count:
            break
    ended, own_ended, rest = now(), own(), ticks - head
    told = {"tick": (ended - began) / rest, "cpu": (own_ended - own_began) / rest, "take": taking / ticks}
    print(json.dumps(told | {"size": ticks / batches, "lost": source.lost}), flush=True)
    os._exit(0)


def spin():
    """A main thread that is busy with Python until all ticks are there."""
    total, end = 0, time.monotonic() + PATIENCE
    while not done.is_set() and time.monotonic() < end:
        for number in range(1_000):
            total += number * number
    return total


if task == "columns":
    columns()
if task == "import":
    # The first import of a process that has Python's own modules, as every process has them.
    before = now()
    import ctp_py  # noqa: F401

    print(json.dumps({"import": now() - before}), flush=True)
    os._exit(0)
alive = start()
stream, _ = front.accept()
connected.wait(PATIENCE)
time.sleep(0.2)
stream.sendall(f"due {count} {INTERVALS.get(task, 0)}\n".encode())
if task == "busy":
    spin()
if not done.wait(PATIENCE):
    sys.exit(f"{package} {task}: {seen} of {count} ticks in {PATIENCE:.0f} s")
answer = stream.makefile().readline().split()
(began, cpu_began), (ended, cpu_ended) = marks
told = {
    "tick": (ended - began) / (count - 1),
    "cpu": (cpu_ended - cpu_began) / (count - 1),
    "callback": float(answer[0]),
    "callback_longest": float(answer[3]),
    "sleeps": float(answer[7]),
}
if latencies:
    part = len(latencies) // 5
    told["p50"] = statistics.median(latencies)
    told["first"] = statistics.median(latencies[:part])
    told["last"] = statistics.median(latencies[-part:])
if task == "attribute":
    loop = "for _ in range(1000): tick.LastPrice"
    once = min(timeit.repeat(loop, number=200, repeat=5, globals={"tick": kept[0]}))
    empty = min(timeit.repeat("for _ in range(1000): tick", number=200, repeat=5, globals={"tick": kept[0]}))
    told["attribute"] = (once - empty) * 1e9 / 200_000
print(json.dumps(told), flush=True)
# The others' ends may hang: nothing of them is measured here.
os._exit(0)
