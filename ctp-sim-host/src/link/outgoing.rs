//! What a client sends: at once if the system takes it, else by a thread, so that no caller ever waits.

use std::io::{ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::SendFlags;
use tracing::{debug, warn};

/// Bytes that may wait for a server that does not read, beyond what the system keeps.
const WAITING_MAX: usize = 4 << 20;

/// `nReason` of a failed write.
const WRITE_FAILED: i32 = 0x1002;

/// `nReason` when nothing could be sent for [`STALLED_MAX`].
const NOT_SENT: i32 = 0x2002;

/// How long a server may read nothing while something waits for it (§2.2).
const STALLED_MAX: Duration = Duration::from_secs(40);

/// The sending side of a connection.
#[derive(Clone)]
pub(super) struct Outgoing {
    shared: Arc<Shared>,
}

struct Shared {
    stream: TcpStream,
    /// What waits for the thread. The thread runs while it is `Some`.
    waiting: Mutex<Option<Vec<u8>>>,
    /// Why sending failed; 0 before.
    failed: AtomicI32,
}

impl Outgoing {
    pub(super) fn new(stream: TcpStream) -> Self {
        let shared = Shared { stream, waiting: Mutex::new(None), failed: AtomicI32::new(0) };
        Self { shared: Arc::new(shared) }
    }

    /// Returns `nReason` of a connection that ended: why sending failed, else that reading did.
    pub(super) fn reason(&self, read_failed: i32) -> i32 {
        match self.shared.failed.load(Ordering::SeqCst) {
            0 => read_failed,
            failed => failed,
        }
    }

    /// Ends the connection in both directions: whoever reads or writes returns.
    pub(super) fn shut_down(&self) {
        // An error is a connection that has ended already.
        drop(self.shared.stream.shutdown(Shutdown::Both));
    }

    /// Sends whole frames, or keeps them to be sent in order. Returns whether it did; if not, nothing of them is sent.
    pub(super) fn send(&self, bytes: &[u8]) -> bool {
        if self.shared.failed.load(Ordering::SeqCst) != 0 {
            return false;
        }
        let mut waiting = crate::lock(&self.shared.waiting);
        if let Some(waiting) = &mut *waiting {
            let fits = waiting.len() + bytes.len() <= WAITING_MAX;
            if fits {
                waiting.extend_from_slice(bytes);
            }
            return fits;
        }
        let sent = match self.send_now(bytes) {
            Ok(sent) => sent,
            Err(cause) => {
                debug!(%cause, "cannot send");
                self.shared.fail(WRITE_FAILED);
                return false;
            }
        };
        if let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
            *waiting = Some(rest.to_vec());
            let shared = Arc::clone(&self.shared);
            let spawned =
                thread::Builder::new().name("ctp-sim-out".to_owned()).spawn(move || shared.write_waiting());
            if let Err(cause) = spawned {
                warn!(%cause, "cannot start a thread that sends: the connection ends");
                self.shared.fail(WRITE_FAILED);
            }
        }
        true
    }

    /// Sends what the system takes without waiting.
    fn send_now(&self, bytes: &[u8]) -> Result<usize, Errno> {
        let mut sent = 0;
        while sent < bytes.len() {
            // Without a signal: a foreign program need not ignore SIGPIPE.
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match rustix::net::send(&self.shared.stream, &bytes[sent..], flags) {
                Ok(count) => sent += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(cause) => return Err(cause),
            }
        }
        Ok(sent)
    }
}

impl Shared {
    /// Sends what waits until nothing does.
    fn write_waiting(&self) {
        // Without this a server that reads nothing would hold the thread as long as it likes.
        let limited = self.stream.set_write_timeout(Some(STALLED_MAX));
        let mut bytes = Vec::new();
        loop {
            {
                let mut waiting = crate::lock(&self.waiting);
                match &mut *waiting {
                    Some(more) if !more.is_empty() => {
                        bytes.clear();
                        std::mem::swap(&mut bytes, more);
                    }
                    _ => {
                        *waiting = None;
                        return;
                    }
                }
            }
            let mut stream = &self.stream;
            let written = limited.as_ref().map_err(std::io::Error::kind).map(|()| stream.write_all(&bytes));
            let kind = match written {
                Ok(Ok(())) => continue,
                Ok(Err(cause)) => cause.kind(),
                Err(kind) => kind,
            };
            let is_stalled = matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut);
            debug!(%kind, "cannot send");
            self.fail(if is_stalled { NOT_SENT } else { WRITE_FAILED });
            return;
        }
    }

    /// Ends the connection; the reader tells.
    fn fail(&self, reason: i32) {
        // The first reason counts.
        let _ = self.failed.compare_exchange(0, reason, Ordering::SeqCst, Ordering::SeqCst);
        drop(self.stream.shutdown(Shutdown::Both));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;

    fn pair() -> (Outgoing, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        server.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        (Outgoing::new(client), server)
    }

    #[test]
    fn nobody_waits_for_a_server_that_does_not_read() {
        let (outgoing, mut server) = pair();
        let frame = [7; 1_000];
        let begin = Instant::now();
        let mut taken = 0_u64;
        while outgoing.send(&frame) {
            taken += 1;
            assert!(taken < 100_000, "there is no bound");
        }
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
        assert!(taken * 1_000 >= WAITING_MAX as u64);
        // Once it reads, everything that was taken comes, in whole frames, and there is room again.
        let mut read = vec![0; 1_000];
        for _ in 0..taken {
            server.read_exact(&mut read).unwrap();
            assert!(read.iter().all(|byte| *byte == 7));
        }
        assert!(outgoing.send(&frame));
        server.read_exact(&mut read).unwrap();
    }

    #[test]
    fn an_end_lets_a_blocked_thread_go() {
        let (outgoing, _server) = pair();
        while outgoing.send(&[7; 65_536]) {}
        outgoing.shut_down();
        let begin = Instant::now();
        while outgoing.reason(0x1001) == 0x1001 {
            assert!(begin.elapsed() < Duration::from_secs(20));
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(outgoing.reason(0x1001), WRITE_FAILED);
        assert!(!outgoing.send(&[1]));
    }
}
