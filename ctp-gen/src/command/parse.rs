//! `ctp-gen parse` and `ctp-gen detect`.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use clap::Args;
use ctp_gen::{
    detect::{Detected, detect},
    parse::{parse_folder, refuse_mixture, summary},
};

use crate::emit;

/// What to read, and where the model goes.
#[derive(Args)]
pub(super) struct Parse {
    /// Folder with the headers as delivered.
    folder: PathBuf,
    /// Family of the library: se, mini or sopt; when not given, the one detected, else se.
    #[arg(long)]
    family: Option<String>,
    /// Version label, for example 6.7.13; `auto` takes it from a library beside the headers, from headers that
    /// are known, or from the folder's name.
    #[arg(long, default_value = "auto")]
    version: String,
    /// Where the model goes; an existing file is overwritten.
    #[arg(short, long)]
    output: PathBuf,
    /// Takes a set whose headers are those of two known versions.
    #[arg(long)]
    mixed: bool,
}

impl Parse {
    /// Reads the headers and writes the model; nothing is written when something is wrong.
    pub(super) fn run(&self) -> Result<(), Box<dyn Error>> {
        let (family, version) = self.label()?;
        let api = parse_folder(&self.folder, &family, &version)?;
        if !self.mixed {
            refuse_mixture(&api, &self.folder)?;
        }
        emit::replace(&self.output, &api.to_json())?;
        println!("{}: {}", self.output.display(), summary(&api));
        Ok(())
    }

    fn label(&self) -> Result<(String, String), Box<dyn Error>> {
        let family = || self.family.clone().unwrap_or_else(|| "se".to_owned());
        if self.version != "auto" {
            return Ok((family(), self.version.clone()));
        }
        let found = found(&self.folder)?;
        if let Some(asked) = self.family.as_ref().filter(|family| **family != found.family) {
            return Err(format!(
                "{}: --family {asked}, but {} says {} {}; give --version, too, if the headers are of {asked}",
                self.folder.display(),
                found.evidence,
                found.family,
                found.version
            )
            .into());
        }
        eprintln!("ctp-gen: {}", line(&found));
        Ok((found.family, found.version))
    }
}

/// Prints family, version and what told them.
pub(super) fn print_detected(folder: &Path, json: bool) -> Result<(), Box<dyn Error>> {
    let found = found(folder)?;
    match json {
        true => println!("{}", serde_json::to_string(&found)?),
        false => println!("{}", line(&found)),
    }
    Ok(())
}

fn found(folder: &Path) -> Result<Detected, Box<dyn Error>> {
    std::fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    if let Some(found) = detect(folder) {
        return Ok(found);
    }
    // Headers that cannot be read are the better reason.
    parse_folder(folder, "se", "unknown")?;
    Err(format!(
        "{}: neither a library beside the headers, nor the headers, nor the folder's name tell the version; give --version",
        folder.display()
    )
    .into())
}

fn line(found: &Detected) -> String {
    let Detected { family, version, patch, evidence } = found;
    let patch = patch.as_ref().map_or_else(String::new, |patch| format!(" (patch {patch})"));
    format!("{family} {version}{patch}, from {evidence}")
}
