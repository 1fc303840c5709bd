"""The simulator's own package: exchanges by hand, and where its libraries lie."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY, Recorder, log_in_td, run_python

import ctp_py
from ctp_py import sim

START = "2026-11-23 10:00:00"


@pytest.fixture
def exchange() -> Iterator[sim.Exchange]:
    with sim.Exchange(start=START) as exchange:
        yield exchange


def test_time_passes_only_when_told(exchange: sim.Exchange) -> None:
    assert exchange.now.isoformat() == "2026-11-23T10:00:00+08:00"
    assert exchange.advance("1500ms") - exchange.now == timedelta(0)
    assert exchange.advance(timedelta(milliseconds=250)).isoformat() == "2026-11-23T10:00:01.750000+08:00"
    assert exchange.until("10:30:00").isoformat() == "2026-11-23T10:30:00+08:00"
    assert exchange.until(datetime(2026, 11, 23, 13, 30)).hour == 13
    assert exchange.trading_day == "20261123"


def test_ticks_are_what_was_said(exchange: sim.Exchange) -> None:
    instrument = exchange.instrument("rb2701")
    assert instrument is not None and instrument["ExchangeID"] == "SHFE"
    price = float(instrument["PreSettlementPrice"])
    exchange.tick("rb2701", price, volume=3, bid=[(price - 1, 5)], ask=f"{price + 1}x2", after="100ms")
    exchange.advance("1s")
    after = exchange.instrument("rb2701")
    assert after is not None
    assert (float(after["LastPrice"]), float(after["BidPrice1"]), after["AskVolume1"]) == (price, price - 1, "2")
    assert exchange.instrument("nothing") is None


def test_what_cannot_be_says_what_can(exchange: sim.Exchange) -> None:
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: exchange.command("explode"), "deposit"),
        (lambda: exchange.command("deposit", investor="a"), "amount"),
        (lambda: exchange.advance("soon"), "500ms"),
        (lambda: exchange.until("noon"), "15:00:00"),
        (lambda: exchange.control("explode"), "advance"),
        (lambda: exchange.tick("nothing", 1.0), "nothing"),
        (lambda: exchange.orders("nobody"), "nobody"),
        (lambda: exchange.trades(instrument="nothing"), "nothing"),
        (lambda: exchange.disconnect(99), "99"),
        (lambda: sim.Exchange(settings={"colour": "red"}), "colour"),
        (lambda: sim.Exchange("a b"), "64 letters"),
        (lambda: sim.Exchange(start="noon"), "2026-11-23 10:00:00"),
        (lambda: sim.Exchange.at("sim://nobody"), "nobody"),
        (lambda: sim.Exchange.at("nobody"), "tcp://HOST:PORT"),
    ]
    for call, named in calls:
        with pytest.raises(sim.ControlError, match=named):
            call()
    with sim.Exchange(start=START, clock="real") as real, pytest.raises(sim.ControlError, match="manual"):
        real.advance("1s")


def test_an_exchange_ends_and_its_name_is_free() -> None:
    for _ in range(2):
        with sim.Exchange("python-life", start=START) as exchange:
            with pytest.raises(sim.ControlError, match="already running"):
                sim.Exchange("python-life")
            other = sim.Exchange.at("sim://python-life?crowd=off")
            assert other.trading_day == exchange.trading_day
            other.close()
            assert exchange.now == other.now
        exchange.close()


def test_a_client_meets_it(exchange: sim.Exchange) -> None:
    spi = Recorder()
    with ctp_py.TraderApi() as api:
        api.RegisterSpi(spi)  # type: ignore[arg-type]
        api.RegisterFront(exchange.front)
        api.Init()
        exchange.advance("1s")
        spi.wait("OnFrontConnected")
        (session,) = exchange.sessions()
        assert session["api"] == "trader" and session["connected"]
        exchange.disconnect(session["session"], 0x2001)
        exchange.advance("1ms")
        assert spi.wait("OnFrontDisconnected") == (0x2001,)


def test_a_recording_is_played(tmp_path: Path) -> None:
    recording = tmp_path / "ticks.csv"
    recording.write_text(
        "InstrumentID,TradingDay,ActionDay,UpdateTime,LastPrice,Volume\n"
        "rb2701,20261123,20261123,10:00:02,3201,1\nrb2701,20261123,20261123,10:00:03,3202,3\n"
    )
    with sim.Exchange(start=START, settings={"crowd": "off"}, replay=recording) as exchange:
        for moment, price in (("10:00:02.5", 3201.0), ("10:00:03.5", 3202.0)):
            exchange.until(moment)
            instrument = exchange.instrument("rb2701")
            assert instrument is not None and float(instrument["LastPrice"]) == price
    with pytest.raises(sim.ControlError, match=r"nothing\.csv"):
        sim.Exchange(replay=tmp_path / "nothing.csv")


def test_a_core_restarts(exchange: sim.Exchange) -> None:
    spi = Recorder()
    with ctp_py.TraderApi() as api:
        api.RegisterSpi(spi)  # type: ignore[arg-type]
        api.RegisterFront(exchange.front)
        api.Init()
        exchange.advance("1s")
        spi.wait("OnFrontConnected")
        exchange.restart(clear_flow=True, down=timedelta(minutes=5))
        exchange.advance("4m")
        assert spi.wait("OnFrontDisconnected") == (0x1001,)
        assert not exchange.sessions(connected=True), "it is down"
        exchange.advance("2m")
        spi.wait("OnFrontConnected")
        assert exchange.faults() == [], "it was a command, no plan in force"
    with pytest.raises(sim.ControlError, match="soon"):
        exchange.restart(down="soon")


def test_orders_trades_positions_and_money_are_seen(exchange: sim.Exchange) -> None:
    spi = Recorder()
    exchange.tick("rb2701", 3000.0, bid=[(2999, 5)], ask=[(3001, 5)])
    with ctp_py.TraderApi() as api:
        api.RegisterSpi(spi)  # type: ignore[arg-type]
        api.RegisterFront(exchange.front)
        api.Init()
        exchange.advance("1s")
        spi.wait("OnFrontConnected")
        login: dict[str, Any] = {"BrokerID": "9999", "UserID": "one", "Password": "simulator"}
        api.ReqUserLogin(ctp_py.ReqUserLoginField(**login), 1)
        exchange.advance("1s")
        api.ReqSettlementInfoConfirm(ctp_py.SettlementInfoConfirmField(BrokerID="9999", InvestorID="one"), 2)
        exchange.advance("1s")
        who: dict[str, Any] = {"BrokerID": "9999", "InvestorID": "one", "ExchangeID": "SHFE", "InstrumentID": "rb2701"}
        how: dict[str, Any] = {"Direction": "0", "CombOffsetFlag": "0", "CombHedgeFlag": "1", "OrderPriceType": "2"}
        when: dict[str, Any] = {"TimeCondition": "3", "VolumeCondition": "1", "ContingentCondition": "1", "ForceCloseReason": "0"}
        for number, (price, volume) in enumerate([(2990.0, 1), (3001.0, 2)], start=3):
            what: dict[str, Any] = {"OrderRef": str(number), "LimitPrice": price, "VolumeTotalOriginal": volume, "MinVolume": 1}
            api.ReqOrderInsert(ctp_py.InputOrderField(**who, **how, **when, **what), number)
        exchange.advance("1s")
        orders = [(order["price"], order["live"]) for order in exchange.orders("one")]
        assert orders == [(2990.0, True), (3001.0, False)]
        assert [order["volume"] for order in exchange.orders(live=True)] == [1]
        assert sum(trade["volume"] for trade in exchange.trades("one", "rb2701")) == 2
        (position,) = exchange.positions("one")
        assert (position["direction"], position["volume"]) == ("long", 2)
        (account,) = exchange.accounts()
        assert account["investor"] == "one" and account["margin"] > 0
        before = account["balance"]
        exchange.command("deposit", investor="one", amount=5.0)
        assert exchange.accounts("one")[0]["balance"] == before + 5.0
        assert exchange.settle() == "20261124"


def test_faults_come_into_force_and_go(exchange: sim.Exchange) -> None:
    first = exchange.fault("drop what=OnRtnTrade count=2")
    second = exchange.fault({"name": "late", "fault": [{"do": "delay", "what": ["ticks"], "by": "50ms"}]})
    third = exchange.fault('name = "as-text"\n[[fault]]\ndo = "duplicate"\nwhat = ["OnRtnOrder"]\n')
    assert len({first, second, third}) == 3 and len(exchange.faults()) == 3
    assert exchange.clear_faults(second) == 1 and exchange.clear_faults() == 2 and exchange.faults() == []
    with pytest.raises(sim.ControlError, match="explode"):
        exchange.fault("explode what=OnRtnTrade")


def test_a_fresh_exchange_costs_milliseconds() -> None:
    """No duration is asserted: the figure is printed, and the median of it stands in docs/use-with.md."""
    took = []
    for _ in range(20):
        before = time.perf_counter()
        exchange = sim.Exchange(start=START)
        took.append(time.perf_counter() - before)
        exchange.close()
    print(f"a fresh exchange: median {sorted(took)[10] * 1000:.1f} ms, worst {max(took) * 1000:.1f} ms")


def test_libraries_are_found_by_any_name_of_a_version() -> None:
    assert sim.versions()[0] == f"se-{ctp_py.API_VERSION}"
    wanted = sim.libraries("6.7.11")
    for name in ("v6.7.11", "se-6.7.11", "v6.7.11_20250617 16:22:00.10369"):
        assert sim.libraries(name) == wanted
    for path in (wanted.md, wanted.trader, wanted.core, wanted.locale, wanted.folder / f"lib{wanted.trader.name}"):
        assert path is not None and path.is_file(), path
    for name in ("6.7.99", "mini-6.7.11", "", "../x"):
        with pytest.raises(sim.UnknownVersion, match="se-6.7.11"):
            sim.libraries(name)


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [("CTP_SIM_DIR", "/nowhere", "CTP_SIM_DIR"), ("CTP_SIM_LIBRARY", "/nowhere.so", "CTP_SIM_LIBRARY")],
)
def test_missing_libraries_are_named(variable: str, value: str, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(sim.LibraryError, match=named):
        sim.preload("6.7.11")


def test_two_versions_do_not_go_into_one_process() -> None:
    calls = ["sim.preload('6.7.11')", "sim.preload('6.7.11', front='sim://x')", "sim.preload('6.7.13')"]
    program = "; ".join(["from ctp_py import sim", *calls])
    done = run_python("-c", program)
    assert done.returncode == 1 and "AlreadyLoaded: version se-6.7.11 was preloaded" in done.stderr


def test_a_vendor_library_in_the_process_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "libthosttraderapi_se-1234.so"
    elsewhere.write_bytes(sim.libraries("6.7.13").trader.read_bytes())
    program = f"import ctypes; ctypes.CDLL({str(elsewhere)!r}); from ctp_py import sim; sim.preload('6.7.13')"
    done = run_python("-c", program)
    assert done.returncode == 1 and "AlreadyLoaded" in done.stderr and elsewhere.name in done.stderr


def test_scripts_run_as_if_python_ran_them(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import beside, sys; print(__name__, sys.argv[1:], beside.__name__); sys.exit(7)")
    (tmp_path / "beside.py").write_text("")
    done = run_python("-m", "ctp_py.sim", "run", "--as", "6.7.11", str(script), "a", "--as", "b", cwd=REPOSITORY.parent)
    assert (done.returncode, done.stdout) == (7, "__main__ ['a', '--as', 'b'] beside\n"), done.stderr
    done = run_python("-m", "ctp_py.sim", "run", "--as", "6.7.11", "-m", "script", "a", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (7, "__main__ ['a'] beside\n"), done.stderr
    script.write_text("import os; print(os.environ['CTP_SIM_FRONT']); raise RuntimeError('of the script')")
    done = run_python("-m", "ctp_py.sim", "run", "--as", "6.7.11", "--front", "sim://x", str(script))
    assert (done.returncode, done.stdout) == (1, "sim://x\n") and "RuntimeError: of the script" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["run", "--as", "6.7.11"], "name a script"),
        (["run", "--as", "6.7.11", "nothing.py"], "nothing.py"),
        (["run", "--as", "1.2.3", __file__], "se-6.7.11"),
        (["run", __file__], "--as"),
    ],
)
def test_wrong_calls_say_what_is_right(arguments: list[str], named: str) -> None:
    done = run_python("-m", "ctp_py.sim", *arguments)
    assert done.returncode in (1, 2) and named in done.stderr and "Traceback" not in done.stderr


def test_where_prints_what_the_loader_takes() -> None:
    done = run_python("-m", "ctp_py.sim", "where", "--as", "6.7.13")
    assert Path(done.stdout.strip()) == sim.libraries("6.7.13").folder
    done = run_python("-m", "ctp_py.sim", "where", "--as", "6.7.11", "--ld-preload")
    assert all(os.path.isfile(path) for path in done.stdout.strip().split(":")) and done.stdout.count(":") == 2
    for option, path in [("--core", sim.libraries("6.7.11").core), ("--locale", sim.libraries("6.7.11").locale)]:
        assert run_python("-m", "ctp_py.sim", "where", "--as", "6.7.11", option).stdout.strip() == str(path)


def test_the_pytest_fixture(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "def test_fresh(ctp_sim):\n"
        "    assert ctp_sim.now.isoformat() == '2026-11-24T09:30:00+08:00' and ctp_sim.sessions() == []\n"
        "@pytest.mark.ctp_sim(start='2026-11-23 21:00:00', crowd='off')\n"
        "def test_marked(ctp_sim):\n"
        "    assert ctp_sim.advance('1s').hour == 21\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nctp_sim_start = 2026-11-24 09:30:00\nctp_sim_preload = 6.7.11\n")
    command = [sys.executable, "-m", "pytest", "-q", "--strict-markers", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr
