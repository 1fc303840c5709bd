//! The driver's end of the journal: what is written before the library gets a request, and after something is heard.

use std::sync::LazyLock;

use ctp_types::{
    InputExecOrderField, InputOrderField, InputQuoteField, RecordRef, RspUserLoginField, Text,
    TraderCallback, TraderRequest,
};

use crate::clock::WallClock;
use crate::error::SendRefusal;
use crate::journal::{Action, Entry, Journal, JournalError};
use crate::td::classes::Class;
use crate::td::io::SpiEvent;

/// Writes the journal, if there is one.
#[derive(Debug, Default)]
pub(in crate::td) struct Pen {
    journal: Option<Journal>,
    /// The session that requests are sent in.
    front_id: i32,
    session_id: i32,
    /// A failure that the session has not been told of.
    failure: Option<JournalError>,
    has_failed: bool,
}

impl Pen {
    pub(in crate::td) fn new(journal: Option<Journal>) -> Self {
        Self { journal, ..Self::default() }
    }

    /// Writes a request that changes something, before the library gets it.
    ///
    /// # Errors
    ///
    /// The refusal of a request that could not be written and may not leave unwritten. What takes something out of the
    /// market leaves all the same: not to be able to cancel is worse.
    pub(super) fn before(
        &mut self,
        clock: &WallClock,
        request: TraderRequest,
        record: RecordRef<'_>,
        request_id: i32,
    ) -> Result<(), SendRefusal> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let place = (self.front_id, self.session_id);
        let Some(action) = action(clock.unix_ns(), request, record, request_id, place) else { return Ok(()) };
        let written = journal.append_action(&action);
        match written.map_err(|error| self.note_failure(error)) {
            Err(error) if Class::of(request) != Class::Cancel => Err(SendRefusal::NotJournaled(error)),
            _ => Ok(()),
        }
    }

    /// Writes what the library said to a request that changes something.
    pub(super) fn after(
        &mut self,
        clock: &WallClock,
        request: TraderRequest,
        request_id: i32,
        result: &Result<(), SendRefusal>,
    ) {
        if self.journal.is_some()
            && let Some(entry) = answer(clock.unix_ns(), request, request_id, result)
        {
            let _ = self.append(&entry);
        }
    }

    /// Writes what the library called back, if it is of the private stream, a refusal, or a login.
    pub(super) fn heard(&mut self, event: &SpiEvent) {
        if self.journal.is_none() {
            return;
        }
        if let Some(entry) = heard(event) {
            if let Entry::Login { front_id, session_id, .. } = &entry {
                (self.front_id, self.session_id) = (*front_id, *session_id);
            }
            let _ = self.append(&entry);
        }
    }

    /// Writes that the kill switch was turned.
    pub(super) fn write(&mut self, entry: &Entry) {
        if self.journal.is_some() {
            let _ = self.append(entry);
        }
    }

    /// Returns a failure that the session has to be told of, once.
    pub(super) fn take_failure(&mut self) -> Option<String> {
        self.failure.take().map(|error| error.to_string())
    }

    /// Takes the journal, to be closed where it may block.
    pub(in crate::td) fn take(&mut self) -> Option<Journal> {
        self.journal.take()
    }

    fn append(&mut self, entry: &Entry) -> Result<(), String> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal.append(entry).map(drop).map_err(|error| self.note_failure(error))
    }

    fn note_failure(&mut self, error: JournalError) -> String {
        let words = error.to_string();
        if !std::mem::replace(&mut self.has_failed, true) {
            tracing::error!(%error, "the journal cannot be written; no new order is sent");
            self.failure = Some(error);
        }
        words
    }
}

/// Returns what is written of a request before it is sent, if it changes something. `place` is front and session.
pub(crate) fn action(
    at_ns: i64,
    request: TraderRequest,
    record: RecordRef<'_>,
    request_id: i32,
    (front_id, session_id): (i32, i32),
) -> Option<Action<'_>> {
    let is_action = Class::of(request).is_action();
    let order_ref = order_ref(record);
    is_action.then_some(Action { at_ns, request, record, request_id, front_id, session_id, order_ref })
}

