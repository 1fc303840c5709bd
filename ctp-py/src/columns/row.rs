//! A tick as one row, and what each of its columns is.

use std::ffi::CStr;
use std::mem::offset_of;

use ctp_types::{DepthMarketDataField, NO_PRICE, Text, price};

use super::build::{Texts, TooLarge};

/// A moment that is not known; NumPy's NaT.
pub(super) const NO_TIME: i64 = i64::MIN;

/// A column.
pub(super) struct Column {
    /// The name, with a NUL behind it.
    c_name: &'static str,
    /// Where it lies in a row.
    pub(super) offset: usize,
    pub(super) kind: Kind,
}

/// What a column holds: one value of a row, and those of many, appended.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Nanoseconds since the Unix epoch, [`NO_TIME`] for none.
    Time(fn(&Row) -> i64, fn(&[Row], &mut Vec<i64>)),
    /// NaN for none.
    Number(fn(&Row) -> f64, fn(&[Row], &mut Vec<f64>)),
    Count(fn(&Row) -> i32, fn(&[Row], &mut Vec<i32>)),
    /// GBK, with NULs behind it; and the width.
    Text(fn(&Row) -> &[u8], fn(&[Row], &mut Texts) -> Result<(), TooLarge>, usize),
}

impl Column {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        COLUMNS.iter().find(|column| column.name() == name)
    }

    pub(super) fn name(&self) -> &'static str {
        self.c_name.strip_suffix('\0').unwrap_or(self.c_name)
    }

    pub(super) fn c_name(&self) -> &'static CStr {
        CStr::from_bytes_with_nul(self.c_name.as_bytes()).unwrap_or_default()
    }

    /// Returns NumPy's name of the type.
    pub(super) fn numpy(&self) -> String {
        match self.kind {
            Kind::Time(..) => "<M8[ns]".to_owned(),
            Kind::Number(..) => "<f8".to_owned(),
            Kind::Count(..) => "<i4".to_owned(),
            Kind::Text(.., width) => format!("|S{width}"),
        }
    }

    /// Returns Arrow's name of the type.
    pub(super) fn arrow(&self) -> &'static CStr {
        match self.kind {
            Kind::Time(..) => c"tsn:UTC",
            Kind::Number(..) => c"g",
            Kind::Count(..) => c"i",
            Kind::Text(..) => c"u",
        }
    }
}

macro_rules! kind {
    (time $name:ident) => {
        Kind::Time(|row| row.$name, |rows, all| all.extend(rows.iter().map(|row| row.$name)))
    };
    (number $name:ident) => {
        Kind::Number(|row| row.$name, |rows, all| all.extend(rows.iter().map(|row| row.$name)))
    };
    (count $name:ident) => {
        Kind::Count(|row| row.$name, |rows, all| all.extend(rows.iter().map(|row| row.$name)))
    };
    ($width:literal $name:ident) => {
        Kind::Text(
            |row| &row.$name,
            |rows, texts| rows.iter().try_for_each(|row| texts.push(&row.$name)),
            $width,
        )
    };
}

macro_rules! rust_type {
    (time) => {
        i64
    };
    (number) => {
        f64
    };
    (count) => {
        i32
    };
    ($width:literal) => {
        [u8; $width]
    };
}

macro_rules! from_tick {
    ($tick:ident, number $name:ident) => {
        price($tick.$name).unwrap_or(f64::NAN)
    };
    ($tick:ident, count $name:ident) => {
        $tick.$name
    };
    ($tick:ident, $width:literal $name:ident) => {
        $tick.$name.tidied()
    };
}

macro_rules! to_tick {
    ($row:ident, number $name:ident) => {
        if $row.$name.is_nan() { NO_PRICE } else { $row.$name }
    };
    ($row:ident, count $name:ident) => {
        $row.$name
    };
    ($row:ident, $width:literal $name:ident) => {
        lengthened(&$row.$name)
    };
}

/// Makes the row, its table of columns, and the way from a tick and back. No column may leave a gap behind it:
/// NumPy would show it as a column.
macro_rules! rows {
    ($($kind:tt $name:ident;)*) => {
        /// A tick of a batch.
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub(super) struct Row {
            exchange_time: i64,
            receive_time: i64,
            $($name: rust_type!($kind),)*
        }

        pub(super) static COLUMNS: &[Column] = &[
            Column {
                c_name: "exchange_time\0",
                offset: offset_of!(Row, exchange_time),
                kind: kind!(time exchange_time),
            },
            Column {
                c_name: "receive_time\0",
                offset: offset_of!(Row, receive_time),
                kind: kind!(time receive_time),
            },
            $(Column {
                c_name: concat!(stringify!($name), "\0"),
                offset: offset_of!(Row, $name),
                kind: kind!($kind $name),
            }),*
        ];

        const _: () = {
            let mut end = 0;
            $(
                assert!(offset_of!(Row, $name) == 16 + end, stringify!($name));
                end += size_of::<rust_type!($kind)>();
            )*
            assert!(size_of::<Row>() == 16 + end);
        };

        impl Row {
            pub(super) fn new(
                tick: &DepthMarketDataField,
                receive_ns: Option<i64>,
                exchange_ns: Option<i64>,
            ) -> Self {
                Self {
                    exchange_time: exchange_ns.unwrap_or(NO_TIME),
                    receive_time: receive_ns.unwrap_or(NO_TIME),
                    $($name: from_tick!(tick, $kind $name),)*
                }
            }

            /// Returns when it was received and when it happened, in nanoseconds since the Unix epoch.
            pub(super) fn times(&self) -> (Option<i64>, Option<i64>) {
                let known = |time: i64| Some(time).filter(|time| *time != NO_TIME);
                (known(self.receive_time), known(self.exchange_time))
            }

            /// Returns the tick without what a row does not keep: its fields `reserve1` and `reserve2`.
            pub(super) fn tick(&self) -> DepthMarketDataField {
                DepthMarketDataField {
                    $($name: to_tick!(self, $kind $name),)*
                    ..DepthMarketDataField::default()
                }
            }
        }
    };
}

rows! {
    80 instrument_id;
    8 exchange_id;
    8 trading_day;
    8 action_day;
    8 update_time;
    count update_millisec;
    count volume;
    number last_price;
    number turnover;
    number open_interest;
    number bid_price1; number ask_price1; count bid_volume1; count ask_volume1;
    number bid_price2; number ask_price2; count bid_volume2; count ask_volume2;
    number bid_price3; number ask_price3; count bid_volume3; count ask_volume3;
    number bid_price4; number ask_price4; count bid_volume4; count ask_volume4;
    number bid_price5; number ask_price5; count bid_volume5; count ask_volume5;
    number open_price;
    number highest_price;
    number lowest_price;
    number close_price;
    number settlement_price;
    number average_price;
    number upper_limit_price;
    number lower_limit_price;
    number banding_upper_price;
    number banding_lower_price;
    number pre_settlement_price;
    number pre_close_price;
    number pre_open_interest;
    number pre_delta;
    number curr_delta;
    80 exchange_inst_id;
}

fn lengthened<const N: usize, const SHORT: usize>(bytes: &[u8; SHORT]) -> Text<N> {
    const { assert!(SHORT + 1 == N) };
    Text::from_bytes(ctp_types::until_nul(bytes)).unwrap_or_default()
}
