//! Any order of publishing and reading, against a queue that says what must come.
#![cfg(not(loom))]

use ctp_ring::{Reader, TryNextError};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Publish(u64),
    Read { reader: usize, count: usize },
    Skip(usize),
    Clone(usize),
    Join,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let reader = 0_usize..8;
    let step = prop_oneof![
        (1_u64..40).prop_map(Step::Publish),
        (reader.clone(), 1_usize..40).prop_map(|(reader, count)| Step::Read { reader, count }),
        reader.clone().prop_map(Step::Skip),
        reader.prop_map(Step::Clone),
        Just(Step::Join),
    ];
    proptest::collection::vec(step, 1..60)
}

/// The words of the value at `position`.
fn value(position: u64) -> [u64; 3] {
    [position, position.rotate_left(17) ^ 0x9E37, !position]
}

/// Reads once and returns whether there may be more.
fn read(reader: &mut Reader<[u64; 3]>, published: u64, capacity: u64) -> Result<bool, TestCaseError> {
    let (before, lost) = (reader.position(), reader.lost());
    let oldest = published.saturating_sub(capacity);
    match reader.try_next() {
        Ok(found) => {
            prop_assert!(before >= oldest && before < published);
            prop_assert_eq!(found, value(before));
            prop_assert_eq!((reader.position(), reader.lost()), (before + 1, lost));
            Ok(true)
        }
        Err(TryNextError::Lagged(count)) => {
            prop_assert!(before < oldest, "nothing was overwritten");
            prop_assert_eq!((reader.position(), reader.lost()), (before + count, lost + count));
            prop_assert_eq!(reader.position(), oldest + (capacity / 8).max(1));
            Ok(true)
        }
        Err(TryNextError::Empty) => {
            prop_assert_eq!(before, published);
            Ok(false)
        }
        Err(TryNextError::Closed) => Err(TestCaseError::fail("the writer lives")),
    }
}

proptest! {
    #[test]
    fn readers_get_what_a_queue_would_give(capacity in 1_usize..70, steps in steps()) {
        let (mut writer, first) = ctp_ring::ring::<[u64; 3]>(capacity);
        let size = writer.capacity();
        prop_assert!(size >= capacity as u64 && size.is_power_of_two() && size >= 2);
        let mut readers = vec![first];
        for step in steps {
            let published = writer.position();
            let count = readers.len();
            match step {
                Step::Publish(count) => {
                    for _ in 0..count {
                        let next = value(writer.position());
                        writer.publish(&next);
                    }
                }
                Step::Read { reader, count: times } => {
                    for _ in 0..times {
                        if !read(&mut readers[reader % count], published, size)? {
                            break;
                        }
                    }
                }
                Step::Skip(reader) => {
                    let reader = &mut readers[reader % count];
                    let (before, lost) = (reader.position(), reader.lost());
                    let skipped = reader.skip_to_latest();
                    prop_assert_eq!(reader.position(), before + skipped);
                    prop_assert_eq!(reader.position(), before.max(published.saturating_sub(1)));
                    prop_assert_eq!(reader.lost(), lost);
                }
                Step::Clone(reader) => {
                    let original = &readers[reader % count];
                    let copy = original.clone();
                    prop_assert_eq!((copy.position(), copy.lost()), (original.position(), original.lost()));
                    readers.push(copy);
                }
                Step::Join => {
                    let late = writer.readers().latest();
                    prop_assert_eq!((late.position(), late.lost(), late.behind()), (published, 0, 0));
                    readers.push(late);
                }
            }
        }
        let published = writer.position();
        drop(writer);
        for mut reader in readers {
            while reader.position() < published {
                prop_assert_ne!(reader.try_next(), Err(TryNextError::Empty));
            }
            prop_assert_eq!(reader.try_next(), Err(TryNextError::Closed));
            prop_assert_eq!(reader.behind(), 0);
        }
    }
}
