//! Scenarios through a client that we did not write: `driver.py` plays it in a process of its own, with the facade of the
//! version that the client was compiled for, an exchange embedded.

mod world;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
    rc::Rc,
    time::Duration,
};

use ctp_gen::{Api, api::ClassKind, models};
use ctp_sim_host::scenario::{Setup, Target, TargetError, World};
use ctp_types::{FieldDescriptor, MdCallback, RecordDescriptor, TraderCallback};
use serde_json::json;

use self::world::ForeignWorld;
use crate::child::Process;

/// How long a client may take to answer; a call of any of them takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// What [`TargetError`]s begin with when the client's API offers no way.
pub(crate) const CANNOT: &str = "cannot express: ";

/// A client package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    /// As it is installed.
    pub(crate) name: &'static str,
    /// The CTP version that it was compiled for, as its facade goes by.
    pub(crate) label: &'static str,
    pub(crate) version: (u16, u16, u16),
}

/// Those that are driven, with the version of the headers that each carries or states.
pub(crate) const PACKAGES: [Package; 4] = [
    Package { name: "openctp-ctp", label: "6.7.11", version: (6, 7, 11) },
    Package { name: "ctp-python", label: "6.7.13", version: (6, 7, 13) },
    Package { name: "vnpy_ctp", label: "6.7.11", version: (6, 7, 11) },
    Package { name: "ctpwrapper", label: "6.7.13", version: (6, 7, 13) },
];

/// Where things are.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// The Python with the client in it.
    pub(crate) python: PathBuf,
}

/// A foreign client, for the rows of one file.
#[derive(Clone)]
pub(crate) struct Foreign(Rc<Inner>);

struct Inner {
    package: Package,
    places: Places,
    model: &'static Api,
    process: RefCell<Option<Process>>,
    hello: RefCell<Option<Hello>>,
    /// Fields of the client's classes, by record.
    fields: RefCell<BTreeMap<&'static str, Option<BTreeSet<String>>>>,
    started: Cell<u32>,
}

/// What the client says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Hello {
    /// The version of the package.
    pub(crate) package: String,
    /// The version of the library that it is bound to.
    pub(crate) library: String,
    /// Where it runs, today.
    pub(crate) today: String,
    /// The callbacks that its classes name.
    callbacks: BTreeSet<String>,
}

impl Foreign {
    pub(crate) fn new(package: Package, places: Places) -> Result<Self, String> {
        let model = models::find(package.label).ok_or_else(|| format!("no model of {}", package.label))?;
        Ok(Self(Rc::new(Inner {
            package,
            places,
            model,
            process: RefCell::default(),
            hello: RefCell::default(),
            fields: RefCell::default(),
            started: Cell::new(0),
        })))
    }

    /// Starts the client and returns what it says of itself.
    pub(crate) fn hello(&self) -> Result<Hello, String> {
        let process = self.process()?;
        self.0.process.replace(Some(process));
        self.0.hello.borrow().clone().ok_or_else(|| format!("{} says nothing", self.0.package.name))
    }

    /// Returns whether the client's SPI lacks a callback that its version has.
    pub(crate) fn lacks_callback(&self, name: &str) -> bool {
        let has_it = |hello: &Hello| hello.callbacks.contains(name);
        self.0.hello.borrow().as_ref().is_some_and(|hello| !has_it(hello))
    }

    /// Returns whether the client's class lacks a field that its version has.
    pub(crate) fn lacks_field(&self, name: &str) -> bool {
        let known = self.0.fields.borrow();
        known.iter().any(|(record, fields)| {
            let has_it = self
                .0
                .model
                .record(record)
                .is_some_and(|record| record.fields.iter().any(|field| field.c_name == name));
            has_it && fields.as_ref().is_some_and(|fields| !fields.contains(name))
        })
    }

    fn command(&self) -> Result<Command, String> {
        let libraries = ctp_sys::find_simulator(self.0.package.label).map_err(|error| error.to_string())?;
        let core = core(&libraries.trader)?;
        let mut command = Command::new(&self.0.places.python);
        command.arg("-B").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/driver.py"));
        command.args(["--client", self.0.package.name]);
        command
            .arg("--core")
            .arg(&core)
            .arg("--md")
            .arg(&libraries.md)
            .arg("--trader")
            .arg(&libraries.trader);
        command.env("CTP_SIM_LIBRARY", &core);
        let locale = core.with_file_name("libctp_sim_locale.so");
        if locale.is_file() {
            command.arg("--locale").arg(locale);
        }
        Ok(command)
    }

    /// Returns the client's process, started where there is none.
    fn process(&self) -> Result<Process, String> {
        if let Some(process) = self.0.process.take() {
            return Ok(process);
        }
        let mut process = Process::start(&mut self.command()?, PATIENCE)?;
        let has = |class, name: &&str| self.0.model.class(class).method(name).is_some();
        let trader = TraderCallback::ALL.iter().map(|callback| callback.name());
        let md = MdCallback::ALL.iter().map(|callback| callback.name());
        let hello = process.ask(&json!({ "do": "hello", "callbacks": {
            "trader": trader.filter(|name| has(ClassKind::TraderSpi, name)).collect::<Vec<_>>(),
            "md": md.filter(|name| has(ClassKind::MdSpi, name)).collect::<Vec<_>>(),
        }}))?;
        if let Some(error) = hello["error"].as_str() {
            return Err(format!("{}: {error}", self.0.package.name));
        }
        let names = ["trader", "md"].iter().flat_map(|kind| hello["callbacks"][kind].as_array()).flatten();
        let text = |key: &str| hello[key].as_str().unwrap_or("?").to_owned();
        self.0.hello.replace(Some(Hello {
            package: text("package"),
            library: text("library"),
            today: text("today"),
            callbacks: names.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        }));
        Ok(process)
    }
}

/// Returns the simulator's core, as the facade finds it.
fn core(facade: &Path) -> Result<PathBuf, String> {
    if let Some(chosen) = std::env::var_os("CTP_SIM_LIBRARY").filter(|chosen| !chosen.is_empty()) {
        return Ok(chosen.into());
    }
    let folders = facade.ancestors().skip(1).take(2);
    let mut found = folders.map(|folder| folder.join("libctp_sim.so")).filter(|path| path.is_file());
    found.next().ok_or_else(|| format!("no libctp_sim.so near {}; run `cargo xtask sim`", facade.display()))
}

impl Target for Foreign {
    fn name(&self) -> String {
        format!("{} on facade {}", self.0.package.name, self.0.package.label)
    }

    fn version(&self) -> (u16, u16, u16) {
        self.0.package.version
    }

    fn lacks(&self, record: &RecordDescriptor, field: &FieldDescriptor) -> bool {
        // A record that it has by another name is mapped whole.
        let record = self.0.model.record(&record.c_name);
        record.is_some_and(|record| record.fields.iter().all(|known| known.c_name != field.c_name.as_str()))
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn World>, TargetError> {
        Ok(Box::new(ForeignWorld::start(self, setup)?))
    }
}
