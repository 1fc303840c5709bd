//! Front addresses: `tcp://host:port`, optionally with a proxy behind a blank.

use crate::error::ApiError;

const SCHEMES: [&str; 4] = ["tcp", "ssl", "tcp6", "sim"];

/// Refuses what the library would accept silently and never connect to (ctp-behaviour.md §1.3, §1.7).
pub(super) fn check(address: &str) -> Result<(), ApiError> {
    // The proxy behind the blank may carry a password: it is never shown.
    let front = address.split(' ').next().unwrap_or_default();
    let shown = front.rsplit_once('@').map_or(front, |(_, host)| host);
    let refuse = |reason| Err(ApiError::BadFront { address: shown.to_owned(), reason });
    let Some((scheme, rest)) = front.split_once("://") else {
        return refuse("has no scheme");
    };
    if !SCHEMES.contains(&scheme) {
        return refuse("has a scheme that CTP does not know (tcp, ssl, tcp6; sim for the simulator)");
    }
    if scheme == "sim" {
        return if rest.is_empty() { refuse("has no name") } else { Ok(()) };
    }
    let Some((host, port)) = rest.rsplit_once(':') else {
        return refuse("has no port");
    };
    match port.parse::<u16>() {
        _ if host.is_empty() => refuse("has no host"),
        Ok(port) if port > 0 => Ok(()),
        _ => refuse("has no valid port (1 to 65535)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_need_scheme_host_and_port() {
        for good in [
            "tcp://1.2.3.4:41205",
            "ssl://front.example:41205",
            "tcp6://fe80::20f8:aa9b:7d59:887d:35001",
            "tcp://1.2.3.4:41205 socks5://user:pass@5.6.7.8:1080",
            "sim://demo",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "1.2.3.4:41205",
            "tcp://1.2.3.4",
            "tcp://:1",
            "tcp://h:0",
            "tcp://h:99999",
            "tcp://h:x",
            "ftp://h:1",
            "sim://",
        ] {
            assert!(matches!(check(bad), Err(ApiError::BadFront { .. })), "{bad}");
        }
        for secret in ["tcp://1.2.3.4 socks5://user:canary@h:1", "user:canary@h:1"] {
            let refused = check(secret).expect_err("no port");
            assert!(!refused.to_string().contains("canary"), "{refused}");
        }
    }
}
