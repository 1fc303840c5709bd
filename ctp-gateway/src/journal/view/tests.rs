use ctp_types::{
    Direction, HedgeFlag, InputOrderField, OffsetFlag, OrderField, OrderStatus, RecordBox, RspInfoField,
    Text, TradeField, TraderCallback, TraderRequest,
};

use super::*;
use crate::journal::{Entry, Journal, JournalConfig};
use crate::requests::RawEvent;

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).unwrap()
}

fn action(order_ref: &str, request_id: i32) -> Entry {
    let input = InputOrderField {
        instrument_id: text("rb2601"),
        exchange_id: text("SHFE"),
        order_ref: text(order_ref),
        direction: Direction::BUY,
        comb_offset_flag: text("0"),
        comb_hedge_flag: text("1"),
        limit_price: 3_900.0,
        volume_total_original: 10,
        ..Default::default()
    };
    Entry::Action {
        at_ns: 10,
        request: TraderRequest::ReqOrderInsert,
        record: RecordBox::new(&input),
        request_id,
        front_id: 1,
        session_id: 5,
        order_ref: text(order_ref),
    }
}

fn event(callback: TraderCallback, record: RecordBox, error_id: i32) -> Entry {
    let rsp_info = (error_id != 0).then(|| RspInfoField { error_id, error_msg: text("CTP:不") });
    Entry::Event(RawEvent {
        callback,
        record: Some(record),
        rsp_info,
        number: 0,
        is_last: true,
        received_ns: 20,
    })
}

fn order(order_ref: &str, status: OrderStatus, traded: i32) -> OrderField {
    OrderField {
        trading_day: text("20261123"),
        instrument_id: text("rb2601"),
        exchange_id: text("SHFE"),
        order_ref: text(&format!("{order_ref:>12}")),
        front_id: 1,
        session_id: 5,
        trader_id: text("t"),
        order_local_id: text(order_ref),
        order_sys_id: text("77"),
        direction: Direction::BUY,
        comb_offset_flag: text("0"),
        comb_hedge_flag: text("1"),
        limit_price: 3_900.0,
        volume_total_original: 10,
        volume_traded: traded,
        volume_total: 10 - traded,
        order_status: status,
        ..Default::default()
    }
}

fn day() -> Vec<Entry> {
    let trade = TradeField {
        trading_day: text("20261123"),
        instrument_id: text("rb2601"),
        exchange_id: text("SHFE"),
        order_sys_id: text("77"),
        order_ref: text("1"),
        trade_id: text("9"),
        direction: Direction::BUY,
        offset_flag: OffsetFlag::OPEN,
        hedge_flag: HedgeFlag::SPECULATION,
        price: 3_899.0,
        volume: 4,
        ..Default::default()
    };
    let refused =
        InputOrderField { instrument_id: text("rb2601"), order_ref: text("2"), ..Default::default() };
    let renamed = OrderField { front_id: 2, session_id: 8, ..order("1", OrderStatus::CANCELED, 4) };
    let max_order_ref = Text::default();
    vec![
        Entry::Login { at_ns: 2, trading_day: text("20261123"), front_id: 1, session_id: 5, max_order_ref },
        action("1", 100),
        Entry::Answer { at_ns: 11, request_id: 100, refusal: None },
        action("2", 101),
        Entry::Answer { at_ns: 11, request_id: 101, refusal: None },
        event(TraderCallback::OnRspOrderInsert, RecordBox::new(&refused), 31),
        action("3", 102),
        event(
            TraderCallback::OnRtnOrder,
            RecordBox::new(&order("1", OrderStatus::PART_TRADED_QUEUEING, 4)),
            0,
        ),
        event(TraderCallback::OnRtnTrade, RecordBox::new(&trade), 0),
        event(TraderCallback::OnRtnTrade, RecordBox::new(&trade), 0),
        event(TraderCallback::OnRtnOrder, RecordBox::new(&order("1", OrderStatus::NO_TRADE_QUEUEING, 0)), 0),
        // After the counter cleared its flow.
        event(TraderCallback::OnRtnOrder, RecordBox::new(&renamed), 0),
        event(TraderCallback::OnRtnOrder, RecordBox::new(&order("1", OrderStatus::NO_TRADE_QUEUEING, 4)), 0),
        Entry::Switch { at_ns: 30, on: true, reason: "enough".to_owned() },
    ]
}

fn write(folder: &Path, view: bool) {
    let config = JournalConfig { segment_bytes: 1 << 12, view, ..JournalConfig::default() };
    let (mut journal, _) = Journal::open(folder, "9999/1", &config, 1, |error| panic!("{error}")).unwrap();
    for entry in day() {
        journal.append(&entry).unwrap();
    }
    journal.close(40).unwrap();
}

