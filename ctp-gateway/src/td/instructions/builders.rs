//! The records of instructions, without the account, the exchange of known instruments and the numbers, which the
//! session fills.

use ctp_types::{
    ActionType, CombDirection, Direction, ExecOrderCloseFlag, ExecOrderPositionFlag, HedgeFlag,
    InputCombActionField, InputExecOrderField, InputOptionSelfCloseField, InputQuoteField, OffsetFlag,
    OptSelfCloseFlag, PosiDirection, RecordBox, Text, TimeCondition, price,
};

use crate::error::{Denial, Rule};
use crate::td::new_order::does_not_fit;

/// A record under construction, and the first thing that cannot be sent.
#[derive(Clone, Debug)]
struct Draft<R> {
    record: R,
    problem: Option<Denial>,
}

impl<R: ctp_types::Record> Draft<R> {
    fn fit<const N: usize>(&mut self, what: &str, text: &str) -> Text<N> {
        Text::new(text).unwrap_or_else(|error| {
            self.problem.get_or_insert_with(|| does_not_fit(what, text, &error));
            Text::default()
        })
    }

    fn finish(&self, check: impl FnOnce(&R) -> Result<(), Denial>) -> Result<RecordBox, Denial> {
        match &self.problem {
            Some(problem) => Err(problem.clone()),
            None => check(&self.record).map(|()| RecordBox::new(&self.record)),
        }
    }
}

macro_rules! draft {
    ($name:ident, $record:ty) => {
        impl $name {
            fn of(instrument_id: &str, record: $record) -> Self {
                let mut draft = Draft { record, problem: None };
                draft.record.instrument_id = draft.fit("instrument", instrument_id);
                Self { draft }
            }

            /// Names the exchange, for example `DCE`. Not needed for instruments that `instruments()` has returned.
            #[must_use]
            pub fn exchange(mut self, exchange_id: impl AsRef<str>) -> Self {
                self.draft.record.exchange_id = self.draft.fit("exchange", exchange_id.as_ref());
                self
            }

            /// Names the unit of the account that acts (投资单元), at most 16 bytes. C: `InvestUnitID`.
            #[must_use]
            pub fn invest_unit(mut self, unit: impl AsRef<str>) -> Self {
                self.draft.record.invest_unit_id = self.draft.fit("investment unit", unit.as_ref());
                self
            }
        }
    };
}

macro_rules! hedge {
    ($($name:ident),*) => {$(
        impl $name {
            /// Sets the purpose of the lots; speculation by default.
            #[must_use]
            pub fn hedge(mut self, hedge: HedgeFlag) -> Self {
                self.draft.record.hedge_flag = hedge;
                self
            }
        }
    )*};
}

hedge!(Exercise, SelfClose, Combination);

/// A market maker's quote (报价): an ask and a bid in one instruction, two orders at the exchange.
///
/// ```
/// use ctp_gateway::td::Quote;
/// use ctp_types::OffsetFlag;
///
/// let quote = Quote::new("m2701-C-3000").ask(102.0, 5, OffsetFlag::OPEN).bid(98.0, 5, OffsetFlag::OPEN);
/// # let _ = quote;
/// ```
#[derive(Clone, Debug)]
pub struct Quote {
    draft: Draft<InputQuoteField>,
}

draft!(Quote, InputQuoteField);

impl Quote {
    /// Returns a quote without sides: see [`ask`](Self::ask) and [`bid`](Self::bid). DCE takes one side alone.
    pub fn new(instrument_id: impl AsRef<str>) -> Self {
        let record = InputQuoteField {
            ask_hedge_flag: HedgeFlag::SPECULATION,
            bid_hedge_flag: HedgeFlag::SPECULATION,
            ask_offset_flag: OffsetFlag::OPEN,
            bid_offset_flag: OffsetFlag::OPEN,
            time_condition: TimeCondition::GFD,
            ..InputQuoteField::default()
        };
        Self::of(instrument_id.as_ref(), record)
    }

    /// Sells `volume` lots at `price` CNY per unit of quotation.
    #[must_use]
    pub fn ask(mut self, price: f64, volume: i32, offset: OffsetFlag) -> Self {
        let record = &mut self.draft.record;
        (record.ask_price, record.ask_volume, record.ask_offset_flag) = (price, volume, offset);
        self
    }

