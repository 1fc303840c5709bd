//! An order to be placed, and the record it becomes.

mod condition;
pub(crate) mod form;

use ctp_types::{
    ContingentCondition, Direction, ForceCloseReason, HedgeFlag, InputOrderField, OffsetFlag, OrderPriceType,
    Text, TextError, TimeCondition, VolumeCondition,
};

pub use self::condition::Condition;
use crate::error::{Denial, Rule};

/// An order to be placed: what is wanted first, then how.
///
/// ```
/// use ctp_gateway::td::{Condition, NewOrder};
/// use ctp_types::{Direction, OffsetFlag};
///
/// let (buy, open) = (Direction::BUY, OffsetFlag::OPEN);
/// let order = NewOrder::limit("rb2601", buy, open, 2, 3_925.0).exchange("SHFE");
/// let at_once = NewOrder::limit("rb2601", buy, open, 2, 3_925.0).fill_and_kill();
/// let later = NewOrder::limit("rb2601", buy, open, 2, 3_960.0).when(Condition::last_at_least(3_950.0));
/// # let _ = (order, at_once, later);
/// ```
///
/// `docs/orders.md` shows every kind, where it exists and what is called back.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Everything but the account, the exchange of known instruments and the numbers, which the session fills.
    record: InputOrderField,
    /// The first thing that cannot be sent.
    problem: Option<Box<Denial>>,
}

impl NewOrder {
    /// Returns a limit order for the day (限价单): `volume` lots at `price` CNY per unit of quotation or better.
    pub fn limit(
        instrument_id: impl AsRef<str>,
        direction: Direction,
        offset: OffsetFlag,
        volume: i32,
        price: f64,
    ) -> Self {
        let form = (OrderPriceType::LIMIT_PRICE, TimeCondition::GFD, VolumeCondition::AV);
        let mut order = Self::of(instrument_id.as_ref(), direction, &[offset], volume, form);
        order.record.limit_price = price;
        order
    }

    /// Returns a market order (市价单): `volume` lots at what the market gives, the rest is cancelled.
    ///
    /// DCE and GFEX run it as a limit order at the daily limit price, all or nothing; CZCE fills what it can. The other
    /// exchanges have none: it is denied, the fix names what they have instead.
    pub fn market(
        instrument_id: impl AsRef<str>,
        direction: Direction,
        offset: OffsetFlag,
        volume: i32,
    ) -> Self {
        // How long it lasts differs between the exchanges: see `form::complete`.
        let form = (OrderPriceType::ANY_PRICE, TimeCondition::default(), VolumeCondition::default());
        Self::of(instrument_id.as_ref(), direction, &[offset], volume, form)
    }

    /// Returns an order at the other side's best price (最优价), CFFEX; the rest is cancelled, see
    /// [`rest_as_limit`](Self::rest_as_limit).
    pub fn best_price(
        instrument_id: impl AsRef<str>,
        direction: Direction,
        offset: OffsetFlag,
        volume: i32,
    ) -> Self {
        let form = (OrderPriceType::BEST_PRICE, TimeCondition::IOC, VolumeCondition::AV);
        Self::of(instrument_id.as_ref(), direction, &[offset], volume, form)
    }

    /// Returns an order that takes at most the other side's best five prices (五档市价), CFFEX; the rest is cancelled,
    /// see [`rest_as_limit`](Self::rest_as_limit).
    pub fn five_level(
        instrument_id: impl AsRef<str>,
        direction: Direction,
        offset: OffsetFlag,
        volume: i32,
    ) -> Self {
        let form = (OrderPriceType::FIVE_LEVEL_PRICE, TimeCondition::IOC, VolumeCondition::AV);
        Self::of(instrument_id.as_ref(), direction, &[offset], volume, form)
    }

    /// Returns an order for a combination of two legs (套利单), for example `SP m2601&m2605`: buying it buys the first
    /// leg and sells the second, at `price` between them, which may be zero or below.
    ///
    /// DCE and CZCE. CZCE takes combinations of options (`STD …`, `STG …`) only with
    /// [`fill_and_kill`](Self::fill_and_kill) or [`fill_or_kill`](Self::fill_or_kill).
    pub fn spread(
        combination_id: impl AsRef<str>,
        direction: Direction,
        offsets: [OffsetFlag; 2],
        volume: i32,
        price: f64,
    ) -> Self {
        let form = (OrderPriceType::LIMIT_PRICE, TimeCondition::GFD, VolumeCondition::MV);
        let mut order = Self::of(combination_id.as_ref(), direction, &offsets, volume, form);
        order.record.limit_price = price;
        order
    }

