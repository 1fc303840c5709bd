//! What the core checks of an order, in its order (§5.9): fields, instrument, broker and investor, confirmation,
//! permissions, position and funds, close-only, the exchange's session.

use ctp_market::Exchange as Venue;
use ctp_types::{HedgeFlag, InputOrderField, OffsetFlag, OrderType, Text, TimeCondition};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::market::instrument::{Class, MarketIndex};
use crate::matching::Lasting;
use crate::matching::book::Side;
use crate::money::account::HoldingKey;
use crate::money::terms::Effect;
use crate::order::intent::{Intent, Pricing, Trigger};
use crate::order::state::Leg;
use crate::switches::{CheckedBy, UnsupportedKind};

/// The first version whose clients' orders are checked by the core for limits, size and tick (§5.9).
const CORE_CHECKS_FROM: (u16, u16, u16) = (6, 7, 11);

/// Who sends an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender {
    pub(crate) investor: Text<13>,
    pub(crate) front_id: i32,
    pub(crate) session_id: i32,
    pub(crate) product_info: Text<11>,
    pub(crate) api_version: (u16, u16, u16),
}

/// What the checks found out about an order.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) market: MarketIndex,
    pub(crate) side: Side,
    pub(crate) first: Leg,
    pub(crate) second: Option<Leg>,
    /// Limit in ticks.
    pub(crate) price: i64,
    /// How many of the other side's prices it may reach.
    pub(crate) levels: Option<usize>,
    pub(crate) lasting: Lasting,
    pub(crate) trigger: Trigger,
    pub(crate) kind: OrderType,
    pub(crate) is_opening: bool,
}

impl Exchange {
    /// Checks all of an order that does not hold anything back yet.
    pub(crate) fn check_order(&self, sender: &Sender, input: &InputOrderField) -> Result<Plan, CoreError> {
        self.desk.rights.check_core()?;
        let intent = Intent::read(input, self.unsupported_kind())?;
        if input.investor_id.is_empty() {
            return Err(CoreError::InvestorIdMissing);
        }
        let market = self.market_of(&input.instrument_id, &input.exchange_id);
        let market = market.map_err(|error| self.unlisted(input, error))?;
        self.desk.rights.check_trading(market)?;
        self.check_kind(&intent, market)?;
        self.check_owner(sender, &input.broker_id, &input.investor_id)?;
        let account = self.accounts.get(&input.investor_id).ok_or(CoreError::InvestorNotFound)?;
        if self.config.confirmation_required && account.confirmed.is_none() {
            return Err(CoreError::SettlementNotConfirmed);
        }
        self.check_rights(sender, market, &intent)?;
        let price = self.limit_of(input, &intent, market)?;
        self.check_size(sender, input, market, price)?;
        let [first, second] = self.plan_legs(&intent, market, price);
        let kind = match intent.swaps {
            true => OrderType::SWAP,
            false => OrderType::NORMAL,
        };
        Ok(Plan {
            market,
            side: intent.side,
            is_opening: intent.offsets.contains(&OffsetFlag::OPEN),
            first: first.ok_or(CoreError::InstrumentNotFound)?,
            second,
            price,
            levels: match intent.pricing {
                Pricing::Levels(levels) => Some(levels),
                Pricing::Limit | Pricing::Market => None,
            },
            lasting: intent.lasting,
            trigger: intent.trigger,
            kind,
        })
    }

    /// Finds the instrument, and that the exchange named is its own (147, 148, 150).
    pub(crate) fn market_of(
        &self,
        instrument: &Text<81>,
        exchange: &Text<9>,
    ) -> Result<MarketIndex, CoreError> {
        let venue = exchange_of(exchange)?;
        let market = *self.market_by_id.get(instrument).ok_or(CoreError::InstrumentNotFound)?;
        if venue == self.markets[market].instrument.exchange {
            Ok(market)
        } else {
            Err(CoreError::ExchangeIdWrong)
        }
    }

    /// §5.2: CZCE's straddles and strangles are not listed (§6.3); what is not IOC is refused by the core (88).
    fn unlisted(&self, input: &InputOrderField, error: CoreError) -> CoreError {
        let id = input.instrument_id.to_str();
        let legs = id.strip_prefix("STD ").or_else(|| id.strip_prefix("STG "));
        let is_option = |id: &str| {
            let market = Text::new(id).ok().and_then(|id| self.market_by_id.get(&id));
            market
                .is_some_and(|market| matches!(self.markets[*market].instrument.class, Class::Option { .. }))
        };
        let both = legs.and_then(|legs| legs.split_once('&'));
        let is_combination = both.is_some_and(|(first, second)| is_option(first) && is_option(second));
        let is_czce = input.exchange_id == Venue::Czce.id();
        match error == CoreError::InstrumentNotFound && is_combination && is_czce {
            true if input.time_condition != TimeCondition::IOC => CoreError::CombinationOnlyIoc,
            _ => error,
        }
    }

