//! The task that waits for a trading session: for the library's callbacks, for time, for the end.

use std::sync::Arc;

use ctp_sys::se::Trader;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::shell::{Ending, Making, Renewal, close_on_thread, sleep_until};
use crate::td::driver::{Driver, Shared};
use crate::td::io::Input;

pub(super) struct Task {
    pub(super) shared: Arc<Shared>,
    /// What the session is told before everything else, and tells those who listen by then.
    pub(super) news: Vec<Input>,
    pub(super) reports: mpsc::UnboundedReceiver<Input>,
    /// The library's word about logins, which are sent from threads of their own.
    pub(super) sent: mpsc::UnboundedReceiver<Input>,
    pub(super) stop: CancellationToken,
    pub(super) ended: watch::Sender<Option<Ending>>,
}

impl Task {
    pub(super) async fn run(mut self) {
        // A runtime that drops the task ends the session too: nobody would hear the library any more.
        let _end = EndWithTask(Arc::clone(&self.shared));
        for input in std::mem::take(&mut self.news) {
            let _ = self.shared.report(input, 0).await;
        }
        // Time begins for the session: it notices from now on when nothing happens.
        let _ = self.shared.report(Input::Time, 0).await;
        let mut making = None;
        loop {
            let look = self.shared.enter_in_turn(|driver| {
                let made = driver.object.take_making();
                Ok((driver.is_over(), driver.sleep(), driver.state_log.due(), made))
            });
            let Ok((false, deadline, log_due, made_now)) = look.await else { break };
            making = made_now.or(making);
            let waiting = self.reports.len();
            // What goes wrong in here is found by the next look.
            let _ = tokio::select! {
                biased; // a stop request is never starved by callbacks
                () = self.stop.cancelled() => break,
                Some(sent) = self.sent.recv() => self.shared.report(sent, waiting).await,
                Some(report) = self.reports.recv() => self.shared.report(report, self.reports.len()).await,
                renewal = made(&mut making) => {
                    making = None;
                    // Outside the lock: dropping the old object may block.
                    self.shared.enter_in_turn(|driver| driver.renewed(renewal)).await.map(drop)
                }
                () = self.shared.woken() => Ok(()),
                () = sleep_until(deadline) => self.shared.enter_in_turn(Driver::look_at_time).await,
                () = sleep_until(log_due) => {
                    let settle = |driver: &mut Driver| {
                        driver.settle_log();
                        Ok(())
                    };
                    self.shared.enter_in_turn(settle).await
                }
            };
        }
        self.close(making).await;
    }

    /// Stops the library, then tells everybody who waits, then ends the streams.
    async fn close(mut self, making: Option<Making<Trader>>) {
        let begin = self.shared.enter_in_turn(|driver| {
            driver.begin_closing();
            let making = driver.object.take_making().or(making);
            Ok((making, driver.object.close_timeout()))
        });
        let Ok((making, timeout)) = begin.await else { return };
        if let Some(mut making) = making {
            // The fresh object would deliver.
            if let Ok(renewal) = tokio::time::timeout(timeout, &mut making).await {
                let settle = |driver: &mut Driver| Ok(driver.object.settle(renewal.ok()));
                let _ = self.shared.enter_in_turn(settle).await;
            }
        }
        let api = self.shared.enter_in_turn(|driver| Ok(Arc::clone(driver.object.api())));
        let Ok(api) = api.await else { return };
        let ending = close_on_thread(api, timeout).await;
        let end = self.shared.enter_in_turn(|driver| {
            driver.finish(std::iter::from_fn(|| self.reports.try_recv().ok()));
            Ok((driver.recording.end(), driver.pen.take(), driver.clock.unix_ns()))
        });
        let end = end.await;
        // The runtime may be shutting down; the writers end by themselves.
        if let Ok((end, journal, now_ns)) = end {
            let write = move || {
                end(timeout);
                if let Some(Err(error)) = journal.map(|journal| journal.close(now_ns)) {
                    tracing::error!(%error, "the journal was not ended in order; what was written is kept");
                }
            };
            let _ = tokio::task::spawn_blocking(write).await;
        }
        drop(self.shared.end());
        self.ended.send_replace(Some(ending));
    }
}

/// Waits for the fresh object; for ever if none is being made.
async fn made(making: &mut Option<Making<Trader>>) -> Option<Renewal<Trader>> {
    match making {
        Some(making) => making.await.ok(),
        None => std::future::pending().await,
    }
}

/// Ends the session when the task is dropped.
struct EndWithTask(Arc<Shared>);

impl Drop for EndWithTask {
    fn drop(&mut self) {
        drop(self.0.end());
    }
}
