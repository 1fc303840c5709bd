//! What scenarios run against: our own instances, a facade behind `ctp-sys`, a gateway.

use std::path::PathBuf;

use ctp_sim::{ApiKind, Timestamp};
use ctp_types::{FieldDescriptor, RecordBox, RecordDescriptor, ResumeType, RspInfoField};

use super::statement::Request;
use crate::SubscriptionChange;
use crate::command::Argument;

/// A kind of client with its library version.
pub trait Target {
    /// Returns its name for reports, for example `facade 6.7.13`.
    fn name(&self) -> String;

    /// Returns the library version.
    fn version(&self) -> (u16, u16, u16);

    /// Returns whether the version's record lacks a field of the current model: then it is neither sent nor compared.
    fn lacks(&self, record: &RecordDescriptor, field: &FieldDescriptor) -> bool;

    /// Starts an exchange of its own, whose clock stands still.
    ///
    /// # Errors
    ///
    /// Returns an error when the exchange cannot start as asked.
    fn start(&self, setup: &Setup) -> Result<Box<dyn World>, TargetError>;
}

/// An exchange to be started.
#[derive(Clone, Debug)]
pub struct Setup {
    /// When.
    pub start: Timestamp,
    /// Settings and switches by name.
    pub config: Vec<(String, String)>,
    /// A recording of ticks, played at its own times.
    pub replay: Option<PathBuf>,
    /// Fault plans that are in force from the start: the name of each and its TOML text.
    pub faults: Vec<(String, String)>,
}

/// An exchange with its clients.
pub trait World {
    /// Makes an API object, initialises it and returns its number.
    ///
    /// # Errors
    ///
    /// Returns an error when the object cannot be made.
    fn open(&mut self, options: &ClientOptions) -> Result<usize, TargetError>;

    /// Calls a request and returns what it returned.
    ///
    /// # Errors
    ///
    /// Returns an error when the call could not be made at all.
    fn request(
        &mut self,
        client: usize,
        request: Request,
        record: &RecordBox,
        request_id: i32,
    ) -> Result<i32, TargetError>;

    /// Changes a market-data subscription and returns what the call returned.
    ///
    /// # Errors
    ///
    /// Returns an error when the call could not be made at all.
    fn subscribe(
        &mut self,
        client: usize,
        change: SubscriptionChange,
        ids: &[String],
    ) -> Result<i32, TargetError>;

    /// Releases an API object.
    ///
    /// # Errors
    ///
    /// Returns an error when that does not end.
    fn release(&mut self, client: usize) -> Result<(), TargetError>;

    /// Returns what a client received since the last call, in order.
    fn received(&mut self, client: usize) -> Vec<Seen>;

    /// Lets time pass until `until`, and everything due be delivered.
    ///
    /// # Errors
    ///
    /// Returns an error when that does not end.
    fn pass(&mut self, until: Timestamp) -> Result<(), TargetError>;

    /// Returns the exchange's time.
    ///
    /// # Errors
    ///
    /// Returns an error when the exchange does not answer.
    fn now(&mut self) -> Result<Timestamp, TargetError>;

    /// Does to the exchange what no client does. `clients` are names with their numbers, which values may name.
    ///
    /// # Errors
    ///
    /// Returns an error when there is no such command.
    fn command(
        &mut self,
        name: &str,
        arguments: &[Argument],
        clients: &[(String, usize)],
    ) -> Result<(), TargetError>;

    /// Returns the record of an instrument and its present tick; `None` when it is not listed.
    ///
    /// # Errors
    ///
    /// Returns an error when the exchange does not answer.
    fn instrument(&mut self, id: &str) -> Result<Option<Vec<(String, String)>>, TargetError>;
}

/// An API object to be made.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Which API.
    pub kind: ApiKind,
    /// The name of its flow files: objects with the same name continue each other's.
    pub flow: String,
    /// What the private stream brings, with the first number wanted.
    pub private: (ResumeType, i32),
    /// What the public stream brings.
    pub public: ResumeType,
}

/// A callback that came, copied.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The C name, for example `OnRtnOrder`.
    pub callback: &'static str,
    /// The record of the current model; `None` is NULL.
    pub record: Option<RecordBox>,
    /// `pRspInfo`; `None` is NULL.
    pub rsp_info: Option<RspInfoField>,
    /// `nRequestID`, `nReason`, `nTimeLapse` or `nSeqNo`.
    pub number: i32,
    /// `bIsLast`.
    pub is_last: bool,
}

/// Why a target could not do what a scenario asks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TargetError(pub String);

impl TargetError {
    /// Wraps an error of the target's own.
    pub fn of(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        Self(text)
    }
}
