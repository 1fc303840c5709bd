//! Entries as rows.

use ctp_types::{InputOrderField, OrderField, Text, TradeField, TraderCallback};
use rusqlite::{OptionalExtension, Result, Transaction, params};

use crate::journal::Entry;
use crate::requests::RawEvent;

/// Where the last login left the journal.
#[derive(Default)]
struct Place {
    trading_day: String,
    front_id: i32,
    session_id: i32,
    gateway: Option<String>,
    process: Option<u32>,
}

/// Takes entries into the tables.
pub(super) struct Apply<'a> {
    to: &'a Transaction<'a>,
    place: Place,
    last: u64,
}

impl<'a> Apply<'a> {
    pub(super) fn new(to: &'a Transaction<'a>) -> Result<Self> {
        let text = |name| {
            to.prepare_cached("SELECT value FROM meta WHERE name = ?1")?
                .query_row([name], |row| row.get::<_, String>(0))
                .optional()
        };
        let number = |name| {
            to.prepare_cached("SELECT value FROM meta WHERE name = ?1")?
                .query_row([name], |row| row.get::<_, i64>(0))
                .optional()
        };
        let place = Place {
            trading_day: text("trading_day")?.unwrap_or_default(),
            front_id: number("front_id")?.unwrap_or(0) as i32,
            session_id: number("session_id")?.unwrap_or(0) as i32,
            gateway: text("gateway")?,
            process: number("process")?.map(|process| process as u32),
        };
        let last = number("last_sequence")?.unwrap_or(0).cast_unsigned();
        Ok(Self { to, place, last })
    }

    pub(super) fn all(mut self, batch: &[(u64, Entry)]) -> Result<()> {
        for (sequence, entry) in batch {
            if *sequence > self.last + 1 {
                self.execute(
                    "INSERT OR IGNORE INTO gaps VALUES (?1, ?2)",
                    params![(self.last + 1).cast_signed(), (sequence - 1).cast_signed()],
                )?;
            }
            self.last = *sequence;
            self.one(*sequence, entry)?;
        }
        let place = &self.place;
        for (name, value) in [("trading_day", Some(&place.trading_day)), ("gateway", place.gateway.as_ref())]
        {
            self.execute(
                "INSERT OR REPLACE INTO meta VALUES (?1, ?2)",
                params![name, value.map_or("", String::as_str)],
            )?;
        }
        let process = i64::from(place.process.unwrap_or(0));
        let numbers = [
            ("front_id", i64::from(place.front_id)),
            ("session_id", i64::from(place.session_id)),
            ("process", process),
            ("last_sequence", self.last.cast_signed()),
        ];
        for (name, value) in numbers {
            self.execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", params![name, value])?;
        }
        Ok(())
    }

