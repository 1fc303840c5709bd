//! C++ client adapters: one version's classes behind a table of C functions.
//!
//! Towards Rust everything speaks the current model: method numbers are its slots, records are its
//! records. Callbacks all leave through one function (`ctp_deliver`) instead of one per callback: the
//! unwind guard, the fault flag and the poison test then stand in one place, and a consumer that treats
//! callbacks alike (Python, a recorder) needs no code per callback.

use std::fmt::Write;

use super::cpp::{Conversions, Direction, declarations, layout_assertions};
use crate::{
    Api,
    api::{Class, ClassKind, Method, Shape},
    overlay::Overlay,
};

/// Text that every adapter begins with: the C interface between Rust and the adapters.
/// `ctp-sys/src/adapter.rs` mirrors it.
pub(super) const PRELUDE: &str = r#"#include <stddef.h>
#include <stdint.h>
#include <string.h>
#define CTP_EXPORT
typedef void (*ctp_deliver)(void *context, uint32_t method, const void *record, const void *rsp_info, int32_t number, bool is_last);
struct ctp_adapter {
    void *(*create)(void *factory, const char *flow, bool udp, bool multicast, bool production);
    void (*release)(void *api);
    int64_t (*init)(void *api);
    int32_t (*join)(void *api);
    const char *(*trading_day)(void *api);
    int64_t (*register_front)(void *api, char *address);
    int64_t (*register_name_server)(void *api, char *address);
    void *(*make_spi)(ctp_deliver deliver, void *context);
    void (*free_spi)(void *spi);
    int64_t (*register_spi)(void *api, void *spi);
    int64_t (*subscribe_topic)(void *api, uint32_t topic, int32_t resume_type, int32_t sequence);
    int64_t (*call)(void *api, uint32_t method, void *record, int32_t request_id);
    int64_t (*instruments)(void *api, uint32_t method, char **ids, int32_t count);
};
static const int64_t CTP_NOT_IN_VERSION = -(INT64_C(1) << 40);
static const int64_t CTP_EXCEPTION = -(INT64_C(2) << 40);
static const int64_t CTP_DOES_NOT_FIT = -(INT64_C(3) << 40); // minus the field's position + 1 in the current record
"#;

/// Emits the C++ adapter of `version`: market data and trading.
///
/// # Errors
///
/// Returns an error that names a record or field of `version` that neither maps to `current` by name nor
/// stands in `overlay/renames.toml`. Methods without counterpart are left out ([`unmapped`]).
pub fn cpp(version: &Api, current: &Api, overlay: &Overlay) -> Result<String, String> {
    let mut conversions = Conversions::new(version, current, overlay)?;
    let md = side(version, current, overlay, &mut conversions, ClassKind::MdSpi, ClassKind::MdApi)?;
    let trader =
        side(version, current, overlay, &mut conversions, ClassKind::TraderSpi, ClassKind::TraderApi)?;
    let (label, name) = (version.label(), identifier(version));
    let mut text = format!(
        "// Emitted by ctp-gen from ctp-gen/api/{label}.json. Edit the emitter, not this.\n{PRELUDE}"
    );
    let _ = writeln!(text, "namespace {{ namespace ctp_current {{\n{}}} }}", declarations(current, &[]));
    let _ = writeln!(
        text,
        "namespace ctp_{name} {{\n{}{}",
        declarations(version, &ClassKind::ALL),
        layout_assertions(version)
    );
    let _ = writeln!(text, "namespace {{\n{}{md}{trader}}} }}", conversions.text());
    for kind in ["md", "trader"] {
        let _ = writeln!(
            text,
            "extern \"C\" const ctp_adapter *ctp_adapter_{name}_{kind}() {{ static const ctp_adapter adapter = ctp_{name}::{kind}_adapter; return &adapter; }}"
        );
    }
    Ok(text)
}

/// Returns `se_6_7_13`: the name of a version inside identifiers. A label may be a folder's name: what no
/// identifier can hold becomes `_`.
pub fn identifier(version: &Api) -> String {
    version.label().replace(|letter: char| !letter.is_ascii_alphanumeric(), "_")
}

