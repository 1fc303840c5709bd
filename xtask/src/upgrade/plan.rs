//! What an upgrade will write: made, and tried as far as memory goes, before the first byte is written.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use ctp_gen::api::ClassKind;
use ctp_gen::emit::{Output, adapter};
use ctp_gen::overlay::{Overlay, Proposal};
use ctp_gen::{Api, models};

use super::input::Input;
use super::text;
use crate::digest::Digest;
use crate::vendor::manifest::{Archive, Encoding, Kind, Manifest, PinnedFile, Registry, Set};
use crate::vendor::unpack::VerifiedFile;
use crate::{paths, vendor};

/// Everything that will be written.
pub(super) struct Plan {
    pub(super) label: String,
    /// The set of files in `vendor/`, and the files.
    pub(super) set: Set,
    pub(super) files: Vec<VerifiedFile>,
    /// Text files, by path.
    pub(super) texts: Vec<(PathBuf, String)>,
    pub(super) proposals: Vec<Proposal>,
    /// A patch mark that is written down as having the model's layout.
    pub(super) patch: Option<String>,
    /// Methods of other versions that the newest one lacks.
    pub(super) unmapped: Vec<String>,
    /// Whether the version becomes the family's current one.
    pub(super) is_newest: bool,
}

impl Plan {
    /// Makes the plan for `api`, read from the input's headers into the text `model`.
    pub(super) fn make(input: &Input, api: &Api, model: String, replace: bool) -> Result<Self> {
        let label = api.label();
        let (overlay, proposals) = Overlay::committed().completed(api);
        let others: Vec<&Api> = models::of(&api.family).filter(|known| known.label() != label).collect();
        let newest =
            others.iter().copied().chain([api]).max_by_key(|api| numbers(&api.version)).unwrap_or(api);
        check_emission(api, &others, newest, &overlay)?;
        let unmapped = others
            .iter()
            .copied()
            .chain([api])
            .filter(|version| version.label() != newest.label())
            .flat_map(|version| adapter::unmapped(version, newest, &overlay))
            .collect();

        let mut texts = vec![(paths::root().join("ctp-gen/api").join(format!("{label}.json")), model)];
        let overlays = paths::root().join("ctp-gen/overlay");
        if !proposals.is_empty() {
            texts.push(text::with_requests(overlays.join("requests.toml"), &label, &proposals)?);
        }
        let known_patches = Overlay::committed().patches(&api.family, &api.version);
        let patch = input.patch.clone().filter(|patch| !known_patches.contains(&patch.as_str()));
        if let Some(patch) = &patch {
            // The marks that are known were compared with the model that is known.
            let known =
                models::find(&label).filter(|known| super::is_same(known, api)).map(|_| &known_patches);
            let patches: Vec<&str> = known.into_iter().flatten().copied().chain([patch.as_str()]).collect();
            texts.push(text::with_patches(overlays.join("versions.toml"), api, &patches)?);
        }

        let files = read(input)?;
        let manifest = vendor::manifest()?;
        let pinned = pinned(&manifest, &label);
        let set = match pinned {
            // The same headers, and no library that the pins lack: the packages are named already.
            Some(set) if files.iter().all(|file| is_pinned(set, file)) => set.clone(),
            // What an upgrade took over from a folder, the next may complete.
            Some(set) if !replace && !is_local(set) => bail!(
                "vendor/manifest pins other files for {label}; --replace takes these, and forgets their packages"
            ),
            _ => {
                let set = local_set(api, input, &files)?;
                texts.push(text::with_set(manifest_file(&api.family), &set)?);
                set
            }
        };
        let is_newest = newest.label() == label;
        Ok(Self { label, set, files, texts, proposals, patch, unmapped, is_newest })
    }

    /// Returns the paths that will be written, as seen from the root.
    pub(super) fn shown(&self) -> impl Iterator<Item = String> {
        let texts = self.texts.iter().map(|(path, _)| paths::shown(path));
        let files = self.files.iter().map(|file| format!("vendor/{}/{}", self.label, file.to));
        texts.chain(files)
    }
}

/// Returns `6.7.13` as numbers.
pub(super) fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|number| number.parse().unwrap_or(u32::MAX)).collect()
}

