//! Typed requests of the API owners: `TraderApi::req_order_insert`.

use quote::quote;

use super::{ident, rust_text};
use crate::{
    Api,
    api::{ClassKind, Shape},
    names,
    overlay::Overlay,
};

/// Emits the slots of the calls that are not requests: `md::SUBSCRIBE_MARKET_DATA`.
pub fn slots(api: &Api) -> String {
    let modules = [(ClassKind::MdApi, "md"), (ClassKind::TraderApi, "trader")];
    let items = modules.map(|(kind, module)| {
        let module = ident(module);
        let slots = api.class(kind).methods.iter().enumerate().filter_map(|(slot, method)| {
            let name = ident(&names::screaming(&method.name));
            let slot = slot as u32;
            let carries = matches!(
                method.call_shape(),
                Some(Shape::RecordCall { .. } | Shape::Numbered | Shape::Instruments)
            );
            carries.then(|| quote! { pub(in super::super) const #name: u32 = #slot; })
        });
        quote! { #[allow(dead_code, reason = "a caller uses what it needs")] pub(super) mod #module { #(#slots)* } }
    });
    rust_text(api, items)
}

/// Emits an `impl` block per API with one method per request.
pub fn rust(api: &Api, overlay: &Overlay) -> String {
    let blocks =
        [(ClassKind::MdApi, "MdApi", "MdRequest"), (ClassKind::TraderApi, "TraderApi", "TraderRequest")];
    let items = blocks.map(|(kind, owner, requests)| {
        let (owner, requests) = (ident(owner), ident(requests));
        let methods = api.class(kind).methods.iter().filter_map(|method| {
            let Some(Shape::Request { record }) = method.call_shape() else { return None };
            let (variant, rust) = (ident(&method.name), ident(&names::method(&method.name)));
            let record = ident(names::record(record));
            let parameter = ident(&names::parameter(&method.parameters[0].name));
            let sentence = overlay.docs.method(&method.name).unwrap_or("Sends a request.");
            let doc =
                format!("{sentence} C: `{}`.\n\n# Errors\n\nAs [`request`](Self::request).", method.name);
            Some(quote! {
                #[doc = #doc]
                pub fn #rust(&self, #parameter: &#record, request_id: i32) -> Result<(), ApiError> {
                    self.request(#requests::#variant, RecordRef::from_record(#parameter), request_id)
                }
            })
        });
        quote! { impl #owner { #(#methods)* } }
    });
    rust_text(api, items)
}
