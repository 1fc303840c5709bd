//! One async method per request of a session: `Requests::qry_instrument`, `Requests::order_insert`.
//!
//! What a method returns follows from what tells that the request succeeded (`overlay/requests.toml`): a query the
//! records of its answer, an answered request its one record, a silent or pushed one a handle. How each of the three
//! works is written by hand in `ctp-gateway`. For Python there is a table instead of methods, and their types.

mod python;

use proc_macro2::TokenStream;
use quote::quote;

pub use self::python::{python_stub, python_table};
use super::{ident, rust_text, since};
use crate::{
    Api,
    api::{ClassKind, Method, Shape},
    names,
    overlay::{Overlay, Request, Success},
};

/// Emits an `impl` block with one method per request of the API class `kind`. `family` is the models of the family,
/// newest first: a request that some of them lack says since when it exists.
///
/// # Errors
///
/// Returns an error that names a request without an entry in `overlay/requests.toml`, or one whose callbacks carry no
/// record that could be returned.
pub fn rust(api: &Api, family: &[&Api], overlay: &Overlay, kind: ClassKind) -> Result<String, String> {
    let mut methods = Vec::new();
    for method in &api.class(kind).methods {
        if let Some(Shape::Request { record }) = method.call_shape() {
            methods.push(Emission { api, family, overlay, kind }.method(method, record)?);
        }
    }
    Ok(rust_text(api, [quote! { impl Requests<'_> { #(#methods)* } }]))
}

struct Emission<'a> {
    api: &'a Api,
    family: &'a [&'a Api],
    overlay: &'a Overlay,
    kind: ClassKind,
}

impl Emission<'_> {
    fn method(&self, method: &Method, record: &str) -> Result<TokenStream, String> {
        let c_name = &method.name;
        let current = self.overlay.renames.current_method(self.kind.c_name(), c_name);
        let request = self.overlay.request(self.kind.c_name(), current)?;
        let brought = self.brought(request).ok_or_else(|| {
            format!("{c_name}: none of the callbacks in overlay/requests.toml carries a record to return")
        })?;
        let (record, brought) = (ident(names::record(record)), ident(names::record(brought)));
        let requests = ident(if self.kind == ClassKind::MdApi { "MdRequest" } else { "TraderRequest" });
        let first = method.parameters.first().map_or("", |parameter| &parameter.name);
        let (name, variant) = (ident(&name(c_name)), ident(c_name));
        let parameter = ident(&names::parameter(first));
        let (returns, how) = match request.success {
            Success::Query => (quote! { Vec<#brought> }, ident("query")),
            Success::Answer => (quote! { Option<#brought> }, ident("answered")),
            Success::Silent | Success::Push => (quote! { Sent<#brought> }, ident("sent")),
        };
        let doc = self.doc(method, request);
        Ok(quote! {
            #[doc = #doc]
            pub async fn #name(&self, #parameter: &#record) -> Result<#returns, Error> {
                self.#how(#requests::#variant, RecordRef::from_record(#parameter)).await
            }
        })
    }

    /// Returns the record that success brings: that of the push if there is one, else that of the answer.
    fn brought(&self, request: &Request) -> Option<&str> {
        let pushed = request.push.as_ref().filter(|_| request.success != Success::Query);
        pushed.and_then(|push| self.record_of(push)).or_else(|| self.record_of(request.answer.as_ref()?))
    }

    fn record_of(&self, callback: &str) -> Option<&str> {
        let spi = self.spi();
        let renames = &self.overlay.renames;
        let mut methods = self.api.class(spi).methods.iter();
        let found = methods.find(|method| renames.current_method(spi.c_name(), &method.name) == callback)?;
        match found.callback_shape() {
            Some(Shape::Callback { record, .. }) => record,
            _ => None,
        }
    }

    fn spi(&self) -> ClassKind {
        if self.kind == ClassKind::MdApi { ClassKind::MdSpi } else { ClassKind::TraderSpi }
    }

    fn doc(&self, method: &Method, request: &Request) -> String {
        let c_name = &method.name;
        let sentence = self.overlay.docs.method(c_name).unwrap_or("Sends a request.");
        let code = |name: Option<&String>| name.map(|name| format!("`{name}`"));
        let (answer, push) = (code(request.answer.as_ref()), code(request.push.as_ref()));
        let refusals: Vec<String> =
            [&request.answer, &request.error].into_iter().filter_map(|name| code(name.as_ref())).collect();
        let refusals = refusals.join(" and ");
        let answer = answer.unwrap_or_default();
        let (told, errors, cancel_safety) = match request.success {
            Success::Query => (
                format!(
                    "A query: it waits for its turn, is repeated where nothing or \"try again\" comes, and returns the \
                     records of {answer}, none if there are none."
                ),
                "As [`Requests`] says of queries.",
                "Cancel safe: the answer to a query under way is thrown away, and no other query starts before it \
                 has come or is overdue.",
            ),
            Success::Answer => (
                format!("Answered: returns the record of {answer}, `None` if it came without one."),
                "As [`Requests`] says of answered requests.",
                "Dropping the future does not take back a request that was sent.",
            ),
            Success::Silent | Success::Push => {
                let told = match push {
                    Some(push) => format!("{push} tells the effect"),
                    None => "nothing tells that it was accepted".to_owned(),
                };
                (
                    format!("Returns once it is sent; {told}, {refusals} a refusal: see [`Sent`]."),
                    "As [`Requests`] says of sent requests.",
                    "Dropping the future does not take back a request that was sent.",
                )
            }
        };
        let since = match self.since(c_name) {
            Some(version) => format!(" In libraries since {version}."),
            None => String::new(),
        };
        format!(
            "{sentence} C: `{c_name}`.{since}\n\n{told}\n\n# Errors\n\n{errors}\n\n# Cancel safety\n\n{cancel_safety}"
        )
    }

    /// Returns the oldest version that has the method, if an older one of the family lacks it.
    fn since(&self, c_name: &str) -> Option<&str> {
        let oldest = self.family.last()?;
        since::oldest_with_method(self.family, self.overlay, self.kind, c_name)
            .filter(|version| *version != oldest.version)
    }
}

/// Returns `ReqQryInstrument` as `qry_instrument`.
fn name(c_name: &str) -> String {
    names::method(c_name.strip_prefix("Req").unwrap_or(c_name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;

    fn emitted(kind: ClassKind) -> String {
        let family: Vec<&Api> = models::of("se").collect();
        rust(models::current(), &family, Overlay::committed(), kind).expect("emitted")
    }

    #[test]
    fn every_request_of_the_model_has_its_method() {
        for (kind, count) in [(ClassKind::MdApi, 3), (ClassKind::TraderApi, 125)] {
            let text = emitted(kind);
            let names: Vec<&str> = text.match_indices("pub async fn ").map(|(at, _)| &text[at..]).collect();
            assert_eq!(names.len(), count, "{kind:?}");
            let requests = models::current().class(kind).methods.iter();
            let requests =
                requests.filter(|method| matches!(method.call_shape(), Some(Shape::Request { .. })));
            for method in requests {
                assert!(text.contains(&format!("pub async fn {} (", name(&method.name))), "{}", method.name);
            }
        }
    }

    #[test]
    fn a_request_says_since_when_it_exists_and_what_it_returns() {
        let text = emitted(ClassKind::TraderApi);
        for part in [
            "Queries instruments (合约查询). C: `ReqQryInstrument`.\\n",
            "C: `ReqGenSMSCode`. In libraries since 6.7.13.",
            "Result < Vec < InstrumentField > , Error >",
            "Result < Option < UserPasswordUpdateField > , Error >",
            "Result < Sent < OrderField > , Error >",
            "`OnRspQuoteInsert` and `OnErrRtnQuoteInsert` a refusal",
        ] {
            assert!(text.contains(part), "{part} is missing");
        }
    }
}
