//! The gateway's metrics, by name.
//!
//! They go through the [`metrics`] facade: a program that installs a recorder (an exporter) gets them, any other pays
//! for almost nothing. All are counted where a session or a consumer works, never on the library's thread. Install the
//! recorder before the first client is connected.
//!
//! [`TABLE`] is the whole list; `docs/observability.md` shows it, and a test compares both with what is emitted.

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A number that only rises.
    Counter,
    /// A number that rises and falls.
    Gauge,
    /// A distribution.
    Histogram,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
}

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What its number counts.
    pub unit: Unit,
    /// Its labels besides `session` (`md` or `td`) and `account` (the user id), which all have.
    pub labels: &'static [&'static str],
    /// What it says.
    pub meaning: &'static str,
}

macro_rules! metrics_table {
    ($($const:ident = $name:literal, $kind:ident, $unit:ident, [$($label:literal),*], $meaning:literal;)*) => {
        $(pub(crate) const $const: &str = $name;)*

        /// Every metric that the gateway emits, by name.
        pub const TABLE: &[Metric] = &[$(Metric {
            name: $name,
            kind: Kind::$kind,
            unit: Unit::$unit,
            labels: &[$($label),*],
            meaning: $meaning,
        },)*];
    };
}

metrics_table! {
    CALLBACK_WAIT = "ctp_callback_wait_seconds", Histogram, Seconds, [], "From the receipt of a callback on the library's thread to the session's step (trading only).";
    CALLBACKS = "ctp_callbacks_total", Counter, Count, ["callback"], "Callbacks that the session handled, by C name; ticks are not among them.";
    CAPTURE_BYTES = "ctp_capture_bytes_total", Counter, Bytes, [], "Bytes written to the capture.";
    CAPTURE_LOST = "ctp_capture_lost_total", Counter, Count, ["what"], "Steps and ticks that the capture's writer was too slow for, or had no room for.";
    CAPTURE_STEPS = "ctp_capture_steps_total", Counter, Count, [], "Steps written to the capture.";
    COMMANDS = "ctp_commands_total", Counter, Count, [], "Commands of the program to the session: subscriptions, orders, queries.";
    EVENTS = "ctp_events_total", Counter, Count, ["event"], "Events that the session reported, by kind.";
    GATE_CLOSED = "ctp_gate_closed", Gauge, Count, ["reason"], "1 for each reason that keeps the trading gate closed, else 0: not_ready, recovering, differs, unverified, kill_switch, journal_failed, read_only (trading only).";
    GATE_OPEN = "ctp_gate_open", Gauge, Count, [], "1 while new orders may leave, else 0 (trading only).";
    ORDER_ACK = "ctp_order_ack_seconds", Histogram, Seconds, [], "From an order's way into the library to the receipt of the first word about it, an acceptance or a refusal (trading only).";
    ORDER_TRADE = "ctp_order_trade_seconds", Histogram, Seconds, [], "From an order's way into the library to the receipt of its first trade (trading only).";
    ORDERS_REJECTED = "ctp_orders_rejected_total", Counter, Count, ["by", "code"], "Orders of the account that were refused, by counter or exchange and by error code (trading only).";
    QUEUE_DEPTH = "ctp_queue_depth", Gauge, Count, ["queue"], "What waits: callbacks of the library and commands of the program for the session, queries for their turn, other requests for their answer.";
    REQUEST_ATTEMPTS = "ctp_request_attempts_total", Counter, Count, ["request"], "How often requests were handed to the library; more than requests means repeated queries.";
    REQUEST_PACING = "ctp_request_pacing_seconds", Histogram, Seconds, ["request"], "How long requests waited for the front's pace, or for queries before them, although the session could be used.";
    REQUEST_TIME = "ctp_request_seconds", Histogram, Seconds, ["request"], "From the submission of a request to its end.";
    REQUEST_REFUSED = "ctp_requests_refused_total", Counter, Count, ["reason"], "Return codes other than 0 of the library: not_connected (-1), too_many_unanswered (-2), too_fast (-3), library.";
    REQUESTS = "ctp_requests_total", Counter, Count, ["request", "outcome"], "Requests that ended, by C name and outcome.";
    RISK_ACTIONS_MOST = "ctp_risk_actions_most", Gauge, Count, [], "The most orders and cancels that a window of `risk.window_ms` held on this trading day (trading only).";
    RISK_CANCELS = "ctp_risk_cancels_today", Gauge, Count, [], "Cancels sent on this trading day (trading only).";
    RISK_DENIED = "ctp_risk_denied_total", Counter, Count, ["rule"], "Orders and cancels that the session or its kill switch denied, by rule (trading only).";
    RISK_KILLED = "ctp_risk_killed", Gauge, Count, [], "1 while the kill switch is on, else 0 (trading only).";
    RISK_LATE = "ctp_risk_late_acks_total", Counter, Count, [], "Orders whose first answer took longer than `risk.ack_ms` (trading only).";
    RISK_OPEN = "ctp_risk_open_orders", Gauge, Count, [], "Orders of the account that can still be cancelled, of all its sessions (trading only).";
    RISK_ORDERS = "ctp_risk_orders_today", Gauge, Count, [], "Orders and quotes sent on this trading day (trading only).";
    RISK_TENS = "ctp_risk_seconds_of_ten", Gauge, Count, [], "How often there were ten orders and cancels in one second on this trading day, which exchanges ask about (trading only).";
    RISK_TO_CANCEL = "ctp_risk_to_cancel", Gauge, Count, [], "Orders that the kill switch has still to get cancelled (trading only).";
    SESSION_DISCONNECTS = "ctp_session_disconnects_total", Counter, Count, ["reason"], "Broken links, by the library's reason.";
    SESSION_FAULTS = "ctp_session_faults_total", Counter, Count, [], "How often the session stopped because of a refusal or a panic.";
    SESSION_LOGINS = "ctp_session_logins_total", Counter, Count, [], "How often the session became usable.";
    SESSION_REFUSALS = "ctp_session_refusals_total", Counter, Count, ["code"], "Refused steps of the login, by error code.";
    SESSION_STATE = "ctp_session_state", Gauge, Count, [], "Where the session stands: 0 closed, 1 faulted, 2 reconnecting, 3 connecting, 4 authenticating, 5 logging in, 6 confirming, 7 recovering, 8 ready.";
    STEP_TIME = "ctp_step_seconds", Histogram, Seconds, [], "How long the session's state machine took for one input.";
    SUBSCRIPTIONS = "ctp_subscriptions", Gauge, Count, [], "Instruments that the program wants (market data only).";
    TICK_LATENCY = "ctp_tick_latency_seconds", Histogram, Seconds, [], "From the receipt of a tick on the library's thread to its consumer; one of 64 is measured (market data only).";
    TICKS_LOST = "ctp_ticks_lost_total", Counter, Count, [], "Ticks that consumers were too slow for, over all consumers (market data only).";
    TICKS = "ctp_ticks_total", Counter, Count, [], "Ticks that the library delivered (market data only).";
    WATCHDOGS = "ctp_watchdogs_total", Counter, Count, ["watchdog"], "Alerts: not_usable, market_silent, link_given_up, no_fresh_object, clock_jumped, unverified, journal_failed, journal_damaged, orders_slow, killed, kill_stuck, released.";
}