    /// Returns a swap order (互换单): it closes the two legs of a combination that is held, with somebody who wants
    /// the opposite. DCE and CZCE.
    pub fn swap(combination_id: impl AsRef<str>, direction: Direction, volume: i32, price: f64) -> Self {
        let mut order = Self::spread(combination_id, direction, [OffsetFlag::CLOSE; 2], volume, price);
        order.record.is_swap_order = 1;
        order
    }

    /// Returns an order of which only a record is known, as it stands.
    pub(crate) fn of_record(record: InputOrderField) -> Self {
        Self { record, problem: None }
    }

    fn of(
        instrument_id: &str,
        direction: Direction,
        offsets: &[OffsetFlag],
        volume: i32,
        (price_type, time, fill): (OrderPriceType, TimeCondition, VolumeCondition),
    ) -> Self {
        let mut order = Self::of_record(InputOrderField {
            direction,
            order_price_type: price_type,
            volume_total_original: volume,
            time_condition: time,
            volume_condition: fill,
            min_volume: 1,
            contingent_condition: ContingentCondition::IMMEDIATELY,
            force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
            ..InputOrderField::default()
        });
        order.record.instrument_id = order.fit("instrument", instrument_id);
        let offsets = [0, 1].map(|leg| offsets.get(leg).map(|offset| offset.as_char()));
        order.record.comb_offset_flag = order.flags("offset", offsets);
        order.set_hedges([Some(HedgeFlag::SPECULATION), offsets[1].map(|_| HedgeFlag::SPECULATION)]);
        order
    }

    /// Names the exchange, for example `SHFE`. Not needed for instruments that `instruments()` has returned.
    #[must_use]
    pub fn exchange(mut self, exchange_id: impl AsRef<str>) -> Self {
        self.record.exchange_id = self.fit("exchange", exchange_id.as_ref());
        self
    }

    /// Fills what can be filled now and cancels the rest (FAK, 即时成交剩余撤销).
    #[must_use]
    pub fn fill_and_kill(mut self) -> Self {
        self.record.time_condition = TimeCondition::IOC;
        self.record.volume_condition = VolumeCondition::AV;
        self.record.min_volume = 1;
        self
    }

    /// Fills at least `least` lots now and cancels the rest, or nothing (FAK with a minimum, 最小成交量).
    #[must_use]
    pub fn fill_and_kill_at_least(mut self, least: i32) -> Self {
        self.record.time_condition = TimeCondition::IOC;
        self.record.volume_condition = VolumeCondition::MV;
        self.record.min_volume = least;
        self
    }

    /// Fills all lots now or none (FOK, 立即全部成交否则撤销).
    #[must_use]
    pub fn fill_or_kill(mut self) -> Self {
        self.record.time_condition = TimeCondition::IOC;
        self.record.volume_condition = VolumeCondition::CV;
        self.record.min_volume = 1;
        self
    }

    /// Leaves what a best-price or five-level order does not fill in the book, at the price of the last fill (转限价).
    #[must_use]
    pub fn rest_as_limit(mut self) -> Self {
        self.record.time_condition = TimeCondition::GFD;
        self.record.volume_condition = VolumeCondition::AV;
        self
    }

    /// Keeps the order for the present section of trading instead of the day (GFS, 本节有效); DCE where enabled.
    #[must_use]
    pub fn session_only(mut self) -> Self {
        self.record.time_condition = TimeCondition::GFS;
        self
    }

    /// Keeps the order at the exchange, unseen, until the last price touches `stop_price` from the losing side
    /// (止损单): a buy when it rises there, a sell when it falls. DCE and GFEX, for limit and market orders.
    #[must_use]
    pub fn stop_loss(self, stop_price: f64) -> Self {
        self.triggered(ContingentCondition::TOUCH, stop_price)
    }

    /// Keeps the order at the exchange, unseen, until the last price touches `stop_price` from the winning side
    /// (止盈单): a buy when it falls there, a sell when it rises. DCE and GFEX, for limit and market orders.
    #[must_use]
    pub fn take_profit(self, stop_price: f64) -> Self {
        self.triggered(ContingentCondition::TOUCH_PROFIT, stop_price)
    }

