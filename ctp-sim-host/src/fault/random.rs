//! Plans drawn from a seed, and plans from files.

use std::fmt::Write as _;
use std::path::Path;

use ctp_sim::Random;

use super::error::PlanFileError;
use super::kinds::{Kind, Level};
use super::plan::FaultPlan;

/// What a path begins with that is a seed.
const RANDOM: &str = "random:";

/// What faults of a random plan are done to.
const CALLBACKS: [&str; 12] = [
    "all",
    "answers",
    "pushes",
    "orders",
    "trades",
    "ticks",
    "queries",
    "logins",
    "OnRspError",
    "OnErrRtn*",
    "OnRtnInstrumentStatus",
    "OnRspQryInvestorPosition",
];
const REQUESTS: [&str; 7] =
    ["all", "orders", "cancels", "queries", "logins", "subscriptions", "ReqSettlementInfoConfirm"];
const TRIGGERS: [&str; 8] = [
    "OnFrontConnected",
    "ReqAuthenticate",
    "ReqUserLogin",
    "OnRspUserLogin",
    "ReqOrderInsert",
    "OnRtnOrder",
    "OnRtnTrade",
    "OnRtnDepthMarketData",
];
const REASONS: [i32; 5] = [4097, 4098, 8193, 8194, 8195];
const ERRORS: [i32; 10] = [3, 7, 8, 21, 42, 60, 63, 75, 90, 116];

/// Kinds that no random plan has: they end or stop the client's process, or the store.
const LEFT_OUT: [&str; 3] = ["abort", "hang", "disk-full"];

impl FaultPlan {
    /// Reads the plan of a file, or draws the one of `random:SEED`.
    ///
    /// # Errors
    ///
    /// Returns an error when the file cannot be read, and every problem of a plan that cannot be.
    pub fn load(path: &Path) -> Result<Self, PlanFileError> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(seed) = name.strip_prefix(RANDOM) {
            let seed = seed.parse().ok().filter(|seed| *seed <= i64::MAX as u64);
            let seed = seed.ok_or_else(|| PlanFileError::Seed(name.clone()))?;
            return Ok(Self::random(seed)?);
        }
        let text = std::fs::read_to_string(path)
            .map_err(|source| PlanFileError::Read { path: path.to_owned(), source })?;
        Ok(Self::parse(&path.display().to_string(), &text)?)
    }

    /// Draws a plan from a seed: [`random_plan`], read.
    ///
    /// # Errors
    ///
    /// What is drawn can always be read; the error is that of [`parse`](Self::parse).
    pub fn random(seed: u64) -> Result<Self, super::PlanError> {
        Self::parse(&format!("{RANDOM}{seed}"), &random_plan(seed))
    }
}

/// Draws a plan from a seed, as TOML: one to six faults of any kinds. The same seed gives the same plan.
pub fn random_plan(seed: u64) -> String {
    let mut draw = Draw(Random::new(seed, "faults"));
    let seed = seed & i64::MAX as u64;
    let mut text = format!("name = \"random-{seed}\"\nseed = {seed}\n");
    for _ in 0..draw.0.between(1, 6) {
        draw.fault(&mut text);
    }
    text
}

struct Draw(Random);

impl Draw {
    fn fault(&mut self, text: &mut String) {
        let kinds: Vec<&Kind> = Kind::ALL.iter().filter(|kind| !LEFT_OUT.contains(&kind.name)).collect();
        let kind = *self.one(&kinds);
        // Writing to a text does not fail.
        let _ = writeln!(text, "\n[[fault]]\ndo = {:?}", kind.name);
        let counts = match kind.level {
            Level::Delivery => {
                let _ = writeln!(text, "what = {:?}", self.one(&CALLBACKS));
                true
            }
            Level::Request => {
                let _ = writeln!(text, "what = {:?}", self.one(&REQUESTS));
                true
            }
            Level::Session | Level::Server | Level::Library => {
                let triggered = self.0.chance(50);
                let _ = match triggered {
                    true => writeln!(text, "on = {:?}", self.one(&TRIGGERS)),
                    false => writeln!(text, "in = \"{}ms\"", self.0.between(0, 20_000)),
                };
                triggered
            }
        };
        self.own_keys(kind, text);
        if kind.lasts() && (self.0.chance(50) || !kind.has_what()) {
            let _ = writeln!(text, "for = \"{}ms\"", self.0.between(1, 10_000));
        }
        if self.0.chance(30) {
            let _ = writeln!(text, "who = {{ api = {:?} }}", self.one(&["md", "trader"]));
        }
        if counts && self.0.chance(40) {
            let _ = writeln!(text, "after = {}", self.0.between(0, 20));
        }
        if counts && self.0.chance(30) {
            let _ = writeln!(text, "every = {}", self.0.between(1, 10));
        }
        if counts && self.0.chance(50) {
            let _ = writeln!(text, "probability = 0.{:02}", self.0.between(1, 99));
        }
        if counts && self.0.chance(50) {
            let _ = writeln!(text, "count = {}", self.0.between(1, 50));
        }
    }

