"""What takes time: awaited, waited for on a thread, called back about, cancelled, forgotten."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading

import pytest

import ctp_py
from conftest import PATIENCE, until
from ctp_py import sim


def test_a_result_is_awaited_and_waited_for_any_number_of_times(exchange: sim.Exchange) -> None:
    connecting = ctp_py.MdClient.connect(exchange.front)
    client = connecting.result(PATIENCE)
    assert connecting.done() and connecting.result() is client

    async def main() -> list[ctp_py.MdClient]:
        return [await connecting, *await asyncio.gather(*[wrapped() for _ in range(20)])]

    async def wrapped() -> ctp_py.MdClient:
        return await connecting

    assert asyncio.run(main()) == [client] * 21
    # Another loop is as good, and so is a loop of another thread.
    assert asyncio.run(main()) == [client] * 21
    answers: list[list[ctp_py.MdClient]] = []
    threads = [threading.Thread(target=lambda: answers.append(asyncio.run(main()))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert answers == [[client] * 21] * 3
    client.close().result(PATIENCE)


def test_tasks_of_several_loops_wait_for_one_result(silent: sim.Exchange) -> None:
    connecting = ctp_py.MdClient.connect(silent.front)
    waiting = threading.Barrier(4)
    clients: list[ctp_py.MdClient] = []

    async def main() -> None:
        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        waiting.wait(PATIENCE)
        clients.append(await task)

    async def wait() -> ctp_py.MdClient:
        return await connecting

    threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(3)]
    for thread in threads:
        thread.start()
    waiting.wait(PATIENCE)
    assert not connecting.done()
    until(lambda: bool(silent.advance("1s")) and connecting.done(), "the client is ready")
    for thread in threads:
        thread.join(PATIENCE)
    assert len(clients) == 3 and len(set(map(id, clients))) == 1
    clients[0].close().result(PATIENCE)


def test_a_cancelled_or_late_wait_takes_nothing_back(silent: sim.Exchange) -> None:
    connecting = ctp_py.MdClient.connect(silent.front)

    async def give_up() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(connecting, 0.05)

        async def wait() -> None:
            await connecting

        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    with pytest.raises(ctp_py.TimedOut, match="wait again") as late:
        connecting.result(0.02)
    assert late.value.waited == 0.02 and isinstance(late.value, TimeoutError)
    with pytest.raises(ctp_py.TimedOut):
        connecting.result(0)
    assert not connecting.done()
    until(lambda: bool(silent.advance("1s")) and connecting.done(), "the client is ready")
    connecting.result().close().result(PATIENCE)


def test_a_loop_that_was_closed_takes_nothing_with_it(silent: sim.Exchange) -> None:
    connecting = ctp_py.MdClient.connect(silent.front)
    loop = asyncio.new_event_loop()

    async def wait() -> None:
        await connecting

    task = loop.create_task(wait())
    loop.run_until_complete(asyncio.sleep(0.02))
    task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    # A second task still waits when its loop goes away.
    left = loop.create_task(wait())
    loop.run_until_complete(asyncio.sleep(0.02))
    loop.close()
    until(lambda: bool(silent.advance("1s")) and connecting.done(), "the client is ready")
    client = connecting.result()
    assert asyncio.run(_ready(client)).trading_day == silent.trading_day
    client.close().result(PATIENCE)
    left.get_coro().close()
    left._log_destroy_pending = False  # type: ignore[attr-defined]


async def _ready(client: ctp_py.MdClient) -> ctp_py.Login:
    return await client.ready()


def test_a_callback_is_called_on_the_thread_of_the_handlers(exchange: sim.Exchange) -> None:
    threads: list[int] = []
    connecting = ctp_py.MdClient.connect(exchange.front)
    called = threading.Event()

    def note(done: ctp_py.Pending[ctp_py.MdClient]) -> None:
        assert done is connecting and done.done()
        threads.append(threading.get_ident())
        if len(threads) == 2:
            called.set()

    connecting.add_done_callback(note)
    client = connecting.result(PATIENCE)
    connecting.add_done_callback(note)
    assert called.wait(PATIENCE)
    assert len(set(threads)) == 1 and threads[0] != threading.get_ident()
    with pytest.raises(TypeError, match="function"):
        connecting.add_done_callback(7)  # type: ignore[arg-type]
    client.close().result(PATIENCE)


def test_an_error_that_nobody_asked_for_is_logged(
    exchange: sim.Exchange, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "ctp_py")
    connecting = ctp_py.MdClient.connect(exchange.front, library=ctp_py.find_simulator()["trader"])
    until(connecting.done, "it failed")
    del connecting
    gc.collect()
    until(lambda: "nobody took" in caplog.text, "the error is logged")
    assert "not a CTP market data library" in caplog.text


def test_an_error_that_was_asked_for_is_not(exchange: sim.Exchange, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)

    async def main() -> None:
        with pytest.raises(ctp_py.LoadError):
            await ctp_py.MdClient.connect(exchange.front, library=ctp_py.find_simulator()["trader"])

    asyncio.run(main())
    with pytest.raises(ctp_py.LoadError):
        ctp_py.MdClient.open(exchange.front, library=ctp_py.find_simulator()["trader"])
    gc.collect()
    # What the thread of the handlers had to log it has logged once it has called this.
    flushed = threading.Event()
    with ctp_py.MdClient(exchange.front) as client:
        client.ready().add_done_callback(lambda _: flushed.set())
        assert flushed.wait(PATIENCE)
    assert caplog.text == ""


def test_await_needs_a_loop(silent: sim.Exchange) -> None:
    connecting = ctp_py.MdClient.connect(silent.front)
    with pytest.raises(RuntimeError, match="no running event loop"):
        next(iter(connecting.__await__()))
    until(lambda: bool(silent.advance("1s")) and connecting.done(), "the client is ready")
    connecting.result().close().result(PATIENCE)


def test_a_time_to_wait_is_a_number_of_seconds(exchange: sim.Exchange) -> None:
    with ctp_py.MdClient(exchange.front) as client:
        for wrong in (-1, float("nan")):
            with pytest.raises(ValueError, match="seconds, 0 or more"):
                client.ready().result(wrong)
        assert client.ready().result(float("inf")).trading_day == exchange.trading_day


def test_ctrl_c_ends_a_wait(silent: sim.Exchange) -> None:
    connecting = ctp_py.MdClient.connect(silent.front)
    # A run in the background of a shell ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        connecting.result()
    until(lambda: bool(silent.advance("1s")) and connecting.done(), "the client is ready")
    connecting.result().close().result(PATIENCE)


def test_uvloop_is_as_good(exchange: sim.Exchange) -> None:
    import uvloop

    async def main() -> float | None:
        async with ctp_py.MdClient(exchange.front) as md:
            ticks = md.ticks("rb2701")
            exchange.tick("rb2701", 3210.0)
            return (await asyncio.wait_for(ticks.__anext__(), PATIENCE)).last_price

    loop = uvloop.new_event_loop()
    assert loop.run_until_complete(main()) is not None
    loop.close()
