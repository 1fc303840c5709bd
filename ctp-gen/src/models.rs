//! The committed models.

use std::sync::OnceLock;

use crate::Api;

/// Name and text of every committed model: `se` first, newest first.
const TEXTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/models.rs"));

static MODELS: [OnceLock<Api>; TEXTS.len()] = [const { OnceLock::new() }; TEXTS.len()];

/// Returns the committed models, newest first.
///
/// # Panics
///
/// Panics when a committed model is not valid or of another version than its file's name says, which the
/// tests rule out.
pub fn models() -> impl Iterator<Item = &'static Api> {
    (0..TEXTS.len()).map(model)
}

/// Returns name and text of every committed model as they stand in `ctp-gen/api`, unchecked, in the order of
/// [`models`].
pub fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEXTS.iter().copied()
}

/// Returns *the current model*: the newest of the `se` family, whose records are the Rust types.
pub fn current() -> &'static Api {
    model(0)
}

/// Returns the families that have a model, `se` first.
pub fn families() -> Vec<&'static str> {
    let mut families: Vec<&str> = TEXTS.iter().map(|(name, _)| family(name)).collect();
    families.dedup();
    families
}

/// Returns the models of `family`, newest first.
pub fn of(family: &str) -> impl Iterator<Item = &'static Api> {
    (0..TEXTS.len()).filter(move |position| self::family(TEXTS[*position].0) == family).map(model)
}

/// Returns the newest model of `family`, whose records are the Rust types of its module; `None` when it has
/// no model.
pub fn current_of(family: &str) -> Option<&'static Api> {
    of(family).next()
}

/// Returns the model called `label`: `mini-1.7.7`, or without family for `se`, `6.7.13`.
pub fn find(label: &str) -> Option<&'static Api> {
    let position =
        TEXTS.iter().position(|(name, _)| *name == label || name.strip_prefix("se-") == Some(label));
    position.map(model)
}

fn family(name: &str) -> &str {
    name.split_once('-').map_or(name, |(family, _)| family)
}

fn model(position: usize) -> &'static Api {
    let (name, text) = TEXTS[position];
    MODELS[position].get_or_init(|| {
        let api = Api::from_json(text).unwrap_or_else(|error| panic!("ctp-gen/api/{name}.json: {error}"));
        let label = api.label();
        assert!(
            label == name,
            "ctp-gen/api/{name}.json is the model of {label}: rename it, or make it with `ctp-gen parse`"
        );
        api
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ClassKind;

    /// The totals of the real headers, so that silence cannot pass for success.
    #[test]
    fn committed_models_have_the_counts_of_the_headers() {
        let counts = |label: &str| {
            let api = models().find(|api| api.label() == label).expect("a committed model");
            let methods = ClassKind::ALL.map(|kind| api.class(kind).methods.len());
            (api.records.len(), api.typedefs.len(), api.constant_count(), methods, api.errors.len())
        };
        assert_eq!(counts("se-6.7.13"), (519, 844, 1348, [13, 15, 178, 140], 299));
        assert_eq!(counts("se-6.7.11"), (502, 838, 1331, [13, 15, 164, 133], 280));
        assert_eq!(counts("se-6.3.15"), (353, 779, 1223, [12, 14, 125, 94], 198));
        let texts = current().enumerations.iter().flat_map(|enumeration| &enumeration.constants);
        assert_eq!(texts.filter(|constant| constant.value.len() > 1).count(), 8);
    }

    #[test]
    fn committed_models_are_written_as_they_are_read() {
        for (name, text) in TEXTS {
            let api = Api::from_json(text).expect("a valid model");
            assert_eq!(&api.label(), name);
            assert!(api.to_json() == *text, "{name} is not formatted as ctp-gen writes it");
        }
    }

    #[test]
    fn a_class_without_a_method_of_the_life_cycle_is_refused() {
        let mut api = current().clone();
        let classes = api.classes.iter_mut().filter(|class| class.c_name == ClassKind::TraderApi.c_name());
        classes.for_each(|class| class.methods.retain(|method| method.name != "Join"));
        assert_eq!(
            api.check(),
            Err("CThostFtdcTraderApi lacks Join, which every version has had".to_owned())
        );
    }

    #[test]
    fn nothing_of_an_older_version_is_left_out() {
        let overlay = crate::overlay::Overlay::committed();
        for family in families() {
            let current = current_of(family).expect("a family has a model");
            for version in of(family) {
                assert_eq!(crate::emit::adapter::unmapped(version, current, overlay), [""; 0]);
            }
        }
    }
}
