//! Every order of the steps of a writer and readers, as the memory model allows it.
//!
//! `cargo xtask sanitize` runs them, which is `RUSTFLAGS="--cfg loom" cargo test --release -p ctp-ring --test loom` in a
//! target folder of its own.
#![cfg(loom)]

use std::sync::Arc;

use ctp_ring::{Bell, Publish, Reader, TryNextError, Writer};
use loom::sync::Mutex;
use loom::thread;

/// Tries every order in which a thread is stopped before its end at most so many times.
fn model(preemptions: usize, body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(body);
}

/// Two words, neither of which is that of another position.
type Pair = [u64; 2];

/// How many values are published where the writer goes away while somebody reads.
const END: u64 = 3;

fn pair(position: u64) -> Pair {
    [position + 10, position + 100]
}

fn publish(writer: &mut Writer<Pair>, count: u64) {
    for _ in 0..count {
        let value = pair(writer.position());
        writer.publish(&value);
    }
}

/// Tries to read, and checks that what comes is whole, in order, and that losses are exact.
fn read(reader: &mut Reader<Pair>, tries: usize) -> u64 {
    let (start, lost_before) = (reader.position(), reader.lost());
    let mut seen = 0;
    for _ in 0..tries {
        let before = reader.position();
        match reader.try_next() {
            Ok(value) => {
                assert_eq!(value, pair(before), "the value of another position, or of two");
                assert_eq!(reader.position(), before + 1);
                seen += 1;
            }
            Err(TryNextError::Lagged(lost)) => {
                assert!(lost > 0);
                assert_eq!(reader.position(), before + lost);
            }
            Err(TryNextError::Empty) => thread::yield_now(),
            Err(TryNextError::Closed) => {
                assert_eq!(reader.position(), END, "the end before the last value");
                break;
            }
        }
    }
    assert_eq!(reader.position() - start, seen + reader.lost() - lost_before);
    seen
}

/// Two slots of two words; the writer goes round twice.
#[test]
fn a_reader_sees_whole_values_in_order() {
    model(3, || {
        let (mut writer, mut reader) = ctp_ring::ring::<Pair>(2);
        let thread = thread::spawn(move || read(&mut reader, 3));
        publish(&mut writer, 4);
        thread.join().unwrap();
    });
}

#[test]
fn two_readers_do_not_disturb_each_other() {
    model(2, || {
        let (mut writer, mut one) = ctp_ring::ring::<Pair>(2);
        let mut two = one.clone();
        let threads = [thread::spawn(move || read(&mut one, 2)), thread::spawn(move || read(&mut two, 2))];
        publish(&mut writer, 3);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// Who reads until the end has seen or lost every value.
#[test]
fn at_the_end_every_value_is_seen_or_counted() {
    model(3, || {
        let (mut writer, mut reader) = ctp_ring::ring::<Pair>(2);
        let thread = thread::spawn(move || {
            publish(&mut writer, END);
            drop(writer);
        });
        let mut seen = read(&mut reader, 3);
        thread.join().unwrap();
        seen += read(&mut reader, 4);
        assert_eq!(reader.try_next(), Err(TryNextError::Closed));
        assert_eq!(reader.position(), 3);
        let _ = seen;
    });
}

/// A reader that starts or skips while the writer writes reads what is whole all the same.
#[test]
fn late_readers_and_skips() {
    model(3, || {
        let (mut writer, reader) = ctp_ring::ring::<Pair>(2);
        let thread = thread::spawn(move || {
            let mut late = reader.readers().latest();
            let begin = late.position();
            if let Ok(value) = late.try_next() {
                assert_eq!(value, pair(begin));
            }
            late.skip_to_latest();
            let at = late.position();
            match late.try_next() {
                Ok(value) => assert_eq!(value, pair(at)),
                Err(TryNextError::Lagged(lost)) => assert!(lost > 0),
                Err(_) => {}
            }
        });
        publish(&mut writer, 3);
        thread.join().unwrap();
    });
}

/// Who puts himself down, dozes, looks and sleeps is woken for whatever it did not see; two of them, too.
#[test]
fn no_sleeper_is_forgotten() {
    model(3, || {
        let (mut writer, reader) = ctp_ring::ring::<Pair>(2);
        let bell = Arc::new(Bell::new());
        // The list of sleepers: who is put down, and who was woken.
        let list = Arc::new(Mutex::new([(false, false); 2]));
        let sleepers = [0, 1].map(|own| {
            let (mut reader, bell, list) = (reader.clone(), Arc::clone(&bell), Arc::clone(&list));
            thread::spawn(move || {
                list.lock().unwrap()[own].0 = true;
                bell.doze();
                reader.try_next() == Err(TryNextError::Empty)
            })
        });
        publish(&mut writer, 1);
        if bell.ring() {
            for (is_down, is_woken) in list.lock().unwrap().iter_mut() {
                *is_woken = *is_down;
            }
        }
        for (own, sleeper) in sleepers.into_iter().enumerate() {
            let sleeps = sleeper.join().unwrap();
            assert!(!sleeps || list.lock().unwrap()[own].1, "it sleeps and nobody wakes it");
        }
    });
}

/// Two threads that publish at once do not disturb each other, and a closed ring takes nothing.
#[test]
fn a_shared_writer_has_turns() {
    model(3, || {
        let (writer, mut reader) = ctp_ring::ring::<Pair>(2);
        let writer = Arc::new(writer.share());
        let theirs = Arc::clone(&writer);
        let other = thread::spawn(move || theirs.publish(&pair(0)) == Publish::Done);
        let own = writer.publish(&pair(0)) == Publish::Done;
        writer.close();
        let others = other.join().unwrap();
        assert!(own || others, "somebody had the turn");
        assert_eq!(writer.publish(&pair(0)), Publish::Closed);
        for _ in 0..u32::from(own) + u32::from(others) {
            assert_eq!(reader.try_next(), Ok(pair(0)));
        }
        assert_eq!(reader.try_next(), Err(TryNextError::Closed));
    });
}
