//! Configurations from several places: a file, over it the environment, over that code.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::file::{self, Format};
use super::gateway::Sides;
use super::value::{Node, Value};
use super::{ConfigError, GatewayConfig, Place, Problem, keys};

/// Variables of the environment that begin as ours do and belong to the simulator or the build.
const FOREIGN: [&str; 4] = ["CTP_SIM", "CTP_PY", "CTP_LIB_DIR", "CTP_API_VERSION"];

/// Reads a configuration from the places it is told, each of which wins over those before it: the file, the
/// environment, the arguments, then code.
///
/// ```
/// use ctp_gateway::GatewayConfig;
///
/// let config = GatewayConfig::loader()
///     .toml("fronts = ['sim://test']\nbroker_id = '9999'\nuser_id = 'one'")
///     .variables([("CTP_PASSWORD", "simulator"), ("CTP_USER_ID", "two")])
///     .with(|config| config.instance = "b".to_owned())
///     .load()?;
/// assert_eq!((config.user_id.as_str(), config.instance.as_str()), ("two", "b"));
/// # Ok::<(), ctp_gateway::config::ConfigError>(())
/// ```
#[derive(Default)]
#[must_use]
pub struct Loader {
    text: Option<Text>,
    variables: Vec<(String, Option<String>)>,
    arguments: Option<String>,
    code: Vec<Change>,
}

type Change = Box<dyn FnOnce(&mut GatewayConfig)>;

enum Text {
    File(PathBuf),
    Here(String, Format),
}

impl Loader {
    /// Reads a file: TOML, or JSON if its name ends in `.json`. Relative paths in it count from its folder.
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        self.text = Some(Text::File(path.as_ref().to_owned()));
        self
    }

    /// Reads a TOML text instead of a file.
    pub fn toml(mut self, text: impl Into<String>) -> Self {
        self.text = Some(Text::Here(text.into(), Format::Toml));
        self
    }

    /// Reads a JSON text instead of a file, as VeighNa's `connect_ctp.json` is one.
    pub fn json(mut self, text: impl Into<String>) -> Self {
        self.text = Some(Text::Here(text.into(), Format::Json));
        self
    }

    /// Reads the process's environment: `CTP_` and the key in capitals, for example `CTP_TIMEOUTS_QUERY_MS`.
    pub fn environment(mut self) -> Self {
        self.variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok())))
            .collect();
        self
    }

    /// Reads these variables instead of the process's environment.
    pub fn variables<N: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.variables =
            variables.into_iter().map(|(name, value)| (name.into(), Some(value.into()))).collect();
        self
    }

    /// Sets the keys of a JSON text over the file and the environment: what a program was called with. Relative paths
    /// count from the current folder, and a secret may stand there itself.
    pub fn arguments(mut self, json: impl Into<String>) -> Self {
        self.arguments = Some(json.into());
        self
    }

    /// Sets something in code, over all else.
    pub fn with(mut self, change: impl FnOnce(&mut GatewayConfig) + 'static) -> Self {
        self.code.push(Box::new(change));
        self
    }

    /// Reads everything, checks it, and reads the secrets.
    ///
    /// # Errors
    ///
    /// Returns every problem at once, each with the key, where it stands and the fix.
    pub fn load(self) -> Result<GatewayConfig, ConfigError> {
        let mut loading = Loading::default();
        if let Some(text) = self.text {
            loading.text(text);
        }
        loading.environment(&self.variables);
        if let Some(json) = self.arguments {
            loading.arguments(&json);
        }
        loading.code(self.code);
        loading.finish(&self.variables)
    }
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Loading {
    config: GatewayConfig,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    /// Whether there is a file that cannot be read: what is missing may stand in it.
    is_unread: bool,
    /// Where the value of each key stands.
    places: BTreeMap<String, Place>,
}

impl Loading {
    fn text(&mut self, text: Text) {
        let (name, text, format, folder) = match text {
            Text::Here(text, format) => ("the text".to_owned(), text, format, None),
            Text::File(path) => match file::read(&path) {
                Ok(text) => {
                    let folder = path.parent().map(Path::to_owned);
                    (path.display().to_string(), text, Format::of(&path), folder)
                }
                Err(problem) => {
                    self.is_unread = true;
                    return self.problems.push(problem);
                }
            },
        };
        let (mut entries, problems) = file::parse(&name, &text, format);
        if !problems.is_empty() {
            // After a slip a value may be read as a key. One that is not near to ours is told once the slip is mended.
            let slips: Vec<_> = problems.iter().map(|problem| problem.place.clone()).collect();
            entries.retain(|(written, node)| keys::is_near(written) && !slips.contains(&node.place));
        }
        self.problems.extend(problems);
        for (written, node) in &entries {
            if let Some(key) = keys::find(written)
                && key.is_secret
                && matches!(&node.value, Value::Text(text) if !text.is_empty())
            {
                let fix = format!(
                    "stands in the file for everybody who can read it; write {{ env = \"…\" }} or {{ file = \"…\" }}, or set {}",
                    keys::variable(key.name)
                );
                self.warnings.push(Problem::new(key.name, fix).at(node.place.clone()));
            }
        }
        self.apply(entries, folder.as_deref());
    }

