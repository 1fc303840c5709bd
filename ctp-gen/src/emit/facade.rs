//! C++ facades of the simulator: a library with one version's own ABI in front of `libctp_sim.so`.
//!
//! A facade holds no exchange logic: it converts records between its version and the core's model, the newest
//! of the `se` family, and passes calls and callbacks on by that model's slot numbers. A facade of another
//! family answers connecting, login and logout this way, and has the core answer everything else with "not
//! supported" (`facade/ways.rs`).

mod ways;

use std::fmt::Write;

use self::ways::{Way, Ways};
use super::cpp::{Conversions, Direction, declarations, layout_assertions, parameter_list};
use crate::{
    Api,
    api::{ClassKind, Method, Shape},
    models,
    overlay::Overlay,
};

/// Which library of a version a facade stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Market data.
    Md,
    /// Trading.
    Trader,
}

impl Kind {
    fn classes(self) -> (ClassKind, ClassKind) {
        match self {
            Self::Md => (ClassKind::MdSpi, ClassKind::MdApi),
            Self::Trader => (ClassKind::TraderSpi, ClassKind::TraderApi),
        }
    }

    /// Returns the vendor's file name of this library in `family`; `None` when the family is not known.
    pub fn file_name(self, family: &str) -> Option<&'static str> {
        Some(match (family, self) {
            ("se", Self::Md) => "thostmduserapi_se.so",
            ("se", Self::Trader) => "thosttraderapi_se.so",
            ("mini", Self::Md) => "thostmduserapi.so",
            ("mini", Self::Trader) => "thosttraderapi.so",
            ("sopt", Self::Md) => "soptthostmduserapi_se.so",
            ("sopt", Self::Trader) => "soptthosttraderapi_se.so",
            _ => return None,
        })
    }

    /// The number that `ctp_sim_create` takes.
    fn number(self) -> u32 {
        match self {
            Self::Md => 0,
            Self::Trader => 1,
        }
    }
}

/// The C interface to `libctp_sim.so` (`ctp-sim-abi`), found beside the facade's real file.
const PRELUDE: &str = include_str!("facade/prelude.hpp");

/// Returns the model that the core speaks: `current` where that is of the core's family, else the newest of it.
pub(super) fn core(current: &Api) -> &Api {
    let newest = models::current();
    if current.family == newest.family { current } else { newest }
}

/// Emits the C++ facade of `version` in front of a core that speaks `core`.
///
/// # Errors
///
/// Returns an error that names a record or field of `version` that neither maps to `core` by name nor stands in
/// `overlay/renames.toml`; of another family, a request without entry in `overlay/requests.toml`.
pub fn cpp(version: &Api, core: &Api, overlay: &Overlay, kind: Kind) -> Result<String, String> {
    let (spi, api) = kind.classes();
    let ways = Ways::new(version, core, overlay, kind)?;
    let mut conversions = ways.conversions()?;
    let calls = calls(&ways, &mut conversions)?;
    let deliver = deliver(&ways, &mut conversions)?;
    let (spi_name, api_name) = (spi.c_name(), api.c_name());
    let mut text = format!(
        "// Emitted by ctp-gen from ctp-gen/api/{}.json. Edit the emitter, not this.\n{PRELUDE}",
        version.label()
    );
    let _ = writeln!(text, "namespace {{ namespace ctp_current {{\n{}}} }}", declarations(core, &[]));
    // The vendor's own namespace: the exported names are mangled with it.
    if let Some(namespace) = &version.namespace {
        let _ = writeln!(text, "namespace {namespace} {{");
    }
    let _ = writeln!(text, "{}{}", declarations(version, &[spi, api]), layout_assertions(version));
    let _ = writeln!(
        text,
        "namespace {{
{}class facade : public {api_name} {{
    void *instance = nullptr;
    {spi_name} *spi = nullptr;
public:
    bool open(const char *flow, bool production) {{
        instance = core.create({}, flow, \"{}\", production, deliver, this);
        return instance != nullptr;
    }}
    static void deliver(void *context, uint32_t method, const void *record, const void *rsp_info, int32_t number, bool is_last) {{
        CTP_CALLBACK_FRAME;
        // Nothing of the facade is touched after the client's callback returned: it may have released us.
        (void)record; (void)rsp_info; (void)number; (void)is_last;
        {spi_name} *spi = static_cast<facade *>(context)->spi;
        if (!spi) return;
        switch (method) {{
{deliver}        default: return;
        }}
    }}
{calls}}};
}}",
        conversions.text(),
        kind.number(),
        version.version,
    );
    statics(&mut text, version, api);
    if version.namespace.is_some() {
        text.push_str("}\n");
    }
    Ok(text)
}

