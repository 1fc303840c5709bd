//! What a reader adds to the records: the date, the flags, the reference data.
//!
//! Each reader has its own, so that readers do not wait for each other. It remembers a little of each instrument; after
//! the first tick of one nothing is allocated, and calendar and timetable are asked when a part of the day begins.

mod hours;
mod names;

use std::sync::{Arc, OnceLock};

use ctp_market::{Exchange, ReferenceData, china_time, unix_nanoseconds};
use ctp_types::DepthMarketDataField;
use jiff::civil::{Date, Time};

use crate::md::dates::{self, Stamp};
use crate::md::slot::{self, Words};
use crate::md::tick::{Facts, Tick, TickFlags};
use hours::{Openness, Span, Timetables};
pub(crate) use names::Names;

/// How old a tick may be when it is received.
const STALE_NS: i64 = 10_000_000_000;
/// How far back a tick lies that is not late, but dated otherwise than the one before it.
const WRONG_DATE_NS: i64 = 6 * 3600 * SECOND_NS;
const SECOND_NS: i64 = 1_000_000_000;
const HOUR: i32 = 3600;

/// Returns the embedded reference data, one copy for all readers. Without them ticks would lack what comes from them;
/// they are always readable.
pub(crate) fn reference() -> Option<Arc<ReferenceData>> {
    static SHARED: OnceLock<Option<Arc<ReferenceData>>> = OnceLock::new();
    SHARED.get_or_init(|| ReferenceData::builtin().ok().map(Arc::new)).clone()
}

/// Makes ticks of words.
pub(crate) struct Stamper {
    reference: Option<Arc<ReferenceData>>,
    instruments: Names<Instrument>,
    timetables: Timetables,
    /// The only instruments that are of interest.
    only: Option<Names<()>>,
}

/// What is remembered of an instrument.
struct Instrument {
    is_wanted: bool,
    is_combination: bool,
    exchange: Option<Exchange>,
    multiplier: i32,
    /// What its last tick was like.
    last: Option<Last>,
    /// The dates of its last tick, and what they meant.
    dated: Option<Dates>,
    /// A stretch of time in which the product trades, or does not.
    span: Option<Span>,
}

#[derive(Clone, Copy)]
struct Last {
    link: u64,
    fingerprint: u64,
    volume: i32,
    trading_day: [u8; 9],
    /// The latest time at the exchange.
    exchange_ns: i64,
}

/// What two dates mean in one part of the day.
#[derive(Clone, Copy)]
struct Dates {
    texts: ([u8; 9], [u8; 9]),
    part: u8,
    /// The midnight before, in nanoseconds since the Unix epoch.
    midnight_ns: i64,
    trading_day: Option<Date>,
}

/// When a tick was.
#[derive(Clone, Copy)]
struct When {
    exchange_ns: i64,
    trading_day: Option<Date>,
    was_moved: bool,
}

impl Stamper {
    pub(crate) fn new(reference: Option<Arc<ReferenceData>>) -> Self {
        let (instruments, timetables) = (Names::default(), Timetables::default());
        Self { reference, instruments, timetables, only: None }
    }

    /// Looks at these instruments only.
    pub(crate) fn only<'a>(&mut self, ids: impl IntoIterator<Item = &'a [u8]>) {
        let mut only = Names::default();
        for id in ids {
            only.get_or_insert_with(id, || ());
        }
        self.only = Some(only);
        self.instruments = Names::default();
    }

    /// Returns the tick in the words, if its instrument is wanted.
    pub(crate) fn tick(&mut self, words: &Words, sequence: u64) -> Option<Tick> {
        let mut tick = Tick::empty();
        self.read(words, sequence, &mut tick).then_some(tick)
    }

    /// Makes `tick` that of the words; what it was before does not matter. Returns whether its instrument is wanted.
    #[inline]
    pub(crate) fn read(&mut self, words: &Words, sequence: u64, tick: &mut Tick) -> bool {
        slot::read(words, &mut tick.record);
        let Self { reference, instruments, timetables, only } = self;
        let (reference, record) = (reference.as_deref(), &tick.record);
        let id = record.instrument_id.as_bytes();
        let instrument =
            instruments.get_or_insert_with(id, || Instrument::new(record, reference, only.as_ref()));
        if !instrument.is_wanted {
            return false;
        }
        tick.received_ns = slot::received_ns(words);
        tick.facts = Facts {
            sequence,
            lost_before: 0,
            exchange_ns: None,
            trading_day: None,
            exchange: instrument.exchange,
            multiplier: instrument.multiplier,
            flags: TickFlags::default(),
        };
        instrument.judge(words, tick, reference, timetables);
        true
    }
}

