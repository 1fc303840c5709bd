//! What the gate knows of each instrument.

use std::cell::Cell;
use std::sync::Arc;

use ctp_types::Text;

use super::working::Side;
use crate::maps::HashMap;
use crate::td::rows::Instrument;

/// Prices from market data, `None` where it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Prices {
    /// The last price. C: `LastPrice`.
    pub(crate) last: Option<f64>,
    /// The exchange's highest price of the day. C: `UpperLimitPrice`.
    pub(crate) upper: Option<f64>,
    /// The exchange's lowest price of the day. C: `LowerLimitPrice`.
    pub(crate) lower: Option<f64>,
}

/// One instrument.
#[derive(Debug, Default)]
pub(super) struct Place {
    id: Text<81>,
    pub(super) row: Option<Arc<Instrument>>,
    pub(super) prices: Prices,
    pub(super) buys: Side,
    pub(super) sells: Side,
    /// Cancels sent today.
    pub(super) cancels: u32,
}

impl Place {
    pub(super) fn side(&self, is_buy: bool) -> &Side {
        if is_buy { &self.buys } else { &self.sells }
    }

    pub(super) fn side_mut(&mut self, is_buy: bool) -> &mut Side {
        if is_buy { &mut self.buys } else { &mut self.sells }
    }
}

/// All instruments that are known from queries, prices or orders.
#[derive(Debug, Default)]
pub(super) struct Instruments {
    places: Vec<Place>,
    ids: HashMap<Text<81>, u32>,
    /// The place that was asked for last: orders come one after the other for few instruments.
    last: Cell<u32>,
    /// Whether all instruments of the trading day are known.
    pub(super) complete: bool,
}

impl Instruments {
    /// Takes what an unfiltered query returned: what is not in it does not exist.
    pub(super) fn replace(&mut self, rows: &[Arc<Instrument>]) {
        for place in &mut self.places {
            place.row = None;
        }
        self.add(rows);
        self.complete = !rows.is_empty();
    }

    /// Takes what a filtered query returned.
    pub(super) fn add(&mut self, rows: &[Arc<Instrument>]) {
        for row in rows {
            let at = self.place_of(&row.instrument_id);
            self.at_mut(at).row = Some(Arc::clone(row));
        }
    }

    pub(super) fn get(&self, id: &Text<81>) -> Option<&Place> {
        self.find(id).map(|at| self.at(at))
    }

    /// Returns the instrument's place, which is made if it has none.
    pub(super) fn place_of(&mut self, id: &Text<81>) -> u32 {
        if let Some(at) = self.find(id) {
            return at;
        }
        // There are far fewer instruments than numbers.
        let at = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.ids.insert(*id, at);
        self.places.push(Place { id: *id, ..Place::default() });
        at
    }

    fn find(&self, id: &Text<81>) -> Option<u32> {
        let last = self.last.get();
        if self.places.get(last as usize).is_some_and(|place| place.id.raw() == id.raw()) {
            return Some(last);
        }
        let at = *self.ids.get(id)?;
        self.last.set(at);
        Some(at)
    }

    pub(super) fn at(&self, at: u32) -> &Place {
        &self.places[at as usize]
    }

    pub(super) fn at_mut(&mut self, at: u32) -> &mut Place {
        &mut self.places[at as usize]
    }
}
