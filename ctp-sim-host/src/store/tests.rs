//! Stores of random sessions, cut at random inputs, damaged at random places.

mod damage;
mod figures;
mod script;

use std::fs;
use std::path::{Path, PathBuf};

use ctp_sim::{Exchange, Input, Journal, Output, Timestamp};
use proptest::prelude::*;
use tempfile::TempDir;

use self::script::{Script, start};
use super::*;

/// Settings of a session: hours of the exchange, so that settlements and weekends come, or always open.
fn options(folder: &Path, seed: u64) -> StoreOptions {
    let hours = if seed.is_multiple_of(2) { "exchange" } else { "always" };
    let settings = [
        ("seed", seed.to_string()),
        ("hours", hours.to_owned()),
        ("products", "rb,IF,m".to_owned()),
        ("options", "off".to_owned()),
        ("queries_per_second", "0".to_owned()),
    ];
    StoreOptions {
        path: folder.join("day.db"),
        start: Some(start()),
        settings: settings.map(|(key, value)| (key.to_owned(), value)).to_vec(),
        replay: None,
    }
}

fn open(options: &StoreOptions) -> Result<Store, StoreError> {
    Store::open(options, Timestamp(0))
}

/// An exchange being driven as the engine does: moment by moment, then the input.
struct Driven {
    exchange: Logged,
    at: Timestamp,
    outputs: Vec<Output>,
}

impl Driven {
    fn of(store: Store) -> Self {
        Self { exchange: store.exchange, at: store.reached, outputs: Vec::new() }
    }

    /// Lets time pass as the driver thread does, in as many steps as it likes.
    fn pass(&mut self, until: Timestamp) {
        while let Some(due) = self.exchange.next_deadline().filter(|due| *due <= until) {
            let (from, at) = (self.at, self.at.max(due));
            self.at = at;
            self.exchange.step(from, at, Input::Advance, &mut self.outputs).expect("time passes");
        }
    }

    fn take(&mut self, at: Timestamp, input: Input) {
        if !matches!(input, Input::Skip) {
            self.pass(at);
        }
        let from = self.at;
        self.at = from.max(at);
        self.exchange.step(from, self.at, input, &mut self.outputs).expect("there is room");
    }

    /// Returns what clients received since it was last asked.
    fn heard(&mut self) -> (u64, String) {
        let mut journal = Journal::new();
        for output in self.outputs.drain(..) {
            journal.output(Timestamp(0), &output);
        }
        (journal.entries(), journal.hex())
    }
}

/// Copies a store as it is at this moment: what a kill would leave.
fn image(store: &Path) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("day.db");
    for end in ["", "-wal", "-head"] {
        let of = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        if of(store).exists() {
            fs::copy(of(store), of(&copy)).expect("room");
        }
    }
    (folder, copy)
}

fn without_store(options: &StoreOptions) -> Driven {
    let mut config = Config::starting_at(start());
    for (key, value) in &options.settings {
        config.set(key, value).expect("a setting");
    }
    let exchange = Logged::new(Exchange::new(config).expect("settings that can be"), None);
    Driven { exchange, at: start(), outputs: Vec::new() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    /// A run that was killed at any input and made again tells clients what one tells them that was never interrupted, and
    /// one that has no store at all.
    #[test]
    fn a_day_that_was_cut_goes_on_as_if_it_was_not(seed in 1u64..1_000_000, length in 20usize..120, cut in 0.0..1.0f64) {
        let script = Script::random(seed, length, &mut without_store(&options(Path::new(""), seed)));
        let cut = (cut * script.inputs.len() as f64) as usize;

        let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
        let mut whole = Driven::of(open(&options(folders[0].path(), seed)).expect("a store"));
        let mut plain = without_store(&options(Path::new(""), seed));
        let to_cut = options(folders[1].path(), seed);
        let mut killed = Driven::of(open(&to_cut).expect("a store"));
        for (at, input) in &script.inputs[..cut] {
            for run in [&mut whole, &mut plain, &mut killed] {
                run.take(*at, input.clone());
            }
        }
        // Killed between two inputs, after time went on a little.
        let middle = script.inputs.get(cut).map_or(script.end, |(at, _)| *at);
        let middle = Timestamp(killed.at.0 + (middle.0 - killed.at.0).max(0) / 2);
        killed.pass(middle);
        let reached = killed.at;
        let before = killed.heard();
        let (_kept, path) = image(&to_cut.path);
        drop(killed);

        let again = open(&StoreOptions { path, ..to_cut }).expect("the store opens as after a kill");
        prop_assert_eq!(again.time(), reached);
        prop_assert_eq!(again.rows(), cut as u64);
        let mut again = Driven::of(again);
        for run in [&mut whole, &mut plain] {
            run.pass(middle);
            prop_assert_eq!(run.heard(), before.clone());
        }
        for (at, input) in &script.inputs[cut..] {
            for run in [&mut whole, &mut plain, &mut again] {
                run.take(*at, input.clone());
            }
        }
        for run in [&mut whole, &mut plain, &mut again] {
            run.pass(script.end);
        }
        let after = whole.heard();
        prop_assert_eq!(plain.heard(), after.clone());
        prop_assert_eq!(again.heard(), after);
    }
}

/// Cases of the long property; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(8).min(500)
}