    fn apply(&mut self, entries: Vec<(String, Node)>, folder: Option<&Path>) {
        let mut seen = Vec::new();
        keys::apply(&mut self.config, entries, folder, &mut self.problems, &mut seen);
        for (key, place) in seen {
            match place {
                Some(place) => drop(self.places.insert(key, place)),
                // It stands nowhere any more.
                None => drop(self.places.remove(&key)),
            }
        }
    }

    fn arguments(&mut self, json: &str) {
        let (mut entries, problems) = file::parse("the arguments", json, Format::Json);
        entries.iter_mut().for_each(|(_, node)| node.forget_place());
        self.problems.extend(problems);
        self.apply(entries, None);
        let places = &self.places;
        self.warnings.retain(|warning| warning.key.is_empty() || places.contains_key(warning.key.as_ref()));
    }

    fn environment(&mut self, variables: &[(String, Option<String>)]) {
        let names = keys::names();
        for (variable, value) in variables {
            if !variable.starts_with("CTP_") || FOREIGN.iter().any(|foreign| variable.starts_with(foreign)) {
                continue;
            }
            let place = Place::Environment { name: variable.clone() };
            let (base, is_file) = match variable.strip_suffix("_FILE") {
                Some(base) if keys::takes_file(base) => (base, true),
                _ => (variable.as_str(), false),
            };
            let is_this =
                |name: &&String| keys::variable(name) == base || keys::variable(name) == format!("{base}S");
            let Some(name) = names.iter().find(is_this) else {
                self.strange(variable, &names, place);
                continue;
            };
            let Some(value) = value else {
                self.problems
                    .push(Problem::new(name.clone(), "is not UTF-8 text; set it anew").at(Some(place)));
                continue;
            };
            // An empty variable is one that is not set.
            if value.is_empty() {
                continue;
            }
            let at = |value| Node { value, place: Some(place.clone()) };
            let mut node = at(Value::Text(value.clone()));
            if is_file {
                node = at(Value::Table(vec![("file".to_owned(), node)]));
            }
            let entry = match name.split_once('.') {
                Some((table, field)) => (table.to_owned(), at(Value::Table(vec![(field.to_owned(), node)]))),
                None => (name.clone(), node),
            };
            self.apply(vec![entry], None);
        }
    }

    /// Warns of a variable that looks like a mistyped one; others are none of our business.
    fn strange(&mut self, variable: &str, names: &[String], place: Place) {
        let known: Vec<String> = names.iter().map(|name| keys::variable(name)).collect();
        if let Some(near) = keys::nearest(variable, known.iter().map(String::as_str)) {
            let message = format!("is no variable of ours; did you mean {near}?");
            self.warnings.push(Problem::new("", message).at(Some(place)));
        }
    }

    fn code(&mut self, code: Vec<Change>) {
        if code.is_empty() {
            return;
        }
        let before = self.config.clone();
        for change in code {
            change(&mut self.config);
        }
        // What code has changed stands nowhere else any more.
        let is_same = |key: &str| match key {
            "password" => before.password.is_same(&self.config.password),
            "one_time_password" => before.one_time_password.is_same(&self.config.one_time_password),
            "auth_code" => before.auth_code.is_same(&self.config.auth_code),
            _ => {
                let value = |config: &GatewayConfig| {
                    let whole = serde_json::to_value(config).unwrap_or_default();
                    whole.pointer(&format!("/{}", key.replace('.', "/"))).cloned()
                };
                value(&before) == value(&self.config)
            }
        };
        self.places.retain(|key, _| is_same(key));
        let places = &self.places;
        self.warnings.retain(|warning| warning.key.is_empty() || places.contains_key(warning.key.as_ref()));
    }

    fn finish(mut self, variables: &[(String, Option<String>)]) -> Result<GatewayConfig, ConfigError> {
        let variable = |name: &str| -> Option<String> {
            let own = variables.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.clone());
            own.or_else(|| super::gateway::variable(name))
        };
        let found = self.problems.len();
        let checked = if self.is_unread { Vec::new() } else { self.config.problems(&variable, Sides::Given) };
        for mut problem in checked {
            // A value that was not taken has been told; that it is missing is its consequence.
            let told = |known: &Problem| {
                known.key == problem.key || keys::find(&known.key).is_some_and(|key| key.name == problem.key)
            };
            if !self.problems[..found].iter().any(told) {
                problem.place = self.places.get(problem.key.as_ref()).cloned();
                self.problems.push(problem);
            }
        }
        if !self.problems.is_empty() {
            self.problems.sort_by_key(|problem| match &problem.place {
                Some(Place::File { line, .. }) => (0, line.unwrap_or(0)),
                Some(Place::Environment { .. }) => (1, 0),
                None => (2, 0),
            });
            return Err(ConfigError::new(self.problems));
        }
        for secret in
            [&mut self.config.password, &mut self.config.one_time_password, &mut self.config.auth_code]
        {
            secret.keep(&variable);
        }
        for warning in &self.warnings {
            tracing::warn!("{warning}");
        }
        self.config.warnings = self.warnings;
        Ok(self.config)
    }
}

#[cfg(test)]
mod tests;
