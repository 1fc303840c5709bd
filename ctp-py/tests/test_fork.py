"""After a fork: the child's calls are refused, and both processes end."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from conftest import run_python

BEGIN = """
import os, sys, threading, warnings
import ctp_py
warnings.simplefilter("ignore", DeprecationWarning)
seen = threading.Event()
class Spi(ctp_py.MdSpi):
    def OnFrontConnected(self):
        api.ReqUserLogin(ctp_py.ReqUserLoginField(UserID="tester"), 1)
    def OnRspUserLogin(self, *_):
        api.SubscribeMarketData(["rb2701"])
    def OnRtnDepthMarketData(self, tick):
        seen.set()
api = ctp_py.MdApi(flow_dir="flow")
api.RegisterSpi(Spi())
api.RegisterFront("sim://fork")
api.Init()
assert seen.wait(30)
sys.stdout.flush()
"""


def run(body: str, folder: Path) -> str:
    done = run_python("-c", BEGIN + textwrap.dedent(body), cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_childs_calls_are_refused(tmp_path: Path) -> None:
    told = run(
        """
        child = os.fork()
        if child == 0:
            refused = 0
            for call in (
                lambda: api.SubscribeMarketData(["rb2701"]),
                lambda: api.ReqUserLogin(ctp_py.ReqUserLoginField(), 1),
                api.Init,
                api.Join,
                api.GetTradingDay,
                api.GetApiVersion,
                lambda: api.RegisterSpi(None),
            ):
                try:
                    call()
                except ctp_py.StateError as error:
                    assert "before a fork" in str(error)
                    refused += 1
            api.close()
            api.Release()
            ctp_py.close_all()
            os._exit(refused)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 7, status
        seen.clear()
        assert seen.wait(30) and os.path.isdir("flow")
        print(api.GetTradingDay() != "")
        """,
        tmp_path,
    )
    assert told == "True\n"


@pytest.mark.parametrize("end", ["sys.exit(3)", "os._exit(3)"])
def test_both_end(end: str, tmp_path: Path) -> None:
    told = run(
        f"""
        child = os.fork()
        if child == 0:
            {end}
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status))
        """,
        tmp_path,
    )
    assert told == "3\n"


def test_a_child_may_let_go_of_what_it_has(tmp_path: Path) -> None:
    told = run(
        """
        import gc
        idle = ctp_py.MdApi()
        folder = idle.flow_dir
        child = os.fork()
        if child == 0:
            del idle, api
            gc.collect()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), folder.is_dir())
        """,
        tmp_path,
    )
    assert told == "0 True\n"


def test_multiprocessing_forks(tmp_path: Path) -> None:
    script = tmp_path / "pool.py"
    script.write_text(
        BEGIN
        + textwrap.dedent(
            """
            import multiprocessing
            with multiprocessing.get_context("fork").Pool(2) as pool:
                print(sum(pool.map(abs, [-1, -2, -3])))
            """
        ),
        encoding="utf-8",
    )
    done = run_python(str(script), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "6\n"), done.stderr


FORKS = """
import os, sys, threading, warnings
import ctp_py
warnings.simplefilter("ignore", DeprecationWarning)
stop = threading.Event()
opened = 0
def open_and_close():
    global opened
    while not stop.is_set():
        with ctp_py.MdApi() as api:
            api.RegisterFront("sim://forks")
            api.Init()
        opened += 1
threads = [threading.Thread(target=open_and_close) for _ in range(2)]
for thread in threads:
    thread.start()
statuses = []
for number in range(60):
    child = os.fork()
    if child == 0:
        # The end of a child looks at the list of what is open, and so does another object of its own.
        ctp_py.close_all()
        sys.exit(5)
    statuses.append(child)
stop.set()
for thread in threads:
    thread.join()
codes = {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in statuses}
print(codes, opened > 0)
"""


def test_a_fork_between_threads_that_open_and_close_leaves_no_lock_behind(tmp_path: Path) -> None:
    done = run_python("-c", FORKS, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "{5} True\n"), done.stderr
