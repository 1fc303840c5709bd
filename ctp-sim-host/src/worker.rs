//! The thread of an instance: connects, delivers in order, reconnects, stops.

mod library;

use std::convert::Infallible;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use ctp_sim::{ApiKind, Delivery};
use ctp_types::{DepthMarketDataField, MdCallback, RspUserLoginField, TraderCallback};
use tracing::{debug, error, warn};

use self::library::Suffering;
use crate::callback::{Method, Parcel, Special};
use crate::engine::Event;
use crate::front::{self, Front, Place, Troubles};
use crate::instance::{Deliver, Inner, Topics};
use crate::link::{Dial, Ended, Link, Local, RemoteEvent, Times};
use crate::mailbox::LocalMailbox;
use crate::poison::Quarantine;
use crate::simulator::Simulator;
use crate::wire::{self, Hello, Role, Streams};

/// The first version that waits before it connects again; earlier ones do so at once.
const RECONNECT_DELAY_SINCE: (u16, u16, u16) = (6, 7, 9);
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// How long after the last front of a round could not be reached (§2.2).
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The least time between two connections: a version that connects again at once was seen to do so 800 times a second.
const BREATH: Duration = Duration::from_millis(1);

/// The first version that warns of silence.
const WARNING_SINCE: (u16, u16, u16) = (6, 6, 7);

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
        is_down: false,
        dialled: 0,
        troubles: Troubles::default(),
        suffering: Suffering::default(),
        quarantine: inner.options.poison.then(Quarantine::default),
    };
    let Err(Stopped) = worker.serve(front::usable(addresses));
    inner.connected.store(false, Ordering::SeqCst);
    let link = crate::lock(&inner.link).clone();
    if let Some(link) = link {
        link.close();
    }
    crate::lock(&inner.flow).write();
}

struct Worker<'a> {
    inner: &'a Inner,
    events: &'a Receiver<Event>,
    deliver: Box<Deliver>,
    /// Between `OnFrontDisconnected` and the next connect: what comes late is lost.
    is_down: bool,
    /// The number of the last connection.
    dialled: u64,
    troubles: Troubles,
    quarantine: Option<Quarantine>,
    suffering: Suffering,
}

