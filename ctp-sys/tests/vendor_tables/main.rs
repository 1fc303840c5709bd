//! The vendor's libraries themselves, as a reader of layouts that knows no header.
//!
//! What libclang read of the headers is compared with what the libraries say of themselves: the slot of every call
//! and callback, and name, offset and size of every field. It decides, too, which patch marks share a layout
//! (`ctp-gen/overlay/versions.toml`).

mod tables;

use std::path::PathBuf;

use ctp_gen::{
    Api,
    api::{ClassKind, Method},
    models,
};
use tables::{DescribedField, Tables};

/// Models, and the folders of `vendor/` with a library that they are for.
const LIBRARIES: [(&str, &str); 23] = [
    ("se-6.7.13", "se-6.7.13"),
    ("se-6.7.11", "se-6.7.11"),
    ("se-6.7.11", "openctp-6.7.11"),
    ("se-6.7.9", "se-6.7.9"),
    ("se-6.7.8", "se-6.7.8"),
    ("se-6.7.7", "se-6.7.7"),
    ("se-6.7.2", "se-6.7.2"),
    ("se-6.7.0", "se-6.7.0"),
    ("se-6.7.0", "openctp-6.7.0"),
    ("se-6.6.9", "se-6.6.9"),
    ("se-6.6.9", "openctp-6.6.9"),
    ("se-6.6.5", "se-6.6.5"),
    ("se-6.6.1", "se-6.6.1"),
    ("se-6.6.1", "openctp-6.6.1"),
    ("se-6.5.1", "se-6.5.1"),
    ("se-6.5.1", "openctp-6.5.1"),
    ("se-6.3.19", "se-6.3.19"),
    ("se-6.3.19", "openctp-6.3.19"),
    ("se-6.3.15", "se-6.3.15"),
    ("se-6.3.15", "openctp-6.3.15"),
    ("mini-1.7.7", "mini-1.7.7"),
    // The market data library of the same delivery says V1.7.5.
    ("mini-1.7.5", "mini-1.7.7"),
    ("sopt-3.7.0", "sopt-3.7.0"),
];

/// The one record that never is on the wire (`GetFrontInfo` fills it), so that no library describes it.
const NOT_ON_THE_WIRE: &str = "CThostFtdcFrontInfoField";

/// What mini declares and never calls: its forwarder is empty.
const NEVER_CALLED: (&str, &str) = ("mini", "OnRspError");

/// The class of mini's market data, which has no forwarders.
const MINI_MD: &str = "CThostFtdcMdApiImpl";

/// What was compared, and what differs.
#[derive(Debug, Default)]
struct Comparison {
    calls: usize,
    callbacks: usize,
    records: usize,
    fields: usize,
    differences: Vec<String>,
}

#[test]
fn every_library_is_laid_out_as_its_model_says() {
    for (label, folder) in LIBRARIES {
        let api = models::find(label).expect("a committed model");
        for side in Side::of(api) {
            let tables = Tables::load(&side.library(folder));
            let Comparison { calls, callbacks, records, fields, differences } = side.compare(api, &tables);
            println!(
                "{label:11} {:8} {calls:4} calls {callbacks:4} callbacks {records:4} records {fields:5} fields  {}",
                side.name,
                tables.version()
            );
            assert_eq!(differences, [""; 0], "{label} and {folder}");
            // mini is an engine of its own: its records are described nowhere, its md callbacks are not forwarded.
            let mini = api.family == "mini";
            assert_eq!(records > 0, !mini, "{label} and {folder}");
            assert_eq!(callbacks > 0, !mini || side.api == ClassKind::TraderApi, "{label} and {folder}");
        }
    }
}

/// Why `ctp-gen/overlay/versions.toml` does not list the unmarked library beside `P1`.
#[test]
fn unmarked_6_7_9_is_not_laid_out_like_its_patch() {
    let api = models::find("se-6.7.9").expect("a committed model");
    let [trader, md] = Side::of(api);
    let Comparison { differences, .. } = trader.compare(api, &Tables::load(&trader.library("openctp-6.7.9")));
    let told = |what: &str| differences.iter().any(|difference| difference.contains(what));
    assert!(told("not ReqOffsetSetting"), "{differences:#?}");
    assert!(told("OnRtnOffsetSetting is called in slot None"), "{differences:#?}");
    assert!(told("CThostFtdcInputOffsetSettingField is not described"), "{differences:#?}");
    assert!(told("CThostFtdcIpAddrParamField: 13 and 11 fields"), "{differences:#?}");
    assert!(!md.compare(api, &Tables::load(&md.library("openctp-6.7.9"))).differences.is_empty());
}

/// Why a library without a model is refused rather than driven by its neighbour's adapter.
#[test]
fn a_library_without_a_model_is_laid_out_like_none() {
    for folder in ["openctp-6.6.7", "openctp-6.7.1", "openctp-6.7.10"] {
        let [trader, _] = Side::of(models::current());
        let tables = Tables::load(&trader.library(folder));
        for api in models::of("se") {
            let Comparison { differences, .. } = trader.compare(api, &tables);
            assert!(!differences.is_empty(), "{folder} is laid out like {}", api.label());
        }
    }
}

