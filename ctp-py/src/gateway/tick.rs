//! A tick as a Python object, whose values are read when they are asked for.

use ctp_gateway::TickFlags;
use ctp_types::{DepthMarketDataField, RecordBox, price};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use crate::records;

mod pickle;

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Tick>()
}

/// A flag by its name in Python.
type Flag = (&'static str, fn(TickFlags) -> bool);

/// The flags by bit, in the order of `Tick.flags`.
const FLAGS: [Flag; 7] = [
    ("duplicate", TickFlags::is_duplicate),
    ("late", TickFlags::is_late),
    ("stale", TickFlags::is_stale),
    ("out_of_session", TickFlags::is_out_of_session),
    ("session_unknown", TickFlags::is_session_unknown),
    ("date_unknown", TickFlags::is_date_unknown),
    ("junk", TickFlags::is_junk),
];

/// A snapshot of one instrument. Prices are in CNY per unit of quotation, volumes in lots; what is not there is `None`.
///
/// It owns its values and stays as it is. `record` has every field as it came.
/// Ticks are equal when all of it is: a pickled one equals itself.
#[pyclass(frozen, weakref, module = "ctp_py")]
pub(crate) struct Tick {
    record: DepthMarketDataField,
    received_ns: i64,
    sequence: u64,
    lost_before: u64,
    exchange_ns: Option<i64>,
    /// `yyyymmdd` as a number.
    trading_day: Option<u32>,
    exchange: Option<&'static str>,
    average_price: Option<f64>,
    flags: u8,
}

impl Tick {
    /// Returns the record.
    pub(crate) fn market_data(&self) -> &DepthMarketDataField {
        &self.record
    }

    /// Returns when it was received, in nanoseconds since 1970.
    pub(crate) fn received_at(&self) -> i64 {
        self.received_ns
    }

    /// Returns the moment at the exchange, in nanoseconds since 1970.
    pub(crate) fn happened_at(&self) -> Option<i64> {
        self.exchange_ns
    }
}

impl From<&ctp_gateway::Tick> for Tick {
    fn from(tick: &ctp_gateway::Tick) -> Self {
        let flags = tick.flags();
        let bits =
            FLAGS.iter().enumerate().fold(0, |bits, (bit, (_, is))| bits | (u8::from(is(flags)) << bit));
        let day = tick.trading_day().and_then(|day| {
            let (year, month, day) = (day.year(), day.month(), day.day());
            u32::try_from(i32::from(year) * 10_000 + i32::from(month) * 100 + i32::from(day)).ok()
        });
        Self {
            record: tick.record,
            received_ns: tick.received_ns,
            sequence: tick.sequence(),
            lost_before: tick.lost_before(),
            exchange_ns: tick.exchange_ns(),
            trading_day: day,
            exchange: tick.exchange().map(|exchange| exchange.id()),
            average_price: tick.average_price(),
            flags: bits,
        }
    }
}

/// Makes the Python object of a tick.
pub(crate) fn to_python(py: Python<'_>, tick: &ctp_gateway::Tick) -> PyResult<Py<PyAny>> {
    Ok(Py::new(py, Tick::from(tick))?.into_any())
}

impl Tick {
    fn bids(&self) -> [(f64, i32); 5] {
        let r = &self.record;
        [
            (r.bid_price1, r.bid_volume1),
            (r.bid_price2, r.bid_volume2),
            (r.bid_price3, r.bid_volume3),
            (r.bid_price4, r.bid_volume4),
            (r.bid_price5, r.bid_volume5),
        ]
    }

    fn asks(&self) -> [(f64, i32); 5] {
        let r = &self.record;
        [
            (r.ask_price1, r.ask_volume1),
            (r.ask_price2, r.ask_volume2),
            (r.ask_price3, r.ask_volume3),
            (r.ask_price4, r.ask_volume4),
            (r.ask_price5, r.ask_volume5),
        ]
    }
}

/// An empty level has no lots, and no price or 0.
fn level((raw, volume): (f64, i32)) -> Option<(f64, i32)> {
    price(raw).filter(|_| volume > 0).map(|price| (price, volume))
}

fn numbered(levels: &[(f64, i32); 5], number: usize) -> PyResult<Option<(f64, i32)>> {
    match number.checked_sub(1).and_then(|index| levels.get(index)) {
        Some(found) => Ok(level(*found)),
        None => Err(PyValueError::new_err(format!("level {number} is none of 1 to 5"))),
    }
}

/// Returns the moment in China's time zone.
fn moment(py: Python<'_>, ns: i64) -> PyResult<Bound<'_, PyAny>> {
    static MAKE: PyOnceLock<(Py<PyAny>, Py<PyAny>)> = PyOnceLock::new();
    let (epoch, step) = MAKE.get_or_try_init(py, || {
        let module = py.import("datetime")?;
        let named = py.import("zoneinfo")?.getattr("ZoneInfo")?.call1(("Asia/Shanghai",));
        let zone = match named {
            Ok(zone) => zone,
            // A machine without the database of zones; China has had no summer time since 1991.
            Err(_) => {
                let hours = module.getattr("timedelta")?.call1((0, 8 * 3600))?;
                module.getattr("timezone")?.call1((hours, "CST"))?
            }
        };
        let epoch = module.getattr("datetime")?.call1((1970, 1, 1, 8, 0, 0, 0, zone))?;
        Ok::<_, PyErr>((epoch.unbind(), module.getattr("timedelta")?.unbind()))
    })?;
    let (seconds, rest) = (ns.div_euclid(1_000_000_000), ns.rem_euclid(1_000_000_000));
    epoch.bind(py).add(step.bind(py).call1((0, seconds, rest / 1000))?)
}

macro_rules! tick_methods {
    ($($(#[$doc:meta])* $name:ident)*) => {
        #[pymethods]
        impl Tick {
            $(
                $(#[$doc])*
                #[getter]
                fn $name(&self) -> Option<f64> {
                    price(self.record.$name)
                }
            )*

            /// The instrument. C: `InstrumentID`.
            #[getter]
            fn instrument_id<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
                PyString::new(py, &self.record.instrument_id.to_str())
            }

            /// The exchange, for example `SHFE`: the front's word or, as ordinary fronts say nothing, the product's.
            #[getter]
            fn exchange_id(&self) -> Option<&'static str> {
                self.exchange
            }

            /// The lots traded in the trading day so far. C: `Volume`.
            #[getter]
            fn volume(&self) -> i32 {
                self.record.volume
            }

            /// The average price of the day's trades per unit of quotation, where the product is known.
            #[getter]
            fn average_price(&self) -> Option<f64> {
                self.average_price
            }

            /// The best buyer's price, in CNY. C: `BidPrice1`.
            #[getter]
            fn bid_price(&self) -> Option<f64> {
                level(self.bids()[0]).map(|level| level.0)
            }

            /// The best buyer's lots; 0 where there is none. C: `BidVolume1`.
            #[getter]
            fn bid_volume(&self) -> i32 {
                level(self.bids()[0]).map_or(0, |level| level.1)
            }

            /// The best seller's price, in CNY. C: `AskPrice1`.
            #[getter]
            fn ask_price(&self) -> Option<f64> {
                level(self.asks()[0]).map(|level| level.0)
            }

            /// The best seller's lots; 0 where there is none. C: `AskVolume1`.
            #[getter]
            fn ask_volume(&self) -> i32 {
                level(self.asks()[0]).map_or(0, |level| level.1)
            }

            /// Returns (price in CNY, lots) of a level of buyers, 1 to 5 from the best on; `None` where there is none.
            ///
            /// Raises:
            ///     ValueError: there is no such level.
            #[pyo3(signature = (level = 1))]
            fn bid(&self, level: usize) -> PyResult<Option<(f64, i32)>> {
                numbered(&self.bids(), level)
            }

            /// Returns (price in CNY, lots) of a level of sellers, 1 to 5 from the best on; `None` where there is none.
            ///
            /// Raises:
            ///     ValueError: there is no such level.
            #[pyo3(signature = (level = 1))]
            fn ask(&self, level: usize) -> PyResult<Option<(f64, i32)>> {
                numbered(&self.asks(), level)
            }

            /// The buyers that there are, best first: (price in CNY, lots).
            #[getter(bids)]
            fn all_bids(&self) -> Vec<(f64, i32)> {
                self.bids().into_iter().filter_map(level).collect()
            }

            /// The sellers that there are, best first: (price in CNY, lots).
            #[getter(asks)]
            fn all_asks(&self) -> Vec<(f64, i32)> {
                self.asks().into_iter().filter_map(level).collect()
            }

            /// The moment of the snapshot at the exchange, in nanoseconds since 1970 (UTC); `None` where the date cannot be
            /// known.
            #[getter]
            fn exchange_ns(&self) -> Option<i64> {
                self.exchange_ns
            }

            /// The moment of the snapshot at the exchange as a `datetime` in Asia/Shanghai, with the right calendar date
            /// also at night; `None` where the date cannot be known.
            #[getter]
            fn time<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
                self.exchange_ns.map(|ns| moment(py, ns)).transpose()
            }

            /// When the tick was received, in nanoseconds since 1970 (UTC).
            #[getter]
            fn received_ns(&self) -> i64 {
                self.received_ns
            }

            /// When the tick was received as a `datetime` in Asia/Shanghai, to the microsecond.
            #[getter]
            fn received<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                moment(py, self.received_ns)
            }

            /// The trading day that the snapshot belongs to, `yyyymmdd`: at night the next one.
            #[getter]
            fn trading_day(&self) -> Option<String> {
                self.trading_day.map(|day| format!("{day:08}"))
            }

            /// The date as it came, `yyyymmdd`, which exchanges write differently at night. C: `ActionDay`.
            #[getter]
            fn action_day<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
                PyString::new(py, &self.record.action_day.to_str())
            }

            /// The time at the exchange as it came, `HH:MM:SS`. C: `UpdateTime`.
            #[getter]
            fn update_time<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
                PyString::new(py, &self.record.update_time.to_str())
            }

            /// Its milliseconds, in the way of the exchange. C: `UpdateMillisec`.
            #[getter]
            fn update_millisec(&self) -> i32 {
                self.record.update_millisec
            }

            /// The tick's number among all ticks of its client, from 0 without a hole.
            #[getter]
            fn sequence(&self) -> u64 {
                self.sequence
            }

            /// How many ticks, of any instrument, this reader lost between its last tick and this one.
            #[getter]
            fn lost_before(&self) -> u64 {
                self.lost_before
            }

            /// What is odd about the tick: of `duplicate`, `late`, `stale`, `out_of_session`, `session_unknown`,
            /// `date_unknown` and `junk`.
            #[getter]
            fn flags(&self) -> Vec<&'static str> {
                let set = FLAGS.iter().enumerate().filter(|(bit, _)| self.flags & (1 << bit) != 0);
                set.map(|(_, (name, _))| *name).collect()
            }

            /// The record as it came, with every field.
            #[getter]
            fn record<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                records::to_data(py, RecordBox::new(&self.record))
            }

            fn __repr__(&self) -> String {
                let show = |value: Option<(f64, i32)>| {
                    value.map_or_else(|| "-".to_owned(), |(price, volume)| format!("{price}x{volume}"))
                };
                format!(
                    "Tick({} {}.{:03} last={} volume={} bid={} ask={})",
                    self.record.instrument_id.to_str(),
                    self.record.update_time.to_str(),
                    self.record.update_millisec,
                    price(self.record.last_price).map_or_else(|| "-".to_owned(), |price| price.to_string()),
                    self.record.volume,
                    show(level(self.bids()[0])),
                    show(level(self.asks()[0])),
                )
            }
        }
    };
}