#[test]
fn a_closed_store_opens_where_it_ended_and_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path(), 3);
    let script = Script::random(3, 60, &mut without_store(&options));
    let mut run = Driven::of(open(&options).expect("a store"));
    for (at, input) in &script.inputs {
        run.take(*at, input.clone());
    }
    let reached = run.at;
    assert_eq!(summary(&options.path).expect("a store").state, StoreState::Running);
    let refused = open(&options).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("in use") && refused.contains(&std::process::id().to_string()), "{refused}");
    run.exchange.close();
    drop(run);
    let checked = check(&options.path).expect("sound");
    assert_eq!((checked.rows, &checked.reached), (script.inputs.len() as u64, &reached.china()));
    assert!(checked.compared >= 2, "{checked:?}");
    assert_eq!(summary(&options.path).expect("a store").state, StoreState::Closed);
    // A closed store is whole without the file beside it.
    fs::remove_file(head::path_of(&options.path)).expect("it is there");
    let store = open(&options).expect("it opens");
    assert_eq!((store.time(), store.rows()), (reached, script.inputs.len() as u64));
}

#[test]
fn a_store_of_other_settings_start_or_kind_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path(), 4);
    drop(open(&options).expect("a store"));
    let refused = |change: &dyn Fn(&mut StoreOptions), named: &[&str]| {
        let mut changed = options.clone();
        change(&mut changed);
        let error = open(&changed).err().map(|error| error.to_string()).unwrap_or_default();
        for name in named {
            assert!(error.contains(name), "{name}: {error}");
        }
    };
    refused(
        &|options| options.settings.push(("seed".to_owned(), "5".to_owned())),
        &["seed", "\"4\"", "\"5\""],
    );
    refused(&|options| options.settings.push(("crowd".to_owned(), "off".to_owned())), &["crowd"]);
    let password =
        |options: &mut StoreOptions| options.settings.push(("password".to_owned(), "canary".to_owned()));
    refused(&password, &["password is"]);
    refused(&|options| options.start = Some(Timestamp(0)), &["2026-", "1970-"]);
    // What is left out is as it was.
    let bare = StoreOptions { settings: Vec::new(), start: None, ..options.clone() };
    drop(open(&bare).expect("the store's own settings"));
    for (name, content) in [("text", &b"hello"[..]), ("long", &[b'x'; 5_000]), ("empty", b"")] {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("room");
        let error = open(&StoreOptions { path: path.clone(), ..options.clone() });
        let error = error.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("not a store") && error.contains(name), "{error}");
        assert_eq!(fs::read(&path).expect("a file"), content);
        assert!(!head::path_of(&path).exists(), "nothing is left beside a foreign file");
    }
    let error = open(&StoreOptions { path: folder.path().join("no/such/day.db"), ..options.clone() });
    assert!(error.err().map(|error| error.to_string()).unwrap_or_default().contains("no/such/day.db"));
    let foreign = folder.path().join("foreign.db");
    let connection = rusqlite::Connection::open(&foreign).expect("room");
    connection.execute_batch("CREATE TABLE t (a)").expect("room");
    drop(connection);
    let error = open(&StoreOptions { path: foreign, ..options.clone() }).err().map(|error| error.to_string());
    assert!(error.unwrap_or_default().contains("another program"));
    let connection = rusqlite::Connection::open(&options.path).expect("a store");
    connection.pragma_update(None, "user_version", 2).expect("room");
    drop(connection);
    let error = open(&options).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("format 2"), "{error}");
}

#[test]
fn another_model_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path(), 5);
    drop(open(&options).expect("a store"));
    let connection = rusqlite::Connection::open(&options.path).expect("a store");
    connection.execute("UPDATE meta SET value = 'abc' WHERE key = 'model'", []).expect("room");
    drop(connection);
    let error = open(&options).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("another model") && error.contains("abc"), "{error}");
}

#[test]
fn passwords_are_not_in_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = options(folder.path(), 6);
    options.settings.push(("password".to_owned(), "canary-of-the-broker".to_owned()));
    let mut run = Driven::of(open(&options).expect("a store"));
    let mut client = script::Client::new(SessionId(1), "one", "canary-of-the-broker");
    let logged_in = |outputs: &[Output]| script::login_of(outputs).is_some();
    for input in client.connect() {
        run.take(start(), input);
    }
    run.pass(Timestamp(start().0 + 100_000_000));
    run.take(run.at, client.log_in());
    run.pass(Timestamp(run.at.0 + 100_000_000));
    assert!(
        logged_in(&run.outputs),
        "what stands for a password is equal to what stands for the same: {:?}",
        run.outputs
    );
    client.password = "canary-of-somebody".to_owned();
    run.outputs.clear();
    run.take(run.at, Input::Disconnect { session: SessionId(1) });
    for input in client.connect() {
        run.take(run.at, input);
    }
    run.pass(Timestamp(run.at.0 + 100_000_000));
    run.take(run.at, client.log_in());
    run.pass(Timestamp(run.at.0 + 100_000_000));
    assert!(!logged_in(&run.outputs));
    run.exchange.close();
    for entry in fs::read_dir(folder.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("a file");
        assert!(!bytes.windows(6).any(|window| window == b"canary"), "{}", path.display());
    }
}

