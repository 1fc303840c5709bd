//! The readers: a stream, a blocking iterator, a busy-polling iterator.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::thread::{self, Thread, ThreadId};
use std::time::{Duration, Instant};

use ctp_ring::{Reader, TryNextError};

use crate::md::bus::Shared;
use crate::md::bus::wake::Seat;
use crate::md::slot::Words;
use crate::md::tick::Tick;
use crate::md::tick::stamper::Stamper;
use crate::observe::{Latencies, Meter};

/// How many ticks a stream gives, or leaves out, before it lets other tasks run.
const STREAK: u32 = 256;

/// A stream of ticks from its making on. It ends after the session has ended.
///
/// All readers read from one ring of `tick_capacity` ticks, each at its own pace, and none waits for another or is
/// waited for. A reader who falls further behind than that loses the oldest ticks: stale prices are worth less than
/// fresh ones. It is told so by the next tick it gets ([`Tick::lost_before`]), and [`dropped`](Self::dropped) counts
/// all.
///
/// Further ways to read: [`blocking`](Self::blocking) without async, [`spin`](Self::spin) for the least delay.
pub struct Ticks {
    shared: Arc<Shared>,
    reader: Reader<Words>,
    stamper: Stamper,
    /// The tick that was read last: it is looked at where it lies, and copied only for whoever keeps it.
    tick: Tick,
    meter: Option<Meter>,
    seat: Seat,
    /// What the library's thread had missed when the stream began.
    missed_before: u64,
    /// What was lost since the last tick that was given out.
    lost: u64,
    /// What the library's thread had missed when the last tick was given out.
    missed_told: u64,
    junk: u64,
    with_junk: bool,
    streak: u32,
    has_ended: bool,
}

impl std::fmt::Debug for Ticks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticks")
            .field("reader", &self.reader)
            .field("junk", &self.junk)
            .finish_non_exhaustive()
    }
}

