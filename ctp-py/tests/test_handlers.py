"""Handlers: what they raise, what they call, and that nothing of it stops delivery."""

from __future__ import annotations

import asyncio
import logging
import threading
import traceback
import time

import pytest

import ctp_py
from conftest import PATIENCE
from ctp_py import sim
from ctp_py.demo import main_contract

RB = main_contract("rb")


class Prices:
    """A handler that raises whatever it is told, and knows when it has been called so often."""

    def __init__(self, raises: list[type[BaseException]], wanted: int) -> None:
        self.raises = raises
        self.wanted = wanted
        self.prices: list[float | None] = []
        self.done = threading.Event()

    def __call__(self, tick: ctp_py.Tick) -> None:
        self.prices.append(tick.last_price)
        if len(self.prices) >= self.wanted:
            self.done.set()
        if self.raises:
            raise self.raises[len(self.prices) % len(self.raises)](f"at {tick.last_price}")


def snapshot(client: ctp_py.MdClient) -> None:
    """Subscribes and waits for the snapshot that the front sends."""
    next(client.ticks(RB))


def test_whatever_a_handler_raises_goes_to_on_error(exchange: sim.Exchange) -> None:
    told: list[tuple[str, BaseException]] = []
    kinds: list[type[BaseException]] = [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit]
    handler = Prices(kinds, 40)
    with ctp_py.MdClient(exchange.front) as md:

        @md.on_error
        def note(name: str, error: BaseException) -> None:
            told.append((name, error))

        snapshot(md)
        registered = md.on_tick(handler)
        for number in range(40):
            exchange.tick(RB, 3000.0 + number)
        assert handler.done.wait(PATIENCE)
        flush(md)
        assert handler.prices == [3000.0 + number for number in range(40)]
        assert {name for name, _ in told} == {"on_tick"} and len(told) == 40 == registered.calls
        assert {type(error) for _, error in told} == set(kinds)
        # The way to the line that raised is kept: nobody finds a mistake without.
        frames = [traceback.extract_tb(error.__traceback__) for _, error in told]
        assert all(frame and frame[-1].name == "__call__" for frame in frames)


def flush(client: ctp_py.MdClient) -> None:
    """Waits until the thread of the handlers has done what it had to."""
    called = threading.Event()
    client.ready().add_done_callback(lambda _: called.set())
    assert called.wait(PATIENCE)


@pytest.mark.parametrize("broken", [False, True])
def test_without_on_error_it_is_logged(
    exchange: sim.Exchange, caplog: pytest.LogCaptureFixture, broken: bool
) -> None:
    caplog.set_level(logging.ERROR, "ctp_py")
    handler = Prices([KeyError], 3)
    with ctp_py.MdClient(exchange.front) as md:
        if broken:
            md.on_error(lambda name: name)
        snapshot(md)
        md.on_tick(handler)
        for number in range(3):
            exchange.tick(RB, 3000.0 + number)
        assert handler.done.wait(PATIENCE)
        flush(md)
        flush(md)
    assert caplog.text.count("exception in a handler of on_tick") == 3
    assert caplog.text.count("KeyError: 'at 300") == 3
    assert caplog.text.count("in __call__") == 3
    assert caplog.text.count("exception in on_error") == (3 if broken else 0)


def test_a_handler_calls_its_client(exchange: sim.Exchange) -> None:
    done = threading.Event()
    found: list[object] = []
    with ctp_py.MdClient(exchange.front) as md:
        snapshot(md)

        @md.on_tick
        def ask(tick: ctp_py.Tick) -> None:
            md.subscribe("nothing")
            found.append(md.ready().result(PATIENCE).trading_day)
            latest = md.latest(RB)
            found.append(latest and latest.last_price)
            found.append(asyncio.run(ready(md)))
            done.set()

        exchange.tick(RB, 3005.0)
        assert done.wait(PATIENCE)
        assert found == [exchange.trading_day, 3005.0, exchange.trading_day]
        assert isinstance(ask, ctp_py.Handler) and "ask" in repr(ask)


async def ready(client: ctp_py.MdClient) -> str:
    return (await client.ready()).trading_day


