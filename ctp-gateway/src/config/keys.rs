//! Every key of a configuration, with its other names and what it takes.

mod nearest;

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub(super) use self::nearest::nearest;
use super::value::{Node, Value};
use super::{
    FensMode, GatewayConfig, Place, Problem, Reconcile, Recovery, Relay, Resume, RiskConfig, TerminalInfo,
    Timeouts,
};
use crate::journal::JournalConfig;

/// A key.
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// CTP's names of it, VeighNa's, and what others call it.
    pub(super) aliases: &'static [&'static str],
    /// What it takes, for people.
    #[cfg_attr(not(test), expect(dead_code, reason = "docs/configuration.md is compared with it"))]
    pub(super) takes: &'static str,
    /// Whether its value is a secret.
    pub(super) is_secret: bool,
    set: Set,
}

type Set = fn(&mut GatewayConfig, &Node, Option<&Path>) -> Result<(), String>;

const fn key(name: &'static str, aliases: &'static [&'static str], takes: &'static str, set: Set) -> Key {
    Key { name, aliases, takes, is_secret: false, set }
}

const fn secret(name: &'static str, aliases: &'static [&'static str], set: Set) -> Key {
    Key { name, aliases, takes: "a secret", is_secret: true, set }
}

macro_rules! to {
    ($field:ident, $method:ident) => {
        |config, node, _| node.$method().map(|value| config.$field = value)
    };
    ($field:ident, $method:ident, in folder) => {
        |config, node, folder| node.$method(folder).map(|value| config.$field = value)
    };
}

/// All keys outside of tables, in the order of the documentation.
pub(super) const KEYS: &[Key] = &[
    key("broker_id", &["broker", "BrokerID", "经纪商代码"], "a text", to!(broker_id, text)),
    key("user_id", &["user", "UserID", "用户名"], "a text", to!(user_id, text)),
    key("investor_id", &["investor", "InvestorID"], "a text", to!(investor_id, text)),
    secret("password", &["Password", "密码"], to!(password, secret, in folder)),
    secret("one_time_password", &["OneTimePassword"], to!(one_time_password, secret, in folder)),
    key("app_id", &["AppID", "产品名称"], "a text", to!(app_id, text)),
    secret("auth_code", &["AuthCode", "授权编码", "授权码"], to!(auth_code, secret, in folder)),
    key("product_info", &["UserProductInfo", "产品信息"], "a text", to!(product_info, text)),
    key("fronts", &["front"], "addresses", to!(fronts, texts)),
    key("md_fronts", &["MdFront", "md_address", "行情服务器"], "addresses", to!(md_fronts, texts)),
    key("td_fronts", &["TdFront", "td_address", "交易服务器"], "addresses", to!(td_fronts, texts)),
    key("md_name_servers", &["MdNameServer"], "addresses", to!(md_name_servers, texts)),
    key("td_name_servers", &["TdNameServer"], "addresses", to!(td_name_servers, texts)),
    key("fens_mode", &["LoginMode"], "\"trade\" or \"transfer\"", |config, node, _| {
        config.fens_mode = match node.text()?.as_str() {
            "trade" | "0" => FensMode::Trade,
            "transfer" | "1" => FensMode::Transfer,
            _ => return Err("is neither trade nor transfer; give one of them".to_owned()),
        };
        Ok(())
    }),
    key("version", &[], "a text such as \"6.7.13\"", |config, node, _| {
        config.version = Some(node.text()?).filter(|version| !version.is_empty());
        Ok(())
    }),
    key("library_dir", &[], "a path", |config, node, folder| {
        config.library_dir = Some(node.path(folder)?).filter(|path| !path.as_os_str().is_empty());
        Ok(())
    }),
    key("md_library", &[], "a path", |config, node, folder| {
        config.md_library = Some(node.path(folder)?).filter(|path| !path.as_os_str().is_empty());
        Ok(())
    }),
    key("td_library", &["trader_library"], "a path", |config, node, folder| {
        config.td_library = Some(node.path(folder)?).filter(|path| !path.as_os_str().is_empty());
        Ok(())
    }),
    key("flow_dir", &["flow_path", "flow"], "a path", to!(flow_dir, path, in folder)),
    key("instance", &[], "a text", to!(instance, text)),
    key("production", &["production_mode", "柜台环境"], "true or false", |config, node, _| {
        config.production = match &node.value {
            Value::Text(text) if text == "实盘" => true,
            Value::Text(text) if text == "测试" => false,
            _ => node.bool()?,
        };
        Ok(())
    }),
    key("udp", &["using_udp"], "true or false", to!(udp, bool)),
    key("multicast", &[], "true or false", to!(multicast, bool)),
    key(
        "private_resume",
        &[],
        "\"restart\", \"resume\", \"quick\" or { from_sequence = N }",
        |config, node, _| resume(node).map(|resume| config.private_resume = resume),
    ),
    key("public_resume", &[], "\"restart\", \"resume\", \"quick\" or \"none\"", |config, node, _| {
        resume(node).map(|resume| config.public_resume = resume)
    }),
    key("confirm_settlement", &[], "true or false", to!(confirm_settlement, bool)),
    key("recovery", &[], "\"full\" or \"orders\"", |config, node, _| {
        config.recovery = match node.text()?.to_ascii_lowercase().as_str() {
            "full" => Recovery::Full,
            "orders" => Recovery::Orders,
            _ => return Err("is neither full nor orders; give one of them".to_owned()),
        };
        Ok(())
    }),
    key("read_only", &[], "true or false", to!(read_only, bool)),
    key("reconcile", &[], "\"strict\", \"adopt_counter\" or \"report_only\"", |config, node, _| {
        config.reconcile = match node.text()?.to_ascii_lowercase().as_str() {
            "strict" => Reconcile::Strict,
            "adopt_counter" => Reconcile::AdoptCounter,
            "report_only" => Reconcile::ReportOnly,
            _ => {
                return Err("is not one of its values; give strict, adopt_counter or report_only".to_owned());
            }
        };
        Ok(())
    }),
    key("reconcile_every_s", &[], "seconds, 0 for never", |config, node, _| {
        let value = node.integer()?;
        let seconds = u64::try_from(value).map_err(|_| format!("is {value}; give seconds, or 0"))?;
        config.reconcile_every = Duration::from_secs(seconds);
        Ok(())
    }),
    key("cache", &[], "true or false", |config, node, _| {
        config.cache = Some(node.bool()?);
        Ok(())
    }),
    key("tick_capacity", &[], "a whole number", |config, node, _| {
        let value = node.integer()?;
        config.tick_capacity =
            usize::try_from(value).map_err(|_| format!("is {value}; give a number above 0"))?;
        Ok(())
    }),
];

/// The tables, whose keys read themselves.
pub(super) const TABLES: &[&str] = &["timeouts", "risk", "journal", "relay", "capture"];

fn resume(node: &Node) -> Result<Resume, String> {
    const FIX: &str = "give restart, resume, quick, none or { from_sequence = N }";
    if let Some(("from_sequence", number)) = node.only_entry() {
        let sequence = number.integer().map_err(|why| format!("has a from_sequence that {why}"))?;
        return i32::try_from(sequence)
            .map(Resume::FromSequence)
            .map_err(|_| format!("has from_sequence {sequence}, which is beyond all numbers; {FIX}"));
    }
    let Value::Text(text) = &node.value else {
        return Err(format!("is not one of its values; {FIX}"));
    };
    match text.to_ascii_lowercase().as_str() {
        "restart" => Ok(Resume::Restart),
        "resume" => Ok(Resume::Resume),
        "quick" => Ok(Resume::Quick),
        "none" => Ok(Resume::None),
        // As the environment writes it.
        other => match other.parse() {
            Ok(sequence) => Ok(Resume::FromSequence(sequence)),
            Err(_) => Err(format!("is not one of its values; {FIX}")),
        },
    }
}

/// Returns the names of all keys, those of tables with the table's name in front.
pub(super) fn names() -> Vec<String> {
    let mut names: Vec<String> = KEYS.iter().map(|key| key.name.to_owned()).collect();
    for table in TABLES {
        names.extend(fields(table).into_iter().map(|field| format!("{table}.{field}")));
    }
    names
}

/// Returns the keys of a table.
fn fields(table: &str) -> Vec<String> {
    let value = match table {
        "timeouts" => serde_json::to_value(Timeouts::default()),
        "risk" => serde_json::to_value(RiskConfig::default()),
        "journal" => serde_json::to_value(JournalConfig::default()),
        "relay" => serde_json::to_value(Relay::default()),
        _ => serde_json::to_value(crate::capture::CaptureConfig::new("")),
    };
    match value {
        Ok(serde_json::Value::Object(map)) => map.into_iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    }
}

/// Returns the variable of the environment that a key has.
pub(super) fn variable(name: &str) -> String {
    format!("CTP_{}", name.replace('.', "_").to_ascii_uppercase())
}

/// Returns whether a name is a key, or nearly.
pub(super) fn is_near(written: &str) -> bool {
    let all =
        KEYS.iter().flat_map(|key| std::iter::once(&key.name).chain(key.aliases)).chain(TABLES).copied();
    nearest(written, all).is_some()
}

/// Returns whether a variable's value may stand in a file, which the variable with `_FILE` behind it names.
pub(super) fn takes_file(base: &str) -> bool {
    KEYS.iter().any(|key| key.is_secret && variable(key.name) == base) || base == "CTP_RELAY_SYSTEM_INFO"
}

/// Returns a name as it is compared: CTP's `BrokerID`, our `broker_id` and `broker-id` are the same.
fn plain(name: &str) -> String {
    name.trim().chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

pub(super) fn find(name: &str) -> Option<&'static Key> {
    let name = plain(name);
    KEYS.iter().find(|key| {
        let singular = key.name.strip_suffix('s').filter(|_| key.takes_addresses());
        std::iter::once(&key.name)
            .chain(key.aliases)
            .chain(singular.as_ref())
            .any(|known| plain(known) == name)
    })
}

impl Key {
    fn takes_addresses(&self) -> bool {
        self.name.ends_with("fronts") || self.name.ends_with("servers")
    }
}

/// Sets what the entries say. `folder` is where relative paths of a file count from; `seen` collects where each key stood.
pub(super) fn apply(
    config: &mut GatewayConfig,
    entries: Vec<(String, Node)>,
    folder: Option<&Path>,
    problems: &mut Vec<Problem>,
    seen: &mut Vec<(String, Option<Place>)>,
) {
    let mut given: Vec<(String, String)> = Vec::new();
    for (written, node) in entries {
        let place = node.place.clone();
        let known = find(&written)
            .map(|key| key.name)
            .or_else(|| TABLES.iter().copied().find(|table| plain(table) == plain(&written)));
        let Some(name) = known else {
            problems.push(Problem::new(written.clone(), nearest::unknown(&written, None)).at(place));
            continue;
        };
        if let Some((_, before)) = given.iter().find(|(known, _)| known == name) {
            let message = if *before == written {
                "is given twice; give it once".to_owned()
            } else {
                format!("is given already as {before}, which is another name of {name}; give one of them")
            };
            problems.push(Problem::new(written, message).at(place));
            continue;
        }
        given.push((name.to_owned(), written.clone()));
        match find(name) {
            Some(key) => {
                seen.push((key.name.to_owned(), place.clone()));
                if let Err(why) = (key.set)(config, &node, folder) {
                    problems.push(Problem::new(written, why).at(place));
                }
            }
            None => table(config, name, node, folder, problems, seen),
        }
    }
}

/// Sets what the entries of a table say.
fn table(
    config: &mut GatewayConfig,
    name: &'static str,
    node: Node,
    folder: Option<&Path>,
    problems: &mut Vec<Problem>,
    seen: &mut Vec<(String, Option<Place>)>,
) {
    let Value::Table(entries) = node.value else {
        let message = format!("is no table; write [{name}] and its keys below");
        return problems.push(Problem::new(name, message).at(node.place));
    };
    let known = fields(name);
    for (written, node) in entries {
        let place = node.place.clone();
        let full = format!("{name}.{written}");
        let Some(field) = known.iter().find(|known| plain(known) == plain(&written)) else {
            problems.push(Problem::new(full, nearest::unknown(&written, Some((name, &known)))).at(place));
            continue;
        };
        seen.push((format!("{name}.{field}"), place.clone()));
        if let Err(why) = set_field(config, name, field, &node, folder) {
            problems.push(Problem::new(full, why).at(place));
        }
    }
}

fn set_field(
    config: &mut GatewayConfig,
    table: &str,
    field: &str,
    node: &Node,
    folder: Option<&Path>,
) -> Result<(), String> {
    match (table, field) {
        ("timeouts", _) => {
            let value = node.integer()?;
            if value < 0 {
                return Err(format!("is {value}; give milliseconds above 0"));
            }
            config.timeouts = with_field(&config.timeouts, field, value.into())?;
        }
        ("risk", _) => config.risk = with_field(&config.risk, field, node.json())?,
        ("journal", "folder") => config.journal.folder = node.path(folder)?,
        ("journal", _) => config.journal = with_field(&config.journal, field, node.json())?,
        ("relay", "system_info") => {
            let info = terminal_info(node, folder)?;
            config.relay.get_or_insert_with(Relay::default).system_info = info;
        }
        ("relay", _) => {
            let mut relay = config.relay.take().unwrap_or_default();
            let info = std::mem::take(&mut relay.system_info);
            let value = match field {
                "ip_port" => node.integer().map(Into::into),
                _ => node.text().map(Into::into),
            };
            let changed = value.and_then(|value| with_field(&relay, field, value));
            relay = changed.clone().unwrap_or(relay);
            relay.system_info = info;
            config.relay = Some(relay);
            changed?;
        }
        _ => {
            let capture = config.capture.take().unwrap_or_else(|| crate::capture::CaptureConfig::new(""));
            let value = match field {
                "folder" => node.path(folder)?.to_string_lossy().into(),
                _ => node.json(),
            };
            let changed = with_field(&capture, field, value);
            config.capture = Some(changed.clone().unwrap_or(capture));
            changed?;
        }
    }
    Ok(())
}

/// Returns the structure with one field as the value says.
fn with_field<T: Serialize + DeserializeOwned>(
    current: &T,
    field: &str,
    value: serde_json::Value,
) -> Result<T, String> {
    let unreadable = |error: serde_json::Error| format!("cannot be taken: {error}");
    let mut whole = serde_json::to_value(current).map_err(unreadable)?;
    whole[field] = value;
    serde_json::from_value(whole).map_err(unreadable)
}

/// Reads terminal information: hexadecimal digits, or the bytes of a file.
fn terminal_info(node: &Node, folder: Option<&Path>) -> Result<TerminalInfo, String> {
    const FIX: &str = r#"give hexadecimal digits or { file = "PATH" }"#;
    match node.only_entry() {
        Some(("file", path)) => {
            let path = path.path(folder)?;
            let is_file = std::fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() <= 4096);
            let bytes = std::fs::read(&path).ok().filter(|_| is_file);
            bytes.map(TerminalInfo::from).ok_or_else(|| {
                format!(
                    "is to come from {}, which is no file of at most 4096 bytes that can be read; check it",
                    path.display()
                )
            })
        }
        Some(_) => Err(format!("is no place of terminal information; {FIX}")),
        None => node
            .text()
            .ok()
            .as_deref()
            .and_then(TerminalInfo::from_hex)
            .ok_or_else(|| format!("is not an even number of hexadecimal digits; {FIX}")),
    }
}

#[cfg(test)]
mod tests;
