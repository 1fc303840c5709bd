//! An exchange whose inputs are kept before they are carried out.
//!
//! An exchange is a function of its inputs, so whoever has them all can make it again. What takes inputs is
//! [`Logged::step`]; where they go is an [`InputLog`].

use std::ops::Deref;

use ctp_sim::{Exchange, Input, Output, Timestamp};

/// Where the inputs of an exchange are kept.
///
/// Time passing ([`Input::Advance`]) is no entry: it follows from what is due.
pub(crate) trait InputLog: Send {
    /// Keeps an input that the exchange, which stands at `from`, is about to take at `now`. A secret of it may be replaced.
    ///
    /// Whatever the process does after this returned, the input is not lost.
    fn keep(&mut self, from: Timestamp, now: Timestamp, input: &mut Input) -> Result<(), NotKept>;

    /// Notes that time is about to pass until `now`.
    fn advance(&mut self, now: Timestamp);

    /// Notes what came of the last input or advance, before anybody receives it.
    fn stepped(&mut self, now: Timestamp, outputs: &[Output]);

    /// Fails as on a full disk, or works again.
    fn fail(&mut self, on: bool);

    /// Lets readers of the log see how the exchange stands.
    ///
    /// Returns whether it has more to say than one look took.
    #[cfg(feature = "serve")]
    fn show(&mut self, exchange: &Exchange) -> bool;

    /// Ends the log, at rest: nothing comes after it.
    fn close(&mut self, exchange: &Exchange);
}

/// Why an input was not carried out: it could not be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the store cannot be written ({cause}): nothing that could not be kept is carried out; make room on the disk"
)]
pub struct NotKept {
    /// What the store said.
    pub(crate) cause: String,
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Undone {
    /// It names what there is not.
    #[error(transparent)]
    Refused(#[from] ctp_sim::Refused),
    /// It could not be kept.
    #[error(transparent)]
    NotKept(#[from] NotKept),
}

/// An exchange and its log, if it has one.
pub(crate) struct Logged {
    exchange: Exchange,
    log: Option<Box<dyn InputLog>>,
}

impl Logged {
    pub(crate) fn new(exchange: Exchange, log: Option<Box<dyn InputLog>>) -> Self {
        Self { exchange, log }
    }

    /// Keeps an input and steps the exchange, which stands at `from`, with it. Adds what clients receive.
    ///
    /// With a log, everything due until `now` is stepped on its own first, so that a run that is made again takes the
    /// same steps; only [`Input::Skip`] passes over it.
    pub(crate) fn step(
        &mut self,
        from: Timestamp,
        now: Timestamp,
        mut input: Input,
        outputs: &mut Vec<Output>,
    ) -> Result<(), NotKept> {
        let Some(log) = &mut self.log else {
            self.exchange.step(now, input, outputs);
            return Ok(());
        };
        let mut from = from;
        if !matches!(input, Input::Skip) {
            while let Some(due) = self.exchange.next_deadline().filter(|due| *due <= now) {
                from = from.max(due);
                log.advance(from);
                step(&mut self.exchange, log.as_mut(), from, Input::Advance, outputs);
            }
        }
        if !matches!(input, Input::Advance) {
            log.keep(from, now, &mut input)?;
            step(&mut self.exchange, log.as_mut(), now, input, outputs);
        }
        Ok(())
    }

    pub(crate) fn log_mut(&mut self) -> Option<&mut (dyn InputLog + 'static)> {
        self.log.as_deref_mut()
    }

    /// Lets readers of the log see how the exchange stands. Returns whether one look was not enough.
    #[cfg(feature = "serve")]
    pub(crate) fn show(&mut self) -> bool {
        self.log.as_mut().is_some_and(|log| log.show(&self.exchange))
    }

    /// Ends the log.
    pub(crate) fn close(&mut self) {
        if let Some(mut log) = self.log.take() {
            log.close(&self.exchange);
        }
    }
}

fn step(
    exchange: &mut Exchange,
    log: &mut dyn InputLog,
    now: Timestamp,
    input: Input,
    outputs: &mut Vec<Output>,
) {
    let begin = outputs.len();
    exchange.step(now, input, outputs);
    log.stepped(now, &outputs[begin..]);
}

impl Deref for Logged {
    type Target = Exchange;

    fn deref(&self) -> &Exchange {
        &self.exchange
    }
}
