"""`MdClient`: async, blocking and with handlers; what is lost, what is wrong, what ends."""

from __future__ import annotations

import asyncio
import pickle
import threading
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import ctp_py
from conftest import PATIENCE, run_python, until
from ctp_py import sim
from ctp_py.demo import main_contract

RB = main_contract("rb")
IF = main_contract("IF")


def publish(exchange: sim.Exchange, count: int, instrument: str = RB) -> None:
    for number in range(count):
        exchange.tick(instrument, 3000.0 + number, volume=1)
    exchange.barrier()


def subscribed(client: ctp_py.MdClient, *instruments: str) -> ctp_py.Stream[ctp_py.Tick]:
    """Returns a stream of the ticks after the snapshot that each subscription brings."""
    snapshots = client.ticks(*instruments)
    seen = {tick.instrument_id for tick in (next(snapshots) for _ in instruments)}
    assert seen == set(instruments)
    return client.ticks(*instruments)


def test_async_blocking_and_called(exchange: sim.Exchange) -> None:
    async def main() -> list[ctp_py.Tick]:
        async with ctp_py.MdClient(exchange.front) as md:
            assert md.state == "ready" and (await md.ready()).trading_day == exchange.trading_day
            ticks = subscribed(md, RB, IF)
            publish(exchange, 40)
            publish(exchange, 2, IF)
            seen = []
            async for tick in ticks:
                seen.append(tick)
                if len(seen) == 42:
                    return seen
        raise AssertionError("the stream ended")

    seen = asyncio.run(main())
    assert [tick.last_price for tick in seen[:40]] == [3000.0 + number for number in range(40)]
    assert [tick.instrument_id for tick in seen] == [RB] * 40 + [IF] * 2
    assert [tick.sequence - seen[0].sequence for tick in seen] == list(range(42))

    called: list[ctp_py.Tick] = []
    done = threading.Event()
    with ctp_py.MdClient(exchange.front) as md:
        ticks = subscribed(md, RB)

        @md.on_tick(RB)
        def collect(tick: ctp_py.Tick) -> None:
            called.append(tick)
            if len(called) == 40:
                done.set()

        publish(exchange, 40)
        read = [next(ticks) for _ in range(40)]
        assert done.wait(PATIENCE)
        assert [repr(tick) for tick in read] == [repr(tick) for tick in called[-40:]]
        assert collect.calls >= 40 and collect.lost == 0
        with pytest.raises(ctp_py.TimedOut):
            ticks.next(0)
    assert md.state == "closed" and list(ticks) == [] and ticks.next() is None


def test_a_tick_has_everything_typed(exchange: sim.Exchange) -> None:
    with ctp_py.MdClient(exchange.front) as md:
        assert md.is_simulator and "CTPSIM" in md.library_version and md.login is not None
        ticks = subscribed(md, RB)
        exchange.tick(RB, 3210.0, volume=7, bid=[(3209, 5), (3208, 4)], ask=[], upper=3500, lower=2900)
        tick = next(ticks)
        assert (tick.instrument_id, tick.exchange_id, tick.last_price) == (RB, "SHFE", 3210.0)
        assert (tick.upper_limit_price, tick.lower_limit_price) == (3500.0, 2900.0)
        assert tick.bid() == (3209.0, 5) and tick.bid(2) == (3208.0, 4) and tick.bid(3) is None
        assert (tick.bid_price, tick.bid_volume, tick.ask_price, tick.ask_volume) == (3209.0, 5, None, 0)
        assert tick.bids == [(3209.0, 5), (3208.0, 4)] and tick.asks == [] and tick.ask() is None
        assert tick.curr_delta is None and tick.settlement_price is None
        assert tick.time is not None and tick.time.tzinfo == ZoneInfo("Asia/Shanghai")
        assert tick.exchange_ns is not None and tick.time.timestamp() * 1e9 == pytest.approx(tick.exchange_ns)
        assert tick.time.strftime("%H:%M:%S") == tick.update_time and tick.received >= tick.time
        assert tick.trading_day == exchange.trading_day and tick.lost_before == 0
        assert tick.record.last_price == 3210.0 and tick.record.instrument_id == RB
        for level in (0, 6):
            with pytest.raises(ValueError, match=f"level {level} is none of 1 to 5"):
                tick.bid(level)
        again = pickle.loads(pickle.dumps(tick))
        assert again == tick and hash(again) == hash(tick) and tick != 1
        names = [name for name in dir(tick) if not name.startswith("_") and name not in ("bid", "ask")]
        assert [getattr(again, name) for name in names] == [getattr(tick, name) for name in names]
        latest = md.latest(RB)
        assert latest is not None and latest.sequence == tick.sequence and md.latest("nothing") is None
        assert repr(tick).startswith(f"Tick({RB} ")