tick_methods! {
    /// The last price, in CNY; `None` before the first trade. C: `LastPrice`.
    last_price
    /// The first price of the day, in CNY. C: `OpenPrice`.
    open_price
    /// The highest price of the day, in CNY. C: `HighestPrice`.
    highest_price
    /// The lowest price of the day, in CNY. C: `LowestPrice`.
    lowest_price
    /// The closing price, in CNY, after the close. C: `ClosePrice`.
    close_price
    /// The settlement price, in CNY, after the close. C: `SettlementPrice`.
    settlement_price
    /// The closing price of the day before, in CNY. C: `PreClosePrice`.
    pre_close_price
    /// The settlement price of the day before, in CNY. C: `PreSettlementPrice`.
    pre_settlement_price
    /// The highest price that an order may have, in CNY. C: `UpperLimitPrice`.
    upper_limit_price
    /// The lowest price that an order may have, in CNY. C: `LowerLimitPrice`.
    lower_limit_price
    /// The upper end of CFFEX's price protection band, in CNY. C: `BandingUpperPrice`.
    banding_upper_price
    /// The lower end of CFFEX's price protection band, in CNY. C: `BandingLowerPrice`.
    banding_lower_price
    /// The money traded in the trading day so far, in CNY. C: `Turnover`.
    turnover
    /// The open lots. C: `OpenInterest`.
    open_interest
    /// The open lots at the end of the day before. C: `PreOpenInterest`.
    pre_open_interest
    /// An option's delta. C: `CurrDelta`.
    curr_delta
    /// An option's delta of the day before. C: `PreDelta`.
    pre_delta
}
