//! Orders that wait for a price: in the core (§5.5 K), or at the exchange (stop loss and take profit, §5.2).

use ctp_types::{
    ContingentCondition, ErrorConditionalOrderField, InputOrderField, OrderStatus, OrderSubmitStatus,
    TraderCallback,
};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::market::instrument::MarketIndex;
use crate::matching::book::Side;
use crate::order::Phase;
use crate::order::check::Sender;
use crate::order::intent::{Quote, Trigger};

impl Exchange {
    /// `b`: a conditional order begins to wait.
    pub(crate) fn wait_for_condition(&mut self, index: usize) {
        self.orders[index].state.sys_id = self.desk.next_conditional(index);
        self.desk.conditions.add(self.orders[index].market, index);
        self.set_state(index, OrderStatus::NOT_TOUCHED, OrderSubmitStatus::ACCEPTED);
        self.publish_order(index);
        self.keep_ticking();
    }

    /// §9.3: the core lost them.
    pub(crate) fn drop_conditional_orders(&mut self) {
        let waiting: Vec<usize> = self.desk.conditions.waiting().copied().collect();
        for order in waiting {
            self.set_state(order, OrderStatus::CANCELED, OrderSubmitStatus::ACCEPTED);
            self.finish(order);
        }
    }

    /// Looks at the conditions that wait for a market, in order of entry.
    pub(crate) fn touch_conditions(&mut self, market: MarketIndex) {
        if self.desk.conditions.of(market).is_empty() {
            return;
        }
        let book = self.displayed_book(market);
        let here = &self.markets[market];
        let price = |ticks: Option<i64>| ticks.map(|ticks| here.price(ticks));
        let last = price(here.stats.last);
        let [bid, ask] = [Side::Buy, Side::Sell].map(|side| price(book.best(side).map(|level| level.price)));
        let is_met = |order: &usize| {
            let order = &self.orders[*order];
            let Trigger::Condition(condition) = order.trigger else { return false };
            let quote = match condition.quote {
                Quote::Last => last,
                Quote::Ask => ask,
                Quote::Bid => bid,
            };
            quote.is_some_and(|quote| condition.comparison.holds(quote, order.sent.stop_price))
        };
        let met: Vec<usize> = self.desk.conditions.of(market).iter().copied().filter(is_met).collect();
        for order in met {
            self.desk.conditions.remove(market, order);
            self.trigger_order(order);
        }
    }

    /// §5.5 K: `c`, then a new order, or the core's refusal of it.
    fn trigger_order(&mut self, index: usize) {
        self.orders[index].phase = Phase::Final;
        self.set_state(index, OrderStatus::TOUCHED, OrderSubmitStatus::ACCEPTED);
        self.publish_order(index);
        let order = &self.orders[index];
        let origin = &order.origin;
        let sender = Sender {
            investor: order.investor,
            front_id: origin.front_id,
            session_id: origin.session_id,
            product_info: origin.product_info,
            api_version: origin.api_version,
        };
        let input = InputOrderField {
            contingent_condition: ContingentCondition::IMMEDIATELY,
            order_ref: Default::default(),
            ..self.input_of(index)
        };
        match self.prepare(None, &sender, &input) {
            Ok(prepared) => {
                self.accept_order(None, &sender, &input, prepared, Some(index));
            }
            Err(error) => self.tell_failed_condition(index, error),
        }
    }

    /// Returns the request that an order came from, as far as it was kept.
    pub(crate) fn input_of(&self, index: usize) -> InputOrderField {
        let order = &self.orders[index];
        let sent = &order.sent;
        let instrument = &self.markets[order.market].instrument;
        InputOrderField {
            broker_id: self.desk.participant.id,
            investor_id: order.investor,
            order_ref: order.origin.order_ref,
            user_id: sent.user_id,
            order_price_type: sent.price_type,
            direction: sent.direction,
            comb_offset_flag: sent.offset,
            comb_hedge_flag: sent.hedge,
            limit_price: sent.limit_price,
            volume_total_original: sent.volume,
            time_condition: sent.time_condition,
            gtd_date: sent.gtd_date,
            volume_condition: sent.volume_condition,
            min_volume: sent.min_volume,
            contingent_condition: sent.contingent_condition,
            stop_price: sent.stop_price,
            force_close_reason: sent.force_close_reason,
            request_id: sent.request_id,
            user_force_close: sent.user_force_close,
            is_swap_order: sent.is_swap,
            exchange_id: self.desk.exchange_id(instrument.exchange),
            invest_unit_id: sent.invest_unit_id,
            account_id: sent.account_id,
            currency_id: sent.currency_id,
            mac_address: sent.mac_address,
            instrument_id: instrument.id,
            ip_address: sent.ip_address,
            order_memo: sent.order_memo,
            session_req_seq: sent.session_req_seq,
            ..InputOrderField::default()
        }
    }