def test_a_slow_reader_loses_ticks_and_knows_exactly_how_many(exchange: sim.Exchange) -> None:
    with ctp_py.MdClient(exchange.front, tick_capacity=16) as md:
        slow = subscribed(md, RB)
        fast = md.ticks(RB)
        for _ in range(25):
            publish(exchange, 4)
            for _ in range(4):
                tick = fast.next(PATIENCE)
                assert tick is not None and tick.lost_before == 0
        assert slow.lost == 0, "nothing was looked at yet"
        first = next(slow)
        rest = []
        with pytest.raises(ctp_py.TimedOut):
            while tick := slow.next(0):
                rest.append(tick)
        assert first.lost_before == slow.lost == 100 - 1 - len(rest) and fast.lost == 0
        assert 8 <= len(rest) < 16 and md.health()["ticks_lost"] == slow.lost
        assert [tick.lost_before for tick in rest] == [0] * len(rest)


def test_a_cancelled_wait_for_a_tick_loses_none(exchange: sim.Exchange) -> None:
    async def main() -> None:
        async with ctp_py.MdClient(exchange.front) as md:
            ticks = subscribed(md, RB)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(ticks.__anext__(), 0.001)
            for number in range(30):
                task = asyncio.ensure_future(ticks.__anext__())
                await asyncio.sleep(0)
                exchange.tick(RB, 3100.0 + number)
                exchange.barrier()
                # The tick has come, and the task is cancelled before it runs on.
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert (await ticks.__anext__()).last_price == 3100.0 + number

    asyncio.run(main())


def test_a_flood_leaves_turns_to_other_tasks(exchange: sim.Exchange) -> None:
    async def main() -> None:
        async with ctp_py.MdClient(exchange.front) as md:
            ticks = subscribed(md, RB)
            publish(exchange, 1000)
            turns = 0

            async def count() -> None:
                nonlocal turns
                while True:
                    turns += 1
                    await asyncio.sleep(0)

            other = asyncio.ensure_future(count())
            for _ in range(1000):
                await ticks.__anext__()
            assert turns >= 3
            other.cancel()

    asyncio.run(main())


def test_events_tell_of_subscriptions(exchange: sim.Exchange) -> None:
    with ctp_py.MdClient(exchange.front) as md:
        events = md.events()
        md.subscribe(RB, [IF])
        told = [events.next(PATIENCE) for _ in range(2)]
        assert {(event.kind, event.instrument_id) for event in told if event} == {
            ("subscribed", RB),
            ("subscribed", IF),
        }
        md.unsubscribe(IF)
        event = events.next(PATIENCE)
        assert event is not None and (event.kind, event.instrument_ids, event.code) == ("unsubscribed", [IF], None)
        quotes = md.quote_requests(RB)
        event = events.next(PATIENCE)
        assert event is not None and event.kind == "quotes_subscribed" and quotes.lost == 0
        for wrong in ("", "x" * 100):
            with pytest.raises(ctp_py.Denied) as denied:
                md.subscribe(RB, wrong)
            assert denied.value.rule in ("instrument", "text") and denied.value.fix
        with pytest.raises(TypeError):
            md.subscribe(7)  # type: ignore[arg-type]


