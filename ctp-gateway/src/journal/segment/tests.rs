use ctp_types::{InputOrderField, OrderField, RecordBox, TraderCallback, TraderRequest};

use super::scan::Contents;
use super::*;
use crate::journal::damage::DamageKind;
use crate::requests::RawEvent;

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).unwrap()
}

/// The life of an order.
pub(crate) fn entries() -> Vec<Entry> {
    let input = InputOrderField { instrument_id: text("rb2601"), order_ref: text("1"), ..Default::default() };
    let order = OrderField { instrument_id: text("rb2601"), order_ref: text("1"), ..Default::default() };
    let event = RawEvent {
        callback: TraderCallback::OnRtnOrder,
        record: Some(RecordBox::new(&order)),
        rsp_info: None,
        number: 0,
        is_last: true,
        received_ns: 6,
    };
    vec![
        Entry::Opened { at_ns: 1, gateway: "0.1.0".to_owned(), process: 77 },
        Entry::Login {
            at_ns: 2,
            trading_day: text("20261123"),
            front_id: 1,
            session_id: -9,
            max_order_ref: text("0"),
        },
        Entry::Action {
            at_ns: 3,
            request: TraderRequest::ReqOrderInsert,
            record: RecordBox::new(&input),
            request_id: 4,
            front_id: 1,
            session_id: -9,
            order_ref: text("1"),
        },
        Entry::Answer { at_ns: 5, request_id: 4, refusal: None },
        Entry::Event(event),
        Entry::Switch { at_ns: 7, on: true, reason: "enough".to_owned() },
    ]
}

/// A segment with some zeros behind it, and where each entry ends.
fn segment() -> (Vec<u8>, Vec<usize>) {
    let (mut frames, mut bytes, mut ends) = (Frames::default(), Vec::new(), Vec::new());
    frames.begin(&Header::new("9999/226485", text("20261123"), 1, 40), &mut bytes);
    ends.push(bytes.len());
    for (entry, sequence) in entries().iter().zip(40..) {
        frames.entry(sequence, entry, &mut bytes);
        ends.push(bytes.len());
    }
    bytes.resize(bytes.len() + 64, 0);
    (bytes, ends)
}

fn shown(contents: &Contents) -> Vec<String> {
    contents.entries.iter().map(|(sequence, entry)| format!("{sequence} {entry:?}")).collect()
}

#[test]
fn a_segment_comes_back() {
    let (bytes, ends) = segment();
    let read = read(&bytes);
    assert_eq!(read.header, Some(Header::new("9999/226485", text("20261123"), 1, 40)));
    assert_eq!(read.damage, []);
    assert_eq!(read.end, *ends.last().unwrap() as u64);
    let expected: Vec<String> =
        entries().iter().zip(40..).map(|(entry, sequence)| format!("{sequence} {entry:?}")).collect();
    assert_eq!(shown(&read), expected);
}

#[test]
fn every_cut_leaves_the_entries_before_it_and_says_so() {
    let (whole, ends) = segment();
    let all = shown(&read(&whole));
    for cut in 0..whole.len() {
        // A shorter file, and one whose end was set aside but not written.
        let mut zeros = whole[..cut].to_vec();
        zeros.resize(whole.len(), 0);
        for bytes in [&whole[..cut], &zeros] {
            let contents = read(bytes);
            let before = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
            // What ends in zeros may be whole although its last zeros were cut; here no frame does.
            assert_eq!(shown(&contents), all[..before], "cut at {cut}");
            let between = ends.contains(&cut) || cut >= *ends.last().unwrap();
            assert_eq!(contents.damage.is_empty(), between, "cut at {cut}: {:?}", contents.damage);
            assert!(
                contents.damage.iter().all(|(_, kind)| kind.is_torn()),
                "cut at {cut}: {:?}",
                contents.damage
            );
            assert!(contents.end <= cut as u64, "cut at {cut}");
        }
    }
}

#[test]
fn every_flipped_bit_is_found_and_costs_one_entry_at_most() {
    let (whole, ends) = segment();
    let all = shown(&read(&whole));
    let end = *ends.last().unwrap();
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let contents = read(&bytes);
        assert!(!contents.damage.is_empty(), "bit {bit} was not noticed");
        let hit = ends.iter().position(|end| bit / 8 < *end);
        let expected: Vec<&String> = all
            .iter()
            .enumerate()
            .filter(|(index, _)| hit != Some(index + 1))
            .map(|(_, entry)| entry)
            .collect();
        assert_eq!(shown(&contents).iter().collect::<Vec<_>>(), expected, "bit {bit}");
        if bit / 8 < end {
            assert!(
                contents.damage.iter().any(|(_, kind)| !kind.is_torn()),
                "bit {bit}: {:?}",
                contents.damage
            );
            let first = contents.damage[0].0 as usize;
            let begins = hit.map_or(0, |hit| if hit == 0 { 0 } else { ends[hit - 1] });
            assert!(first == begins || hit == Some(0) && first <= BEGINNING, "bit {bit}: found at {first}");
        }
    }
}

#[test]
fn a_lost_page_is_a_hole_and_not_the_end() {
    let (mut bytes, ends) = segment();
    bytes[ends[1]..ends[3]].fill(0);
    let contents = read(&bytes);
    let lost = (ends[3] - ends[1]) as u64;
    assert_eq!(
        contents.damage,
        [
            (ends[1] as u64, DamageKind::Head { bytes: lost }),
            (ends[3] as u64, DamageKind::Missing { first: 41, last: 42 })
        ]
    );
    assert_eq!(contents.entries.len(), 4);
}

