//! Feature `link`: finds the libraries to link, their versions and symbols, and tells cargo.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use ctp_gen::{Api, api::ClassKind, models};
use object::{
    Endianness,
    elf::{DT_SONAME, FileHeader64},
    read::elf::{Dyn as _, FileHeader as _},
};

/// File names by family: market data, trader. The vendor's packages also have them with `lib` before.
const NAMES: [(&str, &str, &str); 3] = [
    ("se", "thostmduserapi_se.so", "thosttraderapi_se.so"),
    ("mini", "thostmduserapi.so", "thosttraderapi.so"),
    ("sopt", "soptthostmduserapi_se.so", "soptthosttraderapi_se.so"),
];

/// Links the libraries in `CTP_LIB_DIR`, and writes what Rust must know of them.
pub(crate) fn emit(out_dir: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=CTP_LIB_DIR");
    println!("cargo::rerun-if-env-changed=CTP_LINK_VERSION");
    let folder = folder()?;
    let (family, files) = libraries_in(&folder)?;
    let mut externs = String::new();
    let mut rows = String::new();
    // Cargo lets programs find at run time what lies in its own folders, so the libraries get links there.
    let links = out_dir.join("link");
    match fs::remove_dir_all(&links) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => fs::create_dir_all(&links)?,
    }
    for (kind, file) in [ClassKind::MdApi, ClassKind::TraderApi].into_iter().zip(&files) {
        println!("cargo::rerun-if-changed={}", file.display());
        let model = model_of(file, family)?;
        check_inner_name(file)?;
        let name = file.file_name().and_then(|name| name.to_str()).ok_or("a library's name is not text")?;
        symlink(file, links.join(name))?;
        println!("cargo::rustc-link-lib=dylib:+verbatim={name}");
        for method in &model.class(kind).statics {
            let (symbol, function) = (&method.symbol, format!("{kind:?}_{}", method.name));
            writeln!(externs, "    #[link_name = {symbol:?}]\n    fn {function}();")?;
            writeln!(rows, "    (c{symbol:?}, {function}),")?;
        }
    }
    println!("cargo::rustc-link-search=native={}", links.display());
    // For the tests of this package, and for build scripts of those that depend on it.
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", folder.display());
    println!("cargo::metadata=lib_dir={}", folder.display());
    let text = format!(
        "unsafe extern \"C\" {{\n{externs}}}\n\n/// The static methods that the linked libraries export.\n\
         static SYMBOLS: &[(&CStr, unsafe extern \"C\" fn())] = &[\n{rows}];\n"
    );
    fs::write(out_dir.join("linked.rs"), text)?;
    Ok(())
}

fn folder() -> Result<PathBuf, Box<dyn Error>> {
    let wanted = "the absolute path of the folder with the libraries to link";
    let given = env::var_os("CTP_LIB_DIR").filter(|given| !given.is_empty());
    let folder = PathBuf::from(given.ok_or_else(|| format!("feature `link` needs CTP_LIB_DIR: {wanted}"))?);
    if folder.is_relative() {
        return Err(format!("CTP_LIB_DIR is {}; give {wanted}", folder.display()).into());
    }
    folder.canonicalize().map_err(|error| format!("CTP_LIB_DIR is {}: {error}", folder.display()).into())
}

/// Returns the family and its market data and trader library.
fn libraries_in(folder: &Path) -> Result<(&'static str, [PathBuf; 2]), String> {
    for (family, md, trader) in NAMES {
        for prefix in ["", "lib"] {
            let files = [md, trader].map(|name| folder.join(format!("{prefix}{name}")));
            if files.iter().all(|file| file.is_file()) {
                return Ok((family, files));
            }
        }
    }
    let names: Vec<String> = NAMES.iter().map(|(_, md, trader)| format!("{md} and {trader}")).collect();
    Err(format!("CTP_LIB_DIR {} has neither {}; check the folder", folder.display(), names.join(", nor ")))
}

/// Refuses a library that programs would look for by a name that is not in the folder: builders of Python wheels give
/// libraries inner names (SONAME) of their own.
fn check_inner_name(file: &Path) -> Result<(), Box<dyn Error>> {
    let bytes = fs::read(file)?;
    let not_elf = |error: object::Error| format!("{} is not a library: {error}", file.display());
    let Some(name) = inner_name(&bytes).map_err(not_elf)? else { return Ok(()) };
    if file.with_file_name(&name).exists() {
        return Ok(());
    }
    let shown = file.display();
    Err(format!(
        "{shown} calls itself {name}, and programs would look for that; put a link of that name beside it"
    )
    .into())
}

/// Returns the SONAME of a library.
fn inner_name(library: &[u8]) -> object::Result<Option<String>> {
    let header = FileHeader64::<Endianness>::parse(library)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, library)?;
    let Some((entries, strings)) = sections.dynamic(endian, library)? else { return Ok(None) };
    let strings = sections.strings(endian, library, strings)?;
    let entry = entries.iter().find(|entry| entry.d_tag(endian) == DT_SONAME);
    let name = entry.map(|entry| entry.string(endian, strings)).transpose()?;
    Ok(name.map(|name| String::from_utf8_lossy(name).into_owned()))
}

/// Returns the model of the library's version: of `CTP_LINK_VERSION`, or of the version text in its bytes.
fn model_of(file: &Path, family: &str) -> Result<&'static Api, String> {
    let known = || models::of(family).map(|model| model.version.as_str()).collect::<Vec<_>>().join(", ");
    let find = |version: &str| models::of(family).find(|model| model.version == version);
    if let Some(version) = env::var("CTP_LINK_VERSION").ok().filter(|version| !version.is_empty()) {
        let label = version.strip_prefix(&format!("{family}-")).unwrap_or(&version);
        return find(label).ok_or_else(|| {
            format!("CTP_LINK_VERSION {version} has no model of {family} (known: {})", known())
        });
    }
    let bytes = fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let said: Vec<String> = bytes.split(|byte| *byte == 0).filter_map(version_text).collect();
    said.iter().find_map(|version| find(version)).ok_or_else(|| {
        format!(
            "{} names no version with a model of {family} (found: {}; known: {}); set CTP_LINK_VERSION, or run \
             `cargo xtask upgrade` with its headers",
            file.display(),
            said.join(", "),
            known()
        )
    })
}

/// Returns `6.7.13` for `v6.7.13_20260225 14:16:30.12079`, `6.3.15_20190220 15:47:00`, `V1.7.7`.
fn version_text(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() < 64)?;
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (label, rest) = bare.split_once('_').unwrap_or((bare, ""));
    let is_marked = bare.len() < text.len() || rest.len() >= 8;
    let numbers: Vec<&str> = label.split('.').collect();
    let is_number = |number: &&str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_marked && numbers.len() == 3 && numbers.iter().all(is_number)).then(|| label.to_owned())
}
