//! What the order desk keeps beside the orders: their numbers, and how they are found again.

use std::collections::BTreeMap;

use ctp_market::Exchange as Venue;
use ctp_types::Text;

use crate::market::instrument::MarketIndex;
use crate::matching::OrderIndex;
use crate::order::operator::Refusals;
use crate::order::record::{Participant, Words};
use crate::order::references::References;
use crate::order::rights::{Rights, Traffic};
use crate::order::state::Notes;
use crate::text::text;

/// The order desk's own state.
#[derive(Debug)]
pub(crate) struct Desk {
    /// The day in every record's column.
    pub(crate) trading_day: Text<9>,
    pub(crate) participant: Participant,
    pub(crate) words: Words,
    pub(crate) notes: Notes,
    pub(crate) rights: Rights,
    pub(crate) traffic: Traffic,
    pub(crate) conditions: Waiting,
    pub(crate) stops: Waiting,
    /// Orders that are valid for the section.
    pub(crate) sections: Waiting,
    pub(crate) order_refusals: Refusals,
    pub(crate) cancel_refusals: Refusals,
    /// Orders on their way to each exchange.
    in_transit: [usize; 6],
    /// References given to orders that the core made.
    core_references: u64,
    exchange_ids: [Text<9>; 6],
    by_reference: References,
    /// Orders by the number in their OrderSysID, from 1.
    by_sys_number: Vec<usize>,
    /// Conditional orders by the number in theirs, from 1.
    conditional: Vec<usize>,
}

/// How the OrderSysID of a conditional order begins.
const CONDITIONAL: &[u8] = b"TJBD_";

/// Orders that wait for a price, by market, in order of entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting(BTreeMap<MarketIndex, Vec<OrderIndex>>);

impl Waiting {
    pub(crate) fn add(&mut self, market: MarketIndex, order: OrderIndex) {
        self.0.entry(market).or_default().push(order);
    }

    pub(crate) fn remove(&mut self, market: MarketIndex, order: OrderIndex) {
        if let Some(orders) = self.0.get_mut(&market) {
            orders.retain(|other| *other != order);
            if orders.is_empty() {
                self.0.remove(&market);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, market: MarketIndex) -> Vec<OrderIndex> {
        self.0.remove(&market).unwrap_or_default()
    }

    pub(crate) fn of(&self, market: MarketIndex) -> &[OrderIndex] {
        self.0.get(&market).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn waiting(&self) -> impl Iterator<Item = &OrderIndex> + Clone {
        self.0.values().flatten()
    }
}

impl Desk {
    pub(crate) fn new(broker: &str, trading_day: Text<9>) -> Self {
        Self {
            trading_day,
            participant: Participant::new(broker),
            words: Words::new(),
            notes: Notes::default(),
            rights: Rights::default(),
            traffic: Traffic::default(),
            conditions: Waiting::default(),
            stops: Waiting::default(),
            sections: Waiting::default(),
            order_refusals: Refusals::default(),
            cancel_refusals: Refusals::default(),
            in_transit: [0; 6],
            core_references: 0,
            conditional: Vec::new(),
            exchange_ids: Venue::ALL.map(|venue| text(venue.id())),
            by_reference: References::default(),
            by_sys_number: Vec::new(),
        }
    }

    /// Forgets the day's orders; what broker and exchanges allow stays.
    pub(crate) fn begin_day(&mut self, trading_day: Text<9>) {
        self.trading_day = trading_day;
        self.traffic = Traffic::default();
        self.conditions = Waiting::default();
        self.stops = Waiting::default();
        self.sections = Waiting::default();
        self.in_transit = [0; 6];
        self.core_references = 0;
        self.by_reference.clear();
        self.by_sys_number.clear();
        self.conditional.clear();
    }

    pub(crate) fn exchange_id(&self, venue: Venue) -> Text<9> {
        self.exchange_ids[venue as usize]
    }

    /// Makes an order known by its reference.
    pub(crate) fn refer(&mut self, session_id: i32, order_ref: &Text<13>, order: usize) {
        self.by_reference.add(session_id, order_ref, order);
    }

    /// Forgets every reference; the orders get new ones.
    pub(crate) fn forget_references(&mut self) {
        self.by_reference.clear();
    }

    pub(crate) fn find_reference(&self, session_id: i32, order_ref: &Text<13>) -> Option<usize> {
        self.by_reference.find(session_id, order_ref)
    }

    /// Makes an order known by the next OrderSysID; returns its number.
    pub(crate) fn next_sys_number(&mut self, order: usize) -> u64 {
        self.by_sys_number.push(order);
        self.by_sys_number.len() as u64
    }

    /// Returns whether an order waits for a price.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.conditions.is_empty() || !self.stops.is_empty()
    }

    /// Counts an order that sets out for its exchange; returns how many are on the way.
    pub(crate) fn set_out(&mut self, venue: Venue) -> usize {
        let count = &mut self.in_transit[venue as usize];
        *count += 1;
        *count
    }

    pub(crate) fn arrive(&mut self, venue: Venue) {
        let count = &mut self.in_transit[venue as usize];
        *count = count.saturating_sub(1);
    }

    /// Returns the next number for the OrderRef of an order that the core makes.
    pub(crate) fn next_core_reference(&mut self) -> u64 {
        self.core_references += 1;
        self.core_references
    }

    /// Makes a conditional order known; returns its OrderSysID.
    pub(crate) fn next_conditional(&mut self, order: usize) -> Text<21> {
        self.conditional.push(order);
        text(&format!("TJBD_{:08}", self.conditional.len()))
    }

    /// Returns the order with this number in its OrderSysID; whether the text is the same is for the caller to see.
    pub(crate) fn find_sys_id(&self, sys_id: &Text<21>) -> Option<usize> {
        let bytes = sys_id.as_bytes();
        if let Some(digits) = bytes.strip_prefix(CONDITIONAL) {
            return self.conditional.get(number(digits).checked_sub(1)?).copied();
        }
        // All of ours end in at most 12 digits of the number; CZCE's 16 begin with the date.
        let start = if bytes.len() == 16 { 8 } else { 0 };
        self.by_sys_number.get(number(bytes.get(start..)?).checked_sub(1)?).copied()
    }
}

/// Reads the digits among some bytes as a number.
fn number(bytes: &[u8]) -> usize {
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).take(18);
    digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
}
