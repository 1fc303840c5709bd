//! What happens, one line each: for people, or in JSON for programs.

use std::io::{self, Write as _};
use std::time::Duration;

use ctp_sim_host::Noted;
use ctp_sim_host::serve::{Server, Watch};
use serde_json::json;

use super::Said;
use super::stop::Stop;

/// How long a line may wait, and a stop with it.
const PATIENCE: Duration = Duration::from_millis(50);

/// Which lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// For people.
    Plain,
    /// One JSON object each.
    Json,
}

/// Says what happens until it is time to stop.
pub(super) fn say(server: &Server, form: Form, stop: &Stop) -> Said {
    let simulator = server.simulator();
    let mut watch = Watch::new(simulator.name());
    // From now on everything is noted.
    watch.next(Duration::ZERO);
    let (md, td) = (server.md_front(), server.td_front());
    let (trading_day, _) = simulator.look();
    match form {
        Form::Json => line(
            &json!({
                "event": "listening",
                "time": simulator.now().china(),
                "exchange": simulator.name(),
                "trading_day": trading_day,
                "md": md,
                "td": td,
                "version": env!("CARGO_PKG_VERSION"),
                "process": std::process::id(),
            })
            .to_string(),
        )?,
        Form::Plain if md == td => line(&format!(
            "exchange {} of trading day {trading_day} listens; clients register {td}",
            simulator.name()
        ))?,
        Form::Plain => line(&format!(
            "exchange {} of trading day {trading_day} listens; clients register {md} for market data and {td} for trading",
            simulator.name()
        ))?,
    }
    let mut last = 0;
    while stop.reason().is_none() {
        let notices = watch.next(PATIENCE);
        for noted in &notices {
            // An exchange that was started again counts anew.
            let missed = noted.number.saturating_sub(last + 1);
            if last > 0 && missed > 0 {
                say_missed(form, missed)?;
            }
            last = noted.number;
            match form {
                Form::Json => line(&serde_json::to_string(noted)?)?,
                Form::Plain => line(&plain(noted))?,
            }
        }
    }
    Ok(())
}

/// Says that it stopped.
pub(super) fn say_stopped(form: Form, stop: &Stop) -> Said {
    let reason = stop.reason().unwrap_or("ended");
    match form {
        Form::Json => line(&json!({ "event": "stopped", "reason": reason }).to_string()),
        Form::Plain => line(&format!("stopped: {reason}")),
    }
}

fn say_missed(form: Form, missed: u64) -> Said {
    let text = format!("{missed} lines were not written in time");
    match form {
        Form::Json => line(&json!({ "event": "log", "about": "loss", "text": text }).to_string()),
        Form::Plain => line(&text),
    }
}

fn line(text: &str) -> Said {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}")?;
    output.flush()
}

/// Writes a notice for people.
fn plain(noted: &Noted) -> String {
    let time = noted.time.split_once(' ').map_or(noted.time.as_str(), |(_, time)| time);
    format!("{time:15.15}  {:8} {}", noted.notice.kind(), noted.notice.line())
}
