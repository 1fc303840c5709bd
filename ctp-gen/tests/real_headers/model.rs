//! Parsing reproduces the committed model byte for byte.

use std::path::Path;

use ctp_gen::{Api, parse::parse_folder};
use libtest_mimic::Failed;

use crate::vendor;

pub(crate) fn check(api: &Api) -> Result<(), Failed> {
    let parsed = parse_folder(&vendor::headers(&api.label()), &api.family, &api.version)?.to_json();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("api/{}.json", api.label()));
    let committed = vendor::read(&path);
    if parsed == committed {
        return Ok(());
    }
    let lines = parsed.lines().zip(committed.lines()).enumerate();
    let different = lines.into_iter().find(|(_, (parsed, committed))| parsed != committed);
    let said = different.map_or_else(
        || "one is the beginning of the other".to_owned(),
        |(line, (parsed, committed))| {
            format!("line {}\n  headers: {parsed}\n  model:   {committed}", line + 1)
        },
    );
    Err(format!("{} is not what the headers give: {said}\nrun `cargo xtask codegen`", path.display()).into())
}
