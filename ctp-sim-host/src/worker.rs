//! The thread of an instance: connects, delivers in order, reconnects, stops.

mod library;

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use ctp_sim::{ApiKind, Received, SessionId, Timestamp};
use ctp_types::{DepthMarketDataField, MdCallback, RspUserLoginField, TraderCallback};
use tracing::{debug, error, info, warn};

use self::library::Suffering;
use crate::address::FrontAddress;
use crate::callback::{Method, Parcel, Special};
use crate::engine::Event;
use crate::instance::{Deliver, Inner, Link, Topics};
use crate::mailbox::LocalMailbox;
use crate::poison::Quarantine;
use crate::simulator::{Connection, Simulator};

/// The first version that waits before it connects again; earlier ones do so at once.
const RECONNECT_DELAY_SINCE: (u16, u16, u16) = (6, 7, 9);
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// The longest uninterrupted wait for a clock.
const WAIT_MAX: Duration = Duration::from_secs(3_600);

/// A sleep may last so much longer than asked for; the rest is waited for awake.
const SLEEP_EXCESS: Duration = Duration::from_micros(100);

/// The longest sleep of a burst without a look whether the instance is being released.
const STOP_CHECKED: Duration = Duration::from_millis(20);

/// The thread ends.
struct Stopped;

/// Runs an instance until it is released or its client panics.
pub(crate) fn run(inner: &Inner, addresses: Vec<String>, events: &Receiver<Event>, deliver: Box<Deliver>) {
    let mut worker = Worker {
        inner,
        events,
        deliver,
        barriers: Vec::new(),
        suffering: Suffering::default(),
        quarantine: inner.options.poison.then(Quarantine::default),
    };
    let Stopped = match find_front(inner, addresses) {
        Some(link) => worker.serve(inner.link.get_or_init(|| link)),
        None => worker.wait_for_stop(),
    };
}

/// Returns the way to the first front that can be reached.
fn find_front(inner: &Inner, addresses: Vec<String>) -> Option<Link> {
    for front in addresses {
        let address = match front.parse() {
            Ok(FrontAddress::Simulator(address)) => address,
            Ok(FrontAddress::Foreign(address)) => {
                info!(address, "nothing answers at a front that is not sim://NAME");
                continue;
            }
            Err(cause) => {
                error!(%cause, "front ignored");
                continue;
            }
        };
        match Simulator::open(&address) {
            Ok(simulator) => {
                let (kind, events) = (inner.options.kind, inner.events.clone());
                let mailbox = LocalMailbox::new(kind, events, inner.waiting.clone());
                let session = simulator.add_session(Box::new(mailbox));
                return Some(Link { simulator, session, front });
            }
            Err(cause) => error!(address = front, %cause, "front ignored"),
        }
    }
    warn!("no front can be reached: no callback will come");
    None
}

struct Worker<'a> {
    inner: &'a Inner,
    events: &'a Receiver<Event>,
    deliver: Box<Deliver>,
    /// Barriers that are passed once the instance is connected again.
    barriers: Vec<Sender<()>>,
    quarantine: Option<Quarantine>,
    suffering: Suffering,
}

