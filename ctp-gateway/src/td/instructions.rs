//! What is no order and still changes something: quotes, declarations of exercise, self closes, combinations. Each is
//! sent once, pushed whenever it changes, and may be withdrawn.

mod builders;
pub(crate) mod desk;
mod handle;
mod instruction;
pub(crate) mod kind;

pub use builders::{Combination, Exercise, Quote, SelfClose};
pub use handle::InstructionHandle;
pub(crate) use instruction::sized;
pub use instruction::{Instruction, InstructionId, InstructionKeys, InstructionPhase};
pub use kind::InstructionKind;
