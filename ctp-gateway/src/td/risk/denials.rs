//! Denials in words. They are made apart from the checks, which allocate nothing as long as an order passes.

use std::fmt::Display;
use std::time::{Duration, Instant};

use ctp_market::Money;

use crate::error::{Denial, Rule};

#[cold]
pub(super) fn killed(reason: &str) -> Denial {
    let fix = "cancels pass; release() lets orders pass again";
    Denial::new(Rule::KillSwitch, format!("the kill switch is on: {reason}"), fix)
}

/// More than a configured number.
#[cold]
pub(super) fn too_many(rule: Rule, what: &str, value: impl Display, most: u32) -> Denial {
    let key = rule.limit();
    let denial =
        Denial::new(rule, format!("{value} {what}"), format!("{key} allows {most}; wait or give less"));
    denial.limit(format!("at most {most} {what}"))
}

/// A configured rule that cannot be judged.
#[cold]
pub(super) fn unknown(rule: Rule, what: &str, most: u32) -> Denial {
    let fix = format!(
        "{} is set, and only a session that recovers fully knows it; see recovery, or leave the key out",
        rule.limit()
    );
    Denial::new(rule, format!("{what} is not known"), fix).limit(format!("at most {most}"))
}

#[cold]
pub(super) fn outside_limits(price: f64, lower: Option<f64>, upper: Option<f64>) -> Denial {
    let limit = match (lower, upper) {
        (Some(lower), Some(upper)) => format!("from {lower} to {upper}"),
        (Some(lower), None) => format!("at least {lower}"),
        (None, upper) => format!("at most {}", upper.unwrap_or(f64::INFINITY)),
    };
    let fix = format!("the exchange takes prices {limit} today");
    Denial::new(Rule::PriceLimit, format!("price {price}"), fix).limit(limit)
}

#[cold]
pub(super) fn too_far(price: f64, last: f64, most_bp: u32) -> Denial {
    let part = f64::from(most_bp) / 10_000.0;
    let away = last.abs() * part;
    let limit = format!("from {:.6} to {:.6}, within {} % of {last}", last - away, last + away, part * 100.0);
    let fix = "give a price nearer to the last one, or raise risk.price_distance_bp";
    Denial::new(Rule::PriceDistance, format!("price {price} with the last at {last}"), fix).limit(limit)
}

#[cold]
pub(super) fn self_trade(is_buy: bool, price: f64, other: f64) -> Denial {
    let (own, others) = if is_buy { ("buy", "sell") } else { ("sell", "buy") };
    let (at, beyond) = match other.is_finite() {
        true => {
            (format!("at {other}"), format!("a price {} {other}", if is_buy { "below" } else { "above" }))
        }
        false => ("at any price".to_owned(), format!("no {own} while that {others} works")),
    };
    let value = format!("a {own} at {price} can trade against a working {others} {at} of the same account");
    let fix = "cancel that order first and wait until it is over; exchanges count trades with oneself";
    Denial::new(Rule::SelfTrade, value, fix).limit(beyond)
}

#[cold]
pub(super) fn over_close(lots: i32, free: i32) -> Denial {
    let value = format!("a close of {lots} lots with {free} held that no working order closes already");
    let fix = "close what is left, or cancel closing orders; SHFE and INE close today's and older lots apart";
    Denial::new(Rule::OverClose, value, fix).limit(format!("at most {free} lots"))
}

#[cold]
pub(super) fn loss(result: Money, most: u32) -> Denial {
    let value = format!("the day's result is {:.2} CNY", result.to_f64());
    let fix = "risk.loss_cny is reached: orders that close still pass";
    Denial::new(Rule::Loss, value, fix).limit(format!("a loss below {most} CNY"))
}

#[cold]
pub(super) fn cancels(rule: Rule, of: &str, sent: u32, open: u32, most: u32) -> Denial {
    let value =
        format!("{sent} cancels on this trading day {of}, and {open} working orders that may need one");
    let fix = format!("{} keeps the rest for those; cancels still pass", rule.limit());
    Denial::new(rule, value, fix).limit(format!("at most {most} with a new order's own"))
}

#[cold]
pub(super) fn pace(
    held: usize,
    most: Option<u32>,
    window: Duration,
    from: Option<Instant>,
    now: Instant,
) -> Denial {
    let (most, window) = (most.unwrap_or(u32::MAX), window.as_millis());
    let value = format!("{held} orders and cancels in the last {window} ms");
    let fix = match from {
        Some(from) => {
            let wait = from.saturating_duration_since(now).as_nanos().div_ceil(1_000_000);
            format!("the next one may go in {wait} ms")
        }
        None => "none may go".to_owned(),
    };
    Denial::new(Rule::ActionsPerSecond, value, fix).limit(format!("at most {most} in any {window} ms"))
}
