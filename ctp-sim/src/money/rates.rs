//! Margin and commission rates that differ from the reference data's: for everybody or for one investor (§6.2).

use ctp_market::{Money, Rate};
use serde::{Deserialize, Serialize};

use crate::money::terms::Terms;

/// Rates of an instrument or a product, for everybody or for one investor. What is left out stays as it is.
///
/// Fractions are of the amount (0.1 is 10 %), `…_by_volume` is CNY per lot; of such a pair one given makes the other 0. As a text:
/// `rb margin=0.1 open=0.0001 close=0.0001 close_today=0.0002`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rates {
    /// The instrument or product; empty is all of them.
    pub of: String,
    /// The investor; empty is everybody.
    pub investor: String,
    /// Margin of both sides.
    pub margin: Option<f64>,
    /// Margin of the long side.
    pub long_margin: Option<f64>,
    /// Margin of the short side.
    pub short_margin: Option<f64>,
    /// Margin per lot of both sides.
    pub margin_by_volume: Option<f64>,
    /// Commission of opening.
    pub open: Option<f64>,
    /// Commission of opening per lot.
    pub open_by_volume: Option<f64>,
    /// Commission of closing.
    pub close: Option<f64>,
    /// Commission of closing per lot.
    pub close_by_volume: Option<f64>,
    /// Commission of closing lots of the day.
    pub close_today: Option<f64>,
    /// Commission of closing lots of the day, per lot.
    pub close_today_by_volume: Option<f64>,
}

impl Rates {
    /// Reads `rb margin=0.1 open=0.0001`: what they are of (left out: everything), then names and values.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rates = Self::default();
        for (position, word) in text.split_whitespace().enumerate() {
            let Some((name, value)) = word.split_once('=') else {
                if position > 0 {
                    return None;
                }
                rates.of = word.to_owned();
                continue;
            };
            match name {
                "of" => rates.of = value.to_owned(),
                "investor" => rates.investor = value.to_owned(),
                _ => *rates.value_mut(name)? = Some(value.parse().ok()?),
            }
        }
        rates.is_plausible().then_some(rates)
    }

    /// Returns whether every rate is a number that can be charged.
    pub(crate) fn is_plausible(&self) -> bool {
        self.values().into_iter().flatten().all(|value| (0.0..=1e6).contains(&value))
    }

    fn value_mut(&mut self, name: &str) -> Option<&mut Option<f64>> {
        Some(match name {
            "margin" => &mut self.margin,
            "long_margin" => &mut self.long_margin,
            "short_margin" => &mut self.short_margin,
            "margin_by_volume" => &mut self.margin_by_volume,
            "open" => &mut self.open,
            "open_by_volume" => &mut self.open_by_volume,
            "close" => &mut self.close,
            "close_by_volume" => &mut self.close_by_volume,
            "close_today" => &mut self.close_today,
            "close_today_by_volume" => &mut self.close_today_by_volume,
            _ => return None,
        })
    }

    fn values(&self) -> [Option<f64>; 10] {
        [
            self.margin,
            self.long_margin,
            self.short_margin,
            self.margin_by_volume,
            self.open,
            self.open_by_volume,
            self.close,
            self.close_by_volume,
            self.close_today,
            self.close_today_by_volume,
        ]
    }

    /// Returns whether they are of an instrument with this id and product.
    pub(crate) fn are_of(&self, instrument: &str, product: &str) -> bool {
        self.of.is_empty() || self.of == instrument || self.of == product
    }

    /// Changes the terms of an instrument.
    pub(crate) fn apply(&self, terms: &mut Terms) {
        // What is charged by money alone has no part by volume, and the other way round.
        let pair = |(rate, money): (&mut Rate, &mut Money), by_money: Option<f64>, by_volume: Option<f64>| {
            if by_money.is_some() || by_volume.is_some() {
                *rate = Rate::from_f64(by_money.unwrap_or(0.0));
                *money = Money((by_volume.unwrap_or(0.0) * 10_000.0).round() as i64);
            }
        };
        let Terms { long_margin, short_margin, fees, .. } = terms;
        let both = self.margin_by_volume;
        pair((&mut long_margin.by_money, &mut long_margin.by_volume), self.long_margin.or(self.margin), both);
        pair(
            (&mut short_margin.by_money, &mut short_margin.by_volume),
            self.short_margin.or(self.margin),
            both,
        );
        pair((&mut fees.open_by_money, &mut fees.open_by_volume), self.open, self.open_by_volume);
        pair((&mut fees.close_by_money, &mut fees.close_by_volume), self.close, self.close_by_volume);
        let today = (&mut fees.close_today_by_money, &mut fees.close_today_by_volume);
        pair(today, self.close_today, self.close_today_by_volume);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_from_a_text() {
        let rates = Rates::parse("rb margin=0.1 open=0.0001 investor=one").expect("rates");
        assert_eq!((rates.of.as_str(), rates.investor.as_str()), ("rb", "one"));
        assert_eq!((rates.margin, rates.open, rates.close), (Some(0.1), Some(0.0001), None));
        assert!(rates.are_of("rb2701", "rb") && !rates.are_of("hc2701", "hc"));
        for text in ["rb colour=1", "rb margin=x", "rb margin=-1", "rb hc", "rb margin=nan"] {
            assert_eq!(Rates::parse(text), None, "{text}");
        }
    }
}
