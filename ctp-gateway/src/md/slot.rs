//! A tick as it goes through the ring: the record's fields and two stamps, as words.
//!
//! The words hold every byte of every field, texts behind their NUL and dead fields included, and none of the record's
//! padding; so they need nothing unsafe, and are less than the record's own.

use ctp_types::{DepthMarketDataField, Text};

/// The words of a tick.
pub(crate) type Words = [u64; WORDS];

const WORDS: usize = STAMPS + TEXT_WORDS + DOUBLES + INTS / 2;
const STAMPS: usize = 2;
const TEXT_BYTES: usize = 9 + 31 + 9 + 31 + 9 + 9 + 81 + 81;
const TEXT_WORDS: usize = TEXT_BYTES.div_ceil(8);
const DOUBLES: usize = 28;
const INTS: usize = 12;

/// Names the fields once, for both ways.
macro_rules! fields {
    ($with:ident) => {
        $with! {
            texts {
                trading_day: 9, reserve1: 31, exchange_id: 9, reserve2: 31, update_time: 9, action_day: 9,
                instrument_id: 81, exchange_inst_id: 81,
            }
            doubles {
                last_price, pre_settlement_price, pre_close_price, pre_open_interest, open_price, highest_price,
                lowest_price, turnover, open_interest, close_price, settlement_price, upper_limit_price,
                lower_limit_price, pre_delta, curr_delta, bid_price1, ask_price1, bid_price2, ask_price2,
                bid_price3, ask_price3, bid_price4, ask_price4, bid_price5, ask_price5, average_price,
                banding_upper_price, banding_lower_price,
            }
            ints {
                volume update_millisec, bid_volume1 ask_volume1, bid_volume2 ask_volume2, bid_volume3 ask_volume3,
                bid_volume4 ask_volume4, bid_volume5 ask_volume5,
            }
        }
    };
}

macro_rules! pack {
    (
        texts { $($text:ident: $length:literal),* $(,)? }
        doubles { $($double:ident),* $(,)? }
        ints { $($low:ident $high:ident),* $(,)? }
    ) => {
        /// Returns the words of a tick.
        #[inline]
        pub(crate) fn to_words(record: &DepthMarketDataField, received_ns: i64, link: u64) -> Words {
            // Taking it apart names every field: one that a later model adds does not compile here.
            let DepthMarketDataField { $($text,)* $($double,)* $($low, $high,)* } = record;
            let mut words = [0; WORDS];
            words[0] = received_ns.cast_unsigned();
            words[1] = link;
            let mut bytes = [0; TEXT_WORDS * 8];
            let mut rest = &mut bytes[..];
            $(
                let (field, after) = rest.split_at_mut($length);
                field.copy_from_slice($text.raw());
                rest = after;
            )*
            let _ = rest;
            let (texts, numbers) = words[STAMPS..].split_at_mut(TEXT_WORDS);
            for (word, bytes) in texts.iter_mut().zip(bytes.as_chunks::<8>().0) {
                *word = u64::from_ne_bytes(*bytes);
            }
            let doubles = [$($double.to_bits()),*];
            let (doubles_in, ints_in) = numbers.split_at_mut(DOUBLES);
            doubles_in.copy_from_slice(&doubles);
            ints_in.copy_from_slice(&[$(pair(*$low, *$high)),*]);
            words
        }
    };
}

macro_rules! unpack {
    (
        texts { $($text:ident: $length:literal),* $(,)? }
        doubles { $($double:ident),* $(,)? }
        ints { $($low:ident $high:ident),* $(,)? }
    ) => {
        /// Fills a record with the words of a tick, bit for bit.
        #[inline]
        pub(crate) fn read(words: &Words, record: &mut DepthMarketDataField) {
            // As in `to_words`, every field is named.
            let DepthMarketDataField { $($text,)* $($double,)* $($low, $high,)* } = record;
            let (texts, numbers) = words[STAMPS..].split_at(TEXT_WORDS);
            let mut bytes = [0; TEXT_WORDS * 8];
            for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(texts) {
                *bytes = word.to_ne_bytes();
            }
            let rest = &bytes[..];
            $(
                let (field, rest) = rest.split_first_chunk::<$length>().unwrap_or((&[0; $length], &[]));
                *$text = Text::of_field(*field);
            )*
            let _ = rest;
            let (doubles, ints) = numbers.split_at(DOUBLES);
            let mut doubles = doubles.iter().map(|word| f64::from_bits(*word));
            $(*$double = doubles.next().unwrap_or_default();)*
            let mut ints = ints.iter().map(|word| (*word as i32, (*word >> 32) as i32));
            $((*$low, *$high) = ints.next().unwrap_or_default();)*
        }

        /// Returns the record in the words of a tick, bit for bit.
        pub(crate) fn record(words: &Words) -> DepthMarketDataField {
            let mut record = DepthMarketDataField::default();
            read(words, &mut record);
            record
        }
    };
}

