//! A copy of the gateway's sources with every mutant in it, each behind a switch.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fs, os};

use anyhow::{Context as _, Result};

use super::find::{Mutant, ON};
use crate::paths;

/// What decides at run time which mutant is on; it becomes a part of the copy's root. Numbers begin with 1.
const SWITCH: &str = r#"
#[allow(missing_docs)]
pub(crate) fn ctp_mutant(number: usize) -> bool {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};
    static ON: OnceLock<usize> = OnceLock::new();
    static REACHED: OnceLock<Option<std::ffi::OsString>> = OnceLock::new();
    static SEEN: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];
    let number_in = |name| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let on = *ON.get_or_init(|| number_in("CTP_MUTANT"));
    if on == 0
        && let Some(path) = REACHED.get_or_init(|| std::env::var_os("CTP_MUTANTS_REACHED"))
        && !SEEN[number].swap(true, Ordering::Relaxed)
    {
        use std::io::Write as _;
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("a file");
        file.write_all(format!("{number}\n").as_bytes()).expect("written");
    }
    on == number
}
"#;

/// A source file with what can be changed in it.
pub(super) struct Source {
    /// From `ctp-gateway/src` on.
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// With their numbers.
    pub(super) mutants: Vec<(usize, Mutant)>,
}

/// Where something of a mutant stands in a woven file.
pub(super) struct Trace {
    pub(super) number: usize,
    /// What was put before the range, and behind it.
    pub(super) put: [Range<usize>; 2],
}

impl Trace {
    /// Returns all that the mutant encloses, itself included.
    pub(super) fn whole(&self) -> Range<usize> {
        self.put[0].start..self.put[1].end
    }
}

/// Weaves all mutants of a file but those left out.
pub(super) fn weave(source: &Source, left_out: &HashSet<usize>) -> (String, Vec<Trace>) {
    let active: Vec<_> = source.mutants.iter().filter(|(number, _)| !left_out.contains(number)).collect();
    // Outer ones begin first and end last; what stands between two places comes before what begins there.
    let mut begins: Vec<_> = active.iter().enumerate().collect();
    begins.sort_by_key(|(index, (_, mutant))| {
        let range = &mutant.range;
        (range.start, !range.is_empty(), std::cmp::Reverse(range.end), *index)
    });
    let mut woven = String::with_capacity(source.text.len() * 4);
    let mut traces = Vec::with_capacity(active.len());
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    let mut end_until =
        |limit: usize, open: &mut Vec<(usize, usize)>, woven: &mut String, traces: &mut Vec<Trace>| {
            while let Some((end, index)) = open.last().copied().filter(|(end, _)| *end <= limit) {
                woven.push_str(&source.text[at..end]);
                at = end;
                let (number, mutant) = &active[index];
                let start = woven.len();
                woven.push_str(&mutant.around[1].replace(ON, &condition(*number)));
                let trace = traces.iter_mut().rev().find(|trace| trace.number == *number);
                trace.into_iter().for_each(|trace| trace.put[1] = start..woven.len());
                open.pop();
            }
            let upto = limit.min(source.text.len());
            woven.push_str(&source.text[at..upto]);
            at = upto;
        };
    for (index, (number, mutant)) in begins {
        end_until(mutant.range.start, &mut open, &mut woven, &mut traces);
        let start = woven.len();
        woven.push_str(&mutant.around[0].replace(ON, &condition(*number)));
        let put = start..woven.len();
        traces.push(Trace { number: *number, put: [put.clone(), put.end..put.end] });
        if !mutant.range.is_empty() {
            open.push((mutant.range.end, index));
        }
    }
    end_until(usize::MAX, &mut open, &mut woven, &mut traces);
    (woven, traces)
}

fn condition(number: usize) -> String {
    format!("crate::ctp_mutant({number})")
}

/// Makes the copy: all sources as they are, and what is around them as far as they look at it.
pub(super) fn copy(to: &Path, count: usize) -> Result<()> {
    let sources = to.join("ctp-gateway/src");
    if sources.exists() {
        fs::remove_dir_all(&sources)?;
    }
    copy_folder(&paths::root().join("ctp-gateway/src"), &sources)?;
    let docs = to.join("docs");
    if !docs.exists() {
        os::unix::fs::symlink(paths::root().join("docs"), &docs)?;
    }
    let root = sources.join("lib.rs");
    let mut text = fs::read_to_string(&root)?;
    text.push_str(&SWITCH.replace("COUNT", &(count + 1).to_string()));
    fs::write(root, text)?;
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", paths::shown(from)))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
