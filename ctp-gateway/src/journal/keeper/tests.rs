use std::io::Write;
use std::time::Instant;

use super::*;

const ROOM: u64 = 64 << 10;

fn config() -> JournalConfig {
    JournalConfig { segment_bytes: ROOM, sync_ms: 1, ..JournalConfig::default() }
}

struct Bench {
    keeper: Keeper,
    path: tempfile::TempDir,
}

impl Bench {
    /// A keeper of a folder with one open segment, which is this file.
    fn new(current: File) -> Self {
        let path = tempfile::tempdir().unwrap();
        let folder = Arc::new(Folder::lock(path.path()).unwrap());
        let keeper = Keeper::start(folder, Arc::new(current), &config(), |_| {}).unwrap();
        Self { keeper, path }
    }

    /// Waits until something is so. The thread looks every millisecond.
    fn until(&self, what: impl Fn(&Self) -> bool) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            if what(self) {
                return true;
            }
            thread::sleep(Duration::from_millis(1));
        }
        false
    }

    /// Gives the thread time for many looks.
    fn linger(&self) {
        thread::sleep(Duration::from_millis(50));
    }

    fn spare(&self) -> bool {
        self.path.path().join(folder::SPARE).exists()
    }
}

/// A file that cannot be made safe, as one on a disk that is gone: a pipe.
fn broken() -> File {
    let (reader, _) = std::io::pipe().unwrap();
    File::from(std::os::fd::OwnedFd::from(reader))
}

fn sound() -> File {
    tempfile::tempfile().unwrap()
}

#[test]
fn what_was_written_is_made_safe_and_nothing_else_is_touched() {
    let bench = Bench::new(broken());
    bench.linger();
    assert!(bench.keeper.failure().is_none());
    bench.keeper.wrote(1, 10);
    assert!(bench.until(|bench| bench.keeper.failure().is_some()));
    assert!(bench.keeper.failure().unwrap().to_string().starts_with("cannot synchronise "));
}

#[test]
fn a_segment_that_was_just_begun_is_made_safe_before_anything_is_in_it() {
    let bench = Bench::new(sound());
    bench.keeper.turn(Arc::new(broken()), 0);
    assert!(bench.until(|bench| bench.keeper.failure().is_some()));
}

/// Its name is in the folder, and the folder has to be made safe.
#[test]
fn the_folder_is_made_safe_with_a_new_segment() {
    let bench = Bench::new(sound());
    std::fs::remove_dir_all(bench.path.path()).unwrap();
    bench.keeper.wrote(1, 10);
    bench.linger();
    assert!(bench.keeper.failure().is_none());
    bench.keeper.turn(Arc::new(sound()), 10);
    assert!(bench.until(|bench| bench.keeper.failure().is_some()));
}

#[test]
fn a_full_segment_is_cut_to_what_is_used() {
    let mut full = sound();
    full.write_all(&[1; 1_000]).unwrap();
    let mut bench = Bench::new(full.try_clone().unwrap());
    bench.keeper.turn(Arc::new(sound()), 700);
    bench.keeper.stop();
    assert_eq!(full.metadata().unwrap().len(), 700);
    assert!(bench.keeper.failure().is_none());
}

#[test]
fn room_is_set_aside_when_half_of_a_segment_is_used_and_given_back_at_the_end() {
    let mut bench = Bench::new(sound());
    bench.keeper.wrote(1, 10);
    bench.linger();
    bench.keeper.wrote(2, ROOM / 2);
    bench.linger();
    assert!(!bench.spare() && bench.keeper.take_spare().is_none());
    bench.keeper.wrote(3, ROOM / 2 + 1);
    assert!(bench.until(|bench| bench.keeper.shared.files().spare.is_some()));
    assert_eq!(std::fs::metadata(bench.path.path().join(folder::SPARE)).unwrap().len(), ROOM);
    // Another segment begins empty: its half is far.
    assert!(bench.keeper.take_spare().is_some());
    std::fs::remove_file(bench.path.path().join(folder::SPARE)).unwrap();
    bench.keeper.turn(Arc::new(sound()), ROOM);
    bench.linger();
    let _ = bench.keeper.take_spare();
    let _ = std::fs::remove_file(bench.path.path().join(folder::SPARE));
    bench.linger();
    assert!(!bench.spare());
    bench.keeper.wrote(4, ROOM - 1);
    assert!(bench.until(|bench| bench.keeper.shared.files().spare.is_some()));
    bench.keeper.stop();
    assert!(!bench.spare());
}
