//! What a market does when its phase changes: the opening auction, the session, the close, the settlement price.

use ctp_market::{Exchange as Venue, Phase};

use crate::config::Hours;
use crate::exchange::Exchange;
use crate::market::instrument::MarketIndex;

impl Exchange {
    /// Brings a market into a phase.
    pub(crate) fn enter_phase(&mut self, market: MarketIndex, phase: Phase) {
        let before = std::mem::replace(&mut self.markets[market].phase, phase);
        if before == phase {
            return;
        }
        if before == Phase::Auction {
            self.end_auction(market);
        }
        if before == Phase::Continuous {
            self.end_section(market);
        }
        match phase {
            Phase::Auction => self.markets[market].gather(),
            Phase::Continuous => {
                let here = &mut self.markets[market];
                here.open_to_crowd();
                if self.config.hours == Hours::Always && here.stats.volume == 0 {
                    here.trade_at_open();
                }
                self.touched.insert(market);
            }
            Phase::Break => self.end_night(market),
            Phase::Closed => {
                let here = &mut self.markets[market];
                here.close = Some(here.stats.last.unwrap_or(here.reference.close));
                self.touched.insert(market);
            }
            Phase::Matching => {}
        }
    }

    /// Puts a market where it would be, had the exchange run since before the trading day.
    pub(crate) fn join_session(&mut self, market: MarketIndex) {
        let had_auction = self.hours.has_opened(market);
        let here = &mut self.markets[market];
        if here.phase == Phase::Continuous {
            here.open_to_crowd();
        }
        if had_auction {
            here.trade_at_open();
        }
        match here.phase {
            Phase::Auction => here.gather(),
            Phase::Closed if had_auction => {
                here.close = Some(here.mark());
                here.settlement = Some(here.settlement_price());
            }
            _ => {}
        }
    }

    /// §4.2: the last snapshot of the day, with the settlement price.
    pub(crate) fn tell_settlement(&mut self, market: MarketIndex) {
        self.markets[market].settlement = Some(self.settlement_of(market));
        self.touched.insert(market);
    }

    /// Matches what gathered in an auction.
    fn end_auction(&mut self, market: MarketIndex) {
        self.hold_auction(market);
        self.markets[market].book.clear();
        self.remark(market);
        self.touched.insert(market);
    }

    /// §4.2: CZCE tells a settlement price, which then stays, once the night is over.
    fn end_night(&mut self, market: MarketIndex) {
        let here = &mut self.markets[market];
        let is_night = here.instrument.exchange == Venue::Czce && self.hours.is_before_day(self.now);
        if is_night && here.settlement.is_none() {
            here.settlement = Some(here.settlement_price());
            self.touched.insert(market);
        }
    }
}
