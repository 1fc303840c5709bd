//! `ctp journal`: what a journal says, whether it is whole, and its view made anew.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use ctp_gateway::journal::{Entry, Segment, Segments, VIEW, rebuild};

use super::line::{China, record};
use super::printed::{Failure, print};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Prints every entry on a line, and damage where it stands; also while a session writes
    Show {
        /// The journal's folder.
        folder: PathBuf,
        /// Shows this trading day only, yyyymmdd.
        #[arg(long)]
        day: Option<String>,
        /// Shows only entries whose name contains this, such as `OnRtnTrade`.
        #[arg(long)]
        only: Option<String>,
        /// Shows every field of every record, also the empty ones.
        #[arg(long)]
        full: bool,
    },
    /// Reads every byte and says whether it is as it was written
    Check {
        /// The journal's folder.
        folder: PathBuf,
    },
    /// Makes the SQLite view anew; not while a session writes, which keeps it itself
    Rebuild {
        /// The journal's folder.
        folder: PathBuf,
    },
}

/// Runs a command. Returns 1 for a journal that is damaged.
pub(super) fn run(command: Command) -> ExitCode {
    print(|out| match command {
        Command::Show { folder, day, only, full } => {
            show(out, &folder, day.as_deref(), only.as_deref(), full)
        }
        Command::Check { folder } => check(out, &folder),
        Command::Rebuild { folder } => remake(out, &folder),
    })
}

fn show(
    out: &mut impl Write,
    folder: &Path,
    day: Option<&str>,
    only: Option<&str>,
    full: bool,
) -> Result<(), Failure> {
    for segment in Segments::open(folder)? {
        let segment = segment?;
        if day.is_some_and(|day| trading_day(&segment) != day) {
            continue;
        }
        write_header(out, &segment)?;
        for damage in &segment.damage {
            writeln!(out, "! offset {}: {}", damage.offset, damage.kind)?;
        }
        for (sequence, entry) in &segment.entries {
            if only.is_none_or(|only| entry.name().contains(only)) {
                writeln!(
                    out,
                    "{sequence} {} {}{}",
                    China(entry.at_ns()),
                    entry.name(),
                    details(entry, full)
                )?;
            }
        }
    }
    Ok(())
}

fn check(out: &mut impl Write, folder: &Path) -> Result<(), Failure> {
    let (mut entries, mut segments, mut torn, mut damaged) = (0, 0, 0, 0);
    for segment in Segments::open(folder)? {
        let segment = segment?;
        segments += 1;
        entries += segment.entries.len();
        for damage in &segment.damage {
            let count = if damage.kind.is_torn() { &mut torn } else { &mut damaged };
            *count += 1;
            writeln!(out, "{damage}")?;
        }
    }
    writeln!(out, "{entries} entries in {segments} segments; {torn} unfinished, {damaged} damaged places")?;
    if segments == 0 {
        let words = "no segment in the folder; the journal of a session is in `journal` under its folder of flow files";
        return Err(Failure::Words(words.to_owned()));
    }
    match damaged {
        0 => Ok(()),
        _ => Err(Failure::Words("the journal is damaged; what is not named above is whole".to_owned())),
    }
}

fn remake(out: &mut impl Write, folder: &Path) -> Result<(), Failure> {
    let entries = rebuild(folder)?;
    writeln!(out, "{entries} entries in {}", folder.join(VIEW).display())?;
    Ok(())
}

fn trading_day(segment: &Segment) -> String {
    segment.header.as_ref().map(|header| header.trading_day.to_str().into_owned()).unwrap_or_default()
}

fn write_header(out: &mut impl Write, segment: &Segment) -> io::Result<()> {
    let path = segment.path.display();
    match &segment.header {
        Some(header) => writeln!(
            out,
            "# {path}: account {}, trading day {}, begun {}, gateway {}, {} entries, {} of {} bytes",
            header.account,
            if header.trading_day.is_empty() { "not known yet".into() } else { header.trading_day.to_str() },
            China(header.begun_ns).with_date(),
            header.gateway,
            segment.entries.len(),
            segment.end,
            segment.length
        ),
        None => writeln!(out, "# {path}: its header is damaged, {} entries", segment.entries.len()),
    }
}

fn details(entry: &Entry, full: bool) -> String {
    match entry {
        Entry::Opened { gateway, process, .. } => format!(" gateway={gateway} process={process}"),
        Entry::Login { trading_day, front_id, session_id, max_order_ref, .. } => format!(
            " trading_day={} front={front_id} session={session_id} max_order_ref={}",
            trading_day.to_str(),
            max_order_ref.to_str().trim()
        ),
        Entry::Action { record: given, request_id, front_id, session_id, .. } => {
            format!(
                " number={request_id} front={front_id} session={session_id} {}",
                record(given.as_ref(), full)
            )
        }
        Entry::Answer { request_id, refusal, .. } => match refusal {
            None => format!(" number={request_id} taken"),
            Some(refusal) => format!(" number={request_id} not sent: {refusal}"),
        },
        Entry::Event(event) => {
            let refusal = event.error().map(|error| format!(" refused: {error}")).unwrap_or_default();
            let given = event.record.as_ref().map(|given| record(given.as_ref(), full)).unwrap_or_default();
            format!(" number={}{refusal} {given}", event.number)
        }
        Entry::Switch { on, reason, .. } => format!(" {} {reason}", if *on { "on" } else { "off" }),
        _ => String::new(),
    }
}
