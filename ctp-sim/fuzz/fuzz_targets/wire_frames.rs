//! The frames of the served exchange: whatever comes over the network, however it is cut.
#![no_main]

use ctp_sim_host::wire::{self, Decoder, Frame};
use libfuzzer_sys::fuzz_target;

/// Reads everything, in parts of `part` bytes; returns what it read and whether it ended in an error.
fn read(bytes: &[u8], part: usize) -> (Vec<Frame>, bool) {
    let mut decoder = Decoder::new();
    let mut frames = Vec::new();
    for bytes in bytes.chunks(part) {
        decoder.feed(bytes);
        loop {
            match decoder.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    return (frames, true);
                }
            }
        }
    }
    (frames, false)
}

fn written(frames: &[Frame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for frame in frames {
        wire::encode(frame, &mut bytes).expect("what was read can be written");
    }
    bytes
}

/// The bytes themselves, then the bytes as bodies with right lengths, which reach deeper.
fuzz_target!(|data: &[u8]| {
    let Some((&part, data)) = data.split_first() else { return };
    let part = usize::from(part).max(1);
    let mut framed = Vec::new();
    for body in data.split_inclusive(|byte| *byte == 0xA5) {
        framed.extend(u32::try_from(body.len()).expect("a short input").to_le_bytes());
        framed.extend(body);
    }
    for bytes in [data, &framed] {
        let (frames, failed) = read(bytes, part);
        // How it was cut makes no difference.
        let (whole, whole_failed) = read(bytes, usize::MAX);
        assert_eq!(failed, whole_failed);
        let bytes = written(&frames);
        assert_eq!(bytes, written(&whole));
        // What was read goes through bytes again, and is shown without a panic.
        let (again, failed) = read(&bytes, part);
        assert!(!failed && written(&again) == bytes);
        drop(format!("{frames:?}"));
    }
});
