//! Lists the committed models, so that a new file in `api/` is all that a new version takes.

use std::{cmp::Reverse, env, error::Error, fmt::Write, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=api");
    let folder = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("api");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_stem().and_then(|stem| stem.to_str()).ok_or("a model's name is not text")?;
            let (family, version) =
                name.split_once('-').ok_or_else(|| format!("{name}.json is not FAMILY-VERSION.json"))?;
            // `6.7.9_P1` comes after `6.7.9`.
            let numbers: Vec<u32> =
                version.split(['.', '_']).map(|number| number.parse().unwrap_or(u32::MAX)).collect();
            // `se` first, newest first.
            names.push((family != "se", family.to_owned(), Reverse(numbers), name.to_owned()));
        }
    }
    names.sort();
    let mut text = String::from("&[\n");
    for (.., name) in names {
        let path = folder.join(format!("{name}.json"));
        writeln!(
            text,
            "    ({name:?}, include_str!({:?})),",
            path.to_str().ok_or("the path of the models is not text")?
        )?;
    }
    text.push(']');
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("models.rs"), text)?;
    Ok(())
}