/// Emits the Rust table of adapters: family, version, the patch marks that share its layout (`""` is no mark),
/// factory symbols, and the functions that return the adapters.
pub fn rust<'a>(versions: impl IntoIterator<Item = &'a Api>, overlay: &Overlay) -> String {
    let (mut externs, mut rows) = (String::new(), String::new());
    for version in versions {
        let name = identifier(version);
        let _ = writeln!(
            externs,
            "    fn ctp_adapter_{name}_md() -> *const Adapter;\n    fn ctp_adapter_{name}_trader() -> *const Adapter;"
        );
        let side = |kind: ClassKind, short: &str| {
            let class = version.class(kind);
            let factory = class.statics.iter().find(|method| method.name.starts_with("Create"));
            let production = factory.is_some_and(|factory| {
                factory.parameters.iter().any(|parameter| parameter.name == "bIsProductionMode")
            });
            let symbol = factory.map_or("", |factory| &factory.symbol);
            format!(
                "Side {{ adapter: ctp_adapter_{name}_{short}, factory: c\"{symbol}\", has_production_mode: {production} }}"
            )
        };
        let _ = writeln!(
            rows,
            "    Version {{ family: {:?}, version: {:?}, patches: &{:?}, md: {}, trader: {} }},",
            version.family,
            version.version,
            overlay.patches(&version.family, &version.version),
            side(ClassKind::MdApi, "md"),
            side(ClassKind::TraderApi, "trader"),
        );
    }
    format!("unsafe extern \"C\" {{\n{externs}}}\n\npub(crate) static VERSIONS: &[Version] = &[\n{rows}];\n")
}

fn side(
    version: &Api,
    current: &Api,
    overlay: &Overlay,
    conversions: &mut Conversions<'_>,
    spi: ClassKind,
    api: ClassKind,
) -> Result<String, String> {
    let short = if spi == ClassKind::MdSpi { "md" } else { "trader" };
    let (spi_class, api_class) = (version.class(spi), version.class(api));
    let mut text = format!(
        "struct {short}_shim final : {} {{\n    ctp_deliver deliver; void *context;\n",
        spi_class.c_name
    );
    for method in &spi_class.methods {
        let Some(slot) = current_slot(current.class(spi), method, overlay) else { continue };
        callback(&mut text, conversions, method, slot)?;
    }
    text.push_str("};\n");
    let name = &api_class.c_name;
    let _ = write!(
        text,
        "static void *{short}_make_spi(ctp_deliver deliver, void *context) {{ {short}_shim *shim = new {short}_shim; shim->deliver = deliver; shim->context = context; return shim; }}
static void {short}_free_spi(void *spi) {{ delete static_cast<{short}_shim *>(spi); }}
static int64_t {short}_register_spi(void *api, void *spi) {{ try {{ static_cast<{name} *>(api)->RegisterSpi(static_cast<{short}_shim *>(spi)); return 0; }} catch (...) {{ return CTP_EXCEPTION; }} }}
static void {short}_release(void *api) {{ try {{ static_cast<{name} *>(api)->Release(); }} catch (...) {{}} }}
static int32_t {short}_join(void *api) {{ try {{ return static_cast<{name} *>(api)->Join(); }} catch (...) {{ return -1; }} }}
static const char *{short}_trading_day(void *api) {{ try {{ return static_cast<{name} *>(api)->GetTradingDay(); }} catch (...) {{ return nullptr; }} }}
static int64_t {short}_register_front(void *api, char *address) {{ try {{ static_cast<{name} *>(api)->RegisterFront(address); return 0; }} catch (...) {{ return CTP_EXCEPTION; }} }}
"
    );
    // mini has none.
    let name_server = match api_class.slot("RegisterNameServer") {
        Some(_) => {
            let _ = writeln!(
                text,
                "static int64_t {short}_register_name_server(void *api, char *address) {{ try {{ static_cast<{name} *>(api)->RegisterNameServer(address); return 0; }} catch (...) {{ return CTP_EXCEPTION; }} }}"
            );
            format!("{short}_register_name_server")
        }
        None => "nullptr".to_owned(),
    };
    // mini's `Init(bool bContinuous = false)`.
    let parameter = api_class.method("Init").and_then(|init| init.parameters.first());
    let init = parameter.map_or("", |parameter| parameter.default.as_deref().unwrap_or("false"));
    let _ = writeln!(
        text,
        "static int64_t {short}_init(void *api) {{ try {{ static_cast<{name} *>(api)->Init({init}); return 0; }} catch (...) {{ return CTP_EXCEPTION; }} }}"
    );
    create(&mut text, short, api_class);
    calls(&mut text, short, version, current, overlay, conversions, api)?;
    let topics = if api_class.slot("SubscribePrivateTopic").is_some() {
        topics(&mut text, short, version, api_class);
        format!("{short}_subscribe_topic")
    } else {
        "nullptr".to_owned()
    };
    let _ = writeln!(
        text,
        "constexpr ctp_adapter {short}_adapter = {{ {short}_create, {short}_release, {short}_init, {short}_join, {short}_trading_day, {short}_register_front, {name_server}, {short}_make_spi, {short}_free_spi, {short}_register_spi, {topics}, {short}_call, {short}_instruments }};"
    );
    Ok(text)
}

