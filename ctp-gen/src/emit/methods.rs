//! Method identifiers: `TraderCallback::OnRtnOrder`, `TraderRequest::ReqOrderInsert`.
//!
//! The number of a method is its slot in the current model's class; adapters and facades use the same.

use proc_macro2::TokenStream;
use quote::quote;

use super::{ident, rust_text};
use crate::{
    Api,
    api::{ClassKind, Method, Shape},
    names,
    overlay::{Overlay, Success, docs},
};

/// Emits the callback and request enums of both APIs.
///
/// # Errors
///
/// Returns an error that names a request without an entry in `overlay/requests.toml`, or an entry
/// that names a callback the model lacks.
pub fn rust(api: &Api, overlay: &Overlay) -> Result<String, String> {
    let md_callbacks = callbacks(api, ClassKind::MdSpi, overlay);
    let trader_callbacks = callbacks(api, ClassKind::TraderSpi, overlay);
    let md_requests = requests(api, ClassKind::MdApi, ClassKind::MdSpi, overlay)?;
    let trader_requests = requests(api, ClassKind::TraderApi, ClassKind::TraderSpi, overlay)?;
    let version = &api.version;
    let version = quote! {
        /// Version of the current model, whose records are the Rust types.
        pub const API_VERSION: &str = #version;
    };
    Ok(rust_text(api, [version, md_callbacks, trader_callbacks, md_requests, trader_requests]))
}

fn callbacks(api: &Api, kind: ClassKind, overlay: &Overlay) -> TokenStream {
    let (name, doc) = match kind {
        ClassKind::MdSpi => ("MdCallback", "A callback of `CThostFtdcMdSpi`."),
        _ => ("TraderCallback", "A callback of `CThostFtdcTraderSpi`."),
    };
    let rows = api.class(kind).methods.iter().enumerate().map(|(slot, method)| {
        let (slot, c_name) = (slot as u16, &method.name);
        let variant = ident(c_name);
        let record = match method.callback_shape() {
            Some(Shape::Callback { record: Some(record), .. }) => some_record(record),
            _ => quote! { None },
        };
        let doc = docs::before(overlay.docs.method(c_name), format!("Slot {slot}. C: `{c_name}`."));
        quote! { #[doc = #doc] #variant = #slot, #record; }
    });
    let name = ident(name);
    quote! { callbacks! { #[doc = #doc] #name { #(#rows)* } } }
}

fn requests(api: &Api, kind: ClassKind, spi: ClassKind, overlay: &Overlay) -> Result<TokenStream, String> {
    let (name, callback, doc) = match kind {
        ClassKind::MdApi => ("MdRequest", "MdCallback", "A request of `CThostFtdcMdApi`."),
        _ => ("TraderRequest", "TraderCallback", "A request of `CThostFtdcTraderApi`."),
    };
    let callback = ident(callback);
    let answers = api.class(spi);
    let mut rows = Vec::new();
    for (slot, method) in api.class(kind).methods.iter().enumerate() {
        let Some(Shape::Request { record }) = method.call_shape() else { continue };
        // The overlay speaks of the current names.
        let renames = &overlay.renames;
        let request = overlay.request(kind.c_name(), renames.current_method(kind.c_name(), &method.name))?;
        let find = |wanted: Option<&String>| {
            let wanted = wanted?;
            let current = |answer: &Method| renames.current_method(spi.c_name(), &answer.name) == wanted;
            answers.methods.iter().find(|answer| current(answer))
        };
        let reference = |found: Option<&Method>| match found {
            Some(found) => {
                let variant = ident(&found.name);
                quote! { Some(#callback::#variant) }
            }
            None => quote! { None },
        };
        let answer = find(request.answer.as_ref());
        if let (Some(wanted), None) = (&request.answer, answer) {
            return Err(format!("{}: {} has no callback {wanted}", method.name, spi.c_name()));
        }
        // The overlay speaks of all families and versions: mini has no OnErrRtnCombActionInsert.
        let (error, push) = (find(request.error.as_ref()), find(request.push.as_ref()));
        let (answer, error, push) = (reference(answer), reference(error), reference(push));
        let success = ident(match request.success {
            Success::Query => "Query",
            Success::Answer => "Answered",
            Success::Silent => "Silent",
            Success::Push => "Push",
        });
        let (slot, c_name) = (slot as u16, &method.name);
        let variant = ident(c_name);
        let record = ident(names::record(record));
        let doc = docs::before(overlay.docs.method(c_name), format!("Slot {slot}. C: `{c_name}`."));
        rows.push(quote! {
            #[doc = #doc] #variant = #slot, <#record as Record>::DESCRIPTOR, #success, #answer, #error, #push;
        });
    }
    let name = ident(name);
    Ok(quote! { requests! { #[doc = #doc] #name -> #callback { #(#rows)* } } })
}

fn some_record(c_name: &str) -> TokenStream {
    let name = ident(names::record(c_name));
    quote! { Some(<#name as Record>::DESCRIPTOR) }
}
