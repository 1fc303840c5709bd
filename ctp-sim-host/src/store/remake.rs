//! Making an exchange again from the inputs of a store.

use std::panic::{self, AssertUnwindSafe};

use ctp_sim::{Config, Exchange, Input, Output, SessionId, Timestamp};
use rusqlite::Connection;

use super::digest::{self, Hash};
use super::file::{Ended, Meta, damaged, sqlite};
use super::witness::Witness;
use super::{StoreError, encoding, next_of};

/// An exchange as its inputs made it.
pub(super) struct Remade {
    pub(super) exchange: Exchange,
    pub(super) reached: Timestamp,
    pub(super) witness: Witness,
    pub(super) rows: u64,
    pub(super) chain: Hash,
    pub(super) session_next: u64,
    /// Checkpoints that were compared.
    pub(super) compared: u64,
}

/// A state that the exchange must come to.
struct Checkpoint {
    row: u64,
    reached: Timestamp,
    entries: u64,
    digest: Hash,
}

/// Makes the exchange again, and compares it with what is known of it on the way.
pub(super) fn run(
    connection: &Connection,
    meta: &Meta,
    ended: &Ended,
    config: Config,
) -> Result<Remade, StoreError> {
    let mut checkpoints = checkpoints(connection, meta)?;
    if let Ended::At(head) = ended {
        // A head that was never written over says nothing yet.
        if head.entries > 0 {
            let (row, reached) = (head.rows, head.reached);
            checkpoints.push(Checkpoint { row, reached, entries: head.entries, digest: head.digest });
        }
    }
    checkpoints.sort_by_key(|checkpoint| (checkpoint.row, checkpoint.reached));
    let mut making = Making {
        meta,
        reached: config.start,
        exchange: Exchange::new(config)?,
        witness: Witness::default(),
        outputs: Vec::new(),
        rows: 0,
        chain: meta.origin,
        highest: None,
        compared: 0,
    };
    let made = panic::catch_unwind(AssertUnwindSafe(|| making.all(connection, ended, &checkpoints)));
    made.unwrap_or_else(|_| Err(making.differs("the exchange panics here; this is a bug of the simulator")))?;
    let Making { exchange, reached, witness, rows, chain, highest, compared, .. } = making;
    Ok(Remade { exchange, reached, witness, rows, chain, session_next: next_of(highest), compared })
}

fn checkpoints(connection: &Connection, meta: &Meta) -> Result<Vec<Checkpoint>, StoreError> {
    let failed = |cause| sqlite(&meta.path, cause);
    let mut statement =
        connection.prepare("SELECT row, reached, entries, digest FROM checkpoints").map_err(failed)?;
    let rows = statement.query_map([], |row| {
        let (at, reached, entries): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Checkpoint {
            row: at as u64,
            reached: Timestamp(reached),
            entries: entries as u64,
            digest: row.get(3)?,
        })
    });
    rows.map_err(failed)?.collect::<Result<_, _>>().map_err(failed)
}

struct Making<'a> {
    meta: &'a Meta,
    exchange: Exchange,
    reached: Timestamp,
    witness: Witness,
    outputs: Vec<Output>,
    rows: u64,
    chain: Hash,
    highest: Option<SessionId>,
    compared: u64,
}

