"""What other packages get wrong (their probes), and faults F05, F06, F07 and F09 of the catalogue."""

from __future__ import annotations

import logging
import os
import textwrap
import threading
from pathlib import Path

import pytest

import ctp_py
from conftest import PATIENCE, Recorder, log_in_md, log_in_td, run_python
from ctp_py import sim
from ctp_py.demo import main_contract

RB = main_contract("rb")

#: The morning in a few seconds.
FLOOD = "?clock=virtual&speed=1000&start=2026-11-23T09:00:00"


def test_a_tick_that_was_kept_outlives_the_buffer(front: str) -> None:
    spi = Recorder()
    with ctp_py.MdApi(tick_capacity=2) as api:
        log_in_md(api, spi, front + FLOOD)
        api.SubscribeMarketData([RB])
        (kept,) = spi.wait("OnRtnDepthMarketData")
        before = (kept.InstrumentID, kept.UpdateTime, kept.UpdateMillisec, kept.LastPrice, bytes(kept))
        for _ in range(200):
            spi.wait("OnRtnDepthMarketData")
    assert before == (kept.InstrumentID, kept.UpdateTime, kept.UpdateMillisec, kept.LastPrice, bytes(kept))


def test_text_that_is_cut_or_broken_is_still_text(front: str) -> None:
    """A half character becomes U+FFFD, in the same type; what stands around it is kept, and the bytes are there."""
    spi = Recorder()
    with ctp_py.TraderApi() as api:
        log_in_td(api, spi, front)
        sim.Exchange.at(front).fault("cut-text what=OnRspQryInstrument field=InstrumentName")
        api.ReqQryInstrument(ctp_py.QryInstrumentField(InstrumentID=RB), 3)
        (row, *_) = spi.wait("OnRspQryInstrument")
    whole = row.raw("InstrumentName")
    assert row.InstrumentName.endswith("\N{REPLACEMENT CHARACTER}") or row.InstrumentName.isascii()
    assert isinstance(row.InstrumentName, str) and isinstance(whole, bytes)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("找不到".encode("gbk") + b"\xd2", "找不到\N{REPLACEMENT CHARACTER}"),
        (b"rb\xff2701", "rb\N{REPLACEMENT CHARACTER}2701"),
        ("张".encode("gbk"), "张"),
    ],
)
def test_broken_gbk_is_decoded_and_kept(raw: bytes, text: str) -> None:
    info = ctp_py.RspInfoField(ErrorMsg="x" * 40)
    data = bytes(info)
    at = data.index(b"x" * 40)
    info = ctp_py.RspInfoField.from_bytes(data[:at] + raw + b"\0" * (40 - len(raw)) + data[at + 40 :])
    assert info.ErrorMsg == text and info.raw("ErrorMsg") == raw


def test_chinese_goes_there_and_comes_back(front: str) -> None:
    spi = Recorder()
    with ctp_py.TraderApi() as api:
        log_in_td(api, spi, front)
        order = ctp_py.InputOrderField(
            BrokerID="9999", InvestorID="tester", InstrumentID="没有", OrderRef="1", UserID="张", MacAddress="张"
        )
        api.ReqOrderInsert(order, 5)
        refused = spi.wait("OnRspOrderInsert")
    assert (refused[0].InstrumentID, refused[0].MacAddress) == ("没有", "张")
    assert refused[0].raw("MacAddress") == "张".encode("gbk") and refused[1].ErrorID != 0


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, RecursionError])
def test_an_exception_in_a_callback_ends_nothing(
    kind: type[BaseException], front: str, caplog: pytest.LogCaptureFixture
) -> None:
    """F09: told with its traceback, and the stream goes on."""

    class Failing(Recorder):
        raised = 0

        def OnRtnDepthMarketData(self, tick: ctp_py.DepthMarketDataField) -> None:
            self.calls.put(("tick", ()))
            if self.raised < 3:
                self.raised += 1
                raise kind("mine")

    spi = Failing()
    with caplog.at_level(logging.ERROR, "ctp_py"), ctp_py.MdApi() as api:
        log_in_md(api, spi, front)
        api.SubscribeMarketData([RB])
        for _ in range(5):
            spi.wait("tick")
    told = [record for record in caplog.records if record.name == "ctp_py"]
    assert len(told) == 3
    assert all(record.exc_info is not None and record.exc_info[0] is kind for record in told)
    assert caplog.text.count(", in OnRtnDepthMarketData") == 3


def test_an_error_of_on_error_is_told_too(front: str, caplog: pytest.LogCaptureFixture) -> None:
    class Worse(Recorder):
        def OnRspSubMarketData(self, *_: object) -> None:
            raise ValueError("first")

        def on_error(self, callback: str, error: BaseException) -> None:
            raise SystemExit("second")

    spi = Worse()
    with caplog.at_level(logging.ERROR, "ctp_py"), ctp_py.MdApi() as api:
        log_in_md(api, spi, front)
        api.SubscribeMarketData([RB])
        spi.wait("OnRtnDepthMarketData")
    assert [record.getMessage() for record in caplog.records if record.name == "ctp_py"] == [
        "exception in OnRspSubMarketData",
        "exception in on_error",
    ]


def test_a_request_field_of_5000_characters_is_refused() -> None:
    for text in ("x" * 5000, "张" * 5000):
        with pytest.raises(ValueError, match="BrokerID"):
            ctp_py.ReqUserLoginField(BrokerID=text)
        login = ctp_py.ReqUserLoginField()
        with pytest.raises(ValueError, match="BrokerID"):
            login.BrokerID = text
        assert login.BrokerID == ""


