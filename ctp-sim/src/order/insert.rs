//! A new order in the core: checks (§5.2, §5.9), freezing, the first record.

use ctp_market::Exchange as Venue;
use ctp_types::{
    ContingentCondition, Direction, ForceCloseReason, HedgeFlag, InputOrderField, OffsetFlag, OrderPriceType,
    OrderType, RecordBox, Text, TimeCondition, TraderCallback, TraderRequest, VolumeCondition,
};

use crate::errors::CoreError;
use crate::exchange::{Exchange, Task};
use crate::interface::SessionId;
use crate::matching::Lasting;
use crate::matching::book::Side;
use crate::money::holding::{Effect, Frozen};
use crate::order::state::{OrderState, Origin, Sent};
use crate::order::{Order, Phase};
use crate::session::FRONT_ID;
use crate::text::aligned;

/// The first version whose clients' orders are checked by the core for limits, size and tick (§5.9).
const CORE_CHECKS_FROM: (u16, u16, u16) = (6, 7, 11);
/// The first version that is told how much money is missing.
const MISSING_MONEY_FROM: (u16, u16, u16) = (6, 7, 7);

/// What the checks found out about an order.
struct Plan {
    market: usize,
    side: Side,
    effect: Effect,
    price: i64,
    lasting: Lasting,
    hedge: u8,
    /// The client's OrderRef as a number; `None` lets the core assign one.
    order_ref: Option<i64>,
}

impl Exchange {
    /// Accepts an order and sends it to the exchange, or refuses it (§5.5 G).
    pub(crate) fn insert_order(&mut self, id: SessionId, input: &InputOrderField, request_id: i32) {
        if let Err(error) = self.place_order(id, input, OrderType::NORMAL) {
            self.refuse_order(id, input, error, request_id);
        }
    }

    /// Accepts an order and sends it to the exchange; returns its index. Nothing is answered.
    pub(crate) fn place_order(
        &mut self,
        id: SessionId,
        input: &InputOrderField,
        kind: OrderType,
    ) -> Result<usize, CoreError> {
        let plan = self.plan(id, input)?;
        let frozen = self.frozen_for(id, input, &plan)?;
        self.accept_order(id, input, &plan, frozen, kind).ok_or(CoreError::NotLoginYet)
    }

    /// Accepts orders that belong together and sends them to the exchange: all, or none when one is refused. Returns their
    /// indices. Nothing is answered.
    pub(crate) fn place_orders(
        &mut self,
        id: SessionId,
        inputs: &[InputOrderField],
        kind: OrderType,
    ) -> Result<Vec<usize>, CoreError> {
        let mut plans = Vec::with_capacity(inputs.len());
        for input in inputs {
            let plan = self.plan(id, input)?;
            let frozen = self.frozen_for(id, input, &plan)?;
            plans.push((plan, frozen));
        }
        if let [(_, first), (_, second), ..] = plans.as_slice() {
            let needed = [first, second].map(|frozen| frozen.margin + frozen.commission + frozen.cash);
            let account = self.accounts.get(&inputs[0].investor_id).ok_or(CoreError::InvestorNotFound)?;
            if needed[0] + needed[1] > account.value().available {
                return Err(CoreError::InsufficientMoney { missing: None });
            }
        }
        let planned = inputs.iter().zip(plans);
        Ok(planned
            .filter_map(|(input, (plan, frozen))| self.accept_order(id, input, &plan, frozen, kind))
            .collect())
    }

    /// §5.5 G: `OnRspOrderInsert` to the sender, `OnErrRtnOrderInsert` to all sessions, the latter only with UserID.
    fn refuse_order(&mut self, id: SessionId, input: &InputOrderField, error: CoreError, request_id: i32) {
        self.refuse(id, TraderRequest::ReqOrderInsert, &RecordBox::new(input), error, request_id);
        let investor = self.login(id).map(|login| login.investor);
        if let Some(investor) = investor.filter(|_| !input.user_id.is_empty()) {
            self.publish(investor, TraderCallback::OnErrRtnOrderInsert, input, Some(error.rsp_info()));
        }
    }

