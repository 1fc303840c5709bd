use std::sync::Barrier;
use std::sync::atomic::AtomicUsize;

use ctp_types::{DepthMarketDataField, RecordBox};
use tempfile::TempDir;

use super::*;
use crate::capture::Reader;

/// An output whose text the writer has to wait for.
#[derive(Clone)]
struct Slow(Option<Arc<Barrier>>);

impl Debug for Slow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(barrier) = &self.0 {
            barrier.wait();
            barrier.wait();
        }
        f.write_str("Slow kanarie-3f9")
    }
}

struct Ticks(u64, u64);

impl TickSource for Ticks {
    fn next(&mut self) -> Option<NextTick> {
        if self.0 == 3 && self.1 > 0 {
            return Some(NextTick::Lost(std::mem::take(&mut self.1)));
        }
        self.0 = self.0.checked_sub(1)?;
        let record = RecordBox::new(&DepthMarketDataField::default());
        Some(NextTick::Tick(RecordedTick { sequence: 10 - self.0, received_ns: 5, record }))
    }
}

fn header() -> Header {
    Header {
        session: SessionKind::Td,
        gateway: String::new(),
        api: ctp_types::API_VERSION.to_owned(),
        library: String::new(),
        started_unix_ns: 1_795_399_200_000_000_000,
        seed: 1,
        config: serde_json::json!({"broker_id": "9999", "user_id": "../000001", "fronts": ["tcp://kanarie-3f9"]}),
    }
}

fn begin(config: &CaptureConfig, ticks: Option<Box<dyn TickSource>>) -> Recorder<Slow> {
    let secret = Secret::new("kanarie-3f9");
    let beginning = Beginning { config, header: header(), secrets: &[&secret], public: &[], ticks };
    Recorder::begin(Instant::now(), beginning).unwrap()
}

fn now() -> Now {
    Now { instant: Instant::now(), unix_ns: 7 }
}

fn frames(path: &Path) -> Vec<Frame> {
    Reader::open(path).unwrap().map(|frame| frame.unwrap().1).collect()
}

#[test]
fn what_the_queue_has_no_room_for_is_counted_and_marked() {
    let folder = TempDir::new().unwrap();
    let mut config = CaptureConfig::new(folder.path().join("new"));
    config.queue = 2;
    let mut recorder = begin(&config, None);
    let barrier = Arc::new(Barrier::new(2));
    recorder.record(now(), Note::new("first"), &[Slow(Some(Arc::clone(&barrier)))]);
    barrier.wait();
    // The writer is at the first; two wait; five are lost.
    for _ in 0..7 {
        recorder.record(now(), Note::new("waits or is lost"), &[]);
    }
    assert_eq!(recorder.progress().totals().steps_lost, 5);
    barrier.wait();
    while recorder.progress().totals().steps < 3 {
        std::thread::yield_now();
    }
    recorder.record(now(), Note::new("last"), &[]);
    let (path, progress) = (recorder.path().to_owned(), Arc::clone(recorder.progress()));
    recorder.close(Duration::from_secs(20));

    let frames = frames(&path);
    let steps = |frame: &Frame| match frame {
        Frame::Step(step) => step.input.name().to_owned(),
        other => format!("{other:?}"),
    };
    let end = Totals { steps: 4, ticks: 0, steps_lost: 5, ticks_lost: 0 };
    assert_eq!(
        frames.iter().map(steps).collect::<Vec<_>>(),
        [
            "first",
            "waits or is lost",
            "waits or is lost",
            "Lost { steps: 5, ticks: 0 }",
            "last",
            &format!("{:?}", Frame::End(end))
        ]
    );
    assert_eq!(progress.bytes.load(Ordering::Relaxed), std::fs::metadata(&path).unwrap().len());
}

#[test]
fn losses_at_the_end_are_marked_too() {
    let folder = TempDir::new().unwrap();
    let mut config = CaptureConfig::new(folder.path());
    config.queue = 1;
    let mut recorder = begin(&config, None);
    let barrier = Arc::new(Barrier::new(2));
    recorder.record(now(), Note::new("first"), &[Slow(Some(Arc::clone(&barrier)))]);
    barrier.wait();
    recorder.record(now(), Note::new("second"), &[]);
    recorder.record(now(), Note::new("lost"), &[]);
    let path = recorder.path().to_owned();
    barrier.wait();
    recorder.close(Duration::from_secs(20));
    let end = Totals { steps: 2, ticks: 0, steps_lost: 1, ticks_lost: 0 };
    assert!(matches!(frames(&path).last(), Some(Frame::End(totals)) if *totals == end));
}

