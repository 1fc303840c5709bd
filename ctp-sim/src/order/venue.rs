//! The exchange's side of orders: refusal, the way into the book, and what the book answers.

use ctp_market::{Exchange as Venue, OrderReports, Phase};
use ctp_types::{OrderPriceType, OrderStatus, OrderSubmitStatus, Text, TimeCondition};

use crate::exchange::Exchange;
use crate::market::Market;
use crate::market::instrument::{Class, MarketIndex};
use crate::matching::{self, Lasting, Taker, TickTrade};
use crate::order::intent::Trigger;
use crate::order::state::Note;
use crate::order::{Fill, Phase as OrderPhase, Reports};
use crate::text::{aligned, text};

impl Exchange {
    /// An order reaches the exchange: it is refused, waits for its price, or is matched and reported.
    pub(crate) fn order_arrives(&mut self, index: usize) {
        let market = self.orders[index].market;
        self.desk.arrive(self.markets[market].instrument.exchange);
        if let Some(note) = self.orders[index].barred.or_else(|| self.exchange_refusal(index)) {
            self.refuse_at_exchange(index, note);
            return;
        }
        self.give_sys_id(index);
        if self.orders[index].sent.time_condition == TimeCondition::GFS {
            self.desk.sections.add(market, index);
        }
        if self.orders[index].trigger == Trigger::None {
            self.enter_book(index);
        } else {
            self.acknowledge(index);
            self.desk.stops.add(market, index);
        }
        self.touch_stops(market);
    }

    /// A new order meets the book.
    fn enter_book(&mut self, index: usize) {
        let market = self.orders[index].market;
        let (fills, rests) = self.match_order(index);
        self.report_arrival(index, &fills);
        self.report_makers(&fills);
        self.changed_by_clients(market, &fills, rests);
        self.fill_buffer = fills;
    }

    /// A stop order whose price was touched meets the book; it was acknowledged when it came.
    pub(crate) fn enter_touched(&mut self, index: usize) {
        let market = self.orders[index].market;
        let (fills, rests) = self.match_order(index);
        for fill in &fills {
            self.fill_resting(index, fill);
        }
        self.report_makers(&fills);
        let order = &self.orders[index];
        if !rests && order.phase == OrderPhase::Resting && order.left() > 0 {
            self.end_with(index, OrderStatus::CANCELED, OrderSubmitStatus::ACCEPTED);
        }
        self.changed_by_clients(market, &fills, rests);
        self.fill_buffer = fills;
    }

    /// Matches an order; returns its fills and whether the rest waits in the book.
    fn match_order(&mut self, index: usize) -> (Vec<Fill>, bool) {
        let order = &self.orders[index];
        let market = order.market;
        let taker = Taker {
            order: index,
            side: order.side,
            limit: order.price,
            levels: order.levels,
            volume: order.left(),
            lasting: order.lasting,
        };
        let mut matched = std::mem::take(&mut self.fills);
        let Market { matcher, book, phase, .. } = &mut self.markets[market];
        let arrival = match phase {
            Phase::Auction => matcher.gather(&taker, book),
            _ => matcher.arrive(taker, book, &mut matched),
        };
        // §5.2: the rest of a best-price or five-level order becomes a limit order.
        if let Some(price) = arrival.rests_at {
            self.orders[index].price = price;
        }
        let mut fills = std::mem::take(&mut self.fill_buffer);
        fills.clear();
        for fill in matched.drain(..) {
            self.markets[market].count_trade(fill.price, fill.volume, 0);
            fills.push(self.number_fill(market, fill));
        }
        self.fills = matched;
        (fills, arrival.rests_at.is_some())
    }

    fn report_makers(&mut self, fills: &[Fill]) {
        for fill in fills {
            if let Some(maker) = fill.counter {
                self.fill_resting(maker, fill);
            }
        }
    }

    fn changed_by_clients(&mut self, market: MarketIndex, fills: &[Fill], rests: bool) {
        if !fills.is_empty() || rests {
            self.touched.insert(market);
        }
        if rests {
            self.keep_ticking();
        }
    }

    /// The crowd moved: resting orders that its new book or its trade reaches are filled.
    pub(crate) fn meet_resting_orders(&mut self, market: MarketIndex, traded: Option<TickTrade>) {
        let mut matched = std::mem::take(&mut self.fills);
        let Market { matcher, book, .. } = &mut self.markets[market];
        matcher.on_tick(book, traded, &mut matched);
        self.report_fills(market, &matched);
        matched.clear();
        self.fills = matched;
        self.touch_stops(market);
    }

    /// An auction ends: what its price allows trades at it.
    pub(crate) fn hold_auction(&mut self, market: MarketIndex) {
        let mut matched = std::mem::take(&mut self.fills);
        let Market { matcher, book, reference, .. } = &mut self.markets[market];
        if let Some(auction) = matcher.cross_auction(reference.settlement, book, &mut matched) {
            let volume = i32::try_from(auction.volume).unwrap_or(i32::MAX);
            self.markets[market].count_trade(auction.price, volume, 0);
        }
        for matched in &matched {
            let fill = self.number_fill(market, *matched);
            self.report_rested(matched.order, &fill);
        }
        matched.clear();
        self.fills = matched;
        self.touch_stops(market);
    }

    /// Reports fills of orders that had rested, each with its counter order.
    pub(crate) fn report_fills(&mut self, market: MarketIndex, matched: &[matching::Fill]) {
        for matched in matched {
            self.markets[market].count_trade(matched.price, matched.volume, 0);
            let fill = self.number_fill(market, *matched);
            self.report_rested(matched.order, &fill);
        }
    }

    fn report_rested(&mut self, order: usize, fill: &Fill) {
        self.fill_resting(order, fill);
        if let Some(counter) = fill.counter {
            self.fill_resting(counter, fill);
        }
    }

