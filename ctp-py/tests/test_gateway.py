"""`Gateway`: both sessions together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import ctp_py
from conftest import PATIENCE
from ctp_py.demo import main_contract

RB = main_contract("rb")


def test_prices_and_an_order(front: str) -> None:
    async def main() -> None:
        async with ctp_py.Gateway(front) as gateway:
            assert gateway.states == {"md": "ready", "td": "ready"}
            logins = await gateway.ready()
            assert gateway.md.login is not None and gateway.md.login.trading_day == logins[0].trading_day
            assert gateway.md is gateway.md and gateway.td is gateway.td
            tick = await gateway.md.ticks(RB).__anext__()
            assert tick.upper_limit_price is not None
            order = await gateway.td.place(RB, "buy", "open", 1, tick.upper_limit_price, exchange="SHFE")
            await order.finished()
            health = gateway.health()
            assert health["is_ready"] and health["md"]["ticks"] > 0 and health["td"]["is_ready"]
        assert gateway.states == {"md": "closed", "td": "closed"}

    asyncio.run(main())


def test_one_session_is_closed_alone(front: str) -> None:
    with ctp_py.Gateway(front) as gateway:
        gateway.md.close().result(PATIENCE)
        assert gateway.states == {"md": "closed", "td": "ready"}
        assert "Gateway 000001@" in repr(gateway)
    gateway.close().result(PATIENCE)


def test_a_gateway_has_one_life(front: str) -> None:
    gateway = ctp_py.Gateway(front)
    assert gateway.states == {"md": "new", "td": "new"}
    for session in ("md", "td"):
        with pytest.raises(ctp_py.StateError, match="not connected"):
            getattr(gateway, session)
    gateway.close().result(PATIENCE)
    with pytest.raises(ctp_py.StateError), gateway:
        pass


def test_a_wrong_password_is_tried_once(front: str) -> None:
    for _ in range(2):
        with pytest.raises(ctp_py.LoginError) as refused:
            ctp_py.Gateway.open(front, password="canary-secret")
        assert refused.value.fault == "login" and refused.value.code == 3 and refused.value.hint
        assert "canary" not in str(refused.value)


def test_two_gateways_do_not_share_a_flow_directory(front: str, tmp_path: Path) -> None:
    with ctp_py.Gateway(front, flow_dir=tmp_path):
        with pytest.raises(ctp_py.FlowDirError, match="in use"):
            ctp_py.Gateway.open(front, flow_dir=tmp_path)
    with pytest.raises(ctp_py.ConfigError) as told:
        ctp_py.Gateway(front, riks={}, risk={"order_lots": -1})
    assert {key for key, _, _ in told.value.problems} == {"riks", "risk.order_lots"}
