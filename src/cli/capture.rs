//! `ctp capture`: what a recording says, whether it is whole, and whether this build still answers the same.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use ctp_gateway::capture::{Frame, Header, Outcome, Reader, SessionKind, replay};

use super::line::{China, record, value};
use super::printed::{Failure, print};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Prints what happened, a line for each input and an indented one for each answer of the session
    Show {
        /// The capture.
        file: PathBuf,
        /// Shows ticks too.
        #[arg(long)]
        ticks: bool,
        /// Shows only inputs whose name contains this, such as `OnRtnOrder`.
        #[arg(long)]
        only: Option<String>,
        /// Shows every field of every record, also the empty ones.
        #[arg(long)]
        full: bool,
    },
    /// Reads the whole file and says whether every byte is as it was written
    Check {
        /// The capture.
        file: PathBuf,
    },
    /// Drives the session by the recorded inputs and compares what it answers with what it answered then
    Replay {
        /// The capture.
        file: PathBuf,
    },
}

/// Runs a command. Returns 1 for a file that is not whole and for a replay that differs.
pub(super) fn run(command: Command) -> ExitCode {
    print(|out| match command {
        Command::Show { file, ticks, only, full } => show(out, &file, ticks, only.as_deref(), full),
        Command::Check { file } => check(out, &file),
        Command::Replay { file } => compare(out, &file),
    })
}

fn show(
    out: &mut impl Write,
    file: &Path,
    ticks: bool,
    only: Option<&str>,
    full: bool,
) -> Result<(), Failure> {
    let reader = Reader::open(file)?;
    write_header(out, reader.header())?;
    let wanted = |name: &str| only.is_none_or(|only| name.contains(only));
    for frame in reader {
        let (offset, frame) = frame?;
        match frame {
            Frame::Step(step) if wanted(step.input.name()) => {
                write!(out, "{} @{offset} {}", China(step.at.unix_ns), step.input.name())?;
                for (key, given) in step.input.values() {
                    write!(out, " {key}={}", value(given, full))?;
                }
                writeln!(out)?;
                for output in &step.outputs {
                    writeln!(out, "    → {}", output.head)?;
                }
            }
            Frame::Tick(tick) if ticks && wanted("OnRtnDepthMarketData") => writeln!(
                out,
                "{} @{offset} tick {} {}",
                China(tick.received_ns),
                tick.sequence,
                record(tick.record.as_ref(), full)
            )?,
            Frame::Lost { steps, ticks } => {
                writeln!(out, "@{offset} here {steps} steps and {ticks} ticks were not recorded")?;
            }
            Frame::End(totals) => writeln!(out, "@{offset} end: {totals:?}")?,
            _ => {}
        }
    }
    Ok(())
}

fn check(out: &mut impl Write, file: &Path) -> Result<(), Failure> {
    let mut reader = Reader::open(file)?;
    write_header(out, reader.header())?;
    let (mut steps, mut ticks, mut lost) = (0_u64, 0_u64, (0_u64, 0_u64));
    let fault = loop {
        match reader.next() {
            Some(Ok((_, Frame::Step(_)))) => steps += 1,
            Some(Ok((_, Frame::Tick(_)))) => ticks += 1,
            Some(Ok((_, Frame::Lost { steps, ticks }))) => lost = (lost.0 + steps, lost.1 + ticks),
            Some(Ok(_)) => {}
            Some(Err(error)) => break Some(error),
            None => break None,
        }
    };
    let (bytes, whole) = (reader.offset(), if fault.is_none() { "whole" } else { "whole up to there" });
    writeln!(out, "{whole}: {bytes} bytes, {steps} steps, {ticks} ticks")?;
    if lost != (0, 0) {
        writeln!(out, "not recorded: {} steps, {} ticks", lost.0, lost.1)?;
    }
    fault.map_or(Ok(()), |fault| Err(fault.into()))
}

fn compare(out: &mut impl Write, file: &Path) -> Result<(), Failure> {
    let outcome = replay(file)?;
    let Outcome { header, steps, outputs, states, lost, difference, fault, .. } = outcome;
    write_header(out, &header)?;
    for state in &states {
        writeln!(out, "    {state}")?;
    }
    writeln!(out, "{steps} steps replayed, {outputs} outputs")?;
    if let Some(step) = difference {
        writeln!(out, "recorded:")?;
        step.recorded.outputs.iter().try_for_each(|output| writeln!(out, "    → {}", output.head))?;
        writeln!(out, "now:")?;
        step.outputs.iter().try_for_each(|output| writeln!(out, "    → {}", output.head))?;
        let (offset, name) = (step.offset, step.recorded.input.name());
        return Err(Failure::Words(format!(
            "the step at offset {offset} ({name}) is answered otherwise than recorded"
        )));
    }
    if lost.0 > 0 {
        let words = format!("{} steps were not recorded; what is behind them was not compared", lost.0);
        return Err(Failure::Words(words));
    }
    if let Some(fault) = fault {
        return Err(fault.into());
    }
    writeln!(out, "every output is equal")?;
    Ok(())
}

fn write_header(out: &mut impl Write, header: &Header) -> io::Result<()> {
    let Header { session, gateway, api, library, started_unix_ns, config, .. } = header;
    let kind = match session {
        SessionKind::Md => "market data",
        SessionKind::Td => "trading",
    };
    let text = |key: &str| config.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
    writeln!(out, "session  {kind}, broker {}, user {}", text("broker_id"), text("user_id"))?;
    writeln!(out, "began    {} in China", China(*started_unix_ns).with_date())?;
    writeln!(out, "made by  gateway {gateway}, library {library}, records of API {api}")
}
