//! Secrets out of everything that is written.
//!
//! Two nets: fields that `overlay/secrets.toml` names are blanked whatever they hold, and the session's own secrets
//! are blanked wherever else they stand, such as in an error's text.

use ctp_types::{FieldKind, RecordBox, Value as Field};
use secrecy::{ExposeSecret, SecretSlice};

use super::note::{Note, Value};
use crate::config::Secret;

/// What stands for a secret.
const BLANK: &[u8] = b"***";
/// Shorter secrets are not looked for in texts: they would be found everywhere.
const SEARCHED_MIN: usize = 6;

/// Knows the secrets of a session.
#[derive(Default)]
pub(crate) struct Redactor {
    /// In UTF-8 and, where that differs, in GBK.
    needles: Vec<SecretSlice<u8>>,
}

impl Redactor {
    /// Adds a secret. `public` are texts that are no secret: what is part of one of them is not looked for, because
    /// it is known anyway and taking it out would falsify every record.
    pub(crate) fn add(&mut self, secret: &Secret, public: &[&str]) {
        let text = secret.expose();
        if text.len() < SEARCHED_MIN || public.iter().any(|public| public.contains(text)) {
            return;
        }
        self.add_needle(text.as_bytes());
        if let Ok(gbk) = ctp_types::encode(text) {
            self.add_needle(&gbk);
        }
    }

    fn add_needle(&mut self, needle: &[u8]) {
        if !self.needles.iter().any(|known| known.expose_secret() == needle) {
            self.needles.push(SecretSlice::from(needle.to_vec()));
            // The longest first: one secret may begin with another.
            self.needles.sort_by_key(|needle| std::cmp::Reverse(needle.expose_secret().len()));
        }
    }

