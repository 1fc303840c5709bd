//! `cargo xtask upgrade`: a new version of the vendor's API, from a folder of headers to a build that is proved.
//!
//! Everything is read, made and tried in memory first. What is then written is taken back when a later step fails,
//! or, if the upgrade is killed, by the next one.

mod input;
mod plan;
mod text;
mod undo;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use ctp_gen::diff::Diff;
use ctp_gen::{Api, models};

use self::input::Input;
use self::plan::Plan;
use self::undo::Undo;
use crate::generator::{self, Generator};
use crate::{lock, paths, shell, vendor};

/// What to take over.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folder of headers as delivered, with error.xml and DataCollect.h where the delivery has them.
    #[arg(long, value_name = "DIR")]
    headers: PathBuf,
    /// Family: se, mini or sopt; by default what the version says.
    #[arg(long)]
    family: Option<String>,
    /// Version, for example 6.7.14; auto takes it from a library, from known headers, or from the folder's name.
    #[arg(long, default_value = "auto")]
    version: String,
    /// Folder of the version's Linux libraries; by default they are looked for beside the headers.
    #[arg(long, value_name = "DIR")]
    library: Option<PathBuf>,
    /// Takes the headers although the version is known with another model or other files.
    #[arg(long)]
    replace: bool,
    /// Takes headers whose parts are those of two known versions.
    #[arg(long)]
    mixed: bool,
    /// Shows what would change and be written, and writes nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Takes a version over; on any error the work tree is as it was.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let _lock = lock::hold("upgrade")?;
    let mut undo = {
        let _lock = lock::hold("vendor")?;
        Undo::begin(paths::root(), &paths::target().join("upgrade-undo"))?
    };
    let generator = Generator::build()?;
    let input = Input::read(arguments, &generator)?;
    let (api, model) = parse(&input, arguments.mixed, &generator)?;
    if let Some(known) = models::find(&api.label()) {
        let brings_library = arguments.library.is_some() && plan::lacks_library(&input)?;
        if is_same(known, &api) && !arguments.replace && !brings_library {
            println!(
                "{} is known, and these headers declare what its model says: nothing to do",
                api.label()
            );
            return Ok(());
        }
        if !arguments.replace && !is_same(known, &api) {
            print!("{}", Diff::between(known, &api).to_text(std::io::stdout().is_terminal()));
            bail!("{} is known with another model; --replace takes these headers instead", api.label());
        }
    }
    show_differences(&api);

    let plan = Plan::make(&input, &api, model, arguments.replace)?;
    let has_library = input.libraries().next().is_some();
    let left = plan::left_for_a_person(&plan, &api, has_library);
    if arguments.dry_run {
        println!("\nwould write:");
        plan.shown().chain(["docs/upgrades/".to_owned()]).for_each(|path| println!("  {path}"));
        print_left(&left);
        return Ok(());
    }
    if let Err(error) = carry_out(&plan, &api, &input, &mut undo) {
        let taken_back = lock::hold("vendor").and_then(|_lock| undo.roll_back());
        return Err(error.context(match taken_back {
            Ok(()) => format!("{} was not taken over; the work tree is as it was", plan.label),
            Err(failed) => format!(
                "{} was not taken over, nor was what was written taken back ({failed:#}); the next upgrade tries that again",
                plan.label
            ),
        }));
    }
    undo.forget()?;
    let methods: usize = api.classes.iter().map(|class| class.methods.len()).sum();
    println!("\n{} is taken over: {} records, {methods} methods", plan.label, api.records.len());
    if plan.is_newest {
        println!("it is the current model of {} from now on", api.family);
    }
    print_left(&left);
    Ok(())
}

