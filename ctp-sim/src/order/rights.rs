//! What the broker and the exchanges allow: trading rights, codes, limits, links. All of it is set by commands.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ctp_market::Exchange as Venue;
use ctp_types::Text;

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::interface::Timestamp;
use crate::market::instrument::MarketIndex;
use crate::order::check::{Plan, Sender};
use crate::order::intent::{Intent, Trigger};
use crate::order::operator::{
    ConditionalOrders, CoreState, ExchangeLimit, ExchangeLink, InstrumentTrading, LinkState, OrderLimits,
    PositionLimit, Right, TradingCode, TradingRight,
};
use crate::text::text;

const SECOND: i64 = 1_000_000_000;

/// Everything that is not as it should be, or limited.
#[derive(Debug, Default)]
pub(crate) struct Rights {
    core: Option<CoreError>,
    links: BTreeMap<Venue, LinkState>,
    limits: BTreeMap<Venue, ExchangeLimits>,
    suspended: BTreeSet<MarketIndex>,
    investors: BTreeMap<Text<13>, InvestorRights>,
}

/// What one investor may do, by default everything.
#[derive(Debug, Default)]
struct InvestorRights {
    all: Right,
    products: BTreeMap<Text<81>, Right>,
    closed_at: BTreeSet<Venue>,
    position_limits: BTreeMap<Text<81>, i32>,
    per_second: Option<u32>,
    per_day: Option<u32>,
    conditional: ConditionalRights,
}

#[derive(Debug)]
struct ConditionalRights {
    allowed: bool,
    limit: Option<u32>,
}

impl Default for ConditionalRights {
    fn default() -> Self {
        Self { allowed: true, limit: None }
    }
}

/// How many requests an exchange takes, and those it took lately.
#[derive(Debug, Default)]
struct ExchangeLimits {
    per_second: Option<u32>,
    pending: Option<u32>,
    recent: VecDeque<Timestamp>,
}

/// Orders and cancels of an investor, counted.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    by_investor: BTreeMap<Text<13>, Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    day: u32,
    recent: VecDeque<Timestamp>,
}

impl Rights {
    pub(crate) fn check_core(&self) -> Result<(), CoreError> {
        self.core.map_or(Ok(()), Err)
    }

    pub(crate) fn check_trading(&self, market: MarketIndex) -> Result<(), CoreError> {
        if self.suspended.contains(&market) { Err(CoreError::InstrumentNotTrading) } else { Ok(()) }
    }

    /// §5.9, 21: the core has no connection to send an order on.
    pub(crate) fn check_link(&self, venue: Venue) -> Result<(), CoreError> {
        match self.links.get(&venue) {
            Some(LinkState::Down) => Err(CoreError::NoTraderAvailable),
            _ => Ok(()),
        }
    }

    /// Returns why an order does not get through to its exchange (39–41); counts it otherwise. `waiting` is how many are
    /// on their way already.
    pub(crate) fn pass(&mut self, venue: Venue, now: Timestamp, waiting: usize) -> Result<(), CoreError> {
        if self.links.get(&venue) == Some(&LinkState::Broken) {
            return Err(CoreError::ExchangeNetwork);
        }
        let Some(limits) = self.limits.get_mut(&venue) else { return Ok(()) };
        if limits.pending.is_some_and(|pending| waiting > pending as usize) {
            return Err(CoreError::ExchangePending);
        }
        let Some(per_second) = limits.per_second else { return Ok(()) };
        if !count(&mut limits.recent, now, per_second) {
            return Err(CoreError::ExchangePerSecond);
        }
        Ok(())
    }

    /// Returns whether an investor has a trading code at an exchange.
    pub(crate) fn has_code(&self, investor: &Text<13>, venue: Venue) -> bool {
        self.investors.get(investor).is_none_or(|rights| !rights.closed_at.contains(&venue))
    }