    /// Buys `volume` lots at `price` CNY per unit of quotation.
    #[must_use]
    pub fn bid(mut self, price: f64, volume: i32, offset: OffsetFlag) -> Self {
        let record = &mut self.draft.record;
        (record.bid_price, record.bid_volume, record.bid_offset_flag) = (price, volume, offset);
        self
    }

    /// Sets the purpose of both sides; speculation by default, market makers have their own.
    #[must_use]
    pub fn hedge(mut self, hedge: HedgeFlag) -> Self {
        (self.draft.record.ask_hedge_flag, self.draft.record.bid_hedge_flag) = (hedge, hedge);
        self
    }

    /// Answers a request for a quote (询价), by the exchange's number of it. C: `ForQuoteSysID`.
    #[must_use]
    pub fn in_answer_to(mut self, for_quote_sys_id: impl AsRef<str>) -> Self {
        self.draft.record.for_quote_sys_id = self.draft.fit("request for quote", for_quote_sys_id.as_ref());
        self
    }

    /// Takes the place of an earlier quote, by the exchange's number of it (CFFEX; at CZCE, SHFE and INE a new quote
    /// always does). C: `ReplaceSysID`.
    #[must_use]
    pub fn replaces(mut self, quote_sys_id: impl AsRef<str>) -> Self {
        self.draft.record.replace_sys_id = self.draft.fit("replaced quote", quote_sys_id.as_ref());
        self
    }

    pub(crate) fn record(&self) -> Result<RecordBox, Denial> {
        self.draft.finish(|quote| {
            for (side, volume, at) in
                [("ask", quote.ask_volume, quote.ask_price), ("bid", quote.bid_volume, quote.bid_price)]
            {
                if volume < 0 {
                    let value = format!("{side} of {volume} lots");
                    return Err(Denial::new(Rule::Volume, value, "give at least 1 lot"));
                }
                if volume > 0 && price(at).is_none() {
                    let value = format!("{side} price {at:e} is no price");
                    return Err(Denial::new(Rule::Price, value, "give a price in CNY per unit of quotation"));
                }
            }
            if quote.ask_volume == 0 && quote.bid_volume == 0 {
                return Err(Denial::new(Rule::Volume, "a quote without lots", "give it an ask or a bid"));
            }
            let is_two_sided = quote.ask_volume > 0 && quote.bid_volume > 0;
            if is_two_sided && quote.ask_price <= quote.bid_price {
                let value = format!("ask {} at or below bid {}", quote.ask_price, quote.bid_price);
                return Err(Denial::new(Rule::OrderKind, value, "the ask is above the bid"));
            }
            if !is_two_sided && !quote.exchange_id.is_empty() && quote.exchange_id != "DCE" {
                let value = format!("a quote of one side at {}", quote.exchange_id);
                return Err(Denial::new(Rule::OrderKind, value, "only DCE takes it: give it both sides"));
            }
            Ok(())
        })
    }
}

/// The exercise of an option that is held (行权), or the word that it shall not be (放弃行权).
#[derive(Clone, Debug)]
pub struct Exercise {
    draft: Draft<InputExecOrderField>,
}

draft!(Exercise, InputExecOrderField);

impl Exercise {
    /// Exercises `volume` lots; the futures position that comes of it is kept.
    pub fn new(instrument_id: impl AsRef<str>, volume: i32) -> Self {
        Self::of_type(instrument_id.as_ref(), volume, ActionType::EXEC)
    }

    /// Gives the exercise of `volume` lots up that would be exercised by themselves.
    pub fn abandon(instrument_id: impl AsRef<str>, volume: i32) -> Self {
        Self::of_type(instrument_id.as_ref(), volume, ActionType::ABANDON)
    }

    fn of_type(instrument_id: &str, volume: i32, action_type: ActionType) -> Self {
        let record = InputExecOrderField {
            volume,
            offset_flag: OffsetFlag::CLOSE,
            hedge_flag: HedgeFlag::SPECULATION,
            action_type,
            posi_direction: PosiDirection::LONG,
            reserve_position_flag: ExecOrderPositionFlag::RESERVE,
            close_flag: ExecOrderCloseFlag::NOT_TO_CLOSE,
            ..InputExecOrderField::default()
        };
        Self::of(instrument_id, record)
    }

    /// Closes the futures position that comes of the exercise at once, where the exchange can.
    #[must_use]
    pub fn close_resulting_position(mut self) -> Self {
        self.draft.record.reserve_position_flag = ExecOrderPositionFlag::UN_RESERVE;
        self.draft.record.close_flag = ExecOrderCloseFlag::AUTO_CLOSE;
        self
    }