/// Returns the slot that a version's method has in the current model.
pub(super) fn current_slot(current: &Class, method: &Method, overlay: &Overlay) -> Option<usize> {
    let renamed = overlay.renames.current_method(&current.c_name, &method.name);
    current.slot(&method.name).or_else(|| current.slot(renamed))
}

/// Returns a line for every method of `version` that `current` has neither under its name nor under one
/// of `overlay/renames.toml`: such a call is not offered, such a callback is not delivered.
///
/// Build scripts print the lines as warnings; for the committed models there are none.
pub fn unmapped(version: &Api, current: &Api, overlay: &Overlay) -> Vec<String> {
    let missing = |kind: ClassKind| {
        let methods = version.class(kind).methods.iter();
        methods.filter(move |method| current_slot(current.class(kind), method, overlay).is_none()).map(move |method| {
            format!(
                "{}::{} of {} has no counterpart in {}: it is left out; if it was renamed, name it in ctp-gen/overlay/renames.toml",
                kind.c_name(),
                method.name,
                version.label(),
                current.label()
            )
        })
    };
    ClassKind::ALL.into_iter().flat_map(missing).collect()
}

/// Writes the override of one callback.
fn callback(
    text: &mut String,
    conversions: &mut Conversions<'_>,
    method: &Method,
    slot: usize,
) -> Result<(), String> {
    let Some(Shape::Callback { record, rsp_info, number, is_last }) = method.callback_shape() else {
        return Err(format!("callback {} has a shape that is not understood", method.name));
    };
    let mut parameters = Vec::new();
    let mut body = String::new();
    let mut pointer = |text: &mut String, record: &str, name: &str| -> Result<String, String> {
        parameters.push(format!("{record} *{name}"));
        if conversions.passes(record) {
            return Ok(name.to_owned());
        }
        let function = conversions.function(record, Direction::ToCurrent)?;
        let current = conversions.current_name(record);
        let _ = write!(
            text,
            "ctp_current::{current} {name}_current; if ({name}) {function}(*{name}, {name}_current); "
        );
        Ok(format!("{name} ? &{name}_current : nullptr"))
    };
    let record_pointer = match record {
        Some(record) => pointer(&mut body, record, "record")?,
        None => "nullptr".to_owned(),
    };
    let rsp_info_pointer = match rsp_info {
        true => pointer(&mut body, "CThostFtdcRspInfoField", "rsp_info")?,
        false => "nullptr".to_owned(),
    };
    parameters.extend(number.then(|| "int number".to_owned()));
    parameters.extend(is_last.then(|| "bool is_last".to_owned()));
    let (number, is_last) = (if number { "number" } else { "0" }, if is_last { "is_last" } else { "true" });
    let _ = writeln!(
        text,
        "    void {}({}) override {{ {body}deliver(context, {slot}, {record_pointer}, {rsp_info_pointer}, {number}, {is_last}); }}",
        method.name,
        parameters.join(", ")
    );
    Ok(())
}

/// Writes the call of the factory, whose parameters grew over the versions.
fn create(text: &mut String, short: &str, api: &Class) {
    let parameters = api
        .statics
        .iter()
        .find(|method| method.name.starts_with("Create"))
        .map_or(&[][..], |factory| &factory.parameters);
    let types: Vec<&str> = parameters.iter().map(|parameter| parameter.c_type.as_str()).collect();
    let arguments: Vec<&str> = parameters
        .iter()
        .map(|parameter| match parameter.name.as_str() {
            "bIsUsingUdp" => "udp",
            "bIsMulticast" => "multicast",
            "bIsProductionMode" => "production",
            _ => "flow",
        })
        .collect();
    let _ = writeln!(
        text,
        "static void *{short}_create(void *factory, const char *flow, bool udp, bool multicast, bool production) {{
    (void)udp; (void)multicast; (void)production;
    try {{ return reinterpret_cast<{} *(*)({})>(factory)({}); }} catch (...) {{ return nullptr; }}
}}",
        api.c_name,
        types.join(", "),
        arguments.join(", ")
    );
}