    /// Draws what a kind needs, and some of what it may have.
    fn own_keys(&mut self, kind: &Kind, text: &mut String) {
        for (key, needed) in kind.own_keys() {
            if !needed && self.0.chance(50) {
                continue;
            }
            let value = match (kind.name, key) {
                ("clock-jump", "by") => {
                    let back = if self.0.chance(30) { "-" } else { "" };
                    format!("\"{back}{}s\"", self.0.between(1, 30))
                }
                ("reorder", "by") => format!("\"{}ms\"", self.0.between(1, 3_000)),
                (_, "by") => format!("\"{}ms..{}ms\"", self.0.between(0, 50), self.0.between(50, 5_000)),
                // It contradicts `window`.
                (_, "behind") => continue,
                (_, "window") => self.0.between(2, 20).to_string(),
                (_, "times") => self.0.between(1, 3).to_string(),
                (_, "error") => self.one(&ERRORS).to_string(),
                (_, "code") => self.0.between(-3, -1).to_string(),
                (_, "reason") => self.one(&REASONS).to_string(),
                (_, "number") => self.0.between(i32::MIN.into(), i32::MAX.into()).to_string(),
                (_, "with") => format!("{:?}", self.one(&["random", "dbl-max", "nan", "zero"])),
                (_, "field") => format!("{:?}", self.one(&["*ID", "*Price*", "Volume*", "StatusMsg", "*"])),
                (_, "fields") => self
                    .one(&["{ OrderStatus = \"~\" }", "{ ExchangeID = \"TTS\" }", "{ Volume = -1 }"])
                    .to_string(),
                (_, "clear-flow" | "passes") => self.0.chance(50).to_string(),
                (_, "down") => format!("\"{}ms\"", self.0.between(0, 10_000)),
                (_, "command") => format!("{:?}", self.one(&["ready off", "front-active off"])),
                (_, "undo") => "\"ready on\"".to_owned(),
                _ => continue,
            };
            let _ = writeln!(text, "{key} = {value}");
        }
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let place = self.0.between(0, of.len() as i64 - 1);
        &of[place as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_can_be_read_and_comes_again() {
        let mut kinds = std::collections::BTreeSet::new();
        for seed in 0..400 {
            let text = random_plan(seed);
            let plan = FaultPlan::random(seed).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!((plan.name.as_str(), plan.seed), (format!("random-{seed}").as_str(), Some(seed)));
            kinds.extend(
                plan.faults.iter().filter_map(|fault| fault.text.split(' ').next().map(str::to_owned)),
            );
            assert_eq!(text, random_plan(seed));
        }
        assert_eq!(kinds.len(), Kind::ALL.len() - LEFT_OUT.len(), "{kinds:?}");
    }

    #[test]
    fn a_path_is_a_file_or_a_seed() {
        let load = |path: &str| {
            FaultPlan::load(Path::new(path)).map(|plan| plan.name).map_err(|error| error.to_string())
        };
        assert_eq!(load("random:7"), Ok("random-7".to_owned()));
        assert_eq!(load("/etc/random:7"), Ok("random-7".to_owned()));
        assert!(load("random:x").is_err_and(|error| error.contains("whole number")));
        assert!(load("/nowhere/a.toml").is_err_and(|error| error.contains("/nowhere/a.toml")));
    }
}
