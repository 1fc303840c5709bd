use ctp_types::{DepthMarketDataField, RecordBox, Text};
use proptest::prelude::*;

use super::*;
use crate::capture::{Note, OutputNote, RecordedTick, SessionKind, Stamp, Step, Totals};

fn header() -> Header {
    Header {
        session: SessionKind::Td,
        gateway: "0.1.0".to_owned(),
        api: ctp_types::API_VERSION.to_owned(),
        library: "v6.7.13".to_owned(),
        started_unix_ns: 1_792_000_000_000_000_000,
        seed: u64::MAX,
        config: serde_json::json!({"user_id": "000001", "password": "***"}),
    }
}

fn frames() -> Vec<Frame> {
    let tick = DepthMarketDataField { instrument_id: Text::new("rb2601").unwrap(), ..Default::default() };
    let step = Step {
        at: Stamp { elapsed_ns: 5, unix_ns: -1 },
        input: Note::new("OnFrontConnected").with("number", 0),
        outputs: vec![OutputNote::of("State(LoggingIn)"), OutputNote::of(&"错".repeat(200))],
    };
    vec![
        Frame::Step(step),
        Frame::Lost { steps: 1, ticks: 2 },
        Frame::Tick(RecordedTick { sequence: 9, received_ns: 7, record: RecordBox::new(&tick) }),
        Frame::End(Totals { steps: 1, ticks: 1, steps_lost: 1, ticks_lost: 2 }),
    ]
}

/// Returns a whole file and where each of its frames begins.
fn file() -> (Vec<u8>, Vec<u64>) {
    let mut bytes = Vec::new();
    let mut writer = FrameWriter::new(&mut bytes, header()).unwrap();
    let mut offsets = vec![12];
    for frame in frames() {
        offsets.push(writer.bytes());
        writer.write(&frame).unwrap();
    }
    offsets.push(writer.bytes());
    writer.flush().unwrap();
    (bytes, offsets)
}

/// Reads until the end or the first fault; returns how many frames were whole behind the header.
fn read(bytes: &[u8]) -> (usize, Result<(), CaptureError>) {
    let reader = match Reader::new(bytes) {
        Ok(reader) => reader,
        Err(error) => return (0, Err(error)),
    };
    let mut count = 0;
    for frame in reader {
        match frame {
            Ok(_) => count += 1,
            Err(error) => return (count, Err(error)),
        }
    }
    (count, Ok(()))
}

#[test]
fn a_file_comes_back() {
    let (bytes, offsets) = file();
    let reader = Reader::new(&bytes[..]).unwrap();
    assert_eq!(*reader.header(), header());
    let read: Vec<(u64, Frame)> = reader.map(Result::unwrap).collect();
    assert_eq!(read.iter().map(|(offset, _)| *offset).collect::<Vec<_>>(), offsets[1..5]);
    let texts = |frames: &[Frame]| frames.iter().map(|frame| format!("{frame:?}")).collect::<Vec<_>>();
    let read: Vec<Frame> = read.into_iter().map(|(_, frame)| frame).collect();
    assert_eq!(texts(&read), texts(&frames()));
}

#[test]
fn a_cut_file_says_where() {
    let (bytes, offsets) = file();
    assert!(matches!(read(&[]), (0, Err(CaptureError::Empty))));
    for length in 1..bytes.len() {
        let (count, result) = read(&bytes[..length]);
        let error = result.unwrap_err();
        // The last frame that begins at or before the cut is where it is torn.
        let frame = offsets.iter().rposition(|offset| *offset <= length as u64);
        let expected = frame.map_or(0, |frame| offsets[frame]);
        assert_eq!(error.offset(), Some(expected), "cut after {length}: {error}");
        assert!(error.is_cut(), "cut after {length}: {error}");
        assert_eq!(
            matches!(error, CaptureError::Unfinished { .. }),
            offsets.contains(&(length as u64)),
            "{error}"
        );
        assert_eq!(count, frame.unwrap_or(0).saturating_sub(1));
    }
}

#[test]
fn every_flipped_bit_is_found_in_its_frame() {
    let (bytes, offsets) = file();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let error = read(&damaged).1.unwrap_err();
        let frame = offsets.iter().rposition(|offset| *offset <= (bit / 8) as u64);
        match frame {
            Some(frame) => {
                assert!(matches!(error, CaptureError::Damaged { .. }), "bit {bit}: {error}");
                assert_eq!(error.offset(), Some(offsets[frame]), "bit {bit}");
            }
            None if bit / 8 < 8 => assert!(matches!(error, CaptureError::NotACapture { .. }), "{error}"),
            None => assert!(matches!(error, CaptureError::FormatVersion { .. }), "{error}"),
        }
    }
}

#[test]
fn frames_that_moved_or_went_are_found() {
    let (bytes, offsets) = file();
    let part = |from: usize, to: usize| &bytes[offsets[from] as usize..offsets[to] as usize];
    let start = &bytes[..offsets[1] as usize];
    let lost = [start, part(2, 5)].concat();
    let doubled = [start, part(1, 2), part(1, 5)].concat();
    let swapped = [start, part(2, 3), part(1, 2), part(3, 5)].concat();
    for (bytes, offset) in [(lost, offsets[1]), (doubled, offsets[2]), (swapped, offsets[1])] {
        let error = read(&bytes).1.unwrap_err();
        assert!(matches!(error, CaptureError::Damaged { .. }), "{error}");
        assert_eq!(error.offset(), Some(offset));
    }
    let more = [&bytes[..], b"x"].concat();
    assert!(matches!(read(&more).1, Err(CaptureError::Malformed { offset, .. }) if offset == offsets[5]));
}

#[test]
fn other_files_and_versions_are_refused() {
    let error = read(b"PK\x03\x04 something else").1.unwrap_err();
    assert!(matches!(error, CaptureError::NotACapture { .. }), "{error}");
    assert!(matches!(read(b"x").1, Err(CaptureError::NotACapture { .. })));

    let (mut bytes, _) = file();
    bytes[8] = 2;
    let error = read(&bytes).1.unwrap_err();
    assert!(matches!(error, CaptureError::FormatVersion { found: 2 }), "{error}");
    assert!(error.to_string().contains("offset 8"), "{error}");

    let mut bytes = Vec::new();
    FrameWriter::new(&mut bytes, Header { api: "6.3.15".to_owned(), ..header() }).unwrap();
    let error = read(&bytes).1.unwrap_err();
    assert!(
        matches!(&error, CaptureError::ApiVersion { offset: 12, found, .. } if found == "6.3.15"),
        "{error}"
    );
}

#[test]
fn an_unknown_kind_of_frame_is_named() {
    let mut bytes = Vec::new();
    FrameWriter::new(&mut bytes, header()).unwrap();
    let offset = bytes.len() as u64;
    let payload = [99_u8];
    let length = 1_u32.to_le_bytes();
    for part in [&length[..], &check(1, &length).to_le_bytes(), &payload, &check(1, &payload).to_le_bytes()] {
        bytes.extend(part);
    }
    let error = read(&bytes).1.unwrap_err();
    assert!(matches!(error, CaptureError::Malformed { offset: at, .. } if at == offset), "{error}");
}

proptest! {
    #[test]
    fn any_garbage_behind_the_magic_is_refused(garbage: Vec<u8>) {
        let bytes = [&MAGIC[..], &FORMAT_VERSION.to_le_bytes(), &garbage].concat();
        prop_assert!(read(&bytes).1.is_err());
    }

    #[test]
    fn any_payload_is_read_or_refused_without_a_panic(payload: Vec<u8>) {
        let _ = Frame::decode(&payload);
    }
}
