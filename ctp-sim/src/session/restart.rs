//! Connections that end from the other side, and a restart of the core that clears the flow (§9.3).

use std::collections::BTreeMap;

use ctp_types::Text;

use crate::exchange::Exchange;
use crate::interface::{ApiKind, Delivery, Output, SessionId};
use crate::order::state::Origin;
use crate::session::FRONT_ID;
use crate::session::stream::Message;
use crate::text::aligned;

/// `nReason`: the other side closed the connection (§2.2).
pub(crate) const PEER_CLOSED: i32 = 0x1001;

/// The session that an investor's old orders are given to.
#[derive(Default)]
struct Heir {
    session_id: i32,
    last_ref: u64,
}

impl Exchange {
    /// Ends a connection from this side; the library then connects again.
    pub(crate) fn close(&mut self, id: SessionId, reason: i32) {
        if !self.sessions.get(&id).is_some_and(|session| session.connected) {
            return;
        }
        self.drop_connection(id);
        self.outbox.push(Output { session: id, delivery: Delivery::Close { reason } });
    }

    /// Ends every connection of an API.
    pub(crate) fn close_all(&mut self, kind: ApiKind, reason: i32) {
        let ids: Vec<SessionId> = self.sessions.keys().copied().collect();
        for id in ids {
            if self.sessions.get(&id).is_some_and(|session| session.kind == kind) {
                self.close(id, reason);
            }
        }
    }

    /// §9.3: the core comes back without its flow. It has the orders and trades again from the exchange, so TraderID,
    /// OrderLocalID and OrderSysID stay; FrontID, SessionID and OrderRef are given anew, RequestID is 0,
    /// RelativeOrderSysID empty. The new private streams hold each order as it stands and its trades.
    pub(crate) fn clear_flow(&mut self) {
        self.close_all(ApiKind::Trader, PEER_CLOSED);
        self.clear_streams();
        self.announce_products();
        let mut heirs: BTreeMap<Text<13>, Heir> = BTreeMap::new();
        let mut trades: Vec<Vec<usize>> = vec![Vec::new(); self.orders.len()];
        for (place, trade) in self.trades.iter().enumerate() {
            trades[trade.order].push(place);
        }
        self.desk.forget_references();
        if !self.config.switches.conditional_survives.is_on() {
            self.drop_conditional_orders();
            self.drop_parked();
        }
        for (index, trades) in trades.into_iter().enumerate() {
            let random = &mut self.random;
            let order = &mut self.orders[index];
            let investor = order.investor;
            let heir = heirs
                .entry(investor)
                .or_insert_with(|| Heir { session_id: random.bits() as i32, last_ref: 0 });
            heir.last_ref += 1;
            let (session_id, order_ref) = (heir.session_id, aligned(heir.last_ref));
            order.sent.request_id = 0;
            order.origin = Origin { order_ref, front_id: FRONT_ID, session_id, parent: None, ..order.origin };
            self.desk.refer(session_id, &order_ref, index);
            self.publish_order(index);
            for trade in trades {
                self.publish_message(investor, Message::Trade(trade));
            }
        }
    }
}
