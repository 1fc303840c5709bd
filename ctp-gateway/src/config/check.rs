//! Checks of a configuration, which list every problem at once.

use ctp_types::Text;

use super::{ConfigError, FrontAddress, MdConfig, Problem, Resume, TdConfig, Timeouts};
use crate::capture::CaptureConfig;

/// The longest ring of ticks. A longer one is a slip, and memory that is not there would end the process.
const MAX_TICK_CAPACITY: usize = 1 << 24;

/// Whether a field may be empty.
#[derive(Clone, Copy, PartialEq)]
enum Need {
    Required(&'static str),
    Optional,
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, key: &'static str, message: impl Into<String>) {
        self.0.push(Problem::new(key, message));
    }

    /// Checks a text that goes into a C field of `N` bytes.
    fn text<const N: usize>(&mut self, key: &'static str, text: &str, need: Need) {
        if let Need::Required(what) = need
            && text.is_empty()
        {
            return self.add(key, format!("is empty; give {what}"));
        }
        if Text::<N>::new(text).is_err() {
            self.add(key, format!("does not fit; give at most {} bytes of GBK text without NUL", N - 1));
        }
    }

    fn fronts(
        &mut self,
        fronts: &[String],
        name_servers: &[String],
        library: Option<&std::path::PathBuf>,
        file: &str,
    ) {
        if fronts.is_empty() && name_servers.is_empty() {
            self.add(
                "fronts",
                "is empty; give at least one front, for example tcp://180.168.146.187:10130 or sim://test",
            );
        }
        let mut all_simulated = true;
        for (key, addresses) in [("fronts", fronts), ("name_servers", name_servers)] {
            for (number, address) in addresses.iter().enumerate() {
                match FrontAddress::parse(address) {
                    Ok(address) => all_simulated &= address.is_simulated(),
                    Err(message) if addresses.len() == 1 => self.add(key, message),
                    Err(message) => self.add(key, format!("address {}: {message}", number + 1)),
                }
            }
        }
        if library.is_none() && !all_simulated && !cfg!(feature = "link") {
            self.add(
                "library",
                format!(
                    "is missing; give the path of {file}, or its folder as library_dir; only sim:// fronts go without"
                ),
            );
        }
    }

    fn timeouts(&mut self, timeouts: &Timeouts) {
        let all = [
            ("timeouts.ready_ms", timeouts.ready),
            ("timeouts.login_ms", timeouts.login),
            ("timeouts.login_retry_ms", timeouts.login_retry),
            ("timeouts.order_ms", timeouts.order),
            ("timeouts.query_ms", timeouts.query),
            ("timeouts.query_total_ms", timeouts.query_total),
            ("timeouts.close_ms", timeouts.close),
        ];
        for (key, value) in all {
            if value.is_zero() {
                self.add(key, "is 0; give at least 1");
            }
        }
    }

    fn flow_dir(&mut self, flow_dir: &std::path::Path) {
        if flow_dir.as_os_str().is_empty() {
            self.add("flow_dir", "is empty; give a folder that can be written");
        }
    }

    fn capture(&mut self, capture: Option<&CaptureConfig>) {
        let Some(capture) = capture else { return };
        if capture.folder.as_os_str().is_empty() {
            self.add("capture.folder", "is empty; give a folder that can be written");
        }
        if capture.queue == 0 {
            self.add("capture.queue", "is 0; give at least 1, or leave it out");
        }
    }

    fn finish(self) -> Result<(), ConfigError> {
        if self.0.is_empty() { Ok(()) } else { Err(ConfigError::new(self.0)) }
    }
}

pub(super) fn md(config: &MdConfig) -> Result<(), ConfigError> {
    let mut problems = Problems::default();
    problems.fronts(&config.fronts, &config.name_servers, config.library.as_ref(), "thostmduserapi_se.so");
    problems.text::<11>("broker_id", &config.broker_id, Need::Optional);
    problems.text::<16>("user_id", &config.user_id, Need::Optional);
    problems.text::<41>("password", config.password.expose(), Need::Optional);
    problems.flow_dir(&config.flow_dir);
    if config.multicast && !config.udp {
        problems.add("multicast", "is true without udp; set udp = true too, multicast is a kind of it");
    }
    match config.tick_capacity {
        0 => problems.add("tick_capacity", "is 0; give at least 1"),
        capacity if capacity > MAX_TICK_CAPACITY => problems.add(
            "tick_capacity",
            format!("is {capacity}; give at most {MAX_TICK_CAPACITY}, which is some 9 GiB"),
        ),
        _ => {}
    }
    problems.timeouts(&config.timeouts);
    problems.capture(config.capture.as_ref());
    problems.finish()
}

pub(super) fn td(config: &TdConfig) -> Result<(), ConfigError> {
    let mut problems = Problems::default();
    problems.fronts(&config.fronts, &config.name_servers, config.library.as_ref(), "thosttraderapi_se.so");
    problems.text::<11>("broker_id", &config.broker_id, Need::Required("the broker's number"));
    problems.text::<16>("user_id", &config.user_id, Need::Required("the user's number"));
    problems.text::<13>("investor_id", config.investor(), Need::Optional);
    problems.text::<41>("password", config.password.expose(), Need::Required("the account's password"));
    problems.text::<33>("app_id", &config.app_id, Need::Optional);
    let code_needed = match config.app_id.is_empty() {
        true => Need::Optional,
        false => Need::Required("the code that the broker gave with app_id"),
    };
    problems.text::<17>("auth_code", config.auth_code.expose(), code_needed);
    if config.app_id.is_empty() && !config.auth_code.is_empty() {
        problems.add("app_id", "is empty although auth_code is given; give both or neither");
    }
    problems.text::<41>("one_time_password", config.one_time_password.expose(), Need::Optional);
    match config.private_resume {
        Resume::None => problems.add(
            "private_resume",
            "is none, which is for the public stream; give restart, resume, quick or { from_sequence = N }",
        ),
        Resume::FromSequence(..1) => problems.add("private_resume", "starts below 1; numbers start at 1"),
        _ => {}
    }
    if let Resume::FromSequence(_) = config.public_resume {
        problems.add(
            "public_resume",
            "is from_sequence, which is for the private stream; give restart, resume, quick or none",
        );
    }
    if let Some(relay) = &config.relay {
        for (key, message) in relay.problems() {
            problems.add(key, message);
        }
        if config.app_id.is_empty() {
            problems
                .add("app_id", "is empty although relay is given; a relay authenticates before it registers");
        }
    }
    problems.text::<11>("product_info", &config.product_info, Need::Optional);
    problems.flow_dir(&config.flow_dir);
    problems.timeouts(&config.timeouts);
    for (key, message) in config.risk.problems().into_iter().chain(config.journal.problems()) {
        problems.add(key, message);
    }
    problems.capture(config.capture.as_ref());
    problems.finish()
}