#[test]
fn the_file_is_its_owners_has_no_secret_and_is_never_overwritten() {
    let folder = TempDir::new().unwrap();
    let config = CaptureConfig::new(folder.path());
    let recorders = [begin(&config, None), begin(&config, None)];
    let paths = recorders.each_ref().map(|recorder| recorder.path().to_owned());
    for mut recorder in recorders {
        recorder.hide(&Secret::new("new-secret"));
        recorder.record(now(), Note::new("x").with("text", "kanarie-3f9 new-secret"), &[Slow(None)]);
        recorder.close(Duration::from_secs(20));
    }
    assert_ne!(paths[0], paths[1]);
    for path in paths {
        assert_eq!(path.parent(), Some(folder.path()), "a user's name leads nowhere else");
        let bytes = std::fs::read(&path).unwrap();
        for secret in ["kanarie-3f9", "new-secret"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

#[test]
fn ticks_come_from_their_own_source_with_their_losses() {
    let folder = TempDir::new().unwrap();
    let mut recorder = begin(&CaptureConfig::new(folder.path()), Some(Box::new(Ticks(5, 4))));
    recorder.record(now(), Note::new("step"), &[]);
    let (path, progress) = (recorder.path().to_owned(), Arc::clone(recorder.progress()));
    recorder.close(Duration::from_secs(20));
    assert_eq!(progress.totals(), Totals { steps: 1, ticks: 5, steps_lost: 0, ticks_lost: 4 });
    let mut sequence = 5;
    for frame in frames(&path) {
        match frame {
            Frame::Tick(tick) => {
                sequence += 1;
                assert_eq!(tick.sequence, sequence);
            }
            Frame::Lost { steps, ticks } => assert_eq!((steps, ticks, sequence), (0, 4, 7)),
            _ => {}
        }
    }
}

#[test]
fn a_full_file_ends_properly_and_what_comes_is_lost() {
    let folder = TempDir::new().unwrap();
    let mut config = CaptureConfig::new(folder.path());
    config.max_bytes = 1_000;
    let mut recorder = begin(&config, None);
    for _ in 0..100 {
        recorder.record(now(), Note::new("step").with("text", "some text"), &[]);
    }
    let (path, progress) = (recorder.path().to_owned(), Arc::clone(recorder.progress()));
    recorder.close(Duration::from_secs(20));
    let totals = progress.totals();
    assert!(totals.steps > 0 && totals.steps + totals.steps_lost == 100, "{totals:?}");
    assert!(progress.stopped.load(Ordering::Relaxed));
    let frames = frames(&path);
    assert!(matches!(frames.last(), Some(Frame::End(_))));
    assert_eq!(frames.len() as u64, totals.steps + 1);
    assert!(std::fs::metadata(&path).unwrap().len() < 1_500);
}

/// A disk with room for so many bytes.
struct Disk(usize, Arc<AtomicUsize>);

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0 -= bytes.len();
        self.1.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_ends_the_recording_and_nothing_else() {
    let written = Arc::new(AtomicUsize::new(0));
    let file = FrameWriter::new(Disk(1_000, Arc::clone(&written)), header()).unwrap();
    let (queue, items) = mpsc::sync_channel(100);
    let progress = Arc::new(Progress::default());
    let writer = Writer::<Slow, _> {
        file: Some(file),
        path: PathBuf::from("disk"),
        items,
        ticks: None,
        redactor: Arc::default(),
        progress: Arc::clone(&progress),
        max_bytes: u64::MAX,
        unmarked: (0, 0),
        unflushed: false,
    };
    for _ in 0..50 {
        let item = Item {
            at: Stamp::default(),
            input: Note::new("step"),
            outputs: vec![Slow(None)],
            lost_before: 0,
        };
        queue.send(item).unwrap();
    }
    drop(queue);
    writer.run();
    let totals = progress.totals();
    assert!(
        totals.steps > 0 && totals.steps_lost > 0 && totals.steps + totals.steps_lost == 50,
        "{totals:?}"
    );
    assert!(progress.stopped.load(Ordering::Relaxed));
    assert!(written.load(Ordering::Relaxed) <= 1_000);
}
