//! What the library prints: errors only, unless `CTP_SIM_LOG` says otherwise.

use std::sync::Once;

use tracing::level_filters::LevelFilter;

/// The environment variable that sets how much is printed to stderr.
const VARIABLE: &str = "CTP_SIM_LOG";

/// Starts printing to stderr, once in the process.
///
/// The library has its own copy of tracing, so this never disturbs the program that loaded it. A
/// Rust program that is linked with this crate and has a subscriber keeps its own.
pub(crate) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .with_max_level(level(std::env::var(VARIABLE).ok().as_deref()))
            .finish();
        // Refused when the program has a subscriber of its own, which then gets everything.
        drop(tracing::subscriber::set_global_default(subscriber));
    });
}

fn level(setting: Option<&str>) -> LevelFilter {
    match setting {
        None | Some("") => LevelFilter::ERROR,
        Some("0") => LevelFilter::OFF,
        Some("1") => LevelFilter::DEBUG,
        Some(name) => name.parse().unwrap_or(LevelFilter::DEBUG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_by_default() {
        assert_eq!(level(None), LevelFilter::ERROR);
        assert_eq!(level(Some("")), LevelFilter::ERROR);
        assert_eq!(level(Some("0")), LevelFilter::OFF);
        assert_eq!(level(Some("1")), LevelFilter::DEBUG);
        assert_eq!(level(Some("warn")), LevelFilter::WARN);
        assert_eq!(level(Some("yes")), LevelFilter::DEBUG);
    }
}
