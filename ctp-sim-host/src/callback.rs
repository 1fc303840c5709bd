//! What an instance hands to its client.

use ctp_sim::{Delivery, unsupported_function};
use ctp_types::{MdCallback, RecordBox, RspInfoField, TraderCallback};

use crate::flow::Topic;

/// One callback, valid while the client's function runs.
#[derive(Debug)]
pub struct Callback<'a> {
    /// Which callback.
    pub method: Method,
    /// The record of the current model; `None` is a NULL pointer.
    pub record: Option<&'a RecordBox>,
    /// `pRspInfo`; `None` is a NULL pointer.
    pub rsp_info: Option<&'a RspInfoField>,
    /// `nRequestID`, `nReason`, `nTimeLapse` or `nSeqNo`; the number in its stream of a message that has none of these.
    pub number: i32,
    /// `bIsLast`.
    pub is_last: bool,
}

/// A callback of one of the two SPI classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A callback of `CThostFtdcMdSpi`.
    Md(MdCallback),
    /// A callback of `CThostFtdcTraderSpi`.
    Trader(TraderCallback),
    /// A callback that the current model does not have, by the number that
    /// [`answer_unsupported`](crate::Instance::answer_unsupported) was called with.
    Foreign(u16),
}

impl Method {
    /// Returns the callback's place in its class of the current model, or the number of a foreign one.
    pub fn slot(self) -> u16 {
        match self {
            Self::Md(callback) => callback as u16,
            Self::Trader(callback) => callback as u16,
            Self::Foreign(number) => number,
        }
    }

    /// Returns the C name, for example `OnRtnOrder`; that of a foreign one is not known here.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md(callback) => callback.name(),
            Self::Trader(callback) => callback.name(),
            Self::Foreign(_) => "a callback of another family",
        }
    }

    /// Returns the stream that the callback belongs to, whose messages are numbered; `None` for an answer.
    pub(crate) fn topic(self) -> Option<Topic> {
        match self {
            Self::Md(_) | Self::Foreign(_) | Self::Trader(TraderCallback::OnRtnPrivateSeqNo) => None,
            Self::Trader(TraderCallback::OnRtnInstrumentStatus | TraderCallback::OnRtnBulletin) => {
                Some(Topic::Public)
            }
            Self::Trader(callback) => {
                let name = callback.name();
                (name.starts_with("OnRtn") || name.starts_with("OnErrRtn")).then_some(Topic::Private)
            }
        }
    }
}

/// A callback on its way to the client: it owns what [`Callback`] lends.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) method: Method,
    pub(crate) record: Option<RecordBox>,
    pub(crate) rsp_info: Option<Box<RspInfoField>>,
    pub(crate) number: i32,
    pub(crate) is_last: bool,
}

/// A delivery that is not one callback.
#[derive(Debug)]
pub(crate) enum Special {
    /// See [`Delivery::Burst`].
    Burst { first: Parcel, count: u32, per_second: u32 },
    /// See [`Delivery::Close`].
    Close { reason: i32 },
}

impl Parcel {
    /// Returns the parcel of a delivery, or what is none.
    pub(crate) fn from_delivery(delivery: Delivery) -> Result<Self, Special> {
        match delivery {
            Delivery::Trader { callback, record, rsp_info, number, is_last } => Ok(Self {
                method: Method::Trader(callback),
                record,
                rsp_info: rsp_info.map(Box::new),
                number,
                is_last,
            }),
            Delivery::Md { callback, record, rsp_info, number, is_last } => Ok(Self {
                method: Method::Md(callback),
                record,
                rsp_info: rsp_info.map(Box::new),
                number,
                is_last,
            }),
            Delivery::Burst { callback, record, count, per_second } => {
                let first = Self { record: Some(record), ..Self::bare(Method::Md(callback), 0) };
                Err(Special::Burst { first, count, per_second })
            }
            Delivery::Close { reason } => Err(Special::Close { reason }),
        }
    }

    /// Returns a callback without record, whose only argument is a number.
    pub(crate) fn bare(method: Method, number: i32) -> Self {
        Self { method, record: None, rsp_info: None, number, is_last: false }
    }

    /// Returns the answer to a request that nobody here knows: an empty result, or error 27.
    pub(crate) fn unsupported(callback: u16, is_query: bool, request_id: i32) -> Self {
        Self {
            method: Method::Foreign(callback),
            record: None,
            rsp_info: (!is_query).then(|| Box::new(unsupported_function())),
            number: request_id,
            is_last: true,
        }
    }

    /// Returns a parcel with the same callback and a copy of the record.
    pub(crate) fn copy(&self) -> Self {
        Self { record: self.record.clone(), ..Self::bare(self.method, self.number) }
    }

    /// Lends the parcel to the client.
    ///
    /// The record is this client's alone from here on: the API's pointers are not `const`, and poison overwrites it.
    pub(crate) fn lend(&mut self) -> Callback<'_> {
        if let Some(record) = &mut self.record {
            record.as_mut_ptr();
        }
        Callback {
            method: self.method,
            record: self.record.as_ref(),
            rsp_info: self.rsp_info.as_deref(),
            number: self.number,
            is_last: self.is_last,
        }
    }
}