    fn plan(&self, id: SessionId, input: &InputOrderField) -> Result<Plan, CoreError> {
        let lasting = lasting(input)?;
        let side = side(input.direction)?;
        let offset = input.comb_offset_flag.as_bytes().first().copied().unwrap_or_default();
        let hedge = hedge(input)?;
        let market = self.market_of(&input.instrument_id, &input.exchange_id)?;
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        let confirmed =
            self.accounts.get(&input.investor_id).is_some_and(|account| account.confirmed.is_some());
        if self.config.confirmation_required && !confirmed {
            return Err(CoreError::SettlementNotConfirmed);
        }
        let order_ref = self.order_ref(id, input)?;
        let effect =
            effect(OffsetFlag::from_char(offset), self.markets[market].instrument.rules.close_today)?;
        let price = self.limit_of(id, input, market, side)?;
        Ok(Plan { market, side, effect, price, lasting, hedge, order_ref })
    }

    /// Finds the instrument, and that the exchange named is its own (147, 148, 150).
    pub(crate) fn market_of(&self, instrument: &Text<81>, exchange: &Text<9>) -> Result<usize, CoreError> {
        let market = *self.market_by_id.get(instrument).ok_or(CoreError::InstrumentNotFound)?;
        if exchange.is_empty() {
            return Err(CoreError::ExchangeIdMissing);
        }
        let named = Venue::from_id(&exchange.to_str()).ok_or(CoreError::ExchangeIdInvalid)?;
        if named == self.markets[market].instrument.exchange {
            Ok(market)
        } else {
            Err(CoreError::ExchangeIdWrong)
        }
    }

    /// Reads OrderRef: decimal, rising within the session; empty is assigned by the core.
    fn order_ref(&self, id: SessionId, input: &InputOrderField) -> Result<Option<i64>, CoreError> {
        if input.order_ref.is_empty() {
            return Ok(None);
        }
        let text = input.order_ref.to_str();
        let digits = text.trim_start_matches(' ');
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CoreError::BadField);
        }
        let number: i64 = digits.parse().map_err(|_| CoreError::BadField)?;
        let last = self.login(id).map_or(0, |login| login.max_order_ref);
        if number > last { Ok(Some(number)) } else { Err(CoreError::DuplicateOrderRef) }
    }

    /// Returns the order's limit in ticks, checked by the core for clients of 6.7.11 and later.
    fn limit_of(
        &self,
        id: SessionId,
        input: &InputOrderField,
        index: usize,
        side: Side,
    ) -> Result<i64, CoreError> {
        let market = &self.markets[index];
        let (lower, upper) = (market.reference.lower, market.reference.upper);
        if input.order_price_type == OrderPriceType::ANY_PRICE {
            // §5.2: executed as a limit order at the daily limit.
            return Ok(if side == Side::Buy { upper } else { lower });
        }
        let tick = market.instrument.tick;
        let truncated = tick.ticks_truncated(input.limit_price).map_err(|_| CoreError::BadPrice)?;
        if self.checks_in_core(id) {
            let ticks = tick.ticks(input.limit_price).map_err(|_| CoreError::PriceWrongTick)?;
            if !(lower..=upper).contains(&ticks) {
                return Err(CoreError::PriceOverLimit);
            }
            if input.volume_total_original > market.instrument.largest_limit_order {
                return Err(CoreError::VolumeNotValid);
            }
        }
        Ok(truncated)
    }

    fn checks_in_core(&self, id: SessionId) -> bool {
        self.sessions.get(&id).is_some_and(|session| session.api_version >= CORE_CHECKS_FROM)
    }

    /// Returns what the order holds back, if position and money are there (30, 31, 50, 51).
    fn frozen_for(&self, id: SessionId, input: &InputOrderField, plan: &Plan) -> Result<Frozen, CoreError> {
        let told = self.sessions.get(&id).is_some_and(|session| session.api_version >= MISSING_MONEY_FROM);
        let lots = (plan.price, input.volume_total_original);
        self.claim(&input.investor_id, plan.holding(), plan.effect, lots, told)
    }

    fn accept_order(
        &mut self,
        id: SessionId,
        input: &InputOrderField,
        plan: &Plan,
        frozen: Frozen,
        kind: OrderType,
    ) -> Option<usize> {
        let session = self.sessions.get_mut(&id)?;
        let product_info = session.product_info;
        let login = session.login.as_mut()?;
        let order_ref = match plan.order_ref {
            Some(number) => {
                login.max_order_ref = number;
                input.order_ref
            }
            None => {
                login.max_order_ref += 1;
                aligned(login.max_order_ref.unsigned_abs())
            }
        };
        let (investor, session_id) = (login.investor, login.session_id);
        self.counters.order_local_id += 1;
        let order = Order {
            sent: Sent::from(input),
            origin: Origin {
                order_ref,
                front_id: FRONT_ID,
                session_id,
                product_info,
                number: self.counters.order_local_id,
                date: self.stamp().date,
                parent: None,
            },
            investor,
            market: plan.market,
            side: plan.side,
            effect: plan.effect,
            holding: plan.holding(),
            price: plan.price,
            lasting: plan.lasting,
            kind,
            frozen,
            phase: Phase::Sent,
            cancel_pending: false,
            state: OrderState::new(self.stamp().time),
        };
        self.freeze(&investor, plan.holding(), plan.effect, frozen);
        let index = self.orders.len();
        self.orders.push(order);
        self.desk.refer(session_id, &order_ref, index);
        self.publish_order(index);
        self.schedule.add(self.now.after(self.config.exchange_delay), Task::OrderArrives(index));
        Some(index)
    }
}

