//! The embedded files, read and checked.

use jiff::civil::Date;
use serde::Deserialize;

use crate::contract::{Contract, ContractCode};
use crate::error::MarketError;
use crate::exchange::{Exchange, ExchangeRules};
use crate::product::Product;

const PRODUCTS: &str = "products.toml";
const EXCHANGES: &str = "exchanges.toml";

/// Exchanges and products.
#[derive(Clone, Debug)]
pub struct ReferenceData {
    exchanges: Vec<ExchangeRules>,
    products: Vec<Product>,
}

impl ReferenceData {
    /// Returns the data embedded in the crate.
    ///
    /// # Errors
    ///
    /// [`MarketError::Data`] when the files were edited into something unreadable.
    pub fn builtin() -> Result<Self, MarketError> {
        Self::parse(include_str!("../data/exchanges.toml"), include_str!("../data/products.toml"))
    }

    /// Reads both files' texts.
    ///
    /// # Errors
    ///
    /// [`MarketError::Data`] naming the file: unreadable TOML, an unknown or missing key, an exchange missing or twice,
    /// a product twice.
    pub fn parse(exchanges: &str, products: &str) -> Result<Self, MarketError> {
        let mut exchanges: ExchangeFile = read(EXCHANGES, exchanges)?;
        let mut products: ProductFile = read(PRODUCTS, products)?;
        exchanges.exchange.sort_by_key(|rules| rules.id);
        if !exchanges.exchange.iter().map(|rules| rules.id).eq(Exchange::ALL) {
            return Err(data(EXCHANGES, "each of the six exchanges must stand there once"));
        }
        for (index, product) in products.product.iter().enumerate() {
            if products.product[..index].iter().any(|other| other.id == product.id) {
                return Err(data(PRODUCTS, format!("product {} stands there twice", product.id)));
            }
        }
        let mut this = Self { exchanges: exchanges.exchange, products: Vec::new() };
        for product in &mut products.product {
            product.one_sided_margin &= this.rules(product.exchange).one_sided_margin;
        }
        this.products = products.product;
        Ok(this)
    }

    /// Returns all products, exchange by exchange.
    pub fn products(&self) -> &[Product] {
        &self.products
    }

    /// Returns the product with this id, in the exchange's own spelling.
    pub fn product(&self, id: &str) -> Option<&Product> {
        self.products.iter().find(|product| product.id == id)
    }

    /// Returns the product of a futures contract's id.
    ///
    /// # Errors
    ///
    /// [`MarketError::ContractCode`], [`MarketError::UnknownProduct`].
    pub fn product_of(&self, instrument_id: &str) -> Result<&Product, MarketError> {
        let code = ContractCode::parse(instrument_id)?;
        self.product(&code.product).ok_or(MarketError::UnknownProduct(code.product))
    }

    /// Returns the rules of an exchange.
    pub fn rules(&self, exchange: Exchange) -> &ExchangeRules {
        // `parse` proved that all six stand here in the order of the enumeration.
        &self.exchanges[exchange as usize]
    }