    fn one(&mut self, sequence: u64, entry: &Entry) -> Result<()> {
        let sequence = sequence.cast_signed();
        match entry {
            Entry::Opened { gateway, process, .. } => {
                self.place.gateway = Some(gateway.clone());
                self.place.process = Some(*process);
                Ok(())
            }
            Entry::Login { at_ns, trading_day, front_id, session_id, max_order_ref } => {
                self.place.trading_day = trading_day.to_str().into_owned();
                (self.place.front_id, self.place.session_id) = (*front_id, *session_id);
                let Place { trading_day, gateway, process, .. } = &self.place;
                self.execute(
                    "INSERT OR IGNORE INTO sessions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    params![
                        sequence,
                        trading_day,
                        front_id,
                        session_id,
                        max_order_ref.to_str(),
                        at_ns,
                        gateway,
                        process
                    ],
                )
            }
            Entry::Action { at_ns, request, record, request_id, front_id, session_id, order_ref } => {
                let instrument = instrument(record);
                self.execute(
                    "INSERT OR IGNORE INTO actions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL, NULL)",
                    params![
                        sequence,
                        self.place.trading_day,
                        request.name(),
                        request_id,
                        front_id,
                        session_id,
                        order_ref.to_str(),
                        instrument,
                        at_ns
                    ],
                )?;
                // No other request takes this record.
                record
                    .get::<InputOrderField>()
                    .map_or(Ok(()), |input| self.placed(*at_ns, input, *front_id, *session_id))
            }
            Entry::Answer { at_ns, request_id, refusal } => self.execute(
                "UPDATE actions SET answered_ns = ?1, not_sent = ?2 WHERE sequence =
                 (SELECT MAX(sequence) FROM actions WHERE request_id = ?3)",
                params![at_ns, refusal, request_id],
            ),
            Entry::Event(event) => self.event(event),
            Entry::Switch { at_ns, on, reason } => self.execute(
                "INSERT OR IGNORE INTO switches VALUES (?1, ?2, ?3, ?4)",
                params![sequence, at_ns, on, reason],
            ),
            Entry::Closed { .. } => Ok(()),
        }
    }

    fn event(&mut self, event: &RawEvent<TraderCallback>) -> Result<()> {
        match event.callback {
            TraderCallback::OnRtnOrder | TraderCallback::OnRspQryOrder => {
                event.get().map_or(Ok(()), |order| self.order(event.received_ns, order))
            }
            TraderCallback::OnRtnTrade | TraderCallback::OnRspQryTrade => {
                event.get().map_or(Ok(()), |trade| self.trade(event.received_ns, trade))
            }
            TraderCallback::OnRspOrderInsert | TraderCallback::OnErrRtnOrderInsert => {
                match (event.get(), event.error()) {
                    (Some(input), Some(error)) => {
                        self.refused(event.received_ns, input, error.code, &error.message)
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn placed(&self, at_ns: i64, input: &InputOrderField, front_id: i32, session_id: i32) -> Result<()> {
        self.execute(
            "INSERT OR IGNORE INTO orders (trading_day, front_id, session_id, order_ref, is_own, exchange_id,
             instrument_id, direction, offset, hedge, price, volume, volume_left, first_ns, last_ns)
             VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?12)",
            params![
                self.place.trading_day,
                front_id,
                session_id,
                input.order_ref.to_str().trim(),
                input.exchange_id.to_str(),
                input.instrument_id.to_str(),
                character(input.direction.as_char()),
                input.comb_offset_flag.to_str(),
                input.comb_hedge_flag.to_str(),
                ctp_types::price(input.limit_price),
                input.volume_total_original,
                at_ns
            ],
        )
    }

    fn order(&self, at_ns: i64, order: &OrderField) -> Result<()> {
        let day = self.day(&order.trading_day);
        let order_ref = order.order_ref.to_str();
        let (exchange, trader, local) =
            (order.exchange_id.to_str(), order.trader_id.to_str(), order.order_local_id.to_str());
        // After the counter cleared its flow an order has another session's name, but the same local number.
        let known = if local.is_empty() {
            None
        } else {
            self.to
                .prepare_cached(
                    "SELECT front_id, session_id, order_ref FROM orders WHERE trading_day = ?1 AND exchange_id = ?2
                     AND trader_id = ?3 AND order_local_id = ?4",
                )?
                .query_row(params![day, exchange, trader, local], |row| {
                    Ok((row.get::<_, i32>(0)?, row.get::<_, i32>(1)?, row.get::<_, String>(2)?))
                })
                .optional()?
        };
        let named = (order.front_id, order.session_id, order_ref.trim().to_owned());
        let (front_id, session_id, order_ref) = known.unwrap_or(named);
        // An older record never undoes a newer one: fills only grow, and what is over stays so.
        self.execute(
            "INSERT INTO orders VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
             ?18, ?19, NULL, NULL, ?20, ?21, ?21)
             ON CONFLICT DO UPDATE SET exchange_id = excluded.exchange_id,
             order_sys_id = iif(excluded.order_sys_id = '', order_sys_id, excluded.order_sys_id),
             trader_id = iif(excluded.trader_id = '', trader_id, excluded.trader_id),
             order_local_id = iif(excluded.order_local_id = '', order_local_id, excluded.order_local_id),
             volume_traded = excluded.volume_traded, volume_left = excluded.volume_left, status = excluded.status,
             submit_status = excluded.submit_status, status_message = excluded.status_message,
             insert_time = excluded.insert_time, last_ns = excluded.last_ns
             WHERE excluded.volume_traded >= volume_traded AND (status IS NULL OR status NOT IN ('0', '5')
             OR excluded.status IN ('0', '5'))",
            params![
                day,
                front_id,
                session_id,
                order_ref,
                exchange,
                order.order_sys_id.to_str(),
                trader,
                local,
                order.instrument_id.to_str(),
                character(order.direction.as_char()),
                order.comb_offset_flag.to_str(),
                order.comb_hedge_flag.to_str(),
                ctp_types::price(order.limit_price),
                order.volume_total_original,
                order.volume_traded,
                order.volume_total,
                character(order.order_status.as_char()),
                character(order.order_submit_status.as_char()),
                order.status_msg.to_str(),
                order.insert_time.to_str(),
                at_ns
            ],
        )
    }

    fn trade(&self, at_ns: i64, trade: &TradeField) -> Result<()> {
        self.execute(
            "INSERT OR IGNORE INTO trades VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            params![
                self.day(&trade.trading_day),
                trade.exchange_id.to_str(),
                trade.trade_id.to_str(),
                character(trade.direction.as_char()),
                trade.order_sys_id.to_str(),
                trade.instrument_id.to_str(),
                trade.order_ref.to_str().trim(),
                character(trade.offset_flag.as_char()),
                character(trade.hedge_flag.as_char()),
                trade.price,
                trade.volume,
                trade.trade_date.to_str(),
                trade.trade_time.to_str(),
                at_ns
            ],
        )
    }

    fn refused(&self, at_ns: i64, input: &InputOrderField, code: i32, message: &str) -> Result<()> {
        let Place { trading_day, front_id, session_id, .. } = &self.place;
        self.execute(
            "UPDATE orders SET refusal_code = ?1, refusal = ?2, last_ns = ?3 WHERE trading_day = ?4 AND front_id = ?5
             AND session_id = ?6 AND order_ref = ?7 AND instrument_id = ?8 AND is_own = 1",
            params![
                code,
                message,
                at_ns,
                trading_day,
                front_id,
                session_id,
                input.order_ref.to_str().trim(),
                input.instrument_id.to_str()
            ],
        )
    }

    /// The day of a record, or of the session where the record does not say.
    fn day(&self, day: &Text<9>) -> String {
        if day.is_empty() { self.place.trading_day.clone() } else { day.to_str().into_owned() }
    }

    fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<()> {
        self.to.prepare_cached(sql)?.execute(params).map(drop)
    }
}

/// Returns the instrument of any record that has one.
fn instrument(record: &ctp_types::RecordBox) -> Option<String> {
    let field = record.descriptor().field("InstrumentID")?;
    match record.as_ref().field(field) {
        ctp_types::Value::Text(bytes) => Some(ctp_types::decode(ctp_types::until_nul(bytes)).into_owned()),
        _ => None,
    }
}

fn character(character: u8) -> Option<String> {
    (character != 0).then(|| char::from(character).to_string())
}
