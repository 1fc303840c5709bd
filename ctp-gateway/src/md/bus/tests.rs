use std::sync::atomic::AtomicUsize;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use ctp_types::Text;
use futures_core::Stream;

use super::*;

/// 2026-11-20 10:00:00 in China.
const MORNING: i64 = 1_795_140_000_000_000_000;
/// Longer than anything here takes; a failure ends by it instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

fn bus(capacity: usize) -> TickBus {
    TickBus::new(capacity, WallClock::by_hand(MORNING)).expect("a thread")
}

fn record(id: &str, volume: i32) -> DepthMarketDataField {
    DepthMarketDataField {
        instrument_id: Text::new(id).unwrap(),
        trading_day: Text::new("20261120").unwrap(),
        action_day: Text::new("20261120").unwrap(),
        update_time: Text::new("10:00:00").unwrap(),
        last_price: 3_200.0,
        volume,
        ..DepthMarketDataField::default()
    }
}

fn volumes(ticks: &mut Ticks) -> Vec<i32> {
    std::iter::from_fn(|| ticks.try_next()).map(|tick| tick.volume()).collect()
}

#[test]
fn every_reader_gets_every_tick_and_then_the_end() {
    let bus = bus(8);
    let inlet = bus.inlet();
    inlet.publish(&record("rb2701", 0));
    let (mut one, mut two) = (bus.ticks(), bus.ticks());
    for volume in 1..=3 {
        inlet.publish(&record("rb2701", volume));
    }
    assert_eq!((volumes(&mut one), one.has_ended()), (vec![1, 2, 3], false));
    bus.close();
    inlet.publish(&record("rb2701", 4));
    assert_eq!((volumes(&mut one), one.has_ended()), (vec![], true));
    assert_eq!((volumes(&mut two), two.has_ended()), (vec![1, 2, 3], true));
    assert!(bus.ticks().blocking().next().is_none());
    assert!(bus.ticks().spin().next().is_none());
    assert!(bus.ticks().try_next().is_none());
    bus.close();
}

/// F67: exact counts, told in the stream, and nobody else is concerned.
#[test]
fn a_slow_reader_is_told_what_it_lost() {
    let bus = bus(8);
    let inlet = bus.inlet();
    let (mut slow, mut fast) = (bus.ticks(), bus.ticks());
    let mut seen = Vec::new();
    for volume in 0..20 {
        inlet.publish(&record("rb2701", volume));
        seen.extend(volumes(&mut fast));
    }
    assert_eq!((seen, fast.dropped()), ((0..20).collect(), 0));
    let late: Vec<Tick> = std::iter::from_fn(|| slow.try_next()).collect();
    assert_eq!(late[0].lost_before(), slow.dropped());
    assert_eq!(late[0].volume(), i32::try_from(slow.dropped()).unwrap());
    assert_eq!(late.len() as u64 + slow.dropped(), 20);
    assert!(late[1..].iter().all(|tick| tick.lost_before() == 0));
    assert!(late.iter().map(Tick::sequence).eq(slow.dropped()..20));
}

#[test]
fn filters_and_junk() {
    let bus = bus(64);
    let inlet = bus.inlet();
    let mut only = bus.ticks().only(["rb2701", "IF2612"]);
    let mut all = bus.ticks().with_junk();
    inlet.publish(&record("rb2701", 1));
    inlet.publish(&record("m2701", 2));
    inlet.publish(&DepthMarketDataField { update_time: Text::default(), ..record("rb2701", 3) });
    inlet.publish(&record("IF2612", 4));
    inlet.publish(&record("RB2701", 5));
    assert_eq!((volumes(&mut only), only.junk(), only.dropped()), (vec![1, 4], 1, 0));
    let junk: Vec<bool> = std::iter::from_fn(|| all.try_next()).map(|tick| tick.flags().is_junk()).collect();
    assert_eq!(junk, [false, false, true, false, false]);
}

