//! The gateway's own books: lots, margin, commission and money of the account, from the start of the trading day and every
//! order and trade since.
//!
//! A pure state machine that is written from the rules of the exchanges and of CTP (`docs/ledger.md`), so that a comparison
//! with the counter's rows ([`Ledger::reconcile`]) is one of two independent reckonings. Money is exact, in 1/10,000 CNY.
//! What is not known is said ([`Unknown`]) and never guessed.

mod account;
mod amount;
mod baseline;
mod compare;
mod contract;
mod difference;
mod margin;
mod mark;
mod positions;
mod rows;
mod side;
mod terms;
mod view;
mod wants;
mod working;

use std::collections::{BTreeMap, BTreeSet};

use ctp_types::{
    BrokerTradingParamsField, Direction, InstrumentCommissionRateField, InstrumentField,
    InstrumentMarginRateField, OffsetFlag, OptionInstrCommRateField, OptionInstrTradeCostField,
    PosiDirection, Text, TradeField, TradeType,
};

use crate::maps::{HashMap, HashSet};
use crate::td::{Order, OrderId};

use self::account::Funds;
use self::amount::Price;
use self::contract::Contract;
pub use self::difference::{Compared, Comparison, Difference, Figure};
pub(crate) use self::mark::Mark;
pub use self::rows::Rows;
use self::side::Fill;
use self::terms::{Params, Side, Terms};
pub use self::view::{AccountNow, Closable, DayProfit, PositionKey, PositionNow, Unknown};
pub(crate) use self::wants::Want;
use self::wants::Wants;
use self::working::Working;

/// What makes a trade unique: both sides of a self-trade share the exchange's number.
type TradeKey = (Text<9>, Text<21>, Direction, Text<21>, Text<81>);

/// What names a lot: its trade, and the day that the exchange dates it with.
type OpenKey = (Text<9>, Text<21>, Direction, Text<81>, Text<9>);

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    trading_day: Text<9>,
    has_baseline: bool,
    funds: Option<Funds>,
    params: Option<Params>,
    contracts: BTreeMap<Text<81>, Contract>,
    /// What the counter said of instruments, also of those that the account has nothing of.
    terms: HashMap<Text<81>, Terms>,
    /// Rates of products, and of instruments that the account has nothing of.
    rates: HashMap<Text<81>, terms::Commission>,
    trades: HashSet<TradeKey>,
    /// The trades that opened lots today, with their date.
    opened: HashSet<OpenKey>,
    working: HashMap<OrderId, Working>,
    /// Trades that could not be read.
    unreadable: BTreeSet<Text<81>>,
    wants: Wants,
    version: u64,
}

impl Ledger {
    /// Forgets everything of another trading day: `Position` has become `YdPosition`, which the next baseline tells.
    pub(crate) fn begin_day(&mut self, trading_day: Text<9>) {
        if self.trading_day != trading_day {
            *self = Self { trading_day, version: self.version + 1, ..Self::default() };
        }
    }

    /// Returns whether the positions at the start of the day are known.
    pub(crate) fn has_baseline(&self) -> bool {
        self.has_baseline
    }

    /// Returns a number that changes with every lot: two equal ones have nothing between them.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Takes an order as it stands: what it reserves follows from it.
    pub(crate) fn order(&mut self, order: &Order) {
        let working = Working::of(order);
        if self.working.get(&order.id) == working.as_ref() {
            return;
        }
        self.forget(order.id);
        if let Some(working) = working {
            self.reserve(&working, 1);
            self.note_for(&working);
            self.working.insert(order.id, working);
        }
    }

    /// Counts a trade, once however often it comes. Returns the position that it changed.
    pub(crate) fn trade(&mut self, record: &TradeField) -> Option<PositionKey> {
        if !self.trading_day.is_empty()
            && !record.trading_day.is_empty()
            && record.trading_day != self.trading_day
        {
            return None;
        }
        let id = record.instrument_id;
        let name = (record.exchange_id, record.trade_id, record.direction, record.order_sys_id, id);
        if !self.trades.insert(name) {
            return None;
        }
        self.version += 1;
        self.wants.note();
        let opens = record.offset_flag == OffsetFlag::OPEN;
        if opens {
            let lot = (record.exchange_id, record.trade_id, record.direction, id, record.trade_date);
            self.opened.insert(lot);
        }
        let contract = self.contract(id, record.exchange_id);
        // A flag that no header knows may open or close.
        let is_known = record.offset_flag.name().is_some();
        let side = Side::of(record.direction, opens).filter(|_| is_known);
        let (Some(side), Some(price), 1..) = (side, Price::of(record.price), record.volume) else {
            self.unreadable.insert(id);
            return None;
        };
        let split = contract.split;
        let fill = Fill {
            at: (second(record.trade_time), record.sequence_no),
            offset: record.offset_flag,
            price,
            volume: record.volume,
            is_combined: record.trade_type == TradeType::COMBINATION_DERIVED,
        };
        contract.last.get_or_insert(price);
        contract.side(side, record.hedge_flag).fill(fill, split);
        Some(PositionKey::new(id, side.direction(), record.hedge_flag))
    }

    /// Forgets an order that was never sent, or that ended with its trading day.
    pub(crate) fn forget(&mut self, id: OrderId) {
        if let Some(working) = self.working.remove(&id) {
            self.reserve(&working, -1);
        }
    }

    fn reserve(&mut self, working: &Working, sign: i32) {
        for leg in working.legs() {
            self.contract(leg.instrument_id, working.exchange_id).reserve(leg, sign);
        }
    }

