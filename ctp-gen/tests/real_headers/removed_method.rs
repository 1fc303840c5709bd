//! A vendor upgrade that takes methods away: parse and emit reflect it with no hand edit.

use std::{collections::BTreeMap, fs};

use ctp_gen::{Api, api::ClassKind, emit::Output, models, overlay::Overlay, parse::parse_folder};

use crate::{
    Test,
    cpp::{compiler, output},
    layout::formatted,
    vendor,
};

pub(crate) const TESTS: &[Test] = &[(
    "later_slots_move_down_by_one_and_the_cpp_compiles",
    later_slots_move_down_by_one_and_the_cpp_compiles,
)];

const REMOVED: [&str; 2] = ["ReqQryCombLeg", "OnRspQryCombLeg"];

fn later_slots_move_down_by_one_and_the_cpp_compiles() {
    let copy = vendor::Copy::of("6.7.13");
    for method in REMOVED {
        copy.remove_method("ThostFtdcTraderApi.h", method);
    }
    let with = models::current();
    let without = parse_folder(copy.path(), "se", "6.7.13").unwrap_or_else(|error| panic!("{error}"));
    for (kind, removed) in [(ClassKind::TraderApi, REMOVED[0]), (ClassKind::TraderSpi, REMOVED[1])] {
        let names = |api: &Api| -> BTreeMap<String, usize> {
            let methods = api.class(kind).methods.iter().enumerate();
            methods.map(|(slot, method)| (method.name.clone(), slot)).collect()
        };
        assert_eq!(names(&without), moved(names(with), removed), "{kind:?}");
    }

    let slots = |api: &Api, output: Output, marks: [&str; 2]| slots(&emit(api, output), marks);
    // How a request, and a callback, name method and slot.
    for (output, request, callback) in [
        (Output::Adapter, ["return self->", "case "], ["    void On", "deliver(context, "]),
        (Output::FacadeTrader, ["    int Req", "core.request(instance, "], ["spi->", "case "]),
    ] {
        for (marks, removed) in [(request, REMOVED[0]), (callback, REMOVED[1])] {
            let (before, after) = (slots(with, output, marks), slots(&without, output, marks));
            assert!(before.len() > 100 && before.contains_key(removed), "{output:?} {removed}: {before:?}");
            assert_eq!(after, moved(before, removed), "{output:?} {removed}");
        }
    }

    let folder = vendor::temporary();
    for output in Output::ALL {
        let text = formatted(output, emit(&without, output)).unwrap_or_else(|error| panic!("{error}"));
        assert!(!text.contains(REMOVED[0]) && !text.contains(REMOVED[1]), "{output:?} still has it");
        fs::write(folder.path().join(output.file_name()), text).expect("a written file");
    }
    let files = [Output::Adapter, Output::FacadeMd, Output::FacadeTrader].map(Output::file_name);
    let said = output(compiler().args(["-fsyntax-only", "-w"]).args(files).current_dir(folder.path()));
    assert_eq!(said.as_deref(), Ok(""));
}

fn emit(api: &Api, output: Output) -> String {
    output.emit(api, api, Overlay::committed()).unwrap_or_else(|error| panic!("{output:?}: {error}"))
}

/// Returns `slots` without `removed`, what stood behind it one slot earlier.
fn moved(mut slots: BTreeMap<String, usize>, removed: &str) -> BTreeMap<String, usize> {
    let gone = slots.remove(removed).unwrap_or_else(|| panic!("no {removed}"));
    slots.values_mut().filter(|slot| **slot > gone).for_each(|slot| *slot -= 1);
    slots
}

/// Reads names and slots off emitted C++: in every line with both marks, the name ends the first or follows
/// it, and the number follows the second.
fn slots(text: &str, [name, slot]: [&str; 2]) -> BTreeMap<String, usize> {
    let word = name.rsplit([' ', '>']).next().unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let (_, after_name) = line.split_once(name)?;
            let (_, after_slot) = line.split_once(slot)?;
            let rest = &after_name[..after_name.find('(')?];
            let digits = after_slot.find(|digit: char| !digit.is_ascii_digit())?;
            Some((format!("{word}{rest}"), after_slot[..digits].parse().ok()?))
        })
        .collect()
}