/// Lets ctp-gen read the headers.
fn parse(input: &Input, mixed: bool, generator: &Generator) -> Result<(Api, String)> {
    ensure!(
        models::families().contains(&input.family.as_str()),
        "family {} has no module in ctp-types and ctp-sys; known families: {}",
        input.family,
        models::families().join(", ")
    );
    let is_version = input.version.split('.').count() == 3
        && input.version.split('.').all(|number| number.parse::<u32>().is_ok());
    ensure!(
        is_version,
        "not a version: {}; it is three numbers, without a patch mark, as in 6.7.14",
        input.version
    );
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let file = folder.path().join("model.json");
    let mut command = generator.command();
    command.arg("parse").arg(&input.headers);
    command.args(["--family", &input.family, "--version", &input.version, "--output"]).arg(&file);
    if mixed {
        command.arg("--mixed");
    }
    shell::output(&mut command)?;
    let model = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let api = Api::from_json(&model).map_err(|error| anyhow::anyhow!("ctp-gen wrote no model: {error}"))?;
    Ok((api, model))
}

/// Returns whether two models declare the same, whatever copy of the headers they were made from.
fn is_same(a: &Api, b: &Api) -> bool {
    let declared = |api: &Api| Api { sources: Vec::new(), encoding: String::new(), ..api.clone() };
    declared(a) == declared(b)
}

/// Prints what changes from the newest known version; for an older version, from the one before it, and to the
/// newest.
fn show_differences(api: &Api) {
    let colour = std::io::stdout().is_terminal();
    let others = || models::of(&api.family).filter(|known| known.label() != api.label());
    let is_older = |known: &&Api| plan::numbers(&known.version) < plan::numbers(&api.version);
    if let Some(before) = others().find(is_older) {
        println!("\n{}", Diff::between(before, api).to_text(colour));
    }
    if let Some(newest) = others().next().filter(|newest| !is_older(newest)) {
        println!("\n{}", Diff::between(api, newest).to_text(colour));
    }
}

/// Writes, builds, proves and loads.
fn carry_out(plan: &Plan, api: &Api, input: &Input, undo: &mut Undo) -> Result<()> {
    for (path, text) in &plan.texts {
        undo.write(path, text)?;
    }
    {
        let _lock = lock::hold("vendor")?;
        undo.protect(&paths::vendor().join(&plan.label))?;
        vendor::place::put(&plan.set, &paths::vendor(), &plan.files)?;
    }
    undo.protect(&paths::root().join("docs/upgrades"))?;
    let generator = Generator::rebuild()?;
    shell::run(generator.command().arg("docs"))?;

    shell::run(shell::cargo().args(["build", "--package", "ctp-types", "--package", "ctp-sys"]))?;
    // A process of its own: this one still has the models of before.
    shell::run(shell::cargo().args(["xtask", "sim", &plan.label]))?;
    prove(&plan.label)?;
    // The second reader, too.
    shell::run(generator.command().args(["check", &plan.label]))?;
    for (kind, library) in input.libraries() {
        open(api, kind, &library)?;
    }
    Ok(())
}

/// Runs the proof of one version: model, layout with slots and values, symbols.
fn prove(label: &str) -> Result<()> {
    let mut command = shell::cargo();
    command.arg("test").args(generator::OPTIONS).args(["--test", "real_headers", "--"]);
    // The sets without a model have the version in their names, too, and need not be here.
    command.arg(format!("{label}::")).args(["--skip", "extra-"]).env("LIBCLANG_PATH", paths::tools());
    eprintln!("$ {}", shell::line(&command));
    let said = shell::output(&mut command).context("the version is not proved")?;
    let said = String::from_utf8_lossy(&said);
    print!("{said}");
    ensure!(said.contains("3 passed; 0 failed"), "the proof of {label} did not run");
    Ok(())
}

/// Opens the real library, through the adapter that was just built.
fn open(api: &Api, kind: &str, library: &Path) -> Result<()> {
    let mut command = shell::cargo();
    command.args(["run", "--quiet", "--package", "ctp-sys", "--example", "open", "--"]);
    command.args([&api.family, kind]).arg(library);
    let said = shell::output(&mut command).context("the library does not open")?;
    let said = String::from_utf8_lossy(&said).trim_end().to_owned();
    println!("{}: {said}", paths::shown(library));
    Ok(())
}

fn print_left(left: &[String]) {
    println!("\nleft for a person:");
    for line in left {
        println!("- {line}");
    }
}
