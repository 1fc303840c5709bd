//! Contracts that are listed on a day.

use jiff::civil::Date;

use crate::calendar::Calendar;
use crate::code::{ContractCode, OptionCode, OptionRight};
use crate::error::MarketError;
use crate::exchange::ExchangeRules;
use crate::last_day::LastDay;
use crate::money::Money;
use crate::option::{OptionMonths, OptionTerms};
use crate::product::{Listing, Product};

/// Contract codes carry two digits of the year.
const LAST_YEAR: i16 = 2099;

/// A futures contract that is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contract {
    /// Its id (`InstrumentID`).
    pub id: String,
    /// Its product's id.
    pub product: String,
    /// The first day of its delivery month.
    pub delivery: Date,
    /// Its last trading day (`ExpireDate`).
    pub last_day: Date,
    /// Whether the last trading day lies beyond the calendar and was reckoned by weekdays: holidays may still move it.
    pub is_provisional: bool,
}

/// An option that is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionContract {
    /// Its id (`InstrumentID`).
    pub id: String,
    /// Its product's id (`ProductID`), `m_o` or `SRC`.
    pub product: String,
    /// Call or put.
    pub right: OptionRight,
    /// The strike, per unit of the price (`StrikePrice`).
    pub strike: Money,
    /// The id of the future it is an option on (`UnderlyingInstrID`).
    pub underlying: String,
    /// The first day of the month in its id.
    pub delivery: Date,
    /// Its last trading day, on which it expires (`ExpireDate`).
    pub last_day: Date,
    /// Whether the last trading day lies beyond the calendar, see [`Contract::is_provisional`].
    pub is_provisional: bool,
}

/// A month with a contract in it, and the contract's last trading day.
#[derive(Clone, Copy)]
struct Month {
    delivery: Date,
    last_day: Date,
}

/// Returns the futures of a product listed on `on`, nearest first.
pub(crate) fn futures(
    product: &Product,
    rules: &ExchangeRules,
    calendar: &Calendar,
    on: Date,
) -> Result<Vec<Contract>, MarketError> {
    let months = listed(&product.listing, product.last_day, calendar, on)?;
    let contract = |month: Month| Contract {
        id: ContractCode::new(&product.id, rules.year_digits, month.delivery).to_string(),
        product: product.id.clone(),
        delivery: month.delivery,
        last_day: month.last_day,
        is_provisional: !calendar.covers(month.last_day),
    };
    Ok(months.into_iter().map(contract).collect())
}

/// Returns the options on a product's futures listed on `on`: by month, calls before puts, by strike.
pub(crate) fn options(
    product: &Product,
    terms: &OptionTerms,
    rules: &ExchangeRules,
    calendar: &Calendar,
    on: Date,
    mut settlement: impl FnMut(&str) -> i64,
) -> Result<Vec<OptionContract>, MarketError> {
    let months = match &terms.months {
        OptionMonths::Own(listing) => listed(listing, terms.last_day, calendar, on)?,
        OptionMonths::Futures(count) => {
            let futures = listed(&product.listing, product.last_day, calendar, on)?;
            let mut months = Vec::new();
            for Month { delivery, .. } in futures {
                let last_day = last_day(terms.last_day, calendar, delivery)?;
                if last_day >= on {
                    months.push(Month { delivery, last_day });
                }
            }
            months.truncate(usize::from(*count));
            months
        }
    };
    let mut contracts = Vec::new();
    for (position, month) in months.into_iter().enumerate() {
        let underlying = ContractCode::new(&product.id, rules.year_digits, month.delivery).to_string();
        let reference = product.tick.amount(settlement(&underlying), 1);
        let strikes = terms.strikes(reference, product.limit, position);
        for (right, id) in [(OptionRight::Call, &terms.call_id), (OptionRight::Put, &terms.put_id)] {
            contracts.extend(strikes.iter().map(|strike| {
                let contract = ContractCode::new(&terms.root, rules.year_digits, month.delivery);
                let code = OptionCode { contract, right, strike: *strike, shape: rules.option_id };
                OptionContract {
                    id: code.to_string(),
                    product: id.clone(),
                    right,
                    strike: *strike,
                    underlying: underlying.clone(),
                    delivery: month.delivery,
                    last_day: month.last_day,
                    is_provisional: !calendar.covers(month.last_day),
                }
            }));
        }
    }
    Ok(contracts)
}

fn listed(
    listing: &Listing,
    rule: LastDay,
    calendar: &Calendar,
    on: Date,
) -> Result<Vec<Month>, MarketError> {
    calendar.check(on)?;
    let mut months = Vec::new();
    let (mut nearest, mut cycle) = (listing.nearest, listing.cycle_count);
    let mut delivery = on.first_of_month();
    while nearest + cycle > 0 {
        let last_day = last_day(rule, calendar, delivery)?;
        if last_day >= on {
            if nearest > 0 {
                nearest -= 1;
                months.push(Month { delivery, last_day });
            } else if listing.cycle.contains(&delivery.month()) {
                cycle -= 1;
                months.push(Month { delivery, last_day });
            }
        }
        delivery = delivery.last_of_month().tomorrow().map_err(|_| calendar.outside(delivery))?;
    }
    Ok(months)
}

