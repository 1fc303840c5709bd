//! A writer at full speed and readers that check every value they get.
#![cfg(not(loom))]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ctp_ring::{Bell, Reader, Slot, TryNextError};

/// As many words as a tick has.
const WORDS: usize = 76;
/// Longer than a wake takes on any machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many values are published; `CTP_RING_VALUES` says otherwise.
const VALUES: u64 = 300_000;

/// Words that only fit together: the last is the sum of the others, which differ from value to value.
struct Checked([u64; WORDS]);

impl Checked {
    fn new(position: u64) -> Self {
        let mut state = position;
        let mut words = std::array::from_fn(|_| {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            state
        });
        words[0] = position;
        words[WORDS - 1] = Self::sum(&words);
        Self(words)
    }

    fn sum(words: &[u64; WORDS]) -> u64 {
        words[..WORDS - 1].iter().fold(0, |sum, word| sum.rotate_left(5) ^ word)
    }
}

impl Slot for Checked {
    type Words = [u64; WORDS];

    fn to_words(&self) -> [u64; WORDS] {
        self.0
    }

    fn from_words(words: &[u64; WORDS]) -> Self {
        Self(*words)
    }
}

fn values() -> u64 {
    std::env::var("CTP_RING_VALUES").ok().and_then(|text| text.parse().ok()).unwrap_or(VALUES)
}

/// Reads to the end; returns how many values came.
fn read(mut reader: Reader<Checked>, pause: u32) -> (u64, u64) {
    let mut seen = 0;
    loop {
        let (before, lost) = (reader.position(), reader.lost());
        match reader.try_next() {
            Ok(Checked(words)) => {
                assert_eq!(words[0], before, "the value of another position");
                assert_eq!(words[WORDS - 1], Checked::sum(&words), "a torn value at {before}");
                seen += 1;
                for _ in 0..pause {
                    std::hint::spin_loop();
                }
            }
            Err(TryNextError::Lagged(count)) => {
                assert_eq!((reader.position(), reader.lost()), (before + count, lost + count));
            }
            Err(TryNextError::Empty) => thread::yield_now(),
            Err(TryNextError::Closed) => return (seen, reader.lost()),
        }
    }
}

/// Fast and slow readers of a small ring: nothing is torn, and what is seen and what is lost add up.
#[test]
fn nothing_is_torn_and_losses_are_exact() {
    for capacity in [2, 64, 4_096] {
        let (mut writer, reader) = ctp_ring::ring::<Checked>(capacity);
        let readers: Vec<_> = [0, 0, 300].map(|pause| (reader.clone(), pause)).into();
        thread::scope(|scope| {
            let readers: Vec<_> =
                readers.into_iter().map(|(reader, pause)| scope.spawn(move || read(reader, pause))).collect();
            for position in 0..values() {
                writer.publish(&Checked::new(position));
                if position % 1_024 == 0 {
                    thread::yield_now();
                }
            }
            drop(writer);
            for reader in readers {
                let (seen, lost) = reader.join().expect("a reader failed");
                assert_eq!(seen + lost, values());
                assert!(seen > 0, "nobody would see a torn value");
            }
        });
    }
}

/// Sleeps until woken; fails where it would sleep for ever.
fn sleep() {
    let start = Instant::now();
    thread::park_timeout(PATIENCE);
    assert!(start.elapsed() < PATIENCE, "nobody woke the sleeper");
}

/// A reader that parks behind a bell gets everything from a writer that waits for it.
#[test]
fn a_sleeper_is_woken_every_time() {
    const ROUNDS: u64 = 20_000;
    let (mut writer, mut reader) = ctp_ring::ring::<[u64; 1]>(4);
    let (bell, done) = (Bell::new(), AtomicBool::new(false));
    thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            let mut expected = 0;
            while expected < ROUNDS {
                match reader.try_next() {
                    Ok([value]) => {
                        assert_eq!(value, expected);
                        expected += 1;
                        done.store(true, Ordering::Release);
                    }
                    Err(TryNextError::Empty) => {
                        bell.doze();
                        if reader.behind() == 0 {
                            sleep();
                        }
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        });
        for round in 0..ROUNDS {
            writer.publish(&[round]);
            if bell.ring() {
                sleeper.thread().unpark();
            }
            while !done.swap(false, Ordering::Acquire) {
                assert!(!sleeper.is_finished() || round + 1 == ROUNDS, "the sleeper failed");
                thread::yield_now();
            }
        }
    });
}
