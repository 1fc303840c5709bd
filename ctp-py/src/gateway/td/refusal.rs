//! What counter or exchange refused, and why.

use ctp_gateway::error::{Refuser, ServerError};
use pyo3::prelude::*;

use super::view::view;

view! {
    /// A refusal by the counter or the exchange.
    Refusal(of: &ServerError) {
        /// Who refused: `counter` or `exchange`.
        refuser: &'static str = match of.refuser {
            Refuser::Exchange => "exchange",
            _ => "counter",
        },
        /// The code; for an exchange the number in front of its text, 0 if there is none. C: `ErrorID`.
        code: i32 = of.code,
        /// The symbol of the counter's code, for example `INSUFFICIENT_MONEY`.
        symbol: Option<&'static str> = of.symbol,
        /// The text as it came.
        message: String = of.message.clone(),
    }
    money {}
}