    pub(crate) fn note(&self, note: &mut Note) {
        note.values_mut().for_each(|value| self.value(value));
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::Flag(_) | Value::Number(_) | Value::Real(_) => {}
            Value::Text(text) => *text = self.text(std::mem::take(text)),
            Value::Record(record) => self.record(record),
            Value::List(values) => values.iter_mut().for_each(|value| self.value(value)),
        }
    }

    pub(crate) fn json(&self, value: serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(values) => values.into_iter().map(|value| self.json(value)).collect(),
            Value::Object(values) => values.into_iter().map(|(key, value)| (key, self.json(value))).collect(),
            other => other,
        }
    }

    pub(crate) fn text(&self, text: String) -> String {
        if !self.is_in(text.as_bytes()) {
            return text;
        }
        let mut bytes = text.into_bytes();
        self.blank(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Blanks the record's secrets. A field that was empty stays so: whether a secret was given decides what happens.
    pub(crate) fn record(&self, record: &mut RecordBox) {
        let descriptor = record.descriptor();
        for field in descriptor.fields {
            let changed = match (record.as_ref().field(field), field.kind) {
                (Field::Text(bytes), _) if field.secret => {
                    let blank = if bytes[0] == 0 { &[] } else { &BLANK[..BLANK.len().min(bytes.len())] };
                    blank.to_vec()
                }
                (Field::Text(bytes), _) if self.is_in(bytes) => {
                    let mut bytes = bytes.to_vec();
                    self.blank(&mut bytes);
                    bytes
                }
                (_, FieldKind::Char | FieldKind::Enumeration(_)) if field.secret => {
                    // The kind is right and nothing can be too long.
                    let _ = record.set(field, Field::Char(0));
                    continue;
                }
                _ => continue,
            };
            // The kind is right, and the text is no longer than the field.
            let _ = record.set_bytes(field, &changed);
        }
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        self.needles.iter().any(|needle| find(bytes, needle.expose_secret()).is_some())
    }

    fn blank(&self, bytes: &mut [u8]) {
        for needle in self.needles.iter().map(ExposeSecret::expose_secret) {
            while let Some(start) = find(bytes, needle) {
                bytes[start..start + needle.len()].fill(b'*');
            }
        }
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use ctp_types::{OrderField, ReqUserLoginField, RspInfoField, Text};

    use super::*;

    const CANARY: &str = "kanarie-3f9";

    fn redactor() -> Redactor {
        let mut redactor = Redactor::default();
        redactor.add(&Secret::new(CANARY), &["000001"]);
        redactor
    }

    #[test]
    fn secret_fields_are_blanked_whoever_set_them() {
        let login = ReqUserLoginField {
            user_id: Text::new("000001").unwrap(),
            password: Text::new("somebody else's").unwrap(),
            ..ReqUserLoginField::default()
        };
        let mut record = RecordBox::new(&login);
        Redactor::default().record(&mut record);
        let login = record.get::<ReqUserLoginField>().unwrap();
        assert_eq!((login.password.as_bytes(), login.user_id.as_bytes()), (&b"***"[..], &b"000001"[..]));
        assert!(login.one_time_password.is_empty(), "an empty secret stays empty");
    }

    #[test]
    fn every_secret_of_every_record_is_blanked() {
        for descriptor in ctp_types::record_descriptors() {
            let mut record = RecordBox::zeroed(descriptor);
            for field in descriptor.fields.iter().filter(|field| field.secret) {
                if let FieldKind::Text(length) = field.kind {
                    record.set_bytes(field, &b"x".repeat(length)).unwrap();
                }
            }
            Redactor::default().record(&mut record);
            for field in descriptor.fields.iter().filter(|field| field.secret) {
                match record.as_ref().field(field) {
                    Field::Text(bytes) => {
                        assert!(!bytes.contains(&b'x'), "{}.{}", descriptor.name, field.name)
                    }
                    other => assert!(matches!(other, Field::Char(0)), "{}.{}", descriptor.name, field.name),
                }
            }
        }
    }

    #[test]
    fn a_secret_is_found_in_texts_and_in_the_bytes_behind_them() {
        let mut info = RspInfoField::default();
        info.error_msg.set(&format!("密码 {CANARY} 错误")).unwrap();
        let mut behind = [0_u8; 81];
        behind[40..40 + CANARY.len()].copy_from_slice(CANARY.as_bytes());
        let order = OrderField { status_msg: Text::from_raw(&behind).unwrap(), ..OrderField::default() };
        let mut note = Note::new("x")
            .with("rsp_info", RecordBox::new(&info))
            .with("record", RecordBox::new(&order))
            .with("texts", vec![Value::Text(format!("a {CANARY}{CANARY} b"))]);
        redactor().note(&mut note);
        let mut encoder = crate::capture::bytes::Encoder::default();
        note.encode(&mut encoder);
        assert!(find(&encoder.bytes, CANARY.as_bytes()).is_none());
        let text = note.list("texts").unwrap()[0].to_string();
        assert_eq!(text, format!("\"a {} b\"", "*".repeat(2 * CANARY.len())));
        let info = note.record("rsp_info").and_then(|record| record.get::<RspInfoField>()).unwrap();
        assert_eq!(info.error_msg.to_str(), format!("密码 {} 错误", "*".repeat(CANARY.len())));
    }

    #[test]
    fn chinese_secrets_are_found_in_both_encodings() {
        let mut redactor = Redactor::default();
        redactor.add(&Secret::new("口令口令"), &[]);
        let mut info = RspInfoField::default();
        info.error_msg.set("bad 口令口令").unwrap();
        let mut record = RecordBox::new(&info);
        redactor.record(&mut record);
        assert!(record.get::<RspInfoField>().unwrap().error_msg.to_str().starts_with("bad ****"));
        assert_eq!(redactor.text("口令口令".to_owned()), "*".repeat(12));
    }

    #[test]
    fn what_is_public_or_short_is_not_looked_for() {
        let mut redactor = Redactor::default();
        redactor.add(&Secret::new("000001"), &["x000001"]);
        redactor.add(&Secret::new("abcde"), &[]);
        assert_eq!(redactor.text("000001 abcde".to_owned()), "000001 abcde");
    }
}
