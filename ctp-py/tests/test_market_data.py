"""Market data on the simulator, through the library's own ABI."""

from __future__ import annotations

import threading

import pytest

import ctp_py
from conftest import PATIENCE, Recorder, log_in_md
from ctp_py import sim
from ctp_py.demo import main_contract

RB = main_contract("rb")
IF = main_contract("IF")


def test_ticks_arrive_typed(front: str) -> None:
    spi = Recorder()
    with ctp_py.MdApi() as api:
        assert api.is_simulator and "CTPSIM" in api.GetApiVersion()
        log_in_md(api, spi, front)
        assert len(api.GetTradingDay()) == 8
        assert api.SubscribeMarketData([RB, IF]) == 0
        subscribed = {spi.wait("OnRspSubMarketData")[0].InstrumentID for _ in range(2)}
        assert subscribed == {RB, IF}
        seen: dict[str, ctp_py.DepthMarketDataField] = {}
        while seen.keys() != {RB, IF}:
            (tick,) = spi.wait("OnRtnDepthMarketData")
            seen[tick.InstrumentID] = tick
        for tick in seen.values():
            assert isinstance(tick.LastPrice, float) and isinstance(tick.Volume, int)
            assert tick.LowerLimitPrice is not None and tick.LowerLimitPrice < tick.LastPrice
            assert len(tick.UpdateTime) == 8
        assert api.dropped_ticks == 0


def test_ticks_that_were_kept_stay_as_they_were(front: str) -> None:
    spi = Recorder()
    with ctp_py.MdApi() as api:
        log_in_md(api, spi, front)
        api.SubscribeMarketData([RB])
        kept = [spi.wait("OnRtnDepthMarketData")[0] for _ in range(3)]
        frozen = [(tick.UpdateTime, tick.UpdateMillisec, tick.BidVolume1, repr(tick)) for tick in kept]
    assert [(tick.UpdateTime, tick.UpdateMillisec, tick.BidVolume1, repr(tick)) for tick in kept] == frozen
    assert len({repr(tick) for tick in kept}) == 3


def test_slow_handlers_lose_the_oldest_ticks_and_nothing_else(front: str) -> None:
    go_on = threading.Event()
    is_blocked = threading.Event()

    class Slow(Recorder):
        def OnRtnDepthMarketData(self, tick: ctp_py.DepthMarketDataField) -> None:
            is_blocked.set()
            go_on.wait(PATIENCE)

    spi = Slow()
    with ctp_py.MdApi(tick_capacity=1) as api:
        log_in_md(api, spi, front)
        api.SubscribeMarketData([RB, IF])
        assert is_blocked.wait(PATIENCE)
        while api.dropped_ticks < 2:
            threading.Event().wait(0.05)
        api.SubscribeMarketData(["nothing"])
        go_on.set()
        while spi.wait("OnRspSubMarketData")[0].InstrumentID != "nothing":
            pass


def test_the_api_object_itself_may_have_the_callbacks(front: str) -> None:
    class Mine(ctp_py.MdApi):
        def __init__(self, label: str) -> None:
            super().__init__(tick_capacity=8)
            self.label = label
            self.connected = threading.Event()

        def OnFrontConnected(self) -> None:
            self.connected.set()

    api = Mine("mine")
    api.RegisterFront(front)
    api.Init()
    assert api.connected.wait(PATIENCE) and api.label == "mine"
    api.close()


def test_a_subclass_must_initialise_its_base() -> None:
    class Forgetful(ctp_py.MdApi):
        def __init__(self) -> None:
            pass

    with pytest.raises(ctp_py.StateError, match="super"):
        Forgetful().Init()


def test_ids_must_be_a_list_of_text(front: str) -> None:
    with ctp_py.MdApi() as api:
        with pytest.raises(TypeError):
            api.SubscribeMarketData(RB)
        with pytest.raises(TypeError):
            api.SubscribeMarketData([1])  # type: ignore[list-item]
        with pytest.raises(ValueError, match="NUL"):
            api.SubscribeMarketData(["rb\0"])


def test_every_tick_is_delivered_or_counted() -> None:
    go_on, is_blocked, is_over = threading.Event(), threading.Event(), threading.Event()
    volumes: list[int] = []

    class Slow(Recorder):
        def OnRtnDepthMarketData(self, tick: ctp_py.DepthMarketDataField) -> None:
            volumes.append(tick.Volume)
            is_blocked.set()
            go_on.wait(PATIENCE)
            if tick.Volume >= 100:
                is_over.set()

    spi = Slow()
    with sim.Exchange(clock="real", settings={"crowd": "off"}) as exchange:
        with ctp_py.MdApi(tick_capacity=8) as api:
            log_in_md(api, spi, exchange.front)
            api.SubscribeMarketData([RB])
            exchange.tick(RB, 3200.0)
            assert is_blocked.wait(PATIENCE)
            before = len(volumes) + api.dropped_ticks
            for _ in range(100):
                exchange.tick(RB, 3200.0, volume=1)
            exchange.barrier()
            # The ring holds 8: what is older is lost already.
            assert api.dropped_ticks >= 100 - 8
            go_on.set()
            assert is_over.wait(PATIENCE)
            assert len(volumes) + api.dropped_ticks - before == 100
            assert volumes == sorted(volumes)