impl Instrument {
    #[cold]
    fn new(
        record: &DepthMarketDataField,
        reference: Option<&ReferenceData>,
        only: Option<&Names<()>>,
    ) -> Self {
        let id = record.instrument_id.as_bytes();
        let traded = reference.and_then(|reference| reference.traded(std::str::from_utf8(id).ok()?));
        let said = Exchange::from_id(&record.exchange_id.to_str());
        Self {
            is_wanted: only.is_none_or(|only| only.get(id).is_some()),
            is_combination: traded.map_or_else(|| id.contains(&b'&'), |traded| traded.is_combination),
            exchange: said.or_else(|| traded.map(|traded| traded.product.exchange)),
            multiplier: traded.map_or(0, |traded| traded.multiplier()),
            last: None,
            dated: None,
            span: None,
        }
    }

    /// Finds out when the tick was and what is odd about it.
    #[inline]
    fn judge(
        &mut self,
        words: &Words,
        tick: &mut Tick,
        reference: Option<&ReferenceData>,
        timetables: &mut Timetables,
    ) {
        let record = &tick.record;
        let (link, fingerprint) = (slot::link(words), slot::fingerprint(words));
        let mut flags = TickFlags::default();
        let says_nothing = record.last_price == 0.0 && record.volume == 0 && !self.is_combination;
        flags.set(TickFlags::JUNK, record.update_time.is_empty() || says_nothing);
        flags.set(TickFlags::DUPLICATE, self.last.is_some_and(|last| last.fingerprint == fingerprint));

        let when = self.when(record, tick.received_ns, link, reference);
        let volume_falls = self
            .last
            .is_some_and(|last| record.volume < last.volume && last.trading_day == *record.trading_day.raw());
        let mut is_late = volume_falls;
        match when {
            Some(when) => {
                is_late |= self.last.is_some_and(|last| {
                    let back = last.exchange_ns.saturating_sub(when.exchange_ns);
                    0 < back && back < WRONG_DATE_NS
                });
                let age = tick.received_ns.saturating_sub(when.exchange_ns);
                flags.set(TickFlags::STALE, when.was_moved || age > STALE_NS);
                let openness = self.openness(&when, record, reference, timetables);
                flags.set(TickFlags::OUT_OF_SESSION, openness == Some(Openness::Closed));
                flags.set(TickFlags::SESSION_UNKNOWN, openness.is_none());
                tick.facts.exchange_ns = Some(when.exchange_ns);
                tick.facts.trading_day = when.trading_day;
            }
            None => {
                flags.set(TickFlags::DATE_UNKNOWN, true);
                flags.set(TickFlags::SESSION_UNKNOWN, true);
            }
        }
        flags.set(TickFlags::LATE, is_late && !flags.is_duplicate());
        tick.facts.flags = flags;
        if !flags.is_junk() {
            self.remember(record, link, fingerprint, when);
        }
    }

    #[inline]
    fn remember(&mut self, record: &DepthMarketDataField, link: u64, fingerprint: u64, when: Option<When>) {
        let trading_day = *record.trading_day.raw();
        let before = self.last;
        let same_day = before.filter(|last| last.trading_day == trading_day);
        let exchange_ns = when.map(|when| when.exchange_ns).or(before.map(|last| last.exchange_ns));
        let exchange_ns = exchange_ns.unwrap_or(i64::MIN);
        self.last = Some(Last {
            link,
            fingerprint,
            volume: same_day.map_or(record.volume, |last| last.volume.max(record.volume)),
            trading_day,
            // A date that was wrong for a while must not make everything after it late.
            exchange_ns: before
                .filter(|last| last.exchange_ns.saturating_sub(exchange_ns) < WRONG_DATE_NS)
                .map_or(exchange_ns, |last| last.exchange_ns.max(exchange_ns)),
        });
    }

