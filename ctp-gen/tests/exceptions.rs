//! A C++ exception of the library never leaves the adapter: Rust could not catch it.

#[path = "support/cpp.rs"]
mod cpp;

use std::{fmt::Write as _, fs, process::Command};

use ctp_gen::{
    api::ClassKind,
    emit::{Output, adapter},
    models,
    overlay::Overlay,
};

/// Calls every function of the adapters of an API whose methods all throw; prints what comes back.
#[test]
fn an_exception_becomes_a_return_code() {
    let api = models::current();
    let name = adapter::identifier(api);
    let mut text = Output::Adapter.emit(api, api, Overlay::committed()).expect("an adapter");
    text.push_str("#include <stdio.h>\n");
    for kind in [ClassKind::MdApi, ClassKind::TraderApi] {
        let class = api.class(kind);
        let _ = writeln!(text, "struct throws_{0} : ctp_{name}::{0} {{", class.c_name);
        for method in &class.methods {
            let types: Vec<String> = method
                .parameters
                .iter()
                .map(|parameter| match api.record(parameter.c_type.trim_end_matches(" *")) {
                    Some(record) => format!("ctp_{name}::{} *", record.c_name),
                    None if parameter.c_type.starts_with("CThost")
                        || parameter.c_type.starts_with("THOST") =>
                    {
                        format!("ctp_{name}::{}", parameter.c_type)
                    }
                    None => parameter.c_type.clone(),
                })
                .collect();
            let _ = writeln!(
                text,
                "    {} {}({}) override {{ throw 1; }}",
                method.returns,
                method.name,
                types.join(", ")
            );
        }
        text.push_str("};\n");
    }
    let _ = writeln!(
        text,
        r#"
static void ask(const char *name, const ctp_adapter *adapter, void *api) {{
    char front[] = "tcp://127.0.0.1:1", record[4096] = {{}};
    char *ids[] = {{ front }};
    void *spi = adapter->make_spi(nullptr, nullptr);
    printf("%s spi %d front %d server %d init %d", name, adapter->register_spi(api, spi) == CTP_EXCEPTION,
        adapter->register_front(api, front) == CTP_EXCEPTION, adapter->register_name_server(api, front) == CTP_EXCEPTION,
        adapter->init(api) == CTP_EXCEPTION);
    if (adapter->subscribe_topic) printf(" topic %d", adapter->subscribe_topic(api, 0, 0, 1) == CTP_EXCEPTION);
    int caught = 0;
    for (uint32_t slot = 0; slot < 200; ++slot) {{
        caught += adapter->call(api, slot, record, 1) == CTP_EXCEPTION;
        caught += adapter->instruments(api, slot, ids, 1) == CTP_EXCEPTION;
    }}
    printf(" calls %d join %d day %d\n", caught, adapter->join(api), adapter->trading_day(api) == nullptr);
    adapter->release(api);
    adapter->free_spi(spi);
}}
int main() {{
    throws_CThostFtdcMdApi md;
    throws_CThostFtdcTraderApi trader;
    ask("md", ctp_adapter_{name}_md(), static_cast<ctp_{name}::CThostFtdcMdApi *>(&md));
    ask("trader", ctp_adapter_{name}_trader(), static_cast<ctp_{name}::CThostFtdcTraderApi *>(&trader));
}}"#
    );
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("throws.cpp"), text).expect("a written file");
    let options = ["-O0", "-w", "throws.cpp", "-o", "throws"];
    cpp::output(cpp::compiler().args(options).current_dir(folder.path())).expect("it compiles");
    let said = cpp::output(&mut Command::new(folder.path().join("throws"))).expect("it ends as usual");
    let carries = |kind: ClassKind| {
        let life_cycle = ["Release", "Init", "Join", "GetTradingDay", "RegisterFront", "RegisterNameServer"];
        let others = ["RegisterSpi", "SubscribePrivateTopic", "SubscribePublicTopic"];
        let methods = api.class(kind).methods.iter().map(|method| method.name.as_str());
        methods.filter(|name| !life_cycle.contains(name) && !others.contains(name)).count()
    };
    let expected = format!(
        "md spi 1 front 1 server 1 init 1 calls {} join -1 day 1\ntrader spi 1 front 1 server 1 init 1 topic 1 calls {} join -1 day 1\n",
        carries(ClassKind::MdApi),
        carries(ClassKind::TraderApi)
    );
    assert_eq!(said, expected);
}
