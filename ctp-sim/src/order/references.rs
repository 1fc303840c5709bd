//! Orders by SessionID and OrderRef (§5.4). There is one front.

use std::collections::BTreeMap;

use ctp_types::Text;

/// The orders of every session by their reference.
///
/// References rise within a session, so that a new one goes to the end and an old one is found by halving.
#[derive(Clone, Debug, Default)]
pub(crate) struct References(BTreeMap<i32, Vec<Entry>>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    number: u64,
    /// As it stands in the records: one number is written in more than one way.
    text: Text<13>,
    order: usize,
}

impl References {
    /// Makes an order known by its reference.
    pub(crate) fn add(&mut self, session_id: i32, order_ref: &Text<13>, order: usize) {
        let entries = self.0.entry(session_id).or_default();
        let number = number_of(order_ref);
        let is_next = entries.last().is_none_or(|last| last.number <= number);
        let place =
            if is_next { entries.len() } else { entries.partition_point(|entry| entry.number <= number) };
        entries.insert(place, Entry { number, text: *order_ref, order });
    }

    /// Returns the order with exactly this reference, blanks included (§5.8).
    pub(crate) fn find(&self, session_id: i32, order_ref: &Text<13>) -> Option<usize> {
        let entries = self.0.get(&session_id)?;
        let number = number_of(order_ref);
        let first = entries.partition_point(|entry| entry.number < number);
        let same = entries[first..].iter().take_while(|entry| entry.number == number);
        same.filter(|entry| entry.text == *order_ref).last().map(|entry| entry.order)
    }

    /// Forgets every reference.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

fn number_of(order_ref: &Text<13>) -> u64 {
    let digits = order_ref.as_bytes().iter().filter(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Text<13> {
        Text::new(value).expect("a short text")
    }

    #[test]
    fn the_last_order_with_exactly_the_text_is_found() {
        let mut references = References::default();
        for (order, value) in ["1", "3", "           3", "10", "2", "003", "3"].into_iter().enumerate() {
            references.add(-7, &text(value), order);
        }
        for (value, order) in
            [("1", 0), ("2", 4), ("3", 6), ("           3", 2), ("003", 5), ("10", 3), ("999999999999", 7)]
        {
            assert_eq!(references.find(-7, &text(value)), (order < 7).then_some(order), "{value}");
        }
        assert_eq!(references.find(-7, &text("03")), None);
        assert_eq!(references.find(7, &text("1")), None);
        assert_eq!(references.find(-7, &Text::default()), None);
        references.clear();
        assert_eq!(references.find(-7, &text("1")), None);
    }
}
