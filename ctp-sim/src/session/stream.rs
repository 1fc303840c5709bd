//! The private stream of each investor and the public stream of all (§1.4, §3.3, §9.1).
//!
//! A stream is a list of numbered messages and a list of listeners, each with the number it wants next. A message is
//! kept compactly and becomes a record when somebody receives it. A listener that wants a number beyond the end, as
//! after a restart of the core that cleared the flow, receives nothing until the stream catches up.

use std::collections::BTreeMap;

use ctp_types::{Record, RecordBox, ResumeType, RspInfoField, Text, TradeSource, TraderCallback};

use crate::exchange::{Exchange, Task};
use crate::interface::{ApiKind, Received, SessionId};
use crate::order::OrderState;
use crate::switches::NewDay;

/// The first version whose clients are told the number of each private message.
const NUMBERED_FROM: (u16, u16, u16) = (6, 7, 13);
/// Messages replayed at once; the rest follows an answer's delay later, so that other answers come in between (§2.1).
const REPLAY_BATCH: usize = 1_000;

/// Every stream of the trading day.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    by_investor: BTreeMap<Text<13>, usize>,
    private: Vec<Stream>,
    public: Stream,
}

#[derive(Debug, Default)]
struct Stream {
    messages: Vec<Message>,
    /// By session.
    listeners: Vec<Listener>,
}

#[derive(Debug)]
struct Listener {
    session: SessionId,
    /// The number of the message it wants next, from 1.
    next: usize,
    numbered: bool,
}

/// A message of a stream.
#[derive(Debug)]
pub(crate) enum Message {
    /// `OnRtnOrder`: the order by its index, and its state then.
    Order { order: usize, state: OrderState },
    /// `OnRtnTrade`: the trade by its index.
    Trade(usize),
    /// Any other callback.
    Notice(Box<Notice>),
}

/// A message that is a record of its own.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    callback: TraderCallback,
    record: RecordBox,
    rsp_info: Option<RspInfoField>,
}

/// Which stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamKey {
    /// An investor's, by its place.
    Private(usize),
    Public,
}

impl Notice {
    pub(crate) fn message<R: Record>(
        callback: TraderCallback,
        record: &R,
        rsp_info: Option<RspInfoField>,
    ) -> Message {
        Message::Notice(Box::new(Self { callback, record: RecordBox::new(record), rsp_info }))
    }
}

impl Streams {
    /// Returns the private stream of an investor, which is made when it is first named.
    fn key(&mut self, investor: Text<13>) -> StreamKey {
        let place = *self.by_investor.entry(investor).or_insert(self.private.len());
        if place == self.private.len() {
            self.private.push(Stream::default());
        }
        StreamKey::Private(place)
    }

    fn stream(&self, key: StreamKey) -> &Stream {
        match key {
            StreamKey::Private(place) => &self.private[place],
            StreamKey::Public => &self.public,
        }
    }

    fn stream_mut(&mut self, key: StreamKey) -> &mut Stream {
        match key {
            StreamKey::Private(place) => &mut self.private[place],
            StreamKey::Public => &mut self.public,
        }
    }

    /// Drops every message; nobody listens then.
    fn clear(&mut self) {
        for stream in self.private.iter_mut().chain([&mut self.public]) {
            *stream = Stream::default();
        }
    }
}

impl Stream {
    fn join(&mut self, listener: Listener) {
        let place = self.listeners.partition_point(|other| other.session < listener.session);
        self.listeners.insert(place, listener);
    }

    /// Ends a session's listening and returns how many messages it has.
    fn leave(&mut self, session: SessionId) -> Option<u32> {
        let place = self.listeners.iter().position(|listener| listener.session == session)?;
        let listener = self.listeners.remove(place);
        Some(u32::try_from(listener.next - 1).unwrap_or(u32::MAX))
    }
}

