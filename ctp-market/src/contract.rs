//! Contracts: codes, listed months and last trading days.

use std::fmt;

use jiff::civil::{Date, Weekday, date};

use crate::calendar;
use crate::error::MarketError;
use crate::exchange::ExchangeRules;
use crate::product::{LastDay, Product};

/// The code of a futures contract: `rb2701`, `IF2612`, `SR701`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractCode {
    /// The product's letters.
    pub product: String,
    /// The digits: YYMM, or YMM at CZCE.
    pub digits: String,
}

impl ContractCode {
    /// Reads a code.
    ///
    /// # Errors
    ///
    /// [`MarketError::ContractCode`] when the text is not letters followed by three or four digits that end in a month.
    pub fn parse(text: &str) -> Result<Self, MarketError> {
        let wrong = || MarketError::ContractCode(text.to_owned());
        let split = text.find(|c: char| c.is_ascii_digit()).ok_or_else(wrong)?;
        let (product, digits) = text.split_at(split);
        let letters = !product.is_empty() && product.bytes().all(|byte| byte.is_ascii_alphabetic());
        let numbers = matches!(digits.len(), 3 | 4) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let code = Self { product: product.to_owned(), digits: digits.to_owned() };
        if letters && numbers && (1..=12).contains(&code.month()) { Ok(code) } else { Err(wrong()) }
    }

    /// Returns the delivery month, 1 to 12.
    pub fn month(&self) -> i8 {
        self.digits[self.digits.len() - 2..].parse().unwrap_or(0)
    }

    /// Returns the first day of the delivery month. A one-digit year is the first such year from `on`'s year on,
    /// or the year before it (a contract just expired).
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`].
    pub fn delivery(&self, on: Date) -> Result<Date, MarketError> {
        let digits: i16 = self.digits[..self.digits.len() - 2].parse().unwrap_or(0);
        let year = if self.digits.len() == 4 {
            2000 + digits
        } else {
            let from = on.year() - 1;
            from + (digits - from).rem_euclid(10)
        };
        let delivery = Date::new(year, self.month(), 1).map_err(|_| calendar::outside(on))?;
        calendar::check(delivery)?;
        Ok(delivery)
    }
}

impl fmt::Display for ContractCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.product, self.digits)
    }
}

/// A contract that is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Its id (`InstrumentID`).
    pub id: String,
    /// Its product's id.
    pub product: String,
    /// The first day of its delivery month.
    pub delivery: Date,
    /// Its last trading day by the weekday rule (`ExpireDate`).
    pub last_day: Date,
}

impl Product {
    /// Returns the contracts listed on `on`, nearest first.
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`] when a contract or `on` is outside the calendar.
    pub fn contracts(&self, rules: &ExchangeRules, on: Date) -> Result<Vec<Contract>, MarketError> {
        calendar::check(on)?;
        let mut contracts = Vec::new();
        let mut nearest = usize::from(self.listing.nearest);
        let mut cycle = if self.listing.cycle.is_empty() { 0 } else { usize::from(self.listing.cycle_count) };
        let mut delivery = on.first_of_month();
        while nearest + cycle > 0 {
            let last_day = self.last_day.of(delivery)?;
            if last_day >= on {
                let listed = if nearest > 0 {
                    nearest -= 1;
                    true
                } else if self.listing.cycle.contains(&delivery.month()) {
                    cycle -= 1;
                    true
                } else {
                    false
                };
                if listed {
                    contracts.push(Contract {
                        id: contract_id(&self.id, rules.year_digits, delivery),
                        product: self.id.clone(),
                        delivery,
                        last_day,
                    });
                }
            }
            delivery = following_month(delivery)?;
        }
        Ok(contracts)
    }
}