/// Emits everything that the builds will emit, so that what only a person can decide stops the upgrade here.
fn check_emission(api: &Api, others: &[&Api], newest: &Api, overlay: &Overlay) -> Result<()> {
    // The simulator speaks the current model of se, whatever the facade's family.
    let core = if api.family == models::current().family { newest } else { models::current() };
    let mut faults = Vec::new();
    for version in others.iter().copied().chain([api]) {
        let outputs: &[Output] = if version.label() == newest.label() {
            &Output::ALL
        } else {
            &[Output::Adapter, Output::FacadeMd, Output::FacadeTrader]
        };
        for output in outputs {
            let is_facade = matches!(output, Output::FacadeMd | Output::FacadeTrader);
            let current = if is_facade { core } else { newest };
            if let Err(error) = output.emit(version, current, overlay)
                && !faults.contains(&error)
            {
                faults.push(error);
            }
        }
    }
    ensure!(
        faults.is_empty(),
        "{} cannot be emitted; decide in ctp-gen/overlay/renames.toml and run this again:\n  {}",
        api.label(),
        faults.join("\n  ")
    );
    Ok(())
}

/// Reads the files to take over.
fn read(input: &Input) -> Result<Vec<VerifiedFile>> {
    let files = input.files.iter().map(|file| {
        let bytes =
            std::fs::read(&file.from).with_context(|| format!("cannot read {}", file.from.display()))?;
        Ok(VerifiedFile { to: file.to.clone(), bytes })
    });
    files.collect()
}

/// Returns whether a library is given that the manifest does not have.
pub(super) fn lacks_library(input: &Input) -> Result<bool> {
    let (manifest, files) = (vendor::manifest()?, read(input)?);
    let set = pinned(&manifest, &input.label());
    let mut libraries = files.iter().filter(|file| file.to.starts_with("lib/"));
    Ok(libraries.any(|file| !set.is_some_and(|set| is_pinned(set, file))))
}

fn pinned<'a>(manifest: &'a Manifest, label: &str) -> Option<&'a Set> {
    manifest.versions().find(|set| set.folder() == label)
}

fn is_local(set: &Set) -> bool {
    set.archives.iter().all(|archive| archive.registry == Registry::Local)
}

fn is_pinned(set: &Set, file: &VerifiedFile) -> bool {
    set.files().any(|pinned| pinned.to == file.to && pinned.sha256 == Digest::of(&file.bytes))
}

/// Returns the row for files that come from no package yet.
fn local_set(api: &Api, input: &Input, files: &[VerifiedFile]) -> Result<Set> {
    let encoding = match api.encoding.as_str() {
        "utf-8" => Encoding::Utf8,
        "utf-8-bom" => Encoding::Utf8Bom,
        "gbk" => Encoding::Gbk,
        "gb18030" => Encoding::Gb18030,
        other => bail!("headers in an encoding that the manifest does not know: {other}"),
    };
    let names = input.files.iter().map(|file| file.from.file_name().unwrap_or_default().to_string_lossy());
    let pinned = files.iter().zip(names).map(|(file, name)| PinnedFile {
        from: name.into_owned(),
        to: file.to.clone(),
        sha256: Digest::of(&file.bytes),
    });
    Ok(Set {
        kind: Kind::Version,
        name: None,
        family: api.family.clone(),
        version: api.version.clone(),
        encoding: Some(encoding),
        archives: vec![Archive {
            registry: Registry::Local,
            package: "local".to_owned(),
            release: api.version.clone(),
            sha256: None,
            files: pinned.collect(),
        }],
    })
}

fn manifest_file(family: &str) -> PathBuf {
    paths::vendor().join("manifest").join(format!("{family}.toml"))
}

