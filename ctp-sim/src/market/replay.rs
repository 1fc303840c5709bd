//! Recorded ticks: CSV with the field names of `CThostFtdcDepthMarketDataField` in its first line.
//!
//! The columns come in any order. `InstrumentID`, `UpdateTime`, `LastPrice`, `Volume` and one of `TradingDay` and
//! `ActionDay` must be there; columns that the record lacks are ignored and named by [`Tape::ignored`]. An empty cell is
//! a field without a value. Reading is pure: the host opens the file.

use std::sync::Arc;

use ctp_market::{Calendar, Date, ExchangeRules, NightDate, Time};
use ctp_types::{DepthMarketDataField, NO_PRICE, Text};
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::exchange::{Exchange, Task};
use crate::interface::Timestamp;

/// A recording.
#[derive(Clone, Debug)]
pub struct Tape {
    text: Arc<str>,
    columns: Arc<[Option<Put>]>,
    /// Where each row stands in the text.
    rows: Arc<[(usize, usize)]>,
    ignored: Arc<[String]>,
}

/// Why a text is no recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// There is no first line with the names of the columns.
    #[error(
        "the recording is empty; its first line must name the columns, as InstrumentID,UpdateTime,LastPrice"
    )]
    Empty,
    /// A column that every recording needs is missing.
    #[error("the recording has no column {column}; name it in the first line")]
    MissingColumn {
        /// Its name; two with "or" where either would do.
        column: &'static str,
    },
    /// A row has more or fewer cells than the first line.
    #[error("line {line} has {found} cells, the first line {expected}")]
    Cells {
        /// Counted from 1.
        line: usize,
        /// Its cells.
        found: usize,
        /// The first line's.
        expected: usize,
    },
    /// A cell is not what its column holds.
    #[error("line {line}, column {column}: {value:?} is not {expected}")]
    Value {
        /// Counted from 1.
        line: usize,
        /// The column's name.
        column: String,
        /// The cell.
        value: String,
        /// What the column holds.
        expected: &'static str,
    },
}

/// A recording that is played from now on.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Replay {
    /// The recording, in CSV.
    #[serde(deserialize_with = "read_tape", serialize_with = "write_tape")]
    pub csv: Tape,
    /// Whether its first tick comes now and the others at their distance from it; otherwise each comes at its own time,
    /// and at once when that is past.
    #[serde(default)]
    pub from_now: bool,
}

impl Replay {
    /// Plays `csv`; [`from_now`](Self::from_now) says when.
    pub fn new(csv: Tape, from_now: bool) -> Self {
        Self { csv, from_now }
    }
}

fn read_tape<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tape, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

fn write_tape<S: Serializer>(tape: &Tape, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&tape.text)
}

/// How a cell gets into the record.
#[derive(Clone, Copy, Debug)]
enum Put {
    Id(fn(&mut DepthMarketDataField, Text<81>)),
    Date(fn(&mut DepthMarketDataField, Text<9>)),
    Time(fn(&mut DepthMarketDataField, Text<9>)),
    Int(fn(&mut DepthMarketDataField, i32)),
    Double(fn(&mut DepthMarketDataField, f64)),
}

macro_rules! columns {
    ($($name:literal $put:ident $field:ident)*) => {
        /// Every column that is read.
        const COLUMNS: &[(&str, Put)] = &[$(($name, Put::$put(|record, value| record.$field = value))),*];
    };
}

columns! {
    "InstrumentID" Id instrument_id
    "TradingDay" Date trading_day
    "ActionDay" Date action_day
    "UpdateTime" Time update_time
    "UpdateMillisec" Int update_millisec
    "LastPrice" Double last_price
    "PreSettlementPrice" Double pre_settlement_price
    "PreClosePrice" Double pre_close_price
    "PreOpenInterest" Double pre_open_interest
    "OpenPrice" Double open_price
    "HighestPrice" Double highest_price
    "LowestPrice" Double lowest_price
    "Volume" Int volume
    "Turnover" Double turnover
    "OpenInterest" Double open_interest
    "ClosePrice" Double close_price
    "SettlementPrice" Double settlement_price
    "UpperLimitPrice" Double upper_limit_price
    "LowerLimitPrice" Double lower_limit_price
    "CurrDelta" Double curr_delta
    "BidPrice1" Double bid_price1
    "BidVolume1" Int bid_volume1
    "AskPrice1" Double ask_price1
    "AskVolume1" Int ask_volume1
    "BidPrice2" Double bid_price2
    "BidVolume2" Int bid_volume2
    "AskPrice2" Double ask_price2
    "AskVolume2" Int ask_volume2
    "BidPrice3" Double bid_price3
    "BidVolume3" Int bid_volume3
    "AskPrice3" Double ask_price3
    "AskVolume3" Int ask_volume3
    "BidPrice4" Double bid_price4
    "BidVolume4" Int bid_volume4
    "AskPrice4" Double ask_price4
    "AskVolume4" Int ask_volume4
    "BidPrice5" Double bid_price5
    "BidVolume5" Int bid_volume5
    "AskPrice5" Double ask_price5
    "AskVolume5" Int ask_volume5
}

