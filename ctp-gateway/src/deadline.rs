//! Ends for what might never come, also outside of a runtime.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use tokio::sync::oneshot;

/// Waits for the future, at most so long. Inside a tokio runtime its timer is used, elsewhere a thread.
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    if tokio::runtime::Handle::try_current().is_ok() {
        return tokio::time::timeout(limit, future).await.ok();
    }
    let (over_tx, over) = oneshot::channel::<()>();
    // The thread ends with the wait, or when its time is up, whichever is first.
    let (_waiting, ended) = mpsc::channel::<()>();
    let timer = std::thread::Builder::new().name("ctp-deadline".to_owned()).spawn(move || {
        let _ = ended.recv_timeout(limit);
        drop(over_tx);
    });
    if timer.is_err() {
        // Without a thread there is no timer: what is ready counts.
        let mut future = pin!(future);
        return std::future::poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending => Poll::Ready(None),
        })
        .await;
    }
    tokio::select! {
        biased;
        value = future => Some(value),
        _ = over => None,
    }
}

/// Runs the future on this thread, which waits for it.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_comes_ends_outside_of_a_runtime() {
        assert_eq!(block_on(within(Duration::from_millis(1), std::future::pending::<()>())), None);
        assert_eq!(block_on(within(Duration::from_secs(60), async { 7 })), Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_comes_ends_in_a_runtime() {
        assert_eq!(within(Duration::from_secs(60), std::future::pending::<()>()).await, None);
        assert_eq!(within(Duration::from_secs(60), async { 7 }).await, Some(7));
    }
}