/// Writes one case per callback of the version that the core has, or that answers what the core has not.
fn deliver(ways: &Ways<'_>, conversions: &mut Conversions<'_>) -> Result<String, String> {
    let mut text = String::new();
    for (own, method) in ways.spi().methods.iter().enumerate() {
        let Some(Shape::Callback { record, rsp_info, number, is_last }) = method.callback_shape() else {
            continue;
        };
        let arguments = |record: Option<String>, rsp_info: Option<String>| {
            let number = number.then(|| "number".to_owned());
            let is_last = is_last.then(|| "is_last".to_owned());
            [record, rsp_info, number, is_last].into_iter().flatten().collect::<Vec<_>>().join(", ")
        };
        const RSP_INFO: &str = "CThostFtdcRspInfoField";
        if let Some(slot) = ways.callback(method) {
            let mut before = String::new();
            let record = record.map(|record| incoming(conversions, &mut before, record, "record"));
            let info = rsp_info.then(|| incoming(conversions, &mut before, RSP_INFO, "rsp_info"));
            let arguments = arguments(record.transpose()?, info.transpose()?);
            let _ = writeln!(
                text,
                "        case {slot}: {{ {before}spi->{}({arguments}); return; }}",
                method.name
            );
        }
        if ways.answers_unsupported(method)? {
            let mut before = String::new();
            let info = rsp_info.then(|| incoming(conversions, &mut before, RSP_INFO, "rsp_info"));
            let arguments = arguments(record.map(|_| "nullptr".to_owned()), info.transpose()?);
            let number = ways::FOREIGN_CALLBACKS + own;
            let _ = writeln!(
                text,
                "        case {number}: {{ {before}spi->{}({arguments}); return; }}",
                method.name
            );
        }
    }
    Ok(text)
}

/// Writes into `before` how a record of the core becomes one of the version, and returns the argument.
fn incoming(
    conversions: &mut Conversions<'_>,
    before: &mut String,
    record: &str,
    name: &str,
) -> Result<String, String> {
    if conversions.passes(record) {
        return Ok(format!("static_cast<{record} *>(const_cast<void *>({name}))"));
    }
    let function = conversions.function(record, Direction::FromCurrent)?;
    let current = conversions.current_name(record);
    let _ = write!(
        before,
        "{record} {name}_version; if ({name}) {function}(*static_cast<const ctp_current::{current} *>({name}), {name}_version); "
    );
    Ok(format!("{name} ? &{name}_version : nullptr"))
}

/// Writes the override of every virtual method of the API class.
fn calls(ways: &Ways<'_>, conversions: &mut Conversions<'_>) -> Result<String, String> {
    let mut text = String::new();
    for method in &ways.api().methods {
        let way = ways.call(method)?;
        let mut unused = method.extra_parameters();
        let body = match (way, method.call_shape()) {
            (_, Some(Shape::LifeCycle)) => {
                unused = if method.name == "Init" { &method.parameters } else { &[] };
                life_cycle(method)?
            }
            (Way::LeftOut, _) => left_out(method),
            (Way::Accepted, _) => {
                unused = &method.parameters;
                if method.returns == "void" { String::new() } else { "return 0;".to_owned() }
            }
            (Way::Unsupported { callback, is_query }, shape) => {
                let (names, number) = match shape {
                    Some(Shape::Request { .. }) => {
                        (&method.parameters[..1], method.parameters[1].name.as_str())
                    }
                    Some(Shape::Numbered) => (&[][..], method.parameters[0].name.as_str()),
                    _ => (&method.parameters[..], "0"),
                };
                let ignored: String =
                    names.iter().map(|parameter| format!("(void){}; ", parameter.name)).collect();
                format!(
                    "{ignored}return core.answer_unsupported(instance, {}, {is_query}, {number});",
                    ways::FOREIGN_CALLBACKS + callback
                )
            }
            (Way::Core(slot), Some(Shape::Request { record })) => {
                let number = method.parameters[1].name.as_str();
                record_call(conversions, method, record, slot, number, true)?
            }
            (Way::Core(_), Some(Shape::RecordCall { record, .. })) if method.name == "GetFrontInfo" => {
                front_info(conversions, method, record)?
            }
            (Way::Core(slot), Some(Shape::RecordCall { record, returns })) => {
                record_call(conversions, method, record, slot, "0", returns)?
            }
            (Way::Core(slot), Some(Shape::Numbered)) => {
                format!("return core.request(instance, {slot}, nullptr, {});", method.parameters[0].name)
            }
            (Way::Core(slot), Some(Shape::Instruments)) => {
                format!(
                    "return core.instruments(instance, {slot}, {}, {});",
                    method.parameters[0].name, method.parameters[1].name
                )
            }
            (Way::Core(_), _) => return Err(format!("{} has a shape that is not understood", method.name)),
        };
        let parameters = parameter_list(&method.parameters, false);
        let unused: String = unused.iter().map(|parameter| format!("(void){}; ", parameter.name)).collect();
        let _ = writeln!(
            text,
            "    {} {}({parameters}) override {{ {unused}{body} }}",
            method.returns, method.name
        );
    }
    Ok(text)
}

