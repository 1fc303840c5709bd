//! What metrics and health take from a trading session's inputs and outputs.

use ctp_types::{TraderCallback, TraderRequest};

use crate::capture::SessionKind;
use crate::config::TdConfig;
use crate::observe::{About, Heard, Observed, Subject, Told, instrument_of, not_taken};
use crate::requests::submission::Outcome;
use crate::shell::shown_fronts;
use crate::td::event::TdEvent;
use crate::td::io::{Command, Input, Output};
use crate::td::recorded::TdRecorded;

impl Observed for TdRecorded {
    type Input = Input;
    type Output = Output;

    fn heard(input: &Input) -> Heard {
        match input {
            Input::Callback(event) => {
                let step = matches!(
                    event.callback,
                    TraderCallback::OnRspAuthenticate
                        | TraderCallback::OnRspUserLogin
                        | TraderCallback::OnRspSettlementInfoConfirm
                );
                let about = match event.callback {
                    TraderCallback::OnFrontDisconnected => About::disconnect(event.number),
                    _ => About::answer(step, event.rsp_info.as_ref()),
                };
                let received_ns = Some(event.received_ns);
                Heard::Callback { name: event.callback.name(), received_ns, about }
            }
            Input::Command(_) => Heard::Command,
            Input::Sent { result: Err(refusal), .. } => Heard::NotTaken(not_taken(refusal)),
            _ => Heard::Other,
        }
    }

    fn told(output: &Output) -> Told<'_> {
        match output {
            Output::State(state) => Told::State(state),
            Output::Event(TdEvent::Alert(alert)) => Told::Watchdog(alert.name()),
            Output::Event(event) => told(event),
            Output::Send { request, .. } => Told::Attempt(request.name()),
            Output::Ended(ended) => Told::Ended {
                request: ended.request.name(),
                outcome: outcome(ended.outcome),
                waited: ended.waited,
                paced: ended.paced,
            },
            _ => Told::Other,
        }
    }

    fn name(input: &Input) -> &'static str {
        match input {
            Input::Callback(event) => event.callback.name(),
            Input::Command(Command::Act { request: TraderRequest::ReqOrderInsert, .. }) => "place",
            Input::Command(Command::Act { request, .. }) => request.name(),
            Input::Command(Command::Cancel { .. }) => "cancel",
            Input::Command(Command::CancelAll { .. }) => "cancel_all",
            Input::Command(Command::Request { submission, .. }) => submission.request.name(),
            Input::Command(_) => "command",
            Input::Sent { .. } => "sent",
            Input::Time => "time",
            _ => "other",
        }
    }

    fn instrument(input: &Input) -> Option<String> {
        match input {
            Input::Callback(event) => instrument_of(event.record.as_ref()),
            Input::Command(Command::Act { record, .. }) => instrument_of(Some(record)),
            Input::Command(Command::Request { submission, .. }) => instrument_of(Some(&submission.record)),
            _ => None,
        }
    }
}

fn told(event: &TdEvent) -> Told<'static> {
    Told::Event(match event {
        TdEvent::Alert(alert) => return Told::Watchdog(alert.name()),
        TdEvent::TradingDayChanged { .. } => "trading_day_changed",
        TdEvent::Differences { .. } => "differences",
        TdEvent::Order(_) => "order",
        TdEvent::Trade { .. } => "trade",
        TdEvent::Position(_) => "position",
        TdEvent::Rejected { .. } => "rejected",
        TdEvent::ForeignRejected { .. } => "foreign_rejected",
        TdEvent::CancelRejected { .. } => "cancel_rejected",
        TdEvent::Unknown { .. } => "unknown",
        TdEvent::Instruction(_) => "instruction",
        TdEvent::InstructionCancelRejected { .. } => "instruction_cancel_rejected",
        TdEvent::DryRun { .. } => "dry_run",
        TdEvent::Error { .. } => "error",
    })
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Confirmed => "confirmed",
        Outcome::Rejected => "rejected",
        Outcome::Denied => "denied",
        Outcome::NotSent => "not_sent",
        Outcome::Unknown => "unknown",
        Outcome::TimedOut => "timed_out",
        Outcome::Dropped => "dropped",
    }
}

/// Returns who a session's metrics and health are about.
pub(crate) fn subject(config: &TdConfig, library: &str) -> Subject {
    Subject {
        session: SessionKind::Td,
        broker_id: config.broker_id.clone(),
        user_id: config.user_id.clone(),
        fronts: shown_fronts(&config.fronts),
        library: library.to_owned(),
    }
}
