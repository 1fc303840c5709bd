use std::sync::mpsc;

use super::*;
use crate::journal::{DamageKind, Segments};

const DAY: &str = "20261123";

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).unwrap()
}

fn config(segment_bytes: u64) -> JournalConfig {
    JournalConfig { segment_bytes, ..JournalConfig::default() }
}

fn open(folder: &Path, config: &JournalConfig) -> (Journal, Recovered) {
    Journal::open(folder, "9999/226485", config, 1, |error| panic!("{error}")).unwrap()
}

fn login(day: &str) -> Entry {
    let max_order_ref = Text::default();
    Entry::Login { at_ns: 2, trading_day: text(day), front_id: 1, session_id: 5, max_order_ref }
}

fn answer(request_id: i32) -> Entry {
    Entry::Answer { at_ns: 3, request_id, refusal: Some("too many requests".to_owned()) }
}

fn numbers(recovered: &Recovered) -> Vec<i32> {
    let answers = recovered.entries.iter().filter_map(|entry| match entry {
        Entry::Answer { request_id, .. } => Some(*request_id),
        _ => None,
    });
    answers.collect()
}

fn names(folder: &Path) -> Vec<String> {
    let segments = Segments::open(folder).unwrap();
    segments.flat_map(|segment| segment.unwrap().entries).map(|(_, entry)| entry.name().to_owned()).collect()
}

#[test]
fn a_journal_comes_back_after_a_close_and_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(1 << 16);
    let (mut journal, recovered) = open(folder.path(), &config);
    assert!(recovered.entries.is_empty() && recovered.trading_day.is_none() && recovered.damage.is_empty());
    journal.append(&login(DAY)).unwrap();
    journal.append(&answer(1)).unwrap();
    journal.close(9).unwrap();
    let (mut journal, recovered) = open(folder.path(), &config);
    assert_eq!((recovered.trading_day, numbers(&recovered)), (Some(text(DAY)), vec![1]));
    journal.append(&login(DAY)).unwrap();
    journal.append(&answer(2)).unwrap();
    // Dropped without a close, as a kill leaves it: the zeros stay.
    drop(journal);
    let (journal, recovered) = open(folder.path(), &config);
    assert_eq!((numbers(&recovered), recovered.damage.len()), (vec![1, 2], 0));
    drop(journal);
    let expected = ["Opened", "Login", "Answer", "Closed", "Opened", "Login", "Answer", "Opened"];
    assert_eq!(names(folder.path()), expected);
}

#[test]
fn entries_are_numbered_without_a_gap_over_segments_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(4 << 10);
    for run in 0..3 {
        let (mut journal, _) = open(folder.path(), &config);
        journal.append(&login(DAY)).unwrap();
        for number in 0..300 {
            journal.append(&answer(run * 300 + number)).unwrap();
        }
    }
    let segments: Vec<_> = Segments::open(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(segments.len() > 9, "{}", segments.len());
    assert!(segments.iter().all(|segment| segment.damage.is_empty()));
    let sequences: Vec<u64> =
        segments.iter().flat_map(|segment| segment.entries.iter().map(|(sequence, _)| *sequence)).collect();
    assert_eq!(sequences, (1..=sequences.len() as u64).collect::<Vec<_>>());
    let (_, recovered) = open(folder.path(), &config);
    assert_eq!(numbers(&recovered), (0..900).collect::<Vec<_>>());
    let lost = segments[4].path.clone();
    std::fs::remove_file(lost).unwrap();
    let (_, recovered) = open(folder.path(), &config);
    assert!(
        matches!(recovered.damage[..], [ref damage] if matches!(damage.kind, DamageKind::Missing { .. }))
    );
}

#[test]
fn a_new_day_begins_a_segment_and_old_days_are_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let config = JournalConfig { keep_days: 2, ..config(1 << 16) };
    for (run, day) in ["20261120", "20261123", "20261124"].into_iter().enumerate() {
        let (mut journal, recovered) = open(folder.path(), &config);
        assert_eq!(numbers(&recovered), if run == 0 { vec![] } else { vec![run as i32 - 1] });
        if run == 0 {
            journal.append(&Entry::Switch { at_ns: 4, on: true, reason: "enough".to_owned() }).unwrap();
        }
        assert_eq!(recovered.switch.is_some(), run > 0, "the switch outlives its day");
        journal.append(&login(day)).unwrap();
        journal.append(&answer(run as i32)).unwrap();
    }
    let (mut journal, recovered) = open(folder.path(), &config);
    assert_eq!(recovered.trading_day, Some(text("20261124")));
    assert_eq!(recovered.switch, Some((4, "enough".to_owned())));
    journal.append(&Entry::Switch { at_ns: 6, on: false, reason: String::new() }).unwrap();
    drop(journal);
    let days: Vec<String> = Segments::open(folder.path())
        .unwrap()
        .filter_map(|segment| segment.unwrap().header)
        .map(|header| header.trading_day.to_str().into_owned())
        .collect();
    assert_eq!(days, ["20261123", "", "20261124", ""]);
    assert!(open(folder.path(), &config).1.switch.is_none());
}

