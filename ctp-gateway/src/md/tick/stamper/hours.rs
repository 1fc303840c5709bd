//! Whether a product trades at a moment.

use std::collections::HashMap;

use ctp_market::{Phase, ReferenceData, china_time, unix_nanoseconds};
use jiff::civil::{Date, DateTime, time};

/// How long after the end of a session its last ticks still belong to it: they carry its last second or the one after.
const GRACE_NS: i64 = 2_000_000_000;

/// Whether a product trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Openness {
    /// Continuously, or in an auction.
    Open,
    /// Not now.
    Closed,
}

/// A stretch of time, in nanoseconds since the Unix epoch, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    start_ns: i64,
    end_ns: i64,
    pub(super) openness: Openness,
}

impl Span {
    #[inline]
    pub(super) fn contains(&self, unix_ns: i64) -> bool {
        self.start_ns <= unix_ns && unix_ns < self.end_ns
    }
}

/// The stretches of the products' trading days, each made when it is first asked for.
#[derive(Default)]
pub(super) struct Timetables {
    /// By product and whether it is its options.
    spans: HashMap<(String, bool), (Date, Vec<Span>)>,
}

impl Timetables {
    /// Returns the stretch around a moment; `None` for an unknown product or a day beyond the calendar.
    pub(super) fn span(&mut self, reference: &ReferenceData, id: &[u8], unix_ns: i64) -> Option<Span> {
        let traded = reference.traded(std::str::from_utf8(id).ok()?)?;
        let trading_day = reference.calendar().trading_day_of(china_time(unix_ns)).ok()?;
        let key = (traded.product.id.clone(), traded.options.is_some());
        let known = self.spans.get(&key).filter(|(day, _)| *day == trading_day);
        let spans = match known {
            Some((_, spans)) => spans,
            None => {
                let timetable = match traded.options {
                    Some(_) => reference.option_timetable(traded.product, trading_day).ok()?,
                    None => reference.timetable(traded.product, trading_day).ok()?,
                };
                let begin = reference.calendar().roll_to(trading_day).ok()?;
                let end = trading_day.to_datetime(time(18, 0, 0, 0));
                let changes = timetable.changes().iter().map(|change| (change.at, is_open(change.phase)));
                let spans = spans(begin, changes, end)?;
                self.spans.insert(key.clone(), (trading_day, spans));
                &self.spans.get(&key)?.1
            }
        };
        let at = spans.partition_point(|span| span.end_ns <= unix_ns);
        spans.get(at).filter(|span| span.contains(unix_ns)).copied()
    }
}

fn is_open(phase: Phase) -> Openness {
    match phase {
        Phase::Auction | Phase::Matching | Phase::Continuous => Openness::Open,
        Phase::Closed | Phase::Break => Openness::Closed,
    }
}

fn spans(
    begin: DateTime,
    changes: impl Iterator<Item = (DateTime, Openness)>,
    end: DateTime,
) -> Option<Vec<Span>> {
    let mut spans: Vec<Span> = Vec::new();
    let (mut start_ns, mut openness) = (unix_nanoseconds(begin)?, Openness::Closed);
    for (at, next) in changes {
        let at = unix_nanoseconds(at)?;
        let end_ns = if next == Openness::Closed { at + GRACE_NS } else { at };
        if next != openness {
            spans.push(Span { start_ns, end_ns, openness });
            (start_ns, openness) = (end_ns, next);
        }
    }
    spans.push(Span { start_ns, end_ns: unix_nanoseconds(end)?, openness });
    Some(spans)
}