    pub(crate) fn record(&self) -> Result<RecordBox, Denial> {
        self.draft.finish(|exercise| {
            // DCE: 0 lots withdraw from automatic exercise.
            let least = if exercise.exchange_id.is_empty() || exercise.exchange_id == "DCE" { 0 } else { 1 };
            at_least(exercise.volume, least)
        })
    }
}

/// How positions of options, or the futures they turn into, are set off against each other (期权自对冲, 履约对冲).
#[derive(Clone, Debug)]
pub struct SelfClose {
    draft: Draft<InputOptionSelfCloseField>,
}

draft!(SelfClose, InputOptionSelfCloseField);

impl SelfClose {
    /// Applies `how` to `volume` lots, for example [`OptSelfCloseFlag::CLOSE_SELF_OPTION_POSITION`].
    pub fn new(instrument_id: impl AsRef<str>, volume: i32, how: OptSelfCloseFlag) -> Self {
        let record = InputOptionSelfCloseField {
            volume,
            hedge_flag: HedgeFlag::SPECULATION,
            opt_self_close_flag: how,
            ..InputOptionSelfCloseField::default()
        };
        Self::of(instrument_id.as_ref(), record)
    }

    pub(crate) fn record(&self) -> Result<RecordBox, Denial> {
        self.draft.finish(|wish| {
            if wish.opt_self_close_flag.name().is_none() {
                let value = format!("self close {:?}", wish.opt_self_close_flag);
                return Err(Denial::new(Rule::OrderKind, value, "give a constant of OptSelfCloseFlag"));
            }
            at_least(wish.volume, 1)
        })
    }
}

/// Two positions that are made one combination (组合), which needs less margin, or a combination that is split (拆分).
#[derive(Clone, Debug)]
pub struct Combination {
    draft: Draft<InputCombActionField>,
}

draft!(Combination, InputCombActionField);

impl Combination {
    /// Combines `volume` lots: `BUY` of those long of the first leg and short of the second.
    pub fn combine(combination_id: impl AsRef<str>, direction: Direction, volume: i32) -> Self {
        Self::of_kind(combination_id.as_ref(), direction, volume, CombDirection::COMB)
    }

    /// Splits `volume` lots.
    pub fn split(combination_id: impl AsRef<str>, direction: Direction, volume: i32) -> Self {
        Self::of_kind(combination_id.as_ref(), direction, volume, CombDirection::UN_COMB)
    }

    /// Takes an earlier instruction of as many lots back, 30 seconds after it at the earliest.
    pub fn undo(combination_id: impl AsRef<str>, direction: Direction, volume: i32) -> Self {
        Self::of_kind(combination_id.as_ref(), direction, volume, CombDirection::DEL_COMB)
    }

    fn of_kind(combination_id: &str, direction: Direction, volume: i32, kind: CombDirection) -> Self {
        let record = InputCombActionField {
            direction,
            volume,
            comb_direction: kind,
            hedge_flag: HedgeFlag::SPECULATION,
            ..InputCombActionField::default()
        };
        Self::of(combination_id, record)
    }

    pub(crate) fn record(&self) -> Result<RecordBox, Denial> {
        self.draft.finish(|wish| {
            if wish.direction.name().is_none() {
                let value = format!("direction {:?}", wish.direction);
                return Err(Denial::new(Rule::OrderKind, value, "give Direction::BUY or Direction::SELL"));
            }
            at_least(wish.volume, 1)
        })
    }
}

