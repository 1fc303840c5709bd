//! Instrument ids: `rb2701`, `SR701`, `m2701-C-3000`, `SR701C6000`.

use std::fmt;

use jiff::civil::Date;

use crate::error::MarketError;
use crate::exchange::OptionId;
use crate::money::Money;
use crate::tick::parse_decimal;

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
        match split(text) {
            Some((code, "")) => Ok(code.to_owned()),
            _ => Err(MarketError::ContractCode(text.to_owned())),
        }
    }

    /// Returns the code of the contract of `product` for a delivery month, with one or two digits of the year.
    pub(crate) fn new(product: &str, year_digits: u8, delivery: Date) -> Self {
        let (year, month) = (delivery.year(), delivery.month());
        let digits = match year_digits {
            1 => format!("{}{month:02}", year % 10),
            _ => format!("{:02}{month:02}", year % 100),
        };
        Self { product: product.to_owned(), digits }
    }

    /// Returns the delivery month, 1 to 12.
    pub fn month(&self) -> i8 {
        self.digits[self.digits.len() - 2..].parse().unwrap_or(0)
    }

    /// Returns the first day of the delivery month. One digit of the year says no decade: then it is the first such year
    /// from the year before `on` (a contract just expired) on.
    ///
    /// Returns `None` where the year cannot be written as a date.
    pub fn delivery(&self, on: Date) -> Option<Date> {
        let digits: i16 = self.digits[..self.digits.len() - 2].parse().ok()?;
        let year = if self.digits.len() == 4 {
            2000 + digits
        } else {
            let from = on.year() - 1;
            from + (digits - from).rem_euclid(10)
        };
        Date::new(year, self.month(), 1).ok()
    }
}

impl fmt::Display for ContractCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.product, self.digits)
    }
}

/// A [`ContractCode`] inside an id, so that looking a product up costs no allocation.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) product: &'a str,
    digits: &'a str,
}

impl Head<'_> {
    fn to_owned(self) -> ContractCode {
        ContractCode { product: self.product.to_owned(), digits: self.digits.to_owned() }
    }
}

/// Reads the futures part at the head of an id and returns what follows it.
pub(crate) fn split(text: &str) -> Option<(Head<'_>, &str)> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let digits = text[letters..].bytes().take_while(u8::is_ascii_digit).count();
    if letters == 0 || !matches!(digits, 3 | 4) {
        return None;
    }
    let (id, rest) = text.split_at(letters + digits);
    let (product, digits) = id.split_at(letters);
    let month = &digits[digits.len() - 2..];
    ("01"..="12").contains(&month).then_some((Head { product, digits }, rest))
}

/// Whether an option is a right to buy or to sell (`OptionsType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OptionRight {
    /// The right to buy (看涨).
    Call,
    /// The right to sell (看跌).
    Put,
}

impl OptionRight {
    /// Returns the letter in an option's id.
    pub const fn letter(self) -> char {
        match self {
            Self::Call => 'C',
            Self::Put => 'P',
        }
    }
}

/// The code of an option: `m2701-C-3000`, `SR701C6000`, `cu2701P78000`, `IO2612-C-4000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionCode {
    /// The part before the right, shaped as a future's code.
    pub contract: ContractCode,
    /// Call or put.
    pub right: OptionRight,
    /// The strike, per unit of the price.
    pub strike: Money,
    /// How the exchange writes it.
    pub shape: OptionId,
}

impl OptionCode {
    /// Reads a code.
    ///
    /// # Errors
    ///
    /// [`MarketError::OptionCode`] when the text is not exactly what this code is written as.
    pub fn parse(text: &str) -> Result<Self, MarketError> {
        let code = Self::read(text).filter(|code| code.to_string() == text);
        code.ok_or_else(|| MarketError::OptionCode(text.to_owned()))
    }

    fn read(text: &str) -> Option<Self> {
        let (head, rest) = split(text)?;
        let shape = if rest.starts_with('-') { OptionId::Dashes } else { OptionId::Plain };
        let rest = rest.trim_start_matches('-');
        let (right, rest) = match rest.strip_prefix('C') {
            Some(rest) => (OptionRight::Call, rest),
            None => (OptionRight::Put, rest.strip_prefix('P')?),
        };
        let strike = Money(parse_decimal(rest.trim_start_matches('-'))?);
        Some(Self { contract: head.to_owned(), right, strike, shape })
    }
}

impl fmt::Display for OptionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (contract, right, strike) = (&self.contract, self.right.letter(), self.strike.to_f64());
        match self.shape {
            OptionId::Dashes => write!(f, "{contract}-{right}-{strike}"),
            OptionId::Plain => write!(f, "{contract}{right}{strike}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

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
            assert_eq!(code.delivery(date(2026, 11, 20)), Some(delivery));
            assert_eq!(code.to_string(), text);
        }
        assert_eq!(ContractCode::parse("SR701").expect("a code").delivery(Date::MAX), None);
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
            "sc1911TAS",
            "螺纹2701",
        ] {
            assert!(matches!(ContractCode::parse(text), Err(MarketError::ContractCode(_))), "{text}");
        }
    }

    /// CTP behaviour notes §4.7.
    #[test]
    fn options_of_every_exchange() {
        for (text, contract, right, strike) in [
            ("m2509-C-2700", "m2509", OptionRight::Call, 2700),
            ("lc2507-P-80000", "lc2507", OptionRight::Put, 80_000),
            ("SR509C5300", "SR509", OptionRight::Call, 5300),
            ("CF509P13000", "CF509", OptionRight::Put, 13_000),
            ("cu2509C60000", "cu2509", OptionRight::Call, 60_000),
            ("PF509P6300", "PF509", OptionRight::Put, 6300),
            ("IO2509-C-4000", "IO2509", OptionRight::Call, 4000),
        ] {
            let code = OptionCode::parse(text).expect("an option");
            assert_eq!((code.contract.to_string().as_str(), code.right), (contract, right));
            assert_eq!(code.strike, Money::from_yuan(strike));
            assert_eq!(code.to_string(), text);
        }
        assert_eq!(OptionCode::parse("ab2509C2.5").expect("an option").strike, Money(25_000));
    }

    #[test]
    fn what_is_no_option() {
        for text in [
            "",
            "m2509",
            "m2509C",
            "m2509-C",
            "m2509-C-",
            "m2509--C-2700",
            "m2509-C2700",
            "m2509C-2700",
            "m2509-X-2700",
            "m2509-C-02700",
            "m2509-C-2700.0",
            "m2509-C--2700",
            "m2513-C-2700",
            "m2509-C-2700\u{0}",
            "STD SR703C5300&SR703P5200",
            "C2700",
        ] {
            assert!(matches!(OptionCode::parse(text), Err(MarketError::OptionCode(_))), "{text}");
        }
    }
}
