//! What a client hears of an input that could not be kept and so was not carried out.

use ctp_sim::{Delivery, Input, Output, SessionId, core_not_synchronised};
use ctp_types::{MdCallback, RecordBox, TraderCallback};

use crate::engine::REASON_READ_FAILED;

/// The answer to an input, made before it is given away.
pub(crate) enum Unkept {
    /// Nobody waits for an answer.
    Nothing,
    /// The end of a connection, which has to be kept some day.
    Owed(SessionId),
    /// What its client receives.
    Told(Box<Output>),
}

impl Unkept {
    pub(crate) fn of(input: &Input) -> Self {
        let (session, delivery) = match input {
            Input::Advance | Input::Skip | Input::Command(_) => return Self::Nothing,
            Input::Disconnect { session } => return Self::Owed(*session),
            // No connection without its wishes, and none that is not kept.
            Input::Connect { session, .. } | Input::Topics { session, .. } => {
                (*session, Delivery::Close { reason: REASON_READ_FAILED })
            }
            Input::Trader { session, request, record, request_id } => {
                let callback = request.answer().unwrap_or(TraderCallback::OnRspError);
                let record = echo(record, callback.record().map(|record| record.c_name.as_str()));
                let rsp_info = Some(core_not_synchronised());
                let number = *request_id;
                (*session, Delivery::Trader { callback, record, rsp_info, number, is_last: true })
            }
            Input::Md { session, request, record, request_id } => {
                let callback = request.answer().unwrap_or(MdCallback::OnRspError);
                let record = echo(record, callback.record().map(|record| record.c_name.as_str()));
                let rsp_info = Some(core_not_synchronised());
                let number = *request_id;
                (*session, Delivery::Md { callback, record, rsp_info, number, is_last: true })
            }
            Input::Subscribe { session, .. }
            | Input::Unsubscribe { session, .. }
            | Input::SubscribeForQuote { session, .. }
            | Input::UnsubscribeForQuote { session, .. } => {
                let (callback, rsp_info) = (MdCallback::OnRspError, Some(core_not_synchronised()));
                (*session, Delivery::Md { callback, record: None, rsp_info, number: 0, is_last: true })
            }
        };
        Self::Told(Box::new(Output { session, delivery }))
    }

    pub(crate) fn output(self) -> Option<Output> {
        match self {
            Self::Told(output) => Some(*output),
            Self::Nothing | Self::Owed(_) => None,
        }
    }
}

/// Returns the request's record where the answer carries the same one, without its secrets.
fn echo(record: &RecordBox, answered: Option<&str>) -> Option<RecordBox> {
    if answered != Some(record.descriptor().c_name.as_str()) {
        return None;
    }
    let mut echo = record.clone();
    for field in record.descriptor().fields.iter().filter(|field| field.secret) {
        // A secret is a text; another kind would stay as it is.
        drop(echo.set_bytes(field, b""));
    }
    Some(echo)
}