fields!(pack);
fields!(unpack);

/// Returns when the tick in the words was received, in nanoseconds since the Unix epoch.
#[inline]
pub(crate) fn received_ns(words: &Words) -> i64 {
    words[0].cast_signed()
}

/// Returns the number of the connection that the tick in the words came on.
#[inline]
pub(crate) fn link(words: &Words) -> u64 {
    words[1]
}

/// Returns a number that differs, as good as always, if anything in the record differs.
#[inline]
pub(crate) fn fingerprint(words: &Words) -> u64 {
    // Four sums at once: one alone would wait for each multiplication.
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut lanes = [ODD, ODD.rotate_left(16), ODD.rotate_left(32), ODD.rotate_left(48)];
    let (chunks, rest) = words[STAMPS..].as_chunks::<4>();
    for chunk in chunks {
        for (lane, word) in lanes.iter_mut().zip(chunk) {
            *lane = (*lane ^ word).wrapping_mul(ODD).rotate_left(29);
        }
    }
    for (lane, word) in lanes.iter_mut().zip(rest) {
        *lane = (*lane ^ word).wrapping_mul(ODD).rotate_left(29);
    }
    lanes.into_iter().fold(0, |sum, lane| (sum ^ lane).wrapping_mul(ODD).rotate_left(31))
}

#[inline]
fn pair(low: i32, high: i32) -> u64 {
    u64::from(low.cast_unsigned()) | u64::from(high.cast_unsigned()) << 32
}

#[cfg(test)]
mod tests {
    use ctp_types::{Record, RecordBox, RecordRef};

    use super::*;

    fn bytes(record: &DepthMarketDataField) -> Vec<u8> {
        let mut bytes = Vec::new();
        RecordRef::from_record(record).append_to(&mut bytes);
        bytes
    }

    #[test]
    fn every_byte_of_every_field_comes_back() {
        for seed in 0..=255_usize {
            let descriptor = DepthMarketDataField::DESCRIPTOR;
            let pattern: Vec<u8> = (0..descriptor.size).map(|at| (at * 7 + seed) as u8).collect();
            let record = RecordBox::from_bytes(descriptor, &pattern).expect("of its size");
            let record: &DepthMarketDataField = record.get().expect("a tick");
            let words = to_words(record, -5, 9);
            assert_eq!((received_ns(&words), link(&words)), (-5, 9));
            assert_eq!(bytes(&super::record(&words)), bytes(record), "{seed}");
        }
    }

    #[test]
    fn a_fingerprint_sees_every_field() {
        let base = DepthMarketDataField::default();
        let print = |record: &DepthMarketDataField| fingerprint(&to_words(record, 0, 0));
        let mut seen = std::collections::BTreeSet::from([print(&base)]);
        let size = DepthMarketDataField::DESCRIPTOR.size;
        let mut in_fields = 1;
        for at in 0..size {
            let mut changed = bytes(&base);
            changed[at] = 1;
            let changed =
                RecordBox::from_bytes(DepthMarketDataField::DESCRIPTOR, &changed).expect("its size");
            let changed = changed.get::<DepthMarketDataField>().expect("a tick");
            if bytes(changed) != bytes(&base) {
                in_fields += 1;
                seen.insert(print(changed));
            }
        }
        assert_eq!(seen.len(), in_fields);
        assert_eq!(print(&base), fingerprint(&to_words(&base, 77, 3)), "stamps are no part of it");
    }
}