    fn investor(&mut self, investor: &str) -> &mut InvestorRights {
        self.investors.entry(text(investor)).or_default()
    }
}

impl Exchange {
    /// §5.9: permissions of the investor (20, 28, 52–54, 62).
    pub(crate) fn check_rights(
        &self,
        sender: &Sender,
        market: MarketIndex,
        intent: &Intent,
    ) -> Result<(), CoreError> {
        let instrument = &self.markets[market].instrument;
        if let Some(rights) = self.desk.rights.investors.get(&sender.investor) {
            if rights.closed_at.contains(&instrument.exchange) {
                return Err(CoreError::NotExchangeClient);
            }
            let right = rights.products.get(&instrument.product_id).copied().unwrap_or(rights.all);
            if right == Right::None {
                return Err(CoreError::NoTradingRight);
            }
        }
        match intent.trigger {
            Trigger::Condition(_) => self.check_conditional(&sender.investor),
            _ => Ok(()),
        }
    }

    /// §5.9, 29: after position and funds.
    pub(crate) fn check_close_only(&self, sender: &Sender, plan: &Plan) -> Result<(), CoreError> {
        let Some(rights) = self.desk.rights.investors.get(&sender.investor) else { return Ok(()) };
        let product = self.markets[plan.market].instrument.product_id;
        let right = rights.products.get(&product).copied().unwrap_or(rights.all);
        if right == Right::CloseOnly && plan.is_opening { Err(CoreError::CloseOnly) } else { Ok(()) }
    }

    /// §5.9, 106: lots held and to be opened of a product, or of an instrument.
    pub(crate) fn check_position_limit(
        &self,
        sender: &Sender,
        plan: &Plan,
        volume: i32,
    ) -> Result<(), CoreError> {
        let Some(rights) = self.desk.rights.investors.get(&sender.investor) else { return Ok(()) };
        let Some(account) = self.accounts.get(&sender.investor).filter(|_| plan.is_opening) else {
            return Ok(());
        };
        let instrument = &self.markets[plan.market].instrument;
        for (limited, lots) in &rights.position_limits {
            let is_meant = |market: MarketIndex| {
                let instrument = &self.markets[market].instrument;
                instrument.product_id == *limited || instrument.id == *limited
            };
            if instrument.product_id != *limited && instrument.id != *limited {
                continue;
            }
            let holdings = account.holdings.iter().filter(|(key, _)| is_meant(key.0));
            let held: i64 = holdings
                .map(|(_, holding)| i64::from(holding.volume()) + i64::from(holding.today.opening.volume))
                .sum();
            if held + i64::from(volume) > i64::from(*lots) {
                return Err(CoreError::PositionLimit);
            }
        }
        Ok(())
    }

    /// Counts an order or cancel of an investor (116, 158).
    pub(crate) fn count_request(&mut self, investor: &Text<13>) -> Result<(), CoreError> {
        let rights = self.desk.rights.investors.get(investor);
        let every_user = Some(self.config.access.orders_per_second).filter(|per_second| *per_second > 0);
        let per_second = rights.and_then(|rights| rights.per_second).or(every_user);
        let all = Some(self.config.orders_per_day).filter(|per_day| *per_day > 0);
        let per_day = rights.and_then(|rights| rights.per_day).or(all);
        if per_second.is_none() && per_day.is_none() {
            return Ok(());
        }
        let now = self.now;
        let counted = self.desk.traffic.by_investor.entry(*investor).or_default();
        if per_day.is_some_and(|per_day| counted.day >= per_day) {
            return Err(CoreError::InformationLimit);
        }
        if per_second.is_some_and(|per_second| !count(&mut counted.recent, now, per_second)) {
            return Err(CoreError::OrderFrequency);
        }
        counted.day += 1;
        Ok(())
    }

