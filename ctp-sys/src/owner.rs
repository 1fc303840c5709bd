//! Owners of API objects: calls in, callbacks out, and an end that always comes.

mod front;
mod instance;

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

use ctp_types::{Record, RecordBox, RecordRef, Request, ResumeType};

use crate::{
    Side, Trading,
    error::{ApiError, CloseError},
    library::Created,
    version::ApiVersion,
};
use instance::Instance;

/// An API object of one side. Dropping it closes it.
///
/// It has one method per request of the API, which takes the request's record and number; they are
/// emitted, and listed below by family and side.
pub struct Api<S: Side> {
    instance: Instance,
    side: PhantomData<S>,
}

impl<S: Side> Api<S> {
    pub(crate) fn new(created: Created) -> Self {
        Self { instance: Instance::new(created, S::SINCE), side: PhantomData }
    }

    /// Registers who receives the callbacks. C: `RegisterSpi`.
    ///
    /// # Errors
    ///
    /// Returns an error after [`init`](Self::init), after a first call, or after close.
    pub fn register_spi(&self, spi: Arc<S::Spi>) -> Result<(), ApiError> {
        self.instance.register_spi::<S>(spi)
    }

    /// Registers a front address such as `tcp://180.168.146.187:10201` or `sim://demo`; repeatable.
    /// C: `RegisterFront`, which accepts bad addresses silently; this one does not.
    ///
    /// # Errors
    ///
    /// Returns an error when the address has no scheme, host or port, or after [`init`](Self::init).
    pub fn register_front(&self, address: &str) -> Result<(), ApiError> {
        self.instance.register_front(address)
    }

    /// Registers a name server. It has precedence over fronts. C: `RegisterNameServer`.
    ///
    /// # Errors
    ///
    /// As [`register_front`](Self::register_front), and when the library has no name servers (`mini`).
    pub fn register_name_server(&self, address: &str) -> Result<(), ApiError> {
        self.instance.register_name_server(address)
    }

    /// Starts the library's threads and connects; returns at once. C: `Init`.
    ///
    /// # Errors
    ///
    /// Returns an error on a second call, which would make the library hang later, or after close.
    pub fn init(&self) -> Result<(), ApiError> {
        self.instance.init()
    }

    /// Returns the trading day as `yyyymmdd`, valid after login. C: `GetTradingDay`.
    ///
    /// # Errors
    ///
    /// Returns an error after close.
    pub fn trading_day(&self) -> Result<String, ApiError> {
        self.instance.trading_day()
    }

    /// Sends a request. C: `Req…`.
    ///
    /// # Errors
    ///
    /// Returns an error when the library did not take the request: it was not sent then.
    pub fn request(
        &self,
        request: S::Request,
        record: RecordRef<'_>,
        request_id: i32,
    ) -> Result<(), ApiError> {
        self.instance.request(request.name(), request.id(), request.record(), record, request_id)
    }

    /// Stops delivery and releases the library's object. C: `Release`.
    ///
    /// Idempotent. Waits at most `timeout` for the library, which is released no sooner than 200 ms after
    /// [`init`](Self::init) unless it is the simulator; from inside a callback it requests the stop and returns
    /// at once. Nothing is delivered after it.
    ///
    /// # Errors
    ///
    /// Returns an error when the library does not return in time; its thread is left behind then.
    pub fn close(&self, timeout: Duration) -> Result<(), CloseError> {
        self.instance.close(timeout)
    }

    /// Returns whether a callback panicked; nothing is delivered any more then.
    pub fn is_faulted(&self) -> bool {
        self.instance.is_faulted()
    }

    /// Returns the library's version.
    pub fn version(&self) -> &ApiVersion {
        self.instance.version()
    }

    /// Hands a record to the library.
    pub(crate) fn hand_over<R: Record>(
        &self,
        method: &'static str,
        slot: u32,
        record: &R,
    ) -> Result<(), ApiError> {
        self.instance.request(method, slot, R::DESCRIPTOR, RecordRef::from_record(record), 0)
    }

    /// Has the library fill a record.
    pub(crate) fn filled<R: Record>(&self, method: &'static str, slot: u32) -> Result<R, ApiError> {
        let mut record = RecordBox::zeroed(R::DESCRIPTOR);
        self.instance.fill(method, slot, &mut record)?;
        Ok(record.get().copied().unwrap_or_default())
    }

    /// Sends a request that carries nothing but its number.
    pub(crate) fn numbered(&self, method: &'static str, slot: u32, request_id: i32) -> Result<(), ApiError> {
        self.instance.numbered(method, slot, request_id)
    }

    /// Hands ids to the library, of instruments for the most part.
    pub(crate) fn listed(&self, method: &'static str, slot: u32, ids: &[&str]) -> Result<(), ApiError> {
        self.instance.listed(method, slot, ids)
    }
}

impl<S: Trading> Api<S> {
    /// Chooses what of the private stream is replayed at login; `sequence` counts from 1 and only matters
    /// for [`ResumeType::FromSeqNo`]. C: `SubscribePrivateTopic`.
    ///
    /// # Errors
    ///
    /// Returns an error after [`init`](Self::init), or when the version lacks the resume type.
    pub fn subscribe_private_topic(&self, resume: ResumeType, sequence: i32) -> Result<(), ApiError> {
        self.instance.subscribe_topic("SubscribePrivateTopic", 0, resume, sequence)
    }

    /// Chooses what of the public stream is replayed at login. C: `SubscribePublicTopic`.
    ///
    /// # Errors
    ///
    /// As [`subscribe_private_topic`](Self::subscribe_private_topic).
    pub fn subscribe_public_topic(&self, resume: ResumeType) -> Result<(), ApiError> {
        self.instance.subscribe_topic("SubscribePublicTopic", 1, resume, 1)
    }
}

impl<S: Side> fmt::Debug for Api<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct(S::KIND.api()).field("version", self.version()).finish_non_exhaustive()
    }
}