def test_a_broken_link_is_made_again(exchange: sim.Exchange) -> None:
    with ctp_py.MdClient(exchange.front) as md:
        ticks, events = subscribed(md, RB), md.events()
        exchange.disconnect(exchange.sessions(connected=True)[0]["session"])
        kinds: set[str] = set()
        while not {"gap", "subscribed"} <= kinds:
            event = events.next(PATIENCE)
            assert event is not None
            kinds.add(event.kind)
        assert next(ticks).instrument_id == RB and md.health()["disconnects"] == 1
        assert md.ready().result(PATIENCE).trading_day == exchange.trading_day


def test_every_problem_of_a_configuration_is_told_at_once() -> None:
    with pytest.raises(ctp_py.ConfigError) as told:
        ctp_py.MdClient(front="nowhere", usr_id="x", password=5, timeouts={"x": 1})
    keys = [key for key, _, _ in told.value.problems]
    assert {"usr_id", "password", "md_fronts"} <= set(keys) and isinstance(told.value, ValueError)
    assert "did you mean user_id?" in str(told.value)
    with pytest.raises(ctp_py.ConfigError, match="object"):
        ctp_py.MdClient("sim://x", instance=object())
    with pytest.raises(ctp_py.ConfigError, match="front="):
        ctp_py.MdClient("tcp://127.0.0.1:1")
    with pytest.raises(ctp_py.ConfigError, match=r"missing\.toml"):
        ctp_py.MdClient("missing.toml")
    with pytest.raises(TypeError, match="int"):
        ctp_py.MdClient(7)  # type: ignore[arg-type]