impl Worker<'_> {
    /// Tries the fronts in turn, again and again until the end. One that was reached is tried first when it is lost.
    fn serve(&mut self, mut fronts: Vec<Front>) -> Result<Infallible, Stopped> {
        let mut place = 0;
        let mut unreached = 0;
        while !fronts.is_empty() {
            place %= fronts.len();
            let Some(link) = self.open(&fronts[place]) else {
                fronts.remove(place);
                continue;
            };
            self.is_down = false;
            *crate::lock(&self.inner.link) = Some(link.clone());
            if self.inner.stopping.load(Ordering::SeqCst) {
                // Released before the link was there to be closed.
                link.close();
                return Err(Stopped);
            }
            if matches!(link, Link::Local(_)) {
                link.connect_again(Duration::ZERO, || self.streams());
            }
            let ended = self.pump(&link)?;
            let was_connected = self.inner.connected.swap(false, Ordering::SeqCst);
            link.close();
            match ended {
                Ended::Unreached(problem) => {
                    self.troubles.tell(&fronts[place].text, &problem);
                    (place, unreached) = (place + 1, unreached + 1);
                    if unreached % fronts.len() == 0 {
                        self.pause(RETRY_DELAY)?;
                    }
                }
                Ended::Lost(reason) => {
                    unreached = 0;
                    debug!(front = link.front(), reason, was_connected, "connection lost");
                    if !self.is_welcome(&link) {
                        place += 1;
                    }
                    if !self.is_down {
                        self.is_down = true;
                        self.hand_over(Parcel::bare(self.front_disconnected(), reason))?;
                    }
                    self.pause(self.reconnect_delay().max(BREATH))?;
                }
            }
        }
        warn!("no front can be reached: no callback will come");
        loop {
            self.next_event()?;
        }
    }

    /// Returns the way to a front; `None` when there can never be one.
    fn open(&mut self, front: &Front) -> Option<Link> {
        let inner = self.inner;
        let (kind, api_version) = (inner.options.kind, inner.options.api_version);
        match &front.place {
            Place::Simulator(address) => {
                let simulator = match Simulator::open(address) {
                    Ok(simulator) => simulator,
                    Err(cause) => {
                        error!(address = front.text, %cause, "front ignored");
                        return None;
                    }
                };
                let mailbox = LocalMailbox::new(kind, inner.events.clone(), inner.waiting.clone());
                let session = simulator.add_session(Box::new(mailbox));
                crate::lock(&inner.flow).set_phase(simulator.phase());
                let front = front.text.as_str().into();
                Some(Link::Local(Local { simulator, session, front, kind, api_version }))
            }
            Place::Served(address) => {
                let hello = Hello {
                    role: Role::from(kind),
                    api_version,
                    layout: wire::layout_digest(),
                    process: std::process::id(),
                    program: program(),
                    token: front::token(),
                    streams: self.streams(),
                };
                let dial = Dial {
                    address: address.clone(),
                    hello,
                    events: inner.events.clone(),
                    waiting: inner.waiting.clone(),
                    times: Times::VENDOR,
                };
                self.dialled += 1;
                Some(Link::Remote(dial.start(self.dialled, &front.text)))
            }
        }
    }

    /// Returns what a trader's streams shall bring, and what of them the flow files say the client has.
    fn streams(&self) -> Option<Streams> {
        if self.inner.options.kind == ApiKind::Md {
            return None;
        }
        let Topics { private, public, sequence } = *crate::lock(&self.inner.topics);
        let flow = crate::lock(&self.inner.flow);
        let [private_count, public_count] = flow.counts();
        let trading_day = flow.trading_day();
        Some(Streams { private, public, sequence, trading_day, private_count, public_count })
    }

    /// Delivers until the connection is over, which one to an exchange in this process never is.
    fn pump(&mut self, link: &Link) -> Result<Ended, Stopped> {
        loop {
            match self.next_event()? {
                Event::Delivery(delivery) => self.take(link, delivery)?,
                Event::Remote(number, event) if link.number() == Some(number) => {
                    if let Some(ended) = self.take_remote(link, event)? {
                        return Ok(ended);
                    }
                }
                Event::Remote(_, RemoteEvent::Delivery(late)) => self.lose(&late),
                Event::Answer(parcel) => self.answer(parcel)?,
                Event::Library(fault) => self.suffer(fault)?,
                Event::Late(until) => self.call_late(until)?,
                // Everything before it is done: whoever waits is told when it is dropped.
                Event::Barrier(_) | Event::Remote(..) | Event::Stop => {}
            }
        }
    }

    fn take_remote(&mut self, link: &Link, event: RemoteEvent) -> Result<Option<Ended>, Stopped> {
        match event {
            RemoteEvent::Opened { phase } => crate::lock(&self.inner.flow).set_phase(phase),
            RemoteEvent::Delivery(delivery) => self.take(link, delivery)?,
            RemoteEvent::Ping(number) => self.pong(number),
            RemoteEvent::Silence(seconds) => {
                if self.inner.options.api_version >= WARNING_SINCE
                    && self.inner.connected.load(Ordering::SeqCst)
                {
                    self.hand_over(Parcel::bare(self.heart_beat_warning(), seconds))?;
                }
            }
            RemoteEvent::Ended(ended) => return Ok(Some(ended)),
        }
        Ok(None)
    }

    /// Hands over what the exchange delivers.
    fn take(&mut self, link: &Link, delivery: Delivery) -> Result<(), Stopped> {
        let taken = match Parcel::from_delivery(delivery) {
            Ok(parcel) if self.is_down && !is_front_connected(parcel.method) => {
                debug!(?parcel, "lost with the connection");
                Ok(())
            }
            Ok(parcel) => {
                self.note(&parcel);
                self.hand_over(parcel)
            }
            Err(Special::Burst { .. }) if self.is_down => Ok(()),
            Err(Special::Burst { first, count, per_second }) => self.burst(first, count, per_second),
            Err(Special::Close { reason }) => self.disconnect(link, reason),
        };
        // What waits is over once its callback has returned: see `EventClock`.
        self.inner.waiting.fetch_sub(1, Ordering::Release);
        taken
    }

    /// Hands over an answer that the exchange has no part in.
    fn answer(&mut self, parcel: Parcel) -> Result<(), Stopped> {
        let answered = match self.is_down {
            true => {
                debug!(?parcel, "lost with the connection");
                Ok(())
            }
            false => self.hand_over(parcel),
        };
        self.inner.waiting.fetch_sub(1, Ordering::Release);
        answered
    }

    /// The exchange ended the session's connection: the client is told, and the session connects again later.
    fn disconnect(&mut self, link: &Link, reason: i32) -> Result<(), Stopped> {
        self.inner.connected.store(false, Ordering::SeqCst);
        self.is_down = true;
        debug!(front = link.front(), reason, "disconnected");
        crate::lock(&self.inner.flow).write();
        self.hand_over(Parcel::bare(self.front_disconnected(), reason))?;
        link.connect_again(self.reconnect_delay(), || self.streams());
        Ok(())
    }

    fn pong(&self, number: u64) {
        if let Some(Link::Remote(remote)) = &*crate::lock(&self.inner.link) {
            remote.pong(number);
        }
    }

    fn lose(&self, late: &Delivery) {
        self.inner.waiting.fetch_sub(1, Ordering::Release);
        debug!(?late, "lost with the connection");
    }

    fn reconnect_delay(&self) -> Duration {
        match self.inner.options.api_version >= RECONNECT_DELAY_SINCE {
            true => RECONNECT_DELAY,
            false => Duration::ZERO,
        }
    }

    fn is_welcome(&self, link: &Link) -> bool {
        matches!(link, Link::Remote(remote) if remote.is_welcome())
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
    fn next_event(&mut self) -> Result<Event, Stopped> {
        if let Some(event) = self.suffering.waiting.pop_front() {
            return Ok(event);
        }
        let event = self.events.try_recv().or_else(|_| {
            crate::lock(&self.inner.flow).write();
            self.events.recv()
        });
        match event {
            Ok(Event::Stop) | Err(_) => Err(Stopped),
            Ok(event) => Ok(event),
        }
    }

    /// Keeps what the library itself learns from a callback.
    fn note(&mut self, parcel: &Parcel) {
        match parcel.method {
            method if is_front_connected(method) => {
                debug!("connected");
                self.is_down = false;
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

    /// Waits for a duration of the machine's time, between two connections.
    fn pause(&mut self, duration: Duration) -> Result<(), Stopped> {
        let end = Instant::now() + duration;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            match self.events.recv_timeout(left) {
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return Err(Stopped),
                Ok(Event::Delivery(late) | Event::Remote(_, RemoteEvent::Delivery(late))) => self.lose(&late),
                Ok(Event::Library(fault)) => self.suffer(fault)?,
                Ok(Event::Answer(late)) => {
                    self.inner.waiting.fetch_sub(1, Ordering::Release);
                    debug!(?late, "lost with the connection");
                }
                Ok(Event::Remote(..) | Event::Barrier(_) | Event::Late(_))
                | Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn front_disconnected(&self) -> Method {
        match self.inner.options.kind {
            ApiKind::Md => Method::Md(MdCallback::OnFrontDisconnected),
            ApiKind::Trader => Method::Trader(TraderCallback::OnFrontDisconnected),
        }
    }

    fn heart_beat_warning(&self) -> Method {
        match self.inner.options.kind {
            ApiKind::Md => Method::Md(MdCallback::OnHeartBeatWarning),
            ApiKind::Trader => Method::Trader(TraderCallback::OnHeartBeatWarning),
        }
    }
}

fn is_front_connected(method: Method) -> bool {
    matches!(
        method,
        Method::Trader(TraderCallback::OnFrontConnected) | Method::Md(MdCallback::OnFrontConnected)
    )
}

/// Returns the name of the program, for people who look at the server.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
