//! What the operator looks up: it is no query of a client's.

use ctp_types::{DepthMarketDataField, InstrumentField, QryDepthMarketDataField, Text};

use crate::exchange::Exchange;

impl Exchange {
    /// Returns the record of an instrument and its present tick, as queries show them; `None` when it is not listed.
    pub fn instrument(&self, id: &str) -> Option<(InstrumentField, DepthMarketDataField)> {
        let id = Text::new(id).ok().filter(|id: &Text<81>| !id.is_empty())?;
        let query = QryDepthMarketDataField { instrument_id: id, ..QryDepthMarketDataField::default() };
        let tick = self.query_depth(&query).pop()?;
        let market = self.markets.get(*self.market_by_id.get(&id)?)?;
        Some((self.instrument_record(market), tick))
    }
}
