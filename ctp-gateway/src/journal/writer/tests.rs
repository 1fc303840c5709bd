use std::sync::mpsc;

use ctp_types::{RecordBox, TraderRequest};

use super::*;
use crate::journal::{DamageKind, Segments};

const DAY: &str = "20261123";

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).unwrap()
}

const ACCOUNT: &str = "9999/226485";

fn config(segment_bytes: u64) -> JournalConfig {
    JournalConfig { segment_bytes, ..JournalConfig::default() }
}

fn open(folder: &Path, config: &JournalConfig) -> (Journal, Recovered) {
    Journal::open(folder, ACCOUNT, config, 1, |error| panic!("{error}")).unwrap()
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
    let (lost, behind) = (&segments[4], &segments[5].path);
    let number = |entry: Option<&(u64, Entry)>| entry.map(|(sequence, _)| *sequence).unwrap();
    let (first, last) = (number(lost.entries.first()), number(lost.entries.last()));
    assert!(first < last);
    std::fs::remove_file(&lost.path).unwrap();
    let (_, recovered) = open(folder.path(), &config);
    let [damage] = &recovered.damage[..] else { panic!("{:?}", recovered.damage) };
    assert_eq!((&damage.path, damage.offset), (behind, 0));
    assert_eq!(damage.kind, DamageKind::Missing { first, last });
}

/// An action that is written from where it lies is the entry that it would be, in the segment in which that would be.
#[test]
fn an_action_is_written_as_its_entry() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [mut entries, mut actions] = folders.each_ref().map(|folder| open(folder.path(), &config(4 << 10)).0);
    let request = TraderRequest::ReqOrderInsert;
    let record = RecordBox::zeroed(request.record());
    for request_id in 0..400 {
        let (record, order_ref) = (record.as_ref(), text(&request_id.to_string()));
        let action = Action { at_ns: 7, request, record, request_id, front_id: 1, session_id: 5, order_ref };
        let number = entries.append(&action.into()).unwrap();
        assert_eq!(actions.append_action(&action).unwrap(), number);
    }
    drop((entries, actions));
    let [entries, actions] = folders.each_ref().map(|folder| {
        let segments = Segments::open(folder.path()).unwrap().map(Result::unwrap);
        let told = segments.map(|segment| format!("{:?} {:?}", segment.header, segment.entries));
        told.collect::<Vec<_>>()
    });
    assert!(entries.len() > 3, "{}", entries.len());
    assert_eq!(entries, actions);
}