/// Tells the installed recorder units and meanings of all metrics. An exporter shows them as help.
pub fn describe() {
    for metric in TABLE {
        let unit = match metric.unit {
            Unit::Count => metrics::Unit::Count,
            Unit::Bytes => metrics::Unit::Bytes,
            Unit::Seconds => metrics::Unit::Seconds,
        };
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, unit, metric.meaning),
            Kind::Gauge => metrics::describe_gauge!(metric.name, unit, metric.meaning),
            Kind::Histogram => metrics::describe_histogram!(metric.name, unit, metric.meaning),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_the_table() {
        let page = include_str!("../../docs/observability.md");
        let rows: String = TABLE
            .iter()
            .map(|metric| {
                let Metric { name, kind, unit, labels, meaning } = metric;
                let (kind, unit) = (format!("{kind:?}").to_lowercase(), format!("{unit:?}").to_lowercase());
                format!("| `{name}` | {kind} | {unit} | {} | {meaning} |\n", labels.join(", "))
            })
            .collect();
        assert!(page.contains(&rows), "docs/observability.md should have these rows, and no others:\n{rows}");
        assert_eq!(page.matches("\n| `ctp_").count(), TABLE.len());
    }

    #[test]
    fn the_table_is_sorted_and_names_say_their_unit() {
        assert!(TABLE.is_sorted_by_key(|metric| metric.name), "{TABLE:#?}");
        for metric in TABLE {
            let Metric { name, kind, unit, meaning, .. } = metric;
            assert!(name.starts_with("ctp_") && meaning.ends_with('.'), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert_eq!(name.ends_with("_seconds"), *unit == Unit::Seconds, "{name}");
        }
    }
}