fn dump(folder: &Path) -> Vec<String> {
    let connection = Connection::open(folder.join(VIEW)).unwrap();
    let mut rows = Vec::new();
    for query in [
        "SELECT order_ref, is_own, volume_traded, ifnull(status, '-'), ifnull(refusal_code, '-'), front_id FROM orders",
        "SELECT trade_id, order_ref, volume, price, offset FROM trades",
        "SELECT side, opened, closed, change FROM positions",
        "SELECT request, order_ref, ifnull(answered_ns, '-'), ifnull(not_sent, '-'), instrument_id FROM actions",
        "SELECT trading_day, front_id, session_id FROM sessions",
        "SELECT is_on, reason FROM switches",
        "SELECT first, last FROM gaps",
    ] {
        let mut statement = connection.prepare(query).unwrap();
        let columns = statement.column_count();
        let found = statement.query_map([], |row| {
            let values = (0..columns).map(|column| match row.get_ref(column)? {
                rusqlite::types::ValueRef::Integer(number) => Ok(number.to_string()),
                rusqlite::types::ValueRef::Real(number) => Ok(number.to_string()),
                other => Ok(other.as_str().unwrap_or("?").to_owned()),
            });
            values.collect::<rusqlite::Result<Vec<_>>>().map(|values| values.join(" "))
        });
        rows.extend(found.unwrap().map(Result::unwrap));
    }
    rows
}

const EXPECTED: [&str; 10] = [
    "1 1 4 5 - 1",
    "2 1 0 - 31 1",
    "3 1 0 - - 1",
    "9 1 4 3899 0",
    "long 4 0 4",
    "ReqOrderInsert 1 11 - rb2601",
    "ReqOrderInsert 2 11 - rb2601",
    "ReqOrderInsert 3 - - rb2601",
    "20261123 1 5",
    "1 enough",
];

#[test]
fn a_day_is_shown_while_it_is_written_and_after() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), true);
    assert_eq!(dump(folder.path()), EXPECTED);
}

#[test]
fn a_view_that_lags_is_damaged_or_is_missing_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), false);
    assert!(!folder.path().join(VIEW).exists());
    assert!(rebuild(folder.path()).unwrap() > 14);
    assert_eq!(dump(folder.path()), EXPECTED);
    // Again the same, and nothing twice.
    let before =
        View::open(folder.path())
            .unwrap()
            .connection
            .query_row("SELECT COUNT(*) FROM actions", [], |row| row.get::<_, i64>(0));
    assert_eq!(before, Ok(3));
    // It lags: entries that came while nobody kept it.
    let config = JournalConfig { view: false, ..JournalConfig::default() };
    let (mut journal, _) = Journal::open(folder.path(), "9999/1", &config, 1, |_| {}).unwrap();
    journal.append(&Entry::Switch { at_ns: 50, on: false, reason: "again".to_owned() }).unwrap();
    drop(journal);
    let mut view = View::open(folder.path()).unwrap();
    view.catch_up().unwrap();
    assert!(view.entries > 0 && view.entries < 5, "{}", view.entries);
    drop(view);
    assert_eq!(dump(folder.path()).last().unwrap(), "0 again");
    // It is damaged.
    fs::write(folder.path().join(VIEW), b"no database at all, but some words that stand here").unwrap();
    let mut view = View::open(folder.path()).unwrap();
    view.catch_up().unwrap();
    drop(view);
    assert_eq!(dump(folder.path())[..9], EXPECTED[..9]);
    // It is of another, longer journal.
    let connection = Connection::open(folder.path().join(VIEW)).unwrap();
    connection.execute("UPDATE meta SET value = 1000 WHERE name = 'last_sequence'", []).unwrap();
    drop(connection);
    assert_eq!(View::open(folder.path()).unwrap().tail.read(1).unwrap()[0].0, 1);
}

#[test]
fn what_is_missing_is_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), false);
    let segments = folder::segments(folder.path()).unwrap();
    let path = &segments.last().unwrap().1;
    let mut bytes = fs::read(path).unwrap();
    let damaged = bytes.len() - 70 - 40;
    bytes[damaged] ^= 1;
    fs::write(path, bytes).unwrap();
    rebuild(folder.path()).unwrap();
    let rows = dump(folder.path());
    assert_eq!(rows[..EXPECTED.len()], EXPECTED, "the last order record said nothing new");
    assert_eq!(rows[EXPECTED.len()..], ["14 14"]);
}

#[test]
fn a_journal_that_is_written_is_not_rebuilt_under_its_writer() {
    let folder = tempfile::tempdir().unwrap();
    let config = JournalConfig::default();
    let (_journal, _) = Journal::open(folder.path(), "9999/1", &config, 1, |_| {}).unwrap();
    assert!(matches!(rebuild(folder.path()), Err(JournalError::Locked { .. })));
}