/// Returns what a person has to look at after the upgrade, most urgent first.
pub(super) fn left_for_a_person(plan: &Plan, api: &Api, has_library: bool) -> Vec<String> {
    let mut left = Vec::new();
    if is_local(&plan.set) {
        left.push(format!(
            "vendor/manifest/{}.toml: name the package that {} comes from, instead of the registry \"local\"",
            api.family, plan.label
        ));
    }
    for proposal in &plan.proposals {
        left.push(format!(
            "ctp-gen/overlay/requests.toml: confirm how {} is answered: {proposal}",
            proposal.method
        ));
    }
    for line in &plan.unmapped {
        left.push(format!("ctp-gen/overlay/renames.toml: {line}"));
    }
    if let Some(patch) = &plan.patch {
        left.push(format!(
            "ctp-gen/overlay/versions.toml: confirm that libraries marked {patch} have this layout"
        ));
    }
    if !has_library {
        left.push(
            "no library was given: its symbols and its version are not proved; run this again with --library"
                .to_owned(),
        );
    }
    let news = News::of(api);
    for (names, place) in [
        (&news.secrets, "overlay/secrets.toml: are these types secrets, too"),
        (&news.methods, "overlay/docs/methods.toml: a sentence for"),
        (&news.records, "overlay/docs/records.toml: a sentence for"),
        (&news.typedefs, "overlay/docs/typedefs.toml: a sentence for"),
        (&news.values, "overlay/docs/values.toml: a sentence for"),
    ] {
        if !names.is_empty() {
            left.push(format!("ctp-gen/{place}: {}", listed(names)));
        }
    }
    left.push(
        "CHANGELOG.md and README.md: the version; then review and commit everything together".to_owned(),
    );
    left
}

/// What no other committed model of the family declares.
struct News {
    methods: Vec<String>,
    records: Vec<String>,
    typedefs: Vec<String>,
    values: Vec<String>,
    secrets: Vec<String>,
}

impl News {
    fn of(api: &Api) -> Self {
        let known: Vec<&Api> = models::models().filter(|known| known.label() != api.label()).collect();
        let new = |names: &dyn Fn(&Api) -> Vec<String>| -> Vec<String> {
            let old: std::collections::HashSet<String> = known.iter().flat_map(|api| names(api)).collect();
            names(api).into_iter().filter(|name| !old.contains(name)).collect()
        };
        let typedefs = new(&|api| api.typedefs.iter().map(|typedef| typedef.name.clone()).collect());
        let marks = ["Passw", "Auth", "Token", "Key", "Secret", "Captcha", "Otp", "OTP", "Code"];
        let secrets =
            typedefs.iter().filter(|name| marks.iter().any(|mark| name.contains(mark))).cloned().collect();
        Self {
            methods: new(&|api| {
                let classes = ClassKind::ALL.into_iter().map(|kind| api.class(kind));
                classes.flat_map(|class| &class.methods).map(|method| method.name.clone()).collect()
            }),
            records: new(&|api| api.records.iter().map(|record| record.c_name.clone()).collect()),
            values: new(&|api| {
                let constants = api.enumerations.iter().flat_map(|enumeration| &enumeration.constants);
                constants.map(|constant| constant.name.clone()).collect()
            }),
            secrets,
            typedefs,
        }
    }
}

fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the current model as a version to come.
    fn next() -> Api {
        Api { version: "6.99.0".to_owned(), ..models::current().clone() }
    }

    fn emission(api: &Api) -> Result<()> {
        let others: Vec<&Api> = models::of("se").collect();
        check_emission(api, &others, api, &Overlay::committed().completed(api).0)
    }

    /// Not a single file is written when a person has to decide what becomes of an old record.
    #[test]
    fn a_record_that_is_gone_stops_the_upgrade() {
        let mut api = next();
        emission(&api).unwrap();
        let methods =
            || api.classes.iter().flat_map(|class| &class.methods).flat_map(|method| &method.parameters);
        let is_carried = |name: &str| methods().any(|parameter| parameter.c_type.starts_with(name));
        let gone = api
            .records
            .iter()
            .map(|record| record.c_name.clone())
            .find(|name| !is_carried(name) && models::of("se").all(|known| known.record(name).is_some()));
        let gone = gone.unwrap();
        api.records.retain(|record| record.c_name != gone);
        let error = emission(&api).unwrap_err().to_string();
        assert!(error.contains("decide in ctp-gen/overlay/renames.toml") && error.contains(&gone), "{error}");
    }

    #[test]
    fn what_is_new_is_left_for_a_person() {
        let mut api = next();
        assert!(News::of(&api).records.is_empty() && News::of(&api).values.is_empty());
        api.typedefs[0].name = "TThostFtdcFooKeyType".to_owned();
        api.records[0].c_name = "CThostFtdcFooField".to_owned();
        api.classes[3].methods[20].name = "ReqFoo".to_owned();
        let news = News::of(&api);
        assert_eq!(news.secrets, ["TThostFtdcFooKeyType"]);
        assert_eq!(
            (news.records, news.methods),
            (vec!["CThostFtdcFooField".to_owned()], vec!["ReqFoo".to_owned()])
        );
        let many: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        assert_eq!(listed(&many), "0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
    }
}