/// A segment is filled as far as entries fit, and no further: what was set aside is enough.
#[test]
fn a_segment_is_as_full_as_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = 4 << 10;
    let (mut journal, _) = open(folder.path(), &config(bytes));
    journal.encode(&answer(1));
    let size = journal.bytes.len() as u64;
    let mut turns = 0;
    for number in 0..600 {
        let (before, segment) = (journal.segment.at, journal.segment.number);
        // Every second time the segment is filled to its last byte.
        if bytes - before < 2 * size && bytes - before > size && turns % 2 == 0 {
            let mut fill = vec![b'x'; 1];
            loop {
                let reason = String::from_utf8(fill.clone()).unwrap();
                let entry = Entry::Answer { at_ns: 3, request_id: number, refusal: Some(reason) };
                journal.encode(&entry);
                if before + journal.bytes.len() as u64 == bytes {
                    journal.append(&entry).unwrap();
                    assert_eq!((journal.segment.number, journal.segment.at), (segment, bytes));
                    break;
                }
                fill.push(b'x');
            }
        }
        let (before, segment) = (journal.segment.at, journal.segment.number);
        journal.append(&answer(number)).unwrap();
        assert!(journal.segment.at <= bytes);
        let fits = before + size <= bytes;
        turns += u64::from(!fits);
        assert_eq!(journal.segment.number, segment + u64::from(!fits));
    }
    assert!(turns > 4);
    drop(journal);
    let (_, recovered) = open(folder.path(), &config(bytes));
    assert!(recovered.damage.is_empty());
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
    let again = Journal::open(folder.path(), ACCOUNT, &config(1 << 16), 1, |_| {});
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
fn a_segment_that_was_never_begun_is_told_once() {
    for bytes in [0, 1 << 16] {
        let folder = tempfile::tempdir().unwrap();
        let config = config(1 << 16);
        drop(open(folder.path(), &config));
        fs::write(folder.path().join("000000000002.segment"), vec![0; bytes]).unwrap();
        let (_, recovered) = open(folder.path(), &config);
        assert!(matches!(recovered.damage[..], [ref damage] if damage.kind.is_torn()));
        assert!(open(folder.path(), &config).1.damage.is_empty());
        assert_eq!(names(folder.path()), ["Opened"; 3]);
    }
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
    // The day's own segment: the first is of the time before the login.
    let path = folder.path().join("000000000002.segment");
    let damaged = fs::read(&path).unwrap();
    assert_eq!(damaged.last(), Some(&0), "zeros are set aside behind it");
    for _ in 0..2 {
        let (_, recovered) = open(folder.path(), &config);
        // Evidence: not a byte of it is touched, the zeros behind it neither.
        assert!(fs::read(&path).unwrap() == damaged);
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

/// Set for the child that the two tests below start: what it shall do, and where.
const CHILD: &str = "CTP_JOURNAL_TEST_CHILD";
/// Set for a child whose disk becomes full: where there is room for its last words.
const KEPT: &str = "CTP_JOURNAL_TEST_KEPT";

/// Runs as a child: writes until it is killed, or until the journal takes no more. Says each number when it is written.
#[test]
fn child_that_writes() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let config = JournalConfig { view: false, ..config(1 << 16) };
    let (mut journal, _) = Journal::open(&folder, ACCOUNT, &config, 1, |_| {}).unwrap();
    let progress = folder.join("progress");
    journal.append(&login(DAY)).unwrap();
    let said = File::create(&progress).unwrap();
    for number in 1..2_000_000_i32 {
        match journal.append(&answer(number)) {
            Ok(_) => said.write_all_at(&number.to_le_bytes(), 0).unwrap(),
            Err(error) => {
                let kept = std::env::var_os(KEPT).map_or(folder, PathBuf::from);
                fs::write(kept.join("failed"), error.to_string()).unwrap();
                assert_eq!(journal.append(&answer(0)).unwrap_err().to_string(), error.to_string());
                return;
            }
        }
    }
    panic!("it was neither killed nor full");
}

/// Returns the command that runs [`child_that_writes`], behind words of a shell.
fn child(words: &str, folder: &Path) -> std::process::Command {
    let mut command = std::process::Command::new("sh");
    let own = std::env::current_exe().unwrap();
    command.args(["-c", &format!("{words} exec \"$0\" \"$@\"")]).arg(own);
    command.args(["--exact", "journal::writer::tests::child_that_writes"]);
    command.env(CHILD, folder).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    command
}

fn said(folder: &Path) -> i32 {
    let bytes = fs::read(folder.join("progress")).unwrap_or_default();
    bytes.first_chunk().map_or(0, |bytes| i32::from_le_bytes(*bytes))
}

#[test]
fn what_was_written_survives_a_kill_at_any_moment() {
    let mut chance = fastrand::Rng::with_seed(11);
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let mut child = child("", folder.path()).spawn().unwrap();
        let wanted = chance.i32(1..3_000);
        let begun = std::time::Instant::now();
        while said(folder.path()) < wanted && begun.elapsed().as_secs() < 60 {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let (_, recovered) = open(folder.path(), &config(1 << 16));
        let (numbers, said) = (numbers(&recovered), said(folder.path()));
        assert!(said >= wanted, "the child wrote {said} in a minute");
        let written = i32::try_from(numbers.len()).unwrap();
        assert_eq!(numbers, (1..=written).collect::<Vec<_>>(), "no gap, nothing twice");
        // Between the write and the saying of it there is one entry at most.
        assert!(written == said || written == said + 1, "{written} written, {said} said");
        assert!(recovered.damage.iter().all(|damage| damage.kind.is_torn()), "{:?}", recovered.damage);
    }
}

/// F71. A limit of file sizes is as good as a disk that is full: the kernel takes no more.
#[test]
fn f71_a_full_disk_ends_the_journal_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // Blocks of 512 bytes, half as many as a segment has: the first one cannot even be set aside.
    let status = child("trap '' XFSZ; ulimit -f 64;", folder.path()).status().unwrap();
    assert!(!status.success(), "no journal without room for its first segment");
    // A file system with room for three segments, if this user may have one.
    let mount = "mount -t tmpfs -o size=200k none \"$CTP_JOURNAL_TEST_CHILD\";";
    let after = format!(
        "{mount} \"$0\" \"$@\"; cp -r \"$CTP_JOURNAL_TEST_CHILD\"/. \"$CTP_JOURNAL_TEST_KEPT\"; exit 0; :"
    );
    let (own, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut inner = std::process::Command::new("unshare");
    inner.args(["--user", "--map-root-user", "--mount", "sh", "-c", &after]);
    inner
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "journal::writer::tests::child_that_writes"]);
    inner.env(CHILD, own.path()).env(KEPT, kept.path());
    inner.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mounted = inner.status().is_ok_and(|status| status.success()) && kept.path().join("failed").exists();
    if !mounted {
        // No file system of one's own here: the child above has shown the refusal.
        return;
    }
    let words = fs::read_to_string(kept.path().join("failed")).unwrap();
    assert!(words.contains("the disk is full, make room"), "{words}");
    let (_, recovered) = open(kept.path(), &config(1 << 16));
    assert!(recovered.damage.is_empty(), "{:?}", recovered.damage);
    let (numbers, said) = (numbers(&recovered), said(kept.path()));
    assert_eq!(numbers, (1..=said).collect::<Vec<_>>());
    assert!(said > 100, "{said}");
}