impl Ticks {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let missed = shared.missed();
        Self {
            reader: shared.ring.latest(),
            stamper: Stamper::new(shared.reference.clone()),
            tick: Tick::empty(),
            meter: shared.latencies.get().map(Latencies::meter),
            seat: shared.wake.sit_down(),
            shared: Arc::clone(shared),
            missed_before: missed,
            lost: 0,
            missed_told: missed,
            junk: 0,
            with_junk: false,
            streak: 0,
            has_ended: false,
        }
    }

    /// Leaves out the ticks of all other instruments. Ids are exact, letter case included.
    #[must_use]
    pub fn only<S: AsRef<str>>(mut self, instrument_ids: impl IntoIterator<Item = S>) -> Self {
        let ids: Vec<S> = instrument_ids.into_iter().collect();
        self.stamper.only(ids.iter().map(|id| id.as_ref().as_bytes()));
        self
    }

    /// Gives out records that say nothing, too ([`TickFlags::is_junk`](crate::TickFlags::is_junk)). Without this they
    /// are left out and [counted](Self::junk).
    #[must_use]
    pub fn with_junk(mut self) -> Self {
        self.with_junk = true;
        self
    }

    /// Returns the next tick, or `None` after the session has ended.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: a tick is either returned or still in the ring.
    pub async fn next(&mut self) -> Option<Tick> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// Returns the next tick if there is one already.
    #[inline]
    pub fn try_next(&mut self) -> Option<Tick> {
        self.try_next_ref().cloned()
    }

    /// Returns the next tick if there is one already, where it lies: for who takes a few of its values and goes on.
    #[inline]
    pub fn try_next_ref(&mut self) -> Option<&Tick> {
        loop {
            if let Look::Tick = self.look()? {
                return Some(&self.tick);
            }
        }
    }

    /// Returns whether the session has ended and everything was read.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Returns how many ticks this stream has lost so far, exactly: those that it was too slow for. A filtered stream
    /// counts those of other instruments, too: what was lost was never looked at.
    pub fn dropped(&self) -> u64 {
        self.reader.lost() + self.shared.missed() - self.missed_before
    }

    /// Returns how many ticks wait to be read.
    pub fn behind(&self) -> u64 {
        self.reader.behind()
    }

    /// Returns how many records that say nothing were left out.
    pub fn junk(&self) -> u64 {
        self.junk
    }

    /// Returns an iterator that sleeps while there is no tick, for threads without async.
    pub fn blocking(self) -> BlockingTicks {
        BlockingTicks { ticks: self, sleeper: None }
    }

    /// Returns an iterator that looks for the next tick all the time. It takes a whole core and has the least delay.
    pub fn spin(self) -> SpinTicks {
        SpinTicks { ticks: self }
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// Looks at the next slot; `None` if there is nothing.
    #[inline]
    fn look(&mut self) -> Option<Look> {
        let Self { reader, stamper, tick, .. } = self;
        let sequence = reader.position();
        match reader.try_next_with(|words| stamper.read(words, sequence, tick)) {
            Ok(is_wanted) => Some(self.take(is_wanted)),
            Err(TryNextError::Lagged(lost)) => {
                self.lost += lost;
                self.shared.lost.fetch_add(lost, Ordering::Relaxed);
                Some(Look::Nothing)
            }
            Err(TryNextError::Empty) => None,
            Err(TryNextError::Closed) => {
                self.has_ended = true;
                None
            }
        }
    }

    /// Decides on the tick that was read.
    #[inline]
    fn take(&mut self, is_wanted: bool) -> Look {
        if !is_wanted {
            return Look::Nothing;
        }
        if self.tick.flags().is_junk() && !self.with_junk {
            self.junk += 1;
            return Look::Nothing;
        }
        let missed = self.shared.missed();
        self.tick.facts.lost_before = self.lost + (missed - self.missed_told);
        (self.lost, self.missed_told) = (0, missed);
        if let Some(meter) = &mut self.meter {
            meter.take(self.tick.received_ns, || self.shared.clock.unix_ns());
        }
        Look::Tick
    }

    /// Looks at no more slots than other tasks may wait for.
    fn look_on(&mut self) -> Option<Look> {
        while self.streak < STREAK {
            self.streak += 1;
            match self.look()? {
                Look::Nothing => {}
                Look::Tick => return Some(Look::Tick),
            }
        }
        Some(Look::Nothing)
    }

    fn poll(&mut self, context: &Context<'_>) -> Poll<Option<Tick>> {
        for is_last in [false, true] {
            match self.look_on() {
                Some(Look::Tick) => {
                    if is_last {
                        self.shared.wake.stay_awake(&self.seat);
                    }
                    return Poll::Ready(Some(self.tick.clone()));
                }
                Some(Look::Nothing) => {
                    self.streak = 0;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                None if self.has_ended => return Poll::Ready(None),
                None if is_last => break,
                None => self.shared.wake.doze(&self.seat, context.waker()),
            }
        }
        self.streak = 0;
        Poll::Pending
    }
}

impl Drop for Ticks {
    fn drop(&mut self) {
        self.shared.wake.stand_up(&self.seat);
    }
}

impl futures_core::Stream for Ticks {
    type Item = Tick;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Tick>> {
        self.poll(context)
    }
}

enum Look {
    /// A tick for this reader: [`Ticks::tick`].
    Tick,
    /// The slot held nothing for this reader.
    Nothing,
}

/// An iterator over ticks that puts its thread to sleep while there is none. See [`Ticks::blocking`].
#[derive(Debug)]
pub struct BlockingTicks {
    ticks: Ticks,
    sleeper: Option<(ThreadId, Waker)>,
}

/// Wakes a thread.
struct Sleeper(Thread);

impl std::task::Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

impl BlockingTicks {
    /// Returns the next tick, or `None` if none came within `patience` or the session has ended
    /// ([`Ticks::has_ended`]).
    pub fn next_within(&mut self, patience: Duration) -> Option<Tick> {
        self.wait(Some(patience), || false)
    }

    /// Returns the stream, for its counts.
    pub fn ticks(&self) -> &Ticks {
        &self.ticks
    }

    /// Waits for a tick until the session or the patience ends, or `is_over` says so when the thread is woken.
    pub(super) fn wait(&mut self, patience: Option<Duration>, is_over: impl Fn() -> bool) -> Option<Tick> {
        if let Some(tick) = self.ticks.try_next() {
            return Some(tick);
        }
        let end = patience.and_then(|patience| Instant::now().checked_add(patience));
        loop {
            let waker = waker(&mut self.sleeper);
            self.ticks.shared.wake.doze(&self.ticks.seat, waker);
            let found = self.ticks.try_next();
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if found.is_some() || self.ticks.has_ended || left.is_some_and(|left| left.is_zero()) || is_over()
            {
                self.ticks.shared.wake.stay_awake(&self.ticks.seat);
                return found;
            }
            match left {
                Some(left) => thread::park_timeout(left),
                None => thread::park(),
            }
            if let Some(tick) = self.ticks.try_next() {
                return Some(tick);
            }
        }
    }
}

/// Returns what wakes the thread that asks.
fn waker(known: &mut Option<(ThreadId, Waker)>) -> &Waker {
    let thread = thread::current();
    let known_here = known.take().filter(|(id, _)| *id == thread.id());
    &known.insert(known_here.unwrap_or_else(|| (thread.id(), Waker::from(Arc::new(Sleeper(thread)))))).1
}

impl Iterator for BlockingTicks {
    type Item = Tick;

    fn next(&mut self) -> Option<Tick> {
        self.wait(None, || false)
    }
}

/// An iterator over ticks that looks for the next one all the time. See [`Ticks::spin`].
#[derive(Debug)]
pub struct SpinTicks {
    ticks: Ticks,
}

impl SpinTicks {
    /// Returns the next tick if there is one already.
    #[inline]
    pub fn try_next(&mut self) -> Option<Tick> {
        self.ticks.try_next()
    }

    /// Returns the stream, for its counts.
    pub fn ticks(&self) -> &Ticks {
        &self.ticks
    }
}

impl Iterator for SpinTicks {
    type Item = Tick;

    #[inline]
    fn next(&mut self) -> Option<Tick> {
        loop {
            if let Some(tick) = self.ticks.try_next() {
                return Some(tick);
            }
            if self.ticks.has_ended {
                return None;
            }
            std::hint::spin_loop();
        }
    }
}