def test_a_file_the_environment_and_keywords(
    exchange: sim.Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ctp.toml"
    file.write_text(f'fronts = ["{exchange.front}"]\nbroker_id = "1"\nuser_id = "by_file"\nflow_dir = "flow"\n')
    monkeypatch.setenv("CTP_USER_ID", "by_env")
    monkeypatch.setenv("CTP_PASSWORD", "canary-secret")
    client = ctp_py.MdClient(file)
    assert "by_env@" in repr(client) and "canary" not in repr(client)
    with ctp_py.MdClient(str(file), user="by_word", broker_id="9999", password="simulator") as md:
        assert md.health()["user_id"] == "by_word"
        assert (tmp_path / "flow").is_dir()
    # An address of the simulator is complete in itself.
    assert "by_env" not in repr(ctp_py.MdClient(exchange.front))
    with pytest.raises(ctp_py.ConfigError) as told:
        ctp_py.MdClient(file, password="canary-secret", broker="x" * 11, auth_code="canary-secret" * 9)
    assert "canary" not in str(told.value)


def test_a_library_is_missing_or_another(exchange: sim.Exchange, tmp_path: Path) -> None:
    with pytest.raises(ctp_py.ConfigError, match=r"nothing\.so"):
        ctp_py.MdClient(exchange.front, library=tmp_path / "nothing.so")
    text = tmp_path / "text.so"
    text.write_text("no library")
    with pytest.raises(ctp_py.LoadError, match=r"text\.so"):
        ctp_py.MdClient.open(exchange.front, library=text)
    with pytest.raises(ctp_py.LoadError, match=r"6\.3\.15"):
        ctp_py.MdClient.open(exchange.front, library=ctp_py.find_simulator()["md"], version="6.3.15")
    with ctp_py.MdClient(exchange.front, version="6.3.15") as md:
        assert "6.3.15" in md.library_version


def test_two_clients_do_not_share_a_flow_directory(exchange: sim.Exchange, tmp_path: Path) -> None:
    with ctp_py.MdClient(exchange.front, flow_dir=tmp_path) as md:
        with pytest.raises(ctp_py.FlowDirError, match="in use .*; give each .* or wait until the one before has closed"):
            ctp_py.MdClient.open(exchange.front, flow_dir=tmp_path)
        with ctp_py.MdClient(exchange.front, flow_dir=tmp_path, instance="b") as other:
            assert other.state == md.state == "ready"
    with ctp_py.MdClient(exchange.front, flow_dir=tmp_path):
        pass


def test_a_front_that_does_not_answer(silent: sim.Exchange) -> None:
    with pytest.raises(ctp_py.NotReady) as late:
        ctp_py.MdClient.open(silent.front, timeouts={"ready_ms": 100})
    assert (late.value.waited, late.value.state, late.value.fronts) == (0.1, "connecting", silent.front)


def test_a_client_has_one_life(exchange: sim.Exchange) -> None:
    md = ctp_py.MdClient(exchange.front)
    assert md.state == "new"
    with pytest.raises(ctp_py.StateError, match=r"not connected.*MdClient\.open"):
        md.subscribe(RB)
    with md:
        with pytest.raises(ctp_py.StateError, match="started before"):
            md.start()
        ticks = md.ticks(RB)
        next(ticks)
        assert md.close().result(PATIENCE) is None and md.close().result(PATIENCE) is None
    with pytest.raises(ctp_py.StateError, match="closed"):
        md.subscribe(RB)
    with pytest.raises(ctp_py.StateError, match="closed"):
        md.ready().result(PATIENCE)
    assert list(md.ticks()) == [] and md.state == "closed"
    with pytest.raises(ctp_py.StateError), md:
        pass
    never = ctp_py.MdClient(exchange.front)
    never.close().result(PATIENCE)
    assert never.state == "closed"


def test_a_client_that_is_connected_is_entered_and_left(exchange: sim.Exchange) -> None:
    with ctp_py.MdClient.open(exchange.front) as md:
        assert md.state == "ready"
        md.subscribe(RB)
    assert md.state == "closed"
    with pytest.raises(ctp_py.StateError, match=r"closed.*new one"), md:
        pass

    async def enter() -> str:
        async with await ctp_py.MdClient.connect(exchange.front) as md:
            assert md.state == "ready"
        return md.state

    assert asyncio.run(enter()) == "closed"
    with ctp_py.Gateway.open(exchange.front) as gateway:
        with pytest.raises(ctp_py.StateError, match="belongs to a Gateway"), gateway.md:
            pass
        assert gateway.md.state == "ready"


def test_a_client_whose_login_is_refused_is_not_entered_and_closed(exchange: sim.Exchange) -> None:
    client = ctp_py.TdClient(exchange.front, password="false-1")
    with pytest.raises(ctp_py.LoginError):
        client.start().result(PATIENCE)
    assert client.state == "faulted"
    with pytest.raises(ctp_py.LoginError), client:
        pass
    with pytest.raises(ctp_py.StateError, match="closed"), client:
        pass


def test_a_client_is_closed_while_it_connects(silent: sim.Exchange) -> None:
    connecting = ctp_py.MdClient.connect(silent.front)
    md = ctp_py.MdClient(silent.front)
    opening = md.__aenter__()
    md.close().result(PATIENCE)
    with pytest.raises(ctp_py.StateError):
        opening.result(PATIENCE)
    until(lambda: bool(silent.advance("1s")) and connecting.done(), "the client is ready")
    connecting.result(PATIENCE).close().result(PATIENCE)


def test_a_forked_child_is_told_so(exchange: sim.Exchange) -> None:
    text = f"""
import os, sys, ctp_py
md = ctp_py.MdClient.open({exchange.front!r})
ticks, ready = md.ticks({RB!r}), md.ready()
next(ticks)
child = os.fork()
if child == 0:
    calls = [md.close, lambda: next(ticks), ready.result, lambda: md.subscribe("x"),
             lambda: ctp_py.MdClient.open({exchange.front!r})]
    for call in calls:
        try:
            call()
        except ctp_py.StateError as error:
            assert "fork" in str(error), error
        else:
            os._exit(1)
    del md, ticks, ready
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
next(ticks)
md.close().result(30)
print("over")
"""
    # The exchange of another process has the same name there, and trades.
    ended = run_python("-c", text)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "over\n", ""), ended.stderr
