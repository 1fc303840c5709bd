//! The library that delivers ticks, and the front that tells it when.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use ctp_gateway::{MdClient, MdConfig};

use crate::root;

/// The version whose headers are used.
pub(crate) const HEADERS: &str = "vendor/se-6.7.13/include";
/// The instruments of the library's ticks: what it sends does not depend on what is subscribed.
const SUBSCRIBED: [&str; 3] = ["rb2701", "ag2706", "i2709"];
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Compiles the library and the counter of allocations into `folder`.
pub(crate) fn compile(folder: &Path) -> Result<()> {
    compile_one(&library(folder), include_str!("front.cpp"))?;
    compile_one(&counter(folder), include_str!("counter.cpp"))
}

pub(crate) fn compile_one(target: &Path, text: &str) -> Result<()> {
    let source = target.with_extension("cpp");
    std::fs::write(&source, text).with_context(|| format!("cannot write {}", source.display()))?;
    let mut compiler = Command::new(env::var_os("CXX").unwrap_or_else(|| "c++".into()));
    compiler.args(["-std=c++14", "-O2", "-w", "-fPIC", "-shared", "-pthread"]);
    compiler.arg("-I").arg(root().join(HEADERS)).arg(&source).arg("-o").arg(target).arg("-ldl");
    let output = compiler.output().context("cannot run the C++ compiler")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} does not compile:\n{errors}", source.display());
    Ok(())
}

/// Returns the path of the library in `folder`.
pub(crate) fn library(folder: &Path) -> PathBuf {
    folder.join("libfront.so")
}

/// Returns the path of the counter of allocations in `folder`.
pub(crate) fn counter(folder: &Path) -> PathBuf {
    folder.join("libcounter.so")
}

/// A client and the front that it is connected to.
pub(crate) struct Session {
    pub(crate) client: MdClient,
    pub(crate) front: Front,
    _folder: tempfile::TempDir,
}

impl Session {
    /// Connects a client, with room for `capacity` ticks, and waits until it is ready.
    pub(crate) async fn start(library: &Path, capacity: usize) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no port for the front")?;
        let folder = tempfile::tempdir().context("cannot make a folder")?;
        let mut config = MdConfig::new([format!("tcp://{}", listener.local_addr()?)]);
        config.library = Some(library.to_owned());
        config.flow_dir = folder.path().to_owned();
        config.tick_capacity = capacity;
        let client = MdClient::connect(config).await?;
        let front = tokio::task::spawn_blocking(move || Front::accept(&listener)).await??;
        client.ready().await?;
        client.subscribe(&SUBSCRIBED)?;
        Ok(Self { client, front, _folder: folder })
    }
}

/// The connection over which the library is told what to send.
pub(crate) struct Front {
    stream: BufReader<TcpStream>,
}

/// What a run cost the library's thread; times of one callback in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) longest: f64,
    pub(crate) seconds: f64,
    /// By this thread, in all callbacks.
    pub(crate) allocations: f64,
    /// Callbacks that entered the kernel; of a watched run.
    pub(crate) entered: f64,
}

/// What the library does.
#[derive(Clone, Copy)]
pub(crate) enum What {
    /// It delivers ticks to the gateway.
    Run,
    /// The same, and counts callbacks that entered the kernel.
    Watch,
    /// It delivers ticks to what only takes the time and copies the record.
    Bare,
}

impl Front {
    /// Waits for the library, but not for ever.
    fn accept(listener: &TcpListener) -> Result<Self> {
        listener.set_nonblocking(true)?;
        let start = Instant::now();
        let stream = loop {
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(_) if start.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(1)),
                Err(error) => bail!("the library did not connect: {error}"),
            }
        };
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Lets the library send `count` ticks, one every `interval_ns`, and returns when it has. Blocks.
    pub(crate) fn run(&mut self, what: What, count: u64, interval_ns: u64) -> Result<Run> {
        let word = match what {
            What::Run => "run",
            What::Watch => "watch",
            What::Bare => "bare",
        };
        self.stream.get_mut().write_all(format!("{word} {count} {interval_ns}\n").as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line).context("the library did not answer")?;
        let numbers: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [p50, p99, p999, longest, seconds, allocations, entered, _sleeps] = numbers[..] else {
            bail!("the library answered: {line}");
        };
        ensure!(allocations >= 0.0, "allocations were not counted: is LD_PRELOAD taken away?");
        Ok(Run { p50, p99, p999, longest, seconds, allocations, entered })
    }
}
