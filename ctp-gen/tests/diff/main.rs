//! What changes between two models, and what that breaks.

#[path = "../golden/difference.rs"]
mod difference;
mod golden;
mod models;
mod small;

mod changes;
mod values;
