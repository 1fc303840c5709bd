//! How API objects are created.

use std::path::PathBuf;

/// How a market data API is created.
#[derive(Clone, Debug)]
pub struct MdOptions {
    /// Directory of the library's own files, one per instance; made when missing.
    pub flow_dir: PathBuf,
    /// Whether ticks come by UDP.
    pub udp: bool,
    /// Whether ticks come by multicast (with `udp`, on a local network only).
    pub multicast: bool,
    /// Whether the front is a production front; false for evaluation (评测) fronts, since 6.7.11.
    pub production_mode: bool,
}

impl MdOptions {
    /// Returns options for TCP and production.
    pub fn new(flow_dir: impl Into<PathBuf>) -> Self {
        Self { flow_dir: flow_dir.into(), udp: false, multicast: false, production_mode: true }
    }
}

/// How a trader API is created.
#[derive(Clone, Debug)]
pub struct TraderOptions {
    /// Directory of the library's own files, one per instance; made when missing.
    pub flow_dir: PathBuf,
    /// Whether the front is a production front; false for evaluation (评测) fronts, since 6.7.11.
    pub production_mode: bool,
}

impl TraderOptions {
    /// Returns options for production.
    pub fn new(flow_dir: impl Into<PathBuf>) -> Self {
        Self { flow_dir: flow_dir.into(), production_mode: true }
    }
}

/// What any factory takes; a trader's ignores what is not for it.
#[derive(Debug)]
pub struct Creation {
    pub(super) flow_dir: PathBuf,
    pub(super) udp: bool,
    pub(super) multicast: bool,
    pub(super) production_mode: bool,
}

impl From<&MdOptions> for Creation {
    fn from(options: &MdOptions) -> Self {
        let MdOptions { flow_dir, udp, multicast, production_mode } = options.clone();
        Self { flow_dir, udp, multicast, production_mode }
    }
}

impl From<&TraderOptions> for Creation {
    fn from(options: &TraderOptions) -> Self {
        let TraderOptions { flow_dir, production_mode } = options.clone();
        Self { flow_dir, udp: false, multicast: false, production_mode }
    }
}
