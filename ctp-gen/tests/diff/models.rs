//! Facts that are known of the real versions.

use std::{fs, path::Path};

use ctp_gen::{
    Api,
    diff::{Breaks, ClassDiff, Diff, RenameSource, upgrades},
    models,
    overlay::Overlay,
};

use crate::small::assert_mirrored;

fn between(before: &str, after: &str) -> Diff {
    let find = |label: &str| models::find(label).unwrap_or_else(|| panic!("no model {label}"));
    Diff::between(find(before), find(after))
}

fn class<'a>(diff: &'a Diff, name: &str) -> &'a ClassDiff {
    diff.classes.iter().find(|class| class.short_name() == name).expect("the class changes")
}

#[test]
fn a_model_does_not_differ_from_itself() {
    for api in models::models() {
        assert!(Diff::between(api, api).is_empty(), "{}", api.label());
    }
}

#[test]
fn what_comes_one_way_goes_the_other_way() {
    for family in models::families() {
        let all: Vec<&Api> = models::of(family).collect();
        for (one, other) in all.iter().zip(&all[1..]).chain([(&all[0], &all[all.len() - 1])]) {
            let (there, back) = (Diff::between(one, other), Diff::between(other, one));
            assert_mirrored(&there, &back);
            let names = |list: &[ctp_gen::diff::RecordAt]| {
                list.iter().map(|record| record.name.clone()).collect::<Vec<_>>()
            };
            assert_eq!(names(&there.records.added), names(&back.records.removed));
            assert_eq!(names(&there.records.removed), names(&back.records.added));
        }
    }
}

#[test]
fn trader_spi_grew_in_its_middle_from_6_3_15_to_6_7_13() {
    let diff = between("6.3.15", "6.7.13");
    let spi = class(&diff, "TraderSpi");
    assert_eq!((spi.slots.before, spi.slots.after, spi.added.len(), spi.renamed.len()), (125, 178, 53, 1));
    assert!(spi.moved_count() > 100, "{:?}", spi.moved);
    assert_eq!(diff.breaks, Breaks { binary: true, source: true });
    assert_eq!((diff.summary.records.before, diff.summary.records.after), (353, 519));
}

#[test]
fn ids_grew_in_6_5_1_and_their_old_place_stayed() {
    let diff = between("6.3.19", "6.5.1");
    let typedef = diff.typedefs.revalued.iter().find(|one| one.name == "TThostFtdcInstrumentIDType");
    let typedef = typedef.expect("the typedef changes");
    assert_eq!((typedef.value.before.as_str(), typedef.value.after.as_str()), ("char[31]", "char[81]"));
    assert_eq!(typedef.breaks, Breaks::BINARY);
    let order = diff.records.changed.iter().find(|record| record.name == "CThostFtdcInputOrderField");
    let order = order.expect("the record changes");
    assert_eq!((order.size.before, order.size.after), (272, 392));
    let places: Vec<_> = order.added.iter().map(|field| field.place_of.as_deref()).collect();
    assert_eq!(places, [Some("InstrumentID"), Some("IPAddress")]);
    assert!(order.moved.is_empty(), "{:?}", order.moved);
}

#[test]
fn the_renames_of_6_5_1_are_known() {
    let diff = between("6.3.19", "6.5.1");
    let renamed = &class(&diff, "TraderApi").renamed[0];
    assert_eq!(renamed.name.before, "ReqQueryMaxOrderVolume");
    assert_eq!(renamed.name.after, "ReqQryMaxOrderVolume");
    assert_eq!((renamed.known_by, renamed.breaks), (RenameSource::Overlay, Breaks::SOURCE));
    // And in the other direction.
    let back = between("6.5.1", "6.3.19");
    assert_eq!(class(&back, "TraderApi").renamed[0].name.after, "ReqQueryMaxOrderVolume");
}

#[test]
fn a_constant_changed_its_value_in_6_7_9() {
    let diff = between("6.7.8", "6.7.9");
    let all = diff.enumerations.iter().flat_map(|enumeration| &enumeration.values.revalued);
    let all: Vec<_> =
        all.map(|one| (one.name.as_str(), one.value.before.as_str(), one.value.after.as_str())).collect();
    assert_eq!(all, [("THOST_FTDC_TPID_TranferChkProperty", "D", "i")]);
    assert_eq!(diff.breaks, Breaks::BINARY);
}

#[test]
fn a_record_went_after_6_7_2_and_a_call_came_before_others() {
    let diff = between("6.7.2", "6.7.7");
    let gone: Vec<_> = diff.records.removed.iter().map(|record| record.name.as_str()).collect();
    assert_eq!(gone, ["CThostFtdcReqUserLoginSCField"], "the overlay calls it dropped, though SM is alike");
    let calls = class(&diff, "TraderApi");
    let first = &calls.added[0];
    assert_eq!((first.name.as_str(), first.slot, first.breaks), ("GetFrontInfo", 4, Breaks::BINARY));
    assert_eq!(calls.added[1].breaks, Breaks::NONE);
}

#[test]
fn the_factories_got_a_parameter_in_6_7_11() {
    let diff = between("6.7.9", "6.7.11");
    let changed: Vec<_> = diff.classes.iter().flat_map(|class| &class.statics.changed).collect();
    let names: Vec<_> = changed.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["CreateFtdcMdApi", "CreateFtdcTraderApi"]);
    assert!(changed.iter().all(|one| one.breaks == Breaks::BINARY), "its parameter has a default");
}

#[test]
fn a_release_may_break_nothing() {
    let diff = between("6.6.9", "6.7.0");
    assert_eq!((diff.breaks, diff.records.added.len(), diff.is_empty()), (Breaks::NONE, 5, false));
}

#[test]
fn families_differ_in_namespace_and_symbols() {
    let diff = between("6.7.13", "sopt-3.7.5");
    let namespace = diff.namespace.as_ref().expect("sopt has its own");
    assert_eq!((namespace.before.as_deref(), namespace.after.as_deref()), (None, Some("ctp_sopt")));
    assert!(diff.to_markdown(&Overlay::committed().docs).starts_with("# se 6.7.13 → sopt 3.7.5\n"));
}

#[test]
fn the_committed_pages_are_what_the_models_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/upgrades");
    let families: Vec<Vec<&Api>> =
        models::families().into_iter().map(|family| models::of(family).collect()).collect();
    for page in upgrades::pages(&families, &Overlay::committed().docs) {
        let committed = fs::read_to_string(folder.join(&page.file)).unwrap_or_default();
        assert!(
            committed == page.text,
            "docs/upgrades/{} is stale; `cargo run -p ctp-gen --features command -- docs` writes it",
            page.file
        );
    }
}