#[test]
fn the_latest_tick_of_each_instrument() {
    let bus = bus(8);
    let (inlet, shared) = (bus.inlet(), Arc::clone(bus.shared()));
    assert!(shared.latest(b"rb2701").is_none());
    for volume in 1..=3 {
        inlet.publish(&record("rb2701", volume));
        inlet.publish(&record("m2701", 10 * volume));
    }
    let latest = |id: &str| shared.latest(id.as_bytes()).map(|tick| (tick.volume(), tick.lost_before()));
    assert_eq!((latest("rb2701"), latest("m2701"), latest("x")), (Some((3, 0)), Some((30, 0)), None));
    let seen: Vec<(String, u64)> =
        shared.news().iter().map(|seen| (seen.instrument_id.to_string(), seen.sequence)).collect();
    assert_eq!(seen, [("rb2701".to_owned(), 4), ("m2701".to_owned(), 5)]);
    assert_eq!(shared.news(), []);
    inlet.publish(&record("m2701", 31));
    assert_eq!(shared.news().len(), 1);
    // A stall of the whole process: what is known may be old, and says so.
    let lock = shared.lock_latest();
    for volume in 0..100 {
        inlet.publish(&record("SR701", volume));
    }
    drop(lock);
    let (volume, lost) = latest("rb2701").expect("a tick");
    assert_eq!(volume, 3);
    assert!(lost > 80, "{lost}");
    assert_eq!(latest("SR701"), Some((99, 0)));
}

/// A table that nobody asks keeps up with the ring all the same.
#[test]
fn the_keeper_reads_for_the_table() {
    let bus = bus(1024);
    let inlet = bus.inlet();
    inlet.publish(&record("rb2701", 7));
    let end = Instant::now() + PATIENCE;
    for round in 0..6_u64 {
        for volume in 0..512 {
            inlet.publish(&record("m2701", volume));
        }
        while bus.shared().lock_latest().is_far_behind() {
            assert!(Instant::now() < end, "round {round}: the keeper sleeps");
            thread::sleep(Duration::from_millis(5));
        }
    }
    let tick = bus.shared().latest(b"rb2701").expect("a tick");
    assert_eq!((tick.volume(), tick.lost_before()), (7, 0));
}

/// A waker that counts.
#[derive(Default)]
struct Count(AtomicUsize);

impl std::task::Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll(ticks: &mut Ticks, waker: &Waker) -> Poll<Option<i32>> {
    let polled = std::pin::Pin::new(ticks).poll_next(&mut Context::from_waker(waker));
    polled.map(|tick| tick.map(|tick| tick.volume()))
}

#[test]
fn one_sleeper_is_woken_once_by_the_writer_itself() {
    let bus = bus(64);
    let inlet = bus.inlet();
    let mut ticks = bus.ticks();
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    let wakes = || count.0.load(Ordering::SeqCst);
    assert_eq!(poll(&mut ticks, &waker), Poll::Pending);
    assert_eq!(poll(&mut ticks, &waker), Poll::Pending);
    for volume in 0..5 {
        inlet.publish(&record("rb2701", volume));
    }
    // Without the keeper: it happened on this thread.
    assert_eq!(wakes(), 1);
    for volume in 0..5 {
        assert_eq!(poll(&mut ticks, &waker), Poll::Ready(Some(volume)));
    }
    inlet.publish(&record("rb2701", 5));
    assert_eq!((wakes(), poll(&mut ticks, &waker)), (1, Poll::Ready(Some(5))));
    assert_eq!(poll(&mut ticks, &waker), Poll::Pending);
    // A reader that goes away is not woken, and the next one is.
    drop(ticks);
    let mut ticks = bus.ticks();
    assert_eq!(poll(&mut ticks, &waker), Poll::Pending);
    inlet.publish(&record("rb2701", 6));
    assert_eq!((wakes(), poll(&mut ticks, &waker)), (2, Poll::Ready(Some(6))));
    assert_eq!(poll(&mut ticks, &waker), Poll::Pending);
    bus.close();
    assert_eq!((wakes(), poll(&mut ticks, &waker)), (3, Poll::Ready(None)));
}