/// Writes the calls that carry a record, and those that carry instrument ids.
fn calls(
    text: &mut String,
    short: &str,
    version: &Api,
    current: &Api,
    overlay: &Overlay,
    conversions: &mut Conversions<'_>,
    api: ClassKind,
) -> Result<(), String> {
    let class = version.class(api);
    let (mut records, mut instruments) = (String::new(), String::new());
    for method in &class.methods {
        let Some(slot) = current_slot(current.class(api), method, overlay) else { continue };
        let name = &method.name;
        match method.call_shape() {
            Some(Shape::Request { record }) => {
                let (before, argument) = outgoing(conversions, record)?;
                let (made_up, extra) = extra_arguments(method);
                let _ = writeln!(
                    records,
                    "    case {slot}: {{ {before}{made_up}return self->{name}({argument}, request_id{extra}); }}"
                );
            }
            Some(Shape::Numbered) => {
                let _ = writeln!(records, "    case {slot}: return self->{name}(request_id);");
            }
            Some(Shape::RecordCall { record, returns }) => {
                let (before, argument) = outgoing(conversions, record)?;
                let after = match name.starts_with("Get") && !conversions.passes(record) {
                    true => format!(
                        " {}(version, *static_cast<ctp_current::{} *>(record));",
                        conversions.function(record, Direction::ToCurrent)?,
                        conversions.current_name(record)
                    ),
                    false => String::new(),
                };
                let (result, value) = if returns { ("int64_t result = ", "result") } else { ("", "0") };
                let _ = writeln!(
                    records,
                    "    case {slot}: {{ {before}{result}self->{name}({argument});{after} return {value}; }}"
                );
            }
            Some(Shape::Instruments) => {
                let _ = writeln!(instruments, "    case {slot}: return self->{name}(ids, count);");
            }
            _ => {}
        }
    }
    for (function, parameters, cases) in [
        ("call", "void *record, int32_t request_id", records),
        ("instruments", "char **ids, int32_t count", instruments),
    ] {
        let unused = parameters.split(", ").filter_map(|parameter| parameter.rsplit([' ', '*']).next());
        let unused: String = unused.map(|name| format!("(void){name}; ")).collect();
        let _ = writeln!(
            text,
            "static int64_t {short}_{function}(void *api, uint32_t method, {parameters}) {{
    {unused}
    {0} *self = static_cast<{0} *>(api); (void)self;
    try {{ switch (method) {{
{cases}    default: return CTP_NOT_IN_VERSION;
    }} }} catch (...) {{ return CTP_EXCEPTION; }}
}}",
            class.c_name
        );
    }
    Ok(())
}

/// Returns the declarations of what a request takes beside record and number, zero and empty, and the arguments.
fn extra_arguments(method: &Method) -> (String, String) {
    let (mut declared, mut arguments) = (String::new(), String::new());
    for (position, parameter) in method.extra_parameters().iter().enumerate() {
        let _ = match parameter.c_type.strip_suffix(" *") {
            // As long as any text of the API, in case the library reads a fixed length.
            Some(_) => write!(declared, "char extra{position}[512] = {{}}; "),
            None => write!(declared, "{} extra{position} = 0; ", parameter.c_type),
        };
        let _ = write!(arguments, ", extra{position}");
    }
    (declared, arguments)
}

/// Returns what stands before a call, and the argument.
fn outgoing(conversions: &mut Conversions<'_>, record: &str) -> Result<(String, String), String> {
    if conversions.passes(record) {
        return Ok((String::new(), format!("static_cast<{record} *>(record)")));
    }
    let function = conversions.function(record, Direction::FromCurrent)?;
    let current = conversions.current_name(record);
    let mut before = format!(
        "const ctp_current::{current} &given = *static_cast<const ctp_current::{current} *>(record); {record} version; if (int overlong = {function}(given, version)) return CTP_DOES_NOT_FIT - overlong; "
    );
    // What the version cannot carry is refused, not left out in silence.
    if let Some(unsent) = conversions.unsent(record, "given") {
        let _ = write!(before, "if (int unsent = {unsent}) return CTP_DOES_NOT_FIT - unsent; ");
    }
    Ok((before, "&version".to_owned()))
}

/// Writes the subscription of the private and public stream; resume types that the version lacks are refused.
fn topics(text: &mut String, short: &str, version: &Api, api: &Class) {
    let known = version
        .plain_enums
        .iter()
        .filter(|plain_enum| plain_enum.name == "THOST_TE_RESUME_TYPE")
        .flat_map(|plain_enum| &plain_enum.values)
        .map(|(_, value)| format!("resume_type != {value}"))
        .collect::<Vec<_>>()
        .join(" && ");
    let numbered = api.method("SubscribePrivateTopic").is_some_and(|method| method.parameters.len() == 2);
    let sequence = if numbered { ", sequence" } else { "" };
    let _ = writeln!(
        text,
        "static int64_t {short}_subscribe_topic(void *api, uint32_t topic, int32_t resume_type, int32_t sequence) {{
    (void)sequence;
    if ({known}) return CTP_NOT_IN_VERSION;
    {0} *self = static_cast<{0} *>(api);
    THOST_TE_RESUME_TYPE type = static_cast<THOST_TE_RESUME_TYPE>(resume_type);
    try {{ if (topic == 0) self->SubscribePrivateTopic(type{sequence}); else self->SubscribePublicTopic(type); return 0; }} catch (...) {{ return CTP_EXCEPTION; }}
}}",
        api.c_name
    );
}