/// Reads a recording.
///
/// # Errors
///
/// Returns a [`ReplayError`] that names line and column of the first thing that is wrong.
pub fn parse(text: &str) -> Result<Tape, ReplayError> {
    let text = text.trim_start_matches('\u{feff}');
    let head =
        text.lines().next().map(str::trim).filter(|head| !head.is_empty()).ok_or(ReplayError::Empty)?;
    let names: Vec<&str> = head.split(',').map(cell).collect();
    let known = |name: &str| COLUMNS.iter().find(|(known, _)| *known == name).map(|(_, put)| *put);
    for column in ["InstrumentID", "UpdateTime", "LastPrice", "Volume"] {
        if !names.contains(&column) {
            return Err(ReplayError::MissingColumn { column });
        }
    }
    if !names.contains(&"TradingDay") && !names.contains(&"ActionDay") {
        return Err(ReplayError::MissingColumn { column: "TradingDay or ActionDay" });
    }
    let columns: Vec<Option<Put>> = names.iter().map(|name| known(name)).collect();
    let ignored = names.iter().filter(|name| known(name).is_none()).map(|name| (*name).to_owned());
    let mut rows = Vec::new();
    for (position, row) in text.lines().enumerate().skip(1).filter(|(_, row)| !row.trim().is_empty()) {
        let line = position + 1;
        read_row(row, &columns).map_err(|wrong| match wrong {
            Wrong::Cells(found) => ReplayError::Cells { line, found, expected: names.len() },
            Wrong::Value { column, value, expected } => {
                ReplayError::Value { line, column: names[column].to_owned(), value, expected }
            }
        })?;
        let start = row.as_ptr() as usize - text.as_ptr() as usize;
        rows.push((start, start + row.len()));
    }
    Ok(Tape { text: text.into(), columns: columns.into(), rows: rows.into(), ignored: ignored.collect() })
}

enum Wrong {
    Cells(usize),
    Value { column: usize, value: String, expected: &'static str },
}

fn cell(text: &str) -> &str {
    text.trim().trim_matches('"')
}

fn read_row(row: &str, columns: &[Option<Put>]) -> Result<DepthMarketDataField, Wrong> {
    let mut record = DepthMarketDataField {
        last_price: NO_PRICE,
        pre_settlement_price: NO_PRICE,
        pre_close_price: NO_PRICE,
        pre_open_interest: NO_PRICE,
        open_price: NO_PRICE,
        highest_price: NO_PRICE,
        lowest_price: NO_PRICE,
        turnover: NO_PRICE,
        open_interest: NO_PRICE,
        close_price: NO_PRICE,
        settlement_price: NO_PRICE,
        upper_limit_price: NO_PRICE,
        lower_limit_price: NO_PRICE,
        curr_delta: NO_PRICE,
        ..DepthMarketDataField::default()
    };
    let mut count = 0;
    for (column, value) in row.trim_end_matches('\r').split(',').map(cell).enumerate() {
        count += 1;
        let Some(Some(put)) = columns.get(column) else { continue };
        let wrong = |expected| Wrong::Value { column, value: value.to_owned(), expected };
        match put {
            Put::Id(put) => {
                let id = Text::new(value).ok().filter(|id| !id.is_empty());
                put(&mut record, id.ok_or_else(|| wrong("an instrument's id"))?);
            }
            Put::Date(put) if value.is_empty() => put(&mut record, Text::default()),
            Put::Date(put) => {
                date(value).ok_or_else(|| wrong("a date as 20261123"))?;
                put(&mut record, Text::new(value).unwrap_or_default());
            }
            Put::Time(put) => {
                time(value).ok_or_else(|| wrong("a time as 09:00:00"))?;
                put(&mut record, Text::new(value).unwrap_or_default());
            }
            Put::Int(put) if value.is_empty() => put(&mut record, 0),
            Put::Int(put) => {
                let number = value.parse::<i32>().ok().filter(|number| *number >= 0);
                put(&mut record, number.ok_or_else(|| wrong("a whole number from 0 to 2147483647"))?);
            }
            Put::Double(put) if value.is_empty() => put(&mut record, NO_PRICE),
            Put::Double(put) => {
                let number = value.parse::<f64>().ok().filter(|number| !number.is_nan());
                put(&mut record, number.ok_or_else(|| wrong("a number"))?);
            }
        }
    }
    if count == columns.len() { Ok(record) } else { Err(Wrong::Cells(count)) }
}

fn date(text: &str) -> Option<Date> {
    let digits = |range: std::ops::Range<usize>| text.get(range)?.parse().ok();
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let [year, month, day]: [i16; 3] = [digits(0..4)?, digits(4..6)?, digits(6..8)?];
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn time(text: &str) -> Option<Time> {
    let mut parts = text.split(':').map(|part| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
    });
    let time = Time::new(parts.next()??, parts.next()??, parts.next()??, 0).ok()?;
    parts.next().is_none().then_some(time)
}

impl Tape {
    /// Returns the names of columns that the record lacks; they are not read.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// Returns how many ticks it has.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether it has no ticks.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn record(&self, row: usize) -> Option<DepthMarketDataField> {
        let (start, end) = *self.rows.get(row)?;
        read_row(&self.text[start..end], &self.columns).ok()
    }
}