/// The keeper wakes them; whoever it forgot would sleep on.
#[test]
fn several_sleepers_are_all_woken() {
    let bus = bus(64);
    let inlet = bus.inlet();
    let mut streams: Vec<Ticks> = (0..5).map(|_| bus.ticks()).collect();
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    for round in 0..200 {
        for ticks in &mut streams {
            assert_eq!(poll(ticks, &waker), Poll::Pending);
        }
        inlet.publish(&record("rb2701", round));
        let end = Instant::now() + PATIENCE;
        while count.0.load(Ordering::SeqCst) < 5 * usize::try_from(round + 1).unwrap() {
            assert!(Instant::now() < end, "round {round}: somebody sleeps on");
            thread::yield_now();
        }
        for ticks in &mut streams {
            assert_eq!(poll(ticks, &waker), Poll::Ready(Some(round)));
        }
    }
}

/// A stream that always has something lets other tasks run.
#[test]
fn a_full_stream_yields() {
    let bus = bus(1024);
    let inlet = bus.inlet();
    let mut ticks = bus.ticks();
    for volume in 0..1_000 {
        inlet.publish(&record("rb2701", volume));
    }
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    let (mut seen, mut pauses) = (0, 0);
    while seen < 1_000 {
        match poll(&mut ticks, &waker) {
            Poll::Ready(tick) => {
                assert_eq!(tick, Some(seen));
                seen += 1;
            }
            Poll::Pending => pauses += 1,
        }
    }
    assert_eq!((pauses, count.0.load(Ordering::SeqCst)), (3, 3));
}

/// Readers of every kind sleep and wake at random; none may sleep on while there is something.
#[test]
fn no_wake_up_is_lost() {
    const TICKS: u64 = 4_000;
    let bus = bus(8_192);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut readers = Vec::new();
    for number in 0..6 {
        let mut ticks = bus.ticks();
        readers.push(thread::spawn(move || {
            let mut count = 0_u64;
            if number % 2 == 0 {
                for tick in ticks.blocking() {
                    assert_eq!(tick.sequence(), count);
                    count += 1;
                }
            } else {
                let waiting = thread::current();
                while !ticks.has_ended() {
                    match ticks.try_next() {
                        Some(_) => count += 1,
                        None => drop((waiting.id(), thread::yield_now())),
                    }
                }
            }
            count
        }));
    }
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let mut ticks = bus.ticks();
            runtime.spawn(async move {
                let mut count = 0_u64;
                while ticks.next().await.is_some() {
                    count += 1;
                }
                count
            })
        })
        .collect();
    let inlet = bus.inlet();
    // Each tick waits until all have read it, so that each reader sleeps before each: a lost one hangs here.
    let mut last = bus.ticks().blocking();
    let writer = thread::spawn(move || {
        let mut random = fastrand::Rng::with_seed(5);
        for volume in 0..TICKS {
            inlet.publish(&record("rb2701", i32::try_from(volume).unwrap()));
            match random.u32(0..8) {
                0 => thread::sleep(Duration::from_micros(random.u64(0..60))),
                1..4 => thread::yield_now(),
                _ => {}
            }
        }
    });
    for number in 0..TICKS {
        let tick = last.next_within(PATIENCE).unwrap_or_else(|| panic!("tick {number} was slept through"));
        assert_eq!(tick.sequence(), number);
    }
    writer.join().unwrap();
    bus.close();
    for reader in readers {
        assert_eq!(reader.join().unwrap(), TICKS);
    }
    for task in tasks {
        let count = runtime.block_on(async { tokio::time::timeout(PATIENCE, task).await });
        assert_eq!(count.expect("a task slept on").unwrap(), TICKS);
    }
}

