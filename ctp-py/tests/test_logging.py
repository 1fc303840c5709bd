"""The gateway's own lines in Python's `logging`: levels, whose they are, what is lost, and no secrets."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

import ctp_py
from conftest import PATIENCE, run_python, until
from ctp_py import TdClient, sim


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "ctp_py" and record.levelno == level]


def test_states_are_told_with_their_session(exchange: sim.Exchange, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ctp_py")
    secret = "canary-5f3a-secret"
    with ctp_py.MdClient(exchange.front, user_id="one", password=secret) as md:
        until(lambda: any("ready on trading day" in line for line in lines(caplog, logging.INFO)), "it says so")
        record = next(record for record in caplog.records if "ready on trading day" in record.getMessage())
        assert (record.session, record.target) == ("md 9999/one", "ctp_gateway::shell::state_log")  # type: ignore[attr-defined]
        assert record.getMessage().startswith("md 9999/one: state state=ready")
        exchange.disconnect(exchange.sessions(connected=True)[0]["session"])
        until(lambda: any("reconnecting" in line for line in lines(caplog, logging.WARNING)), "a broken link is a warning")
        until(lambda: md.state == "ready", "the link is back")
    assert secret not in caplog.text and "simulator" not in "".join(lines(caplog, logging.INFO))
    assert not [record for record in caplog.records if record.levelno < logging.INFO]


def test_details_are_told_to_who_wants_them(exchange: sim.Exchange, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(5, "ctp_py")
    with TdClient(exchange.front, recovery="orders") as td:
        td.change_password("Canary-77-secret").result(PATIENCE)
        td.query_product(product_id="rb").result(PATIENCE)
        until(lambda: any("ReqQryProduct" in line for line in lines(caplog, 5)), "details")
    with TdClient(exchange.front, password="Canary-77-secret", recovery="orders"):
        pass
    assert "Canary-77" not in caplog.text and "anary" not in caplog.text


def test_a_slow_log_loses_lines_and_says_how_many(exchange: sim.Exchange, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ctp_py")
    rules = {"dry_run": True, "actions_per_second": 100_000}
    stuck, go_on = threading.Event(), threading.Event()
    with TdClient(exchange.front, risk=rules, recovery="orders") as td:

        def handle(event: ctp_py.TdEvent) -> None:
            stuck.set()
            go_on.wait(PATIENCE)

        td.on_event(handle)
        for number in range(1_300):
            with pytest.raises(ctp_py.Denied):
                td.place("rb2701", "buy", "open", 1, 3000.0, exchange="SHFE").result(PATIENCE)
            if number == 0:
                assert stuck.wait(PATIENCE)
        go_on.set()
        until(lambda: any("were lost" in line for line in lines(caplog, logging.WARNING)), "the loss is told")
        told = len([line for line in lines(caplog, logging.INFO) if "dry run: not sent" in line])
        lost = next(int(line.split()[0]) for line in lines(caplog, logging.WARNING) if "were lost" in line)
        assert lost > 200 and told + lost in range(1_300, 1_310)


def test_without_a_configuration_warnings_are_shown_and_nothing_else(tmp_path: Path) -> None:
    program = """
import ctp_py
from ctp_py import sim
with sim.Exchange(clock="real", settings={"crowd": "off"}) as exchange:
    with ctp_py.MdClient(exchange.front) as md:
        events = md.events()
        exchange.disconnect(exchange.sessions(connected=True)[0]["session"])
        while md.state == "ready":
            pass
        md.ready().result(30)
"""
    done = run_python("-c", program, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "md 9999/000001: state state=reconnecting" in done.stderr
    assert "ready on trading day" not in done.stderr
