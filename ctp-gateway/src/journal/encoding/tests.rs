use ctp_types::{InputOrderField, OrderField, ReqTransferField};
use proptest::prelude::*;

use super::*;

fn encoded(entry: &Entry) -> Vec<u8> {
    let mut bytes = Vec::new();
    Encoder::default().encode(entry, &mut bytes);
    bytes
}

/// The entry as it comes back, after the same bytes were made of it again.
fn round_trip(entry: &Entry) -> Entry {
    let bytes = encoded(entry);
    let again = decode(&bytes).unwrap();
    assert_eq!(encoded(&again), bytes);
    assert_eq!(format!("{again:?}"), format!("{entry:?}"));
    again
}

/// Any record of a kind, its secrets empty.
fn record(descriptor: &'static RecordDescriptor, seed: u64, density: f64) -> RecordBox {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut bytes = vec![0; descriptor.size];
    for field in descriptor.fields.iter().filter(|field| !field.secret) {
        if chance.f64() < density {
            bytes[field.offset..field.offset + field.kind.size()].fill_with(|| chance.u8(..));
        }
    }
    let mut record = RecordBox::from_bytes(descriptor, &bytes).unwrap();
    for field in descriptor.fields {
        if let FieldKind::Text(length) = field.kind {
            record.set_bytes(field, &bytes[field.offset..field.offset + length]).unwrap();
        }
    }
    record
}

fn plain(record: &RecordBox) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.as_ref().append_to(&mut bytes);
    bytes
}

fn action(request: TraderRequest, record: RecordBox) -> Entry {
    let order_ref = Text::new("17").unwrap();
    Entry::Action { at_ns: 5, request, record, request_id: 7, front_id: 1, session_id: -3, order_ref }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_action_comes_back(slot in 0..TraderRequest::ALL.len(), seed: u64, density in 0.0..1.0_f64) {
        let request = TraderRequest::ALL[slot];
        let given = record(request.record(), seed, density);
        let Entry::Action { record: read, .. } = round_trip(&action(request, given.clone())) else { unreachable!() };
        prop_assert_eq!(plain(&read), plain(&given));
    }

    #[test]
    fn any_event_comes_back(
        slot in 0..TraderCallback::ALL.len(),
        seed: u64,
        density in 0.0..1.0_f64,
        number: i32,
        is_last: bool,
        received_ns: i64,
        info in proptest::option::of((any::<i32>(), any::<[u8; 16]>())),
        is_null: bool,
    ) {
        let callback = TraderCallback::ALL[slot];
        let given = callback.record().filter(|_| !is_null).map(|kind| record(kind, seed, density));
        let rsp_info = info.map(|(error_id, message)| RspInfoField {
            error_id,
            error_msg: Text::from_raw(&message).unwrap(),
        });
        let event = RawEvent { callback, record: given.clone(), rsp_info, number, is_last, received_ns };
        let Entry::Event(read) = round_trip(&Entry::Event(event)) else { unreachable!() };
        prop_assert_eq!(read.record.as_ref().map(plain), given.as_ref().map(plain));
        prop_assert_eq!(read.rsp_info.map(|info| *info.error_msg.raw()), rsp_info.map(|info| *info.error_msg.raw()));
    }

    #[test]
    fn any_small_entry_comes_back(at_ns: i64, number: i32, other: u32, text: String, flag: bool, raw: [u8; 9]) {
        round_trip(&Entry::Opened { at_ns, gateway: text.clone(), process: other });
        let trading_day = Text::from_raw(&raw).unwrap();
        let max_order_ref = Text::new("12345").unwrap();
        round_trip(&Entry::Login { at_ns, trading_day, front_id: number, session_id: !number, max_order_ref });
        round_trip(&Entry::Answer { at_ns, request_id: number, refusal: flag.then(|| text.clone()) });
        round_trip(&Entry::Switch { at_ns, on: flag, reason: text });
        prop_assert_eq!(round_trip(&Entry::Closed { at_ns }).at_ns(), at_ns);
    }

    #[test]
    fn any_garbage_is_refused_or_read_without_a_panic(mut bytes: Vec<u8>, kind in 0..9_u8) {
        let _ = decode(&bytes);
        bytes.insert(0, kind);
        let _ = decode(&bytes);
    }

    #[test]
    fn any_words_come_back(bytes in proptest::collection::vec(prop_oneof![3 => Just(0_u8), 1 => any::<u8>()], 0..300)) {
        let mut packed = Vec::new();
        words::pack(&bytes, &mut packed);
        let mut rest = packed.as_slice();
        prop_assert_eq!(words::unpack(&mut rest, bytes.len()).unwrap(), bytes);
        prop_assert!(rest.is_empty());
    }
}

#[test]
fn every_cut_of_an_entry_is_refused() {
    let order = InputOrderField { limit_price: 3_900.0, ..InputOrderField::default() };
    let bytes = encoded(&action(TraderRequest::ReqOrderInsert, RecordBox::new(&order)));
    for end in 0..bytes.len() {
        assert!(decode(&bytes[..end]).is_err(), "{end}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(decode(&longer).unwrap_err(), SURPLUS);
}

#[test]
fn an_order_is_short() {
    let order = OrderField {
        instrument_id: Text::new("rb2601").unwrap(),
        limit_price: 3_925.0,
        volume_total: 7,
        ..OrderField::default()
    };
    let event = RawEvent {
        callback: TraderCallback::OnRtnOrder,
        record: Some(RecordBox::new(&order)),
        rsp_info: None,
        number: 0,
        is_last: true,
        received_ns: 9,
    };
    assert!(encoded(&Entry::Event(event)).len() < 100);
}

#[test]
fn a_secret_is_never_written() {
    const CANARY: &[u8] = b"kanarie-3f9";
    for request in TraderRequest::ALL {
        let descriptor = request.record();
        let mut given = RecordBox::zeroed(descriptor);
        for field in descriptor.fields.iter().filter(|field| field.secret) {
            if let FieldKind::Text(length) = field.kind {
                given.set_bytes(field, &CANARY[..CANARY.len().min(length)]).unwrap();
            }
        }
        let mut clear = Vec::new();
        Encoder::default().encode(&action(*request, given), &mut clear);
        let Entry::Action { record, .. } = decode(&clear).unwrap() else { unreachable!() };
        assert!(!plain(&record).windows(4).any(|window| window == b"kana"), "{}", request.name());
    }
    let transfer =
        ReqTransferField { password: Text::new("kanarie-3f9").unwrap(), ..ReqTransferField::default() };
    let bytes = encoded(&action(TraderRequest::ReqFromBankToFutureByFuture, RecordBox::new(&transfer)));
    let Entry::Action { record, .. } = decode(&bytes).unwrap() else { unreachable!() };
    let read: &ReqTransferField = record.get().unwrap();
    assert_eq!(read.password, "***", "it is still seen that one was given");
}

#[test]
fn a_long_text_is_cut_at_a_whole_character() {
    let Entry::Switch { reason, .. } =
        decode(&encoded(&Entry::Switch { at_ns: 0, on: true, reason: "停".repeat(30_000) })).unwrap()
    else {
        unreachable!()
    };
    assert_eq!(reason, "停".repeat(65_535 / 3));
    // Where the limit is inside a character, all of it goes.
    let given = format!("a{}", "停".repeat(30_000));
    let bytes = encoded(&Entry::Switch { at_ns: 0, on: true, reason: given });
    let Entry::Switch { reason, .. } = decode(&bytes).unwrap() else { unreachable!() };
    assert_eq!(reason, format!("a{}", "停".repeat(21_844)));
}
