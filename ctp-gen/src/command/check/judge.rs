//! Which subjects are checked, in which order, and what is said of them.

use std::{
    collections::BTreeMap,
    error::Error,
    path::Path,
    process::ExitCode,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use ctp_gen::models;

use super::{
    Arguments,
    subject::{Subject, Verdict},
};
use crate::{diff::print, model::ModelError};

/// Each holds libclang's tree of a header set, bindgen's and syn's.
const THREADS_MAX: usize = 2;

/// Checks everything that is asked for and prints a line for each, in the order asked.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let subjects = subjects(arguments)?;
    let (mut agreed, mut differing, mut missing) = (0_usize, 0_usize, 0_usize);
    judge(&subjects, |subject, verdict| {
        match verdict {
            Verdict::Agreed(_) => agreed += 1,
            Verdict::Differs(_) => differing += 1,
            Verdict::Missing => missing += 1,
        }
        Ok(print(&subject.line(verdict, arguments.present_only))?)
    })?;
    print(&format!(
        "{agreed} agree, {differing} differ, {missing} without headers; read by libclang alone, since bindgen does \
         not know them: constants of several characters, default values, error codes\n"
    ))?;
    let passes = differing == 0 && agreed > 0 && (missing == 0 || arguments.present_only);
    Ok(if passes { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Judges all `subjects` on a few threads and passes each on in order.
fn judge(
    subjects: &[Subject],
    mut pass_on: impl FnMut(&Subject, &Verdict) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let next = AtomicUsize::new(0);
    let (verdict_tx, verdicts) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..THREADS_MAX.min(subjects.len()) {
            let (verdict_tx, next) = (verdict_tx.clone(), &next);
            scope.spawn(move || {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(subject) = subjects.get(place) else { break };
                    // Nobody listens any more after an error.
                    if verdict_tx.send((place, subject.verdict())).is_err() {
                        break;
                    }
                }
            });
        }
        drop(verdict_tx);
        let mut waiting = BTreeMap::new();
        let mut places = 0..subjects.len();
        let mut due = places.next();
        for (place, verdict) in verdicts {
            waiting.insert(place, verdict);
            while let Some((place, verdict)) = due.and_then(|place| waiting.remove_entry(&place)) {
                pass_on(&subjects[place], &verdict?)?;
                due = places.next();
            }
        }
        Ok(())
    })
}

/// Returns what is asked for: committed models by label, folders of headers by path.
fn subjects(arguments: &Arguments) -> Result<Vec<Subject>, ModelError> {
    let committed =
        |label: &'static str| Subject::Model { label, headers: arguments.vendor.join(label).join("include") };
    let family = arguments.family.as_deref();
    if arguments.versions.is_empty() {
        let labels = models::texts().map(|(label, _)| label);
        let is_asked = |label: &&str| family.is_none_or(|family| label.starts_with(&format!("{family}-")));
        return Ok(labels.filter(is_asked).map(committed).collect());
    }
    let known = |asked: &str| {
        let mut labels = models::texts().map(|(label, _)| label);
        labels.find(|label| *label == asked || *label == format!("{}-{asked}", family.unwrap_or("se")))
    };
    let subject = |asked: &String| match known(asked) {
        Some(label) => Ok(committed(label)),
        None if Path::new(asked).is_dir() => {
            Ok(Subject::Headers { folder: asked.into(), family: family.unwrap_or("se").to_owned() })
        }
        None => Err(ModelError::Unknown {
            spec: asked.clone(),
            known: models::texts().map(|(label, _)| label.to_owned()).collect(),
        }),
    };
    arguments.versions.iter().map(subject).collect()
}
