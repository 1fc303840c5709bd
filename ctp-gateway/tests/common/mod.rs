//! What the tests against the simulator's libraries share.

use std::time::Duration;

use ctp_gateway::{TdClient, TdConfig};
use tempfile::TempDir;

/// Longer than anything here takes; a failure ends by it instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn td_config(exchange: &str, user: &str, folder: &TempDir) -> TdConfig {
    let mut config = TdConfig::new([format!("sim://{exchange}")], "9999", user, "simulator");
    config.flow_dir = folder.path().to_owned();
    config
}

pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("nothing happened")
}

pub(crate) async fn ready(config: TdConfig) -> TdClient {
    let client = TdClient::connect(config).await.expect("the simulator is built by `cargo xtask sim`");
    soon(client.ready()).await.expect("logged in");
    client
}
