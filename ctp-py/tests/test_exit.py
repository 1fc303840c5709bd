"""The end of the interpreter with clients open: silent, in bounds, exit code as the program says."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

from conftest import run_python

BEGIN = """
import asyncio, logging, sys, threading, time
import ctp_py
from ctp_py.demo import main_contract
logging.basicConfig()
RB = main_contract("rb")
md = ctp_py.MdClient.open("sim://exit")
ticks = md.ticks(RB)
next(ticks)
"""

PROGRAMS = {
    "an open client": "",
    "a thread in an iteration": """
def read():
    for tick in md.ticks(): pass
    print("ended", flush=True)
threading.Thread(target=read).start()
""",
    "a daemon in an iteration": """
def read():
    for tick in md.ticks("nothing"): pass
for _ in range(3): threading.Thread(target=read, daemon=True).start()
""",
    "a daemon that waits for a result": """
silent = ctp_py.sim.Exchange()
pending = ctp_py.MdClient.connect(silent.front)
threading.Thread(target=pending.result, daemon=True).start()
threading.excepthook = lambda _: None
time.sleep(0.1)
""",
    "a loop of a daemon": """
async def read():
    async for tick in md.ticks("nothing"): pass
threading.Thread(target=lambda: asyncio.run(read()), daemon=True).start()
time.sleep(0.1)
""",
    "a task that is left behind": """
async def main():
    asyncio.ensure_future(read())
    await asyncio.sleep(0.05)
async def read():
    async for tick in ticks: pass
asyncio.run(main())
""",
    "a handler that computes for ever": """
called = threading.Event()
def busy(tick):
    called.set()
    while True: pass
md.on_tick(busy)
called.wait(30)
""",
    "a handler that sleeps for ever": """
called = threading.Event()
def busy(tick):
    called.set()
    time.sleep(1e6)
md.on_tick(busy)
called.wait(30)
""",
    "a handler that waits for ticks": """
called = threading.Event()
def busy(tick):
    called.set()
    for _ in md.ticks("nothing"): pass
md.on_tick(busy)
called.wait(30)
""",
    "a client that is still connecting": """
from ctp_py import sim
silent = sim.Exchange()
pending = ctp_py.MdClient.connect(silent.front)
""",
    "closing and leaving": "md.close()\n",
    "handlers in a flood": """
for _ in range(5): md.on_tick(lambda tick: tick.last_price)
""",
    "a call while it ends": """
import atexit
def late():
    try:
        md.subscribe(RB); ctp_py.MdClient.open("sim://late")
    except ctp_py.StateError: pass
    assert list(ticks) is not None and md.close().result() is None
atexit.register(late)
""",
}


@pytest.mark.parametrize("what", PROGRAMS)
@pytest.mark.parametrize("end", ["", "sys.exit(3)"], ids=["falls off", "exits"])
def test_the_end_is_silent(what: str, end: str) -> None:
    program = BEGIN + textwrap.dedent(PROGRAMS[what]) + end
    ended = run_python("-X", "faulthandler", "-c", program.replace("ctp_py.sim", "__import__('ctp_py.sim').sim"))
    assert (ended.returncode, ended.stderr) == (3 if end else 0, "")
    assert ended.stdout == ("ended\n" if what == "a thread in an iteration" else "")


def test_an_exception_is_all_that_is_shown() -> None:
    ended = run_python("-c", BEGIN + "1 / 0")
    assert ended.returncode == 1 and ended.stderr.rstrip().endswith("ZeroDivisionError: division by zero")
    assert ended.stderr.count("Traceback") == 1


@pytest.mark.parametrize("wait", ["next(md.ticks('nothing'))", "md.ticks('nothing').next(100)", "asyncio.run(forever())"])
def test_ctrl_c_ends_a_program(wait: str) -> None:
    program = BEGIN + textwrap.dedent(f"""
    async def forever():
        # Before this asyncio has not made Ctrl-C its own, and a loop that is half made complains.
        print("waits", flush=True)
        async for tick in md.ticks("nothing"): pass
    try:
        {"pass" if "forever" in wait else 'print("waits", flush=True)'}
        {wait}
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(5)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None and run.stdout.readline() == "waits\n"
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert (run.returncode, out, err) == (5, "interrupted\n", "")


def test_many_ends_in_a_flood() -> None:
    program = BEGIN + textwrap.dedent("""
    for _ in range(3):
        md.on_tick(lambda tick: tick.last_price)
        threading.Thread(target=lambda: [None for _ in md.ticks()], daemon=True).start()
    """)
    for _ in range(8):
        ended = run_python("-c", program)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
