//! Names on the Rust side of the border, made from C names.

/// Rust's keywords that C names collide with once in lower case.
const KEYWORDS: [&str; 40] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "priv", "pub", "ref", "return", "self", "static", "struct", "trait", "type", "use",
    "where", "while",
];

/// Returns whether Rust keeps `name` for itself.
pub(crate) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

/// Returns `CThostFtdcInputOrderField` as `InputOrderField`.
pub fn record(c_name: &str) -> &str {
    c_name.strip_prefix("CThostFtdc").unwrap_or(c_name)
}

/// Returns `TThostFtdcOrderStatusType` as `OrderStatus`.
pub fn enumeration(typedef: &str) -> &str {
    let name = typedef.strip_prefix("TThostFtdc").unwrap_or(typedef);
    name.strip_suffix("Type").unwrap_or(name)
}

/// Returns `THOST_FTDC_OST_PartTradedQueueing` as `PartTradedQueueing`.
pub fn constant(c_name: &str) -> &str {
    c_name.splitn(4, '_').nth(3).unwrap_or(c_name)
}

/// Returns `InstrumentID` as `instrument_id`; a keyword gets a trailing `_`.
pub fn field(c_name: &str) -> String {
    let name = snake_case(c_name);
    if is_keyword(&name) { format!("{name}_") } else { name }
}

/// Returns `ReqOrderInsert` as `req_order_insert`.
pub fn method(c_name: &str) -> String {
    field(c_name)
}

/// Returns `pInputOrder`, `nRequestID`, `bIsLast`, `pszFlowPath` without their Hungarian prefix:
/// `input_order`, `request_id`, `is_last`, `flow_path`.
pub fn parameter(c_name: &str) -> String {
    let bare = ["psz", "pp", "p", "n", "b"]
        .iter()
        .find_map(|prefix| {
            c_name
                .strip_prefix(prefix)
                .filter(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
        })
        .unwrap_or(c_name);
    field(bare)
}

/// Returns the name of an associated constant: `PartTradedQueueing` as `PART_TRADED_QUEUEING`,
/// `3DES` as `_3DES`.
pub fn screaming(name: &str) -> String {
    let upper = snake_case(name).to_ascii_uppercase();
    if upper.starts_with(|first: char| first.is_ascii_digit()) { format!("_{upper}") } else { upper }
}

/// Words begin at an upper-case letter after a lower-case one, and at one that a lower-case letter
/// follows: `SHFETime` is `shfe_time`.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 8);
    for (position, &letter) in letters.iter().enumerate() {
        if position > 0 && letter.is_ascii_uppercase() {
            let before = letters[position - 1];
            let starts_word = letters.get(position + 1).is_some_and(char::is_ascii_lowercase);
            if before.is_ascii_lowercase() || (before != '_' && starts_word) {
                snake.push('_');
            }
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_snake_case_words() {
        for (c_name, rust) in [
            ("BrokerID", "broker_id"),
            ("IPAddress", "ip_address"),
            ("SHFETime", "shfe_time"),
            ("BidPrice1", "bid_price1"),
            ("Leg1ProdFamilyCode", "leg1_prod_family_code"),
            ("LoginDRIdentityID", "login_dr_identity_id"),
            ("FTDPkgFreq", "ftd_pkg_freq"),
            ("csrcBankID", "csrc_bank_id"),
            ("reserve1", "reserve1"),
            ("ZCETotalTradedVolume", "zce_total_traded_volume"),
            ("Abstract", "abstract_"),
        ] {
            assert_eq!(field(c_name), rust);
        }
    }

    #[test]
    fn parameters_lose_their_hungarian_prefix() {
        for (c_name, rust) in [
            ("pInputOrder", "input_order"),
            ("nRequestID", "request_id"),
            ("bIsLast", "is_last"),
            ("pszFlowPath", "flow_path"),
            ("ppInstrumentID", "instrument_id"),
            ("pRspInfo", "rsp_info"),
        ] {
            assert_eq!(parameter(c_name), rust);
        }
    }

    #[test]
    fn constants_are_screaming_and_never_start_with_a_digit() {
        assert_eq!(screaming(constant("THOST_FTDC_OST_PartTradedQueueing")), "PART_TRADED_QUEUEING");
        assert_eq!(screaming(constant("THOST_FTDC_ET_3DES")), "_3DES");
        assert_eq!(screaming("IDCard"), "ID_CARD");
    }
}
