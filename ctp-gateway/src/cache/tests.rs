use proptest::prelude::*;

use super::*;

fn day(text: &str) -> Text<9> {
    Text::new(text).unwrap()
}

fn rows(count: i32) -> Vec<RecordBox> {
    let row = |multiple| {
        let instrument_name = Text::new("螺纹钢2601").unwrap();
        RecordBox::new(&InstrumentField { instrument_name, volume_multiple: multiple, ..Default::default() })
    };
    (1..=count).map(row).collect()
}

fn multiples(rows: &[RecordBox]) -> Vec<i32> {
    let multiple = |row: &RecordBox| {
        let row = row.get::<InstrumentField>().expect("an instrument");
        assert_eq!(row.instrument_name, "螺纹钢2601");
        row.volume_multiple
    };
    rows.iter().map(multiple).collect()
}

#[test]
fn what_was_kept_is_found_by_the_next_session_of_the_day() {
    let folder = tempfile::tempdir().unwrap();
    let open = |owner: &str| DayCache::new(folder.path().join("new/cache"), owner.to_owned());
    let cache = open("9999 000001");
    let today = day("20261123");
    assert!(cache.get(Table::Instruments, today, "").is_none());
    cache.put(Table::Instruments, today, "", rows(3));
    cache.put(Table::Instruments, today, "rb", rows(1));
    assert_eq!(cache.get(Table::Instruments, today, "").map(|rows| rows.len()), Some(3));

    let next = open("9999 000001");
    assert_eq!(multiples(&next.get(Table::Instruments, today, "").unwrap()), [1, 2, 3]);
    assert_eq!(multiples(&next.get(Table::Instruments, today, "rb").unwrap()), [1]);
    assert!(next.get(Table::MarginRates, today, "").is_none());
    assert!(open("9999 000002").get(Table::Instruments, today, "").is_none());
    assert!(next.get(Table::Instruments, day("20261124"), "").is_none());
}

#[test]
fn a_new_day_replaces_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let cache = DayCache::new(folder.path().to_owned(), String::new());
    cache.put(Table::Instruments, day("20261123"), "", rows(3));
    cache.put(Table::Instruments, day("20261124"), "", rows(1));
    let next = DayCache::new(folder.path().to_owned(), String::new());
    assert!(next.get(Table::Instruments, day("20261123"), "").is_none());
    assert_eq!(next.get(Table::Instruments, day("20261124"), "").map(|rows| rows.len()), Some(1));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn f20_a_damaged_file_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let today = day("20261123");
    let open = || DayCache::new(folder.path().to_owned(), String::new());
    for damage in [&b""[..], b"CTPDAY1\n", &[0xff; 5_000]] {
        fs::write(folder.path().join("instruments.cache"), damage).unwrap();
        // What a power cut leaves beside it does not count.
        fs::write(folder.path().join("instruments.new"), b"half").unwrap();
        let cache = open();
        assert!(cache.get(Table::Instruments, today, "").is_none());
        cache.put(Table::Instruments, today, "", rows(2));
        assert_eq!(open().get(Table::Instruments, today, "").map(|rows| rows.len()), Some(2));
    }
}

#[test]
fn a_folder_that_cannot_be_written_costs_only_queries() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("file");
    fs::write(&blocked, b"").unwrap();
    let cache = DayCache::new(blocked.join("cache"), String::new());
    cache.put(Table::Instruments, day("20261123"), "", rows(2));
    assert_eq!(cache.get(Table::Instruments, day("20261123"), "").map(|rows| rows.len()), Some(2));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A cut or a flipped bit anywhere is found.
    #[test]
    fn f20_no_damage_goes_unseen(at in any::<prop::sample::Index>(), bit in 0..8_u8, cut in any::<bool>()) {
        let descriptor = InstrumentField::DESCRIPTOR;
        let entries = Entries::from([(String::new(), rows(2)), ("rb2601".to_owned(), rows(1))]);
        let mut bytes = file::write("key", descriptor, &entries).unwrap();
        let whole = file::read(&bytes, "key", descriptor).unwrap();
        prop_assert_eq!(whole.len(), 2);
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << bit;
        }
        prop_assert_eq!(file::read(&bytes, "key", descriptor).map(drop), Err(file::Unusable::Damaged));
    }
}
