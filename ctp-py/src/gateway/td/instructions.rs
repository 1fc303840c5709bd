//! Quotes, declarations of exercise, self closes and combinations as Python sees them.

mod builders;
mod handle;
mod view;

pub(crate) use builders::{Combination, Exercise, Quote, SelfClose};
pub(crate) use handle::Instruction;
pub(crate) use view::InstructionView;
