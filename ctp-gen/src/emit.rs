//! Writes code from models: pure functions from [`Api`] to text, one file per output kind.

pub mod adapter;
pub mod api_calls;
pub mod constants;
pub mod conversions;
mod cpp;
pub mod enumerations;
pub mod errors;
pub mod facade;
pub mod methods;
pub mod names;
mod output;
pub mod python;
pub mod records;
pub mod requests;
pub mod since;
pub mod spi;
#[cfg(feature = "command")]
pub mod vendored;

pub use output::Output;

use proc_macro2::{Ident, Span, TokenStream};

use crate::Api;

/// Makes an identifier.
fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// Writes one item per line under the line that says where the text comes from.
fn rust_text(api: &Api, items: impl IntoIterator<Item = TokenStream>) -> String {
    let mut text =
        format!("// Emitted by ctp-gen from ctp-gen/api/{}.json. Edit the emitter, not this.\n", api.label());
    for item in items {
        text.push_str(&item.to_string());
        text.push('\n');
    }
    text
}
