//! What the headers do not say, in our own words (`ctp-gen/overlay/*.toml`).

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::OnceLock,
};

use serde::Deserialize;

mod complete;
pub(crate) mod docs;

pub use complete::Proposal;
pub use docs::Docs;

/// All overlays.
#[derive(Clone, Debug)]
pub struct Overlay {
    /// How each request is answered: class, then method.
    pub requests: HashMap<String, HashMap<String, Request>>,
    /// Names that changed between versions.
    pub renames: Renames,
    /// Types whose fields are secrets.
    pub secrets: Secrets,
    /// Libraries that have a model's layout.
    pub versions: Versions,
    /// What things mean.
    pub docs: Docs,
}

/// How a request is answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What tells success.
    pub success: Success,
    /// The callback that answers the requester; without one, only the return code and a push tell.
    pub answer: Option<String>,
    /// The callback that tells a refusal to every session of the investor.
    pub error: Option<String>,
    /// The callback that brings the effect.
    pub push: Option<String>,
}

/// What tells that a request succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Success {
    /// An answer of 0..n records; may be repeated.
    Query,
    /// One answer with ErrorID 0.
    Answer,
    /// Nothing; the effect comes on a push.
    Silent,
    /// A push, perhaps after an answer.
    Push,
}

/// Names that changed between versions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renames {
    #[serde(default, rename = "method")]
    methods: Vec<RenamedMethod>,
    #[serde(default, rename = "record")]
    records: Vec<RenamedRecord>,
    #[serde(default)]
    dropped: Vec<Dropped>,
    #[serde(default, rename = "field")]
    fields: Vec<RenamedField>,
    #[serde(default, rename = "dropped_field")]
    dropped_fields: Vec<DroppedField>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RenamedMethod {
    class: String,
    old: String,
    current: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RenamedRecord {
    old: String,
    current: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dropped {
    record: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RenamedField {
    record: String,
    old: String,
    current: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DroppedField {
    record: String,
    field: String,
}

/// Types whose fields are secrets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Typedefs.
    pub typedefs: HashSet<String>,
}

/// Libraries that have a model's layout.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    #[serde(default)]
    same_layout: Vec<SameLayout>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SameLayout {
    family: String,
    version: String,
    patches: Vec<String>,
    #[expect(dead_code, reason = "for the people who read the file")]
    source: String,
}

impl Renames {
    /// Returns the committed renames, without a look at the other overlays.
    ///
    /// # Panics
    ///
    /// Panics when the committed file is not valid, which the tests rule out.
    pub fn committed() -> &'static Self {
        static RENAMES: OnceLock<Renames> = OnceLock::new();
        RENAMES.get_or_init(|| {
            let renames = read("renames.toml", include_str!("../overlay/renames.toml"));
            renames.unwrap_or_else(|error: String| panic!("{error}"))
        })
    }

    /// Returns the name that `method` of `class` of an older version has in the current model.
    pub fn current_method<'a>(&'a self, class: &str, method: &'a str) -> &'a str {
        let renamed = self.methods.iter().find(|renamed| renamed.class == class && renamed.old == method);
        renamed.map_or(method, |renamed| &renamed.current)
    }

    /// Returns the name that `record` of an older version has in the current model.
    pub fn current_record<'a>(&'a self, record: &'a str) -> &'a str {
        self.records.iter().find(|renamed| renamed.old == record).map_or(record, |renamed| &renamed.current)
    }

    /// Returns whether `record` of an older version is known to be gone.
    pub fn is_dropped(&self, record: &str) -> bool {
        self.dropped.iter().any(|dropped| dropped.record == record)
    }

    /// Returns the name that `field` of `record` of an older version has in the current model.
    pub fn current_field<'a>(&'a self, record: &str, field: &'a str) -> &'a str {
        let renamed = self.fields.iter().find(|renamed| renamed.record == record && renamed.old == field);
        renamed.map_or(field, |renamed| &renamed.current)
    }

    /// Returns whether `field` of `record` of an older version is known to be gone.
    pub fn is_field_dropped(&self, record: &str, field: &str) -> bool {
        self.dropped_fields.iter().any(|dropped| dropped.record == record && dropped.field == field)
    }
}

impl Overlay {
    /// Reads the overlay files' texts, without versions and docs.
    ///
    /// # Errors
    ///
    /// Returns the file's name and what is wrong in it.
    pub fn from_toml(requests: &str, renames: &str, secrets: &str) -> Result<Self, String> {
        let requests: BTreeMap<String, HashMap<String, Request>> = read("requests.toml", requests)?;
        Ok(Self {
            requests: requests.into_iter().collect(),
            renames: read("renames.toml", renames)?,
            secrets: read("secrets.toml", secrets)?,
            versions: Versions::default(),
            docs: Docs::default(),
        })
    }

    /// Returns the committed overlays.
    ///
    /// # Panics
    ///
    /// Panics when a committed file is not valid, which the tests rule out.
    pub fn committed() -> &'static Self {
        static OVERLAY: OnceLock<Overlay> = OnceLock::new();
        OVERLAY.get_or_init(|| {
            let overlay = Self::from_toml(
                include_str!("../overlay/requests.toml"),
                include_str!("../overlay/renames.toml"),
                include_str!("../overlay/secrets.toml"),
            );
            let overlay = overlay.and_then(|overlay| {
                let versions = read("versions.toml", include_str!("../overlay/versions.toml"))?;
                Ok(Self { versions, docs: Docs::committed()?, ..overlay })
            });
            overlay.unwrap_or_else(|error| panic!("{error}"))
        })
    }

    /// Returns the patch marks with which a library of `version` has the model's layout; `""` is no mark.
    pub fn patches(&self, family: &str, version: &str) -> Vec<&str> {
        let entries = &self.versions.same_layout;
        match entries.iter().find(|entry| entry.family == family && entry.version == version) {
            Some(entry) => entry.patches.iter().map(String::as_str).collect(),
            None => vec![""],
        }
    }

    /// Returns how the request `method` of `class` is answered.
    ///
    /// # Errors
    ///
    /// Returns an error that names the request when the overlay has no entry for it.
    pub fn request(&self, class: &str, method: &str) -> Result<&Request, String> {
        self.requests
            .get(class)
            .and_then(|requests| requests.get(method))
            .ok_or_else(|| format!("{class}::{method} has no entry in ctp-gen/overlay/requests.toml"))
    }
}

fn read<T: for<'de> Deserialize<'de>>(file: &str, text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| format!("ctp-gen/overlay/{file}: {error}"))
}