    /// Returns what an order's price type or time condition is refused with when nobody supports it.
    pub(crate) fn unsupported_kind(&self) -> CoreError {
        match self.config.switches.unsupported_kind {
            UnsupportedKind::PriceType => CoreError::PriceTypeNotSupported,
            UnsupportedKind::BadField => CoreError::BadField,
        }
    }

    /// Returns whether orders of this market follow SHFE's rules for today's lots.
    pub(crate) fn closes_today(&self, market: MarketIndex) -> bool {
        self.markets[market].instrument.rules.close_today || self.config.switches.simnow_style.is_on()
    }

    /// Returns whether limits, size, tick and hours of an order are the core's business.
    pub(crate) fn checks_in_core(&self, api_version: (u16, u16, u16)) -> bool {
        match self.config.switches.checked_by {
            CheckedBy::Version => api_version >= CORE_CHECKS_FROM,
            CheckedBy::Core => true,
            CheckedBy::Exchange => false,
        }
    }

    /// §5.2: what the instrument's exchange offers.
    fn check_kind(&self, intent: &Intent, market: MarketIndex) -> Result<(), CoreError> {
        let instrument = &self.markets[market].instrument;
        let venue = instrument.exchange;
        let is_combination = matches!(instrument.class, Class::Combination { .. });
        let is_closing = !intent.offsets.contains(&OffsetFlag::OPEN);
        if matches!(intent.pricing, Pricing::Levels(_)) && venue != Venue::Cffex {
            return Err(self.unsupported_kind());
        }
        if intent.for_section && !(venue == Venue::Dce && self.config.dce_section_orders) {
            return Err(self.unsupported_kind());
        }
        match intent.trigger {
            Trigger::StopLoss | Trigger::TakeProfit if !matches!(venue, Venue::Dce | Venue::Gfex) => {
                return Err(CoreError::UnsupportedFunction);
            }
            Trigger::Condition(_) if is_combination => return Err(CoreError::ConditionalCombination),
            _ => {}
        }
        if intent.swaps && !(is_combination && is_closing) {
            return Err(CoreError::SwapUnsupported);
        }
        for (offset, hedge) in intent.offsets.into_iter().zip(intent.hedges) {
            check_hedge(HedgeFlag::from_char(hedge), offset, venue, instrument.class)?;
        }
        Ok(())
    }

    pub(crate) fn check_owner(
        &self,
        sender: &Sender,
        broker: &Text<11>,
        investor: &Text<13>,
    ) -> Result<(), CoreError> {
        if *broker != self.desk.participant.id {
            return Err(CoreError::InvestorNotFound);
        }
        match sender.investor == *investor {
            true => Ok(()),
            false if self.accounts.contains_key(investor) => Err(CoreError::NoPrivilege),
            false => Err(CoreError::InvestorNotFound),
        }
    }

    /// Returns the order's limit in ticks, cut where it is between two.
    fn limit_of(
        &self,
        input: &InputOrderField,
        intent: &Intent,
        market: MarketIndex,
    ) -> Result<i64, CoreError> {
        let market = &self.markets[market];
        match intent.pricing {
            Pricing::Limit => {
                market.instrument.tick.ticks_truncated(input.limit_price).map_err(|_| CoreError::BadPrice)
            }
            // §5.2: executed as a limit order at the daily limit.
            Pricing::Market | Pricing::Levels(_) if intent.side == Side::Buy => Ok(market.reference.upper),
            Pricing::Market | Pricing::Levels(_) => Ok(market.reference.lower),
        }
    }

    /// Returns the position that each leg opens or closes. A combination buys its first leg and sells its second.
    fn plan_legs(&self, intent: &Intent, market: MarketIndex, price: i64) -> [Option<Leg>; 2] {
        let leg = |market: MarketIndex, side: Side, leg: usize, price: i64| {
            let effect = effect(intent.offsets[leg], self.closes_today(market));
            // A buy opens long or closes short; a sale the other way round.
            let long = (side == Side::Buy) == (effect == Effect::Open);
            let holding: HoldingKey = (market, long, leg_hedge(intent.hedges[leg], leg));
            Some(Leg { holding, effect, price, frozen: Default::default() })
        };
        match self.markets[market].instrument.class {
            Class::Combination { legs: [first, second] } => {
                let base = self.markets[second].mark();
                [
                    leg(first, intent.side, 0, base.saturating_add(price)),
                    leg(second, intent.side.other(), 1, base),
                ]
            }
            Class::Future | Class::Option { .. } => [leg(market, intent.side, 0, price), None],
        }
    }

