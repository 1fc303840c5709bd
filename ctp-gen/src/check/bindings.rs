//! What bindgen writes for a header set.

use std::path::Path;

use bindgen::{Builder, CodegenConfig, EnumVariation, Formatter};

use crate::parse::MAIN;

/// The Rust texts of one header set.
pub(super) struct Bindings {
    /// Types, constants, functions, and the tables of the API classes.
    pub(super) declarations: String,
    /// The SPI classes with their tables.
    pub(super) callbacks: String,
}

/// Runs bindgen over the decoded headers in `folder`; the error is what it said.
///
/// Twice, for it knows the table of a class only where it reads each of its methods and no destructor: the
/// callbacks have bodies and are read as inline functions, and as such it would read the destructors of the APIs.
pub(super) fn of(folder: &Path) -> Result<Bindings, String> {
    let declarations = builder(folder).generate().map_err(|error| error.to_string())?.to_string();
    let callbacks = builder(folder)
        .generate_inline_functions(true)
        .with_codegen_config(CodegenConfig::TYPES | CodegenConfig::METHODS)
        .allowlist_type("(.*::)?CThostFtdc(Md|Trader)Spi")
        .allowlist_recursively(false)
        .generate()
        .map_err(|error| error.to_string())?
        .to_string();
    Ok(Bindings { declarations, callbacks })
}

fn builder(folder: &Path) -> Builder {
    Builder::default()
        .header(folder.join(MAIN).to_string_lossy())
        .clang_args(["-x", "c++", "-std=c++14", "-nostdinc", "--target=x86_64-unknown-linux-gnu"])
        .detect_include_paths(false)
        .enable_cxx_namespaces()
        .vtable_generation(true)
        .layout_tests(true)
        .default_enum_style(EnumVariation::Consts)
        .prepend_enum_name(false)
        .generate_comments(false)
        .derive_copy(false)
        .derive_debug(false)
        .disable_header_comment()
        .formatter(Formatter::None)
}