    /// Takes a price. Those of instruments that the ledger has nothing of are left alone. Returns whether it was news.
    pub(crate) fn mark(&mut self, mark: &Mark) -> bool {
        let Some(contract) = self.contracts.get_mut(&mark.instrument_id) else { return false };
        let last = mark.last.and_then(Price::of).filter(|price| *price > Price::default());
        let pre_settlement =
            mark.pre_settlement.and_then(Price::of).filter(|price| *price > Price::default());
        let before = (contract.last, contract.pre_settlement);
        contract.last = last.or(contract.last);
        contract.is_marked |= last.is_some();
        contract.pre_settlement = pre_settlement.or(contract.pre_settlement);
        before != (contract.last, contract.pre_settlement)
    }

    /// Returns whether the ledger has lots or orders of an instrument, so that its price matters.
    pub(crate) fn follows(&self, instrument_id: &Text<81>) -> bool {
        self.contracts.contains_key(instrument_id)
    }

    /// Takes the terms of an instrument as the counter says them.
    pub(crate) fn instrument(&mut self, record: &InstrumentField) {
        let Some(terms) = Terms::of(record) else { return };
        self.terms.insert(record.instrument_id, terms);
        if let Some(contract) = self.contracts.get_mut(&record.instrument_id) {
            let split = contract.split;
            contract.set_terms(terms);
            self.wants.note();
            if split != contract.split {
                contract.sides.iter_mut().for_each(|side| side.frozen = Default::default());
                let legs = self.working.values().flat_map(Working::legs);
                legs.filter(|leg| leg.instrument_id == record.instrument_id)
                    .for_each(|leg| contract.reserve(leg, 1));
            }
        }
    }

    /// Takes a margin rate of an instrument. One that is relative to the exchange's is not whole and says nothing.
    pub(crate) fn margin_rate(&mut self, record: &InstrumentMarginRateField) {
        if let Some(contract) = self.contracts.get_mut(&record.instrument_id) {
            contract.learn_margin(record);
        }
    }

    /// Takes a commission rate, of an instrument or of a whole product.
    pub(crate) fn commission_rate(&mut self, record: &InstrumentCommissionRateField) {
        self.learn_commission(record.instrument_id, terms::Commission::of(record));
    }

    /// Takes the commission rate of an option or of a product of options.
    pub(crate) fn option_commission(&mut self, record: &OptionInstrCommRateField) {
        self.learn_commission(record.instrument_id, terms::Commission::of_option(record));
    }

    fn learn_commission(&mut self, of: Text<81>, rates: Option<terms::Commission>) {
        let Some(rates) = rates else { return };
        match self.contracts.get_mut(&of) {
            Some(contract) => contract.commission = Some(rates),
            None => drop(self.rates.insert(of, rates)),
        }
    }

    /// Takes what a short lot of an option needs.
    pub(crate) fn option_cost(&mut self, record: &OptionInstrTradeCostField) {
        if let Some(contract) = self.contracts.get_mut(&record.instrument_id) {
            contract.learn_option_cost(record);
        }
    }

    /// Takes the broker's rules.
    pub(crate) fn params(&mut self, record: &BrokerTradingParamsField) {
        if record.currency_id.is_empty() || record.currency_id == "CNY" {
            self.params = Some(Params::of(record));
        }
    }

    /// Returns what can be closed of a position.
    pub(crate) fn closable(&self, key: &PositionKey) -> Closable {
        let side = Side::of_row(key.direction);
        self.contracts
            .get(&key.instrument_id)
            .and_then(|contract| Some(contract.closable(contract.find(side?, key.hedge_flag)?)))
            .unwrap_or_default()
    }

    /// Returns the lots held of one side of an instrument, for all purposes together.
    pub(crate) fn held(&self, instrument_id: &Text<81>, direction: PosiDirection) -> i32 {
        let side = Side::of_row(direction);
        let contract = self.contracts.get(instrument_id);
        let sides = contract.into_iter().flat_map(|contract| &contract.sides);
        sides.filter(|book| Some(book.side) == side).map(|book| book.volume()).sum()
    }

    /// Returns the lots held of all instruments in both directions.
    pub(crate) fn held_in_all(&self) -> i64 {
        let sides = self.contracts.values().flat_map(|contract| &contract.sides);
        sides.map(|book| i64::from(book.volume())).sum()
    }

    fn contract(&mut self, instrument_id: Text<81>, exchange_id: Text<9>) -> &mut Contract {
        let (terms, wants) = (&self.terms, &mut self.wants);
        self.contracts.entry(instrument_id).or_insert_with(|| {
            wants.note();
            let mut contract = Contract::new(instrument_id, exchange_id);
            terms.get(&instrument_id).into_iter().for_each(|terms| contract.set_terms(*terms));
            contract
        })
    }

    /// Returns what trades of a contract cost: its own rate, or that of its product.
    fn commission_of(&self, contract: &Contract) -> Option<terms::Commission> {
        let earlier = || self.rates.get(&contract.instrument_id);
        let product = || self.rates.get(&contract.terms?.product);
        contract.commission.or_else(|| earlier().or_else(product).copied())
    }
}

/// Returns the second of the trading day, negative in the evening before it.
fn second(time: Text<9>) -> i32 {
    let text = time.to_str();
    let mut numbers = text.split(':').map(|number| number.parse::<i32>().unwrap_or_default());
    let mut next = || numbers.next().unwrap_or_default();
    let second = next() * 3600 + next() * 60 + next();
    if second >= 18 * 3600 { second - 24 * 3600 } else { second }
}

#[cfg(test)]
mod tests;
