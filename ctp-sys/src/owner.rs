//! Owners of API objects: calls in, callbacks out, and an end that always comes.

mod calls;
mod front;
mod instance;

use std::{sync::Arc, time::Duration};

use ctp_types::{FrontInfoField, MdRequest, Record, RecordBox, RecordRef, ResumeType, TraderRequest};

use crate::{
    error::{ApiError, CloseError},
    library::Created,
    spi::{MdSpi, Spi, TraderSpi},
    version::ApiVersion,
};
use instance::Instance;

/// A market data API object (`CThostFtdcMdApi`). Dropping it closes it.
pub struct MdApi(Instance);

/// A trader API object (`CThostFtdcTraderApi`). Dropping it closes it.
pub struct TraderApi(Instance);

macro_rules! life_cycle {
    ($name:ident, $spi:ident, $variant:ident) => {
        impl $name {
            pub(crate) fn new(created: Created) -> Self {
                Self(Instance::new(created))
            }

            /// Registers who receives the callbacks. C: `RegisterSpi`.
            ///
            /// # Errors
            ///
            /// Returns an error after [`init`](Self::init), after a first call, or after close.
            pub fn register_spi(&self, spi: Arc<dyn $spi>) -> Result<(), ApiError> {
                self.0.register_spi(Spi::$variant(spi))
            }

            /// Registers a front address such as `tcp://180.168.146.187:10201` or `sim://demo`; repeatable.
            /// C: `RegisterFront`, which accepts bad addresses silently; this one does not.
            ///
            /// # Errors
            ///
            /// Returns an error when the address has no scheme, host or port, or after
            /// [`init`](Self::init).
            pub fn register_front(&self, address: &str) -> Result<(), ApiError> {
                self.0.register_front(address)
            }

            /// Registers a name server. It has precedence over fronts. C: `RegisterNameServer`.
            ///
            /// # Errors
            ///
            /// As [`register_front`](Self::register_front).
            pub fn register_name_server(&self, address: &str) -> Result<(), ApiError> {
                self.0.register_name_server(address)
            }

            /// Starts the library's threads and connects; returns at once. C: `Init`.
            ///
            /// # Errors
            ///
            /// Returns an error on a second call, which would make the library hang later, or after close.
            pub fn init(&self) -> Result<(), ApiError> {
                self.0.init()
            }

            /// Returns the trading day as `yyyymmdd`, valid after login. C: `GetTradingDay`.
            ///
            /// # Errors
            ///
            /// Returns an error after close.
            pub fn trading_day(&self) -> Result<String, ApiError> {
                self.0.trading_day()
            }

            /// Stops delivery and releases the library's object. C: `Release`.
            ///
            /// Idempotent. Waits at most `timeout` for the library; from inside a callback it requests the
            /// stop and returns at once. Nothing is delivered after it.
            ///
            /// # Errors
            ///
            /// Returns an error when the library does not return in time; its thread is left behind then.
            pub fn close(&self, timeout: Duration) -> Result<(), CloseError> {
                self.0.close(timeout)
            }

            /// Returns whether a callback panicked; nothing is delivered any more then.
            pub fn is_faulted(&self) -> bool {
                self.0.is_faulted()
            }

            /// Returns the library's version.
            pub fn version(&self) -> &ApiVersion {
                self.0.version()
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter
                    .debug_struct(stringify!($name))
                    .field("version", self.version())
                    .finish_non_exhaustive()
            }
        }
    };
}

life_cycle!(MdApi, MdSpi, Md);
life_cycle!(TraderApi, TraderSpi, Trader);

/// Slots of the calls that are not requests, in the current model.
mod slots {
    include!(concat!(env!("OUT_DIR"), "/slots.rs"));
}

