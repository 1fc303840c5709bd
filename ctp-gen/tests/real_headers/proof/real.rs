//! The side that sees the vendor's headers.

use std::fmt::Write as _;

use ctp_gen::{
    Api,
    api::{Class, ClassKind},
};

use super::{SHARED, call_by_name, probe};

/// Writes the translation unit with the assertions, and with `main`.
pub(super) fn text(api: &Api) -> String {
    let mut text = includes(api);
    text.push_str(SHARED);
    text.push_str("const char *called = nullptr;\nint faults = 0, calls = 0;\n");
    types(&mut text, api);
    records(&mut text, api);
    values(&mut text, api);
    let mut main = String::new();
    for kind in ClassKind::ALL {
        let class = api.class(kind);
        let name = &class.c_name;
        text.push_str(&probe(class));
        let _ = writeln!(
            text,
            "struct last_{name} : probe_{name} {{ virtual void last() {{ called = \"last\"; }} }};
static void call_real({name} *object) {{\n{}}}
void call_ours_{name}(void *);
void *make_ours_{name}();",
            call_by_name(class, "the real class")
        );
        main.push_str(&call_slots(class));
    }
    let _ = writeln!(
        text,
        "int main() {{\n    setvbuf(stdout, nullptr, _IONBF, 0); // a wrong slot may end the program\n{main}    printf(\"%d calls, %d faults\\n\", calls, faults);\n    return faults != 0;\n}}"
    );
    text
}

/// Includes the headers and opens their namespace.
pub(crate) fn includes(api: &Api) -> String {
    let mut text = "#include \"ThostFtdcMdApi.h\"\n#include \"ThostFtdcTraderApi.h\"\n".to_owned();
    if let Some(namespace) = &api.namespace {
        let _ = writeln!(text, "using namespace {namespace};");
    }
    text
}

/// Every typedef is the C type of the model.
fn types(text: &mut String, api: &Api) {
    text.push_str("template <class A, class B> struct same { static const bool value = false; };\n");
    text.push_str("template <class A> struct same<A, A> { static const bool value = true; };\n");
    for typedef in &api.typedefs {
        let _ = writeln!(
            text,
            "static_assert(same<{0}, {1}>::value, \"{0} is {1}\");",
            typedef.name, typedef.scalar
        );
    }
}

/// Every record has the model's size; every field its offset, size and type.
fn records(text: &mut String, api: &Api) {
    for record in &api.records {
        let name = &record.c_name;
        let _ = writeln!(text, "static_assert(sizeof({name}) == {}, \"size of {name}\");", record.size);
        for field in &record.fields {
            let (whole, size) = (format!("{name}::{}", field.c_name), api.scalar(field).size());
            let _ = writeln!(
                text,
                "static_assert(offsetof({name}, {}) == {}, \"{whole}\");
static_assert(sizeof({whole}) == {size}, \"size of {whole}\");
static_assert(same<decltype({whole}), {2}>::value, \"{whole} is {2}\");",
                field.c_name, field.offset, field.typedef
            );
        }
    }
}

/// Every constant has the model's value, character by character, and every plain enumeration its numbers.
///
/// The compiler keeps four characters of a constant such as `'102001'`, so its source text is compared, too.
fn values(text: &mut String, api: &Api) {
    text.push_str(
        "constexpr bool alike(const char *a, const char *b) { return *a == *b && (!*a || alike(a + 1, b + 1)); }
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)\n",
    );
    for constant in api.enumerations.iter().flat_map(|enumeration| &enumeration.constants) {
        let (name, value) = (&constant.name, &constant.value);
        let _ = writeln!(
            text,
            "static_assert({name} == '{value}' && alike(TEXT({name}), \"'{value}'\"), \"{name} is '{value}'\");"
        );
    }
    for plain in &api.plain_enums {
        for (name, value) in &plain.values {
            let _ = writeln!(
                text,
                "static_assert({name} == {value} && same<decltype({name}), {}>::value, \"{name} is {value}\");",
                plain.name
            );
        }
    }
}

/// Calls every slot of the real virtual table by its number in the model (System V passes the same registers
/// whatever the parameters are), proves that the table ends where the model does, and calls by name in both
/// directions: our object through the real class, a real object through ours.
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
      call_ours_{name}(static_cast<{name} *>(&probe));
      call_real(static_cast<{name} *>(make_ours_{name}())); }}
",
        names.join(", ")
    )
}