    /// Returns the contracts of all products listed on `on`.
    ///
    /// # Errors
    ///
    /// [`MarketError::OutsideCalendar`].
    pub fn contracts(&self, on: Date) -> Result<Vec<Contract>, MarketError> {
        let mut contracts = Vec::new();
        for product in &self.products {
            contracts.extend(product.contracts(self.rules(product.exchange), on)?);
        }
        Ok(contracts)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExchangeFile {
    exchange: Vec<ExchangeRules>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductFile {
    product: Vec<Product>,
}

fn read<T: for<'de> Deserialize<'de>>(file: &'static str, text: &str) -> Result<T, MarketError> {
    toml::from_str(text).map_err(|error| data(file, error.to_string()))
}

fn data(file: &'static str, reason: impl Into<String>) -> MarketError {
    MarketError::Data { file, reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::OrderReports;

    fn builtin() -> ReferenceData {
        ReferenceData::builtin().expect("the embedded data")
    }

    /// The table of CTP behaviour notes §4.7.
    #[test]
    fn multipliers_and_ticks() {
        let data = builtin();
        for (ids, exchange, multiplier, tick) in [
            ("rb hc bu fu", Exchange::Shfe, 10, 1.0),
            ("cu", Exchange::Shfe, 5, 10.0),
            ("al zn ss", Exchange::Shfe, 5, 5.0),
            ("ni", Exchange::Shfe, 1, 10.0),
            ("au", Exchange::Shfe, 1000, 0.02),
            ("ag", Exchange::Shfe, 15, 1.0),
            ("ru", Exchange::Shfe, 10, 5.0),
            ("ao", Exchange::Shfe, 20, 1.0),
            ("sp", Exchange::Shfe, 10, 2.0),
            ("sc", Exchange::Ine, 1000, 0.1),
            ("lu", Exchange::Ine, 10, 1.0),
            ("nr", Exchange::Ine, 10, 5.0),
            ("bc", Exchange::Ine, 5, 10.0),
            ("ec", Exchange::Ine, 50, 0.1),
            ("m a c eg jd", Exchange::Dce, 10, 1.0),
            ("y p", Exchange::Dce, 10, 2.0),
            ("i j", Exchange::Dce, 100, 0.5),
            ("jm", Exchange::Dce, 60, 0.5),
            ("l pp v eb", Exchange::Dce, 5, 1.0),
            ("pg", Exchange::Dce, 20, 1.0),
            ("lh", Exchange::Dce, 16, 5.0),
            ("SR MA RM OI AP", Exchange::Czce, 10, 1.0),
            ("CF", Exchange::Czce, 5, 5.0),
            ("TA PX", Exchange::Czce, 5, 2.0),
            ("FG SA", Exchange::Czce, 20, 1.0),
            ("SH", Exchange::Czce, 30, 1.0),
            ("IF IH", Exchange::Cffex, 300, 0.2),
            ("IC IM", Exchange::Cffex, 200, 0.2),
            ("T TF", Exchange::Cffex, 10_000, 0.005),
            ("TS", Exchange::Cffex, 20_000, 0.002),
            ("TL", Exchange::Cffex, 10_000, 0.01),
            ("si", Exchange::Gfex, 5, 5.0),
            ("lc", Exchange::Gfex, 1, 20.0),
            ("ps", Exchange::Gfex, 3, 5.0),
        ] {
            for id in ids.split(' ') {
                let product = data.product(id).unwrap_or_else(|| panic!("{id} is missing"));
                assert_eq!(
                    (product.exchange, product.multiplier, product.tick.to_f64()),
                    (exchange, multiplier, tick),
                    "{id}"
                );
            }
        }
    }

    #[test]
    fn exchange_rules() {
        let data = builtin();
        let which = |keep: fn(&ExchangeRules) -> bool| {
            Exchange::ALL
                .into_iter()
                .filter(|exchange| keep(data.rules(*exchange)))
                .map(Exchange::id)
                .collect::<Vec<_>>()
        };
        assert_eq!(which(|rules| rules.close_today), ["SHFE", "INE"]);
        assert_eq!(which(|rules| rules.depth_levels == 5), ["SHFE", "INE"]);
        assert_eq!(which(|rules| rules.order_reports == OrderReports::TradesOnly), ["DCE", "GFEX"]);
        assert_eq!(which(|rules| rules.year_digits == 1), ["CZCE"]);
        assert!(data.product("rb").expect("rb").one_sided_margin);
        assert!(data.product("IF").expect("IF").one_sided_margin);
        for id in ["ec", "T", "m", "SR", "lc"] {
            assert!(!data.product(id).expect("a product").one_sided_margin, "{id}");
        }
    }

    #[test]
    fn sessions_start_with_the_night() {
        let data = builtin();
        let first = |id: &str| data.product(id).expect("a product").sessions()[0];
        assert_eq!(first("rb").start, jiff::civil::time(21, 0, 0, 0));
        assert_eq!(first("ag").end, jiff::civil::time(2, 30, 0, 0));
        assert_eq!(first("lc").start, jiff::civil::time(9, 0, 0, 0));
        assert_eq!(first("T").start, jiff::civil::time(9, 30, 0, 0));
    }

    #[test]
    fn an_instrument_leads_to_its_product() {
        let data = builtin();
        assert_eq!(data.product_of("SR701").expect("SR").id, "SR");
        assert!(matches!(data.product_of("zz2701"), Err(MarketError::UnknownProduct(id)) if id == "zz"));
        assert!(matches!(data.product_of("RB2701"), Err(MarketError::UnknownProduct(_))));
    }

    #[test]
    fn a_broken_file_is_refused_by_name() {
        let exchanges = include_str!("../data/exchanges.toml");
        let products = include_str!("../data/products.toml");
        for (exchanges, products, file, word) in [
            ("exchange = []", products, EXCHANGES, "six"),
            (exchanges, "product = 1", PRODUCTS, "product"),
            (exchanges, &products.replacen("tick = \"1\"", "tick = \"0\"", 1), PRODUCTS, "tick"),
            (exchanges, &products.replacen("price = \"3200\"", "price = \"3200.5\"", 1), PRODUCTS, "rb"),
            (exchanges, &products.replacen("id = \"hc\"", "id = \"rb\"", 1), PRODUCTS, "twice"),
            (exchanges, &products.replacen("margin = 0.1", "margin = 10.0", 1), PRODUCTS, "fractions"),
        ] {
            let error = ReferenceData::parse(exchanges, products).expect_err("a broken file");
            let message = error.to_string();
            assert!(message.contains(file) && message.contains(word), "{message}");
        }
    }
}
