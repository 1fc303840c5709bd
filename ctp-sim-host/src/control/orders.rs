//! Orders and trades.

use ctp_sim::Refused;
use ctp_sim::look::{self, Page, Wanted};
use serde::{Deserialize, Serialize};

use super::ControlError;
use super::operation::{Argument, Operation, Request, Run, optional};
use crate::simulator::Simulator;

const INVESTOR: Argument = optional("investor", "only of this investor");
const INSTRUMENT: Argument = optional("instrument", "only of this instrument");
const NEWEST: Argument = optional("newest", "true: the newest first").switch();
const OFFSET: Argument = optional("offset", "how many to leave out; default 0").number();
const LIMIT: Argument = optional("limit", "how many at most; default 100, at most 1000").number();

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: Orders::NAME,
        help: "lists the orders of the trading day",
        arguments: &[
            INVESTOR,
            INSTRUMENT,
            optional("live", "true: only those that may still trade; false: only those that ended").switch(),
            NEWEST,
            OFFSET,
            LIMIT,
        ],
        answer: "rows, more",
        example: "investor=146571 live=true",
        run: Run::of::<Orders>(),
    },
    Operation {
        name: Trades::NAME,
        help: "lists the clients' trades of the trading day",
        arguments: &[INVESTOR, INSTRUMENT, NEWEST, OFFSET, LIMIT],
        answer: "rows, more",
        example: "newest=true limit=20",
        run: Run::of::<Trades>(),
    },
];

/// Asks for the orders of the trading day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Orders(pub Wanted);

/// Asks for the clients' trades of the trading day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trades(pub Wanted);

impl Request for Orders {
    const NAME: &'static str = "orders";
    type Answer = Page<look::Order>;

    fn carry_out(self, exchange: &Simulator) -> Result<Self::Answer, ControlError> {
        super::look(exchange, |exchange| {
            check(exchange, &self.0)?;
            Ok(exchange.look_at_orders(&self.0))
        })?
    }
}

impl Request for Trades {
    const NAME: &'static str = "trades";
    type Answer = Page<look::Trade>;

    fn carry_out(self, exchange: &Simulator) -> Result<Self::Answer, ControlError> {
        super::look(exchange, |exchange| {
            check(exchange, &self.0)?;
            Ok(exchange.look_at_trades(&self.0))
        })?
    }
}

fn check(exchange: &ctp_sim::Exchange, wanted: &Wanted) -> Result<(), Refused> {
    wanted.investor.as_deref().map_or(Ok(()), |investor| exchange.know_investor(investor))?;
    wanted.instrument.as_deref().map_or(Ok(()), |instrument| exchange.know_instrument(instrument))
}