impl LastDay {
    /// Returns the last trading day of the contract whose delivery month starts on `delivery`.
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`].
    pub fn of(self, delivery: Date) -> Result<Date, MarketError> {
        let first = delivery.first_of_month();
        let on_or_after = calendar::trading_day_on_or_after;
        let nth =
            |nth, weekday| first.nth_weekday_of_month(nth, weekday).map_err(|_| calendar::outside(first));
        match self {
            Self::Day15 => on_or_after(date(first.year(), first.month(), 15)),
            Self::TradingDay10 => {
                let mut day = on_or_after(first)?;
                for _ in 1..10 {
                    day = calendar::next_trading_day(day)?;
                }
                Ok(day)
            }
            Self::FourthLastTradingDay => {
                let mut day = calendar::trading_day_on_or_before(first.last_of_month())?;
                for _ in 1..4 {
                    day = calendar::previous_trading_day(day)?;
                }
                Ok(day)
            }
            Self::LastOfPreviousMonth => calendar::previous_trading_day(first),
            Self::LastMonday => nth(-1, Weekday::Monday),
            Self::SecondFriday => on_or_after(nth(2, Weekday::Friday)?),
            Self::ThirdFriday => on_or_after(nth(3, Weekday::Friday)?),
        }
    }
}

fn contract_id(product: &str, year_digits: u8, delivery: Date) -> String {
    let month = delivery.month();
    if year_digits == 1 {
        format!("{product}{}{month:02}", delivery.year() % 10)
    } else {
        format!("{product}{:02}{month:02}", delivery.year() % 100)
    }
}

fn following_month(first: Date) -> Result<Date, MarketError> {
    let next = first.last_of_month().tomorrow().map_err(|_| calendar::outside(first))?;
    calendar::check(next)?;
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::ReferenceData;

    fn ids(product: &str, on: Date) -> Vec<String> {
        let data = ReferenceData::builtin().expect("the embedded data");
        let product = data.product(product).expect("a product");
        let contracts = product.contracts(data.rules(product.exchange), on).expect("inside the calendar");
        contracts.into_iter().map(|contract| contract.id).collect()
    }

    #[test]
    fn codes_of_every_shape() {
        for (text, product, digits, delivery) in [
            ("rb2701", "rb", "2701", date(2027, 1, 1)),
            ("IF2612", "IF", "2612", date(2026, 12, 1)),
            ("SR701", "SR", "701", date(2027, 1, 1)),
            ("SR511", "SR", "511", date(2025, 11, 1)),
            ("TA412", "TA", "412", date(2034, 12, 1)),
        ] {
            let code = ContractCode::parse(text).expect("a code");
            assert_eq!((code.product.as_str(), code.digits.as_str()), (product, digits));
            assert_eq!(code.delivery(date(2026, 11, 20)).expect("inside"), delivery);
            assert_eq!(code.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_code() {
        for text in [
            "",
            "rb",
            "2701",
            "rb27011",
            "rb2713",
            "rb2700",
            "m2509-C-2700",
            "rb27é1",
            "SP a2109&a2201",
            "螺纹2701",
        ] {
            assert!(matches!(ContractCode::parse(text), Err(MarketError::ContractCode(_))), "{text}");
        }
    }

    #[test]
    fn twelve_months_in_a_row() {
        let ids = ids("rb", date(2026, 11, 17));
        assert_eq!(ids.len(), 12);
        assert_eq!((ids[0].as_str(), ids[11].as_str()), ("rb2612", "rb2711"));
    }

    #[test]
    fn a_contract_trades_on_its_last_day() {
        assert_eq!(ids("rb", date(2026, 10, 15))[0], "rb2610");
        assert_eq!(ids("rb", date(2026, 10, 16))[0], "rb2611");
    }

    #[test]
    fn index_futures_have_two_months_and_two_quarters() {
        assert_eq!(ids("IF", date(2026, 11, 20)), ["IF2611", "IF2612", "IF2703", "IF2706"]);
        assert_eq!(ids("IF", date(2026, 11, 23)), ["IF2612", "IF2701", "IF2703", "IF2706"]);
        assert_eq!(ids("T", date(2026, 11, 23)), ["T2612", "T2703", "T2706"]);
    }

    #[test]
    fn zhengzhou_codes_have_one_year_digit() {
        assert_eq!(ids("SR", date(2026, 11, 23)), ["SR701", "SR703", "SR705", "SR707", "SR709", "SR711"]);
        assert_eq!(ids("AP", date(2029, 11, 30))[0], "AP912");
    }

    #[test]
    fn gold_has_three_near_months_and_even_ones() {
        assert_eq!(
            ids("au", date(2026, 11, 23)),
            ["au2612", "au2701", "au2702", "au2704", "au2706", "au2708", "au2710", "au2712"]
        );
    }

    #[test]
    fn last_days() {
        let month = date(2026, 11, 1);
        for (rule, last_day) in [
            (LastDay::Day15, date(2026, 11, 16)),
            (LastDay::TradingDay10, date(2026, 11, 13)),
            (LastDay::FourthLastTradingDay, date(2026, 11, 25)),
            (LastDay::LastOfPreviousMonth, date(2026, 10, 30)),
            (LastDay::LastMonday, date(2026, 11, 30)),
            (LastDay::SecondFriday, date(2026, 11, 13)),
            (LastDay::ThirdFriday, date(2026, 11, 20)),
        ] {
            assert_eq!(rule.of(month).expect("inside"), last_day, "{rule:?}");
        }
    }

    #[test]
    fn listing_stops_at_the_end_of_the_calendar() {
        let data = ReferenceData::builtin().expect("the embedded data");
        let product = data.product("rb").expect("rb");
        let listed = product.contracts(data.rules(product.exchange), date(2099, 11, 2));
        assert!(matches!(listed, Err(MarketError::OutsideCalendar { .. })));
    }
}
