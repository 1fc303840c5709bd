//! Connections, what each wants and knows, and how anything reaches a client.

mod dispatch;
pub(crate) mod flow_control;
pub(crate) mod heartbeat;
mod login;
mod market_data;
mod password;
pub(crate) mod restart;
mod second_factor;
pub(crate) mod stream;
pub(crate) mod user;

use std::collections::BTreeSet;

use ctp_types::{
    MdCallback, RecordBox, ReqUserLoginField, ResumeType, RspInfoField, Text, TraderCallback, TraderRequest,
};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::interface::{ApiKind, Delivery, Output, Received, SessionId, Timestamp};
use crate::session::flow_control::Pace;
use crate::session::heartbeat::Silence;

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
    /// The user that was told to change its password before it may log in.
    pub(crate) must_change: Option<Text<16>>,
    /// When market data was last asked to log in.
    pub(crate) md_login: Option<Timestamp>,
    pub(crate) topics: Topics,
    /// What this instance has of its streams, for RESUME.
    pub(crate) received: Received,
    pub(crate) pace: Pace,
    /// While the front says nothing to it.
    pub(crate) silence: Option<Silence>,
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
    /// The highest OrderActionRef accepted.
    pub(crate) max_action_ref: i32,
    pub(crate) terminal: Terminal,
}

/// What a login says of the client's program and machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    pub(crate) interface_product_info: Text<11>,
    pub(crate) protocol_info: Text<11>,
    pub(crate) mac_address: Text<21>,
    pub(crate) login_remark: Text<36>,
    pub(crate) ip_address: Text<33>,
}

impl Login {
    fn new(request: &ReqUserLoginField, investor: Text<13>, session_id: i32, at: Timestamp) -> Self {
        let terminal = Terminal {
            interface_product_info: request.interface_product_info,
            protocol_info: request.protocol_info,
            mac_address: request.mac_address,
            login_remark: request.login_remark,
            ip_address: request.client_ip_address,
        };
        Self {
            user: request.user_id,
            investor,
            session_id,
            at,
            max_order_ref: 0,
            max_action_ref: 0,
            terminal,
        }
    }
}

/// What a session wants of its streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Topics {
    pub(crate) private: ResumeType,
    pub(crate) public: ResumeType,
    pub(crate) sequence: i32,
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
            must_change: None,
            md_login: None,
            topics: Topics { private: ResumeType::Restart, public: ResumeType::Restart, sequence: 1 },
            received: Received::default(),
            pace: Pace::default(),
            silence: None,
            subscriptions: BTreeSet::new(),
        }
    }

    /// Forgets what ends with a connection.
    fn drop_connection(&mut self) {
        self.epoch += 1;
        self.connected = false;
        self.authenticated = false;
        self.product_info = Text::default();
        self.login = None;
        self.must_change = None;
        self.md_login = None;
        self.pace = Pace::default();
        self.silence = None;
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

    /// Ends a session's connection, if it has one.
    pub(crate) fn drop_connection(&mut self, id: SessionId) {
        self.hold_back();
        self.stop_listening(id);
        self.end_subscriptions(id);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.drop_connection();
        }
    }
}
