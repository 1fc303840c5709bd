//! The tables for people: what the exchange shows, from time to time, and never read back.

use std::collections::{BTreeMap, BTreeSet};

use ctp_sim::{Exchange, Timestamp};
use rusqlite::types::Value as Cell;
use rusqlite::{Connection, params_from_iter};
use serde::Serialize;
use serde_json::Value;

/// Rows looked at under the exchange's lock at once.
const ROWS_MAX: usize = 200;

/// A table, and which fields of a row are its columns, with their types.
struct Table {
    name: &'static str,
    /// The columns that tell its rows apart.
    key: &'static str,
    columns: &'static [(&'static str, &'static str)],
}

const ACCOUNTS: Table = Table {
    name: "accounts",
    key: "investor",
    columns: &[
        ("investor", "TEXT"),
        ("balance", "REAL"),
        ("available", "REAL"),
        ("pre_balance", "REAL"),
        ("margin", "REAL"),
        ("frozen_margin", "REAL"),
        ("frozen_cash", "REAL"),
        ("frozen_commission", "REAL"),
        ("commission", "REAL"),
        ("close_profit", "REAL"),
        ("position_profit", "REAL"),
        ("premium", "REAL"),
        ("deposit", "REAL"),
        ("withdraw", "REAL"),
    ],
};

const POSITIONS: Table = Table {
    name: "positions",
    key: "investor, instrument, direction, hedge, date",
    columns: &[
        ("investor", "TEXT"),
        ("instrument", "TEXT"),
        ("exchange", "TEXT"),
        ("direction", "TEXT"),
        ("hedge", "TEXT"),
        ("date", "TEXT"),
        ("volume", "INTEGER"),
        ("today", "INTEGER"),
        ("frozen", "INTEGER"),
        ("open_price", "REAL"),
        ("margin", "REAL"),
        ("position_profit", "REAL"),
        ("close_profit", "REAL"),
        ("commission", "REAL"),
    ],
};

const ORDERS: Table = Table {
    name: "orders",
    key: "trading_day, number",
    columns: &[
        ("trading_day", "TEXT"),
        ("number", "INTEGER"),
        ("investor", "TEXT"),
        ("instrument", "TEXT"),
        ("exchange", "TEXT"),
        ("direction", "TEXT"),
        ("offset", "TEXT"),
        ("hedge", "TEXT"),
        ("price", "REAL"),
        ("volume", "INTEGER"),
        ("traded", "INTEGER"),
        ("status", "TEXT"),
        ("submit", "TEXT"),
        ("message", "TEXT"),
        ("live", "INTEGER"),
        ("order_ref", "TEXT"),
        ("order_sys_id", "TEXT"),
        ("front_id", "INTEGER"),
        ("session_id", "INTEGER"),
        ("time", "TEXT"),
        ("cancel_time", "TEXT"),
    ],
};

const TRADES: Table = Table {
    name: "trades",
    key: "trading_day, number",
    columns: &[
        ("trading_day", "TEXT"),
        ("number", "INTEGER"),
        ("investor", "TEXT"),
        ("instrument", "TEXT"),
        ("exchange", "TEXT"),
        ("direction", "TEXT"),
        ("offset", "TEXT"),
        ("price", "REAL"),
        ("volume", "INTEGER"),
        ("trade_id", "TEXT"),
        ("order_ref", "TEXT"),
        ("order_sys_id", "TEXT"),
        ("time", "TEXT"),
    ],
};

const STREAM: Table = Table {
    name: "stream",
    key: "trading_day, investor, number",
    columns: &[
        ("trading_day", "TEXT"),
        ("investor", "TEXT"),
        ("number", "INTEGER"),
        ("callback", "TEXT"),
        ("instrument", "TEXT"),
        ("order_ref", "TEXT"),
        ("order_sys_id", "TEXT"),
        ("trade_id", "TEXT"),
        ("status", "TEXT"),
        ("volume", "INTEGER"),
        ("price", "REAL"),
        ("error", "INTEGER"),
    ],
};

/// The tables' names.
pub(super) const NAMES: [&str; 5] = ["accounts", "positions", "orders", "trades", "stream"];

const TABLES: [&Table; 5] = [&ACCOUNTS, &POSITIONS, &ORDERS, &TRADES, &STREAM];

/// Makes the tables.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    for Table { name, key, columns } in TABLES {
        let columns: Vec<String> = columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        connection.execute_batch(&format!(
            "CREATE TABLE {name} ({}, PRIMARY KEY ({key})) WITHOUT ROWID;",
            columns.join(", ")
        ))?;
    }
    connection.execute_batch("CREATE TABLE shown (at TEXT NOT NULL, row INTEGER NOT NULL);")
}

/// What was shown already.
#[derive(Default)]
pub(super) struct Shown {
    /// Row and time of the last look.
    last: Option<(u64, Timestamp)>,
    trading_day: String,
    orders: usize,
    /// Places of orders that were shown and may still change.
    live: BTreeSet<usize>,
    trades: usize,
    messages: BTreeMap<String, usize>,
    /// Whether there was more than one look took.
    more: bool,
}

