//! C++ facades of the simulator: a library with one version's own ABI in front of `libctp_sim.so`.
//!
//! A facade holds no exchange logic: it converts records between its version and the current model and
//! passes calls and callbacks on by the current model's slot numbers.

use std::fmt::Write;

use super::{
    adapter::current_slot,
    cpp::{Conversions, Direction, declarations, layout_assertions, parameter_list},
};
use crate::{
    Api,
    api::{ClassKind, Method, Shape},
    overlay::Overlay,
};

/// Which library of a version a facade stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `thostmduserapi_se.so`.
    Md,
    /// `thosttraderapi_se.so`.
    Trader,
}

impl Kind {
    fn classes(self) -> (ClassKind, ClassKind) {
        match self {
            Self::Md => (ClassKind::MdSpi, ClassKind::MdApi),
            Self::Trader => (ClassKind::TraderSpi, ClassKind::TraderApi),
        }
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

/// Emits the C++ facade of `version`.
///
/// # Errors
///
/// Returns an error that names a record or field of `version` that neither maps to `current` by name nor
/// stands in `overlay/renames.toml`.
pub fn cpp(version: &Api, current: &Api, overlay: &Overlay, kind: Kind) -> Result<String, String> {
    let mut conversions = Conversions::new(version, current, overlay)?;
    let (spi, api) = kind.classes();
    let deliver = deliver(version, current, overlay, &mut conversions, spi)?;
    let calls = calls(version, current, overlay, &mut conversions, api)?;
    let (spi_name, api_name) = (spi.c_name(), api.c_name());
    let mut text = format!(
        "// Emitted by ctp-gen from ctp-gen/api/{}.json. Edit the emitter, not this.\n{PRELUDE}",
        version.label()
    );
    let _ = writeln!(text, "namespace {{ namespace ctp_current {{\n{}}} }}", declarations(current, &[]));
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
    Ok(text)
}

/// Writes one case per callback of the version.
fn deliver(
    version: &Api,
    current: &Api,
    overlay: &Overlay,
    conversions: &mut Conversions<'_>,
    spi: ClassKind,
) -> Result<String, String> {
    let mut text = String::new();
    for method in &version.class(spi).methods {
        let Some(slot) = current_slot(current.class(spi), method, overlay) else { continue };
        let Some(Shape::Callback { record, rsp_info, number, is_last }) = method.callback_shape() else {
            continue;
        };
        let mut before = String::new();
        let mut arguments = Vec::new();
        let parts = [
            record.map(|record| (record, "record")),
            rsp_info.then_some(("CThostFtdcRspInfoField", "rsp_info")),
        ];
        for (record, name) in parts.into_iter().flatten() {
            if conversions.passes(record) {
                arguments.push(format!("static_cast<{record} *>(const_cast<void *>({name}))"));
                continue;
            }
            let function = conversions.function(record, Direction::FromCurrent)?;
            let current = conversions.current_name(record);
            let _ = write!(
                before,
                "{record} {name}_version; if ({name}) {function}(*static_cast<const ctp_current::{current} *>({name}), {name}_version); "
            );
            arguments.push(format!("{name} ? &{name}_version : nullptr"));
        }
        arguments.extend(number.then(|| "number".to_owned()));
        arguments.extend(is_last.then(|| "is_last".to_owned()));
        let _ = writeln!(
            text,
            "        case {slot}: {{ {before}spi->{}({}); return; }}",
            method.name,
            arguments.join(", ")
        );
    }
    Ok(text)
}

/// Writes the override of every virtual method of the API class.
fn calls(
    version: &Api,
    current: &Api,
    overlay: &Overlay,
    conversions: &mut Conversions<'_>,
    api: ClassKind,
) -> Result<String, String> {
    let mut text = String::new();
    for method in &version.class(api).methods {
        let slot = current_slot(current.class(api), method, overlay);
        let body = match (slot, method.call_shape()) {
            (_, Some(Shape::LifeCycle)) => life_cycle(method)?,
            (None, _) => left_out(method),
            (Some(slot), Some(Shape::Request { record })) => {
                record_call(conversions, method, record, slot, "nRequestID", true)?
            }
            (_, Some(Shape::RecordCall { record, .. })) if method.name == "GetFrontInfo" => {
                front_info(conversions, method, record)?
            }
            (Some(slot), Some(Shape::RecordCall { record, returns })) => {
                record_call(conversions, method, record, slot, "0", returns)?
            }
            (Some(slot), Some(Shape::Numbered)) => {
                format!("return core.request(instance, {slot}, nullptr, {});", method.parameters[0].name)
            }
            (Some(slot), Some(Shape::Instruments)) => {
                format!(
                    "return core.instruments(instance, {slot}, {}, {});",
                    method.parameters[0].name, method.parameters[1].name
                )
            }
            (Some(_), _) => return Err(format!("{} has a shape that is not understood", method.name)),
        };
        let parameters = parameter_list(&method.parameters, false);
        let unused: String =
            method.extra_parameters().iter().map(|parameter| format!("(void){}; ", parameter.name)).collect();
        let _ = writeln!(
            text,
            "    {} {}({parameters}) override {{ {unused}{body} }}",
            method.returns, method.name
        );
    }
    Ok(text)
}

/// A method that the current model lacks: the core cannot be told about it.
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
