//! Open enumeration newtypes: `OrderStatus::ALL_TRADED`.

use quote::quote;

use super::{ident, names::constant as name_constant, rust_text};
use crate::{
    Api,
    api::{Enumeration, ScalarType},
    names,
    overlay::{Overlay, docs},
};

/// Returns the enumerations that a field can hold: those of `char` typedefs with one-character values.
pub(super) fn of_characters(api: &Api) -> impl Iterator<Item = &Enumeration> {
    api.enumerations.iter().filter(|enumeration| {
        !enumeration.is_text()
            && api.typedef(&enumeration.typedef).is_some_and(|typedef| typedef.scalar == ScalarType::Char)
    })
}

/// Emits one newtype over `u8` per enumeration, open for values newer than the header.
pub fn rust(api: &Api, overlay: &Overlay) -> String {
    let types = of_characters(api).map(|enumeration| {
        let name = names::enumeration(&enumeration.typedef);
        let c_name = &enumeration.typedef;
        let doc = docs::before(overlay.docs.typedef(c_name), format!("C: `{c_name}`."));
        let rows = enumeration.constants.iter().map(|constant| {
            let short = names::constant(&constant.name);
            let associated = ident(&names::screaming(short));
            let value = proc_macro2::Literal::byte_character(constant.value.as_bytes()[0]);
            let c_constant = &constant.name;
            let sentence = overlay.docs.value(c_constant);
            let doc = docs::before(sentence, format!("`'{}'`. C: `{c_constant}`.", constant.value));
            let (c_constant, short) = (name_constant(c_constant), name_constant(short));
            quote! { #[doc = #doc] #associated = #value, #c_constant, #short; }
        });
        let (name, c_name) = (ident(name), name_constant(c_name));
        quote! { enumeration! { #[doc = #doc] #name, #c_name, { #(#rows)* } } }
    });
    let all = of_characters(api).map(|enumeration| ident(names::enumeration(&enumeration.typedef)));
    let table = quote! { static ALL: &[&EnumerationDescriptor] = &[#(<#all as Enumeration>::DESCRIPTOR),*]; };
    rust_text(api, types.chain([table]))
}
