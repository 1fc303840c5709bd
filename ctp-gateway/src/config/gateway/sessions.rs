//! From the configuration of an account to those of its sessions.

use std::path::PathBuf;

use super::GatewayConfig;
use crate::config::{ConfigError, FrontAddress, MdConfig, Problem, Secret, SecretSource, TdConfig, check};

/// The files of a vendor's libraries, as delivered and as wrappers name them.
const MD_FILES: [&str; 2] = ["thostmduserapi_se.so", "libthostmduserapi_se.so"];
const TD_FILES: [&str; 2] = ["thosttraderapi_se.so", "libthosttraderapi_se.so"];

impl GatewayConfig {
    /// Returns the problems of the sessions that are looked at, each once.
    pub(in crate::config) fn problems(&self, variable: Variable<'_>, sides: Sides) -> Vec<Problem> {
        let given = |own: &[String], servers: &[String]| {
            !own.is_empty() || !servers.is_empty() || !self.fronts.is_empty()
        };
        let has_md = given(&self.md_fronts, &self.md_name_servers);
        let has_td = given(&self.td_fronts, &self.td_name_servers);
        let (looks_md, looks_td) = match sides {
            Sides::Given => (has_md, has_td || !has_md),
            Sides::Md => (true, false),
            Sides::Td => (false, true),
            Sides::Both => (true, true),
        };
        let mut problems = Vec::new();
        if sides == Sides::Given && !has_md && !has_td {
            problems.push(Problem::new(
                "td_fronts",
                "is missing, and md_fronts too; give at least one front, for example tcp://180.168.146.187:10130, or fronts = [\"sim://test\"]",
            ));
        }
        if looks_md {
            let config = self.md(variable, &mut problems);
            self.named("md", check::md(&config), &mut problems);
        }
        if looks_td {
            let config = self.td(variable, &mut problems);
            self.named("td", check::td(&config), &mut problems);
        }
        let mut once: Vec<Problem> = Vec::new();
        for problem in problems {
            if !once.iter().any(|known| known.key == problem.key && known.message == problem.message) {
                once.push(problem);
            }
        }
        once
    }

    /// Adds a session's problems under the keys of this configuration.
    fn named(&self, side: &str, checked: Result<(), ConfigError>, problems: &mut Vec<Problem>) {
        let Err(error) = checked else {
            return;
        };
        for problem in error.problems() {
            let own = match (side, problem.key.as_ref()) {
                ("md", "fronts") if self.md_fronts.is_empty() && !self.fronts.is_empty() => "fronts",
                ("td", "fronts") if self.td_fronts.is_empty() && !self.fronts.is_empty() => "fronts",
                ("md", "fronts") => "md_fronts",
                ("td", "fronts") => "td_fronts",
                ("md", "name_servers") => "md_name_servers",
                ("td", "name_servers") => "td_name_servers",
                ("md", "library") => "md_library",
                ("td", "library") => "td_library",
                // It was told already that the place of the secret does not give it.
                (_, key) if key_has_problem(problems, key) => continue,
                (_, _) => {
                    problems.push(problem.clone());
                    continue;
                }
            };
            // That neither session has fronts was told already.
            let told = |known: &Problem| known.key == own && known.message.starts_with("is missing, and");
            if !problems.iter().any(told) {
                problems.push(Problem::new(own, problem.message.clone()));
            }
        }
    }

    pub(super) fn md(&self, variable: Variable<'_>, problems: &mut Vec<Problem>) -> MdConfig {
        let mut config = MdConfig::new(own_or(&self.md_fronts, &self.fronts));
        config.library =
            self.library("md_library", self.md_library.as_ref(), &MD_FILES, &config.fronts, problems);
        config.version.clone_from(&self.version);
        config.name_servers.clone_from(&self.md_name_servers);
        config.fens_mode = self.fens_mode;
        config.broker_id.clone_from(&self.broker_id);
        config.user_id.clone_from(&self.user_id);
        config.password = secret("password", &self.password, variable, problems);
        config.flow_dir.clone_from(&self.flow_dir);
        config.instance.clone_from(&self.instance);
        config.production = self.production;
        config.udp = self.udp;
        config.multicast = self.multicast;
        config.tick_capacity = self.tick_capacity;
        config.timeouts = self.timeouts;
        config.capture.clone_from(&self.capture);
        config.clock = self.clock.clone();
        config
    }