    /// Keeps the order in the counter until a price of the market meets the condition (条件单); every exchange.
    ///
    /// What then goes to the exchange is an order of its own, which names this one as its parent.
    #[must_use]
    pub fn when(self, condition: Condition) -> Self {
        self.triggered(condition.contingent, condition.stop_price)
    }

    /// Sets the purpose of all legs (投机套保标志); speculation by default.
    #[must_use]
    pub fn hedge(mut self, hedge: HedgeFlag) -> Self {
        let second = self.record.comb_hedge_flag.raw()[1] != 0;
        self.set_hedges([Some(hedge), second.then_some(hedge)]);
        self
    }

    /// Sets the purpose of each leg of a combination; speculation by default.
    #[must_use]
    pub fn leg_hedges(mut self, hedges: [HedgeFlag; 2]) -> Self {
        self.set_hedges(hedges.map(Some));
        self
    }

    /// Adds a note of at most 12 bytes that comes back in the order's records. C: `OrderMemo`.
    #[must_use]
    pub fn memo(mut self, memo: impl AsRef<str>) -> Self {
        self.record.order_memo = self.fit("memo", memo.as_ref());
        self
    }

    /// Names the unit of the account that trades (投资单元), at most 16 bytes; it comes back in the order's records.
    /// C: `InvestUnitID`.
    #[must_use]
    pub fn invest_unit(mut self, unit: impl AsRef<str>) -> Self {
        self.record.invest_unit_id = self.fit("investment unit", unit.as_ref());
        self
    }

    /// Returns the same order with other lots and another offset.
    pub(super) fn part(&self, offset: OffsetFlag, volume: i32) -> Self {
        let mut part = self.clone();
        part.record.volume_total_original = volume;
        part.record.comb_offset_flag = part.flags("offset", [Some(offset.as_char()), None]);
        part
    }

    /// Returns the record without the account, the exchange of known instruments and the numbers, which the session
    /// fills. What goes together is not checked: the session does that, once, when it knows the exchange.
    ///
    /// # Errors
    ///
    /// Returns a denial that names the text that does not fit.
    pub(crate) fn record(&self) -> Result<InputOrderField, Denial> {
        self.record_ref().copied()
    }

    /// Returns the record where it lies, as [`record`](Self::record) does.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub(crate) fn record_ref(&self) -> Result<&InputOrderField, Denial> {
        match &self.problem {
            Some(problem) => Err(Denial::clone(problem)),
            None => Ok(&self.record),
        }
    }

    /// Returns the record as [`record`](Self::record) does, checked as far as it can be without the session.
    ///
    /// # Errors
    ///
    /// Returns a denial that names the text that does not fit, or what no exchange takes.
    pub(crate) fn checked(&self) -> Result<InputOrderField, Denial> {
        let mut record = self.record()?;
        form::complete(&mut record)?;
        Ok(record)
    }

    fn triggered(mut self, contingent: ContingentCondition, stop_price: f64) -> Self {
        self.record.contingent_condition = contingent;
        self.record.stop_price = stop_price;
        self
    }

    fn set_hedges(&mut self, hedges: [Option<HedgeFlag>; 2]) {
        let flags = hedges.map(|hedge| hedge.map(HedgeFlag::as_char));
        self.record.comb_hedge_flag = self.flags("hedge", flags);
    }

    fn fit<const N: usize>(&mut self, what: &str, text: &str) -> Text<N> {
        Text::new(text).unwrap_or_else(|error| {
            self.deny(does_not_fit(what, text, &error));
            Text::default()
        })
    }

    /// Writes one letter per leg.
    fn flags(&mut self, what: &str, flags: [Option<u8>; 2]) -> Text<5> {
        let letters = [flags[0].unwrap_or_default(), flags[1].unwrap_or_default()];
        let given = 1 + usize::from(flags[1].is_some());
        match Text::from_bytes(&letters[..given]) {
            Ok(text) if letters[..given].iter().all(|letter| *letter != 0) => text,
            _ => {
                let value = format!("{what} is not set");
                self.deny(Denial::new(Rule::Text, value, "give one of its constants"));
                Text::default()
            }
        }
    }

    fn deny(&mut self, denial: Denial) {
        self.problem.get_or_insert_with(|| Box::new(denial));
    }
}

pub(in crate::td) fn does_not_fit(what: &str, text: &str, error: &TextError) -> Denial {
    // The text may be long: its head tells which one it is.
    let head: String = text.chars().take(24).collect();
    Denial::new(Rule::Text, format!("{what} `{head}`"), error.to_string())
}

#[cfg(test)]
mod tests;
