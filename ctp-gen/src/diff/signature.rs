//! Declarations of methods, and what a change of one breaks.

use std::{borrow::Cow, collections::HashMap};

use super::marks::{Breaks, Step};
use crate::api::{Method, Parameter, Static};

/// A declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signature<'a> {
    name: &'a str,
    returns: &'a str,
    parameters: &'a [Parameter],
}

impl<'a> Signature<'a> {
    pub(super) fn of(method: &'a Method) -> Self {
        Self { name: &method.name, returns: &method.returns, parameters: &method.parameters }
    }

    pub(super) fn of_static(method: &'a Static) -> Self {
        Self { name: &method.name, returns: &method.returns, parameters: &method.parameters }
    }

    /// Returns it as in C++: `int ReqX(CThostFtdcXField *pX, int nRequestID)`.
    pub(super) fn text(self) -> String {
        let parameters: Vec<String> = self.parameters.iter().map(parameter).collect();
        format!("{}({})", declared(self.returns, self.name), parameters.join(", "))
    }

    /// Returns the C name of the record that is handed over.
    pub(super) fn record(self) -> Option<&'a str> {
        let mut types = self.parameters.iter().map(|parameter| parameter.c_type.as_str());
        types.find_map(|c_type| c_type.strip_suffix(" *").filter(|name| name.ends_with("Field")))
    }

    /// Returns return type and parameter types, with records under their names in B.
    pub(super) fn abi(self, records: &HashMap<&str, &str>) -> Vec<String> {
        let types = self.parameters.iter().map(|parameter| parameter.c_type.as_str());
        std::iter::once(self.returns)
            .chain(types)
            .map(|c_type| abi_type(c_type, records).into_owned())
            .collect()
    }

    /// Returns whether nothing but names differs.
    pub(super) fn is_like(self, after: Self, records: &HashMap<&str, &str>) -> bool {
        let defaults = |of: Self| of.parameters.iter().map(|one| one.default.as_deref()).collect::<Vec<_>>();
        self.abi(records) == after.abi(&HashMap::new()) && defaults(self) == defaults(after)
    }

    /// Returns whether a call that was written for `self` still compiles with `after`.
    fn calls_like(self, after: Self) -> bool {
        let old = self.parameters;
        let Some((kept, more)) = after.parameters.split_at_checked(old.len()) else { return false };
        let same = |one: &str, other: &str| bare(one) == bare(other);
        same(self.returns, after.returns)
            && old.iter().zip(kept).all(|(one, other)| {
                same(&one.c_type, &other.c_type) && (one.default.is_none() || other.default.is_some())
            })
            && more.iter().all(|parameter| parameter.default.is_some())
    }
}

/// Returns what the change of a declaration breaks, the name apart.
///
/// `calls`: the client calls the method; else it overrides it, and must match it exactly.
pub(super) fn breaks(step: &Step<Signature<'_>>, calls: bool, records: &HashMap<&str, &str>) -> Breaks {
    let Step { before, after } = *step;
    let none = HashMap::new();
    let binary = before.abi(records) != after.abi(&none);
    let source = if calls { !before.calls_like(after) } else { before.abi(&none) != after.abi(&none) };
    Breaks { binary, source }
}

/// A `const` of a value passed by copy is no part of a type, in the symbol neither.
fn bare(c_type: &str) -> &str {
    c_type.strip_prefix("const ").filter(|_| !c_type.contains(['*', '&'])).unwrap_or(c_type)
}

fn abi_type<'a>(c_type: &'a str, records: &HashMap<&str, &str>) -> Cow<'a, str> {
    let renamed = c_type.strip_suffix(" *").and_then(|record| records.get(record));
    renamed.map_or(Cow::Borrowed(bare(c_type)), |record| Cow::Owned(format!("{record} *")))
}

fn parameter(parameter: &Parameter) -> String {
    let text = declared(&parameter.c_type, &parameter.name);
    match &parameter.default {
        Some(default) => format!("{text} = {default}"),
        None => text,
    }
}

/// Returns `type name`, with the star at the name.
fn declared(c_type: &str, name: &str) -> String {
    let blank = if c_type.ends_with('*') || name.is_empty() { "" } else { " " };
    format!("{c_type}{blank}{name}")
}
