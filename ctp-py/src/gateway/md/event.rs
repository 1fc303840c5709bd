//! What a market data session reports besides ticks.

use ctp_gateway::MdEvent as Event;
use ctp_gateway::error::ServerError;
use ctp_gateway::md::QuoteSubscription;
use ctp_types::Text;
use pyo3::prelude::*;

/// An event of a market data session. Attributes that do not belong to its kind are `None` or empty.
#[pyclass(frozen, module = "ctp_py")]
pub(crate) struct MdEvent {
    /// `subscribed`, `refused`, `unsubscribed`, `not_sent`, `unanswered`, `never_ticked`, `gap`, `alert`,
    /// `trading_day_changed`, `error`; of requests for quotes `quotes_subscribed`, `quotes_refused`,
    /// `quotes_unsubscribed`, `quotes_unanswered`.
    #[pyo3(get)]
    kind: &'static str,
    /// The instruments that it concerns.
    #[pyo3(get)]
    instrument_ids: Vec<String>,
    /// The front's error code, of refusals and errors.
    #[pyo3(get)]
    code: Option<i32>,
    /// The event in words.
    #[pyo3(get)]
    text: String,
    /// The trading day after a change, `yyyymmdd`.
    #[pyo3(get)]
    trading_day: Option<String>,
    /// The name of an alert, for example `market_silent`.
    #[pyo3(get)]
    alert: Option<&'static str>,
}

#[pymethods]
impl MdEvent {
    /// The instrument, if it concerns one.
    #[getter]
    fn instrument_id(&self) -> Option<&str> {
        match &self.instrument_ids[..] {
            [one] => Some(one),
            _ => None,
        }
    }

    fn __repr__(&self) -> String {
        format!("MdEvent({}: {})", self.kind, self.text)
    }
}

fn event(kind: &'static str, ids: &[Text<81>], text: String) -> MdEvent {
    let instrument_ids = ids.iter().map(|id| id.to_str().into_owned()).collect();
    MdEvent { kind, instrument_ids, code: None, text, trading_day: None, alert: None }
}

fn refused(kind: &'static str, ids: &[Text<81>], error: &ServerError) -> MdEvent {
    MdEvent { code: Some(error.code), ..event(kind, ids, error.to_string()) }
}

fn unanswered(kind: &'static str, ids: &[Text<81>], tries: u32, again: bool) -> MdEvent {
    let next = if again { "subscribed once more soon" } else { "subscribed once a minute" };
    event(kind, ids, format!("no answer and no tick after {tries} subscriptions; {next}"))
}

pub(super) fn to_python(py: Python<'_>, happened: Event) -> PyResult<Py<PyAny>> {
    let made = match happened {
        Event::Subscribed(id) => event("subscribed", &[id], format!("{} is subscribed", id.to_str())),
        Event::Refused { instrument_id, error } => refused("refused", &[instrument_id], &error),
        Event::Unsubscribed(id) => {
            event("unsubscribed", &[id], format!("{} is not subscribed any more", id.to_str()))
        }
        Event::NotSent(reason) => event("not_sent", &[], reason.to_string()),
        Event::Unanswered { instrument_ids, tries, again } => {
            unanswered("unanswered", &instrument_ids, tries, again)
        }
        Event::NeverTicked { instrument_id, meant } => {
            let hint = meant.map_or_else(String::new, |meant| format!("; was {} meant?", meant.to_str()));
            let text =
                format!("{} never ticked: it does not exist or has expired{hint}", instrument_id.to_str());
            event("never_ticked", &[instrument_id], text)
        }
        Event::Gap(gap) => {
            let text = format!(
                "the link was broken after the tick of {}.{:03}",
                gap.last.update_time.to_str(),
                gap.last.update_millisec
            );
            event("gap", &[gap.instrument_id], text)
        }
        Event::Alert(alert) => {
            MdEvent { alert: Some(alert.name()), ..event("alert", &[], alert.to_string()) }
        }
        Event::TradingDayChanged { from, to } => {
            let (from, to) = (from.to_str(), to.to_str());
            let text = format!("trading day {to} after {from}");
            MdEvent { trading_day: Some(to.into_owned()), ..event("trading_day_changed", &[], text) }
        }
        Event::Error(error) => refused("error", &[], &error),
        Event::QuoteRequests(QuoteSubscription::Subscribed(id)) => {
            event("quotes_subscribed", &[id], format!("requests for quotes in {} come", id.to_str()))
        }
        Event::QuoteRequests(QuoteSubscription::Refused { instrument_id, error }) => {
            refused("quotes_refused", &[instrument_id], &error)
        }
        Event::QuoteRequests(QuoteSubscription::Unsubscribed(id)) => event(
            "quotes_unsubscribed",
            &[id],
            format!("requests for quotes in {} come no more", id.to_str()),
        ),
        Event::QuoteRequests(QuoteSubscription::Unanswered { instrument_ids, tries, again }) => {
            unanswered("quotes_unanswered", &instrument_ids, tries, again)
        }
        other => event("other", &[], format!("{other:?}")),
    };
    Ok(Py::new(py, made)?.into_any())
}
