//! The fastest target: instances of this crate, without a library in between.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use ctp_sim::{Config, Timestamp};
use ctp_types::{FieldDescriptor, RecordBox, RecordDescriptor, Text};

use super::statement::Request;
use super::target::{ClientOptions, Seen, Setup, Target, TargetError, World};
use crate::command::{Argument, read_command};
use crate::fault::{self, FaultPlan};
use crate::{Instance, InstanceOptions, ManualClock, Simulator, SubscriptionChange, Topic, read_recording};

/// How long a client may stay in a callback, in real time.
const PATIENCE: Duration = Duration::from_secs(20);

static STARTED: AtomicU64 = AtomicU64::new(0);

/// Instances of this crate that stand for one library version.
#[derive(Clone, Copy, Debug)]
pub struct Direct {
    /// The version.
    pub version: (u16, u16, u16),
}

impl Target for Direct {
    fn name(&self) -> String {
        let (major, minor, patch) = self.version;
        format!("direct {major}.{minor}.{patch}")
    }

    fn version(&self) -> (u16, u16, u16) {
        self.version
    }

    fn lacks(&self, _record: &RecordDescriptor, _field: &FieldDescriptor) -> bool {
        false
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn World>, TargetError> {
        let mut config = Config::starting_at(setup.start);
        for (key, value) in &setup.config {
            config.set(key, value).map_err(|error| TargetError::of(&error))?;
        }
        if let Some(path) = &setup.replay {
            config.replay = Some(read_recording(path, false).map_err(|error| TargetError::of(&error))?);
        }
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("scenario-{}-{number}", std::process::id());
        let folder = Folder::create(&name)?;
        let clock = Arc::new(ManualClock::new(setup.start));
        let simulator =
            Simulator::start(&name, config, Arc::clone(&clock)).map_err(|error| TargetError::of(&error))?;
        for (plan, text) in &setup.faults {
            let plan = FaultPlan::parse(plan, text).map_err(|error| TargetError::of(&error));
            simulator.add_faults(plan.inspect_err(|_| simulator.end())?);
        }
        Ok(Box::new(DirectWorld { version: self.version, simulator, clock, clients: Vec::new(), folder }))
    }
}

struct DirectWorld {
    version: (u16, u16, u16),
    simulator: Simulator,
    clock: Arc<ManualClock>,
    clients: Vec<(Instance, Receiver<Seen>)>,
    folder: Folder,
}

impl World for DirectWorld {
    fn open(&mut self, options: &ClientOptions) -> Result<usize, TargetError> {
        let flow = self.folder.0.join(format!("{}_", options.flow));
        let mut made = InstanceOptions::new(options.kind, flow);
        made.api_version = self.version;
        let (seen_tx, seen) = mpsc::channel();
        let instance = Instance::new(made, move |callback| {
            let seen = Seen {
                callback: callback.method.name(),
                record: callback.record.cloned(),
                rsp_info: callback.rsp_info.copied(),
                number: callback.number,
                is_last: callback.is_last,
            };
            // A world that has ended no longer listens.
            drop(seen_tx.send(seen));
        });
        instance.subscribe_topic(Topic::Private, options.private.0, options.private.1);
        instance.subscribe_topic(Topic::Public, options.public, 1);
        instance.register_front(&format!("sim://{}", self.simulator.name()));
        instance.init();
        self.clients.push((instance, seen));
        self.pass(self.clock_now())?;
        Ok(self.clients.len() - 1)
    }

    fn request(
        &mut self,
        client: usize,
        request: Request,
        record: &RecordBox,
        request_id: i32,
    ) -> Result<i32, TargetError> {
        let instance = &self.clients[client].0;
        Ok(match request {
            Request::Trader(request) => instance.trader_request(request, record.clone(), request_id),
            Request::Md(request) => instance.md_request(request, record.clone(), request_id),
        })
    }

    fn subscribe(
        &mut self,
        client: usize,
        change: SubscriptionChange,
        ids: &[String],
    ) -> Result<i32, TargetError> {
        let ids: Result<Vec<Text<81>>, _> = ids.iter().map(|id| Text::new(id)).collect();
        let ids = ids.map_err(|error| TargetError::of(&error))?;
        Ok(self.clients[client].0.change_subscription(change, ids))
    }

    fn release(&mut self, client: usize) -> Result<(), TargetError> {
        self.clients[client].0.release();
        Ok(())
    }

    fn received(&mut self, client: usize) -> Vec<Seen> {
        self.clients[client].1.try_iter().collect()
    }

    fn pass(&mut self, until: Timestamp) -> Result<(), TargetError> {
        self.simulator.pass(&self.clock, until, PATIENCE).map_err(|error| TargetError::of(&error))
    }

    fn now(&mut self) -> Result<Timestamp, TargetError> {
        Ok(self.clock_now())
    }

    fn command(
        &mut self,
        name: &str,
        arguments: &[Argument],
        clients: &[(String, usize)],
    ) -> Result<(), TargetError> {
        let session = |name: &str| {
            let (_, client) = clients.iter().find(|(known, _)| known == name)?;
            self.clients.get(*client)?.0.session().map(|session| session.0)
        };
        if let Some(done) = fault::words::command(&self.simulator, name, arguments, &session) {
            return done.map_err(|error| TargetError::of(&error));
        }
        let command = read_command(name, arguments, &session).map_err(|error| TargetError::of(&error))?;
        self.simulator.try_command(command).map_err(|error| TargetError::of(&error))
    }

    fn instrument(&mut self, id: &str) -> Result<Option<Vec<(String, String)>>, TargetError> {
        Ok(self.simulator.instrument(id))
    }
}

impl DirectWorld {
    fn clock_now(&self) -> Timestamp {
        self.simulator.now()
    }
}

impl Drop for DirectWorld {
    fn drop(&mut self) {
        self.clients.clear();
        self.simulator.end();
    }
}

/// A folder for flow files, gone with its owner.
struct Folder(PathBuf);

impl Folder {
    fn create(name: &str) -> Result<Self, TargetError> {
        let path = std::env::temp_dir().join(format!("ctp-{name}"));
        match std::fs::create_dir_all(&path) {
            Ok(()) => Ok(Self(path)),
            Err(error) => Err(TargetError(format!("cannot make the folder {}: {error}", show(&path)))),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is in the system's temporary folder, whose owner clears it.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn show(path: &Path) -> std::path::Display<'_> {
    path.display()
}
