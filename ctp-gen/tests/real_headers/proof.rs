//! C++ programs that hold a model and its emitted classes against the vendor's real header.
//!
//! Nothing here uses the emitter's own assertions. `real.cpp` includes the vendor's headers, `ours.cpp` the
//! emitted adapter; each calls objects that the other made, through its own idea of the class.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use ctp_gen::{
    Api,
    api::{Class, ClassKind, Method},
    emit::{Output, adapter},
    overlay::Overlay,
};

use crate::{
    cpp::{compiler, output},
    vendor,
};

/// What both translation units begin with.
const SHARED: &str = "#include <stddef.h>
#include <stdio.h>
#include <string.h>
extern const char *called;
extern int faults, calls;
inline void expect(const char *way, const char *name) {
    ++calls;
    if (called && !strcmp(called, name)) { called = nullptr; return; }
    ++faults;
    printf(\"%s: calling %s reached %s\\n\", way, name, called ? called : \"nothing\");
    called = nullptr;
}
";

/// Compiles and runs the proof of `api` against the headers in `include`; returns what the program says.
///
/// # Errors
///
/// Returns what the compiler or the program found wrong.
pub(crate) fn run(api: &Api, include: &Path) -> Result<String, String> {
    let folder = vendor::temporary();
    let write =
        |name: &str, text: String| fs::write(folder.path().join(name), text).map_err(|e| e.to_string());
    write("real.cpp", real(api))?;
    write("ours.cpp", ours(api)?)?;
    let program = folder.path().join("proof");
    output(
        compiler()
            .args(["-O0", "-w", "-I"])
            .arg(include)
            .args(["real.cpp", "ours.cpp", "-o"])
            .arg(&program)
            .current_dir(folder.path()),
    )?;
    output(&mut Command::new(program))
}

/// The side that sees the vendor's headers.
fn real(api: &Api) -> String {
    let mut text = format!("#include \"ThostFtdcMdApi.h\"\n#include \"ThostFtdcTraderApi.h\"\n{SHARED}");
    text.push_str("const char *called = nullptr;\nint faults = 0, calls = 0;\n");
    for record in &api.records {
        let name = &record.c_name;
        let _ = writeln!(text, "static_assert(sizeof({name}) == {}, \"size of {name}\");", record.size);
        for field in &record.fields {
            let (field, offset) = (&field.c_name, field.offset);
            let _ =
                writeln!(text, "static_assert(offsetof({name}, {field}) == {offset}, \"{name}::{field}\");");
            // The type, too: a renamed field of the same width would pass the offsets.
            let typedef =
                record.fields.iter().find(|found| found.c_name == *field).map(|found| &found.typedef);
            if let Some(size) =
                typedef.and_then(|name| api.typedef(name)).map(|typedef| typedef.scalar.size())
            {
                let _ = writeln!(
                    text,
                    "static_assert(sizeof({name}::{field}) == {size}, \"size of {name}::{field}\");"
                );
            }
        }
    }
    let mut main = String::new();
    for kind in ClassKind::ALL {
        let class = api.class(kind);
        if is_spi(kind) {
            text.push_str(&probe(class));
            let _ = writeln!(
                text,
                "struct last_{0} : {0} {{ virtual void last() {{ called = \"last\"; }} }};",
                class.c_name
            );
            let _ = writeln!(text, "void call_{}(void *);", class.c_name);
            main.push_str(&call_slots(class));
        } else {
            let _ = writeln!(text, "void *make_{}();", class.c_name);
            let _ = writeln!(main, "    {{ {0} *object = static_cast<{0} *>(make_{0}());", class.c_name);
            main.push_str(&call_by_name(class, "the real API class"));
            main.push_str("    }\n");
        }
    }
    let _ = writeln!(
        text,
        "int main() {{\n{main}    printf(\"%d calls, %d faults\\n\", calls, faults);\n    return faults != 0;\n}}"
    );
    text
}

/// The side that sees the emitted classes.
fn ours(api: &Api) -> Result<String, String> {
    let adapter_text = Output::Adapter.emit(api, api, Overlay::committed())?;
    let mut text = format!("{adapter_text}{SHARED}namespace ctp_{} {{\n", adapter::identifier(api));
    let mut doors = String::new();
    for kind in ClassKind::ALL {
        let class = api.class(kind);
        let name = format!("ctp_{}::{}", adapter::identifier(api), class.c_name);
        if is_spi(kind) {
            let _ = writeln!(
                text,
                "static void call({0} *object) {{\n{1}}}",
                class.c_name,
                call_by_name(class, "our SPI class")
            );
            let _ = writeln!(
                doors,
                "void call_{}(void *object) {{ call(static_cast<{name} *>(object)); }}",
                class.c_name
            );
        } else {
            text.push_str(&probe(class));
            let _ = writeln!(
                doors,
                "void *make_{0}() {{ static ctp_{1}::probe_{0} probe; return static_cast<{name} *>(&probe); }}",
                class.c_name,
                adapter::identifier(api)
            );
        }
    }
    Ok(format!("{text}}}\n{doors}"))
}

fn is_spi(kind: ClassKind) -> bool {
    matches!(kind, ClassKind::MdSpi | ClassKind::TraderSpi)
}

/// A class that overrides every method and tells which one was called. `override` makes the compiler prove
/// that the base class declares just this method.
fn probe(class: &Class) -> String {
    let mut text = format!("struct probe_{0} : {0} {{\n", class.c_name);
    for method in &class.methods {
        let types: Vec<&str> = method.parameters.iter().map(|parameter| parameter.c_type.as_str()).collect();
        let value = if method.returns == "void" { "" } else { " return 0;" };
        let _ = writeln!(
            text,
            "    {} {}({}) override {{ called = \"{}\";{value} }}",
            method.returns,
            method.name,
            types.join(", "),
            method.name
        );
    }
    text + "};\n"
}

/// Calls every method of `object` by name.
fn call_by_name(class: &Class, way: &str) -> String {
    let mut text = String::new();
    for Method { name, parameters, .. } in &class.methods {
        let zeros: Vec<String> =
            parameters.iter().map(|parameter| format!("({})0", parameter.c_type)).collect();
        let _ = writeln!(
            text,
            "    object->{name}({}); expect(\"{way} {}\", \"{name}\");",
            zeros.join(", "),
            class.c_name
        );
    }
    text
}

/// Calls every slot of the real virtual table by its number in the model (System V passes the same registers
/// whatever the parameters are), and proves that the table ends where the model does.
fn call_slots(class: &Class) -> String {
    let (name, count) = (&class.c_name, class.methods.len());
    let names: Vec<String> = class.methods.iter().map(|method| format!("\"{}\"", method.name)).collect();
    format!(
        "    {{ static const char *const names[] = {{ {}, \"last\" }};
      typedef void (*slot)(void *, void *, void *, int, bool);
      static probe_{name} probe; static last_{name} last;
      {name} *object = &probe;
      for (int i = 0; i < {count}; ++i) {{ (*reinterpret_cast<slot **>(object))[i](object, nullptr, nullptr, 0, false); expect(\"slot of {name}\", names[i]); }}
      object = &last;
      (*reinterpret_cast<slot **>(object))[{count}](object, nullptr, nullptr, 0, false); expect(\"end of {name}\", names[{count}]);
      call_{name}(static_cast<{name} *>(&probe)); }}
",
        names.join(", ")
    )
}