#[test]
fn two_writers_and_two_accounts_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path(), &config(1 << 16));
    let again = Journal::open(folder.path(), "9999/226485", &config(1 << 16), 1, |_| {});
    let error = again.expect_err("locked");
    assert!(
        matches!(&error, JournalError::Locked { holder, .. } if holder.starts_with("process ")),
        "{error}"
    );
    drop(journal);
    let other = Journal::open(folder.path(), "9999/1", &config(1 << 16), 1, |_| {});
    assert!(matches!(other, Err(JournalError::Account { .. })));
    open(folder.path(), &config(1 << 16));
}

#[test]
fn a_torn_end_is_cut_once_and_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(1 << 16);
    let (mut journal, _) = open(folder.path(), &config);
    journal.append(&login(DAY)).unwrap();
    journal.append(&answer(1)).unwrap();
    let (file, at) = (Arc::clone(&journal.segment.file), journal.segment.at);
    journal.encode(&answer(2));
    file.write_all_at(&journal.bytes[..18], at).unwrap();
    drop(journal);
    let (journal, recovered) = open(folder.path(), &config);
    assert_eq!(numbers(&recovered), [1]);
    let [torn] = &recovered.damage[..] else { panic!("{:?}", recovered.damage) };
    assert_eq!((torn.offset, &torn.kind), (at, &DamageKind::Torn { bytes: 18 }));
    drop(journal);
    assert!(open(folder.path(), &config).1.damage.is_empty());
}

#[test]
fn damage_stays_and_is_told_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(1 << 16);
    let (mut journal, _) = open(folder.path(), &config);
    journal.append(&login(DAY)).unwrap();
    let at = journal.segment.at;
    journal.append(&answer(1)).unwrap();
    journal.append(&answer(2)).unwrap();
    journal.segment.file.write_all_at(&[0xff], at + 20).unwrap();
    drop(journal);
    for _ in 0..2 {
        let (_, recovered) = open(folder.path(), &config);
        assert_eq!(numbers(&recovered), [2]);
        assert_eq!((recovered.damage[0].offset, &recovered.damage[0].kind), (at, &DamageKind::Payload));
        assert!(recovered.damage[0].to_string().contains("segment at offset"), "{}", recovered.damage[0]);
    }
}

#[test]
fn after_a_failure_nothing_is_taken_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path(), &config(1 << 16));
    journal.append(&login(DAY)).unwrap();
    // A descriptor that cannot be written to fails as a full disk does.
    let writable = Arc::clone(&journal.segment.file);
    journal.segment.file = Arc::new(File::open(&journal.segment.path).unwrap());
    let error = journal.append(&answer(1)).unwrap_err();
    assert!(error.to_string().starts_with("cannot write "), "{error}");
    journal.segment.file = writable;
    assert_eq!(journal.append(&answer(2)).unwrap_err().to_string(), error.to_string());
    drop(journal);
    let (_, recovered) = open(folder.path(), &config(1 << 16));
    assert!(numbers(&recovered).is_empty() && recovered.damage.is_empty());
}

#[test]
fn a_disk_that_cannot_be_synchronised_is_told_and_ends_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (tell, told) = mpsc::channel();
    let path = folder.path();
    let (mut journal, _) =
        Journal::open(path, "9999/1", &config(1 << 16), 1, move |error| tell.send(error).unwrap()).unwrap();
    // What fails to be cut and synchronised is any error of the file: a pipe's end has no length.
    let (reader, _writer) = std::io::pipe().unwrap();
    let pipe = File::from(std::os::fd::OwnedFd::from(reader));
    journal.keeper.turn(Arc::new(pipe), 0);
    journal.append(&answer(1)).unwrap();
    let error = told.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    assert!(error.to_string().starts_with("cannot synchronise "), "{error}");
    while journal.append(&answer(2)).is_ok() {}
    assert_eq!(journal.failure().unwrap().to_string(), error.to_string());
}
