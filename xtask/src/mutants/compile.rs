//! Building the copy: as cargo would build the gateway's tests, only from other sources. Mutants that do not compile are
//! found by what the compiler says of them, and left out.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::weave::{Source, Trace, weave};
use crate::{paths, shell};

/// Tells this program that it stands before the compiler, and where to write what it was called with.
pub(crate) const RECORD: &str = "CTP_MUTANTS_RECORD";
/// Tests are run thousands of times, so that it pays to build them fast; the last word on an option counts. What a debug
/// build checks is checked: an overflow is noticed.
const CHECKED: [&str; 5] =
    ["-Copt-level=1", "-Cdebug-assertions=on", "-Coverflow-checks=on", "-Ccodegen-units=16", "-Cdebuginfo=0"];
/// How often what does not compile may be left out.
const ROUNDS_MAX: usize = 20;

/// How cargo calls the compiler for the gateway's tests.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Call {
    words: Vec<String>,
    variables: BTreeMap<String, String>,
    folder: PathBuf,
}

/// Stands before the compiler: does what it is asked to, except that the gateway's tests are written down and not built.
pub(crate) fn stand_in(record: &Path) -> Result<()> {
    let words: Vec<OsString> = env::args_os().skip(1).collect();
    let has = |word: &str| words.iter().any(|own| own == word);
    let (program, rest) = words.split_first().context("the compiler's name is missing")?;
    if !(has("ctp_gateway") && has("--test")) {
        return Err(Command::new(program).args(rest).exec().into());
    }
    let is_cargos = |name: &str| {
        let of_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        of_package.iter().any(|prefix| name.starts_with(prefix))
            || ["OUT_DIR", "LD_LIBRARY_PATH"].contains(&name)
    };
    let call = Call {
        words: words.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        variables: env::vars().filter(|(name, _)| is_cargos(name)).collect(),
        folder: env::current_dir()?,
    };
    fs::write(record, serde_json::to_vec(&call)?)?;
    bail!("written down");
}

/// Lets cargo build everything that the gateway's tests need, and returns how it would build them.
pub(super) fn call(folder: &Path) -> Result<Call> {
    let record = folder.join("call.json");
    if record.exists() {
        fs::remove_file(&record)?;
    }
    let mut command = shell::cargo();
    command
        .args([
            "rustc",
            "--package",
            "ctp-gateway",
            "--lib",
            "--profile",
            "bench",
            "--",
            "--cfg",
            "ctp_mutants",
        ])
        .env("RUSTC_WRAPPER", env::current_exe()?)
        .env(RECORD, &record);
    let said = command.output()?;
    let text = String::from_utf8_lossy(&said.stderr);
    let call = fs::read(&record).with_context(|| format!("the gateway is not built:\n{text}"))?;
    Ok(serde_json::from_slice(&call)?)
}

impl Call {
    /// Returns the compiler's command for the copy.
    fn command(&self, copy: &Path, emit: &str) -> Result<Command> {
        let (program, rest) = self.words.split_first().context("the compiler's name is missing")?;
        let mut command = Command::new(program);
        let mut has_root = false;
        let mut words = rest.iter();
        while let Some(word) = words.next() {
            let is_said_anew = ["--emit=", "--error-format=", "--json=", "--diagnostic-width="];
            if word.ends_with("src/lib.rs") {
                has_root = true;
                command.arg(copy.join("ctp-gateway/src/lib.rs"));
            } else if word == "--out-dir" {
                words.next();
            } else if word.starts_with("incremental=") {
                command.arg(format!("incremental={}", copy.join("incremental").display()));
            } else if !is_said_anew.iter().any(|prefix| word.starts_with(prefix)) {
                command.arg(word);
            }
        }
        ensure!(has_root, "no root among the compiler's words: {:?}", self.words);
        command.args(CHECKED).args(["--error-format=json", "--cap-lints", "allow", emit]);
        command.current_dir(&self.folder);
        command.envs(&self.variables);
        Ok(command)
    }
}

/// A span in what the compiler says.
#[derive(Deserialize)]
struct Span {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
    expansion: Option<Box<Expansion>>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Span,
}

#[derive(Deserialize)]
struct Said {
    level: String,
    message: String,
    spans: Vec<Span>,
}

/// Writes the woven sources and builds the test program, and returns it with the numbers of the mutants that do not compile.
///
/// # Errors
///
/// Returns an error if what is left does not compile either.
pub(super) fn build(call: &Call, copy: &Path, sources: &[Source]) -> Result<(PathBuf, HashSet<usize>)> {
    let mut left_out = HashSet::new();
    for round in 1..=ROUNDS_MAX {
        let mut traces = HashMap::new();
        for source in sources {
            let (text, traced) = weave(source, &left_out);
            let path = copy.join("ctp-gateway/src").join(&source.path);
            fs::write(&path, text)?;
            traces.insert(path, traced);
        }
        let said = call
            .command(copy, &format!("--emit=metadata={}", copy.join("check.rmeta").display()))?
            .output()?;
        if said.status.success() {
            let program = copy.join("tests");
            let emit = format!("--emit=link={}", program.display());
            let linked = call.command(copy, &emit)?.output()?;
            let text = String::from_utf8_lossy(&linked.stderr);
            ensure!(linked.status.success(), "the mutants were checked and cannot be built:\n{text}");
            return Ok((program, left_out));
        }
        let before = left_out.len();
        let mut first = String::new();
        for line in String::from_utf8_lossy(&said.stderr).lines() {
            let Ok(said) = serde_json::from_str::<Said>(line) else { continue };
            if said.level == "error" {
                if first.is_empty() && !said.spans.is_empty() {
                    first = said.message.clone();
                }
                said.spans.iter().for_each(|span| left_out.extend(blamed(span, &traces)));
            }
        }
        println!("round {round}: {} mutants do not compile", left_out.len());
        ensure!(left_out.len() > before, "the copy does not compile: {first}");
    }
    bail!("after {ROUNDS_MAX} rounds there are still mutants that do not compile");
}

/// Returns the mutants that an error is about: those whose own text it names, else the innermost around it.
fn blamed(span: &Span, traces: &HashMap<PathBuf, Vec<Trace>>) -> Vec<usize> {
    if let Some(expansion) = &span.expansion {
        return blamed(&expansion.span, traces);
    }
    let Some(traced) = traces.get(Path::new(&span.file_name)) else { return Vec::new() };
    let (start, end) = (span.byte_start, span.byte_end);
    let holds = |range: &std::ops::Range<usize>| range.start <= start && end <= range.end;
    let own: Vec<_> =
        traced.iter().filter(|trace| trace.put.iter().any(holds)).map(|trace| trace.number).collect();
    if !own.is_empty() || !span.is_primary {
        return own;
    }
    let around = traced.iter().filter(|trace| holds(&trace.whole()) && !trace.put[1].is_empty());
    let inmost = around.min_by_key(|trace| trace.whole().len());
    let inside = || traced.iter().filter(|trace| start <= trace.put[0].start && trace.put[0].end <= end);
    inmost.map_or_else(|| inside().map(|trace| trace.number).collect(), |trace| vec![trace.number])
}

/// Returns the folder in which the tests are run, as cargo would.
pub(super) fn package() -> PathBuf {
    paths::root().join("ctp-gateway")
}
