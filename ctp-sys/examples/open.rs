//! Opens a library and prints what it is: `open FAMILY trader|md PATH`. `cargo xtask upgrade` ends with it.
//!
//! Nothing is created and no front is asked: file, symbols and version are checked, and the adapter is found.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [family, kind, path] = arguments.as_slice() else {
        eprintln!("usage: open FAMILY trader|md PATH");
        return ExitCode::from(2);
    };
    match open(family, kind, path) {
        Ok(version) => {
            println!("{family} {kind} library {version}, with an adapter");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn open(family: &str, kind: &str, path: &str) -> Result<String, Box<dyn std::error::Error>> {
    macro_rules! version {
        ($library:ty) => {
            <$library>::open(path)?.version().to_string()
        };
    }
    Ok(match (family, kind) {
        ("se", "trader") => version!(ctp_sys::TraderLibrary),
        ("se", "md") => version!(ctp_sys::MdLibrary),
        ("mini", "trader") => version!(ctp_sys::mini::TraderLibrary),
        ("mini", "md") => version!(ctp_sys::mini::MdLibrary),
        ("sopt", "trader") => version!(ctp_sys::sopt::TraderLibrary),
        ("sopt", "md") => version!(ctp_sys::sopt::MdLibrary),
        _ => return Err(format!("no library of family {family} and kind {kind} is known").into()),
    })
}
