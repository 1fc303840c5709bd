//! The types of `ctp_py.vnpy`: requests and callbacks with dictionaries.

use std::fmt::Write as _;

use crate::{
    Api,
    api::{ClassKind, Method, Shape},
};

/// Emits `VnpyMdApi` and `VnpyTdApi`, whose life cycle stands in the hand-written part.
pub(super) fn stubs(api: &Api) -> String {
    let mut text = String::new();
    for (name, calls, callbacks) in [
        ("VnpyMdApi", ClassKind::MdApi, ClassKind::MdSpi),
        ("VnpyTdApi", ClassKind::TraderApi, ClassKind::TraderSpi),
    ] {
        let _ = writeln!(text, "\nclass {name}(_{name}):");
        let _ = writeln!(
            text,
            "    \"\"\"As vnpy_ctp's: names begin in lower case, records are dictionaries.\"\"\"\n"
        );
        for method in &api.class(calls).methods {
            if let Some(Shape::Request { .. }) = method.call_shape() {
                let _ = writeln!(
                    text,
                    "    def {}(self, req: dict[str, Any], reqid: int) -> int: ...",
                    lower_first(&method.name)
                );
            }
        }
        for method in &api.class(callbacks).methods {
            let _ = writeln!(
                text,
                "    def {}(self{}) -> None: ...",
                lower_first(&method.name),
                arguments(method)
            );
        }
    }
    text
}

fn arguments(method: &Method) -> String {
    let Some(Shape::Callback { record, rsp_info, number, is_last }) = method.callback_shape() else {
        return String::new();
    };
    let mut arguments = String::new();
    for (is_there, argument) in [
        (record.is_some(), ", data: dict[str, Any]"),
        (rsp_info, ", error: dict[str, Any]"),
        (number, ", reqid: int"),
        (is_last, ", last: bool"),
    ] {
        arguments.push_str(if is_there { argument } else { "" });
    }
    if !arguments.is_empty() {
        arguments.push_str(", /");
    }
    arguments
}

fn lower_first(name: &str) -> String {
    let (first, rest) = name.split_at(1.min(name.len()));
    first.to_ascii_lowercase() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;

    #[test]
    fn requests_and_callbacks_have_their_arguments() {
        let text = stubs(models::current());
        for line in [
            "class VnpyTdApi(_VnpyTdApi):",
            "    def reqOrderInsert(self, req: dict[str, Any], reqid: int) -> int: ...",
            "    def onFrontConnected(self) -> None: ...",
            "    def onRtnTrade(self, data: dict[str, Any], /) -> None: ...",
            "    def onRspUserLogin(self, data: dict[str, Any], error: dict[str, Any], reqid: int, last: bool, /) -> None: ...",
        ] {
            assert!(text.lines().any(|own| own == line), "missing: {line}");
        }
    }
}
