//! What the operator looks up: it is no query of a client's.

use ctp_types::{DepthMarketDataField, InstrumentField, QryDepthMarketDataField, Text};

use crate::exchange::Exchange;
use crate::interface::{ApiKind, SessionId};
use crate::session::FRONT_ID;

impl Exchange {
    /// Returns the record of an instrument and its present tick, as queries show them; `None` when it is not listed.
    pub fn instrument(&self, id: &str) -> Option<(InstrumentField, DepthMarketDataField)> {
        let id = Text::new(id).ok().filter(|id: &Text<81>| !id.is_empty())?;
        let query = QryDepthMarketDataField { instrument_id: id, ..QryDepthMarketDataField::default() };
        let tick = self.query_depth(&query).pop()?;
        let market = self.markets.get(*self.market_by_id.get(&id)?)?;
        Some((self.instrument_record(market), tick))
    }

    /// Returns every API object that has connected, by number.
    pub fn sessions(&self) -> Vec<SessionState> {
        let sessions = self.sessions.iter().map(|(session, state)| SessionState {
            session: *session,
            kind: state.kind,
            api_version: state.api_version,
            connected: state.connected,
            silent: state.silence.is_some(),
            subscriptions: state.subscriptions.len(),
            login: state.login.as_ref().map(|login| LoginState {
                user: login.user.to_str().into_owned(),
                investor: login.investor.to_str().into_owned(),
                front_id: FRONT_ID,
                session_id: login.session_id,
            }),
        });
        sessions.collect()
    }
}

/// One API object as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionState {
    /// Its number on the exchange.
    pub session: SessionId,
    /// Which API.
    pub kind: ApiKind,
    /// The version of its library.
    pub api_version: (u16, u16, u16),
    /// Whether it is connected.
    pub connected: bool,
    /// Whether the front says nothing to it ([`Command::Silence`](crate::Command::Silence)).
    pub silent: bool,
    /// How many instruments' ticks go to it.
    pub subscriptions: usize,
    /// Who logged in.
    pub login: Option<LoginState>,
}

/// Who logged in on a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginState {
    /// `UserID`
    pub user: String,
    /// `InvestorID`
    pub investor: String,
    /// `FrontID`
    pub front_id: i32,
    /// `SessionID`
    pub session_id: i32,
}