/// Rows to be written.
#[derive(Default)]
pub(super) struct News {
    rows: Vec<(&'static Table, Vec<Cell>)>,
    /// Tables that are written whole.
    whole: bool,
    shown: Option<(String, u64)>,
}

impl Shown {
    /// Takes a look, so far as it takes no time. `None` when there is nothing new.
    pub(super) fn news(&mut self, exchange: &Exchange, row: u64, reached: Timestamp) -> Option<News> {
        let is_new = self.last.replace((row, reached)) != Some((row, reached));
        if !is_new && !self.more {
            return None;
        }
        let day = exchange.trading_day().to_str().into_owned();
        if self.trading_day != day {
            *self = Self { last: self.last, trading_day: day.clone(), ..Self::default() };
        }
        let mut news = News::default();
        if !self.more {
            news.whole = true;
            news.extend(&ACCOUNTS, &day, exchange.look_at_accounts(None).iter().map(|row| (0, row)));
            news.extend(&POSITIONS, &day, exchange.look_at_positions(None, None).iter().map(|row| (0, row)));
        }
        let fixed = news.rows.len();
        let (orders, trades) = exchange.look_at_counts();
        if orders < self.orders || trades < self.trades {
            (self.orders, self.trades) = (0, 0);
            self.live.clear();
        }
        let changing: Vec<usize> = if self.more { Vec::new() } else { self.live.iter().copied().collect() };
        let new = self.orders..orders.min(self.orders + ROWS_MAX);
        self.orders = new.end;
        for place in changing.into_iter().chain(new) {
            let Some(order) = exchange.look_at_order(place) else { continue };
            match order.live {
                true => drop(self.live.insert(place)),
                false => drop(self.live.remove(&place)),
            }
            news.extend(&ORDERS, &day, [(place + 1, &order)]);
        }
        let new = self.trades..trades.min(self.trades + ROWS_MAX);
        self.trades = new.end;
        for place in new {
            news.extend(&TRADES, &day, exchange.look_at_trade(place).iter().map(|trade| (place + 1, trade)));
        }
        let mut more = self.orders < orders || self.trades < trades;
        for (investor, length) in exchange.look_at_streams() {
            let shown = self.messages.entry(investor.clone()).or_default();
            // After the core's flow was cleared the stream begins anew.
            *shown = if *shown > length { 0 } else { *shown };
            while *shown < length && news.rows.len() < fixed + 2 * ROWS_MAX {
                *shown += 1;
                let message = exchange.look_at_message(&investor, *shown);
                news.extend(&STREAM, &day, message.iter().map(|message| (*shown, message)));
            }
            more |= *shown < length;
        }
        self.more = more;
        if !more {
            news.shown = Some((reached.china(), row));
        }
        Some(news)
    }

    /// Returns whether the last look left something out.
    pub(super) fn has_more(&self) -> bool {
        self.more
    }
}

impl News {
    fn extend<'a, T: Serialize + 'a>(
        &mut self,
        table: &'static Table,
        day: &str,
        rows: impl IntoIterator<Item = (usize, &'a T)>,
    ) {
        for (number, row) in rows {
            // A row that JSON does not hold is not shown.
            let Ok(Value::Object(fields)) = serde_json::to_value(row) else { continue };
            let cells = table.columns.iter().map(|(name, _)| match (*name, fields.get(*name)) {
                ("trading_day", _) => Cell::Text(day.to_owned()),
                ("number", _) => Cell::Integer(number as i64),
                (_, Some(Value::String(text))) => Cell::Text(text.clone()),
                (_, Some(Value::Bool(on))) => Cell::Integer(i64::from(*on)),
                (_, Some(Value::Number(number))) => match (number.as_i64(), number.as_f64()) {
                    (Some(whole), _) => Cell::Integer(whole),
                    (None, Some(value)) => Cell::Real(value),
                    (None, None) => Cell::Null,
                },
                _ => Cell::Null,
            });
            self.rows.push((table, cells.collect()));
        }
    }

    pub(super) fn write(self, connection: &mut Connection) -> rusqlite::Result<()> {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        if self.whole {
            // A position that is gone has no row.
            transaction.execute_batch("DELETE FROM accounts; DELETE FROM positions;")?;
        }
        for (Table { name, columns, .. }, cells) in self.rows {
            let places = vec!["?"; columns.len()].join(", ");
            let sql = format!("INSERT OR REPLACE INTO {name} VALUES ({places})");
            transaction.prepare_cached(&sql)?.execute(params_from_iter(cells))?;
        }
        if let Some((at, row)) = self.shown {
            transaction.execute("DELETE FROM shown", [])?;
            transaction.execute("INSERT INTO shown VALUES (?, ?)", (at, row as i64))?;
        }
        transaction.commit()
    }
}
