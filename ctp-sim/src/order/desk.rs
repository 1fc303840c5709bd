//! What the order desk keeps beside the orders: their numbers, and how they are found again.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use ctp_market::Exchange as Venue;
use ctp_types::Text;

use crate::order::record::{Participant, Words};
use crate::order::state::Notes;
use crate::text::text;

/// The order desk's own state.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) participant: Participant,
    pub(crate) words: Words,
    pub(crate) notes: Notes,
    exchange_ids: [Text<9>; 6],
    by_reference: HashMap<Reference, usize, BuildHasherDefault<Mixer>>,
    /// Orders by the number in their OrderSysID, from 1.
    by_sys_number: Vec<usize>,
}

/// SessionID and OrderRef as they stand in the order's records. There is one front.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Reference {
    session_id: i32,
    order_ref: u128,
}

impl Desk {
    pub(crate) fn new(broker: &str) -> Self {
        Self {
            participant: Participant::new(broker),
            words: Words::new(),
            notes: Notes::default(),
            exchange_ids: Venue::ALL.map(|venue| text(venue.id())),
            by_reference: HashMap::default(),
            by_sys_number: Vec::new(),
        }
    }

    pub(crate) fn exchange_id(&self, venue: Venue) -> Text<9> {
        self.exchange_ids[venue as usize]
    }

    /// Makes an order known by its reference.
    pub(crate) fn refer(&mut self, session_id: i32, order_ref: &Text<13>, order: usize) {
        self.by_reference.insert(Reference::new(session_id, order_ref), order);
    }

    /// Forgets every reference; the orders get new ones.
    pub(crate) fn forget_references(&mut self) {
        self.by_reference.clear();
    }

    pub(crate) fn find_reference(&self, session_id: i32, order_ref: &Text<13>) -> Option<usize> {
        self.by_reference.get(&Reference::new(session_id, order_ref)).copied()
    }

    /// Makes an order known by the next OrderSysID; returns its number.
    pub(crate) fn next_sys_number(&mut self, order: usize) -> u64 {
        self.by_sys_number.push(order);
        self.by_sys_number.len() as u64
    }

    /// Returns the order with this number in its OrderSysID; whether the text is the same is for the caller to see.
    pub(crate) fn find_sys_id(&self, sys_id: &Text<21>) -> Option<usize> {
        let bytes = sys_id.as_bytes();
        // All of ours end in at most 12 digits of the number; CZCE's 16 begin with the date.
        let start = if bytes.len() == 16 { 8 } else { 0 };
        let digits = bytes.get(start..)?.iter().filter(|byte| byte.is_ascii_digit());
        let number = digits.take(18).fold(0_usize, |number, digit| number * 10 + usize::from(digit - b'0'));
        self.by_sys_number.get(number.checked_sub(1)?).copied()
    }
}

impl Reference {
    fn new(session_id: i32, order_ref: &Text<13>) -> Self {
        let order_ref = order_ref.as_bytes().iter().fold(0, |text, byte| text << 8 | u128::from(*byte));
        Self { session_id, order_ref }
    }
}

/// A hash that is the same on every machine: each word is mixed in by multiplication.
#[derive(Default)]
pub(crate) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_i32(&mut self, number: i32) {
        self.write_u64(u64::from(number.cast_unsigned()));
    }

    fn write_u128(&mut self, number: u128) {
        self.write_u64(number as u64);
        self.write_u64((number >> 64) as u64);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}
