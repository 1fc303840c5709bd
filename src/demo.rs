//! What the demos share: options, output, Ctrl-C, and the rule about orders.
//!
//! The demos themselves are `demo/src/md.rs` and `demo/src/td.rs`.

mod contract;
mod error;
mod options;
mod orders;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use clap::{CommandFactory as _, FromArgMatches as _};
use ctp_gateway::state::Attempt;
use ctp_gateway::{Error, Login, SessionState};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use contract::main_contract;
pub use error::DemoError;
pub use options::{Arguments, Options};
pub use orders::{OrderPlan, order_plan};

/// The exit code after Ctrl-C, as shells expect it.
const INTERRUPTED: u8 = 130;

/// A running demo: its options, where it prints, and whether the user has had enough.
pub struct Demo {
    /// The options.
    pub options: Options,
    out: Mutex<Box<dyn Write + Send>>,
    stop: CancellationToken,
}

impl Demo {
    /// Returns a demo that prints to `out`.
    pub fn new(options: Options, out: impl Write + Send + 'static) -> Self {
        Self { options, out: Mutex::new(Box::new(out)), stop: CancellationToken::new() }
    }

    /// Prints a line.
    pub fn say(&self, line: std::fmt::Arguments<'_>) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // Who closed the other end, as `| head` does, does not want to read on.
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            self.stop.cancel();
        }
    }

    /// Asks the demo to end, as Ctrl-C does.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits for `future`, at most until the user has had enough or `options.timeout` has passed.
    ///
    /// # Errors
    ///
    /// [`DemoError::Interrupted`], [`DemoError::Nothing`] with `what` was waited for, or the future's error.
    pub async fn wait<T, E: Into<DemoError>>(
        &self,
        what: &'static str,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, DemoError> {
        let waited = self.options.timeout;
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(DemoError::Interrupted),
            result = future => result.map_err(Into::into),
            () = tokio::time::sleep(waited) => Err(DemoError::Nothing { what, waited }),
        }
    }

    /// Waits until a session is ready, at most until the user has had enough.
    ///
    /// # Errors
    ///
    /// [`DemoError::Interrupted`], or why the session does not become ready.
    pub async fn logged_in(
        &self,
        ready: impl Future<Output = Result<Login, Error>>,
    ) -> Result<Login, DemoError> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(DemoError::Interrupted),
            login = ready => Ok(login?),
        }
    }

    /// Runs `story` and meanwhile prints how the session's link comes and goes.
    pub async fn watching<T>(
        &self,
        mut state: watch::Receiver<SessionState>,
        story: impl Future<Output = T>,
    ) -> T {
        let mut story = std::pin::pin!(story);
        let mut link = Link::New;
        loop {
            let now = state.borrow_and_update().clone();
            if let Some(news) = link.news(&now) {
                self.say(format_args!("{news}"));
            }
            tokio::select! {
                biased;
                Ok(()) = state.changed() => {}
                result = &mut story => return result,
            }
        }
    }
}

/// How far a session's link is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Link {
    New,
    Up,
    Broken,
}

impl Link {
    /// Returns what a new state means to the user, if anything.
    fn news(&mut self, state: &SessionState) -> Option<String> {
        let before = *self;
        match state {
            SessionState::Reconnecting(reason) => {
                *self = Self::Broken;
                Some(format!("disconnected 已断开: {reason}; the library connects again by itself"))
            }
            SessionState::Authenticating(Attempt { refused: Some(error), .. })
            | SessionState::LoggingIn(Attempt { refused: Some(error), .. })
            | SessionState::Confirming(Attempt { refused: Some(error), .. }) => {
                *self = Self::Up;
                Some(format!("refused 被拒绝: {error}; trying again"))
            }
            SessionState::Connecting => None,
            over if over.is_over() => None,
            _ => {
                *self = Self::Up;
                (before != Self::Up).then(|| "connected 已连接".to_owned())
            }
        }
    }
}

impl std::fmt::Debug for Demo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Demo").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Reads the command line of a demo called `name`, and runs it.
///
/// Returns 0, 1 after an error, 2 for wrong arguments and 130 after Ctrl-C. What went wrong is on standard error.
pub fn main(
    name: &'static str,
    about: &'static str,
    demo: impl AsyncFnOnce(&Demo) -> Result<(), DemoError>,
) -> ExitCode {
    let matches = Arguments::command().name(name).about(about).try_get_matches();
    let arguments = match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    block_on(Options::read(arguments, |name| std::env::var(name).ok()), demo)
}

/// Runs a demo to its end, which Ctrl-C may bring early.
pub(crate) fn block_on(
    options: Result<Options, DemoError>,
    demo: impl AsyncFnOnce(&Demo) -> Result<(), DemoError>,
) -> ExitCode {
    let options = match options {
        Ok(options) => options,
        Err(error) => return failed(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let running = Demo::new(options, io::stdout());
    let stop = running.stop.clone();
    runtime.spawn(async move {
        // Without a handler the signal ends the process at once, which is what is left then.
        if asked_to_end().await.is_ok() {
            stop.cancel();
        }
    });
    match runtime.block_on(demo(&running)) {
        Ok(()) => {
            running.say(format_args!("done 完成"));
            ExitCode::SUCCESS
        }
        Err(DemoError::Interrupted) => {
            running.say(format_args!("interrupted 已中断, everything is closed"));
            ExitCode::from(INTERRUPTED)
        }
        Err(error) => {
            let code = failed(&error);
            if error.is_about_secrets() {
                eprintln!(
                    "  set CTP_PASSWORD and CTP_AUTH_CODE, or password and auth_code in the file of --config"
                );
            }
            code
        }
    }
}

/// Waits for Ctrl-C or the signal by which a supervisor ends a process.
async fn asked_to_end() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

/// Prints what clap has to say: help and version to standard output, errors to standard error.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // A closed output is no reason to complain.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use ctp_gateway::state::DisconnectReason;

    use super::*;

    #[test]
    fn each_change_of_the_link_is_news_once() {
        let mut link = Link::New;
        let ready = SessionState::Ready(Login::default().into());
        let broken = SessionState::Reconnecting(DisconnectReason(0x1001).into());
        let refused = SessionState::LoggingIn(ctp_gateway::ServerError::counter(7, "busy").into());
        let news = [
            SessionState::Connecting,
            SessionState::LoggingIn(Attempt::default()),
            ready.clone(),
            broken,
            refused,
            ready,
            SessionState::Closed,
        ]
        .map(|state| link.news(&state).map(|news| news.split(' ').next().unwrap_or_default().to_owned()));
        let news: Vec<_> = news.iter().map(Option::as_deref).collect();
        assert_eq!(news, [None, Some("connected"), None, Some("disconnected"), Some("refused"), None, None]);
    }
}
