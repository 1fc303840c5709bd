-- The view of a journal. Whoever wants it may read it while it is written. Prices are CNY per unit of quotation,
-- times are nanoseconds since the Unix epoch, characters are CTP's own.
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- One row for each login.
CREATE TABLE sessions (
    sequence INTEGER PRIMARY KEY,
    trading_day TEXT NOT NULL,
    front_id INTEGER NOT NULL,
    session_id INTEGER NOT NULL,
    max_order_ref TEXT NOT NULL,
    at_ns INTEGER NOT NULL,
    gateway TEXT,
    process INTEGER
);

-- One row for each request that moves money. `answered_ns` is NULL while the library has not said a word:
-- the process ended in between, and the request may or may not have left.
CREATE TABLE actions (
    sequence INTEGER PRIMARY KEY,
    trading_day TEXT NOT NULL,
    request TEXT NOT NULL,
    request_id INTEGER NOT NULL,
    front_id INTEGER NOT NULL,
    session_id INTEGER NOT NULL,
    order_ref TEXT NOT NULL,
    instrument_id TEXT,
    at_ns INTEGER NOT NULL,
    answered_ns INTEGER,
    not_sent TEXT
);
CREATE INDEX actions_by_request ON actions (request_id);

-- One row for each order, own and foreign. `status` is NULL until the counter has said something.
CREATE TABLE orders (
    trading_day TEXT NOT NULL,
    front_id INTEGER NOT NULL,
    session_id INTEGER NOT NULL,
    order_ref TEXT NOT NULL,
    is_own INTEGER NOT NULL,
    exchange_id TEXT NOT NULL,
    order_sys_id TEXT NOT NULL DEFAULT '',
    trader_id TEXT NOT NULL DEFAULT '',
    order_local_id TEXT NOT NULL DEFAULT '',
    instrument_id TEXT NOT NULL,
    direction TEXT NOT NULL,
    offset TEXT NOT NULL,
    hedge TEXT NOT NULL,
    price REAL,
    volume INTEGER NOT NULL,
    volume_traded INTEGER NOT NULL DEFAULT 0,
    volume_left INTEGER NOT NULL,
    status TEXT,
    submit_status TEXT,
    status_message TEXT,
    refusal_code INTEGER,
    refusal TEXT,
    insert_time TEXT,
    first_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL,
    PRIMARY KEY (trading_day, front_id, session_id, order_ref)
) WITHOUT ROWID;
CREATE INDEX orders_by_local ON orders (trading_day, exchange_id, trader_id, order_local_id);

-- One row for each fill.
CREATE TABLE trades (
    trading_day TEXT NOT NULL,
    exchange_id TEXT NOT NULL,
    trade_id TEXT NOT NULL,
    direction TEXT NOT NULL,
    order_sys_id TEXT NOT NULL,
    instrument_id TEXT NOT NULL,
    order_ref TEXT NOT NULL,
    offset TEXT NOT NULL,
    hedge TEXT NOT NULL,
    price REAL NOT NULL,
    volume INTEGER NOT NULL,
    trade_date TEXT NOT NULL,
    trade_time TEXT NOT NULL,
    at_ns INTEGER NOT NULL,
    PRIMARY KEY (trading_day, exchange_id, trade_id, direction, order_sys_id, instrument_id)
) WITHOUT ROWID;

-- The lots of each day that the day's own fills opened and closed, by side. What was held before is the counter's.
CREATE VIEW positions AS
SELECT trading_day, exchange_id, instrument_id, hedge,
    CASE WHEN (direction = '0') = (offset = '0') THEN 'long' ELSE 'short' END AS side,
    SUM(CASE WHEN offset = '0' THEN volume ELSE 0 END) AS opened,
    SUM(CASE WHEN offset = '0' THEN 0 ELSE volume END) AS closed,
    SUM(CASE WHEN offset = '0' THEN volume ELSE -volume END) AS change
FROM trades
GROUP BY trading_day, exchange_id, instrument_id, hedge, side;

-- The turns of the kill switch.
CREATE TABLE switches (sequence INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, is_on INTEGER NOT NULL, reason TEXT NOT NULL);

-- What could not be read: entries whose numbers are missing.
CREATE TABLE gaps (first INTEGER PRIMARY KEY, last INTEGER NOT NULL);
