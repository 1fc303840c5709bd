//! The bus's own thread: it wakes sleepers when there are several, and sees to it that the table of latest ticks is not
//! overtaken when nobody looks at it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::md::bus::Shared;

/// How often the thread looks how far behind the table is, while there are ticks and while there are none.
const BUSY: Duration = Duration::from_millis(10);
const IDLE: Duration = Duration::from_millis(100);
/// How many ticks it takes at once before it looks around.
const CHUNK: usize = 256;

pub(super) fn start(shared: &Arc<Shared>) -> std::io::Result<()> {
    let kept = Arc::clone(shared);
    let thread = thread::Builder::new().name("ctp-md-bus".to_owned()).spawn(move || run(&kept))?;
    shared.wake.set_keeper(thread.thread().clone());
    Ok(())
}

fn run(shared: &Shared) {
    let mut published = 0;
    while !shared.is_closed() {
        let now = shared.published();
        thread::park_timeout(if now == published { IDLE } else { BUSY });
        published = now;
        shared.wake.answer_call();
        // Only when it is a quarter of the ring behind: until then whoever asks reads for himself.
        if shared.lock_latest().is_far_behind() {
            while shared.lock_latest().read(CHUNK) == CHUNK && !shared.is_closed() {
                shared.wake.answer_call();
            }
        }
    }
    shared.wake.wake_all();
}
