//! A front that accepts and closes.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// Accepts connections and closes each a little later.
///
/// The delay matters: 6.3.15 connects again at once, some 800 times a second (ctp-behaviour.md §2.2).
pub(crate) struct ClosingFront {
    address: String,
    accepted: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl ClosingFront {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port on loopback");
        let address = format!("tcp://{}", listener.local_addr().expect("bound"));
        let (accepted, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stopped) = (Arc::clone(&accepted), Arc::clone(&stop));
        thread::spawn(move || {
            while let Ok((connection, _)) = listener.accept() {
                if stopped.load(Ordering::Acquire) {
                    return;
                }
                count.fetch_add(1, Ordering::AcqRel);
                thread::spawn(move || {
                    thread::sleep(Duration::from_millis(100));
                    drop(connection);
                });
            }
        });
        Self { address, accepted, stop }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Acquire)
    }
}

impl Drop for ClosingFront {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // Wakes the listener.
        let _ = TcpStream::connect(self.address.trim_start_matches("tcp://"));
    }
}
