//! The exchange's side of an order: refusal, matching, and the callbacks that tell its life (§5.5).

use ctp_market::{Exchange as Venue, OrderReports};
use ctp_types::{HedgeFlag, OffsetFlag, OrderPriceType, OrderStatus, OrderSubmitStatus, TradeType};

use crate::exchange::Exchange;
use crate::market::Market;
use crate::matching::{self, Lasting, Taker, TickTrade};
use crate::money::holding::{Effect, Execution};
use crate::order::Phase;
use crate::order::trade::Trade;
use crate::session::stream::Message;
use crate::text::{aligned, text};

/// A match of an order: with another client's order, or with the crowd.
#[derive(Clone, Copy, Debug)]
struct Fill {
    price: i64,
    volume: i32,
    maker: Option<usize>,
    trade_number: u64,
}

impl Exchange {
    /// An order reaches the exchange: it is refused, or matched and reported.
    pub(crate) fn order_arrives(&mut self, index: usize) {
        if let Some((code, reason)) = self.exchange_refusal(index) {
            self.refuse_at_exchange(index, code, reason);
            return;
        }
        self.admit_to_book(index);
        let order = &self.orders[index];
        let market = order.market;
        let taker = Taker {
            order: index,
            side: order.side,
            limit: order.price,
            levels: None,
            volume: order.left(),
            lasting: order.lasting,
        };
        let mut matched = std::mem::take(&mut self.fills);
        let Market { matcher, book, .. } = &mut self.markets[market];
        let arrival = matcher.arrive(taker, book, &mut matched);
        let fills: Vec<Fill> = matched.drain(..).map(|fill| self.number_fill(market, fill)).collect();
        self.fills = matched;
        self.report_arrival(index, &fills);
        for fill in &fills {
            if let Some(maker) = fill.maker {
                self.fill_resting(maker, fill);
            }
        }
        if !fills.is_empty() || arrival.rests_at.is_some() {
            self.touched.insert(market);
        }
        if arrival.rests_at.is_some() {
            self.keep_ticking();
        }
    }

    /// The crowd moved: resting orders that its new book or its trade reaches are filled.
    pub(crate) fn meet_resting_orders(&mut self, market: usize, traded: Option<TickTrade>) {
        let mut matched = std::mem::take(&mut self.fills);
        let Market { matcher, book, .. } = &mut self.markets[market];
        matcher.on_tick(book, traded, &mut matched);
        for fill in matched.drain(..) {
            let order = fill.order;
            let fill = self.number_fill(market, fill);
            self.fill_resting(order, &fill);
        }
        self.fills = matched;
    }

    /// An auction ends: what its price allows trades at it.
    pub(crate) fn hold_auction(&mut self, market: usize) {
        let mut matched = std::mem::take(&mut self.fills);
        let Market { matcher, book, reference, .. } = &mut self.markets[market];
        if let Some(auction) = matcher.cross_auction(reference.settlement, book, &mut matched) {
            let volume = i32::try_from(auction.volume).unwrap_or(i32::MAX);
            self.markets[market].count_trade(auction.price, volume, 0);
        }
        for matching::Fill { order, price, volume, counter } in matched.drain(..) {
            let trade_number = self.next_trade_number();
            let fill = Fill { price, volume, maker: counter, trade_number };
            self.fill_resting(order, &fill);
            if let Some(counter) = counter {
                self.fill_resting(counter, &fill);
            }
        }
        self.fills = matched;
    }

    /// Counts a fill into the day's statistics and gives it its number.
    fn number_fill(&mut self, market: usize, fill: matching::Fill) -> Fill {
        self.markets[market].count_trade(fill.price, fill.volume, 0);
        let trade_number = self.next_trade_number();
        Fill { price: fill.price, volume: fill.volume, maker: fill.counter, trade_number }
    }

    /// Returns what the exchange finds wrong: its code, if it has one, and its text (§5.5 H).
    fn exchange_refusal(&self, index: usize) -> Option<(Option<i32>, &'static str)> {
        let order = &self.orders[index];
        let market = &self.markets[order.market];
        let venue = market.instrument.exchange;
        let coded = |code| (venue == Venue::Shfe).then_some(code);
        let takes_market_orders = matches!(venue, Venue::Dce | Venue::Gfex | Venue::Czce);
        if order.sent.price_type == OrderPriceType::ANY_PRICE {
            return (!takes_market_orders).then_some((coded(79), "不被支持的报单类型"));
        }
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
        if order.sent.volume > market.instrument.largest_limit_order {
            return Some((None, "报单数量超过最大下单量"));
        }
        None
    }

    /// §5.5 H: `5/4` without OrderSysID, the exchange's text behind CTP's.
    fn refuse_at_exchange(&mut self, index: usize, code: Option<i32>, reason: &str) {
        let (status, submit) = (OrderStatus::CANCELED, OrderSubmitStatus::INSERT_REJECTED);
        self.set_state(index, status, submit);
        let exchange = self.markets[self.orders[index].market].instrument.exchange;
        let code = code.map(|code| format!("{code}:")).unwrap_or_default();
        let words = self.desk.words.of(status, submit);
        self.orders[index].state.note =
            self.desk.notes.of(text(&format!("{code}{}{exchange}:{reason}", words.to_str())));
        self.finish(index);
        self.publish_order(index);
    }

    /// Gives an order the exchange's number and time.
    fn admit_to_book(&mut self, index: usize) {
        let number = self.desk.next_sys_number(index);
        let venue = self.markets[self.orders[index].market].instrument.exchange;
        let (day, time) = (self.trading_day(), self.stamp().time);
        let state = &mut self.orders[index].state;
        // §5.4: 12 columns, at CZCE 16 digits with the date.
        state.sys_id =
            if venue == Venue::Czce { text(&format!("{day}{number:08}")) } else { aligned(number) };
        state.insert_time = time;
        state.notify_sequence = 1;
    }

