//! Records as words, for memory that is shared word by word.

use std::{marker::PhantomData, ptr};

use crate::{Record, RecordDescriptor};

/// Returns how many words an `R` takes.
pub const fn word_count<R: Record>() -> usize {
    size_of::<R>().div_ceil(size_of::<u64>())
}

/// Writes `record` into the first [`word_count`] words of `target`, as it lies in memory, with zeros for what lies
/// between and behind its fields.
///
/// # Panics
///
/// Panics when `target` is shorter.
#[inline]
pub fn write_words<R: Record>(record: &R, target: &mut [u64]) {
    let bytes = target[..word_count::<R>()].as_mut_ptr().cast::<u8>();
    let gaps = const { &Layout::<R>::GAPS };
    // SAFETY: the words have room for the record and do not overlap it, which `&mut` guarantees. Bytes are copied untyped;
    // those that may be uninitialised belong to no field, and the gaps, which are all of these inside the words
    // (`gaps` below), are written before anybody reads the words.
    unsafe {
        ptr::copy_nonoverlapping(ptr::from_ref(record).cast::<u8>(), bytes, size_of::<R>());
        for gap in &gaps.found[..gaps.count] {
            ptr::write_bytes(bytes.add(gap.start), 0, gap.length);
        }
    }
}

/// Returns the record in the first [`word_count`] words of `source`, which [`write_words`] wrote.
///
/// # Panics
///
/// Panics when `source` is shorter.
#[inline]
pub fn read_words<R: Record>(source: &[u64]) -> R {
    const { assert!(align_of::<R>() <= align_of::<u64>()) };
    let words = &source[..word_count::<R>()];
    // SAFETY: so many initialised words, aligned at least as `R`; every bit pattern is valid for every field of a record.
    unsafe { words.as_ptr().cast::<R>().read() }
}

/// What is known of a record's layout when it is compiled.
struct Layout<R>(PhantomData<R>);

impl<R: Record> Layout<R> {
    const GAPS: Gaps = gaps(R::DESCRIPTOR, word_count::<R>() * size_of::<u64>());
}

/// Bytes of a record's words that belong to no field.
struct Gaps {
    found: [Gap; MOST_GAPS],
    count: usize,
}

#[derive(Clone, Copy)]
struct Gap {
    start: usize,
    length: usize,
}

/// More than any record has; one with more does not compile.
const MOST_GAPS: usize = 64;

/// Fields come in the order of their offsets: C lays them out so.
const fn gaps(descriptor: &RecordDescriptor, length: usize) -> Gaps {
    let mut gaps = Gaps { found: [Gap { start: 0, length: 0 }; MOST_GAPS], count: 0 };
    let (mut end, mut index) = (0, 0);
    while index <= descriptor.fields.len() {
        let (next, size) = match index {
            index if index == descriptor.fields.len() => (length, 0),
            index => (descriptor.fields[index].offset, descriptor.fields[index].kind.size()),
        };
        assert!(next >= end, "the fields do not come in the order of their offsets");
        if next > end {
            gaps.found[gaps.count] = Gap { start: end, length: next - end };
            gaps.count += 1;
        }
        end = next + size;
        index += 1;
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DepthMarketDataField, FieldKind, InputOrderField, RecordBox, RspInfoField};

    /// A record whose every byte, gaps included, is not zero, and its bytes with zeros in the gaps.
    fn filled<R: Record>() -> (R, Vec<u8>) {
        let pattern: Vec<u8> = (0..R::DESCRIPTOR.size).map(|at| (at % 251) as u8 | 1).collect();
        let record = RecordBox::from_bytes(R::DESCRIPTOR, &pattern).expect("of its size");
        let mut bytes = Vec::new();
        record.as_ref().append_to(&mut bytes);
        (*record.get().expect("an R"), bytes)
    }

    fn check<R: Record>() {
        let (record, bytes) = filled::<R>();
        let mut words = vec![u64::MAX; word_count::<R>() + 1];
        write_words(&record, &mut words);
        assert_eq!(words.pop(), Some(u64::MAX), "one word too many was written");
        let written: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        assert_eq!(written[..bytes.len()], bytes, "{}", R::DESCRIPTOR.c_name);
        assert!(written[bytes.len()..].iter().all(|byte| *byte == 0));
        let mut again = vec![0; words.len()];
        write_words(&read_words::<R>(&words), &mut again);
        assert_eq!(again, words);
    }

    #[test]
    fn a_record_goes_through_words() {
        check::<DepthMarketDataField>();
        check::<InputOrderField>();
        check::<RspInfoField>();
        check::<crate::mini::DepthMarketDataField>();
        check::<crate::sopt::DepthMarketDataField>();
    }

    #[test]
    fn the_gaps_are_what_no_field_covers() {
        let descriptor = DepthMarketDataField::DESCRIPTOR;
        let gaps = Layout::<DepthMarketDataField>::GAPS;
        let covered: usize = descriptor.fields.iter().map(|field| field.kind.size()).sum();
        let gap: usize = gaps.found[..gaps.count].iter().map(|gap| gap.length).sum();
        assert_eq!(covered + gap, descriptor.size);
        assert!(matches!(descriptor.fields[0].kind, FieldKind::Text(9)));
    }

    #[test]
    #[should_panic(expected = "range end index")]
    fn too_few_words_are_refused() {
        write_words(&RspInfoField::default(), &mut [0; 2]);
    }
}
