//! The facades of mini and sopt: connecting, login and logout answer, everything else says "not supported".
//!
//! A C++ program with the emitted client adapter in it loads an emitted facade, calls, and prints what comes back;
//! so this is the way of a client, with nothing of the vendor's.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[expect(dead_code, reason = "the client of the C functions does more than is needed here")]
mod client;
mod compiler;

use std::fmt::Write as _;
use std::process::Command;

use client::{Client, TRADER};
use ctp_gen::Api;
use ctp_gen::api::ClassKind;
use ctp_gen::emit::{adapter, facade};
use ctp_gen::models;
use ctp_gen::overlay::Overlay;
use ctp_types::{InstrumentField, QryInstrumentField, ReqUserLoginField, Text, TraderRequest};

/// One side of one version's library.
struct Side {
    version: &'static Api,
    kind: facade::Kind,
}

/// What a client does, one after the other; each step prints a line.
enum Step<'a> {
    /// Calls a method with its record and a number.
    Call(&'a str, Record, i32),
    /// Subscribes to an instrument.
    Instruments(&'a str, &'a str),
    /// Waits for a callback.
    Callback(&'a str),
}

/// What a record is filled with.
enum Record {
    Zero,
    Credentials,
    None,
}

#[test]
fn a_mini_trader_logs_in_and_the_rest_is_not_supported() {
    let steps = [
        Step::Callback("OnFrontConnected"),
        Step::Call("ReqAuthenticate", Record::Credentials, 1),
        Step::Callback("OnRspAuthenticate"),
        Step::Call("ReqUserLoginEncrypt", Record::Credentials, 2),
        Step::Callback("OnRspUserLogin"),
        Step::Call("ReqQryTradingAccount", Record::Zero, 3),
        Step::Callback("OnRspQryTradingAccount"),
        Step::Call("ReqOrderInsert", Record::Zero, 4),
        Step::Callback("OnRspOrderInsert"),
        Step::Call("ReqSubscribeFundChange", Record::None, 5),
        Step::Callback("OnRspSubscribeFundChange"),
        Step::Instruments("SubscribeFlowCtrlWarning", "rb"),
        Step::Callback("OnRspSubscribeFlowCtrlWarning"),
        Step::Call("ReqUserLogout", Record::Credentials, 6),
        Step::Callback("OnRspUserLogout"),
    ];
    let expected = "\
ReqUserLogin before it is connected: -1
OnFrontConnected
ReqAuthenticate: 0
OnRspAuthenticate record error 0 number 1 last
ReqUserLoginEncrypt: 0
OnRspUserLogin record error 0 number 2 last
ReqQryTradingAccount: 0
OnRspQryTradingAccount number 3 last
ReqOrderInsert: 0
OnRspOrderInsert error 27 number 4 last
ReqSubscribeFundChange: 0
OnRspSubscribeFundChange error 27 number 5 last
SubscribeFlowCtrlWarning: 0
OnRspSubscribeFlowCtrlWarning error 27 last
ReqUserLogout: 0
OnRspUserLogout record error 0 number 6 last
released
";
    for version in newest_and_oldest("mini") {
        let side = Side { version, kind: facade::Kind::Trader };
        assert_eq!(side.run(&steps), expected, "{}", version.label());
    }
}

#[test]
fn a_sopt_trader_logs_in_and_the_rest_is_not_supported() {
    let steps = [
        Step::Callback("OnFrontConnected"),
        Step::Call("ReqUserLogin", Record::Credentials, 1),
        Step::Callback("OnRspUserLogin"),
        Step::Call("ReqQryETFOptionInstrCommRate", Record::Zero, 2),
        Step::Callback("OnRspQryETFOptionInstrCommRate"),
        Step::Call("ReqQryMaxOrderVolume", Record::Zero, 3),
        Step::Callback("OnRspQryMaxOrderVolume"),
        Step::Call("ReqLockInsert", Record::Zero, 4),
        Step::Callback("OnRspLockInsert"),
        Step::Call("ReqUserLogout", Record::Credentials, 5),
        Step::Callback("OnRspUserLogout"),
    ];
    let expected = "\
ReqUserLogin before it is connected: -1
OnFrontConnected
ReqUserLogin: 0
OnRspUserLogin record error 0 number 1 last
ReqQryETFOptionInstrCommRate: 0
OnRspQryETFOptionInstrCommRate number 2 last
ReqQryMaxOrderVolume: 0
OnRspQryMaxOrderVolume number 3 last
ReqLockInsert: 0
OnRspLockInsert error 27 number 4 last
ReqUserLogout: 0
OnRspUserLogout record error 0 number 5 last
released
";
    for version in newest_and_oldest("sopt") {
        let side = Side { version, kind: facade::Kind::Trader };
        assert_eq!(side.run(&steps), expected, "{}", version.label());
    }
}

/// Its records are the core's, field by field.
#[test]
fn mini_receives_ticks() {
    let contract = contract("rb");
    let steps = [
        Step::Callback("OnFrontConnected"),
        Step::Call("ReqUserLogin", Record::Credentials, 1),
        Step::Callback("OnRspUserLogin"),
        Step::Instruments("SubscribeMarketData", &contract),
        Step::Callback("OnRspSubMarketData"),
        Step::Callback("OnRtnDepthMarketData"),
    ];
    let expected = "\
ReqUserLogin before it is connected: -1
OnFrontConnected
ReqUserLogin: 0
OnRspUserLogin record error 0 number 1 last
SubscribeMarketData: 0
OnRspSubMarketData record error 0 last
OnRtnDepthMarketData record
released
";
    let side = Side { version: models::current_of("mini").unwrap(), kind: facade::Kind::Md };
    assert_eq!(side.run(&steps), expected);
}

/// Its ticks have fields that the core has not: the subscription is refused rather than half filled.
#[test]
fn sopt_has_no_ticks() {
    let steps = [
        Step::Callback("OnFrontConnected"),
        Step::Call("ReqUserLogin", Record::Zero, 1),
        Step::Callback("OnRspUserLogin"),
        Step::Instruments("SubscribeMarketData", "10007328"),
        Step::Callback("OnRspSubMarketData"),
        Step::Call("ReqUserLogout", Record::Zero, 2),
        Step::Callback("OnRspUserLogout"),
    ];
    let expected = "\
ReqUserLogin before it is connected: -1
OnFrontConnected
ReqUserLogin: 0
OnRspUserLogin record error 0 number 1 last
SubscribeMarketData: 0
OnRspSubMarketData error 27 last
ReqUserLogout: 0
OnRspUserLogout record error 0 number 2 last
released
";
    let side = Side { version: models::current_of("sopt").unwrap(), kind: facade::Kind::Md };
    assert_eq!(side.run(&steps), expected);
}

fn newest_and_oldest(family: &'static str) -> [&'static Api; 2] {
    [models::current_of(family).unwrap(), models::of(family).last().unwrap()]
}

/// Returns the first listed contract of a product, as any client of the exchange sees it today.
fn contract(product: &str) -> String {
    let trader = Client::connected(TRADER, "sim://families-contract");
    let mut login = ReqUserLoginField::default();
    login.broker_id.set("9999").unwrap();
    login.user_id.set("families").unwrap();
    login.password.set("simulator").unwrap();
    assert_eq!(trader.trader(TraderRequest::ReqUserLogin, &login, 1), 0);
    trader.next("OnRspUserLogin");
    let query = QryInstrumentField { product_id: Text::new(product).unwrap(), ..Default::default() };
    assert_eq!(trader.trader(TraderRequest::ReqQryInstrument, &query, 2), 0);
    trader.next("OnRspQryInstrument").record::<InstrumentField>().instrument_id.to_str().into_owned()
}

impl Side {
    fn short(&self) -> (&'static str, ClassKind, ClassKind) {
        match self.kind {
            facade::Kind::Md => ("md", ClassKind::MdSpi, ClassKind::MdApi),
            facade::Kind::Trader => ("trader", ClassKind::TraderSpi, ClassKind::TraderApi),
        }
    }

    /// Returns what a client of the version's facade prints that takes `steps`.
    fn run(&self, steps: &[Step<'_>]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let facade = facade::cpp(self.version, models::current(), Overlay::committed(), self.kind).unwrap();
        let library = folder.path().join(self.kind.file_name(&self.version.family).unwrap());
        compiler::shared_library(&facade, &library);
        let program = folder.path().join("client");
        compiler::program(&self.client(steps), &program);
        let label = self.version.label();
        let front = format!("sim://families-{label}?seed=3");
        let mut command = Command::new(program);
        command.arg(&library).arg(front).arg(folder.path().join("flow_"));
        compiler::output(command.env("CTP_SIM_LIBRARY", compiler::core()))
    }

    /// Returns the client: the version's adapter and a `main` behind it.
    fn client(&self, steps: &[Step<'_>]) -> String {
        let current = models::current_of(&self.version.family).unwrap();
        let (short, spi, api) = self.short();
        let (spi, api) = (current.class(spi), current.class(api));
        let slot = |name: &str| api.slot(name).unwrap_or_else(|| panic!("{name}"));
        let record_of = |name: &str| {
            let parameter = &api.method(name).unwrap().parameters[0];
            parameter.c_type.trim_end_matches(" *").to_owned()
        };
        let credentials = "strcpy(record.BrokerID, \"9999\"); strcpy(record.UserID, \"families\");";
        let password = "strcpy(record.Password, \"simulator\");";
        let application = "strcpy(record.AppID, \"client\"); strcpy(record.AuthCode, \"any\");";
        let call = |name: &str, record: &Record, number: i32, said: &str| {
            let print = |argument: &str| {
                let slot = slot(name);
                format!(
                    "printf(\"{name}{said}: %d\\n\", (int)adapter->call(api, {slot}, {argument}, {number}));"
                )
            };
            if matches!(record, Record::None) {
                return format!("    {}\n", print("nullptr"));
            }
            let filled = match record {
                Record::Credentials if name.contains("Login") => format!("{credentials} {password}"),
                Record::Credentials if name == "ReqAuthenticate" => format!("{credentials} {application}"),
                Record::Credentials => credentials.to_owned(),
                _ => String::new(),
            };
            format!(
                "    {{ ctp_current::{} record = {{}}; {filled} {} }}\n",
                record_of(name),
                print("&record")
            )
        };
        let mut main = call("ReqUserLogin", &Record::Credentials, 0, " before it is connected");
        main.push_str("    adapter->init(api);\n");
        for step in steps {
            let _ = match step {
                Step::Call(name, record, number) => write!(main, "{}", call(name, record, *number, "")),
                Step::Instruments(name, id) => writeln!(
                    main,
                    "    {{ char id[] = \"{id}\"; char *ids[] = {{ id }}; printf(\"{name}: %d\\n\", (int)adapter->instruments(api, {}, ids, 1)); }}",
                    slot(name)
                ),
                Step::Callback(name) => {
                    let slot = spi.slot(name).unwrap_or_else(|| panic!("{name}"));
                    writeln!(main, "    await({slot}, \"{name}\");")
                }
            };
        }
        let adapter = adapter::cpp(self.version, current, Overlay::committed()).unwrap();
        let factory = &self.version.class(self.short().2).statics[0].symbol;
        let name = adapter::identifier(self.version);
        format!(
            "{adapter}{CLIENT}
int main(int, char **arguments) {{
    void *library = dlopen(arguments[1], RTLD_NOW);
    if (!library) {{ puts(dlerror()); return 1; }}
    const ctp_adapter *adapter = ctp_adapter_{name}_{short}();
    void *api = adapter->create(dlsym(library, \"{factory}\"), arguments[3], false, false, false);
    if (!api) {{ puts(\"no API object\"); return 1; }}
    void *spi = adapter->make_spi(deliver, nullptr);
    adapter->register_spi(api, spi);
    adapter->register_front(api, arguments[2]);
{main}    adapter->release(api);
    adapter->free_spi(spi);
    puts(\"released\");
}}
"
        )
    }
}

/// Keeps callbacks and prints those that are waited for, without what they lack.
const CLIENT: &str = r#"
#include <chrono>
#include <condition_variable>
#include <deque>
#include <dlfcn.h>
#include <mutex>
#include <stdio.h>
struct seen { uint32_t method; bool record; bool has_error; int error; int number; bool is_last; };
static std::mutex mutex;
static std::condition_variable changed;
static std::deque<seen> all;
static void deliver(void *, uint32_t method, const void *record, const void *rsp_info, int32_t number, bool is_last) {
    const ctp_current::CThostFtdcRspInfoField *info = static_cast<const ctp_current::CThostFtdcRspInfoField *>(rsp_info);
    std::lock_guard<std::mutex> guard(mutex);
    all.push_back({ method, record != nullptr, info != nullptr, info ? info->ErrorID : 0, number, is_last });
    changed.notify_all();
}
static void await(uint32_t method, const char *name) {
    std::unique_lock<std::mutex> guard(mutex);
    for (;;) {
        while (!all.empty()) {
            seen one = all.front();
            all.pop_front();
            if (one.method != method) continue;
            printf("%s%s", name, one.record ? " record" : "");
            if (one.has_error) printf(" error %d", one.error);
            if (one.number) printf(" number %d", one.number);
            // A callback without bIsLast is told as the last by the adapter.
            printf("%s\n", one.is_last && (one.has_error || one.number) ? " last" : "");
            return;
        }
        if (changed.wait_for(guard, std::chrono::seconds(30)) == std::cv_status::timeout) { printf("%s did not come\n", name); return; }
    }
}
"#;
