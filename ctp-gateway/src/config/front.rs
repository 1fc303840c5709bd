//! Front addresses.

/// Returns the address for people to read: without the proxy that may stand behind it and the user in front of its
/// host, which may carry a password.
pub(crate) fn shown(address: &str) -> String {
    let front = address.trim().split(char::is_whitespace).next().unwrap_or_default();
    let (scheme, rest) = front.split_once("://").map_or(("", front), |(scheme, rest)| (scheme, rest));
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    if scheme.is_empty() { host.to_owned() } else { format!("{scheme}://{host}") }
}

/// A front address whose shape is right: scheme, host and port, or the name of a simulated exchange.
#[derive(Clone, PartialEq, Eq)]
pub struct FrontAddress {
    text: String,
    simulated: bool,
}

/// Shows the address without the proxy behind it, which may carry a password.
impl std::fmt::Debug for FrontAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("FrontAddress").field(&shown(&self.text)).finish()
    }
}

impl FrontAddress {
    /// Reads `tcp://host:port`, `ssl://host:port`, `tcp6://address:port` (each with an optional proxy such as
    /// `socks5://user:password@host:port` after a blank) or `sim://NAME`. A bare `host:port` is taken as `tcp://`.
    ///
    /// # Errors
    ///
    /// Returns what is wrong and how to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().any(char::is_control) {
            return Err("has a control character; write tcp://host:port".to_owned());
        }
        let text = text.trim();
        let (front, proxy) = match text.split_once(' ') {
            Some((front, proxy)) => (front, Some(proxy.trim_start())),
            None => (text, None),
        };
        // The proxy may carry a password, and so may what stands before an `@`: they are never shown.
        let shown = shown(front);
        let Some((scheme, rest)) = front.split_once("://") else {
            return match front.matches(':').count() {
                1 => Self::parse(&format!("tcp://{text}")),
                // It is not shown: after a slip in the file it may be anything.
                _ => Err("is no address; write tcp://host:port, ssl://host:port, tcp6://address:port or sim://NAME"
                    .to_owned()),
            };
        };
        match scheme {
            "sim" => {
                let name = rest.split('?').next().unwrap_or_default();
                if name.is_empty() {
                    return Err(format!("`{shown}` names no exchange; write sim://NAME"));
                }
                Ok(Self { text: text.to_owned(), simulated: true })
            }
            "tcp" | "ssl" | "tcp6" => {
                let Some((host, port)) = rest.rsplit_once(':') else {
                    return Err(format!("`{shown}` has no port; write {scheme}://host:port"));
                };
                if host.is_empty() {
                    return Err(format!("`{shown}` has no host; write {scheme}://host:port"));
                }
                if !matches!(port.parse::<u16>(), Ok(1..)) {
                    return Err(format!("`{shown}` has port `{port}`; write a number from 1 to 65535"));
                }
                match proxy {
                    Some(proxy) if !is_proxy(proxy) => Err(format!(
                        "`{shown}` is followed by something that is no proxy; write {shown} socks5://user:password@host:port (socks4, socks4a, socks5)"
                    )),
                    Some(proxy) => Ok(Self { text: format!("{front} {proxy}"), simulated: false }),
                    None => Ok(Self { text: text.to_owned(), simulated: false }),
                }
            }
            _ => Err(format!("`{shown}` has scheme `{scheme}`; write tcp://, ssl://, tcp6:// or sim://")),
        }
    }

    /// Returns the address as it is registered.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether the address is one of the simulator's (`sim://`).
    pub fn is_simulated(&self) -> bool {
        self.simulated
    }
}

/// Returns whether the text is `socks4://`, `socks4a://` or `socks5://` with host and port.
fn is_proxy(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let port =
        host.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
    matches!(scheme, "socks4" | "socks4a" | "socks5")
        && matches!(port, Some(Ok(1..)))
        && !text.contains(char::is_whitespace)
}
