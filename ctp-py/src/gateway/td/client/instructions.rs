//! Instructions: quotes, exercises, self closes, combinations.

use ctp_gateway::td;
use pyo3::prelude::*;

use super::{TAKER, TdClient, number_of};
use crate::gateway::pending::Pending;
use crate::gateway::td::instructions::{
    Combination, Exercise, Instruction, InstructionView, Quote, SelfClose,
};
use crate::gateway::td::orders::OrderView;

#[pymethods]
impl TdClient {
    /// Sends a market maker's quote (报价); the result is an `Instruction`, whose `orders` are its two sides.
    ///
    /// Raises:
    ///     Denied: it breaks a rule; nothing was sent.
    ///     NotSent: the session is not ready, or the library did not take it.
    fn quote(&self, py: Python<'_>, quote: &Bound<'_, Quote>) -> PyResult<Py<Pending>> {
        let wish = quote.get().of_gateway();
        self.ask(py, |client| async move { client.quote(wish).await }, Instruction::make)
    }

    /// Declares the exercise of an option, or gives it up (行权, 放弃行权); as `quote`.
    fn exercise(&self, py: Python<'_>, exercise: &Bound<'_, Exercise>) -> PyResult<Py<Pending>> {
        let wish = exercise.get().of_gateway();
        self.ask(py, |client| async move { client.exercise(wish).await }, Instruction::make)
    }

    /// Sets positions of options, or the futures they turn into, off against each other (期权自对冲); as `quote`.
    fn self_close(&self, py: Python<'_>, wish: &Bound<'_, SelfClose>) -> PyResult<Py<Pending>> {
        let wish = wish.get().of_gateway();
        self.ask(py, |client| async move { client.self_close(wish).await }, Instruction::make)
    }

    /// Makes two positions one combination, or splits one (组合申请); as `quote`.
    fn combine(&self, py: Python<'_>, wish: &Bound<'_, Combination>) -> PyResult<Py<Pending>> {
        let wish = wish.get().of_gateway();
        self.ask(py, |client| async move { client.combine(wish).await }, Instruction::make)
    }

    /// Withdraws an instruction of the account, by itself or by its `id`, and waits until it is over.
    ///
    /// Raises:
    ///     Denied: it is over already, not known, or a combination, which is undone by another instruction.
    ///     NotSent: the session is not ready, or the library did not take the request.
    ///     Rejected: counter or exchange refused it; the instruction's events tell where it stands.
    ///     Unknown: no answer came.
    fn cancel_instruction(&self, py: Python<'_>, instruction: &Bound<'_, PyAny>) -> PyResult<Py<Pending>> {
        let id = match instruction.cast::<InstructionView>() {
            Ok(instruction) => instruction.get().instruction().id,
            Err(_) if instruction.is_instance_of::<OrderView>() => {
                let fix = "give an instruction, or its `id`";
                return Err(TAKER.wrong_type("instruction", instruction, fix));
            }
            Err(_) => td::InstructionId::new(number_of(instruction, "instruction")?),
        };
        self.ask(
            py,
            |client| async move { client.cancel_instruction(id).await },
            |py, instruction| Ok(Py::new(py, InstructionView::then(instruction))?.into_any()),
        )
    }
}
