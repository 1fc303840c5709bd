"""Helpers of all tests. Everything runs on the simulator, each test on an exchange of its own name."""

from __future__ import annotations

import itertools
import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import ctp_py
from ctp_py import sim

REPOSITORY = Path(__file__).resolve().parents[2]

#: An answer that has not come by then never comes.
PATIENCE = 30.0

_names = itertools.count()


@pytest.fixture
def front() -> str:
    """The address of an exchange that no other test uses."""
    return f"sim://test-{os.getpid()}-{next(_names)}"


@pytest.fixture
def exchange() -> Iterator[sim.Exchange]:
    """An exchange in the machine's time on which nobody trades: its ticks are those of the test."""
    with sim.Exchange(clock="real", settings={"crowd": "off"}) as quiet:
        yield quiet


@pytest.fixture
def silent() -> Iterator[sim.Exchange]:
    """An exchange whose time stands still: it answers nobody before the test lets time pass."""
    with sim.Exchange(start="2026-11-23 10:00:00") as still:
        yield still


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Leaves no API open behind a test that failed."""
    yield
    ctp_py.close_all(5.0)


def until(condition: Callable[[], bool], what: str) -> None:
    """Waits until a condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.005)


class Recorder:
    """A spi that puts every callback into a queue, whatever its name."""

    def __init__(self) -> None:
        self.calls: queue.SimpleQueue[tuple[str, tuple[Any, ...]]] = queue.SimpleQueue()

    def __getattr__(self, name: str) -> Callable[..., None]:
        if not name.startswith("On"):
            raise AttributeError(name)
        return lambda *arguments: self.calls.put((name, arguments))

    def wait(self, name: str) -> tuple[Any, ...]:
        """Returns the arguments of the next callback of that name; others are skipped."""
        while True:
            found, arguments = self.calls.get(timeout=PATIENCE)
            if found == name:
                return arguments


def log_in_md(api: ctp_py.MdApi, spi: Recorder, front: str) -> None:
    api.RegisterSpi(spi)  # type: ignore[arg-type]
    api.RegisterFront(front)
    api.Init()
    spi.wait("OnFrontConnected")
    api.ReqUserLogin(ctp_py.ReqUserLoginField(BrokerID="9999", UserID="tester", Password="simulator"), 1)
    assert spi.wait("OnRspUserLogin")[1].ErrorID == 0


def log_in_td(api: ctp_py.TraderApi, spi: Recorder, front: str) -> None:
    api.RegisterSpi(spi)  # type: ignore[arg-type]
    api.SubscribePrivateTopic(ctp_py.ResumeType.QUICK)
    api.SubscribePublicTopic(ctp_py.ResumeType.QUICK)
    api.RegisterFront(front)
    api.Init()
    spi.wait("OnFrontConnected")
    api.ReqUserLogin(ctp_py.ReqUserLoginField(BrokerID="9999", UserID="tester", Password="simulator"), 1)
    assert spi.wait("OnRspUserLogin")[1].ErrorID == 0
    api.ReqSettlementInfoConfirm(ctp_py.SettlementInfoConfirmField(BrokerID="9999", InvestorID="tester"), 2)
    assert spi.wait("OnRspSettlementInfoConfirm")[1].ErrorID == 0


def run_python(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs Python with this package, elsewhere than in the repository if `cwd` says so."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        env=environment,
        check=False,
        **options,
    )