/// Returns what is written of the library's word to a request, if that changes something.
pub(crate) fn answer(
    at_ns: i64,
    request: TraderRequest,
    request_id: i32,
    result: &Result<(), SendRefusal>,
) -> Option<Entry> {
    let refusal = result.as_ref().err().map(ToString::to_string);
    Class::of(request).is_action().then_some(Entry::Answer { at_ns, request_id, refusal })
}

/// Returns what is written of a callback, if it is of the private stream, a refusal, or a login that succeeded.
pub(crate) fn heard(event: &SpiEvent) -> Option<Entry> {
    if event.callback != TraderCallback::OnRspUserLogin {
        return HEARD[event.callback as usize].then(|| Entry::Event(event.clone()));
    }
    let login: &RspUserLoginField = event.get().filter(|_| event.error().is_none())?;
    Some(Entry::Login {
        at_ns: event.received_ns,
        trading_day: login.trading_day,
        front_id: login.front_id,
        session_id: login.session_id,
        max_order_ref: login.max_order_ref,
    })
}

/// Returns the reference that a request takes.
fn order_ref(record: RecordRef<'_>) -> Text<13> {
    if let Some(order) = record.get::<InputOrderField>() {
        order.order_ref
    } else if let Some(quote) = record.get::<InputQuoteField>() {
        quote.quote_ref
    } else {
        record.get::<InputExecOrderField>().map(|exercise| exercise.exec_order_ref).unwrap_or_default()
    }
}

/// Whether a callback is written, by its number: what requests that change something bring, and what else comes on
/// the private stream. Answers to queries and the states of instruments are not.
static HEARD: LazyLock<Vec<bool>> = LazyLock::new(|| {
    let actions = TraderRequest::ALL.iter().filter(|request| Class::of(**request).is_action());
    let brought: Vec<TraderCallback> = actions
        .flat_map(|request| [request.answer(), request.error_callback(), request.push()])
        .flatten()
        .collect();
    let is_heard = |callback: &TraderCallback| {
        let name = callback.name();
        let is_private =
            (name.starts_with("OnRtn") || name.starts_with("OnErrRtn")) && !PUBLIC.contains(&name);
        is_private || brought.contains(callback)
    };
    TraderCallback::ALL.iter().map(is_heard).collect()
});

/// What is pushed to everybody, and what carries a token.
const PUBLIC: [&str; 5] = [
    "OnRtnInstrumentStatus",
    "OnRtnBulletin",
    "OnRtnTradingNotice",
    "OnRtnForQuoteRsp",
    "OnRtnCFMMCTradingAccountToken",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_money_is_heard_and_what_everybody_hears_is_not() {
        let heard = |callback: TraderCallback| HEARD[callback as usize];
        for callback in [
            TraderCallback::OnRtnOrder,
            TraderCallback::OnRtnTrade,
            TraderCallback::OnRspOrderInsert,
            TraderCallback::OnErrRtnOrderInsert,
            TraderCallback::OnRspOrderAction,
            TraderCallback::OnErrRtnOrderAction,
            TraderCallback::OnRtnQuote,
            TraderCallback::OnRtnExecOrder,
            TraderCallback::OnRspParkedOrderInsert,
        ] {
            assert!(heard(callback), "{}", callback.name());
        }
        for callback in [
            TraderCallback::OnRspQryOrder,
            TraderCallback::OnRspQryInvestorPosition,
            TraderCallback::OnRtnInstrumentStatus,
            TraderCallback::OnFrontConnected,
            TraderCallback::OnRspUserLogin,
            TraderCallback::OnRspSettlementInfoConfirm,
        ] {
            assert!(!heard(callback), "{}", callback.name());
        }
        for name in PUBLIC {
            assert!(
                TraderCallback::ALL.iter().any(|callback| callback.name() == name),
                "{name} is no callback"
            );
        }
    }
}