impl Worker<'_> {
    /// Connects again and again until the end.
    fn serve(&mut self, link: &Link) -> Stopped {
        if self.inner.stopping.load(Ordering::SeqCst) {
            // Released before the session existed.
            link.simulator.remove_session(link.session);
            return Stopped;
        }
        let delay = match self.inner.options.api_version >= RECONNECT_DELAY_SINCE {
            true => RECONNECT_DELAY,
            false => Duration::ZERO,
        };
        let stopped = loop {
            self.connect(link);
            let reason = match self.pump(link) {
                Ok(reason) => reason,
                Err(stopped) => break stopped,
            };
            self.inner.connected.store(false, Ordering::SeqCst);
            debug!(session = link.session.0, reason, "disconnected");
            let told = self.hand_over(Parcel::bare(self.front_disconnected(), reason));
            if let Err(stopped) = told.and_then(|()| self.pause(&link.simulator, delay)) {
                break stopped;
            }
        };
        self.inner.connected.store(false, Ordering::SeqCst);
        link.simulator.remove_session(link.session);
        stopped
    }

    fn connect(&mut self, link: &Link) {
        let options = &self.inner.options;
        let (kind, api_version) = (options.kind, options.api_version);
        let topics = (kind == ApiKind::Trader).then(|| self.topics(link.simulator.phase()));
        let connection = Connection { session: link.session, kind, api_version, topics };
        link.simulator.connect(connection, Duration::ZERO);
        self.barriers.clear();
    }

    /// Returns what the streams shall bring, and what of them the flow files say the client has.
    fn topics(&self, phase: u16) -> (Topics, Received) {
        let mut flow = crate::lock(&self.inner.flow);
        flow.set_phase(phase);
        (*crate::lock(&self.inner.topics), flow.received())
    }

    /// Delivers until the connection ends, and returns the reason.
    fn pump(&mut self, link: &Link) -> Result<i32, Stopped> {
        let ended = self.deliver_all(link);
        crate::lock(&self.inner.flow).write();
        ended
    }

    fn deliver_all(&mut self, link: &Link) -> Result<i32, Stopped> {
        loop {
            let delivery = match self.next_event() {
                Ok(Event::Delivery(delivery)) => delivery,
                Ok(Event::Answer(parcel)) => {
                    self.hand_over(parcel)?;
                    continue;
                }
                Ok(Event::Wake) => continue,
                Ok(Event::Library(fault)) => {
                    self.suffer(fault)?;
                    continue;
                }
                Ok(Event::Late(until)) => {
                    self.call_late(until)?;
                    continue;
                }
                Ok(Event::Barrier(passed)) => {
                    drop(passed);
                    continue;
                }
                Ok(Event::Stop) | Err(_) => return Err(Stopped),
            };
            match Parcel::from_delivery(delivery) {
                Ok(parcel) => {
                    self.note(&parcel, link.session);
                    self.hand_over(parcel)?;
                }
                Err(Special::Burst { first, count, per_second }) => self.burst(first, count, per_second)?,
                Err(Special::Close { reason }) => {
                    self.inner.waiting.fetch_sub(1, Ordering::Release);
                    return Ok(reason);
                }
            }
            // What waits is over once its callback has returned: see `EventClock`.
            self.inner.waiting.fetch_sub(1, Ordering::Release);
        }
    }

    /// Delivers one tick again and again.
    fn burst(&mut self, mut tick: Parcel, count: u32, per_second: u32) -> Result<(), Stopped> {
        let begin = Instant::now();
        for number in 0..count {
            if per_second > 0 {
                self.wait_for(begin + Duration::from_secs(number.into()) / per_second)?;
            }
            match self.quarantine {
                // Every callback gets a record of its own, which is then poisoned.
                Some(_) => self.hand_over(tick.copy())?,
                None => self.call(&mut tick)?,
            }
            let record = tick.record.as_mut().and_then(|record| record.get_mut::<DepthMarketDataField>());
            if let Some(record) = record {
                record.volume = record.volume.wrapping_add(1);
            }
        }
        Ok(())
    }

    /// Waits for a moment of the machine's time, exactly.
    fn wait_for(&self, moment: Instant) -> Result<(), Stopped> {
        loop {
            if self.inner.stopping.load(Ordering::SeqCst) {
                return Err(Stopped);
            }
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            match left.checked_sub(SLEEP_EXCESS) {
                Some(sleep) if !sleep.is_zero() => std::thread::sleep(sleep.min(STOP_CHECKED)),
                _ => std::hint::spin_loop(),
            }
        }
    }

    /// Waits for what comes next. Flow files are written before a wait, not after each message.
    fn next_event(&mut self) -> Result<Event, RecvError> {
        if let Some(event) = self.suffering.waiting.pop_front() {
            return Ok(event);
        }
        self.events.try_recv().or_else(|_| {
            crate::lock(&self.inner.flow).write();
            self.events.recv()
        })
    }

    /// Keeps what the library itself learns from a callback.
    fn note(&mut self, parcel: &Parcel, session: SessionId) {
        match parcel.method {
            Method::Trader(TraderCallback::OnFrontConnected) | Method::Md(MdCallback::OnFrontConnected) => {
                debug!(session = session.0, "connected");
                self.inner.connected.store(true, Ordering::SeqCst);
            }
            Method::Trader(TraderCallback::OnRspUserLogin) | Method::Md(MdCallback::OnRspUserLogin) => {
                let failed = parcel.rsp_info.as_ref().is_some_and(|info| info.error_id != 0);
                let record = parcel.record.as_ref().and_then(|record| record.get::<RspUserLoginField>());
                if let Some(login) = record.filter(|_| !failed)
                    && let Ok(day) = login.trading_day.to_str().parse()
                {
                    crate::lock(&self.inner.flow).set_trading_day(day);
                }
            }
            _ => {}
        }
    }

    /// Calls the client.
    fn hand_over(&mut self, mut parcel: Parcel) -> Result<(), Stopped> {
        self.keep_push(&parcel);
        self.call(&mut parcel)?;
        if let Some(topic) = parcel.method.topic() {
            let number = u32::try_from(parcel.number).unwrap_or(0);
            crate::lock(&self.inner.flow).set_received(topic, number);
        }
        if let Some(quarantine) = &mut self.quarantine {
            quarantine.take(parcel);
        }
        Ok(())
    }

    fn call(&mut self, parcel: &mut Parcel) -> Result<(), Stopped> {
        if self.inner.stopping.load(Ordering::SeqCst) {
            return Err(Stopped);
        }
        let deliver = &mut self.deliver;
        let called = panic::catch_unwind(AssertUnwindSafe(|| deliver(parcel.lend())));
        if called.is_err() {
            error!(
                callback = parcel.method.name(),
                "the client panicked in a callback: closing its connection"
            );
            return Err(Stopped);
        }
        Ok(())
    }

    /// Waits for a duration of the exchange's time.
    fn pause(&mut self, simulator: &Simulator, duration: Duration) -> Result<(), Stopped> {
        let until = simulator.now().after(duration);
        self.inner.pause_until.store(until.0, Ordering::SeqCst);
        let ended = self.pause_until(simulator, until);
        self.inner.pause_until.store(i64::MAX, Ordering::SeqCst);
        ended
    }

    fn pause_until(&mut self, simulator: &Simulator, until: Timestamp) -> Result<(), Stopped> {
        loop {
            let left = simulator.wall(between(simulator.now(), until));
            if left.is_zero() {
                return match self.inner.stopping.load(Ordering::SeqCst) {
                    true => Err(Stopped),
                    false => Ok(()),
                };
            }
            self.barriers.clear();
            match self.events.recv_timeout(left.min(WAIT_MAX)) {
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return Err(Stopped),
                Ok(Event::Delivery(late)) => {
                    self.inner.waiting.fetch_sub(1, Ordering::Relaxed);
                    debug!(?late, "lost with the connection");
                }
                Ok(Event::Answer(late)) => debug!(?late, "lost with the connection"),
                // The clock may have been moved before the barrier was put up.
                Ok(Event::Barrier(passed)) => self.barriers.push(passed),
                Ok(Event::Library(fault)) => self.suffer(fault)?,
                Ok(Event::Wake | Event::Late(_)) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn wait_for_stop(&self) -> Stopped {
        loop {
            match self.events.recv() {
                Ok(Event::Stop) | Err(_) => return Stopped,
                Ok(_) => {}
            }
        }
    }

    fn front_disconnected(&self) -> Method {
        match self.inner.options.kind {
            ApiKind::Md => Method::Md(MdCallback::OnFrontDisconnected),
            ApiKind::Trader => Method::Trader(TraderCallback::OnFrontDisconnected),
        }
    }
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_nanos(u64::try_from(to.0.saturating_sub(from.0)).unwrap_or(0))
}
