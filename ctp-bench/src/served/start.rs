//! How long it takes until an exchange is there: served, and inside a process.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, bail};
use ctp_sim_host::wire::Role;
use ctp_sim_host::{FrontAddress, Simulator};

use super::peer::Peer;
use super::server::Served;
use crate::report::{Figure, Promise};
use crate::rounds::Rounds;

/// From the start of the process until a client is taken in.
pub(super) fn served(ctp: &Path, rounds: usize) -> Result<Figure> {
    let (mut own, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let start = Instant::now();
        let served = Served::start(ctp, &[])?;
        Peer::enter(served.address, Role::Md)?;
        own.push(start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        Command::new(ctp).arg("--version").stdout(Stdio::null()).status()?;
        floor.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Figure {
        name: "served: start to the first client taken in".to_owned(),
        unit: "ms",
        limit: 300.0,
        promise: Promise::AtMost,
        rounds: Rounds::new(own),
        floor: Some(("the command that says its version", Rounds::new(floor))),
    })
}

/// Until `sim://NAME` runs in this process.
pub(super) fn embedded(rounds: usize) -> Result<Figure> {
    let (mut own, mut floor) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let FrontAddress::Simulator(address) = format!("sim://bench-{round}").parse()? else {
            bail!("that is no address of a simulator");
        };
        let start = Instant::now();
        let simulator = Simulator::open(&address)?;
        own.push(start.elapsed().as_secs_f64() * 1e3);
        simulator.end();
        let start = Instant::now();
        drop(std::thread::spawn(|| ()).join());
        floor.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Figure {
        name: "embedded: an exchange with all products created".to_owned(),
        unit: "ms",
        limit: 20.0,
        promise: Promise::AtMost,
        rounds: Rounds::new(own),
        floor: Some(("starting and ending a thread", Rounds::new(floor))),
    })
}