/// The test of the test: what is wrong in a model is found.
#[test]
fn a_wrong_model_is_told() {
    let right = models::find("se-6.7.13").expect("a committed model");
    let [trader, _] = Side::of(right);
    let tables = Tables::load(&trader.library("se-6.7.13"));
    let told = |change: &dyn Fn(&mut Api)| {
        let mut wrong = right.clone();
        change(&mut wrong);
        trader.compare(&wrong, &tables).differences
    };
    let class = |api: &mut Api, kind: ClassKind, change: &dyn Fn(&mut Vec<Method>)| {
        let name = api.class(kind).c_name.clone();
        let class = api.classes.iter_mut().find(|class| class.c_name == name).expect("four classes");
        change(&mut class.methods);
    };
    assert!(told(&|_| ()).is_empty());
    for kind in [ClassKind::TraderApi, ClassKind::TraderSpi] {
        assert_eq!(told(&|api| class(api, kind, &|methods| methods.swap(40, 41))).len(), 2);
        assert!(!told(&|api| class(api, kind, &|methods| drop(methods.pop()))).is_empty());
        assert!(!told(&|api| class(api, kind, &|methods| methods.push(methods[40].clone()))).is_empty());
    }
    assert_eq!(told(&|api| api.records[7].fields[1].offset += 1).len(), 1);
    assert_eq!(told(&|api| drop(api.records[7].fields.pop())).len(), 1);
    assert_eq!(told(&|api| api.records[7].fields.swap(0, 1)).len(), 1);
}

/// The two sides of an API, and the classes of the library that implement them.
struct Side {
    name: &'static str,
    file: &'static str,
    class: &'static str,
    api: ClassKind,
    spi: ClassKind,
}

impl Side {
    fn of(api: &Api) -> [Self; 2] {
        let (trader_file, md_file, md_class) = match api.family.as_str() {
            "mini" => ("libthosttraderapi.so", "libthostmduserapi.so", MINI_MD),
            "sopt" => ("soptthosttraderapi_se.so", "soptthostmduserapi_se.so", "CFtdcMdApiImpl"),
            _ => ("thosttraderapi_se.so", "thostmduserapi_se.so", "CFtdcMdApiImpl"),
        };
        let trader = Self {
            name: "trader",
            file: trader_file,
            class: "CFtdcTraderApiImpl",
            api: ClassKind::TraderApi,
            spi: ClassKind::TraderSpi,
        };
        let md =
            Self { name: "md", file: md_file, class: md_class, api: ClassKind::MdApi, spi: ClassKind::MdSpi };
        [trader, md]
    }

    fn library(&self, folder: &str) -> PathBuf {
        format!("{}/../vendor/{folder}/lib/{}", env!("CARGO_MANIFEST_DIR"), self.file).into()
    }

    fn compare(&self, api: &Api, tables: &Tables) -> Comparison {
        let mut comparison = Comparison::default();
        self.compare_calls(api, tables, &mut comparison);
        self.compare_callbacks(api, tables, &mut comparison);
        compare_records(api, tables, &mut comparison);
        comparison
    }

    fn compare_calls(&self, api: &Api, tables: &Tables, comparison: &mut Comparison) {
        let theirs = tables.methods_by_slot(self.class);
        let ours = &api.class(self.api).methods;
        for (slot, method) in ours.iter().enumerate() {
            let name = theirs.get(slot).map_or("nothing", String::as_str);
            comparison.check(name == method.name, || {
                format!("{} has {name} in slot {slot}, not {}", self.class, method.name)
            });
        }
        // Behind the API's own slots stands what the implementation has for itself: callbacks, mostly.
        if let Some(more) = theirs.get(ours.len()).filter(|name| name.starts_with("Req")) {
            comparison.differences.push(format!("{} has {more} besides", self.class));
        }
        comparison.calls = ours.len();
    }

    fn compare_callbacks(&self, api: &Api, tables: &Tables, comparison: &mut Comparison) {
        if self.class == MINI_MD {
            return;
        }
        let mut theirs = tables.callback_slots(self.class);
        for (slot, method) in api.class(self.spi).methods.iter().enumerate() {
            let called = theirs.remove(&method.name);
            if called.is_none() && (api.family.as_str(), method.name.as_str()) == NEVER_CALLED {
                continue;
            }
            comparison.check(called == Some(slot), || {
                format!("{} is called in slot {called:?}, not {slot}", method.name)
            });
            comparison.callbacks += 1;
        }
        comparison.differences.extend(theirs.into_keys().map(|name| format!("{name} is called besides")));
    }
}

fn compare_records(api: &Api, tables: &Tables, comparison: &mut Comparison) {
    if api.family == "mini" {
        return;
    }
    let described = tables.records();
    for record in &api.records {
        let Some(theirs) = described.get(&record.c_name) else {
            comparison
                .check(record.c_name == NOT_ON_THE_WIRE, || format!("{} is not described", record.c_name));
            continue;
        };
        let ours = record.fields.iter().map(|field| DescribedField {
            name: field.c_name.clone(),
            offset: field.offset,
            size: api.scalar(field).size(),
        });
        let differs = ours.clone().zip(theirs).find(|(ours, theirs)| !ours.is(theirs));
        comparison.check(differs.is_none() && ours.len() == theirs.len(), || {
            format!("{}: {} and {} fields, {differs:?}", record.c_name, ours.len(), theirs.len())
        });
        comparison.records += 1;
        comparison.fields += theirs.len();
    }
}

impl Comparison {
    fn check(&mut self, is_equal: bool, difference: impl FnOnce() -> String) {
        if !is_equal {
            self.differences.push(difference());
        }
    }
}

impl DescribedField {
    /// Whether both are the same field. What headers call `reserve1` has a name in the library.
    fn is(&self, theirs: &Self) -> bool {
        let same_name = self.name == theirs.name || self.name.to_ascii_lowercase().starts_with("reserve");
        same_name && self.offset == theirs.offset && self.size == theirs.size
    }
}
