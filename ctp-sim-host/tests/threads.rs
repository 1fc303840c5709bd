//! No thread of an instance outlives its release. Alone in its process, so that it can count.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![cfg(target_os = "linux")]

use std::sync::mpsc;
use std::time::Duration;

use ctp_sim_host::{ApiKind, Instance, InstanceOptions};

/// Returns how many threads have a name that begins with `prefix`.
fn threads(prefix: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| name.starts_with(prefix)).count()
}

#[test]
fn released_instances_leave_no_thread() {
    let folder = tempfile::tempdir().unwrap();
    let (called_tx, called) = mpsc::channel();
    for round in 0..3 {
        let kinds = [ApiKind::Md, ApiKind::Trader].repeat(10).into_iter().enumerate();
        let instances = kinds.map(|(number, kind)| {
            let options = InstanceOptions::new(kind, folder.path().join(format!("{number}_")));
            let called_tx = called_tx.clone();
            let instance =
                Instance::new(options, move |callback| called_tx.send(callback.method.name()).unwrap());
            instance.register_front("sim://threads");
            instance.init();
            instance
        });
        let instances: Vec<_> = instances.collect();
        for _ in &instances {
            let name = called.recv_timeout(Duration::from_secs(20)).unwrap();
            assert_eq!(name, "OnFrontConnected");
        }
        assert_eq!((threads("ctp-sim-md"), threads("ctp-sim-td")), (10, 10), "round {round}");
        drop(instances);
        assert_eq!((threads("ctp-sim-md"), threads("ctp-sim-td")), (0, 0), "round {round}");
    }
    assert_eq!(threads("ctp-sim"), 1, "one driver for the exchange");
}
