//! Rust SPI traits: one method per callback, and the dispatch from a callback's number to it.

use proc_macro2::TokenStream;
use quote::quote;

use super::{ident, rust_text};
use crate::{
    Api,
    api::{ClassKind, Method, Shape},
    names,
    overlay::{Overlay, docs},
};

/// Emits `MdSpi` and `TraderSpi` with their dispatch functions.
pub fn rust(api: &Api, overlay: &Overlay) -> String {
    let kinds = [ClassKind::MdSpi, ClassKind::TraderSpi];
    rust_text(api, kinds.into_iter().flat_map(|kind| spi(api, kind, overlay)))
}

fn spi(api: &Api, kind: ClassKind, overlay: &Overlay) -> [TokenStream; 2] {
    let (name, callbacks, event, dispatch) = match kind {
        ClassKind::MdSpi => ("MdSpi", "MdCallback", "MdEvent", "dispatch_md"),
        _ => ("TraderSpi", "TraderCallback", "TraderEvent", "dispatch_trader"),
    };
    let (name, callbacks, event, dispatch) = (ident(name), ident(callbacks), ident(event), ident(dispatch));
    let methods = &api.class(kind).methods;
    let declared = methods.iter().map(|declared| method(declared, overlay));
    let arms = methods.iter().map(|method| {
        let (variant, rust) = (ident(&method.name), ident(&names::method(&method.name)));
        let arguments = arguments(method);
        quote! { #callbacks::#variant => spi.#rust(#arguments) }
    });
    let doc = format!(
        "Callbacks of `{}`. All come from the library's worker thread, one after another: copy and return.",
        kind.c_name()
    );
    let trait_text = quote! {
        #[doc = #doc]
        #[allow(unused_variables, clippy::too_many_arguments, reason = "empty default bodies, signatures as in the header")]
        pub trait #name: Send + Sync {
            /// Receives every callback; the default passes it on to the method of its own. A consumer that
            /// treats callbacks alike overrides this one.
            fn deliver(&self, event: #event<'_>) { #dispatch(self, event) }
            /// Called once when `deliver` panicked, with the callback's C name; nothing is delivered after it.
            fn panicked(&self, callback: &'static str, message: &str) {}
            #(#declared)*
        }
    };
    let doc = format!("Passes a callback on to the method of [`{name}`] with its name.");
    let dispatch_text = quote! {
        #[doc = #doc]
        pub fn #dispatch<S: #name + ?Sized>(spi: &S, event: #event<'_>) {
            match event.callback { #(#arms,)* }
        }
    };
    [trait_text, dispatch_text]
}

fn method(method: &Method, overlay: &Overlay) -> TokenStream {
    let rust = ident(&names::method(&method.name));
    let parameters = method.parameters.iter().map(|parameter| {
        let name = ident(&names::parameter(&parameter.name));
        let kind = match parameter.c_type.as_str() {
            "int" => quote! { i32 },
            "bool" => quote! { bool },
            record => {
                let record = ident(names::record(record.trim_end_matches(" *")));
                quote! { Option<&#record> }
            }
        };
        quote! { #name: #kind }
    });
    let doc = docs::before(overlay.docs.method(&method.name), format!("C: `{}`.", method.name));
    quote! { #[doc = #doc] fn #rust(&self, #(#parameters),*) {} }
}

fn arguments(method: &Method) -> TokenStream {
    let Some(Shape::Callback { record, rsp_info, number, is_last }) = method.callback_shape() else {
        return TokenStream::new();
    };
    let parts = [
        record.map(|_| quote! { event.record.and_then(|record| record.get()) }),
        rsp_info.then(|| quote! { event.rsp_info }),
        number.then(|| quote! { event.number }),
        is_last.then(|| quote! { event.is_last }),
    ];
    let parts = parts.into_iter().flatten();
    quote! { #(#parts),* }
}
