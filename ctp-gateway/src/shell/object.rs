//! The API object of a session: closing it is the only way to a fresh one, and may hang in the library.

use std::sync::Arc;
use std::time::Duration;

use ctp_sys::{Api, Side};
use tokio::sync::oneshot;

use crate::error::Error;
use crate::shell::Ending;

/// How many objects whose library does not stop may be left behind: each keeps its threads.
const LEFT_BEHIND_MAX: u32 = 8;

/// Makes an API object and sets it going. The number counts the objects of the session from 0.
pub(crate) type Maker<S> = Arc<dyn Fn(u32) -> Result<Api<S>, Error> + Send + Sync>;

/// The API object of a session, and how a fresh one is made.
pub(crate) struct ApiObject<S: Side> {
    api: Arc<Api<S>>,
    make: Maker<S>,
    close_timeout: Duration,
    made: u32,
    left_behind: u32,
    making: Option<Making<S>>,
}

/// What becomes of the old object, and the fresh one; closed without a word if none can be made.
pub(crate) type Making<S> = oneshot::Receiver<Renewal<S>>;

/// What became of the old object, and the fresh one.
pub(crate) struct Renewal<S: Side> {
    old: Ending,
    fresh: Result<Api<S>, Error>,
}

impl<S: Side> ApiObject<S>
where
    Api<S>: Send + Sync,
{
    /// Makes the first object. It may block.
    pub(crate) fn new(make: Maker<S>, close_timeout: Duration) -> Result<Self, Error> {
        let api = Arc::new(make(0)?);
        Ok(Self { api, make, close_timeout, made: 1, left_behind: 0, making: None })
    }

    pub(crate) fn api(&self) -> &Arc<Api<S>> {
        &self.api
    }

    pub(crate) fn close_timeout(&self) -> Duration {
        self.close_timeout
    }

    /// Begins to close the object and to make a fresh one, on a thread that may block.
    pub(crate) fn renew(&mut self) {
        let (tx, rx) = oneshot::channel();
        self.making = Some(rx);
        if self.left_behind >= LEFT_BEHIND_MAX {
            return drop(tx);
        }
        let (api, make, timeout) = (Arc::clone(&self.api), Arc::clone(&self.make), self.close_timeout);
        let number = self.made;
        self.made = self.made.saturating_add(1);
        tokio::task::spawn_blocking(move || {
            let old = close(&api, timeout);
            // A session that ended meanwhile drops the fresh object, which closes it.
            let _ = tx.send(Renewal { old, fresh: make(number) });
        });
    }

    /// Waits for the fresh object; for ever if none is being made.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe.
    pub(crate) async fn renewed(&mut self) -> Result<(), String> {
        let Some(making) = &mut self.making else { return std::future::pending().await };
        let renewal = making.await.ok();
        self.making = None;
        self.settle(renewal).1
    }

    /// Returns the fresh object that is being made, for who waits for it and then calls [`settle`](Self::settle).
    pub(crate) fn take_making(&mut self) -> Option<Making<S>> {
        self.making.take()
    }

    /// Takes over what became of the fresh object. Returns the old one, which may block when it is dropped, and
    /// whether there is a fresh one.
    pub(crate) fn settle(
        &mut self,
        renewal: Option<Renewal<S>>,
    ) -> (Option<Arc<Api<S>>>, Result<(), String>) {
        let Some(Renewal { old, fresh }) = renewal else {
            let left_behind = self.left_behind;
            return (
                None,
                Err(format!("{left_behind} objects of the library do not stop; restart the program")),
            );
        };
        if old == Ending::TimedOut {
            self.left_behind += 1;
        }
        match fresh {
            Ok(fresh) => (Some(std::mem::replace(&mut self.api, Arc::new(fresh))), Ok(())),
            Err(error) => (None, Err(error.to_string())),
        }
    }

    /// Stops the library, at most as long as configured. Nothing is delivered after it.
    pub(crate) async fn close(&mut self) -> Ending {
        if self.making.is_some() {
            // The fresh object would deliver.
            let _ = tokio::time::timeout(self.close_timeout, self.renewed()).await;
        }
        close_on_thread(Arc::clone(&self.api), self.close_timeout).await
    }
}

/// Closes an API object on a thread that may block.
pub(crate) async fn close_on_thread<S: Side>(api: Arc<Api<S>>, timeout: Duration) -> Ending
where
    Api<S>: Send + Sync,
{
    match tokio::task::spawn_blocking(move || close(&api, timeout)).await {
        Ok(ending) => ending,
        // The runtime is shutting down; dropping the API closes it.
        Err(_) => Ending::Clean,
    }
}

fn close<S: Side>(api: &Api<S>, timeout: Duration) -> Ending {
    match api.close(timeout) {
        Ok(()) => Ending::Clean,
        Err(error) => {
            tracing::error!(%error, "the library did not stop");
            Ending::TimedOut
        }
    }
}
