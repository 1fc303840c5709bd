//! Raw constants: `THOST_FTDC_D_Buy`.

use quote::quote;

use super::{ident, rust_text};
use crate::{
    Api,
    api::ScalarType,
    overlay::{Overlay, docs},
};

/// Emits every constant of the model under its C name: a byte, or text for the multi-character ones.
pub fn rust(api: &Api, overlay: &Overlay) -> String {
    let constants = api.enumerations.iter().flat_map(|enumeration| {
        let is_text = enumeration.is_text()
            || api
                .typedef(&enumeration.typedef)
                .is_some_and(|typedef| matches!(typedef.scalar, ScalarType::Text(_)));
        enumeration.constants.iter().map(move |constant| {
            let name = ident(&constant.name);
            let sentence = overlay.docs.value(&constant.name);
            let doc = docs::before(sentence, format!("A value of `{}`.", enumeration.typedef));
            if is_text {
                let value = &constant.value;
                quote! { #[doc = #doc] pub const #name: &str = #value; }
            } else {
                let value = proc_macro2::Literal::byte_character(constant.value.as_bytes()[0]);
                quote! { #[doc = #doc] pub const #name: u8 = #value; }
            }
        })
    });
    rust_text(api, constants)
}
