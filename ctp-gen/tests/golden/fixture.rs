//! A fixture: one file that says what it shows, what to emit, and what stands in the headers.
//!
//! ```text
//! // What it shows.
//! //! emit model adapter          outputs: what each adds to the minimal set's is expected; `vendored` is what
//! //!                             `ctp-gen emit` writes for people
//! //! error [OUTPUT]              or: parsing (or emitting OUTPUT) fails with the expected message
//! //! trader_api                  the lines below go into this part of the minimal header set
//! //! old structs                 the same part in an older version; adapter and facades are then emitted
//! //!                             for the older version, with the newer one as current
//! //! before trader_api           the same part in what the outputs are compared with
//! //! namespace ctp_sopt          everything stands in this namespace
//! //! family mini                 the older version is of this family; the newer one is the core's
//! //! without FILE                the header is missing
//! //! requests.toml               an overlay (also renames.toml, secrets.toml)
//! ```

use std::collections::HashMap;

use ctp_gen::{
    Api,
    emit::{
        Output,
        vendored::{self, File},
    },
    overlay::Overlay,
};

use crate::{
    cpp, difference,
    header_set::{self, HeaderSet},
    layout::formatted,
};

/// The parts that a fixture may fill.
const SECTIONS: [&str; 7] = ["types", "structs", "md_spi", "md_api", "trader_spi", "trader_api", "error.xml"];

#[derive(Debug, Default)]
pub(crate) struct Fixture {
    emit: Vec<String>,
    error: Option<String>,
    namespace: Option<String>,
    family: Option<String>,
    without: Option<String>,
    /// Text by section name, with `old ` or `before ` in front for the variants.
    sections: HashMap<String, String>,
}

/// One of the header sets that a fixture describes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    Minimal,
    Before,
    Old,
    Current,
}

