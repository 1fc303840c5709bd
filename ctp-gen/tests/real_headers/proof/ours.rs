//! The side that sees the emitted classes: the client adapter as it is built into `ctp-sys`.

use std::fmt::Write as _;

use ctp_gen::{
    Api,
    api::ClassKind,
    emit::{Output, adapter},
    models,
    overlay::Overlay,
};

use super::{SHARED, call_by_name, probe};

/// Writes the translation unit: the emitted adapter, and in its namespace objects and calls.
pub(super) fn text(api: &Api) -> Result<String, String> {
    // A changed model (a test of the test) is its own current one: no other has its records.
    let current = models::current_of(&api.family).filter(|_| models::models().any(|model| model == api));
    let (overlay, _) = Overlay::committed().completed(api);
    let adapter_text = Output::Adapter.emit(api, current.unwrap_or(api), &overlay)?;
    let space = format!("ctp_{}", adapter::identifier(api));
    let mut text = format!("{adapter_text}{SHARED}namespace {space} {{\n");
    let mut doors = String::new();
    for kind in ClassKind::ALL {
        let class = api.class(kind);
        let name = &class.c_name;
        text.push_str(&probe(class));
        let _ = writeln!(
            text,
            "static void call_ours({name} *object) {{\n{}}}",
            call_by_name(class, "our class")
        );
        let _ = writeln!(
            doors,
            "void call_ours_{name}(void *object) {{ {space}::call_ours(static_cast<{space}::{name} *>(object)); }}
void *make_ours_{name}() {{ static {space}::probe_{name} probe; return static_cast<{space}::{name} *>(&probe); }}"
        );
    }
    Ok(format!("{text}}}\n{doors}"))
}