def test_a_call_inside_a_handler_works(front: str) -> None:
    class Calling(Recorder):
        def OnRspUserLogin(self, *arguments: object) -> None:
            self.calls.put(("day", (api.GetTradingDay(), api.SubscribeMarketData([RB]))))
            self.calls.put(("OnRspUserLogin", arguments))

    spi = Calling()
    with ctp_py.MdApi() as api:
        api.RegisterSpi(spi)  # type: ignore[arg-type]
        api.RegisterFront(front)
        api.Init()
        spi.wait("OnFrontConnected")
        api.ReqUserLogin(ctp_py.ReqUserLoginField(UserID="tester"), 1)
        day, code = spi.wait("day")
        assert len(day) == 8 and code == 0
        spi.wait("OnRtnDepthMarketData")


def test_a_close_in_the_middle_of_a_flood_never_hangs() -> None:
    """100 runs: every callback that came was delivered, dropped and counted, or discarded and counted (F05, F06)."""
    for _ in range(10):
        with sim.Exchange(clock="virtual", speed=1000, start="2026-11-23 09:00:00") as exchange:
            for _ in range(10):
                close_in_a_flood(exchange.front)


def close_in_a_flood(front: str) -> None:
    seen = 0
    flood = threading.Event()

    class Spi(Recorder):
        def OnRtnDepthMarketData(self, tick: ctp_py.DepthMarketDataField) -> None:
            nonlocal seen
            seen += 1
            flood.set()

    spi = Spi()
    api = ctp_py.MdApi(tick_capacity=8)
    log_in_md(api, spi, front)
    api.SubscribeMarketData([RB, main_contract("IF"), main_contract("m")])
    assert flood.wait(PATIENCE)
    api.close()
    after, left = seen, api.undelivered
    assert api.is_closed and left <= 8 + 3
    api.close()
    assert (seen, api.undelivered) == (after, left)


def test_what_waits_at_the_end_is_counted(front: str) -> None:
    """F05, F07: the answers to a query are still waiting when a handler closes."""
    is_inside, go_on = threading.Event(), threading.Event()

    class Slow(Recorder):
        rows = 0

        def OnRspQryInstrument(self, *_: object) -> None:
            self.rows += 1
            is_inside.set()
            go_on.wait(PATIENCE)

    spi = Slow()
    api = ctp_py.TraderApi()
    log_in_td(api, spi, front)
    assert api.undelivered == 0
    api.ReqQryInstrument(ctp_py.QryInstrumentField(), 7)
    assert is_inside.wait(PATIENCE)
    # CTP's thread goes on meanwhile: what comes next on it comes behind all rows.
    sim.Exchange.at(front).barrier()
    with pytest.raises(ctp_py.CloseError, match="still running"):
        api.close(timeout=0.1)
    waiting = api.undelivered
    go_on.set()
    api.close()
    assert spi.rows == 1 and waiting > 0 and api.undelivered == waiting and api.dropped_ticks == 0


def test_no_locale_is_needed(tmp_path: Path) -> None:
    script = tmp_path / "locale_probe.py"
    script.write_text(
        textwrap.dedent(
            r"""
            import threading
            import ctp_py

            done = threading.Event()
            told = []

            class Spi(ctp_py.TraderSpi):
                def OnFrontConnected(self):
                    api.ReqUserLogin(ctp_py.ReqUserLoginField(BrokerID="9999", UserID="tester"), 1)

                def OnRspUserLogin(self, *_):
                    api.ReqSettlementInfoConfirm(ctp_py.SettlementInfoConfirmField(InvestorID="tester"), 2)

                def OnRspSettlementInfoConfirm(self, *_):
                    order = ctp_py.InputOrderField(InvestorID="tester", InstrumentID="x", MacAddress="\u5f20")
                    api.ReqOrderInsert(order, 3)

                def OnRspOrderInsert(self, order, info, *_):
                    told.append((ascii(order.MacAddress), ascii(info.ErrorMsg)))
                    done.set()

            api = ctp_py.TraderApi()
            api.RegisterSpi(Spi())
            api.SubscribePrivateTopic(2)
            api.RegisterFront("sim://locale")
            api.Init()
            assert done.wait(30)
            api.close()
            (sent, answer), = told
            assert sent == r"'\u5f20'" and r"\u" in answer, told
            print(sent)
            """
        ),
        encoding="ascii",
    )
    empty = tmp_path / "locales"
    empty.mkdir()
    locale = {"LC_ALL": "C", "LANG": "C", "LOCPATH": str(empty), "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run_python(str(script), cwd=tmp_path, env=locale)
    assert (done.returncode, done.stdout) == (0, "'\\u5f20'\n"), done.stderr


STUCK = {
    "a sleep": "time.sleep(1000)",
    "a loop": "exec('while True: pass')",
    "a lock": "stuck.acquire()",
    "a loop that takes everything": "take_everything()",
}


@pytest.mark.parametrize("what", STUCK)
@pytest.mark.parametrize("code", [0, 3])
def test_a_handler_that_never_ends_keeps_neither_process_nor_exit_code(what: str, code: int, tmp_path: Path) -> None:
    script = tmp_path / "stuck.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import sys, threading, time
            import ctp_py
            stuck = threading.Lock()
            stuck.acquire()
            seen = threading.Event()
            def take_everything():
                while True:
                    try:
                        time.sleep(0.001)
                    except BaseException:
                        pass
            class Spi(ctp_py.MdSpi):
                def OnFrontConnected(self):
                    seen.set()
                    {STUCK[what]}
            api = ctp_py.MdApi()
            api.RegisterSpi(Spi())
            api.RegisterFront("sim://stuck")
            api.Init()
            assert seen.wait(30)
            sys.exit({code})
            """
        ),
        encoding="utf-8",
    )
    done = run_python(str(script), cwd=tmp_path, env={"PYTHONFAULTHANDLER": "1", **os.environ})
    assert done.returncode == code, done.stderr
