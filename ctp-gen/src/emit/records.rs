//! Rust records with their descriptors and layout assertions.

use proc_macro2::TokenStream;
use quote::quote;

use super::{enumerations, ident, names::constant, rust_text};
use crate::{
    Api,
    api::{Record, ScalarType},
    names,
    overlay::{Overlay, docs},
};

/// Emits one `repr(C)` struct per record, its descriptor, and assertions of size and offsets.
pub fn rust(api: &Api, overlay: &Overlay) -> String {
    let enumerations: std::collections::HashSet<&str> =
        enumerations::of_characters(api).map(|enumeration| enumeration.typedef.as_str()).collect();
    let records = api.records.iter().map(|record| {
        let name = ident(names::record(&record.c_name));
        let (c_name, c_name_constant) = (&record.c_name, constant(&record.c_name));
        let size = record.size;
        let doc = docs::before(overlay.docs.record(c_name), format!("C: `{c_name}`."));
        let fields = record.fields.iter().map(|field| {
            let scalar = api.scalar(field);
            let is_enumeration = enumerations.contains(field.typedef.as_str());
            let kind = kind(scalar, is_enumeration, &field.typedef);
            let rust_type = rust_type(scalar, is_enumeration, &field.typedef);
            let (rust, c_field, c_type, offset) =
                (ident(&names::field(&field.c_name)), &field.c_name, &field.typedef, field.offset);
            let secret = overlay.secrets.typedefs.contains(&field.typedef);
            let sentence = overlay.docs.field(c_name, c_field, c_type);
            let doc = docs::before(sentence, format!("C: `{c_field}` (`{c_type}`)."));
            let (c_field, c_type) = (constant(c_field), constant(c_type));
            quote! { #[doc = #doc] #rust: #rust_type, #c_field, #c_type, #offset, #kind, #secret; }
        });
        quote! { record! { #[doc = #doc] #name, #c_name_constant, #size, { #(#fields)* } } }
    });
    let all = api.records.iter().map(|record: &Record| ident(names::record(&record.c_name)));
    let table = quote! { static ALL: &[&RecordDescriptor] = &[#(<#all as Record>::DESCRIPTOR),*]; };
    rust_text(api, records.chain([table]))
}

fn rust_type(scalar: ScalarType, is_enumeration: bool, typedef: &str) -> TokenStream {
    match scalar {
        ScalarType::Char if is_enumeration => {
            let name = ident(names::enumeration(typedef));
            quote! { #name }
        }
        ScalarType::Char => quote! { u8 },
        ScalarType::Text(length) => quote! { Text<#length> },
        ScalarType::Short => quote! { i16 },
        ScalarType::Int => quote! { i32 },
        ScalarType::UnsignedInt => quote! { u32 },
        ScalarType::LongLong => quote! { i64 },
        ScalarType::Double => quote! { f64 },
    }
}

fn kind(scalar: ScalarType, is_enumeration: bool, typedef: &str) -> TokenStream {
    match scalar {
        ScalarType::Char if is_enumeration => {
            let name = ident(names::enumeration(typedef));
            quote! { FieldKind::Enumeration(<#name as Enumeration>::DESCRIPTOR) }
        }
        ScalarType::Char => quote! { FieldKind::Char },
        ScalarType::Text(length) => quote! { FieldKind::Text(#length) },
        ScalarType::Short => quote! { FieldKind::Short },
        ScalarType::Int => quote! { FieldKind::Int },
        ScalarType::UnsignedInt => quote! { FieldKind::UnsignedInt },
        ScalarType::LongLong => quote! { FieldKind::LongLong },
        ScalarType::Double => quote! { FieldKind::Double },
    }
}
