//! What metrics and health take from a market data session's inputs and outputs.

use ctp_types::MdCallback;

use crate::capture::SessionKind;
use crate::config::MdConfig;
use crate::md::event::MdEvent;
use crate::md::io::{Input, Output};
use crate::md::recorded::MdRecorded;
use crate::observe::{About, Heard, Observed, Subject, Told, instrument_of, not_taken};
use crate::shell::shown_fronts;

impl Observed for MdRecorded {
    type Input = Input;
    type Output = Output;

    fn heard(input: &Input) -> Heard {
        match input {
            Input::Callback(event) => {
                let step = matches!(event.callback, MdCallback::OnRspUserLogin);
                let about = match event.callback {
                    MdCallback::OnFrontDisconnected => About::disconnect(event.number),
                    _ => About::answer(step, event.rsp_info.as_ref()),
                };
                Heard::Callback { name: event.callback.name(), received_ns: None, about }
            }
            Input::Command(_) => Heard::Command,
            Input::Sent { result: Err(refusal), .. } => Heard::NotTaken(not_taken(refusal)),
            _ => Heard::Other,
        }
    }

    fn told(output: &Output) -> Told<'_> {
        match output {
            Output::State(state) => Told::State(state),
            Output::Event(MdEvent::Alert(alert)) => Told::Watchdog(alert.name()),
            Output::Event(event) => told(event),
            Output::Send { request, .. } => Told::Attempt(request.name()),
            Output::Subscribe { feed, .. } => Told::Attempt(feed.subscribe_name()),
            Output::Unsubscribe { feed, .. } => Told::Attempt(feed.unsubscribe_name()),
            _ => Told::Other,
        }
    }

    fn name(input: &Input) -> &'static str {
        match input {
            Input::Callback(event) => event.callback.name(),
            Input::Command(_) => "command",
            Input::Sent { .. } => "sent",
            Input::Ticked(_) => "ticked",
            Input::Time => "time",
            _ => "other",
        }
    }

    fn instrument(input: &Input) -> Option<String> {
        match input {
            Input::Callback(event) => instrument_of(event.record.as_ref()),
            _ => None,
        }
    }
}

fn told(event: &MdEvent) -> Told<'static> {
    Told::Event(match event {
        MdEvent::Alert(alert) => return Told::Watchdog(alert.name()),
        MdEvent::TradingDayChanged { .. } => "trading_day_changed",
        MdEvent::Subscribed(_) => "subscribed",
        MdEvent::Refused { .. } => "refused",
        MdEvent::Unsubscribed(_) => "unsubscribed",
        MdEvent::QuoteRequests(_) => "quote_requests",
        MdEvent::NotSent(_) => "not_sent",
        MdEvent::Unanswered { .. } => "unanswered",
        MdEvent::NeverTicked { .. } => "never_ticked",
        MdEvent::Gap(_) => "gap",
        MdEvent::Error(_) => "error",
    })
}

/// Returns who a session's metrics and health are about.
pub(crate) fn subject(config: &MdConfig, library: &str) -> Subject {
    Subject {
        session: SessionKind::Md,
        broker_id: config.broker_id.clone(),
        user_id: config.user_id.clone(),
        fronts: shown_fronts(&config.fronts),
        library: library.to_owned(),
    }
}
