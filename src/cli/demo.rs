//! `ctp demo`: the demos of the folder `demo/`, one after the other, on the simulator.

#[path = "../../demo/src/md.rs"]
#[expect(unreachable_pub, reason = "public in the demo crate")]
mod md;
#[path = "../../demo/src/td.rs"]
#[expect(unreachable_pub, reason = "public in the demo crate")]
mod td;

use std::process::ExitCode;

use crate::demo::{Demo, Options};

/// Runs both demos.
pub(super) fn run() -> ExitCode {
    crate::demo::block_on(Options::simulator(), async |demo: &Demo| {
        demo.say(format_args!("=== market data 行情"));
        md::run(demo).await?;
        demo.say(format_args!("\n=== trading 交易"));
        td::run(demo).await
    })
}
