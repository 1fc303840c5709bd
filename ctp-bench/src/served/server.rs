//! `ctp sim serve` as a process.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// A running server. Dropping it ends it.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Served {
    /// Starts one at a free port and waits until it listens.
    pub(crate) fn start(ctp: &Path, options: &[&str]) -> Result<Self> {
        let mut child = Command::new(ctp)
            .args(["sim", "serve", "--json", "--listen", "127.0.0.1:0"])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", ctp.display()))?;
        let output = child.stdout.take().context("no output")?;
        let mut lines = BufReader::new(output);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let told: Value = serde_json::from_str(&line).unwrap_or_default();
        let Some(address) = told["td"].as_str().and_then(|front| front.strip_prefix("tcp://")) else {
            drop(child.kill());
            drop(child.wait());
            bail!("the server did not listen; it said {line:?}");
        };
        let address = address.parse()?;
        // What it says from now on is read, so that it never waits for us.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Ok(Self { child, address })
    }

    /// Returns the address that clients register.
    pub(crate) fn front(&self) -> String {
        format!("tcp://{}", self.address)
    }

    /// Returns the most memory that it has held, in MiB.
    pub(crate) fn peak_mib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib / 1_024.0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
