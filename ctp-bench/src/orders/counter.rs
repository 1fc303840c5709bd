//! The trading library that takes the time of orders, and sessions on it.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use ctp_gateway::config::{Recovery, RiskConfig};
use ctp_gateway::journal::JournalConfig;
use ctp_gateway::{TdClient, TdConfig};

use crate::gateway::front;
use crate::root;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Compiles the library into `folder`.
pub(super) fn compile(folder: &Path) -> Result<()> {
    let source = include_str!("trader.cpp");
    std::fs::write(folder.join("rest.inc"), rest(source)?).context("cannot write rest.inc")?;
    front::compile_one(&library(folder), source)
}

/// Returns the path of the library in `folder`.
pub(super) fn library(folder: &Path) -> PathBuf {
    folder.join("libtrader.so")
}

/// Returns methods that do nothing, for all requests of the header that the source has not.
fn rest(source: &str) -> Result<String> {
    let path = root().join(front::HEADERS).join("ThostFtdcTraderApi.h");
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut rest = String::new();
    for line in String::from_utf8_lossy(&bytes).lines() {
        let method = line.trim().strip_prefix("virtual int ").and_then(|line| line.strip_suffix(" = 0;"));
        if let Some(method) = method.filter(|method| method.starts_with("Req"))
            && let Some((name, _)) = method.split_once('(')
            && !source.contains(&format!("int {name}("))
        {
            writeln!(rest, "    int {method} override {{ return 0; }}")?;
        }
    }
    Ok(rest)
}

/// A session on the library, and the connection over which that is told what to do.
pub(super) struct Session {
    pub(super) client: TdClient,
    front: BufReader<TcpStream>,
}

/// What the library took the time of, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) count: u64,
    pub(super) p10: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
}

impl Taken {
    /// Returns p10, p50 and p99.
    pub(super) fn percentiles(self) -> [f64; 3] {
        [self.p10, self.p50, self.p99]
    }
}

impl Session {
    /// Connects and waits until orders may be sent. `folder` is the session's own.
    pub(super) async fn start(library: &Path, folder: &Path, journal: JournalConfig) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no port for the front")?;
        let fronts = [format!("tcp://{}", listener.local_addr()?)];
        let mut config = TdConfig::new(fronts, "9999", "000001", "not a secret");
        config.library = Some(library.to_owned());
        config.flow_dir = folder.to_owned();
        config.cache = Some(false);
        config.recovery = Recovery::Orders;
        config.risk = RiskConfig::unlimited();
        config.journal = journal;
        // The library connects while the client is made.
        let accepting = tokio::task::spawn_blocking(move || listener.accept());
        let client = TdClient::connect(config).await?;
        let (stream, _) =
            tokio::time::timeout(PATIENCE, accepting).await??.context("the library did not connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        client.ready().await?;
        Ok(Self { client, front: BufReader::new(stream) })
    }

    /// Tells the library something and returns its answer. Blocks.
    pub(super) fn tell(&mut self, words: &str) -> Result<Taken> {
        self.front.get_mut().write_all(format!("{words}\n").as_bytes())?;
        let mut line = String::new();
        self.front.read_line(&mut line).context("the library did not answer")?;
        let numbers: Vec<i64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [count, p50, p99, p10] = numbers[..] else { bail!("the library answered: {line}") };
        Ok(Taken { count: count.cast_unsigned(), p10: p10 as f64, p50: p50 as f64, p99: p99 as f64 })
    }

    /// Returns what the orders since the last time took.
    pub(super) fn take(&mut self, count: usize) -> Result<Taken> {
        let taken = self.tell("take 0")?;
        ensure!(taken.count == count as u64, "{} of {count} orders came to the library", taken.count);
        Ok(taken)
    }
}