    #[inline]
    fn when(
        &mut self,
        record: &DepthMarketDataField,
        received_ns: i64,
        link: u64,
        reference: Option<&ReferenceData>,
    ) -> Option<When> {
        let seconds = dates::parse_seconds(record.update_time.as_bytes())?;
        let millisecond = record.update_millisec.clamp(0, 999);
        let of_day = i64::from(seconds) * SECOND_NS + i64::from(millisecond) * (SECOND_NS / 1_000);
        let is_first = self.last.is_none_or(|last| last.link != link);
        let texts = (*record.trading_day.raw(), *record.action_day.raw());
        // Dates turn at 06:00 and 18:00, see `dates`.
        let part = u8::from(seconds >= 6 * HOUR) + u8::from(seconds >= 18 * HOUR);
        if let Some(dated) = self.dated.filter(|it| !is_first && it.part == part && it.texts == texts) {
            let exchange_ns = dated.midnight_ns + of_day;
            return Some(When { exchange_ns, trading_day: dated.trading_day, was_moved: false });
        }
        self.date(record, received_ns, seconds, of_day, is_first, reference?)
    }

    /// Asks the calendar.
    #[cold]
    fn date(
        &mut self,
        record: &DepthMarketDataField,
        received_ns: i64,
        seconds: i32,
        of_day: i64,
        is_first: bool,
        reference: &ReferenceData,
    ) -> Option<When> {
        let calendar = reference.calendar();
        let exchange = self.exchange;
        let second = |divisor: i32, modulus: i32| i8::try_from(seconds / divisor % modulus).unwrap_or(0);
        let subsec = i32::try_from(of_day % SECOND_NS).unwrap_or(0);
        let stamp = Stamp {
            trading_day: dates::parse_date(record.trading_day.as_bytes()),
            action_day: dates::parse_date(record.action_day.as_bytes()),
            time: Time::new(second(HOUR, 24), second(60, 60), second(1, 60), subsec).ok()?,
        };
        let now = china_time(received_ns);
        let dated = dates::date(calendar, exchange, &stamp, now, is_first)?;
        let exchange_ns = unix_nanoseconds(dated.at)?;
        // At night CZCE's is the calendar's date.
        let said = stamp.trading_day.filter(|_| exchange != Some(Exchange::Czce) && !dated.was_moved);
        let trading_day = calendar.trading_day_of(dated.at).ok().or(said);
        let by_record = dates::by_record(calendar, exchange, &stamp);
        // What was read off the wall clock holds for this tick only.
        self.dated = (!dated.was_moved && by_record == Some(dated.at.date())).then(|| Dates {
            texts: (*record.trading_day.raw(), *record.action_day.raw()),
            part: u8::from(seconds >= 6 * HOUR) + u8::from(seconds >= 18 * HOUR),
            midnight_ns: exchange_ns - of_day,
            trading_day,
        });
        Some(When { exchange_ns, trading_day, was_moved: dated.was_moved })
    }

    /// Returns whether the product trades; `None` where that is not known.
    #[inline]
    fn openness(
        &mut self,
        when: &When,
        record: &DepthMarketDataField,
        reference: Option<&ReferenceData>,
        timetables: &mut Timetables,
    ) -> Option<Openness> {
        if let Some(span) = &self.span
            && span.contains(when.exchange_ns)
        {
            return Some(span.openness);
        }
        self.span = timetables.span(reference?, record.instrument_id.as_bytes(), when.exchange_ns);
        self.span.map(|span| span.openness)
    }
}

#[cfg(test)]
mod tests;
