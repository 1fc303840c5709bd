//! Where a secret comes from.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::Secret;

/// The most bytes that a file of a secret may have.
const FILE_MAX: u64 = 4096;

/// A secret, or where it is to be taken from. It is never printed nor serialised; the place is.
#[derive(Clone, Default)]
pub struct SecretSource {
    origin: Origin,
    /// The secret, once it was read.
    read: Option<Secret>,
}

#[derive(Clone, Default, PartialEq, Eq)]
enum Origin {
    #[default]
    Literal,
    Environment(String),
    File(PathBuf),
    Keyring(String),
}

impl SecretSource {
    /// Returns the secret itself.
    pub fn literal(secret: impl Into<Secret>) -> Self {
        Self { origin: Origin::Literal, read: Some(secret.into()) }
    }

    /// Takes the secret from a variable of the environment.
    pub fn environment(name: impl Into<String>) -> Self {
        Self { origin: Origin::Environment(name.into()), read: None }
    }

    /// Takes the secret from a file, without the end of its last line. Nobody but its owner and group may read it, nobody
    /// but its owner may write it.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { origin: Origin::File(path.into()), read: None }
    }

    /// Takes the secret from the kernel's keyring of the user, as `keyctl add user NAME … @u` puts it there. Needs the
    /// cargo feature `keyring`.
    pub fn keyring(name: impl Into<String>) -> Self {
        Self { origin: Origin::Keyring(name.into()), read: None }
    }

    /// Returns whether nothing is given.
    pub fn is_unset(&self) -> bool {
        self.origin == Origin::Literal && self.read.as_ref().is_none_or(Secret::is_empty)
    }

    pub(super) fn is_literal(&self) -> bool {
        self.origin == Origin::Literal
    }

    /// Returns the secret, which is read now unless it was before.
    pub(super) fn secret(&self, variable: &dyn Fn(&str) -> Option<String>) -> Result<Secret, String> {
        if let Some(secret) = &self.read {
            return Ok(secret.clone());
        }
        match &self.origin {
            Origin::Literal => Ok(Secret::default()),
            Origin::Environment(name) => match variable(name) {
                Some(text) if !text.is_empty() => Ok(text.into()),
                _ => Err(format!("is to come from the variable {name}, which is not set; set it")),
            },
            Origin::File(path) => {
                from_file(path).map_err(|why| format!("is to come from {}, which {why}", path.display()))
            }
            Origin::Keyring(name) => {
                from_keyring(name).map_err(|why| format!("is to come from the keyring as `{name}`, {why}"))
            }
        }
    }

    /// Reads the secret, so that later uses need its place no more.
    pub(super) fn keep(&mut self, variable: &dyn Fn(&str) -> Option<String>) {
        if let Ok(secret) = self.secret(variable) {
            self.read = Some(secret);
        }
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        let texts = [self, other].map(|source| source.read.as_ref().map(Secret::expose));
        self.origin == other.origin && texts[0] == texts[1]
    }
}

fn from_file(path: &Path) -> Result<Secret, String> {
    let metadata = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
    if !metadata.is_file() {
        return Err("is no file; name one".to_owned());
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o026 != 0 {
        return Err(format!("others may read or write (mode {mode:04o}); run chmod 600 on it"));
    }
    if metadata.len() > FILE_MAX {
        return Err(format!("has {} bytes; a secret has at most {FILE_MAX}", metadata.len()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => "is not UTF-8 text; save it as such".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    match line.is_empty() {
        true => Err("is empty; write the secret into it".to_owned()),
        false => Ok(line.into()),
    }
}

#[cfg(not(feature = "keyring"))]
fn from_keyring(_: &str) -> Result<Secret, String> {
    Err("which this program was built without; build it with the feature `keyring`".to_owned())
}

#[cfg(feature = "keyring")]
fn from_keyring(name: &str) -> Result<Secret, String> {
    use linux_keyutils::{KeyRing, KeyRingIdentifier};
    let missing = |error| format!("which does not give it: {error}; run keyctl add user {name} … @u");
    let ring = KeyRing::from_special_id(KeyRingIdentifier::User, false).map_err(missing)?;
    let bytes = ring.search(name).and_then(|key| key.read_to_vec()).map_err(missing)?;
    String::from_utf8(bytes).map(Secret::from).map_err(|_| "which has no UTF-8 text there".to_owned())
}

impl From<&str> for SecretSource {
    fn from(text: &str) -> Self {
        Self::literal(text)
    }
}

impl From<String> for SecretSource {
    fn from(text: String) -> Self {
        Self::literal(text)
    }
}

impl From<Secret> for SecretSource {
    fn from(secret: Secret) -> Self {
        Self::literal(secret)
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Literal if self.is_unset() => f.write_str("SecretSource(unset)"),
            Origin::Literal => f.write_str("SecretSource(***)"),
            Origin::Environment(name) => write!(f, "SecretSource(environment {name})"),
            Origin::File(path) => write!(f, "SecretSource(file {})", path.display()),
            Origin::Keyring(name) => write!(f, "SecretSource(keyring {name})"),
        }
    }
}

/// Writes the place as a configuration has it, and an empty text for a secret that was given itself.
impl Serialize for SecretSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.origin {
            Origin::Literal => serializer.serialize_str(""),
            Origin::Environment(name) => serializer.collect_map([("env", name)]),
            Origin::File(path) => serializer.collect_map([("file", path)]),
            Origin::Keyring(name) => serializer.collect_map([("keyring", name)]),
        }
    }
}