#[test]
fn an_entry_that_was_moved_or_doubled_is_not_taken() {
    let (bytes, ends) = segment();
    let entry = |number: usize| &bytes[ends[number - 1]..ends[number]];
    let mut doubled = bytes[..ends[2]].to_vec();
    doubled.extend(entry(2));
    doubled.extend(entry(3));
    let contents = read(&doubled);
    assert_eq!(contents.entries.len(), 3);
    assert_eq!(contents.damage, [(ends[2] as u64, DamageKind::Order { found: 41, expected: 42 })]);
}

#[test]
fn entries_of_another_api_are_not_read_as_ours() {
    let mut bytes = Vec::new();
    Frames::default().begin(&Header::new("9999/1", Text::default(), 1, 1), &mut bytes);
    let start = bytes.len();
    bytes.resize(start + HEAD, 0);
    Encoder::default().encode(&entries()[0], &mut bytes);
    close(crc32fast::hash(b"6.6.9"), 1, start, &mut bytes);
    let contents = read(&bytes);
    assert!(contents.entries.is_empty());
    assert!(matches!(contents.damage[..], [(_, DamageKind::Head { .. })]), "{:?}", contents.damage);
}

#[test]
fn no_garbage_makes_it_panic() {
    let mut chance = fastrand::Rng::with_seed(7);
    let (whole, _) = segment();
    for _ in 0..2_000 {
        let mut bytes = whole.clone();
        for _ in 0..chance.usize(1..40) {
            let at = chance.usize(..bytes.len());
            bytes[at] = chance.u8(..);
        }
        bytes.truncate(chance.usize(..=bytes.len()));
        let contents = read(&bytes);
        assert!(contents.end <= bytes.len() as u64);
    }
}

/// A length that no entry has is damage, whatever its check says: never an end that seems torn.
#[test]
fn a_length_that_no_entry_has_is_not_believed() {
    for (length, is_believed) in [(LENGTH_MAX, true), (LENGTH_MAX + 1, false), (LENGTH_MAX * 2, false)] {
        let mut bytes = Vec::new();
        let mut frames = Frames::default();
        frames.begin(&Header::new("9999/1", Text::default(), 1, 1), &mut bytes);
        let start = bytes.len();
        bytes.resize(start + HEAD + length, 7);
        close(*ENTRY_SEED, 1, start, &mut bytes);
        let end = bytes.len();
        frames.entry(2, &entries()[0], &mut bytes);
        let contents = read(&bytes);
        assert_eq!(contents.entries.len(), 1, "{length}");
        let [(at, kind), rest @ ..] = &contents.damage[..] else { panic!("{:?}", contents.damage) };
        assert_eq!(*at, start as u64);
        if is_believed {
            assert!(matches!(kind, DamageKind::Entry { sequence: 1, .. }), "{kind}");
            assert!(rest.is_empty());
        } else {
            assert_eq!(*kind, DamageKind::Head { bytes: (end - start) as u64 });
            assert_eq!(rest, [(end as u64, DamageKind::Missing { first: 1, last: 1 })]);
        }
        // Cut off in it: what says a length that can be is torn, anything else is damage.
        let contents = read(&bytes[..end - 1]);
        let [(_, kind)] = &contents.damage[..] else { panic!("{:?}", contents.damage) };
        assert_eq!(kind.is_torn(), is_believed, "{kind}");
    }
}

#[test]
fn a_header_says_what_it_was_made_of_however_long_its_texts_are() {
    for account in ["", "9999/226485", &"a".repeat(255), &"b".repeat(300)] {
        let header = Header::new(account, text("20261123"), -5, 7);
        let (mut frames, mut bytes) = (Frames::default(), Vec::new());
        frames.begin(&header, &mut bytes);
        assert!(bytes.len() as u64 <= HEADER_MAX);
        let account = account[..account.len().min(255)].to_owned();
        assert_eq!(super::header(&bytes), Some(Header { account, ..header }));
        assert_eq!(entries_begin(&bytes), bytes.len());
    }
}

/// The checks of a header may hold and what is in it be none: it is damage, and costs no entry behind it.
#[test]
fn a_header_that_says_nothing_costs_no_entry() {
    let (whole, ends) = segment();
    let mut bytes = whole[..BEGINNING].to_vec();
    bytes.resize(BEGINNING + HEAD, 0);
    bytes.extend([1, 2, 3]);
    close(HEADER_SEED, 40, BEGINNING, &mut bytes);
    assert_eq!(entries_begin(&bytes), bytes.len());
    bytes.extend(&whole[ends[0]..]);
    let contents = read(&bytes);
    assert_eq!(contents.header, None);
    assert_eq!(contents.damage, [(BEGINNING as u64, DamageKind::Header)]);
    assert_eq!(shown(&contents), shown(&read(&whole)));
}

/// A segment of a format that is newer says so; one whose number alone was changed is ours.
#[test]
fn another_format_is_told_from_a_changed_number() {
    let (mut bytes, _) = segment();
    bytes[8] = 9;
    let contents = read(&bytes);
    assert_eq!((contents.other_version(), contents.entries.len()), (None, entries().len()));
    assert_eq!(contents.damage, [(0, DamageKind::Beginning)]);
    // Its header has another shape, too.
    bytes[BEGINNING + 3] ^= 1;
    let contents = read(&bytes);
    assert_eq!(contents.other_version(), Some(9));
    bytes[0] ^= 1;
    assert_eq!(read(&bytes).other_version(), None);
}