#[test]
fn a_full_disk_keeps_inputs_out_and_lets_time_pass() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path(), 7);
    let mut run = Driven::of(open(&options).expect("a store"));
    let mut client = script::Client::new(SessionId(1), "one", "simulator");
    for input in client.connect() {
        run.take(start(), input);
    }
    run.pass(Timestamp(start().0 + 100_000_000));
    run.take(run.at, client.log_in());
    run.pass(Timestamp(run.at.0 + 100_000_000));
    run.exchange.log_mut().expect("a log").fail(true);
    let from = run.at;
    let kept = run.exchange.step(from, from, client.log_in(), &mut run.outputs);
    assert!(kept.is_err_and(|cause| cause.to_string().contains("make room")));
    run.pass(Timestamp(run.at.0 + 2_000_000_000));
    run.exchange.log_mut().expect("a log").fail(false);
    run.take(run.at, client.log_in());
    let (reached, rows) = (run.at, 4);
    let (_kept, path) = image(&options.path);
    drop(run);
    let again = open(&StoreOptions { path, ..options }).expect("it opens");
    assert_eq!((again.time(), again.rows()), (reached, rows));
}

#[test]
fn the_wal_is_begun_anew_while_inputs_come_without_a_pause() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path(), 11);
    let mut run = Driven::of(open(&options).expect("a store"));
    let session = SessionId(1);
    let instruments = (0..500).map(|n| ctp_types::Text::new(&format!("none{n}")).expect("it fits")).collect();
    let wal = file::beside(&options.path, "-wal");
    let length = || fs::metadata(&wal).map_or(0, |wal| wal.len());
    let (mut rows, mut last, mut shortened) = (0, 0, 0);
    while shortened < 2 {
        run.take(run.at, Input::Unsubscribe { session, instruments: Vec::clone(&instruments) });
        rows += 1;
        assert!(rows < 300_000, "{} bytes, and it grows", length());
        let now = length();
        shortened += u32::from(now < last);
        last = now;
    }
    run.outputs.clear();
    // As after a kill.
    let (_kept, path) = image(&options.path);
    drop(run);
    assert_eq!(open(&StoreOptions { path, ..options }).expect("it opens").rows(), rows);
}

#[test]
fn tables_for_people_hold_what_the_exchange_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path(), 9);
    let script = Script::random(9, 150, &mut without_store(&options));
    let mut run = Driven::of(open(&options).expect("a store"));
    for (place, (at, input)) in script.inputs.iter().enumerate() {
        run.take(*at, input.clone());
        if place % 20 == 0 {
            while run.exchange.show() {}
        }
    }
    let day = run.exchange.trading_day().to_str().into_owned();
    let (orders, trades) = run.exchange.look_at_counts();
    let messages: usize = run.exchange.look_at_streams().iter().map(|(_, length)| length).sum();
    let traded: i64 = (0..orders)
        .filter_map(|place| run.exchange.look_at_order(place))
        .map(|order| i64::from(order.traded))
        .sum();
    let balance: f64 = run.exchange.look_at_accounts(None).iter().map(|account| account.balance).sum();
    run.exchange.close();
    let connection = rusqlite::Connection::open(&options.path).expect("a store");
    let one = |sql: &str| -> f64 {
        connection
            .query_row(&sql.replace("DAY", &day), [], |row| row.get(0))
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    };
    assert!(orders > 0 && messages > 0, "{orders} orders, {trades} trades, {messages} messages");
    for (sql, expected) in [
        ("SELECT CAST(count(*) AS REAL) FROM orders WHERE trading_day = 'DAY'", orders as f64),
        ("SELECT CAST(count(*) AS REAL) FROM trades WHERE trading_day = 'DAY'", trades as f64),
        ("SELECT CAST(count(*) AS REAL) FROM stream WHERE trading_day = 'DAY'", messages as f64),
        (
            "SELECT CAST(coalesce(sum(traded), 0) AS REAL) FROM orders WHERE trading_day = 'DAY'",
            traded as f64,
        ),
        ("SELECT sum(balance) FROM accounts", balance),
        ("SELECT CAST(row AS REAL) FROM shown", script.inputs.len() as f64),
    ] {
        assert_eq!(one(sql), expected, "{sql}");
    }
    let readme: String = connection
        .query_row("SELECT text FROM readme WHERE line = 4", [], |row| row.get(0))
        .expect("it is there");
    assert!(readme.contains("for reading"), "{readme}");
}