impl Fixture {
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut fixture = Self::default();
        let mut section = None;
        if !text.starts_with("// ") {
            return Err("the first line does not say what the fixture shows".into());
        }
        for line in text.lines().skip_while(|line| line.starts_with("// ")) {
            let Some(directive) = line.strip_prefix("//! ") else {
                let section = section.clone().ok_or_else(|| format!("`{line}` stands in no section"))?;
                let text = fixture.sections.entry(section).or_insert_with(String::new);
                text.push_str(line);
                text.push('\n');
                continue;
            };
            match directive.split_once(' ').unwrap_or((directive, "")) {
                ("emit", outputs) => fixture.emit = outputs.split(' ').map(str::to_owned).collect(),
                ("error", output) => fixture.error = Some(output.to_owned()),
                ("namespace", name) => fixture.namespace = Some(name.to_owned()),
                ("family", name) => fixture.family = Some(name.to_owned()),
                ("without", file) => fixture.without = Some(file.to_owned()),
                ("old" | "before", name) if SECTIONS.contains(&name) => section = Some(directive.to_owned()),
                (name, "") if SECTIONS.contains(&name) || name.ends_with(".toml") => {
                    section = Some(name.to_owned());
                }
                _ => return Err(format!("`{line}` is not understood")),
            }
            if let Some(section) = &section {
                fixture.sections.entry(section.clone()).or_default();
            }
        }
        match (fixture.emit.is_empty(), &fixture.error) {
            (false, None) | (true, Some(_)) => Ok(fixture),
            _ => Err("either `//! emit OUTPUT…` or `//! error` is needed".into()),
        }
    }

    /// Returns the kind and text of everything expected.
    pub(crate) fn run(&self) -> Result<Vec<(String, String)>, String> {
        if let Some(output) = &self.error {
            let failed = self.parse(Variant::Current).and_then(|_| match output.as_str() {
                "" => Ok(String::new()),
                output => self.emit(output, Variant::Current),
            });
            return match failed {
                Err(message) => Ok(vec![("error".to_owned(), format!("{message}\n"))]),
                Ok(_) => Err("there was no error".into()),
            };
        }
        let left = if self.has_variant("before ") { Variant::Before } else { Variant::Minimal };
        let changes = |output: &String| {
            let (before, after) = (self.emit(output, left)?, self.emit(output, Variant::Current)?);
            match difference::of(&before, &after) {
                same if same.is_empty() => Ok((output.clone(), "same\n".to_owned())),
                changes => Ok((output.clone(), changes)),
            }
        };
        self.emit.iter().map(changes).collect()
    }

    fn has_variant(&self, prefix: &str) -> bool {
        self.sections.keys().any(|section| section.starts_with(prefix))
    }

    fn emit(&self, output: &str, variant: Variant) -> Result<String, String> {
        let current = self.parse(variant)?;
        if output == "model" {
            // The digests of the texts say nothing about the behaviour.
            return Ok(Api { sources: Vec::new(), ..current }.to_json());
        }
        let mut version = match variant {
            Variant::Minimal if self.has_variant("old ") => self.parse_as(variant, "1.0.0")?,
            Variant::Current if self.has_variant("old ") => self.parse(Variant::Old)?,
            _ => current.clone(),
        };
        if let Some(family) = &self.family {
            version.family.clone_from(family);
        }
        let text = |file: &str, empty: &'static str| self.sections.get(file).map_or(empty, String::as_str);
        let overlay = Overlay::from_toml(
            text("requests.toml", ""),
            text("renames.toml", ""),
            text("secrets.toml", "typedefs = []"),
        )?;
        if output == "vendored" {
            return Ok(rust_of_crate(&vendored::files(&version, &current, &overlay)?));
        }
        let named = Output::ALL.into_iter().find(|known| known.file_name().split('.').next() == Some(output));
        let named = named.ok_or_else(|| format!("there is no output {output}"))?;
        let text = formatted(named, named.emit(&version, &current, &overlay)?)?;
        if named.file_name().ends_with(".cpp") && variant != Variant::Minimal {
            compile(&text)?;
        }
        Ok(text)
    }

    fn parse(&self, variant: Variant) -> Result<Api, String> {
        self.parse_as(variant, if variant == Variant::Old { "1.0.0" } else { "2.0.0" })
    }

    fn parse_as(&self, variant: Variant, version: &str) -> Result<Api, String> {
        let mut files = header_set::minimal(|section| {
            let own = |prefix: &str| self.sections.get(&format!("{prefix}{section}")).cloned();
            let text = match variant {
                Variant::Minimal => None,
                Variant::Before => own("before ").or_else(|| own("")),
                Variant::Old => own("old ").or_else(|| own("")),
                Variant::Current => own(""),
            };
            text.unwrap_or_default()
        });
        if variant != Variant::Minimal {
            self.alter(&mut files);
        }
        header_set::parse(&files, version)
    }

    /// Applies what concerns whole files.
    fn alter(&self, files: &mut HeaderSet) {
        if let Some(without) = &self.without {
            files.retain(|name, _| name != without);
        }
        let Some(namespace) = &self.namespace else { return };
        for text in files.values_mut() {
            let (directives, declarations): (Vec<&str>, Vec<&str>) = text
                .lines()
                .filter(|line| *line != "#endif")
                .partition(|line| line.starts_with('#') && (line.ends_with("_H") || line.ends_with(".h\"")));
            *text = format!(
                "{}\nnamespace {namespace} {{\n{}\n}}\nusing namespace {namespace};\n#endif\n",
                directives.join("\n"),
                declarations.join("\n")
            );
        }
    }
}

/// Returns the Rust and the index of an emitted crate, each file under its path.
fn rust_of_crate(files: &[File]) -> String {
    let wanted = files.iter().filter(|file| file.path.starts_with("src/") || file.path == "REQUESTS.md");
    wanted.map(|file| format!("==> {}\n{}", file.path, file.text)).collect()
}

/// Has the C++ compiler read `text`.
fn compile(text: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("emitted.cpp");
    std::fs::write(&file, text).map_err(|error| error.to_string())?;
    cpp::output(cpp::compiler().args(["-fsyntax-only", "-Wall", "-Wno-unused", "-Werror"]).arg(&file))
        .map(drop)
}
