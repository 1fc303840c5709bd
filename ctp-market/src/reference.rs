//! The embedded files, read and checked.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::civil::Date;
use serde::Deserialize;

use crate::calendar::Calendar;
use crate::code::{self, OptionCode};
use crate::contract::{self, Contract, OptionContract};
use crate::error::MarketError;
use crate::exchange::{Exchange, ExchangeRules};
use crate::option::OptionTerms;
use crate::product::Product;
use crate::row::{DaySessions, ProductFile};
use crate::timetable::Timetable;

const EXCHANGES: (&str, &str) = ("exchanges.toml", include_str!("../data/exchanges.toml"));

const PRODUCTS: [(&str, &str); 6] = [
    ("products/shfe.toml", include_str!("../data/products/shfe.toml")),
    ("products/ine.toml", include_str!("../data/products/ine.toml")),
    ("products/dce.toml", include_str!("../data/products/dce.toml")),
    ("products/czce.toml", include_str!("../data/products/czce.toml")),
    ("products/cffex.toml", include_str!("../data/products/cffex.toml")),
    ("products/gfex.toml", include_str!("../data/products/gfex.toml")),
];

/// Exchanges, products and trading days.
#[derive(Clone, Debug)]
pub struct ReferenceData {
    exchanges: Vec<ExchangeRules>,
    products: Vec<Product>,
    /// Where each product stands.
    index: BTreeMap<String, usize>,
    calendar: Calendar,
}

impl ReferenceData {
    /// Returns the data embedded in the crate. They are read once in a process, which takes a few milliseconds; what is
    /// returned is a copy.
    ///
    /// # Errors
    ///
    /// [`MarketError::Data`] when the files were edited into something unreadable.
    pub fn builtin() -> Result<Self, MarketError> {
        static READ: OnceLock<ReferenceData> = OnceLock::new();
        if let Some(data) = READ.get() {
            return Ok(data.clone());
        }
        let data = Self::parse(EXCHANGES, &PRODUCTS, Calendar::builtin()?)?;
        Ok(READ.get_or_init(|| data).clone())
    }

    /// Reads files, each given as its name and its text.
    fn parse(
        exchanges: (&str, &str),
        products: &[(&str, &str)],
        calendar: Calendar,
    ) -> Result<Self, MarketError> {
        let (file, text) = exchanges;
        let mut exchanges: ExchangeFile = read(file, text)?;
        exchanges.exchange.sort_by_key(|rules| rules.id);
        if !exchanges.exchange.iter().map(|rules| rules.id).eq(Exchange::ALL) {
            return Err(data(file, "each of the six exchanges must stand there once"));
        }
        let mut this =
            Self { exchanges: exchanges.exchange, products: Vec::new(), index: BTreeMap::new(), calendar };
        for (file, text) in products {
            let rows: ProductFile = read(file, text)?;
            let is_one_sided = this.rules(rows.exchange).one_sided_margin;
            let products = rows.products(&exchanges.sessions, is_one_sided);
            for product in products.map_err(|reason| data(file, reason))? {
                let roots = product.options.iter().map(|options| &options.root);
                for root in roots.filter(|root| **root != product.id).chain([&product.id]) {
                    if this.product(root).is_some() || this.with_option_root(root).is_some() {
                        return Err(data(file, format!("product {}: {root} stands there twice", product.id)));
                    }
                }
                this.index.insert(product.id.clone(), this.products.len());
                this.products.push(product);
            }
        }
        Ok(this)
    }