    /// Limits, size and tick (163–165), where they are the core's business.
    fn check_size(
        &self,
        sender: &Sender,
        input: &InputOrderField,
        market: MarketIndex,
        price: i64,
    ) -> Result<(), CoreError> {
        if !self.checks_in_core(sender.api_version) {
            return Ok(());
        }
        let market = &self.markets[market];
        let is_limit = input.order_price_type == ctp_types::OrderPriceType::LIMIT_PRICE;
        if is_limit && market.instrument.tick.ticks(input.limit_price).is_err() {
            return Err(CoreError::PriceWrongTick);
        }
        if !(market.reference.lower..=market.reference.upper).contains(&price) {
            return Err(CoreError::PriceOverLimit);
        }
        let largest = match input.order_price_type {
            ctp_types::OrderPriceType::ANY_PRICE => market.instrument.largest_market_order,
            _ => market.instrument.largest_limit_order,
        };
        if input.volume_total_original > largest {
            return Err(CoreError::VolumeNotValid);
        }
        Ok(())
    }

    /// The last check: the way to the exchange, and its hours (21, 162).
    pub(crate) fn check_session(&self, sender: &Sender, plan: &Plan) -> Result<(), CoreError> {
        let market = &self.markets[plan.market];
        self.desk.rights.check_link(market.instrument.exchange)?;
        if !self.is_linked(market.instrument.exchange) {
            return Err(CoreError::NoTraderAvailable);
        }
        if self.checks_in_core(sender.api_version) && !market.takes_orders() {
            return Err(CoreError::NotTradingPeriod);
        }
        Ok(())
    }
}

/// Reads ExchangeID (147, 148).
pub(crate) fn exchange_of(id: &Text<9>) -> Result<Venue, CoreError> {
    if id.is_empty() {
        return Err(CoreError::ExchangeIdMissing);
    }
    let id = id.as_bytes();
    let venue = Venue::ALL.into_iter().find(|venue| id == venue.id().as_bytes());
    venue.ok_or(CoreError::ExchangeIdInvalid)
}

/// §5.1, §5.3: hedge flags that an exchange does not take.
fn check_hedge(hedge: HedgeFlag, offset: OffsetFlag, venue: Venue, class: Class) -> Result<(), CoreError> {
    let is_spec = hedge == HedgeFlag::SPECULATION;
    if venue == Venue::Czce && offset != OffsetFlag::OPEN && !is_spec {
        return Err(CoreError::BadField);
    }
    let is_mixed = matches!(hedge, HedgeFlag::SPEC_HEDGE | HedgeFlag::HEDGE_SPEC);
    // Speculation in one leg and hedging in the other exist only in DCE's combinations.
    if is_mixed && !(venue == Venue::Dce && matches!(class, Class::Combination { .. })) {
        return Err(CoreError::ArbitrageUnsupported);
    }
    if hedge == HedgeFlag::ARBITRAGE && matches!(venue, Venue::Dce | Venue::Czce | Venue::Gfex) {
        return Err(CoreError::ArbitrageUnsupported);
    }
    if matches!(class, Class::Option { .. }) && !is_spec && hedge != HedgeFlag::MARKET_MAKER {
        return Err(CoreError::OptionsOnlySpeculation);
    }
    Ok(())
}

/// §5.1: `'6'` speculates in the first leg and hedges in the second, `'7'` the other way round.
pub(crate) fn leg_hedge(hedge: u8, leg: usize) -> u8 {
    let flag = match (HedgeFlag::from_char(hedge), leg) {
        (HedgeFlag::SPEC_HEDGE, 0) | (HedgeFlag::HEDGE_SPEC, 1) => HedgeFlag::SPECULATION,
        (HedgeFlag::SPEC_HEDGE, _) | (HedgeFlag::HEDGE_SPEC, _) => HedgeFlag::HEDGE,
        (flag, _) => flag,
    };
    flag.as_char()
}

/// §5.3: SHFE and INE close today's lots by '3' and older ones by '1' and '4'; the others only close.
fn effect(offset: OffsetFlag, close_today: bool) -> Effect {
    match (offset, close_today) {
        (OffsetFlag::OPEN, _) => Effect::Open,
        (OffsetFlag::CLOSE_TODAY, true) => Effect::CloseToday,
        (_, true) => Effect::CloseYesterday,
        (_, false) => Effect::Close,
    }
}
