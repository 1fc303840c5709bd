//! Connections, what each wants and knows, and how anything reaches a client.

mod login;

use std::collections::{BTreeSet, VecDeque};

use ctp_types::{
    MdCallback, Record, RecordBox, ResumeType, RspInfoField, Text, TraderCallback, TraderRequest,
};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::interface::{ApiKind, Delivery, Output, SessionId, Timestamp};

/// One instance of an API, connected or not.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) kind: ApiKind,
    pub(crate) api_version: (u16, u16, u16),
    /// Counts connections: what was meant for an earlier one is lost.
    pub(crate) epoch: u32,
    pub(crate) connected: bool,
    pub(crate) authenticated: bool,
    pub(crate) product_info: Text<11>,
    pub(crate) login: Option<Login>,
    pub(crate) topics: Topics,
    /// Private messages given to this instance, for RESUME.
    pub(crate) private_received: usize,
    pub(crate) query_in_flight: bool,
    /// When the last queries came, oldest first.
    pub(crate) query_times: VecDeque<Timestamp>,
    /// Markets whose ticks go to this session.
    pub(crate) subscriptions: BTreeSet<usize>,
}

/// Who logged in on a session.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) user: Text<16>,
    pub(crate) investor: Text<13>,
    pub(crate) session_id: i32,
    pub(crate) at: Timestamp,
    /// The highest OrderRef accepted.
    pub(crate) max_order_ref: i64,
}

/// What a session wants of its streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Topics {
    pub(crate) private: ResumeType,
    pub(crate) public: ResumeType,
    pub(crate) sequence: i32,
}

/// A message of an investor's private stream.
#[derive(Clone, Debug)]
pub(crate) struct PrivateMessage {
    callback: TraderCallback,
    record: RecordBox,
    rsp_info: Option<RspInfoField>,
}

/// The front all sessions are on.
pub(crate) const FRONT_ID: i32 = 1;

impl Session {
    pub(crate) fn new(kind: ApiKind) -> Self {
        Self {
            kind,
            api_version: (0, 0, 0),
            epoch: 0,
            connected: false,
            authenticated: false,
            product_info: Text::default(),
            login: None,
            topics: Topics { private: ResumeType::Restart, public: ResumeType::Restart, sequence: 1 },
            private_received: 0,
            query_in_flight: false,
            query_times: VecDeque::new(),
            subscriptions: BTreeSet::new(),
        }
    }

    /// Forgets what ends with a connection.
    pub(crate) fn drop_connection(&mut self) {
        self.epoch += 1;
        self.connected = false;
        self.authenticated = false;
        self.login = None;
        self.query_in_flight = false;
        self.subscriptions.clear();
    }
}

impl Exchange {
    pub(crate) fn login(&self, session: SessionId) -> Option<&Login> {
        self.sessions.get(&session)?.login.as_ref()
    }

    /// Returns whether a session is still on the connection numbered `epoch`.
    pub(crate) fn is_current(&self, session: SessionId, epoch: u32) -> bool {
        self.sessions.get(&session).is_some_and(|session| session.connected && session.epoch == epoch)
    }

    /// Delivers a callback to a trader session.
    pub(crate) fn send(
        &mut self,
        session: SessionId,
        callback: TraderCallback,
        record: Option<RecordBox>,
        rsp_info: Option<RspInfoField>,
        number: i32,
        is_last: bool,
    ) {
        let delivery = Delivery::Trader { callback, record, rsp_info, number, is_last };
        self.outbox.push(Output { session, delivery });
    }

    /// Delivers a callback to a market-data session.
    pub(crate) fn send_md(
        &mut self,
        session: SessionId,
        callback: MdCallback,
        record: Option<RecordBox>,
        rsp_info: Option<RspInfoField>,
        number: i32,
        is_last: bool,
    ) {
        let delivery = Delivery::Md { callback, record, rsp_info, number, is_last };
        self.outbox.push(Output { session, delivery });
    }

    /// Answers a request on its own callback, or by `OnRspError` where it has none.
    pub(crate) fn answer(
        &mut self,
        session: SessionId,
        request: TraderRequest,
        record: Option<RecordBox>,
        rsp_info: RspInfoField,
        request_id: i32,
    ) {
        match request.answer() {
            Some(callback) => self.send(session, callback, record, Some(rsp_info), request_id, true),
            None => self.send(session, TraderCallback::OnRspError, None, Some(rsp_info), request_id, true),
        }
    }

    /// Refuses a request; its record goes back where the answer carries the same one.
    pub(crate) fn refuse(
        &mut self,
        session: SessionId,
        request: TraderRequest,
        record: &RecordBox,
        error: CoreError,
        request_id: i32,
    ) {
        let answered = request.answer().and_then(TraderCallback::record);
        let echo =
            answered.filter(|answered| answered.c_name == request.record().c_name).map(|_| record.clone());
        self.answer(session, request, echo, error.rsp_info(), request_id);
    }

    /// Puts a message on an investor's private stream: kept for replay, delivered to every logged-in session.
    pub(crate) fn publish<R: Record>(
        &mut self,
        investor: Text<13>,
        callback: TraderCallback,
        record: &R,
        rsp_info: Option<RspInfoField>,
    ) {
        let message = PrivateMessage { callback, record: RecordBox::new(record), rsp_info };
        let stream = self.private.entry(investor).or_default();
        stream.push(message);
        let number = stream.len();
        let sessions = self.sessions.iter();
        let listening =
            |session: &Session| session.login.as_ref().is_some_and(|login| login.investor == investor);
        let listeners: Vec<SessionId> = sessions
            .filter(|(_, session)| session.kind == ApiKind::Trader && listening(session))
            .map(|(id, _)| *id)
            .collect();
        for session in listeners {
            self.deliver_private(session, investor, number);
        }
    }

    /// Replays to a session that just logged in what its private topic asks for (§1.4).
    pub(crate) fn replay_private(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(investor) = session.login.as_ref().map(|login| login.investor) else { return };
        let published = self.private.get(&investor).map_or(0, Vec::len);
        let first = match session.topics.private {
            ResumeType::Restart => 1,
            ResumeType::Resume => session.private_received + 1,
            ResumeType::FromSeqNo => usize::try_from(session.topics.sequence).unwrap_or(1).max(1),
            ResumeType::Quick | ResumeType::None => published + 1,
        };
        session.private_received = published;
        for number in first..=published {
            self.deliver_private(id, investor, number);
        }
    }

    fn deliver_private(&mut self, id: SessionId, investor: Text<13>, number: usize) {
        let message = self.private.get(&investor).and_then(|stream| stream.get(number - 1)).cloned();
        let (Some(message), Some(session)) = (message, self.sessions.get_mut(&id)) else { return };
        session.private_received = session.private_received.max(number);
        if session.api_version >= (6, 7, 13) {
            let number = i32::try_from(number).unwrap_or(i32::MAX);
            self.send(id, TraderCallback::OnRtnPrivateSeqNo, None, None, number, true);
        }
        let PrivateMessage { callback, record, rsp_info } = message;
        self.send(id, callback, Some(record), rsp_info, 0, true);
    }
}