impl MdApi {
    /// Sends a request. C: `Req…`.
    ///
    /// # Errors
    ///
    /// Returns an error when the library did not take the request: it was not sent then.
    pub fn request(
        &self,
        request: MdRequest,
        record: RecordRef<'_>,
        request_id: i32,
    ) -> Result<(), ApiError> {
        self.0.request(request.name(), request as u32, request.record(), record, request_id)
    }

    /// Subscribes instruments. C: `SubscribeMarketData`.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request), and for an id with a NUL.
    pub fn subscribe_market_data(&self, instruments: &[&str]) -> Result<(), ApiError> {
        self.0.instruments("SubscribeMarketData", slots::md::SUBSCRIBE_MARKET_DATA, instruments)
    }

    /// Unsubscribes instruments. C: `UnSubscribeMarketData`.
    ///
    /// # Errors
    ///
    /// As [`subscribe_market_data`](Self::subscribe_market_data).
    pub fn unsubscribe_market_data(&self, instruments: &[&str]) -> Result<(), ApiError> {
        self.0.instruments("UnSubscribeMarketData", slots::md::UN_SUBSCRIBE_MARKET_DATA, instruments)
    }

    /// Subscribes requests for quote. C: `SubscribeForQuoteRsp`.
    ///
    /// # Errors
    ///
    /// As [`subscribe_market_data`](Self::subscribe_market_data).
    pub fn subscribe_for_quote_rsp(&self, instruments: &[&str]) -> Result<(), ApiError> {
        self.0.instruments("SubscribeForQuoteRsp", slots::md::SUBSCRIBE_FOR_QUOTE_RSP, instruments)
    }

    /// Unsubscribes requests for quote. C: `UnSubscribeForQuoteRsp`.
    ///
    /// # Errors
    ///
    /// As [`subscribe_market_data`](Self::subscribe_market_data).
    pub fn unsubscribe_for_quote_rsp(&self, instruments: &[&str]) -> Result<(), ApiError> {
        self.0.instruments("UnSubscribeForQuoteRsp", slots::md::UN_SUBSCRIBE_FOR_QUOTE_RSP, instruments)
    }
}

impl TraderApi {
    /// Sends a request. C: `Req…`.
    ///
    /// # Errors
    ///
    /// Returns an error when the library did not take the request: it was not sent then.
    pub fn request(
        &self,
        request: TraderRequest,
        record: RecordRef<'_>,
        request_id: i32,
    ) -> Result<(), ApiError> {
        self.0.request(request.name(), request as u32, request.record(), record, request_id)
    }

    /// Chooses what of the private stream is replayed at login; `sequence` counts from 1 and only matters
    /// for [`ResumeType::FromSeqNo`]. C: `SubscribePrivateTopic`.
    ///
    /// # Errors
    ///
    /// Returns an error after [`init`](Self::init), or when the version lacks the resume type.
    pub fn subscribe_private_topic(&self, resume: ResumeType, sequence: i32) -> Result<(), ApiError> {
        self.0.subscribe_topic("SubscribePrivateTopic", 0, resume, sequence)
    }

    /// Chooses what of the public stream is replayed at login. C: `SubscribePublicTopic`.
    ///
    /// # Errors
    ///
    /// As [`subscribe_private_topic`](Self::subscribe_private_topic).
    pub fn subscribe_public_topic(&self, resume: ResumeType) -> Result<(), ApiError> {
        self.0.subscribe_topic("SubscribePublicTopic", 1, resume, 1)
    }

    /// Returns the front's address and, after login, its limits (since 6.7.7). C: `GetFrontInfo`.
    ///
    /// # Errors
    ///
    /// Returns an error when the version lacks the method, or after close.
    pub fn front_info(&self) -> Result<FrontInfoField, ApiError> {
        let mut record = RecordBox::zeroed(FrontInfoField::DESCRIPTOR);
        self.0.fill("GetFrontInfo", slots::trader::GET_FRONT_INFO, &mut record)?;
        Ok(record.get().copied().unwrap_or_default())
    }
}