impl Exchange {
    /// Puts a record on an investor's private stream: kept for replay, delivered to every logged-in session.
    pub(crate) fn publish<R: Record>(
        &mut self,
        investor: Text<13>,
        callback: TraderCallback,
        record: &R,
        rsp_info: Option<RspInfoField>,
    ) {
        self.publish_message(investor, Notice::message(callback, record, rsp_info));
    }

    /// Puts a message on an investor's private stream.
    pub(crate) fn publish_message(&mut self, investor: Text<13>, message: Message) {
        let key = self.streams.key(investor);
        self.append(key, message);
    }

    /// Puts a record on the public stream.
    pub(crate) fn publish_public<R: Record>(&mut self, callback: TraderCallback, record: &R) {
        self.append(StreamKey::Public, Notice::message(callback, record, None));
    }

    /// Lets a session that just logged in listen, from where its topics say (§1.4).
    pub(crate) fn listen(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id).filter(|session| session.kind == ApiKind::Trader) else {
            return;
        };
        let Some(investor) = session.login.as_ref().map(|login| login.investor) else { return };
        let (topics, received, epoch) = (session.topics, session.received, session.epoch);
        let numbered = session.api_version >= NUMBERED_FROM;
        let continues = received.trading_day == self.day_number()
            || self.config.switches.resume_new_day == NewDay::Continue;
        let after = |count: u32| if continues { count as usize + 1 } else { 1 };
        let private = self.streams.key(investor);
        let wanted = [
            (private, topics.private, after(received.private), numbered),
            (StreamKey::Public, topics.public, after(received.public), false),
        ];
        for (key, resume, resumed, numbered) in wanted {
            let next = match resume {
                ResumeType::Restart => 1,
                ResumeType::Resume => resumed,
                ResumeType::FromSeqNo => usize::try_from(topics.sequence).unwrap_or(1).max(1),
                ResumeType::Quick => self.streams.stream(key).messages.len() + 1,
                ResumeType::None if key == StreamKey::Public => continue,
                ResumeType::None => self.streams.stream(key).messages.len() + 1,
            };
            self.streams.stream_mut(key).join(Listener { session: id, next, numbered });
            self.replay(id, epoch, key);
        }
    }

    /// Ends a session's listening; what it has is remembered for RESUME.
    pub(crate) fn stop_listening(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id).filter(|session| session.kind == ApiKind::Trader) else {
            return;
        };
        let Some(investor) = session.login.as_ref().map(|login| login.investor) else { return };
        let key = self.streams.key(investor);
        let private = self.streams.stream_mut(key).leave(id);
        let public = self.streams.public.leave(id);
        let trading_day = self.day_number();
        if let Some(session) = self.sessions.get_mut(&id) {
            let before = Some(session.received).filter(|received| received.trading_day == trading_day);
            session.received = Received {
                trading_day,
                private: private.unwrap_or(before.map_or(0, |received| received.private)),
                public: public.unwrap_or(before.map_or(0, |received| received.public)),
            };
        }
    }

    /// Delivers what a listener has still to get, a batch at a time.
    pub(crate) fn replay(&mut self, id: SessionId, epoch: u32, key: StreamKey) {
        let stream = self.streams.stream(key);
        let Some(place) = stream.listeners.iter().position(|listener| listener.session == id) else { return };
        let Listener { next, numbered, .. } = stream.listeners[place];
        let published = stream.messages.len();
        let end = (next + REPLAY_BATCH).min(published + 1);
        for number in next..end {
            let notice = self.compose(key, number);
            self.deliver(id, numbered, number, notice);
        }
        self.streams.stream_mut(key).listeners[place].next = end.max(next);
        if end <= published {
            let at = self.now.after(self.config.answer_delay);
            self.schedule.add(at, Task::Replay { session: id, epoch, stream: key });
        }
    }

    /// Delivers again what a listener has of its private stream; it wants next what it wanted.
    pub(crate) fn push_again(&mut self, id: SessionId) {
        let Some(investor) = self.login(id).map(|login| login.investor) else { return };
        let key = self.streams.key(investor);
        let stream = self.streams.stream(key);
        let Some(listener) = stream.listeners.iter().find(|listener| listener.session == id) else { return };
        let (end, numbered) = (listener.next.min(stream.messages.len() + 1), listener.numbered);
        for number in 1..end {
            let notice = self.compose(key, number);
            self.deliver(id, numbered, number, notice);
        }
    }

    /// Begins new streams: of a new trading day, or of a core whose flow was cleared. Nobody may be connected.
    pub(crate) fn clear_streams(&mut self) {
        self.streams.clear();
    }

    /// Returns the trading day as the number `yyyymmdd`.
    pub(crate) fn day_number(&self) -> u32 {
        let (year, month, day) = (self.trading_day.year(), self.trading_day.month(), self.trading_day.day());
        // A calendar has no year before 1 and no negative month.
        u32::from(year.unsigned_abs()) * 10_000
            + u32::from(month.unsigned_abs()) * 100
            + u32::from(day.unsigned_abs())
    }

    fn append(&mut self, key: StreamKey, message: Message) {
        let stream = self.streams.stream_mut(key);
        stream.messages.push(message);
        let number = stream.messages.len();
        let mut left = stream.listeners.iter().filter(|listener| listener.next == number).count();
        if left == 0 {
            return;
        }
        let mut listeners = std::mem::take(&mut stream.listeners);
        let mut notice = Some(self.compose(key, number));
        for listener in listeners.iter_mut().filter(|listener| listener.next == number) {
            listener.next += 1;
            left -= 1;
            // The last one gets the record itself.
            let given = if left == 0 { notice.take() } else { notice.clone() };
            if let Some(given) = given {
                self.deliver(listener.session, listener.numbered, number, given);
            }
        }
        self.streams.stream_mut(key).listeners = listeners;
    }

    /// Returns the streams by investor, the public one by an empty name, and how many messages each has.
    pub(crate) fn stream_lengths(&self) -> Vec<(Text<13>, usize)> {
        let private = self.streams.by_investor.iter();
        let private =
            private.map(|(investor, place)| (*investor, self.streams.private[*place].messages.len()));
        std::iter::once((Text::default(), self.streams.public.messages.len())).chain(private).collect()
    }

    /// Returns a message of an investor's stream, or of the public one by an empty name, and its ErrorID.
    pub(crate) fn message(
        &self,
        investor: &str,
        number: usize,
    ) -> Option<(TraderCallback, RecordBox, Option<i32>)> {
        let key = match investor {
            "" => StreamKey::Public,
            investor => StreamKey::Private(*self.streams.by_investor.get(&Text::new(investor).ok()?)?),
        };
        let is_there = (1..=self.streams.stream(key).messages.len()).contains(&number);
        let notice = is_there.then(|| self.compose(key, number))?;
        Some((notice.callback, notice.record, notice.rsp_info.map(|info| info.error_id)))
    }

    /// Makes the record of a message.
    fn compose(&self, key: StreamKey, number: usize) -> Notice {
        match &self.streams.stream(key).messages[number - 1] {
            Message::Order { order, state } => Notice {
                callback: TraderCallback::OnRtnOrder,
                record: RecordBox::new(&self.order_record(*order, state)),
                rsp_info: None,
            },
            Message::Trade(trade) => Notice {
                callback: TraderCallback::OnRtnTrade,
                record: RecordBox::new(&self.trade_record(&self.trades[*trade], TradeSource::NORMAL)),
                rsp_info: None,
            },
            Message::Notice(notice) => (**notice).clone(),
        }
    }

    /// §1.4: clients of 6.7.13 are told the number right before the message.
    fn deliver(&mut self, session: SessionId, numbered: bool, number: usize, notice: Notice) {
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        if numbered {
            self.send(session, TraderCallback::OnRtnPrivateSeqNo, None, None, number, true);
        }
        let Notice { callback, record, rsp_info } = notice;
        self.send(session, callback, Some(record), rsp_info, number, true);
    }
}
