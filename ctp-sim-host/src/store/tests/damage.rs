//! Files with flipped bits, cut ends and missing parts: refused, or exactly right.

use super::*;

/// A store with some inputs, as a kill leaves it, and what it holds.
fn killed(seed: u64, emptied: bool) -> (TempDir, StoreOptions, Timestamp, u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let first = options(folder.path(), seed);
    let script = Script::random(seed, 80, &mut without_store(&first));
    let mut run = Driven::of(open(&first).expect("a store"));
    let half = script.inputs.len() / 2;
    for (number, (at, input)) in script.inputs.iter().enumerate() {
        if emptied && number == half {
            // Half of the rows are in the file, half beside it.
            let connection = file::connect(&first.path).expect("a store");
            log::empty_wal(&connection).expect("room");
        }
        run.take(*at, input.clone());
    }
    let (kept, path) = image(&first.path);
    let (reached, rows) = (run.at, script.inputs.len() as u64);
    drop(run);
    (kept, StoreOptions { path, ..first }, reached, rows)
}

/// Opens a changed copy of a store. Whatever opens is what it was.
fn try_changed(of: &StoreOptions, reached: Timestamp, rows: u64, change: &dyn Fn(&Path), what: &str) -> bool {
    let (_folder, path) = image(&of.path);
    change(&path);
    match open(&StoreOptions { path: path.clone(), ..of.clone() }) {
        Ok(store) => {
            assert_eq!((store.time(), store.rows()), (reached, rows), "{what}");
            true
        }
        Err(error) => {
            let said = error.to_string();
            let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            assert!(said.contains(&file), "{what}: {said}");
            false
        }
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}{end}", path.display()))
}

#[test]
fn flipped_bits_are_refused_or_do_not_matter() {
    let (_folder, options, reached, rows) = killed(11, true);
    assert!(try_changed(&options, reached, rows, &|_| (), "unchanged"));
    let mut chance = 88_172_645_463_325_252u64;
    let mut refused = 0;
    let tries = super::cases() as usize * 6;
    for number in 0..tries {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let end = ["", "-wal", "-head"][number % 3];
        let at = chance;
        let flip = move |path: &Path| {
            let path = beside(path, end);
            let mut bytes = fs::read(&path).expect("a file");
            let place = at as usize % bytes.len();
            bytes[place] ^= 1 << (at >> 61);
            fs::write(&path, bytes).expect("room");
        };
        let length = fs::metadata(beside(&options.path, end)).map_or(1, |file| file.len());
        let what = format!("a bit of byte {} of FILE{end}", at % length);
        refused += usize::from(!try_changed(&options, reached, rows, &flip, &what));
    }
    assert!(refused > tries / 4, "{refused} of {tries}");
}

#[test]
fn cut_files_are_refused_or_do_not_matter() {
    let (_folder, options, reached, rows) = killed(12, true);
    for end in ["", "-wal", "-head"] {
        let length = fs::metadata(beside(&options.path, end)).expect("a file").len();
        for part in 0..12 {
            let left = length * part / 12;
            let cut = move |path: &Path| {
                let file = fs::OpenOptions::new().write(true).open(beside(path, end)).expect("a file");
                file.set_len(left).expect("room");
            };
            let opened =
                try_changed(&options, reached, rows, &cut, &format!("FILE{end} cut to {left} bytes"));
            // What the file lacks may stand in FILE-wal.
            assert!(!opened || end.is_empty(), "FILE{end} cut to {left} of {length} bytes opens");
        }
        let remove = |path: &Path| fs::remove_file(beside(path, end)).expect("it is there");
        assert!(
            !try_changed(&options, reached, rows, &remove, &format!("no FILE{end}")),
            "FILE{end} may be missing"
        );
    }
}

#[test]
fn rows_that_were_taken_out_changed_or_put_in_are_named() {
    let (_folder, options, ..) = killed(13, true);
    for (sql, named) in [
        ("DELETE FROM inputs WHERE row = 20", "row 19"),
        ("DELETE FROM inputs WHERE row = (SELECT max(row) FROM inputs)", "lacks its last rows"),
        ("DELETE FROM inputs", "lacks its last rows"),
        ("UPDATE inputs SET at = at + 1 WHERE row = 20", "row 20 of inputs: its checksum"),
        ("UPDATE inputs SET input = x'00' WHERE row = 3", "row 3 of inputs: its checksum"),
        ("UPDATE inputs SET chain = x'00' WHERE row = 3", "damaged"),
        ("UPDATE inputs SET chain = 'x' WHERE row = 3", "damaged"),
        ("UPDATE meta SET value = '9' WHERE key = 'phase'", "does not belong"),
        ("UPDATE meta SET value = '[]' WHERE key = 'settings'", "does not belong"),
        ("DELETE FROM meta", "meta"),
        ("DROP TABLE inputs", "damaged"),
        ("INSERT INTO checkpoints VALUES (5, 0, 1, zeroblob(32))", "row 5"),
        ("INSERT INTO checkpoints VALUES (5000, 0, 1, zeroblob(32))", "5000"),
    ] {
        let (_copied, path) = image(&options.path);
        let connection = rusqlite::Connection::open(&path).expect("a store");
        connection.execute_batch(sql).expect("room");
        drop(connection);
        let error = open(&StoreOptions { path, ..options.clone() }).err();
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(named), "{sql}: {error}");
    }
}

#[test]
fn lost_rows_are_accepted_by_hand_only() {
    let (_folder, options, _, rows) = killed(14, true);
    let (_copied, path) = image(&options.path);
    fs::remove_file(beside(&path, "-wal")).expect("it is there");
    let options = StoreOptions { path, ..options };
    assert!(matches!(open(&options), Err(StoreError::Lost { written, .. }) if written == rows));
    let (left, written) = accept_loss(&options.path).expect("what is there is sound");
    assert!(left < rows && written == rows, "{left} of {written}");
    let store = open(&options).expect("it opens");
    assert_eq!(store.rows(), left);
}

#[test]
fn a_run_that_goes_elsewhere_is_refused_with_the_place() {
    let (_folder, options, ..) = killed(15, false);
    let (_copied, path) = image(&options.path);
    // As another build that behaves otherwise would: the settings are part of what the exchange does, so their link in
    // the chain is made again.
    let connection = file::connect(&path).expect("a store");
    let meta = file::verify(&path, &connection).expect("sound");
    let found = head::read(&path).expect("a head");
    let ended = file::ended(&path, &connection, &meta, found).expect("of this store");
    let mut config = config_of(&meta).expect("settings that can be");
    config.seed += 1;
    let Err(error) = remake::run(&connection, &meta, &ended, config) else {
        panic!("another seed is another day")
    };
    let said = error.to_string();
    assert!(
        matches!(error, StoreError::Differs { .. }) && said.contains("row") && said.contains("2026-"),
        "{said}"
    );
}