impl Making<'_> {
    fn all(
        &mut self,
        connection: &Connection,
        ended: &Ended,
        checkpoints: &[Checkpoint],
    ) -> Result<(), StoreError> {
        let path = &self.meta.path;
        let failed = |cause| sqlite(path, cause);
        let mut expected = checkpoints.iter().peekable();
        let mut statement = connection
            .prepare("SELECT row, \"from\", at, input, chain FROM inputs ORDER BY row")
            .map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        loop {
            if let Ended::At(head) = ended
                && head.rows == self.rows
                && head.chain != self.chain
            {
                return Err(self.damaged("its chain of checksums does not fit the file beside it (-head)"));
            }
            while let Some(checkpoint) = expected.next_if(|checkpoint| checkpoint.row == self.rows) {
                self.compare(checkpoint)?;
            }
            let Some(row) = rows.next().map_err(failed)? else { break };
            let number: i64 = row.get(0).map_err(failed)?;
            let (from, at): (i64, i64) = (row.get(1).map_err(failed)?, row.get(2).map_err(failed)?);
            let input: Vec<u8> = row.get(3).map_err(failed)?;
            let chain: Hash = row.get(4).map_err(failed)?;
            if number as u64 != self.rows + 1 {
                return Err(self.damaged(&format!("row {number} follows: the rows between are gone")));
            }
            if link(&self.chain, number as u64, Timestamp(from), Timestamp(at), &input) != chain {
                self.rows += 1;
                return Err(self.damaged("its checksum does not fit: it was changed"));
            }
            (self.rows, self.chain) = (self.rows + 1, chain);
            let decoded = encoding::decode(&input).map_err(|error| self.damaged(&error.to_string()))?;
            self.take(Timestamp(from), Timestamp(at), decoded)?;
        }
        let (written, exact) = match ended {
            Ended::Never => (0, false),
            Ended::At(head) => (head.rows, head.process == 0),
            Ended::Closed(rows) => (*rows, true),
        };
        if self.rows < written {
            return Err(StoreError::Lost { path: path.clone(), written, found: self.rows });
        }
        if exact && self.rows > written {
            return Err(self.damaged(&format!("it was closed with {written} rows, but more are there")));
        }
        if let Some(checkpoint) = expected.next() {
            return Err(self.damaged(&format!("a checkpoint of row {} has no such row", checkpoint.row)));
        }
        Ok(())
    }

    fn take(&mut self, from: Timestamp, at: Timestamp, input: Input) -> Result<(), StoreError> {
        let skips = matches!(input, Input::Skip);
        self.advance(if skips { from } else { at });
        if at < self.reached {
            return Err(self.differs(&format!("it stands at {} already", self.reached.china())));
        }
        self.highest = self.highest.max(session_of(&input));
        self.reached = at;
        self.witness.input(at, &input);
        self.step(input);
        Ok(())
    }

    fn advance(&mut self, until: Timestamp) {
        while let Some(due) = self.exchange.next_deadline().filter(|due| *due <= until) {
            self.reached = self.reached.max(due);
            self.witness.input(self.reached, &Input::Advance);
            self.step(Input::Advance);
        }
    }

    fn step(&mut self, input: Input) {
        self.exchange.step(self.reached, input, &mut self.outputs);
        self.witness.outputs(self.reached, &self.outputs);
        self.outputs.clear();
    }

    fn compare(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        self.advance(checkpoint.reached);
        self.compared += 1;
        let (entries, digest) = (self.witness.entries(), self.witness.digest());
        if (entries, digest) == (checkpoint.entries, checkpoint.digest) {
            return Ok(());
        }
        let difference = match entries == checkpoint.entries {
            true => "clients would have been told other things".to_owned(),
            false => format!("{entries} messages went in and out instead of {}", checkpoint.entries),
        };
        Err(self.differs(&difference))
    }

    fn differs(&self, difference: &str) -> StoreError {
        StoreError::Differs {
            path: self.meta.path.clone(),
            row: self.rows,
            at: self.reached.china(),
            difference: difference.to_owned(),
            build: self.meta.build.clone(),
        }
    }

    fn damaged(&self, what: &str) -> StoreError {
        damaged(&self.meta.path, &format!("row {} of inputs", self.rows), what)
    }
}

/// Returns the link of a row in the chain.
pub(super) fn link(before: &Hash, row: u64, from: Timestamp, at: Timestamp, input: &[u8]) -> Hash {
    digest::of(&[before, &row.to_le_bytes(), &from.0.to_le_bytes(), &at.0.to_le_bytes(), input])
}

fn session_of(input: &Input) -> Option<SessionId> {
    match input {
        Input::Connect { session, .. }
        | Input::Disconnect { session }
        | Input::Topics { session, .. }
        | Input::Trader { session, .. }
        | Input::Md { session, .. }
        | Input::Subscribe { session, .. }
        | Input::Unsubscribe { session, .. }
        | Input::SubscribeForQuote { session, .. }
        | Input::UnsubscribeForQuote { session, .. } => Some(*session),
        Input::Command(_) | Input::Advance | Input::Skip => None,
    }
}