/// The writer waits for the only reader's answer to each tick: every wake-up goes to a sleeping, or just dozing, reader.
#[test]
fn ping_pong_never_hangs() {
    let there = bus(16);
    let back = bus(16);
    let (mut pings, mut pongs) = (there.ticks().blocking(), back.ticks().blocking());
    let (ping, pong) = (there.inlet(), back.inlet());
    let echo = thread::spawn(move || {
        for number in 0..20_000 {
            let tick =
                pings.next_within(PATIENCE).unwrap_or_else(|| panic!("ping {number} was slept through"));
            pong.publish(&tick.record);
        }
    });
    for number in 0..20_000 {
        ping.publish(&record("rb2701", number));
        let tick = pongs.next_within(PATIENCE).unwrap_or_else(|| panic!("pong {number} was slept through"));
        assert_eq!(tick.volume(), number);
    }
    echo.join().unwrap();
}

/// F16: a function that sleeps, or panics, holds nobody up.
#[test]
fn a_function_is_called_on_a_thread_of_its_own() {
    let bus = bus(16);
    let inlet = bus.inlet();
    let (said, heard) = std::sync::mpsc::channel();
    let (gate, open) = std::sync::mpsc::channel::<()>();
    let handler = bus.shared().handle(bus.ticks().only(["rb2701"]), move |tick| {
        said.send((tick.volume(), thread::current().name().map(str::to_owned))).unwrap();
        if tick.volume() == 1 {
            panic!("what it panics with");
        }
        if tick.volume() == 2 {
            open.recv().unwrap();
        }
    });
    let handler = handler.expect("a thread");
    for volume in 0..3 {
        inlet.publish(&record("rb2701", volume));
        let (heard, name) = heard.recv_timeout(PATIENCE).expect("called");
        assert_eq!((heard, name.as_deref()), (volume, Some("ctp-md-handler")));
    }
    let mut other = bus.ticks();
    for volume in 3..100 {
        inlet.publish(&record("rb2701", volume));
        assert_eq!(volumes(&mut other), [volume]);
    }
    gate.send(()).unwrap();
    let next = heard.recv_timeout(PATIENCE).expect("called").0;
    assert!(next > 80, "{next}");
    assert_eq!((handler.panics(), handler.dropped()), (1, u64::try_from(next - 3).unwrap()));
    // Closed: at most the call under way goes on.
    bus.close();
    let end = Instant::now() + PATIENCE;
    while !bus.shared().handlers_have_ended() {
        assert!(Instant::now() < end, "it goes on");
        thread::yield_now();
    }
    assert!(handler.has_ended());
}

#[test]
fn a_function_can_be_stopped() {
    let bus = bus(16);
    let handler = bus.shared().handle(bus.ticks(), |_| {}).expect("a thread");
    handler.stop();
    let end = Instant::now() + PATIENCE;
    while !handler.has_ended() {
        assert!(Instant::now() < end, "it goes on");
        thread::yield_now();
    }
    assert_eq!(handler.calls(), 0);
}

/// The writer publishes while the reader is about to sleep, at every moment of it, and nothing follows that would wake it
/// by chance: the last look before sleeping must find the tick.
fn published_while_dozing(read_all: impl FnOnce(Ticks, &AtomicU64) + Send) {
    const TICKS: u64 = 30_000;
    let bus = bus(16);
    let (ticks, inlet, read) = (bus.ticks(), bus.inlet(), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| read_all(ticks, &read));
        let mut random = fastrand::Rng::with_seed(9);
        let started = Instant::now();
        for number in 0..TICKS {
            inlet.publish(&record("rb2701", i32::try_from(number).unwrap()));
            while read.load(Ordering::Acquire) <= number {
                if started.elapsed() > PATIENCE {
                    // Frees the reader, so that the test ends.
                    bus.close();
                    panic!("tick {number} was slept through");
                }
                std::hint::spin_loop();
            }
            for _ in 0..random.u32(0..400) {
                std::hint::spin_loop();
            }
        }
        bus.close();
    });
}

#[test]
fn a_thread_about_to_sleep_sees_the_tick() {
    published_while_dozing(|ticks, read| {
        for _ in ticks.blocking() {
            read.fetch_add(1, Ordering::Release);
        }
    });
}

#[test]
fn a_task_about_to_sleep_sees_the_tick() {
    published_while_dozing(|mut ticks, read| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            while ticks.next().await.is_some() {
                read.fetch_add(1, Ordering::Release);
            }
        });
    });
}
