//! `ctp-gen diff`: what changes from one version to another.

use std::{
    error::Error,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use ctp_gen::{diff::Diff, overlay::Overlay};

use super::model;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Before: a version (6.7.11, se-6.7.11, mini-1.7.7), a model file, or a folder of headers.
    #[arg(value_name = "A")]
    before: String,
    /// After: the same.
    #[arg(value_name = "B")]
    after: String,
    /// Family of versions without one (se when not given) and of folders of headers (detected when not given).
    #[arg(long)]
    family: Option<String>,
    /// How it is shown.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Whether the text has colours: on a terminal unless NO_COLOR is set, always, or never.
    #[arg(long, value_enum, default_value_t)]
    color: Colour,
    /// Ends with exit code 2 when A and B differ.
    #[arg(long)]
    exit_code: bool,
}

#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum Format {
    /// For a terminal.
    #[default]
    Text,
    /// For a page, as in docs/upgrades.
    Markdown,
    /// For programs; its shape stands in the documentation of `ctp_gen::diff`.
    Json,
}

#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum Colour {
    #[default]
    Auto,
    Always,
    Never,
}

/// Compares two models and shows how they differ.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let before = model::resolve(&arguments.before, arguments.family.as_deref())?;
    let after = model::resolve(&arguments.after, arguments.family.as_deref())?;
    let mut diff = Diff::between(&before, &after);
    if diff.from == diff.to && !matches!(arguments.format, Format::Json) {
        // Two deliveries of one version: people tell them apart by what they asked for.
        diff.from.version += &format!(" ({})", arguments.before);
        diff.to.version += &format!(" ({})", arguments.after);
    }
    print(&match arguments.format {
        Format::Text => diff.to_text(arguments.color.is_on()),
        Format::Markdown => diff.to_markdown(&Overlay::committed().docs),
        Format::Json => diff.to_json(),
    })?;
    let differs = arguments.exit_code && !diff.is_empty();
    Ok(if differs { ExitCode::from(2) } else { ExitCode::SUCCESS })
}

impl Colour {
    fn is_on(self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            // https://no-color.org: any value that is not empty.
            Self::Auto => {
                io::stdout().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }
}

/// Prints a text whose reader may have gone: `| head` is no error.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