    /// Returns the data with another calendar, for years that were announced after this version.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Calendar) -> Self {
        self.calendar = calendar;
        self
    }

    /// Returns the data with a calendar that [assumes weekdays](Calendar::assume_weekdays) beyond the announced years.
    #[must_use]
    pub fn assume_weekdays(mut self) -> Self {
        self.calendar = self.calendar.assume_weekdays();
        self
    }

    /// Returns the trading days.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Returns all products, exchange by exchange.
    pub fn products(&self) -> &[Product] {
        &self.products
    }

    /// Returns the product with this id, in the exchange's own spelling.
    pub fn product(&self, id: &str) -> Option<&Product> {
        self.products.get(*self.index.get(id)?)
    }

    /// Returns the product of a futures contract's id.
    ///
    /// # Errors
    ///
    /// [`MarketError::ContractCode`], [`MarketError::UnknownProduct`].
    pub fn product_of(&self, instrument_id: &str) -> Result<&Product, MarketError> {
        match code::split(instrument_id) {
            Some((head, "")) => {
                let unknown = || MarketError::UnknownProduct(head.product.to_owned());
                self.product(head.product).ok_or_else(unknown)
            }
            _ => Err(MarketError::ContractCode(instrument_id.to_owned())),
        }
    }

    /// Returns the product and the option terms of an option's id.
    ///
    /// # Errors
    ///
    /// [`MarketError::OptionCode`], [`MarketError::UnknownProduct`].
    pub fn option_terms_of(&self, instrument_id: &str) -> Result<(&Product, &OptionTerms), MarketError> {
        let root = OptionCode::parse(instrument_id)?.contract.product;
        self.with_option_root(&root).ok_or(MarketError::UnknownProduct(root))
    }

    /// Returns what trades under an id of any kind: a future, an option, a combination (by its first leg), a trade at
    /// settlement (`sc1911TAS`); `None` for an id of no known product. Costs no allocation.
    pub fn traded(&self, instrument_id: &str) -> Option<Traded<'_>> {
        // `SP a2109&a2201`, `SPD TA109&TA110`: legs stand behind the kind of combination.
        let legs = instrument_id.rsplit_once(' ').map(|(_, legs)| legs);
        let (leg, is_combination) = match legs {
            Some(legs) => (legs.split('&').next().unwrap_or(legs), true),
            None => (instrument_id, false),
        };
        let (head, rest) = code::split(leg)?;
        let is_future = rest.is_empty() || rest == "TAS";
        if is_future && let Some(product) = self.product(head.product) {
            return Some(Traded { product, options: None, is_combination });
        }
        let (product, options) = self.with_option_root(head.product).filter(|_| !is_future)?;
        Some(Traded { product, options: Some(options), is_combination })
    }

    fn with_option_root(&self, root: &str) -> Option<(&Product, &OptionTerms)> {
        let mut options = self.products.iter().filter_map(|it| Some((it, it.options.as_ref()?)));
        options.find(|(_, options)| options.root == root)
    }

    /// Returns the rules of an exchange.
    pub fn rules(&self, exchange: Exchange) -> &ExchangeRules {
        // `parse` proved that all six stand here in the order of the enumeration.
        &self.exchanges[exchange as usize]
    }

    /// Returns the futures of a product listed on `on`, nearest first.
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`] when `on` is.
    pub fn contracts_of(&self, product: &Product, on: Date) -> Result<Vec<Contract>, MarketError> {
        contract::futures(product, self.rules(product.exchange), &self.calendar, on)
    }

    /// Returns the futures of all products listed on `on`.
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`] when `on` is.
    pub fn contracts(&self, on: Date) -> Result<Vec<Contract>, MarketError> {
        let mut contracts = Vec::new();
        for product in &self.products {
            contracts.extend(self.contracts_of(product, on)?);
        }
        Ok(contracts)
    }

    /// Returns the options on a product's futures listed on `on`: by month, calls before puts, by strike.
    ///
    /// `settlement` gives the settlement price of the day before, in ticks, of the future with an id; the strikes lie
    /// around it. A product without options has none.
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`] when `on` is.
    pub fn options_of(
        &self,
        product: &Product,
        on: Date,
        settlement: impl FnMut(&str) -> i64,
    ) -> Result<Vec<OptionContract>, MarketError> {
        match &product.options {
            Some(terms) => {
                let rules = self.rules(product.exchange);
                contract::options(product, terms, rules, &self.calendar, on, settlement)
            }
            None => Ok(Vec::new()),
        }
    }

    /// Returns the hours of a product's futures on a trading day.
    ///
    /// # Errors
    ///
    /// [`MarketError::NotATradingDay`], [`MarketError::OutsideCalendar`].
    pub fn timetable(&self, product: &Product, trading_day: Date) -> Result<Timetable, MarketError> {
        Timetable::new(product, self.rules(product.exchange), &self.calendar, trading_day, None)
    }

    /// Returns the hours of the options on a product's futures on a trading day: those of the futures, but for an
    /// auction before the close.
    ///
    /// # Errors
    ///
    /// [`MarketError::NotATradingDay`], [`MarketError::OutsideCalendar`].
    pub fn option_timetable(&self, product: &Product, trading_day: Date) -> Result<Timetable, MarketError> {
        let closing_auction = product.options.as_ref().and_then(|options| options.closing_auction);
        Timetable::new(product, self.rules(product.exchange), &self.calendar, trading_day, closing_auction)
    }
}

/// What trades under an instrument's id.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Traded<'a> {
    /// The product; of an option, that of the future it is an option on.
    pub product: &'a Product,
    /// The terms, if it is an option.
    pub options: Option<&'a OptionTerms>,
    /// Whether it is a combination; then the rest is its first leg's.
    pub is_combination: bool,
}

impl Traded<'_> {
    /// Returns the units of the price in one lot (`VolumeMultiple`).
    pub fn multiplier(&self) -> i32 {
        self.options.map_or(self.product.multiplier, |options| options.multiplier)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExchangeFile {
    sessions: DaySessions,
    exchange: Vec<ExchangeRules>,
}

fn read<T: for<'de> Deserialize<'de>>(file: &str, text: &str) -> Result<T, MarketError> {
    toml::from_str(text).map_err(|error| data(file, error.to_string()))
}

fn data(file: &str, reason: impl Into<String>) -> MarketError {
    MarketError::Data { file: file.to_owned(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builtin() -> ReferenceData {
        ReferenceData::builtin().expect("the embedded data")
    }

    #[test]
    fn an_instrument_leads_to_its_product() {
        let data = builtin();
        assert_eq!(data.product_of("SR701").expect("SR").id, "SR");
        assert!(matches!(data.product_of("zz2701"), Err(MarketError::UnknownProduct(id)) if id == "zz"));
        assert!(matches!(data.product_of("RB2701"), Err(MarketError::UnknownProduct(_))));
        assert!(matches!(data.product_of("m2701-C-3000"), Err(MarketError::ContractCode(_))));
    }

    #[test]
    fn an_option_leads_to_its_terms() {
        let data = builtin();
        for (id, product, multiplier) in
            [("m2701-C-3000", "m", 10), ("SR701P6000", "SR", 10), ("IO2612-C-4000", "IF", 100)]
        {
            let (found, terms) = data.option_terms_of(id).expect("an option");
            assert_eq!((found.id.as_str(), terms.multiplier), (product, multiplier), "{id}");
        }
        assert!(matches!(data.option_terms_of("IF2612-C-4000"), Err(MarketError::UnknownProduct(_))));
        assert!(matches!(data.option_terms_of("m2701"), Err(MarketError::OptionCode(_))));
    }

    #[test]
    fn an_id_of_any_kind_leads_to_its_product() {
        let data = builtin();
        for (id, product, multiplier, is_option, is_combination) in [
            ("SR701", "SR", 10, false, false),
            ("rb2701", "rb", 10, false, false),
            ("IO2612-C-4000", "IF", 100, true, false),
            ("SR701C6000", "SR", 10, true, false),
            ("sc2701TAS", "sc", 1000, false, false),
            ("SP a2701&a2705", "a", 10, false, true),
            ("SPD TA701&TA705", "TA", 5, false, true),
            ("STG SR703C5300&SR703P5200", "SR", 10, true, true),
        ] {
            let found = data.traded(id).unwrap_or_else(|| panic!("{id} is not known"));
            let expected = (product, multiplier, is_option, is_combination);
            let product = found.product.id.as_str();
            let seen = (product, found.multiplier(), found.options.is_some(), found.is_combination);
            assert_eq!(seen, expected);
        }
        for id in ["", "RB2701", "zz2701", "IF2612-C-4000", "IO2612", "SP ", "SP &", "螺纹2701", " "] {
            assert!(data.traded(id).is_none(), "{id}");
        }
    }

    #[test]
    fn a_broken_file_is_refused_by_name() {
        let calendar = Calendar::builtin().expect("the embedded calendar");
        let (exchange_file, exchanges) = EXCHANGES;
        for (word, from, to) in [
            ("exchange", "[[exchange]]\nid = \"GFEX\"", "[[exchanges]]\nid = \"GFEX\""),
            ("six", "id = \"GFEX\"", "id = \"DCE\""),
            ("session", "09:00-10:15", "10:15-09:00"),
            ("status", "opening = \"1\"", "opening = \"8\""),
        ] {
            let text = exchanges.replacen(from, to, 1);
            assert_ne!(text, exchanges, "{from}");
            let error = ReferenceData::parse((exchange_file, &text), &PRODUCTS, calendar.clone());
            let message = error.err().unwrap_or_else(|| panic!("{to} is accepted")).to_string();
            assert!(message.contains(exchange_file) && message.contains(word), "{message}");
        }
        let (product_file, products) = PRODUCTS[0];
        for (word, from, to) in [
            ("product", "[[product]]", "[[products]]"),
            ("tick", "tick = \"1\"", "tick = \"0\""),
            ("rb: price 3200.5", "price = \"3200\"", "price = \"3200.5\""),
            ("twice", "id = \"hc\"", "id = \"rb\""),
            ("lower-case", "id = \"rb\"", "id = \"RB\""),
            ("multiplier", "multiplier = 10", "multiplier = 0"),
            ("order sizes", "largest_limit_order = 500", "largest_limit_order = 0"),
            ("fractions", "margin = 0.1", "margin = 10.0"),
            ("months", "nearest = 12", "nearest = 0"),
            ("cycle", "cycle_count = 5", "cycle_count = 0"),
            ("last_day", "day = 15", "day = 32"),
            ("not a time", "night_end = \"23:00\"", "night_end = \"25:00\""),
            ("sessions", "night_end = \"23:00\"", "night_end = \"23:00\"\nday = \"evening\""),
            ("futures", "futures = 4", "futures = 0"),
            ("up_to", "up_to = \"40000\"", "up_to = \"40001\""),
            ("the last", "{ step = \"2000\" }", "{ up_to = \"90000\", step = \"2000\" }"),
        ] {
            let text = products.replacen(from, to, 1);
            assert_ne!(text, products, "{from}");
            let error = ReferenceData::parse(EXCHANGES, &[(product_file, &text)], calendar.clone());
            let message = error.err().unwrap_or_else(|| panic!("{to} is accepted")).to_string();
            assert!(message.contains(product_file) && message.contains(word), "{message}");
        }
    }
}