fn at_least(volume: i32, least: i32) -> Result<(), Denial> {
    if volume >= least {
        return Ok(());
    }
    Err(Denial::new(Rule::Volume, format!("volume {volume}"), "give at least 1 lot"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(record: Result<RecordBox, Denial>) -> Rule {
        record.unwrap_err().rule
    }

    #[test]
    fn quotes_have_sides_that_do_not_cross() {
        let quote =
            Quote::new("m2701-C-3000").ask(102.0, 5, OffsetFlag::CLOSE).bid(98.0, 4, OffsetFlag::OPEN);
        let record = quote.clone().hedge(HedgeFlag::MARKET_MAKER).in_answer_to("77").replaces("12").record();
        let record = record.unwrap();
        let record: &InputQuoteField = record.get().unwrap();
        assert_eq!(
            (record.ask_price, record.ask_volume, record.bid_price, record.bid_volume),
            (102.0, 5, 98.0, 4)
        );
        assert_eq!((record.ask_offset_flag, record.bid_offset_flag), (OffsetFlag::CLOSE, OffsetFlag::OPEN));
        assert_eq!(
            (record.ask_hedge_flag, record.bid_hedge_flag),
            (HedgeFlag::MARKET_MAKER, HedgeFlag::MARKET_MAKER)
        );
        assert_eq!(
            (record.for_quote_sys_id.to_str(), record.replace_sys_id.to_str()),
            ("77".into(), "12".into())
        );

        assert_eq!(rule(Quote::new("x").record()), Rule::Volume);
        assert_eq!(rule(quote.clone().ask(98.0, 1, OffsetFlag::OPEN).record()), Rule::OrderKind);
        assert_eq!(rule(quote.clone().ask(f64::NAN, 1, OffsetFlag::OPEN).record()), Rule::Price);
        assert_eq!(rule(quote.clone().ask(102.0, -1, OffsetFlag::OPEN).record()), Rule::Volume);
        assert_eq!(rule(quote.in_answer_to("x".repeat(30)).record()), Rule::Text);
        let one = Quote::new("m2701-C-3000").ask(102.0, 5, OffsetFlag::OPEN);
        assert!(one.clone().exchange("DCE").record().is_ok() && one.record().is_ok());
        let one = Quote::new("x").bid(102.0, 5, OffsetFlag::OPEN);
        assert_eq!(rule(one.exchange("CZCE").record()), Rule::OrderKind);
    }

    #[test]
    fn declarations_say_what_becomes_of_the_option() {
        let record = Exercise::new("m2701-C-3000", 2).record().unwrap();
        let record: &InputExecOrderField = record.get().unwrap();
        assert_eq!((record.volume, record.action_type), (2, ActionType::EXEC));
        assert_eq!(record.posi_direction, PosiDirection::LONG);
        assert_eq!(record.reserve_position_flag, ExecOrderPositionFlag::RESERVE);
        let closing =
            Exercise::new("x", 2).close_resulting_position().hedge(HedgeFlag::HEDGE).record().unwrap();
        let closing: &InputExecOrderField = closing.get().unwrap();
        assert_eq!(closing.close_flag, ExecOrderCloseFlag::AUTO_CLOSE);
        assert_eq!(closing.hedge_flag, HedgeFlag::HEDGE);
        let none = Exercise::abandon("x", 0);
        assert!(none.clone().exchange("DCE").record().is_ok());
        assert_eq!(rule(none.exchange("SHFE").record()), Rule::Volume);
        assert_eq!(rule(Exercise::abandon("x", -1).record()), Rule::Volume);

        let how = OptSelfCloseFlag::RESERVE_OPTION_POSITION;
        let record = SelfClose::new("x", 3, how).hedge(HedgeFlag::HEDGE).invest_unit("u").record().unwrap();
        let record: &InputOptionSelfCloseField = record.get().unwrap();
        assert_eq!((record.volume, record.opt_self_close_flag), (3, how));
        assert_eq!(rule(SelfClose::new("x", 0, how).record()), Rule::Volume);
        assert_eq!(rule(SelfClose::new("x", 1, OptSelfCloseFlag::default()).record()), Rule::OrderKind);
    }

    #[test]
    fn combinations_are_made_split_and_undone() {
        for (wish, kind) in [
            (Combination::combine("SP a&b", Direction::BUY, 1), CombDirection::COMB),
            (Combination::split("SP a&b", Direction::SELL, 1), CombDirection::UN_COMB),
            (Combination::undo("SP a&b", Direction::BUY, 1), CombDirection::DEL_COMB),
        ] {
            let record = wish.hedge(HedgeFlag::HEDGE).exchange("DCE").record().unwrap();
            let record: &InputCombActionField = record.get().unwrap();
            assert_eq!((record.comb_direction, record.hedge_flag), (kind, HedgeFlag::HEDGE));
        }
        assert_eq!(rule(Combination::combine("a", Direction::default(), 1).record()), Rule::OrderKind);
        assert_eq!(rule(Combination::combine("a", Direction::BUY, 0).record()), Rule::Volume);
        assert_eq!(rule(Combination::split("a".repeat(90), Direction::BUY, 1).record()), Rule::Text);
    }
}