impl Plan {
    /// A buy opens long or closes short; a sale the other way round.
    fn holding(&self) -> crate::money::account::HoldingKey {
        let long = (self.side == Side::Buy) == (self.effect == Effect::Open);
        (self.market, long, self.hedge)
    }
}

fn side(direction: Direction) -> Result<Side, CoreError> {
    match direction {
        Direction::BUY => Ok(Side::Buy),
        Direction::SELL => Ok(Side::Sell),
        _ => Err(CoreError::BadField),
    }
}

fn hedge(input: &InputOrderField) -> Result<u8, CoreError> {
    let flag = input.comb_hedge_flag.as_bytes().first().copied().unwrap_or_default();
    match HedgeFlag::from_char(flag) {
        HedgeFlag::SPECULATION | HedgeFlag::ARBITRAGE | HedgeFlag::HEDGE | HedgeFlag::MARKET_MAKER => {
            Ok(flag)
        }
        _ => Err(CoreError::BadField),
    }
}

/// §5.3: SHFE and INE close today's lots by '3' and older ones by '1' and '4'; the others only close.
fn effect(offset: OffsetFlag, close_today: bool) -> Result<Effect, CoreError> {
    match (offset, close_today) {
        (OffsetFlag::OPEN, _) => Ok(Effect::Open),
        (OffsetFlag::CLOSE_TODAY, true) => Ok(Effect::CloseToday),
        (OffsetFlag::CLOSE | OffsetFlag::CLOSE_YESTERDAY, true) => Ok(Effect::CloseYesterday),
        (OffsetFlag::CLOSE | OffsetFlag::CLOSE_TODAY | OffsetFlag::CLOSE_YESTERDAY, false) => {
            Ok(Effect::Close)
        }
        _ => Err(CoreError::BadField),
    }
}

/// Checks the fields that do not depend on the instrument, and how long the order may rest.
fn lasting(input: &InputOrderField) -> Result<Lasting, CoreError> {
    if input.volume_total_original <= 0
        || input.force_close_reason != ForceCloseReason::NOT_FORCE_CLOSE
        || input.is_auto_suspend != 0
    {
        return Err(CoreError::BadField);
    }
    if input.is_swap_order != 0 {
        return Err(CoreError::UnsupportedFunction);
    }
    match input.contingent_condition {
        ContingentCondition::IMMEDIATELY => {}
        condition if condition.name().is_some() => return Err(CoreError::UnsupportedFunction),
        _ => return Err(CoreError::BadField),
    }
    let is_market = input.order_price_type == OrderPriceType::ANY_PRICE;
    if !is_market && input.order_price_type != OrderPriceType::LIMIT_PRICE {
        let is_known = input.order_price_type.name().is_some();
        return Err(if is_known { CoreError::UnsupportedFunction } else { CoreError::BadField });
    }
    match (input.time_condition, input.volume_condition) {
        (TimeCondition::IOC, VolumeCondition::CV) => Ok(Lasting::FillOrKill),
        (TimeCondition::IOC, VolumeCondition::MV) => {
            Ok(Lasting::FillAndKill { minimum: input.min_volume.max(1) })
        }
        (TimeCondition::IOC, VolumeCondition::AV) => Ok(Lasting::FillAndKill { minimum: 1 }),
        // A market order never rests (§5.2 has CZCE's as GFD).
        (TimeCondition::GFD, VolumeCondition::AV | VolumeCondition::CV) if is_market => {
            Ok(Lasting::FillAndKill { minimum: 1 })
        }
        (TimeCondition::GFD, VolumeCondition::AV | VolumeCondition::MV) => Ok(Lasting::Day),
        _ => Err(CoreError::BadField),
    }
}