    fn check_conditional(&self, investor: &Text<13>) -> Result<(), CoreError> {
        if !self.config.conditional_orders {
            return Err(CoreError::ConditionalUnsupported);
        }
        let own = self.desk.rights.investors.get(investor).map(|rights| &rights.conditional);
        if own.is_some_and(|own| !own.allowed) {
            return Err(CoreError::NoConditionalRight);
        }
        let waiting = self.desk.conditions.waiting();
        let mine = waiting.clone().filter(|order| self.orders[**order].investor == *investor).count();
        if own.and_then(|own| own.limit).is_some_and(|limit| mine >= limit as usize) {
            return Err(CoreError::InvestorConditionalLimit);
        }
        let limit = self.config.conditional_limit as usize;
        if limit > 0 && waiting.count() >= limit { Err(CoreError::BrokerConditionalLimit) } else { Ok(()) }
    }

    pub(crate) fn set_trading_right(&mut self, command: TradingRight) {
        let rights = self.desk.rights.investor(&command.investor);
        match command.product {
            None => rights.all = command.right,
            Some(product) => {
                rights.products.insert(text(&product), command.right);
            }
        }
    }

    pub(crate) fn set_trading_code(&mut self, command: TradingCode) {
        let Some(venue) = Venue::from_id(&command.exchange) else { return };
        let closed = &mut self.desk.rights.investor(&command.investor).closed_at;
        if command.open {
            closed.remove(&venue);
        } else {
            closed.insert(venue);
        }
    }

    pub(crate) fn set_exchange_link(&mut self, command: ExchangeLink) {
        if let Some(venue) = Venue::from_id(&command.exchange) {
            self.desk.rights.links.insert(venue, command.state);
        }
    }

    pub(crate) fn set_exchange_limit(&mut self, command: ExchangeLimit) {
        if let Some(venue) = Venue::from_id(&command.exchange) {
            let limits = self.desk.rights.limits.entry(venue).or_default();
            (limits.per_second, limits.pending) = (command.per_second, command.pending);
        }
    }

    pub(crate) fn set_instrument_trading(&mut self, command: InstrumentTrading) {
        let market = Text::new(&command.instrument).ok().and_then(|id| self.market_by_id.get(&id)).copied();
        let suspended = &mut self.desk.rights.suspended;
        match market {
            Some(market) if command.trading => {
                suspended.remove(&market);
            }
            Some(market) => {
                suspended.insert(market);
            }
            None => {}
        }
    }

    pub(crate) fn set_position_limit(&mut self, command: PositionLimit) {
        let limits = &mut self.desk.rights.investor(&command.investor).position_limits;
        match command.lots {
            Some(lots) => {
                limits.insert(text(&command.product), lots);
            }
            None => {
                limits.remove(&text(&command.product));
            }
        }
    }

    pub(crate) fn set_order_limits(&mut self, command: OrderLimits) {
        let rights = self.desk.rights.investor(&command.investor);
        (rights.per_second, rights.per_day) = (command.per_second, command.per_day);
    }

    pub(crate) fn set_conditional_orders(&mut self, command: ConditionalOrders) {
        let rights = self.desk.rights.investor(&command.investor);
        rights.conditional = ConditionalRights { allowed: command.allowed, limit: command.limit };
    }

    pub(crate) fn set_core_state(&mut self, command: CoreState) {
        self.desk.rights.core = match command.error {
            1 => Some(CoreError::NotSynchronised),
            35 => Some(CoreError::BrokerSynchronising),
            36 => Some(CoreError::BrokerSynchronised),
            _ => None,
        };
    }
}

/// Counts a request unless the last second had as many as allowed.
fn count(recent: &mut VecDeque<Timestamp>, now: Timestamp, per_second: u32) -> bool {
    while recent.front().is_some_and(|at| now.0 - at.0 >= SECOND) {
        recent.pop_front();
    }
    let has_room = recent.len() < per_second as usize;
    if has_room {
        recent.push_back(now);
    }
    has_room
}
