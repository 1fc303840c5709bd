//! Which contract of a product to show.

use ctp_market::{Date, Exchange, ReferenceData};

use super::DemoError;

/// Months in which most commodities trade the most.
const MAIN_MONTHS: [i8; 3] = [1, 5, 10];

/// Returns a contract of `product` that is listed and much traded on `trading_day` (`yyyymmdd`): a good guess, not a
/// look-up.
///
/// Commodities trade most in January, May and October, until about a month before the contract's end; of CFFEX the
/// nearest month is taken until its last day.
///
/// # Errors
///
/// [`DemoError::NoContract`] for a product that ctp-market does not know, or a text that is no day.
pub fn main_contract(product: &str, trading_day: &str) -> Result<String, DemoError> {
    find(product, trading_day).map_err(|reason| DemoError::NoContract { product: product.to_owned(), reason })
}

fn find(product: &str, trading_day: &str) -> Result<String, String> {
    // A good guess is all that is wanted: holidays that are not announced yet do not matter.
    let reference = ReferenceData::builtin().map_err(|error| error.to_string())?.assume_weekdays();
    let day = parse(trading_day).ok_or_else(|| format!("`{trading_day}` is no trading day"))?;
    let known = reference.product(product).ok_or_else(|| format!("product `{product}` is unknown"))?;
    let listed = reference.contracts_of(known, day).map_err(|error| error.to_string())?;
    let is_main = |contract: &&ctp_market::Contract| {
        // Its delivery month is at least the one after the next.
        known.exchange == Exchange::Cffex && contract.last_day > day
            || MAIN_MONTHS.contains(&contract.delivery.month())
                && months(contract.delivery) - months(day) >= 2
    };
    let contract = listed.iter().find(is_main).or_else(|| listed.last());
    contract.map(|contract| contract.id.clone()).ok_or_else(|| "none is listed".to_owned())
}

fn months(date: Date) -> i32 {
    i32::from(date.year()) * 12 + i32::from(date.month())
}

fn parse(yyyymmdd: &str) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| yyyymmdd.get(range)?.parse::<i16>().ok();
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok().filter(|_| yyyymmdd.len() == 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn main_contracts_of_a_day() {
        for (product, day, contract) in [
            ("rb", "20261120", "rb2701"),
            ("rb", "20261201", "rb2705"),
            ("rb", "20260801", "rb2610"),
            ("IF", "20261119", "IF2611"),
            ("IF", "20261120", "IF2612"),
            ("SR", "20261120", "SR701"),
        ] {
            assert_eq!(main_contract(product, day).unwrap(), contract, "{product} on {day}");
        }
    }

    #[test]
    fn what_is_no_day_or_product_is_named() {
        for day in ["", "20261", "2026-11-20", "20261320", "日期日期"] {
            let error = main_contract("rb", day).unwrap_err().to_string();
            assert!(error.contains("--instruments") && error.contains(day), "{error}");
        }
        assert!(main_contract("zz", "20261120").unwrap_err().to_string().contains("`zz` is unknown"));
    }
}
