//! Typed calls of the API owners: `TraderApi::req_order_insert`, `MdApi::subscribe_market_data`.

use proc_macro2::TokenStream;
use quote::quote;

use super::{ident, rust_text};
use crate::{
    Api,
    api::{ClassKind, Method, Shape},
    names,
    overlay::Overlay,
};

/// Emits an `impl` block per API with one method per call that carries something.
pub fn rust(api: &Api, overlay: &Overlay) -> String {
    let blocks =
        [(ClassKind::MdApi, "MdApi", "MdRequest"), (ClassKind::TraderApi, "TraderApi", "TraderRequest")];
    let items = blocks.map(|(kind, owner, requests)| {
        let methods = api.class(kind).methods.iter().enumerate();
        let calls = methods.filter_map(|(slot, method)| call(slot as u32, method, requests, overlay));
        let owner = ident(owner);
        quote! { impl #owner { #(#calls)* } }
    });
    rust_text(api, items)
}

/// Returns the Rust method, or `None` for the life cycle, which is written by hand.
fn call(slot: u32, method: &Method, requests: &str, overlay: &Overlay) -> Option<TokenStream> {
    let c_name = &method.name;
    let rust = ident(&name(c_name));
    let parameter = || {
        let first = method.parameters.first().map_or("", |parameter| &parameter.name);
        names::parameter(first)
    };
    let doc = |otherwise: &str| {
        let sentence = overlay.docs.method(c_name).unwrap_or(otherwise);
        format!("{sentence} C: `{c_name}`.\n\n# Errors\n\nAs [`request`](Self::request).")
    };
    Some(match method.call_shape()? {
        Shape::Request { record } => {
            let (variant, requests) = (ident(c_name), ident(requests));
            let (record, parameter) = (ident(names::record(record)), ident(&parameter()));
            let doc = doc("Sends a request.");
            quote! {
                #[doc = #doc]
                pub fn #rust(&self, #parameter: &#record, request_id: i32) -> Result<(), ApiError> {
                    self.request(#requests::#variant, RecordRef::from_record(#parameter), request_id)
                }
            }
        }
        Shape::Numbered => {
            let doc = doc("Sends a request without a record.");
            quote! {
                #[doc = #doc]
                pub fn #rust(&self, request_id: i32) -> Result<(), ApiError> {
                    self.numbered(#c_name, #slot, request_id)
                }
            }
        }
        Shape::RecordCall { record, .. } if c_name.starts_with("Get") => {
            let record = ident(names::record(record));
            let doc = doc("Returns a record that the library fills.");
            quote! {
                #[doc = #doc]
                pub fn #rust(&self) -> Result<#record, ApiError> {
                    self.filled(#c_name, #slot)
                }
            }
        }
        Shape::RecordCall { record, .. } => {
            let (record, parameter) = (ident(names::record(record)), ident(&parameter()));
            let doc = doc("Hands a record to the library.");
            quote! {
                #[doc = #doc]
                pub fn #rust(&self, #parameter: &#record) -> Result<(), ApiError> {
                    self.hand_over(#c_name, #slot, #parameter)
                }
            }
        }
        Shape::Instruments => {
            let parameter = ident(&format!("{}s", parameter()));
            let doc = doc("Hands ids to the library; one with a NUL is refused.");
            quote! {
                #[doc = #doc]
                pub fn #rust(&self, #parameter: &[&str]) -> Result<(), ApiError> {
                    self.listed(#c_name, #slot, #parameter)
                }
            }
        }
        Shape::Callback { .. } | Shape::LifeCycle => return None,
    })
}

/// Returns `GetFrontInfo` as `front_info`, `UnSubscribeMarketData` as `unsubscribe_market_data`.
fn name(c_name: &str) -> String {
    names::method(c_name.strip_prefix("Get").unwrap_or(c_name)).replacen("un_subscribe", "unsubscribe", 1)
}
