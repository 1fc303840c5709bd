//! Accounts and positions.

use ctp_sim::look::{self, LIMIT, LIMIT_MAX, Page};
use serde::{Deserialize, Serialize};

use super::ControlError;
use super::operation::{Argument, Operation, Request, Run, optional};
use crate::simulator::Simulator;

const INVESTOR: Argument = optional("investor", "only of this investor");
const OFFSET: Argument = optional("offset", "how many to leave out; default 0").number();
const LIMITED: Argument = optional("limit", "how many at most; default 100, at most 1000").number();

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: Positions::NAME,
        help: "lists the positions, as a query shows them",
        arguments: &[INVESTOR, optional("instrument", "only of this instrument"), OFFSET, LIMITED],
        answer: "rows, more",
        example: "investor=146571",
        run: Run::of::<Positions>(),
    },
    Operation {
        name: Accounts::NAME,
        help: "lists the accounts at the present prices",
        arguments: &[INVESTOR, OFFSET, LIMITED],
        answer: "rows, more",
        example: "investor=146571",
        run: Run::of::<Accounts>(),
    },
];

/// Asks for positions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Positions {
    /// Of one investor only.
    pub investor: Option<String>,
    /// Of one instrument only.
    pub instrument: Option<String>,
    /// How many to leave out.
    pub offset: usize,
    /// How many at most; default 100.
    pub limit: Option<usize>,
}

/// Asks for accounts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    /// Of one investor only.
    pub investor: Option<String>,
    /// How many to leave out.
    pub offset: usize,
    /// How many at most; default 100.
    pub limit: Option<usize>,
}

impl Request for Positions {
    const NAME: &'static str = "positions";
    type Answer = Page<look::Position>;

    fn carry_out(self, exchange: &Simulator) -> Result<Self::Answer, ControlError> {
        let (investor, instrument) = (self.investor.as_deref(), self.instrument.as_deref());
        let rows = super::look(exchange, |exchange| {
            investor.map_or(Ok(()), |investor| exchange.know_investor(investor))?;
            instrument.map_or(Ok(()), |instrument| exchange.know_instrument(instrument))?;
            Ok::<_, ctp_sim::Refused>(exchange.look_at_positions(investor, instrument))
        })??;
        Ok(part(rows, self.offset, self.limit))
    }
}

impl Request for Accounts {
    const NAME: &'static str = "accounts";
    type Answer = Page<look::Account>;

    fn carry_out(self, exchange: &Simulator) -> Result<Self::Answer, ControlError> {
        let investor = self.investor.as_deref();
        let rows = super::look(exchange, |exchange| {
            investor.map_or(Ok(()), |investor| exchange.know_investor(investor))?;
            Ok::<_, ctp_sim::Refused>(exchange.look_at_accounts(investor))
        })??;
        Ok(part(rows, self.offset, self.limit))
    }
}

fn part<T>(mut rows: Vec<T>, offset: usize, limit: Option<usize>) -> Page<T> {
    rows.drain(..offset.min(rows.len()));
    let limit = limit.unwrap_or(LIMIT).min(LIMIT_MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    Page { rows, more }
}
