//! Orders and cancels that the core makes for a client: parked ones, those of quotes, those of a batch.

use ctp_types::{ActionFlag, InputOrderActionField, InputOrderField, OrderType, Text};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::money::account::HoldingKey;
use crate::order::Phase;
use crate::order::check::Sender;

impl Exchange {
    /// Places the two orders of a quote, or none.
    pub(super) fn place_quote_orders(
        &mut self,
        id: SessionId,
        orders: &[InputOrderField],
    ) -> Result<Vec<usize>, CoreError> {
        self.place_orders(id, orders, OrderType::DERIVE_FROM_QUOTE)
    }

    /// Places an order that a client left to the core, whether it is there or not. The core gives the OrderRef.
    pub(super) fn place_for_client(
        &mut self,
        sender: &Sender,
        order: &InputOrderField,
    ) -> Result<(), CoreError> {
        let prepared = self.prepare(None, sender, order)?;
        self.accept_order(None, sender, order, prepared, None);
        Ok(())
    }

    /// Cancels an order as a client told the core to do later.
    pub(super) fn cancel_for_client(
        &mut self,
        sender: &Sender,
        action: &InputOrderActionField,
    ) -> Result<(), CoreError> {
        let order = self.find_order_to_cancel(sender, action)?;
        self.send_cancel(order, action);
        Ok(())
    }

    /// Cancels one of several orders in the client's name, if it is still there.
    pub(super) fn cancel_derived(&mut self, order: usize, user: Text<16>) {
        let found = &self.orders[order];
        if found.phase == Phase::Final || found.cancel_pending {
            return;
        }
        let market = &self.markets[found.market].instrument;
        let action = InputOrderActionField {
            broker_id: crate::text::text(&self.config.broker),
            investor_id: found.investor,
            exchange_id: crate::text::text(market.exchange.id()),
            instrument_id: market.id,
            order_ref: found.origin.order_ref,
            front_id: found.origin.front_id,
            session_id: found.origin.session_id,
            order_sys_id: found.state.sys_id,
            action_flag: ActionFlag::DELETE,
            user_id: user,
            ..Default::default()
        };
        self.send_cancel(order, &action);
    }

    pub(super) fn is_order_over(&self, order: usize) -> bool {
        self.orders[order].phase == Phase::Final
    }

    /// Returns the lots that an investor holds.
    pub(super) fn position_of(&self, investor: &Text<13>, key: HoldingKey) -> i32 {
        let holding = self.accounts.get(investor).and_then(|account| account.holdings.get(&key));
        holding.map_or(0, |holding| holding.volume())
    }
}