/// A method that the core lacks: it cannot be told about it.
fn left_out(method: &Method) -> String {
    let result = if method.returns == "void" { "" } else { " return -1;" };
    format!("fprintf(stderr, \"ctp-sim: {} is not in the current model\\n\");{result}", method.name)
}

fn record_call(
    conversions: &mut Conversions<'_>,
    method: &Method,
    record: &str,
    slot: usize,
    request_id: &str,
    returns: bool,
) -> Result<String, String> {
    let parameter = &method.parameters[0].name;
    let (before, argument) = match conversions.passes(record) {
        true => (String::new(), parameter.clone()),
        false => {
            let function = conversions.function(record, Direction::ToCurrent)?;
            let current = conversions.current_name(record);
            let before = format!(
                "ctp_current::{current} current; if ({parameter}) {function}(*{parameter}, current); "
            );
            (before, format!("{parameter} ? &current : nullptr"))
        }
    };
    let result = if returns { "return " } else { "" };
    Ok(format!("{before}{result}core.request(instance, {slot}, {argument}, {request_id});"))
}

fn front_info(conversions: &mut Conversions<'_>, method: &Method, record: &str) -> Result<String, String> {
    let parameter = &method.parameters[0].name;
    if conversions.passes(record) {
        return Ok(format!("if ({parameter}) core.front_info(instance, {parameter});"));
    }
    let function = conversions.function(record, Direction::FromCurrent)?;
    let current = conversions.current_name(record);
    Ok(format!(
        "ctp_current::{current} current; if ({parameter} && core.front_info(instance, &current) == 0) {function}(current, *{parameter});"
    ))
}

fn life_cycle(method: &Method) -> Result<String, String> {
    let argument = |position: usize| method.parameters.get(position).map_or("", |parameter| &parameter.name);
    Ok(match method.name.as_str() {
        "Release" => "core.release(instance); free(this);".to_owned(),
        "Init" => "core.init(instance);".to_owned(),
        "Join" => "return core.join(instance);".to_owned(),
        "GetTradingDay" => "return core.trading_day(instance);".to_owned(),
        "RegisterFront" => format!("core.register_front(instance, {});", argument(0)),
        "RegisterNameServer" => format!("core.register_name_server(instance, {});", argument(0)),
        "RegisterSpi" => format!("spi = {};", argument(0)),
        "SubscribePrivateTopic" => {
            let sequence = if method.parameters.len() > 1 { argument(1) } else { "1" };
            format!("core.subscribe_topic(instance, 0, {}, {sequence});", argument(0))
        }
        "SubscribePublicTopic" => format!("core.subscribe_topic(instance, 1, {}, 1);", argument(0)),
        other => return Err(format!("the facade does not know {other}")),
    })
}

/// Writes the exported factory and version functions.
fn statics(text: &mut String, version: &Api, api: ClassKind) {
    let class = version.class(api);
    for method in &class.statics {
        let parameters = parameter_list(&method.parameters, false);
        let _ = writeln!(text, "{} {}::{}({parameters}) {{", method.returns, class.c_name, method.name);
        if method.name == "GetApiVersion" {
            let _ = writeln!(text, "    return \"v{}_CTPSIM_20261120 00:00:00\";\n}}", version.version);
            continue;
        }
        if !method.name.starts_with("Create") {
            // None that a client needs is known.
            let zero = if method.returns == "void" { "" } else { "    return {};\n" };
            let _ = writeln!(text, "{zero}}}");
            continue;
        }
        let production = method.parameters.iter().find(|parameter| parameter.name == "bIsProductionMode");
        for parameter in method.parameters.iter().filter(|parameter| parameter.c_type.ends_with("bool")) {
            let _ = writeln!(text, "    (void){};", parameter.name);
        }
        let _ = writeln!(
            text,
            "    if (!load_core()) return nullptr;
    void *memory = malloc(sizeof(facade));
    if (!memory) return nullptr;
    facade *made = new (memory) facade;
    if (made->open({}, {})) return made;
    free(memory);
    return nullptr;
}}",
            method.parameters[0].name,
            production.map_or("true", |parameter| &parameter.name)
        );
    }
}