    pub(super) fn td(&self, variable: Variable<'_>, problems: &mut Vec<Problem>) -> TdConfig {
        let fronts = own_or(&self.td_fronts, &self.fronts);
        let password = secret("password", &self.password, variable, problems);
        let mut config = TdConfig::new(fronts, &self.broker_id, &self.user_id, password);
        config.library =
            self.library("td_library", self.td_library.as_ref(), &TD_FILES, &config.fronts, problems);
        config.version.clone_from(&self.version);
        config.name_servers.clone_from(&self.td_name_servers);
        config.fens_mode = self.fens_mode;
        config.investor_id.clone_from(&self.investor_id);
        config.one_time_password = secret("one_time_password", &self.one_time_password, variable, problems);
        config.app_id.clone_from(&self.app_id);
        config.auth_code = secret("auth_code", &self.auth_code, variable, problems);
        config.product_info.clone_from(&self.product_info);
        config.flow_dir.clone_from(&self.flow_dir);
        config.instance.clone_from(&self.instance);
        config.production = self.production;
        config.private_resume = self.private_resume;
        config.public_resume = self.public_resume;
        config.confirm_settlement = self.confirm_settlement;
        config.recovery = self.recovery;
        config.read_only = self.read_only;
        config.reconcile = self.reconcile;
        config.reconcile_every = self.reconcile_every;
        config.cache = self.cache;
        config.relay.clone_from(&self.relay);
        config.timeouts = self.timeouts;
        config.risk = self.risk.clone();
        config.journal = self.journal.clone();
        config.capture.clone_from(&self.capture);
        config.clock = self.clock.clone();
        config
    }

    /// Returns the library's file: the session's own, else the one in the folder of both.
    fn library(
        &self,
        key: &'static str,
        own: Option<&PathBuf>,
        names: &[&str; 2],
        fronts: &[String],
        problems: &mut Vec<Problem>,
    ) -> Option<PathBuf> {
        if let Some(path) = own {
            if !path.is_file() {
                let message = format!("is {}, where there is no file; check the path", path.display());
                problems.push(Problem::new(key, message));
            }
            return Some(path.clone());
        }
        let folder = self.library_dir.as_ref()?;
        let simulated = |front: &String| FrontAddress::parse(front).is_ok_and(|front| front.is_simulated());
        match names.iter().map(|name| folder.join(name)).find(|path| path.is_file()) {
            Some(path) => Some(path),
            // The simulator's own library will do.
            None if !fronts.is_empty() && fronts.iter().all(simulated) => None,
            None => {
                let [one, other] = names;
                let folder = folder.display();
                let message =
                    format!("is {folder}, where there is no {one} or {other}; check the path, or give {key}");
                problems.push(Problem::new("library_dir", message));
                // The key of the session has no problem of its own.
                Some(PathBuf::from(one))
            }
        }
    }
}

/// Looks up a variable of the environment.
pub(in crate::config) type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Which sessions are looked at.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::config) enum Sides {
    /// Those that have fronts.
    Given,
    Md,
    Td,
    Both,
}

pub(in crate::config) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn own_or(own: &[String], common: &[String]) -> Vec<String> {
    if own.is_empty() { common.to_vec() } else { own.to_vec() }
}

fn key_has_problem(problems: &[Problem], key: &str) -> bool {
    matches!(key, "password" | "auth_code" | "one_time_password")
        && problems.iter().any(|problem| problem.key == key && problem.message.starts_with("is to come from"))
}

fn secret(
    key: &'static str,
    source: &SecretSource,
    variable: Variable<'_>,
    problems: &mut Vec<Problem>,
) -> Secret {
    source.secret(variable).unwrap_or_else(|why| {
        problems.push(Problem::new(key, why));
        Secret::default()
    })
}