    /// Gives a fill its number; a combination takes one for each leg.
    fn number_fill(&mut self, market: MarketIndex, fill: matching::Fill) -> Fill {
        let number = self.counters.trade_id + 1;
        let (legs, base) = match self.markets[market].instrument.class {
            Class::Combination { legs: [_, second] } => (2, self.markets[second].mark()),
            Class::Future | Class::Option { .. } => (1, 0),
        };
        self.counters.trade_id += legs;
        Fill { price: fill.price, base, volume: fill.volume, counter: fill.counter, number }
    }

    /// Returns how the exchange of an order tells its life.
    pub(crate) fn reports(&self, index: usize) -> Reports {
        let instrument = &self.markets[self.orders[index].market].instrument;
        match instrument.rules.order_reports {
            _ if self.config.switches.simnow_style.is_on() => Reports::Full,
            OrderReports::TradesOnly => Reports::TradesOnly,
            OrderReports::Full if instrument.exchange == Venue::Czce => Reports::Czce,
            OrderReports::Full => Reports::Full,
        }
    }

    /// Returns what the exchange finds wrong, as StatusMsg says it (§5.5 H).
    fn exchange_refusal(&mut self, index: usize) -> Option<Note> {
        let market = &self.markets[self.orders[index].market];
        let (id, exchange) = (market.instrument.id, self.desk.exchange_id(market.instrument.exchange));
        if let Some((code, reason)) = self.desk.order_refusals.take(&id, &exchange) {
            return Some(self.refusal_note(index, code, &reason));
        }
        let (code, reason) = self.wrong_for_exchange(index)?;
        Some(self.refusal_note(index, code, reason))
    }

    /// Returns the code, if the exchange has one, and the text of what is wrong with an order.
    fn wrong_for_exchange(&self, index: usize) -> Option<(Option<i32>, &'static str)> {
        let order = &self.orders[index];
        let market = &self.markets[order.market];
        let venue = market.instrument.exchange;
        let coded = |code| matches!(venue, Venue::Shfe | Venue::Ine).then_some(code);
        let is_market = order.sent.price_type == OrderPriceType::ANY_PRICE;
        if !market.takes_orders() {
            return Some((coded(26), "当前状态禁止此项操作"));
        }
        // §5.2: nothing that cannot rest is taken in an auction.
        if market.phase == Phase::Auction && (is_market || order.lasting != Lasting::Day) {
            return Some((coded(26), "当前状态禁止此项操作"));
        }
        let is_fill_or_kill = order.lasting == Lasting::FillOrKill && !is_market;
        if is_market && !matches!(venue, Venue::Dce | Venue::Gfex | Venue::Czce) {
            return Some((coded(79), "不被支持的报单类型"));
        }
        if is_market && venue == Venue::Czce && order.sent.limit_price != 0.0 {
            return Some((None, "出错: 市价报单的价格必须为零"));
        }
        if is_fill_or_kill && venue == Venue::Czce && !self.config.switches.czce_fill_or_kill.is_on() {
            return Some((None, "出错: 不被支持的报单类型"));
        }
        if order.sent.price_type == OrderPriceType::LIMIT_PRICE {
            // §5.9: CZCE cuts the price to the tick instead of refusing it.
            if venue != Venue::Czce && market.instrument.tick.ticks(order.sent.limit_price).is_err() {
                return Some((coded(48), "价格非最小单位倍数"));
            }
            if order.price > market.reference.upper {
                return Some((coded(49), "价格超出涨停板"));
            }
            if order.price < market.reference.lower {
                return Some((coded(50), "价格跌破跌停板"));
            }
        }
        let largest = match is_market {
            true => market.instrument.largest_market_order,
            false => market.instrument.largest_limit_order,
        };
        (order.sent.volume > largest).then_some((None, "报单数量超过最大下单量"))
    }

    /// Returns `[code:]已撤单报单被拒绝<EXCH>:<text>`.
    fn refusal_note(&mut self, index: usize, code: Option<i32>, reason: &str) -> Note {
        let exchange = self.markets[self.orders[index].market].instrument.exchange;
        let code = code.map(|code| format!("{code}:")).unwrap_or_default();
        let words = self.desk.words.of(OrderStatus::CANCELED, OrderSubmitStatus::INSERT_REJECTED);
        self.desk.notes.of(text(&format!("{code}{}{exchange}:{reason}", words.to_str())))
    }

    /// §5.2: ends the orders that are valid for the section.
    pub(crate) fn end_section(&mut self, market: MarketIndex) {
        for order in self.desk.sections.take(market) {
            if self.orders[order].phase == OrderPhase::Resting {
                self.end_by_exchange(order);
            }
        }
    }

    /// Gives an order the exchange's number and time.
    fn give_sys_id(&mut self, index: usize) {
        let number = self.desk.next_sys_number(index);
        let venue = self.markets[self.orders[index].market].instrument.exchange;
        let (day, time) = (self.desk.trading_day, self.stamp().time);
        let state = &mut self.orders[index].state;
        // §5.4: 12 columns, at CZCE 16 digits with the date.
        state.sys_id = if venue == Venue::Czce { dated(&day, number) } else { aligned(number) };
        state.insert_time = time;
        state.notify_sequence = 1;
    }
}

/// Returns a date and a number of eight digits behind it.
fn dated(day: &Text<9>, number: u64) -> Text<21> {
    let mut bytes = [b'0'; 16];
    let (date, digits) = bytes.split_at_mut(8);
    date[..day.as_bytes().len()].copy_from_slice(day.as_bytes());
    let mut left = number;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (left % 10) as u8;
        left /= 10;
    }
    Text::from_bytes(&bytes).unwrap_or_default()
}
