//! The page about the configuration says what the code does.

use super::*;
use crate::config::GatewayConfig;

const PAGE: &str = include_str!("../../../../docs/configuration.md");

/// The table of keys as it is to stand on the page.
fn table_of_keys() -> String {
    let row = |key: &Key| {
        let aliases: Vec<_> = key.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        format!("| `{}` | {} | {} | `{}` |\n", key.name, key.takes, aliases.join(" "), variable(key.name))
    };
    let tables = names().into_iter().filter(|name| name.contains('.'));
    let inner = tables.map(|name| format!("| `{name}` | | | `{}` |\n", variable(&name)));
    KEYS.iter().map(row).chain(inner).collect()
}

#[test]
fn the_page_lists_every_key() {
    let wanted = table_of_keys();
    assert!(PAGE.contains(&wanted), "docs/configuration.md should have this table:\n{wanted}");
}

/// The full file of the page is one, and shows the defaults.
#[test]
fn the_pages_file_is_read() {
    let text = PAGE.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let config: GatewayConfig =
        toml::from_str(&text.replace("{ file = \"terminal.bin\" }", "'00ff'")).unwrap();
    let defaults = GatewayConfig::default();
    assert_eq!(config.timeouts, defaults.timeouts);
    assert_eq!(config.risk, defaults.risk);
    assert_eq!((config.tick_capacity, config.production), (defaults.tick_capacity, defaults.production));
    assert_eq!(
        (config.private_resume, config.public_resume),
        (defaults.private_resume, defaults.public_resume)
    );
    assert_eq!(config.flow_dir, defaults.flow_dir);
    assert_eq!(config.td_fronts.len(), 2);
}

#[test]
fn no_two_keys_share_a_name() {
    let mut all: Vec<String> =
        KEYS.iter().flat_map(|key| key.aliases.iter().chain([&key.name])).map(|name| plain(name)).collect();
    all.sort();
    let count = all.len();
    all.dedup();
    // A key may have CTP's spelling of its own name.
    let same = KEYS.iter().flat_map(|key| key.aliases.iter().filter(|alias| plain(alias) == plain(key.name)));
    assert_eq!(all.len() + same.count(), count);
}