fn last_day(rule: LastDay, calendar: &Calendar, delivery: Date) -> Result<Date, MarketError> {
    let last_day = (delivery.year() <= LAST_YEAR).then(|| rule.of(calendar, delivery)).flatten();
    last_day.ok_or_else(|| calendar.outside(delivery))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::ReferenceData;
    use jiff::civil::date;

    fn data() -> ReferenceData {
        ReferenceData::builtin().expect("the embedded data")
    }

    fn contracts(product: &str, on: Date) -> Vec<Contract> {
        let data = data();
        let product = data.product(product).expect("a product");
        data.contracts_of(product, on).expect("inside the calendar")
    }

    fn ids(product: &str, on: Date) -> Vec<String> {
        contracts(product, on).into_iter().map(|contract| contract.id).collect()
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
        assert_eq!(ids("sc", date(2026, 9, 30))[0], "sc2610");
        assert_eq!(ids("sc", date(2026, 10, 8))[0], "sc2611");
    }

    #[test]
    fn index_futures_have_two_months_and_two_quarters() {
        assert_eq!(ids("IF", date(2026, 11, 20)), ["IF2611", "IF2612", "IF2703", "IF2706"]);
        assert_eq!(ids("IF", date(2026, 11, 23)), ["IF2612", "IF2701", "IF2703", "IF2706"]);
        assert_eq!(ids("T", date(2026, 11, 23)), ["T2612", "T2703", "T2706"]);
        // The third Friday of February 2026 fell into the Spring Festival.
        assert_eq!(ids("IF", date(2026, 2, 24))[0], "IF2602");
        assert_eq!(ids("IF", date(2026, 2, 25))[0], "IF2603");
    }

    #[test]
    fn zhengzhou_codes_have_one_year_digit() {
        assert_eq!(ids("SR", date(2026, 11, 23)), ["SR701", "SR703", "SR705", "SR707", "SR709", "SR711"]);
        assert_eq!(ids("AP", date(2024, 12, 2))[0], "AP412");
    }

    #[test]
    fn gold_has_three_near_months_and_even_ones() {
        assert_eq!(
            ids("au", date(2026, 11, 23)),
            ["au2612", "au2701", "au2702", "au2704", "au2706", "au2708", "au2710", "au2712"]
        );
    }

    #[test]
    fn a_last_day_beyond_the_calendar_is_flagged() {
        let flags: Vec<_> = contracts("sc", date(2026, 11, 23))
            .into_iter()
            .map(|contract| (contract.id, contract.last_day, contract.is_provisional))
            .collect();
        assert_eq!(flags[0], ("sc2612".to_owned(), date(2026, 11, 30), false));
        // The last trading day of December is known, although the delivery month is not.
        assert_eq!(flags[1], ("sc2701".to_owned(), date(2026, 12, 31), false));
        assert_eq!(flags[2], ("sc2702".to_owned(), date(2027, 1, 29), true));
    }

    #[test]
    fn nothing_is_listed_outside_the_calendar() {
        let strict = data();
        let rb = strict.product("rb").expect("rb");
        for on in [date(2023, 12, 29), date(2027, 1, 4), Date::MAX] {
            let error = strict.contracts_of(rb, on).expect_err("outside");
            assert!(matches!(error, MarketError::OutsideCalendar { .. }), "{error}");
        }
        let assuming = data().assume_weekdays();
        let contracts = assuming.contracts_of(rb, date(2027, 1, 4)).expect("assumed");
        assert!(contracts.iter().all(|contract| contract.is_provisional));
        // Codes of the next century would be those of this one.
        assert!(assuming.contracts_of(rb, date(2099, 11, 2)).is_err());
    }

    fn option_ids(product: &str, on: Date, settlement: i64) -> Vec<OptionContract> {
        let data = data();
        let product = data.product(product).expect("a product");
        data.options_of(product, on, |_| settlement).expect("inside the calendar")
    }

    #[test]
    fn options_are_named_as_their_exchange_does() {
        let on = date(2026, 11, 23);
        for (product, settlement, id, option_product, underlying) in [
            ("m", 3000, "m2701-C-3000", "m_o", "m2701"),
            ("si", 1760, "si2701-P-8800", "si_o", "si2701"),
            ("SR", 5700, "SR703C5700", "SRC", "SR703"),
            ("SR", 5700, "SR703P5700", "SRP", "SR703"),
            ("cu", 7800, "cu2701C78000", "cu_o", "cu2701"),
            ("sc", 5000, "sc2702P500", "sc_o", "sc2702"),
            ("IF", 20_000, "IO2612-C-4000", "IO", "IF2612"),
        ] {
            let options = option_ids(product, on, settlement);
            let option = options.iter().find(|option| option.id == id);
            let option = option.unwrap_or_else(|| panic!("{id} among {:?}", options.first()));
            assert_eq!((option.product.as_str(), option.underlying.as_str()), (option_product, underlying));
            assert!(option.last_day >= on && option.last_day < option.delivery.last_of_month());
        }
    }

    #[test]
    fn index_options_have_months_of_their_own() {
        let mut months: Vec<_> = option_ids("IF", date(2026, 11, 23), 20_000)
            .into_iter()
            .map(|option| (option.id[..6].to_owned(), option.strike))
            .filter(|(_, strike)| *strike <= Money::from_yuan(4050))
            .map(|(month, _)| month)
            .collect();
        months.dedup();
        months.sort();
        months.dedup();
        assert_eq!(months, ["IO2612", "IO2701", "IO2702", "IO2703", "IO2706", "IO2709"]);
    }

    #[test]
    fn strikes_lie_around_the_settlement_price() {
        let strikes: Vec<i64> = option_ids("m", date(2026, 11, 23), 2000)
            .into_iter()
            .filter(|option| option.underlying == "m2701" && option.right == OptionRight::Put)
            .map(|option| option.strike.0 / 10_000)
            .collect();
        // 1.5 limits of 6 % around 2000, steps of 25 up to 2000 and 50 beyond.
        assert_eq!(strikes, [1800, 1825, 1850, 1875, 1900, 1925, 1950, 1975, 2000, 2050, 2100, 2150, 2200]);
        assert!(option_ids("rb", date(2026, 11, 23), 3200).is_empty());
    }
}