    /// The core refuses what a condition set off: the error stands in the record.
    fn tell_failed_condition(&mut self, index: usize, error: CoreError) {
        let order = &self.orders[index];
        let investor = order.investor;
        let record = self.order_record(index, &order.state);
        let info = error.rsp_info();
        let failed = ErrorConditionalOrderField {
            broker_id: record.broker_id,
            investor_id: record.investor_id,
            reserve1: record.reserve1,
            order_ref: record.order_ref,
            user_id: record.user_id,
            order_price_type: record.order_price_type,
            direction: record.direction,
            comb_offset_flag: record.comb_offset_flag,
            comb_hedge_flag: record.comb_hedge_flag,
            limit_price: record.limit_price,
            volume_total_original: record.volume_total_original,
            time_condition: record.time_condition,
            gtd_date: record.gtd_date,
            volume_condition: record.volume_condition,
            min_volume: record.min_volume,
            contingent_condition: record.contingent_condition,
            stop_price: record.stop_price,
            force_close_reason: record.force_close_reason,
            is_auto_suspend: record.is_auto_suspend,
            business_unit: record.business_unit,
            request_id: record.request_id,
            order_local_id: record.order_local_id,
            exchange_id: record.exchange_id,
            participant_id: record.participant_id,
            client_id: record.client_id,
            reserve2: record.reserve2,
            trader_id: record.trader_id,
            install_id: record.install_id,
            order_submit_status: record.order_submit_status,
            notify_sequence: record.notify_sequence,
            trading_day: record.trading_day,
            settlement_id: record.settlement_id,
            order_sys_id: record.order_sys_id,
            order_source: record.order_source,
            order_status: record.order_status,
            order_type: record.order_type,
            volume_traded: record.volume_traded,
            volume_total: record.volume_total,
            insert_date: record.insert_date,
            insert_time: record.insert_time,
            sequence_no: record.sequence_no,
            front_id: record.front_id,
            session_id: record.session_id,
            user_product_info: record.user_product_info,
            status_msg: record.status_msg,
            broker_order_seq: record.broker_order_seq,
            error_id: info.error_id,
            error_msg: info.error_msg,
            is_swap_order: record.is_swap_order,
            invest_unit_id: record.invest_unit_id,
            account_id: record.account_id,
            currency_id: record.currency_id,
            mac_address: record.mac_address,
            instrument_id: record.instrument_id,
            exchange_inst_id: record.exchange_inst_id,
            ip_address: record.ip_address,
            ..ErrorConditionalOrderField::default()
        };
        self.publish(investor, TraderCallback::OnRtnErrorConditionalOrder, &failed, None);
    }

    /// §5.2: lets the exchange's stop orders of a market into the book whose price the last trade touched.
    pub(crate) fn touch_stops(&mut self, market: MarketIndex) {
        if self.desk.stops.of(market).is_empty() {
            return;
        }
        let Some(last) = self.markets[market].stats.last else { return };
        let last = self.markets[market].price(last);
        let is_touched = |order: &usize| {
            let order = &self.orders[*order];
            let stop = order.sent.stop_price;
            // A stop loss buys when the price rises and sells when it falls; a take profit the other way round.
            match (order.side == Side::Buy) == (order.trigger == Trigger::StopLoss) {
                true => last >= stop,
                false => last <= stop,
            }
        };
        let touched: Vec<usize> = self.desk.stops.of(market).iter().copied().filter(is_touched).collect();
        for order in touched {
            self.desk.stops.remove(market, order);
            self.enter_touched(order);
        }
    }
}