/// A recording being played.
#[derive(Debug)]
pub(crate) struct Playing {
    tape: Tape,
    /// When each row comes, in order of time and, at one time, of the recording.
    moments: Vec<(Timestamp, usize)>,
    next: usize,
}

impl Exchange {
    /// Plays a recording. Ticks of instruments that are not listed are left out.
    pub(crate) fn play(&mut self, replay: &Replay) {
        let tape = &replay.csv;
        let calendar = self.reference.calendar();
        let moments = (0..tape.len()).filter_map(|row| {
            let record = tape.record(row)?;
            let market = *self.market_by_id.get(&record.instrument_id)?;
            Some((moment(&record, &self.markets[market].instrument.rules, calendar)?, row))
        });
        let mut moments: Vec<(Timestamp, usize)> = moments.collect();
        moments.sort_by_key(|(at, _)| *at);
        let shift = match moments.first() {
            Some((first, _)) if replay.from_now => self.now.0.saturating_sub(first.0),
            _ => 0,
        };
        for (at, _) in &mut moments {
            at.0 = at.0.saturating_add(shift);
        }
        self.playing.push(Playing { tape: tape.clone(), moments, next: 0 });
        self.await_recording(self.playing.len() - 1);
    }

    /// Lets the ticks of a recording that are due come.
    pub(crate) fn play_on(&mut self, playing: usize) {
        while let Some(here) = self.playing.get_mut(playing) {
            let Some((at, row)) = here.moments.get(here.next).copied().filter(|(at, _)| *at <= self.now)
            else {
                break;
            };
            here.next += 1;
            if let Some(record) = here.tape.record(row) {
                self.take_record(&record, Some(at));
            }
        }
        self.await_recording(playing);
    }

    fn await_recording(&mut self, playing: usize) {
        let here = &self.playing[playing];
        if let Some((at, _)) = here.moments.get(here.next) {
            let at = (*at).max(self.now);
            self.schedule.add(at, Task::Recording { playing });
        }
    }
}

/// Returns the moment that a record names, by its exchange's way to write dates at night (§4.4).
fn moment(record: &DepthMarketDataField, rules: &ExchangeRules, calendar: &Calendar) -> Option<Timestamp> {
    let [trading_day, action_day] = [record.trading_day, record.action_day].map(|day| date(&day.to_str()));
    let time = time(&record.update_time.to_str())?;
    let (is_evening, is_small_hours) = (time.hour() >= 18, time.hour() < 6);
    let on = match (action_day, trading_day) {
        (Some(day), _) if rules.night_action_day == NightDate::Calendar => day,
        (None, Some(day)) if rules.night_trading_day == NightDate::Calendar && !is_small_hours => day,
        // The date is the trading day's: a night before it began on the trading day before.
        (_, Some(day)) | (Some(day), None) if is_evening => calendar.previous_trading_day(day).ok()?,
        (_, Some(day)) | (Some(day), None) if is_small_hours => {
            calendar.previous_trading_day(day).ok()?.tomorrow().ok()?
        }
        (Some(day), _) | (None, Some(day)) => day,
        (None, None) => return None,
    };
    let nanoseconds = ctp_market::unix_nanoseconds(on.to_datetime(time))?;
    Some(Timestamp(nanoseconds + i64::from(record.update_millisec.clamp(0, 999)) * 1_000_000))
}