    /// §5.5 A, C, D, F: what an order's arrival brings.
    fn report_arrival(&mut self, index: usize, fills: &[Fill]) {
        use OrderStatus as Status;
        use OrderSubmitStatus as Submit;
        let order = &self.orders[index];
        let market = &self.markets[order.market];
        let is_czce = market.instrument.exchange == Venue::Czce;
        let trades_only = market.instrument.rules.order_reports == OrderReports::TradesOnly;
        let rests = order.lasting == Lasting::Day;
        let filled: i32 = fills.iter().map(|fill| fill.volume).sum();
        let is_full = filled == order.left();
        if fills.is_empty() && rests {
            self.acknowledge(index);
        } else if fills.is_empty() {
            self.end_with(index, Status::CANCELED, Submit::INSERT_SUBMITTED);
        } else if trades_only {
            self.acknowledge(index);
            for fill in fills {
                self.report_fill(index, fill, Submit::ACCEPTED);
            }
            if !is_full && !rests {
                self.end_with(index, Status::CANCELED, Submit::ACCEPTED);
            }
        } else if is_czce && !rests && !is_full {
            self.acknowledge(index);
            self.publish_order(index);
            for fill in fills {
                self.report_fill(index, fill, Submit::ACCEPTED);
            }
            self.end_with(index, Status::CANCELED, Submit::ACCEPTED);
        } else {
            let killed = !is_full && !rests;
            if !killed {
                self.publish_order(index);
            }
            let trades: Vec<Trade> = fills.iter().map(|fill| self.book_fill(index, fill)).collect();
            let status = match (is_full, killed) {
                (true, _) => Status::ALL_TRADED,
                (false, true) => Status::CANCELED,
                (false, false) => Status::PART_TRADED_QUEUEING,
            };
            self.set_state(index, status, Submit::INSERT_SUBMITTED);
            if is_full || killed {
                self.finish(index);
            } else {
                self.orders[index].phase = Phase::Resting;
            }
            self.publish_order(index);
            if killed {
                self.publish_order(index);
            }
            for trade in trades {
                self.publish_trade(index, trade);
            }
        }
    }

    /// `3/3`: the order rests.
    fn acknowledge(&mut self, index: usize) {
        self.orders[index].phase = Phase::Resting;
        self.set_state(index, OrderStatus::NO_TRADE_QUEUEING, OrderSubmitStatus::ACCEPTED);
        self.publish_order(index);
    }

    fn end_with(&mut self, index: usize, status: OrderStatus, submit: OrderSubmitStatus) {
        self.set_state(index, status, submit);
        self.finish(index);
        self.publish_order(index);
    }

    /// §5.5 B, D: a resting order is filled; the former state is repeated first, except at DCE and GFEX.
    fn fill_resting(&mut self, index: usize, fill: &Fill) {
        let market = &self.markets[self.orders[index].market];
        if market.instrument.rules.order_reports == OrderReports::Full {
            self.publish_order(index);
        }
        self.report_fill(index, fill, OrderSubmitStatus::ACCEPTED);
    }

    /// The changed order, then its trade.
    fn report_fill(&mut self, index: usize, fill: &Fill, submit: OrderSubmitStatus) {
        let trade = self.book_fill(index, fill);
        let is_full = self.orders[index].left() == 0;
        let status = if is_full { OrderStatus::ALL_TRADED } else { OrderStatus::PART_TRADED_QUEUEING };
        self.set_state(index, status, submit);
        if is_full {
            self.finish(index);
        }
        self.publish_order(index);
        self.publish_trade(index, trade);
    }

    fn publish_trade(&mut self, index: usize, mut trade: Trade) {
        trade.sequence_no = self.orders[index].state.sequence_no.wrapping_add(1);
        self.trades.push(trade);
        self.publish_message(self.orders[index].investor, Message::Trade(self.trades.len() - 1));
    }

    fn next_trade_number(&mut self) -> u64 {
        self.counters.trade_id += 1;
        self.counters.trade_id
    }

    /// Counts a fill into order, position and money; returns its trade.
    fn book_fill(&mut self, index: usize, fill: &Fill) -> Trade {
        let order = &self.orders[index];
        let offset = order.sent.offset.as_bytes().first().copied().unwrap_or_default();
        let hedge = order.sent.hedge.as_bytes().first().copied().unwrap_or_default();
        let trade = Trade {
            order: index,
            market: order.market,
            number: fill.trade_number,
            direction: order.sent.direction,
            // §5.3: where nothing but "close" exists, a closing trade says so whatever was sent.
            offset: if order.effect == Effect::Close {
                OffsetFlag::CLOSE
            } else {
                OffsetFlag::from_char(offset)
            },
            hedge: HedgeFlag::from_char(hedge),
            kind: TradeType::COMMON,
            price: fill.price,
            volume: fill.volume,
            sequence_no: 0,
            date: self.trade_date(self.markets[order.market].instrument.exchange),
            time: self.stamp().time,
        };
        self.orders[index].state.traded += fill.volume;
        let order = &self.orders[index];
        let (investor, holding, effect) = (order.investor, order.holding, order.effect);
        let still = self.frozen(&investor, holding, effect, (order.price, order.left()));
        let before = std::mem::replace(&mut self.orders[index].frozen, still);
        let execution = Execution {
            trade_id: trade.trade_id(),
            date: trade.date,
            volume: fill.volume,
            price: fill.price,
            combination: None,
        };
        self.release(&investor, holding, effect, before);
        self.freeze(&investor, holding, effect, still);
        self.book(&investor, holding, effect, &execution);
        trade
    }
}
