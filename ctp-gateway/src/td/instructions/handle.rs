//! The caller's end of an instruction.

use std::sync::Arc;

use crate::error::{Error, ServerError, UnknownCause};
use crate::td::OrderHandle;
use crate::td::client::TdClient;
use crate::td::instructions::desk::Entered;
use crate::td::instructions::{Instruction, InstructionId, InstructionPhase};

/// An instruction that was sent: its present state, its outcome.
///
/// Dropping the handle withdraws nothing.
#[derive(Debug)]
pub struct InstructionHandle {
    client: TdClient,
    instruction: Entered,
    orders: Vec<OrderHandle>,
}

impl InstructionHandle {
    pub(crate) fn new(client: TdClient, instruction: Entered, orders: Vec<OrderHandle>) -> Self {
        Self { client, instruction, orders }
    }

    /// Returns the gateway's number of the instruction.
    pub fn id(&self) -> InstructionId {
        self.instruction.borrow().id
    }

    /// Returns the instruction as it stands.
    pub fn instruction(&self) -> Arc<Instruction> {
        Arc::clone(&self.instruction.borrow())
    }

    /// Returns the orders of a quote, the ask first; nothing else has any.
    pub fn orders(&mut self) -> &mut [OrderHandle] {
        &mut self.orders
    }

    /// Takes the orders of a quote, the ask first, for who keeps them elsewhere.
    pub fn take_orders(&mut self) -> Vec<OrderHandle> {
        std::mem::take(&mut self.orders)
    }

    /// Waits until the exchange has it, or more.
    ///
    /// # Errors
    ///
    /// - [`Error::Rejected`]: counter or exchange refused it; it has no effect.
    /// - [`Error::Unknown`]: nothing tells yet; later events may. It is never sent again.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn accepted(&self) -> Result<Arc<Instruction>, Error> {
        self.wait(|phase| !matches!(phase, InstructionPhase::Sent | InstructionPhase::Submitted)).await
    }

    /// Waits until it is over: carried out, withdrawn or refused. A declaration of exercise is carried out at the end of
    /// the day.
    ///
    /// # Errors
    ///
    /// As [`accepted`](Self::accepted).
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub async fn finished(&self) -> Result<Arc<Instruction>, Error> {
        self.wait(|phase| phase.is_over() || phase == InstructionPhase::Unknown).await
    }

    /// Withdraws the instruction and waits until it is over: see [`TdClient::cancel_instruction`].
    ///
    /// # Errors
    ///
    /// As [`TdClient::cancel_instruction`].
    pub async fn cancel(&self) -> Result<Arc<Instruction>, Error> {
        self.client.cancel_instruction(self.id()).await
    }

    async fn wait(&self, until: impl Fn(InstructionPhase) -> bool) -> Result<Arc<Instruction>, Error> {
        let request = self.instruction().kind.insert().name();
        let mut updates = self.instruction.clone();
        let seen = match updates.wait_for(|state| until(state.phase)).await {
            Ok(seen) => Arc::clone(&seen),
            // The session has ended; what it last said is all there is.
            Err(_) => self.instruction(),
        };
        match seen.phase {
            InstructionPhase::Rejected => {
                let unsaid = || ServerError::counter(0, "no reason given");
                Err(Error::Rejected { request, error: seen.refusal.clone().unwrap_or_else(unsaid) })
            }
            phase if until(phase) && phase != InstructionPhase::Unknown => Ok(seen),
            _ => {
                let cause = seen.unknown_cause.clone().unwrap_or(UnknownCause::SessionEnded);
                Err(Error::Unknown { request, cause })
            }
        }
    }
}
