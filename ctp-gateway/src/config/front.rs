//! Front addresses.

/// Returns the address without the proxy that may stand behind it, for people to read.
pub(crate) fn shown(address: &str) -> &str {
    address.split(' ').next().unwrap_or_default()
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
    /// Reads `tcp://host:port`, `ssl://host:port`, `tcp6://address:port` (each with an optional proxy after a
    /// space) or `sim://NAME`.
    ///
    /// # Errors
    ///
    /// Returns what is wrong and how to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.bytes().any(|byte| byte == 0 || byte.is_ascii_control()) {
            return Err("the address contains a control character".to_owned());
        }
        // The proxy behind the blank may carry a password: it is never shown.
        let front = shown(text);
        let Some((scheme, rest)) = front.split_once("://") else {
            return Err(format!(
                "`{front}` has no scheme; write tcp://host:port, ssl://host:port, tcp6://address:port or sim://NAME"
            ));
        };
        match scheme {
            "sim" => {
                let name = rest.split('?').next().unwrap_or_default();
                if name.is_empty() {
                    return Err(format!("`{front}` names no exchange; write sim://NAME"));
                }
                Ok(Self { text: text.to_owned(), simulated: true })
            }
            "tcp" | "ssl" | "tcp6" => {
                let Some((host, port)) = rest.rsplit_once(':') else {
                    return Err(format!("`{front}` has no port; write {scheme}://host:port"));
                };
                if host.is_empty() {
                    return Err(format!("`{front}` has no host; write {scheme}://host:port"));
                }
                match port.parse::<u16>() {
                    Ok(1..) => Ok(Self { text: text.to_owned(), simulated: false }),
                    _ => Err(format!("`{front}` has port `{port}`; write a number from 1 to 65535")),
                }
            }
            _ => Err(format!("`{front}` has scheme `{scheme}`; write tcp://, ssl://, tcp6:// or sim://")),
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
