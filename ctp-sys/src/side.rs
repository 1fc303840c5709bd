//! The sides: market data and trading of each family.

use std::fmt;

use ctp_types::{Callback, Record, Request};

use crate::{adapter, library::Creation, spi::Event};

/// One side of one family, for example `se::Trader`: the types that its library speaks in.
///
/// [`Library`](crate::Library), [`Api`](crate::Api) and [`Event`] are written once over it; the names that
/// a program uses are aliases such as `TraderApi`. Only this crate implements it.
pub trait Side: Details + Copy + fmt::Debug + Send + Sync + 'static {
    /// Its callbacks.
    type Callback: Callback;
    /// Its requests.
    type Request: Request<Callback = Self::Callback>;
    /// The family's `pRspInfo`.
    type RspInfo: Record;
    /// Who receives the callbacks, for example `dyn TraderSpi`.
    type Spi: ?Sized + Send + Sync;
    /// How an API object is created.
    type Options;

    /// The family: `se`, `mini` or `sopt`.
    const FAMILY: &'static str;
}

/// A side that trades.
pub trait Trading: Side {}

/// What only this crate needs to know of a side.
pub trait Details: Sized {
    /// Which class of the API it is.
    const KIND: Kind;
    /// The oldest version of the family with each method and resume type, by C name.
    const SINCE: &'static [(&'static str, &'static str)];

    /// Hands a callback to its receiver.
    fn deliver(spi: &Self::Spi, event: Event<'_, Self>)
    where
        Self: Side;

    /// Tells the receiver that it panicked.
    fn panicked(spi: &Self::Spi, callback: &'static str, message: &str)
    where
        Self: Side;

    /// Returns what the factory takes.
    fn creation(options: &Self::Options) -> Creation
    where
        Self: Side;
}

/// The API classes of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `CThostFtdcMdApi`.
    Md,
    /// `CThostFtdcTraderApi`.
    Trader,
}

impl Kind {
    /// Returns what people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Md => "market data",
            Self::Trader => "trader",
        }
    }

    /// Returns the name of the type that opens such a library.
    pub(crate) fn library(self) -> &'static str {
        match self {
            Self::Md => "MdLibrary",
            Self::Trader => "TraderLibrary",
        }
    }

    /// Returns the name of the type that owns such an API object.
    pub(crate) fn api(self) -> &'static str {
        match self {
            Self::Md => "MdApi",
            Self::Trader => "TraderApi",
        }
    }

    /// Returns this class's part of a version.
    pub(crate) fn of(self, version: &'static adapter::Version) -> &'static adapter::Side {
        match self {
            Self::Md => &version.md,
            Self::Trader => &version.trader,
        }
    }
}
