use super::*;
use crate::journal::{Journal, JournalConfig};

/// A journal of many segments. Returns the number of its last entry.
fn written(folder: &Path) -> u64 {
    let config = JournalConfig { segment_bytes: 1 << 10, view: false, ..JournalConfig::default() };
    let (mut journal, _) = Journal::open(folder, "9999/1", &config, 1, |error| panic!("{error}")).unwrap();
    let answer = |request_id| Entry::Answer { at_ns: 3, request_id, refusal: None };
    (0..100).map(|number| journal.append(&answer(number)).unwrap()).last().unwrap()
}

/// Wherever it begins, in pieces of any size: every entry behind that place comes once and in order, and nothing is read
/// again that lies before the segment of the next one.
#[test]
fn it_reads_on_from_any_entry() {
    let folder = tempfile::tempdir().unwrap();
    let end = written(folder.path());
    let begins: Vec<(u64, u64)> = folder::segments(folder.path())
        .unwrap()
        .into_iter()
        .map(|(number, path)| (number, first(&path).unwrap().unwrap()))
        .collect();
    assert!(begins.len() > 3);
    for last in 0..=end {
        assert!(Tail::reaches(folder.path(), last));
        for count in [1, 7, 1_000] {
            let mut tail = Tail::new(folder.path(), last).unwrap();
            let holds = begins.iter().rev().find(|(_, first)| *first <= last + 1);
            assert_eq!(tail.number + 1, holds.map_or(1, |(number, _)| *number), "{last}");
            let mut sequences = Vec::new();
            loop {
                let batch = tail.read(count).unwrap();
                assert!(batch.len() <= count);
                if batch.is_empty() {
                    break;
                }
                sequences.extend(batch.iter().map(|(sequence, _)| *sequence));
            }
            assert_eq!(sequences, (last + 1..=end).collect::<Vec<_>>(), "{last} by {count}");
        }
    }
    assert!(!Tail::reaches(folder.path(), end + 1));
    assert!(!Tail::reaches(&folder.path().join("nowhere"), 0));
}

/// What is written behind it comes with the next look, also in another segment; what is half written waits.
#[test]
fn it_follows_the_writer() {
    let folder = tempfile::tempdir().unwrap();
    let config = JournalConfig { segment_bytes: 1 << 10, view: false, ..JournalConfig::default() };
    let (mut journal, _) =
        Journal::open(folder.path(), "9999/1", &config, 1, |error| panic!("{error}")).unwrap();
    let mut tail = Tail::new(folder.path(), 0).unwrap();
    assert_eq!(tail.read(10).unwrap().len(), 1);
    for request_id in 0..100 {
        assert!(tail.read(10).unwrap().is_empty());
        let number = journal.append(&Entry::Answer { at_ns: 3, request_id, refusal: None }).unwrap();
        let batch = tail.read(10).unwrap();
        assert_eq!(batch.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), [number]);
    }
    assert!(folder::segments(folder.path()).unwrap().len() > 3);
    // Its last word, too.
    journal.close(9).unwrap();
    assert_eq!(tail.read(10).unwrap().len(), 1);
}
