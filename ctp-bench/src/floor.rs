//! The floors: what no generator can avoid.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use clang::{Clang, Index};

/// What a floor does.
#[derive(clap::Subcommand)]
pub(crate) enum Floor {
    /// libclang reads the headers, and nothing is made of it.
    Parse {
        /// Folder of headers in UTF-8.
        folder: PathBuf,
    },
    /// The files of a folder are written to another.
    Write {
        /// Folder whose files are written.
        from: PathBuf,
        /// Folder that they are written to.
        to: PathBuf,
    },
    /// The texts are checked to be JSON.
    Read {
        /// The files.
        files: Vec<PathBuf>,
    },
}

impl Floor {
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self::Parse { folder } => parse(folder),
            Self::Write { from, to } => write(from, to),
            Self::Read { files } => files.iter().try_for_each(|file| {
                let text =
                    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
                let _: serde::de::IgnoredAny = serde_json::from_str(&text)?;
                Ok(())
            }),
        }
    }
}

fn parse(folder: &Path) -> Result<()> {
    let clang = Clang::new().map_err(|reason| anyhow!("cannot load libclang: {reason}"))?;
    let index = Index::new(&clang, false, false);
    let header = folder.join("ThostFtdcTraderApi.h");
    index
        .parser(header)
        .arguments(&["-x", "c++", "-std=c++14", "-nostdinc", "--target=x86_64-unknown-linux-gnu"])
        .detailed_preprocessing_record(true)
        .parse()
        .map(drop)
        .map_err(|error| anyhow!("{}: {error}", folder.display()))
}

fn write(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            write(&entry.path(), &target)?;
        } else {
            fs::write(target, fs::read(entry.path())?)?;
        }
    }
    Ok(())
}
