//! Secrets of clients do not come into the file.
//!
//! An exchange with a store never sees a password, but what stands for it: the same for the same password in one file,
//! another in another file, and as long and as simple as the password is. So passwords still match or do not, and the
//! file does not tell them.

use ctp_sim::{Config, Input};
use ctp_types::{RecordBox, Value, until_nul};

use super::digest;

/// Types of secrets that the exchange itself makes up: they must come back as they are.
const OWN: [&str; 3] = ["TThostFtdcSMSCodeType", "TThostFtdcSMSContentType", "TThostFtdcCaptchaInfoType"];

/// Replaces secrets, by the salt of a file.
#[derive(Clone)]
pub(super) struct Veil {
    salt: String,
}

impl Veil {
    pub(super) fn new(salt: &str) -> Self {
        Self { salt: salt.to_owned() }
    }

    /// Replaces the secrets of a request.
    pub(super) fn input(&self, input: &mut Input) {
        if let Input::Trader { record, .. } | Input::Md { record, .. } = input {
            self.record(record);
        }
    }

    /// Replaces the secrets of settings.
    pub(super) fn config(&self, config: &mut Config) {
        config.password = self.text(&config.password);
        config.access.auth_code = self.text(&config.access.auth_code);
    }

    /// Returns a setting's value as the file has it.
    pub(super) fn setting(&self, key: &str, value: &str) -> String {
        match key {
            "password" | "auth_code" => self.text(value),
            _ => value.to_owned(),
        }
    }

    fn record(&self, record: &mut RecordBox) {
        let fields = record.descriptor().fields;
        for field in fields.iter().filter(|field| field.secret && !OWN.contains(&field.c_type.as_str())) {
            let Value::Text(bytes) = record.as_ref().field(field) else { continue };
            let secret = until_nul(bytes);
            if secret.is_empty() {
                continue;
            }
            let veiled = self.bytes(secret);
            // As long as what it stands for, so it fits.
            drop(record.set_bytes(field, &veiled));
        }
    }

    fn text(&self, secret: &str) -> String {
        // Printable ASCII throughout.
        String::from_utf8(self.bytes(secret.as_bytes())).unwrap_or_default()
    }

    /// As long as the secret; of one repeated byte if the secret is. Passwords of fewer than 6 bytes or of one repeated byte
    /// are refused as too simple.
    fn bytes(&self, secret: &[u8]) -> Vec<u8> {
        let Some(first) = secret.first() else { return Vec::new() };
        let repeated = secret.iter().all(|byte| byte == first);
        let mut veiled = Vec::with_capacity(secret.len());
        let mut block = 0u32;
        while veiled.len() < secret.len() {
            let hash = digest::of(&[self.salt.as_bytes(), secret, &block.to_le_bytes()]);
            veiled.extend(hash.iter().map(|byte| b'!' + byte % 94));
            block += 1;
        }
        veiled.truncate(secret.len());
        if repeated {
            let byte = veiled[0];
            veiled.fill(byte);
        } else if veiled.iter().all(|byte| *byte == veiled[0]) {
            veiled[0] = if veiled[0] == b'~' { b'!' } else { veiled[0] + 1 };
        }
        veiled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ctp_sim::SessionId;
    use ctp_types::{ReqUserLoginField, Text, TraderRequest};

    fn login(password: &str) -> Input {
        let login = ReqUserLoginField {
            user_id: Text::new("one").expect("fits"),
            password: Text::new(password).expect("fits"),
            ..Default::default()
        };
        let (session, request) = (SessionId(1), TraderRequest::ReqUserLogin);
        Input::Trader { session, request, record: RecordBox::new(&login), request_id: 1 }
    }

    fn veiled(salt: &str, password: &str) -> ReqUserLoginField {
        let mut input = login(password);
        Veil::new(salt).input(&mut input);
        match input {
            Input::Trader { record, .. } => *record.get().expect("a login"),
            _ => panic!("another input"),
        }
    }

    #[test]
    fn equal_passwords_stay_equal_and_are_not_told() {
        let one = veiled("a", "canary-password").password;
        assert_eq!(one, veiled("a", "canary-password").password);
        assert_ne!(one, veiled("a", "canary-passwore").password);
        assert_ne!(one, veiled("b", "canary-password").password);
        assert!(!one.to_str().contains("canary") && one.as_bytes().len() == 15);
        assert_eq!(veiled("a", "canary-password").user_id, "one");
        assert_eq!(Veil::new("a").setting("password", "canary-password"), one.to_str());
    }

    #[test]
    fn simple_passwords_stay_simple() {
        for (password, simple) in [("", true), ("abc", true), ("aaaaaaa", true), ("abcdefg", false)] {
            let veiled = veiled("a", password).password;
            let bytes = veiled.as_bytes();
            assert_eq!(bytes.len(), password.len());
            assert_eq!(bytes.len() < 6 || bytes.iter().all(|byte| *byte == bytes[0]), simple, "{password}");
        }
    }
}
