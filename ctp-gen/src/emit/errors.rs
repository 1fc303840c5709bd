//! Error codes: symbol and number.

use quote::quote;

use super::{ident, names::constant, rust_text};
use crate::Api;

/// Emits one constant per code, and the table from code to symbol in rising order.
pub fn rust(api: &Api) -> String {
    let constants = api.errors.iter().map(|error| {
        let (name, code) = (ident(&error.symbol.to_ascii_uppercase()), error.code);
        let doc = format!("ErrorID {code}.");
        quote! { #[doc = #doc] pub const #name: i32 = #code; }
    });
    let mut sorted: Vec<_> = api.errors.iter().collect();
    sorted.sort_by_key(|error| error.code);
    let rows = sorted.iter().map(|error| {
        let (code, symbol) = (error.code, constant(&error.symbol));
        quote! { (#code, names::#symbol) }
    });
    let table = quote! { static SYMBOLS: &[(i32, Name)] = &[#(#rows),*]; };
    rust_text(api, constants.chain([table]))
}
