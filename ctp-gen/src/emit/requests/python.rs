//! The requests for Python: a table that the module looks up, and the types of the methods that it makes of them.

use std::fmt::Write as _;

use quote::quote;

use super::{Emission, ident, name, rust_text};
use crate::{
    Api,
    api::{ClassKind, Method, ScalarType, Shape},
    names,
    overlay::{Overlay, Request, Success},
};

/// Emits the table of the trader API's requests: the method's name, the request, and what is known about it, in the
/// order of the model.
///
/// # Errors
///
/// As [`rust`](super::rust).
pub fn python_table(api: &Api, family: &[&Api], overlay: &Overlay) -> Result<String, String> {
    let emission = Emission { api, family, overlay, kind: ClassKind::TraderApi };
    let mut rows = Vec::new();
    for (method, record) in requests(api) {
        let (name, variant) = (name(&method.name), ident(&method.name));
        let doc = emission.python_doc(method, record)?;
        rows.push(quote! { (#name, ctp_types::TraderRequest::#variant, #doc) });
    }
    let table = quote! {
        pub(crate) static REQUESTS: &[(&str, ctp_types::TraderRequest, &str)] = &[#(#rows),*];
    };
    Ok(rust_text(api, [table]))
}

/// Emits the types of the methods: a class `Requests`, and the queries as a base of `TdClient`.
///
/// # Errors
///
/// As [`rust`](super::rust).
pub fn python_stub(api: &Api, overlay: &Overlay) -> Result<String, String> {
    let emission = Emission { api, family: &[api], overlay, kind: ClassKind::TraderApi };
    let mut all = String::from(
        "\n@final\nclass Requests:\n    \"\"\"Every request of the trader API, from `td.requests`.\"\"\"\n\n",
    );
    let mut queries = String::from(
        "\nclass _Queries:\n    \"\"\"The queries of the trader API, as methods of `TdClient`.\"\"\"\n\n",
    );
    for (method, record) in requests(api) {
        let name = name(&method.name);
        let line = emission.python_method(method, record)?;
        let doc = emission.python_doc(method, record)?;
        // The stub says what it does; the rest is in help().
        let first = doc.lines().next().unwrap_or_default();
        let _ = writeln!(all, "    def {name}{line}\n        \"\"\"{first}\"\"\"");
        if let Some(name) = name.strip_prefix("qry_") {
            let _ = writeln!(queries, "    def query_{name}{line}\n        \"\"\"{first}\"\"\"");
        }
    }
    Ok(queries + &all)
}

fn requests(api: &Api) -> impl Iterator<Item = (&Method, &str)> {
    api.class(ClassKind::TraderApi).methods.iter().filter_map(|method| match method.call_shape() {
        Some(Shape::Request { record }) => Some((method, record)),
        _ => None,
    })
}

fn data(c_name: &str) -> String {
    let name = names::record(c_name);
    format!("data.{}", name.strip_suffix("Field").unwrap_or(name))
}

impl Emission<'_> {
    fn request_of(&self, method: &Method) -> Result<&Request, String> {
        let current = self.overlay.renames.current_method(self.kind.c_name(), &method.name);
        self.overlay.request(self.kind.c_name(), current)
    }

    fn python_doc(&self, method: &Method, record: &str) -> Result<String, String> {
        let request = self.request_of(method)?;
        let brought = self.brought(request).map(data).unwrap_or_default();
        let told = match request.success {
            Success::Query => {
                format!(
                    "A query: it waits for its turn and is repeated where nothing comes. Returns a list of `{brought}`."
                )
            }
            Success::Answer => {
                format!("Sent once. Returns the answer, a `{brought}`, or `None` if it came without one.")
            }
            Success::Silent | Success::Push => {
                format!(
                    "Sent once. Returns a `Sent` as soon as the library took it; its `outcome()` brings a `{brought}`."
                )
            }
        };
        let since = match self.since(&method.name) {
            Some(version) => format!(" In libraries since {version}."),
            None => String::new(),
        };
        let sentence = self.overlay.docs.method(&method.name).unwrap_or("Sends a request.");
        let sentence = format!("{sentence} C: `{}`.{since}", method.name);
        Ok(format!("{}\n\n{told}\n\nTakes a `{}`, or its fields by name.", sentence, data(record)))
    }

    /// Returns the parameters and the result.
    fn python_method(&self, method: &Method, record: &str) -> Result<String, String> {
        let request = self.request_of(method)?;
        let brought = self.brought(request).ok_or_else(|| format!("{}: it brings no record", method.name))?;
        let brought = data(brought);
        let returns = match request.success {
            Success::Query => format!("list[{brought}]"),
            Success::Answer => format!("{brought} | None"),
            Success::Silent | Success::Push => format!("Sent[{brought}]"),
        };
        let mut line =
            format!("(self, record: {} | {} | None = None, /", data(record), names::record(record));
        let fields = self.api.records.iter().find(|own| own.c_name == record).map(|own| &own.fields);
        for (index, field) in fields.into_iter().flat_map(|fields| fields.iter()).enumerate() {
            let star = if index == 0 { ", *" } else { "" };
            let written = match self.api.scalar(field) {
                ScalarType::Char => "str | None",
                ScalarType::Text(_) => "str",
                ScalarType::Double => "float | None",
                _ => "int",
            };
            let _ = write!(line, "{star}, {}: {written} = ...", names::field(&field.c_name));
        }
        let _ = write!(line, ") -> Pending[{returns}]:");
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;

    #[test]
    fn every_request_has_a_row_and_a_typed_method() {
        let (api, overlay) = (models::current(), Overlay::committed());
        let family: Vec<&Api> = models::of("se").collect();
        let table = python_table(api, &family, overlay).unwrap();
        let stub = python_stub(api, overlay).unwrap();
        let count = requests(api).count();
        assert_eq!(table.matches("TraderRequest :: Req").count(), count);
        assert_eq!(stub.lines().filter(|line| line.starts_with("    def ")).count(), {
            let queries = requests(api).filter(|(method, _)| method.name.starts_with("ReqQry")).count();
            count + queries
        });
        assert!(stub.contains("    def query_trading_account(self, record: data.QryTradingAccount | "));
        assert!(stub.contains("-> Pending[list[data.TradingAccount]]:"));
        assert!(stub.contains("-> Pending[Sent[data.Order]]:"));
    }
}
