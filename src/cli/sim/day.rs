//! `ctp sim day`: a whole trading day as fast as possible.

use std::fmt::Write as _;
use std::time::Instant;

use ctp_market::{Date, ReferenceData};
use ctp_sim_host::day::{self, DayError, DayOptions, DayReport};

use super::Error;

/// What day.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seed of prices and of the trader's choices: the same seed is the same day.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The trading day, such as 2026-11-23; the night session before belongs to it.
    #[arg(long, default_value = "2026-11-23")]
    date: String,
    /// Futures subscribed.
    #[arg(long, default_value_t = 500)]
    instruments: usize,
    /// Orders that the trader sends in each second of trading, 0 to 1000.
    #[arg(long, default_value_t = 1)]
    orders_per_second: u32,
    /// Prints the SHA-256 of everything that went in and came out.
    #[arg(long)]
    journal: bool,
    /// A setting or switch of the exchange, as NAME=VALUE; may be given several times.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
}

/// Runs the day and returns what is to be said of it.
pub(super) fn run(arguments: &Arguments) -> Result<String, Error> {
    let options = options(arguments)?;
    let start = Instant::now();
    let report = day::run(&options)?;
    Ok(text(&options, &report, start.elapsed().as_secs_f64()))
}

fn options(arguments: &Arguments) -> Result<DayOptions, Error> {
    let wrong = |option, value: &str, expected| Error::Option { option, value: value.to_owned(), expected };
    let date: Date =
        arguments.date.parse().map_err(|_| wrong("--date", &arguments.date, "a date such as 2026-11-23"))?;
    let calendar = ReferenceData::builtin().map_err(DayError::from)?;
    if !calendar.calendar().covers(date) {
        return Err(wrong("--date", &arguments.date, "a date of the holiday calendar"));
    }
    if arguments.orders_per_second > 1_000 {
        return Err(wrong("--orders-per-second", &arguments.orders_per_second.to_string(), "from 0 to 1000"));
    }
    if arguments.instruments == 0 {
        return Err(wrong("--instruments", "0", "at least 1"));
    }
    let settings = arguments.settings.iter().map(|setting| {
        let (key, value) =
            setting.split_once('=').ok_or_else(|| wrong("--set", setting, "of the form NAME=VALUE"))?;
        Ok((key.to_owned(), value.to_owned()))
    });
    Ok(DayOptions {
        date,
        seed: arguments.seed,
        instruments: arguments.instruments,
        orders_per_second: arguments.orders_per_second,
        journal: arguments.journal,
        settings: settings.collect::<Result<_, Error>>()?,
    })
}

fn text(options: &DayOptions, report: &DayReport, seconds: f64) -> String {
    let mut text = format!("trading day  {}, seed {}\n", options.date, options.seed);
    let counts = [
        ("instruments", report.instruments as u64),
        ("ticks", report.ticks),
        ("orders", report.orders),
        ("refused", report.refused),
        ("trades", report.trades),
        ("callbacks", report.callbacks),
    ];
    for (what, count) in counts {
        let _ = writeln!(text, "{what:11}  {}", grouped(count));
    }
    let rate = report.callbacks as f64 / seconds.max(1e-9);
    let _ = writeln!(text, "seconds      {seconds:.2}, {} callbacks a second", grouped(rate as u64));
    let _ = writeln!(text, "next day     {}", report.next_day);
    if let Some((digest, entries)) = &report.journal {
        let _ = writeln!(text, "SHA-256      {digest} of {} entries", grouped(*entries));
    }
    text
}

/// Writes a number with a comma at every third digit.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
