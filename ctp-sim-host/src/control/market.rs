//! What is listed, and its market.

use ctp_sim::look::{self, Book, InstrumentsWanted, Page, Trade, Wanted};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ControlError;
use super::operation::{Operation, Request, Run, needed, optional};
use crate::simulator::Simulator;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: Instrument::NAME,
        help: "shows an instrument's record and its present tick",
        arguments: &[needed("id", "the instrument, for example rb2701")],
        answer: "fields by their C names, as text; null when it is not listed",
        example: "id=rb2701",
        run: Run::of::<Instrument>(),
    },
    Operation {
        name: InstrumentsWanted::NAME,
        help: "lists what is listed",
        arguments: &[
            optional("venue", "only of this exchange, for example SHFE"),
            optional("product", "only of this product, for example rb or m_o"),
            optional("text", "only those with this text in their id"),
            optional("subscribed", "true: only those that somebody subscribed to").switch(),
            optional("offset", "how many to leave out; default 0").number(),
            optional("limit", "how many at most; default 100, at most 1000").number(),
        ],
        answer: "rows, more",
        example: "product=rb",
        run: Run::of::<InstrumentsWanted>(),
    },
    Operation {
        name: BookWanted::NAME,
        help: "shows an instrument's book, its prices of the day, and the clients' last trades in it",
        arguments: &[
            needed("id", "the instrument"),
            optional("trades", "how many of the last trades; default 10, at most 1000").number(),
        ],
        answer: "book, trades",
        example: "id=rb2701",
        run: Run::of::<BookWanted>(),
    },
];

/// Asks for an instrument's record and its present tick.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// The instrument.
    pub id: String,
}

/// An instrument's record and its present tick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentFields {
    /// Texts by their C names; `None` when it is not listed.
    pub fields: Option<Map<String, Value>>,
}

impl Request for Instrument {
    const NAME: &'static str = "instrument";
    type Answer = InstrumentFields;

    fn carry_out(self, exchange: &Simulator) -> Result<InstrumentFields, ControlError> {
        let fields = exchange.instrument(&self.id).map(|fields| {
            // The instrument's own fields go before those of its tick.
            let mut texts = Map::new();
            for (name, value) in fields {
                texts.entry(name).or_insert(Value::String(value));
            }
            texts
        });
        Ok(InstrumentFields { fields })
    }
}

impl Request for InstrumentsWanted {
    const NAME: &'static str = "instruments";
    type Answer = Page<look::Instrument>;

    fn carry_out(self, exchange: &Simulator) -> Result<Self::Answer, ControlError> {
        super::look(exchange, |exchange| exchange.look_at_instruments(&self))
    }
}

/// Asks for an instrument's book.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookWanted {
    /// The instrument.
    pub id: String,
    /// How many of the clients' last trades; default 10.
    #[serde(default = "ten")]
    pub trades: usize,
}

const fn ten() -> usize {
    10
}

/// An instrument's book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BookAndTrades {
    /// The market.
    pub book: Book,
    /// The clients' last trades in it, the newest first.
    pub trades: Vec<Trade>,
}

impl Request for BookWanted {
    const NAME: &'static str = "book";
    type Answer = BookAndTrades;

    fn carry_out(self, exchange: &Simulator) -> Result<BookAndTrades, ControlError> {
        let found = super::look(exchange, |exchange| {
            exchange.know_instrument(&self.id)?;
            let wanted = Wanted {
                instrument: Some(self.id.clone()),
                newest: true,
                limit: Some(self.trades),
                ..Wanted::default()
            };
            let trades = exchange.look_at_trades(&wanted).rows;
            Ok::<_, ctp_sim::Refused>(
                exchange.look_at_book(&self.id).map(|book| BookAndTrades { book, trades }),
            )
        })??;
        found.ok_or_else(|| ControlError::Dead(exchange.name().to_owned()))
    }
}
