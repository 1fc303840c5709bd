//! A fill counted into order, position and money.

use ctp_types::{Direction, HedgeFlag, OffsetFlag, Text, TradeType};

use crate::exchange::Exchange;
use crate::matching::OrderIndex;
use crate::money::holding::{Execution, Frozen};
use crate::order::check::leg_hedge;
use crate::order::intent::legs;
use crate::order::state::Leg;
use crate::order::trade::Trade;

/// A match of an order: with another client's order, or with the crowd.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill {
    /// In ticks; of a combination the difference of its legs.
    pub(crate) price: i64,
    /// Of a combination: at what its second leg trades.
    pub(crate) base: i64,
    pub(crate) volume: i32,
    pub(crate) counter: Option<OrderIndex>,
    /// The number in TradeID; a second leg has the next one.
    pub(crate) number: u64,
}

impl Exchange {
    /// Counts a fill into order, position and money, and appends its trade, or one for each leg, to the list.
    pub(crate) fn book_fill(&mut self, index: usize, fill: &Fill) {
        self.orders[index].state.traded += fill.volume;
        let order = &self.orders[index];
        let (investor, market, left) = (order.investor, order.market, order.left());
        let (first, second) = (order.first, order.second.as_deref().copied());
        let combination = second.is_some().then_some(market);
        for (leg, place) in [Some(first), second].into_iter().flatten().zip(0..) {
            let Leg { holding, effect, price, frozen: before } = leg;
            let still = match left {
                0 => Frozen::default(),
                left => self.frozen(&investor, holding, effect, (price, left)),
            };
            match (place, &mut self.orders[index].second) {
                (0, _) => self.orders[index].first.frozen = still,
                (_, Some(second)) => second.frozen = still,
                (_, None) => {}
            }
            let trade = self.trade_of(index, fill, place, holding.0, combination.is_some());
            let execution = Execution {
                trade_id: trade.trade_id(),
                date: trade.date,
                volume: trade.volume,
                price: trade.price,
                combination,
            };
            self.trades.push(trade);
            self.release(&investor, holding, effect, before);
            if left > 0 {
                self.freeze(&investor, holding, effect, still);
            }
            self.book(&investor, holding, effect, &execution);
        }
    }

    /// Makes the trade of one leg: the first is the order's own, the second goes the other way.
    fn trade_of(&self, index: usize, fill: &Fill, place: usize, market: usize, is_leg: bool) -> Trade {
        let sent = &self.orders[index].sent;
        let letter = |flags: &Text<5>| legs(flags)[place];
        let direction = match (place, sent.direction) {
            (0, direction) => direction,
            (_, Direction::BUY) => Direction::SELL,
            (_, _) => Direction::BUY,
        };
        Trade {
            order: index,
            market,
            number: fill.number + place as u64,
            direction,
            // §5.3: what was sent was made a plain close where there is no other.
            offset: OffsetFlag::from_char(letter(&sent.offset)),
            hedge: HedgeFlag::from_char(leg_hedge(letter(&sent.hedge), place)),
            kind: if is_leg { TradeType::COMBINATION_DERIVED } else { TradeType::COMMON },
            price: match (is_leg, place) {
                (false, _) => fill.price,
                (true, 0) => fill.base.saturating_add(fill.price),
                (true, _) => fill.base,
            },
            volume: fill.volume,
            sequence_no: 0,
            date: self.trade_date(self.markets[market].instrument.exchange),
            time: self.stamp().time,
        }
    }
}
