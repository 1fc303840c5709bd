//! `TdClient`: orders, instructions, requests, books and the risk gate.

mod books;
mod client;
mod condition;
mod event;
mod given;
mod instructions;
mod new_order;
mod orders;
mod parked;
mod pushes;
mod refusal;
mod requests;
mod risk;
mod start;
mod view;

use pyo3::prelude::*;

pub(crate) use client::TdClient;
pub(crate) use orders::OrderView;
use start::begun;

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<TdClient>()?;
    module.add_class::<new_order::NewOrder>()?;
    module.add_class::<condition::Condition>()?;
    module.add_class::<OrderView>()?;
    module.add_class::<orders::Order>()?;
    module.add_class::<orders::Outcome>()?;
    module.add_class::<orders::Trade>()?;
    module.add_class::<refusal::Refusal>()?;
    module.add_class::<instructions::Quote>()?;
    module.add_class::<instructions::Exercise>()?;
    module.add_class::<instructions::SelfClose>()?;
    module.add_class::<instructions::Combination>()?;
    module.add_class::<instructions::InstructionView>()?;
    module.add_class::<instructions::Instruction>()?;
    module.add_class::<parked::Parked>()?;
    module.add_class::<parked::ParkedCancel>()?;
    module.add_class::<books::PositionNow>()?;
    module.add_class::<books::AccountNow>()?;
    module.add_class::<books::DayProfit>()?;
    module.add_class::<books::Closable>()?;
    module.add_class::<books::Difference>()?;
    module.add_class::<books::Comparison>()?;
    module.add_class::<risk::RiskSnapshot>()?;
    module.add_class::<risk::Killed>()?;
    module.add_class::<risk::GateState>()?;
    module.add_class::<client::Closing>()?;
    module.add_class::<client::Cancelled>()?;
    module.add_class::<pushes::RawEvent>()?;
    event::add_to(module)?;
    requests::add_to(module)
}