#[test]
fn a_program_looks_while_the_view_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(VIEW);
    assert!(matches!(look(&path, "SELECT 1", &[]), Err(JournalError::View { .. })), "there is none");
    write(folder.path(), false);
    let mut view = View::open(folder.path()).unwrap();
    let query =
        "SELECT instrument_id, price, volume, refusal FROM orders WHERE trading_day = ? ORDER BY order_ref";
    assert_eq!(look(&path, query, &["20000101"]).unwrap(), Vec::<Vec<Cell>>::new());
    view.catch_up().unwrap();
    let days = look(&path, "SELECT DISTINCT trading_day FROM orders", &[]).unwrap();
    let Cell::Text(day) = &days[0][0] else { panic!("{days:?}") };
    let rows = look(&path, query, &[day]).unwrap();
    assert!(matches!(&rows[0][..2], [Cell::Text(_), Cell::Real(_)]), "{rows:?}");
    assert!(matches!(rows[0][2], Cell::Integer(_)), "{rows:?}");
    // Nothing is written, and what is no query is told.
    for wrong in ["DELETE FROM orders", "no query"] {
        assert!(matches!(look(&path, wrong, &[]), Err(JournalError::View { .. })), "{wrong}");
    }
    drop(view);
    assert!(!look(&path, query, &[day]).unwrap().is_empty());
    fs::write(&path, b"no database at all, but some words that stand here").unwrap();
    assert!(look(&path, query, &[day]).is_err());
}

/// What a record does not say is NULL, and its day is that of the session.
#[test]
fn what_is_not_said_is_null() {
    let folder = tempfile::tempdir().unwrap();
    let config = JournalConfig::default();
    let (mut journal, _) =
        Journal::open(folder.path(), "9999/1", &config, 1, |error| panic!("{error}")).unwrap();
    let mut bare = order("7", OrderStatus::default(), 0);
    (bare.trading_day, bare.order_local_id, bare.limit_price) = (Text::default(), Text::default(), f64::MAX);
    let mut other = OrderField { order_ref: text("8"), limit_price: 3_900.0, ..bare };
    other.order_status = OrderStatus::NO_TRADE_QUEUEING;
    let transfer = Entry::Action {
        at_ns: 10,
        request: TraderRequest::ReqFromBankToFutureByFuture,
        record: RecordBox::zeroed(TraderRequest::ReqFromBankToFutureByFuture.record()),
        request_id: 9,
        front_id: 1,
        session_id: 5,
        order_ref: Text::default(),
    };
    let max_order_ref = Text::default();
    for entry in [
        Entry::Login { at_ns: 2, trading_day: text("20261123"), front_id: 1, session_id: 5, max_order_ref },
        transfer,
        event(TraderCallback::OnRtnOrder, RecordBox::new(&bare), 0),
        event(TraderCallback::OnRtnOrder, RecordBox::new(&other), 0),
        // An answer without a refusal is none.
        event(TraderCallback::OnRspOrderInsert, RecordBox::new(&InputOrderField::default()), 0),
    ] {
        journal.append(&entry).unwrap();
    }
    journal.close(40).unwrap();
    let connection = Connection::open(folder.path().join(VIEW)).unwrap();
    let rows = |sql: &str| -> Vec<(String, Option<f64>, Option<String>)> {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        rows.unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(
        rows("SELECT trading_day || ' ' || order_ref, price, status FROM orders"),
        [
            ("20261123 7".to_owned(), None, None),
            ("20261123 8".to_owned(), Some(3_900.0), Some("3".to_owned()))
        ]
    );
    assert_eq!(
        rows("SELECT request, answered_ns, instrument_id FROM actions"),
        [("ReqFromBankToFutureByFuture".to_owned(), None, None)]
    );
}

/// What a keeper knows of the session outlives it: the next one goes on from there.
#[test]
fn the_place_outlives_the_keeper() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), true);
    let config = JournalConfig { view: false, ..JournalConfig::default() };
    let (mut journal, _) = Journal::open(folder.path(), "9999/1", &config, 1, |_| {}).unwrap();
    let refused =
        InputOrderField { instrument_id: text("rb2601"), order_ref: text("3"), ..Default::default() };
    journal.append(&event(TraderCallback::OnErrRtnOrderInsert, RecordBox::new(&refused), 42)).unwrap();
    journal.append(&action("4", 103)).unwrap();
    drop(journal);
    let mut view = View::open(folder.path()).unwrap();
    view.catch_up().unwrap();
    drop(view);
    let rows = dump(folder.path());
    assert!(rows.contains(&"3 1 0 - 42 1".to_owned()), "{rows:?}");
    assert!(rows.contains(&"4 1 0 - - 1".to_owned()), "{rows:?}");
    let connection = Connection::open(folder.path().join(VIEW)).unwrap();
    let count: i64 = connection
        .query_row("SELECT COUNT(*) FROM orders WHERE trading_day = '20261123'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 4);
    let (gateway, process): (String, u32) = connection
        .query_row("SELECT gateway, process FROM sessions", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!((gateway.as_str(), process), (env!("CARGO_PKG_VERSION"), std::process::id()));
}

/// A view that cannot be deleted is an error, not one that is not there.
#[test]
fn a_view_that_cannot_be_deleted_is_said() {
    let folder = tempfile::tempdir().unwrap();
    remove(folder.path()).unwrap();
    fs::create_dir(folder.path().join(VIEW)).unwrap();
    let error = remove(folder.path()).unwrap_err().to_string();
    assert!(error.starts_with("cannot delete ") && error.contains(VIEW), "{error}");
}