def test_a_handler_is_removed_and_can_be_called_itself(exchange: sim.Exchange) -> None:
    handler = Prices([], 2)
    with ctp_py.MdClient(exchange.front) as md:
        snapshot(md)
        registered = md.on_tick(handler, RB)
        md.on_tick(lambda tick: None, [RB])
        with pytest.raises(TypeError, match="on_error takes a function"):
            md.on_error(7)  # type: ignore[type-var]
        with pytest.raises(TypeError):
            md.on_tick(7)  # type: ignore[call-overload]
        with pytest.raises(TypeError, match="on_event takes a function"):
            md.on_event("name")  # type: ignore[arg-type]
        ticks = md.ticks()
        exchange.tick(RB, 3000.0)
        registered(next(ticks))
        assert handler.done.wait(PATIENCE) and registered.__wrapped__ is handler
        registered.remove()
        registered.remove()
        calls = registered.calls
        exchange.tick(RB, 3001.0)
        next(ticks)
        flush(md)
        assert registered.calls == calls == 1


def test_a_slow_handler_loses_ticks_and_no_events(exchange: sim.Exchange) -> None:
    go_on, blocked = threading.Event(), threading.Event()
    events: list[str] = []
    with ctp_py.MdClient(exchange.front, tick_capacity=16) as md:
        snapshot(md)

        def slow(tick: ctp_py.Tick) -> None:
            blocked.set()
            go_on.wait(PATIENCE)

        handler = md.on_tick(slow)

        @md.on_event
        def note(event: ctp_py.MdEvent) -> None:
            # The answer to the subscription before may come as late as now.
            if event.instrument_id != RB:
                events.append(event.kind)

        exchange.tick(RB, 2999.0)
        assert blocked.wait(PATIENCE)
        for number in range(100):
            exchange.tick(RB, 3000.0 + number)
        md.subscribe(*[f"no{number}" for number in range(50)])
        end = time.monotonic() + PATIENCE
        # The library has given all of them before the handler goes on.
        while (latest := md.latest(RB)) is None or latest.last_price != 3099.0:
            assert time.monotonic() < end, latest
            time.sleep(0.005)
        go_on.set()
        while handler.calls + handler.lost < 101 or len(events) < 50:
            assert time.monotonic() < end, (handler, events)
            time.sleep(0.005)
        assert handler.calls + handler.lost == 101 and handler.lost >= 80
        assert events == ["subscribed"] * 50


def test_a_client_is_closed_from_its_handler_in_a_flood(front: str) -> None:
    closed = threading.Event()
    md = ctp_py.MdClient.open(front)

    @md.on_tick(RB, main_contract("IF"))
    def end(tick: ctp_py.Tick) -> None:
        md.close().result(PATIENCE)
        closed.set()
        raise SystemExit

    assert closed.wait(PATIENCE)
    md.close().result(PATIENCE)
    assert end.calls == 1 and md.state == "closed"


def test_closing_in_a_flood_of_several_readers(exchange: sim.Exchange) -> None:
    """Threads read, tasks read and handlers are called while the client ends: everybody's reading ends."""
    for _ in range(5):
        md = ctp_py.MdClient.open(exchange.front)
        snapshot(md)
        counts: list[int] = []

        def read(stream: ctp_py.Stream[ctp_py.Tick], counts: list[int] = counts) -> None:
            counts.append(sum(1 for _ in stream))

        async def read_async(
            stream: ctp_py.Stream[ctp_py.Tick], counts: list[int] = counts
        ) -> None:
            counts.append(len([tick async for tick in stream]))

        streams = [md.ticks() for _ in range(4)]
        threads = [threading.Thread(target=read, args=(stream,)) for stream in streams[:2]]
        threads += [
            threading.Thread(target=lambda stream=stream: asyncio.run(read_async(stream)))
            for stream in streams[2:]
        ]
        md.on_tick(lambda tick: None)
        for thread in threads:
            thread.start()
        for number in range(200):
            exchange.tick(RB, 3000.0 + number)
            if number == 100:
                closing = md.close()
        closing.result(PATIENCE)
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        assert len(counts) == 4
