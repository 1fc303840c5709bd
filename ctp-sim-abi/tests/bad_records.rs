//! NULL records, unterminated texts and nonsense in every field, through the facades of three generations.
//!
//! A C++ program calls every request of a version's facade, before login and after it, with NULL and with records of
//! nothing but 0xff, 0x7f and 0 bytes. Each call that is taken is answered, NULL is refused, and what comes after works.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod compiler;

use std::fmt::Write as _;
use std::process::Command;

use ctp_gen::Api;
use ctp_gen::api::ClassKind;
use ctp_gen::emit::{adapter, facade};
use ctp_gen::models;
use ctp_gen::overlay::Overlay;

#[test]
fn bad_records_harm_nobody_6_3_15() {
    check("6.3.15");
}

#[test]
fn bad_records_harm_nobody_6_7_11() {
    check("6.7.11");
}

#[test]
fn bad_records_harm_nobody_6_7_13() {
    check("6.7.13");
}

fn check(version: &str) {
    let version = models::of("se").find(|api| api.version == version).unwrap();
    assert_eq!(run(version, facade::Kind::Trader, &trader(version)), "sound\n");
    assert_eq!(run(version, facade::Kind::Md, &market_data(version)), "sound\n");
}

/// Returns what a program prints that calls the version's facade; `main` has `api` and `adapter`.
fn run(version: &Api, kind: facade::Kind, main: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (current, overlay) = (models::current(), Overlay::committed());
    let library = folder.path().join(kind.file_name(&version.family).unwrap());
    compiler::shared_library(&facade::cpp(version, current, overlay, kind).unwrap(), &library);
    let (short, class) = match kind {
        facade::Kind::Md => ("md", ClassKind::MdApi),
        facade::Kind::Trader => ("trader", ClassKind::TraderApi),
    };
    let name = adapter::identifier(version);
    let factory = &version.class(class).statics[0].symbol;
    let text = format!(
        "{}{CLIENT}
using namespace ctp_{name};
typedef CThostFtdc{class:?} api_class;
{PROBE}
int main(int, char **arguments) {{
    void *library = dlopen(arguments[1], RTLD_NOW);
    if (!library) {{ puts(dlerror()); return 1; }}
    const ctp_adapter *adapter = ctp_adapter_{name}_{short}();
    void *handle = adapter->create(dlsym(library, \"{factory}\"), arguments[3], false, false, false);
    void *spi = adapter->make_spi(deliver, nullptr);
    adapter->register_spi(handle, spi);
    adapter->register_front(handle, arguments[2]);
    api_class *api = static_cast<api_class *>(handle);
{main}    adapter->release(handle);
    adapter->free_spi(spi);
    puts(\"sound\");
}}
",
        adapter::cpp(version, current, overlay).unwrap()
    );
    let program = folder.path().join("client");
    compiler::program(&text, &program);
    let front = format!("sim://bad-records-{}-{short}?seed=3", version.label());
    let mut command = Command::new(program);
    command.arg(&library).arg(front).arg(folder.path().join("flow_"));
    compiler::output(command.env("CTP_SIM_LIBRARY", compiler::core()))
}

/// Every request before and after login; then a query that must have its record.
fn trader(version: &Api) -> String {
    let methods = &version.class(ClassKind::TraderApi).methods;
    let requests =
        methods.iter().filter(|method| method.name.starts_with("Req") && method.parameters.len() == 2);
    let names: Vec<&str> = requests.map(|method| method.name.as_str()).collect();
    assert!(names.len() > 70, "{names:?}");
    // What ends the session, or is ignored in it, comes last.
    let (sessions, others): (Vec<&str>, Vec<&str>) =
        names.iter().partition(|name| name.starts_with("ReqUserLog"));
    let mut main =
        String::from("    api->ReqUserLogin(nullptr, 1);\n    adapter->init(handle);\n    await(0);\n");
    let probe = |main: &mut String, name: &str, answered: bool| {
        let _ = writeln!(main, "    probe(api, &api_class::{name}, \"{name}\", {answered});");
    };
    for name in sessions.iter().filter(|name| **name != "ReqUserLogout").chain(&others) {
        probe(&mut main, name, true);
    }
    main.push_str(
        "    { CThostFtdcReqUserLoginField r = {}; strcpy(r.BrokerID, \"9999\"); strcpy(r.UserID, \"bad\"); \
         strcpy(r.Password, \"simulator\"); api->ReqUserLogin(&r, 7); await(7); }
    { CThostFtdcSettlementInfoConfirmField r = {}; strcpy(r.BrokerID, \"9999\"); strcpy(r.InvestorID, \"bad\"); \
         api->ReqSettlementInfoConfirm(&r, 8); await(8); }\n",
    );
    for name in &others {
        probe(&mut main, name, true);
    }
    main.push_str(
        "    for (int try_ = 0; try_ < 20; ++try_) {
        std::this_thread::sleep_for(std::chrono::milliseconds(600));
        CThostFtdcQryTradingAccountField r = {}; strcpy(r.BrokerID, \"9999\"); strcpy(r.InvestorID, \"bad\");
        if (api->ReqQryTradingAccount(&r, 9000 + try_) != 0) continue;
        if (await(9000 + try_)) break;
        if (try_ == 19) puts(\"no account in the end\");
    }\n",
    );
    for name in &sessions {
        probe(&mut main, name, false);
    }
    main
}

fn market_data(version: &Api) -> String {
    let class = version.class(ClassKind::MdApi);
    let mut main = String::from("    adapter->init(handle);\n    await(0);\n");
    main.push_str("    { CThostFtdcReqUserLoginField r = {}; api->ReqUserLogin(&r, 7); await(7); }\n");
    main.push_str("    static char longest[300]; memset(longest, 0xff, 299); char empty[1] = { 0 };\n");
    for method in &class.methods {
        let name = &method.name;
        if name.contains("ubscribe") {
            let _ = writeln!(
                main,
                "    {{ char *ids[3] = {{ longest, nullptr, empty }};
        if (api->{name}(nullptr, 3) != -1) puts(\"{name} took NULL\");
        if (api->{name}(ids, -1) != -1) puts(\"{name} took -1 ids\");
        if (api->{name}(ids, 0) != 0) puts(\"{name} refused 0 ids\");
        if (api->{name}(ids, 3) != 0) puts(\"{name} refused three ids\"); }}"
            );
        } else if name.starts_with("Req") && method.parameters.len() == 2 {
            let _ = writeln!(main, "    probe(api, &api_class::{name}, \"{name}\", false);");
        }
    }
    main
}

/// Keeps the numbers of answers.
const CLIENT: &str = r#"
#include <chrono>
#include <condition_variable>
#include <dlfcn.h>
#include <map>
#include <mutex>
#include <stdio.h>
#include <thread>
static std::mutex mutex;
static std::condition_variable changed;
// Whether the answer had a record, by number.
static std::map<int, bool> answers;
static void deliver(void *, uint32_t, const void *record, const void *, int32_t number, bool) {
    std::lock_guard<std::mutex> guard(mutex);
    answers[number] = answers[number] || record;
    changed.notify_all();
}
static bool await(int number) {
    std::unique_lock<std::mutex> guard(mutex);
    if (!changed.wait_for(guard, std::chrono::seconds(30), [&] { return answers.count(number) != 0; })) printf("%d was not answered\n", number);
    return answers[number];
}
"#;

const PROBE: &str = r#"
static int number = 100;
template <class R> static void probe(api_class *api, int (api_class::*request)(R *, int), const char *name, bool answered) {
    if ((api->*request)(nullptr, ++number) != -1) printf("%s took NULL\n", name);
    static const int bytes[] = { 0xff, 0x7f, 0 };
    for (int byte : bytes) {
        R record;
        memset(static_cast<void *>(&record), byte, sizeof record);
        int code = (api->*request)(&record, ++number);
        if (code == 0 && answered) await(number);
        else if (answered && code != -2) printf("%s: %d\n", name, code);
    }
}
"#;
