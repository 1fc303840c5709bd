//! Methods, exported functions, records and fields: every kind of change, and its marks.

use ctp_gen::{
    api::Parameter,
    diff::{Breaks, ClassDiff, Diff, RecordDiff, RenameSource},
};

use crate::small::{ORDER, changed, factory, field, method, record, typedef};

const BOTH: Breaks = Breaks { binary: true, source: true };

fn only_class(diff: &Diff) -> &ClassDiff {
    assert_eq!(diff.classes.len(), 1, "{:?}", diff.classes);
    &diff.classes[0]
}

fn only_record(diff: &Diff) -> &RecordDiff {
    assert_eq!(diff.records.changed.len(), 1, "{:?}", diff.records);
    &diff.records.changed[0]
}

#[test]
fn the_same_model_under_another_version_is_no_difference() {
    let diff = changed(|_| {});
    assert!(diff.is_empty());
    assert_eq!((diff.breaks, &diff.verdict.binary, &diff.verdict.source), (Breaks::NONE, &vec![], &vec![]));
    assert_eq!(diff.to_text(false), "se-1.0.0 and se-1.1.0 declare the same\n");
    assert!(diff.to_markdown(&Default::default()).ends_with("se-1.0.0 and se-1.1.0 declare the same.\n"));
}

#[test]
fn a_call_behind_all_others_breaks_nothing() {
    let diff = changed(|api| api.classes[1].methods.push(method("int ReqMore(Order,int)")));
    let added = &only_class(&diff).added;
    assert_eq!((added[0].slot, added[0].breaks), (3, Breaks::NONE));
    assert_eq!(added[0].record.as_deref(), Some(ORDER));
    assert_eq!(diff.breaks, Breaks::NONE);
}

#[test]
fn a_call_before_others_breaks_binary_and_moves_them() {
    let diff = changed(|api| api.classes[1].methods.insert(1, method("int ReqMore(Order,int)")));
    let class = only_class(&diff);
    assert_eq!((class.added[0].slot, class.added[0].breaks), (1, Breaks::BINARY));
    let [run] = &class.moved[..] else { panic!("one run: {:?}", class.moved) };
    assert_eq!((run.first.before, run.first.after, run.last.before, run.last.after), (1, 2, 2, 3));
    assert_eq!(
        (&run.methods[..], run.breaks),
        (&["ReqOrder".to_owned(), "ReqQryOrder".into()][..], Breaks::BINARY)
    );
    assert_eq!(diff.breaks, Breaks::BINARY);
}

#[test]
fn a_callback_breaks_binary_wherever_it_comes() {
    let diff = changed(|api| api.classes[0].methods.push(method("void OnRtnMore(Order)")));
    let class = only_class(&diff);
    assert_eq!((class.added[0].slot, class.added[0].breaks), (3, Breaks::BINARY));
    assert!(class.moved.is_empty());
}

#[test]
fn a_call_that_goes_breaks_both() {
    let last = changed(|api| drop(api.classes[1].methods.pop()));
    assert_eq!(only_class(&last).removed[0].breaks, BOTH);
    let middle = changed(|api| drop(api.classes[1].methods.remove(1)));
    assert_eq!((only_class(&middle).removed[0].breaks, only_class(&middle).moved.len()), (BOTH, 1));
}

#[test]
fn a_callback_that_goes_from_the_end_is_never_called_and_breaks_source_only() {
    let last = changed(|api| drop(api.classes[0].methods.pop()));
    assert_eq!(only_class(&last).removed[0].breaks, Breaks::SOURCE);
    let middle = changed(|api| drop(api.classes[0].methods.remove(1)));
    assert_eq!(only_class(&middle).removed[0].breaks, BOTH);
}

#[test]
fn methods_that_change_places_are_runs_of_their_own() {
    let diff = changed(|api| api.classes[1].methods.swap(0, 2));
    let class = only_class(&diff);
    let slots: Vec<_> = class.moved.iter().map(|run| (run.first.before, run.first.after)).collect();
    assert_eq!((slots, diff.summary.methods.moved), (vec![(0, 2), (2, 0)], 2));
}

#[test]
fn a_renamed_method_breaks_source() {
    let diff = changed(|api| api.classes[1].methods[2].name = "ReqQueryOrder".into());
    let [renamed] = &only_class(&diff).renamed[..] else { panic!("renamed: {:?}", diff.classes) };
    assert_eq!((renamed.breaks, renamed.known_by), (Breaks::SOURCE, RenameSource::Likeness));
    assert!(only_class(&diff).changed.is_empty());
    let other = changed(|api| api.classes[1].methods[2].name = "ReqSettle".into());
    assert_eq!((other.summary.methods.renamed, other.summary.methods.added), (0, 1));
}

#[test]
fn a_parameter_with_a_default_keeps_the_source_of_callers_but_not_of_overrides() {
    let more = || Parameter { name: "nSeqNo".into(), c_type: "int".into(), default: Some("1".into()) };
    let call = changed(|api| api.classes[1].methods[1].parameters.push(more()));
    assert_eq!(only_class(&call).changed[0].breaks, Breaks::BINARY);
    assert!(only_class(&call).changed[0].signature.after.ends_with("int nRequestID, int nSeqNo = 1)"));
    let callback = changed(|api| api.classes[0].methods[1].parameters.push(more()));
    assert_eq!(only_class(&callback).changed[0].breaks, BOTH);
    let needed = changed(|api| {
        api.classes[1].methods[1].parameters.push(Parameter { default: None, ..more() });
    });
    assert_eq!(only_class(&needed).changed[0].breaks, BOTH);
}

#[test]
fn another_name_of_a_parameter_is_shown_and_breaks_nothing() {
    let diff = changed(|api| api.classes[1].methods[1].parameters[0].name = "pOther".into());
    assert_eq!((only_class(&diff).changed.len(), diff.breaks), (1, Breaks::NONE));
}

#[test]
fn another_record_or_return_type_breaks_both() {
    let other = changed(|api| api.classes[1].methods[1] = method("int ReqOrder(Idle,int)"));
    assert_eq!(only_class(&other).changed[0].breaks, BOTH);
    let returns = changed(|api| api.classes[1].methods[0].returns = "int".into());
    assert_eq!(only_class(&returns).changed[0].breaks, BOTH);
}

#[test]
fn another_symbol_breaks_binary() {
    let parameters = ["const char * pszFlowPath", "bool bIsProductionMode = true"];
    let diff = changed(|api| api.classes[1].statics = vec![factory("_ZN6CreateEPKcb", &parameters)]);
    assert_eq!(only_class(&diff).statics.changed[0].breaks, Breaks::BINARY);
    let gone = changed(|api| api.classes[1].statics.clear());
    assert_eq!(only_class(&gone).statics.removed[0].breaks, BOTH);
    let constant = changed(|api| {
        api.classes[1].statics =
            vec![factory("_ZN6CreateEPKc", &["const char * pszFlowPath", "const int n = 1"])];
    });
    assert_eq!(only_class(&constant).statics.changed[0].breaks, Breaks::BINARY);
}

#[test]
fn another_namespace_breaks_both() {
    let diff = changed(|api| api.namespace = Some("ctp_sopt".into()));
    assert_eq!(diff.breaks, BOTH);
    assert!(diff.to_text(false).contains("Namespace  (global) → ctp_sopt"));
}

#[test]
fn a_record_that_comes_breaks_nothing_and_one_that_goes_breaks_source() {
    let came = changed(|api| api.records.push(record("More", 31, &["ID IDType 0"])));
    assert_eq!((came.records.added[0].breaks, came.breaks), (Breaks::NONE, Breaks::NONE));
    let gone = changed(|api| drop(api.records.pop()));
    assert_eq!((gone.records.removed[0].breaks, gone.records.removed[0].carried), (Breaks::SOURCE, false));
}

#[test]
fn a_renamed_record_takes_its_methods_along() {
    let diff = changed(|api| {
        api.records[0].c_name = "CThostFtdcOrdersField".into();
        api.classes[1].methods[1] = method("int ReqOrder(Orders,int)");
    });
    assert_eq!(diff.records.renamed[0].breaks, Breaks::SOURCE);
    let call = &diff.classes.iter().find(|class| class.is_of_calls()).expect("changed").changed[0];
    assert_eq!((call.name.as_str(), call.breaks), ("ReqOrder", Breaks::SOURCE));
}

#[test]
fn a_field_in_the_middle_moves_those_behind_it() {
    let fields =
        ["ID IDType 0", "More KindType 31", "Kind KindType 32", "Volume VolumeType 36", "Price PriceType 40"];
    let diff = changed(|api| api.records[0] = record("Order", 48, &fields));
    let record = only_record(&diff);
    assert_eq!((record.added[0].offset, record.added[0].breaks), (31, Breaks::BINARY));
    let runs: Vec<_> = record.moved.iter().map(|run| (run.fields.clone(), run.breaks)).collect();
    assert_eq!(runs, [(vec!["Kind".to_owned()], Breaks::BINARY), (vec!["Volume".into()], Breaks::BINARY)]);
    assert_eq!((diff.breaks, record.size.differs()), (Breaks::BINARY, false));
}

#[test]
fn a_field_in_what_was_padding_breaks_nothing() {
    let fields = [
        "ID IDType 0",
        "Kind KindType 31",
        "Volume VolumeType 32",
        "Spare SpareType 36",
        "Price PriceType 40",
    ];
    let diff = changed(|api| api.records[0] = record("Order", 48, &fields));
    assert_eq!((only_record(&diff).added[0].breaks, diff.breaks), (Breaks::NONE, Breaks::NONE));
}

#[test]
fn a_field_at_the_end_makes_the_record_longer() {
    let diff = changed(|api| {
        api.records[0].fields.push(field("More PriceType 48"));
        api.records[0].size = 56;
    });
    let record = only_record(&diff);
    assert_eq!((record.size.before, record.size.after, record.breaks), (48, 56, Breaks::BINARY));
    assert!(record.moved.is_empty());
}

#[test]
fn a_field_that_goes_breaks_both() {
    let diff = changed(|api| {
        api.records[0].fields.pop();
        api.records[0].size = 36;
    });
    assert_eq!(only_record(&diff).removed[0].breaks, BOTH);
}

#[test]
fn a_field_with_another_name_in_its_place_is_a_likely_rename() {
    let diff = changed(|api| api.records[0].fields[2].c_name = "Lots".into());
    let renamed = &only_record(&diff).renamed[0];
    assert_eq!((renamed.breaks, renamed.known_by), (Breaks::SOURCE, RenameSource::Likeness));
}

#[test]
fn the_place_of_a_widened_id_is_told() {
    let diff = changed(|api| {
        api.typedefs[0] = typedef("IDType char[81]");
        api.typedefs.push(typedef("OldIDType char[31]"));
        let fields = [
            "reserve1 OldIDType 0",
            "Kind KindType 31",
            "Volume VolumeType 32",
            "Price PriceType 40",
            "ID IDType 48",
        ];
        api.records[0] = record("Order", 136, &fields);
        api.records[2] = record("Idle", 62, &["First OldIDType 0", "Second OldIDType 31"]);
    });
    let record = &diff.records.changed[0];
    assert_eq!(record.added[0].place_of.as_deref(), Some("ID"));
    let id = &record.retyped[0];
    assert_eq!((id.scalar.before.as_str(), id.scalar.after.as_str()), ("char[31]", "char[81]"));
    assert_eq!((id.offset.before, id.offset.after, id.breaks), (0, 48, Breaks::BINARY));
    assert!(record.moved.is_empty(), "a retyped field tells its offsets itself");
    assert_eq!(diff.typedefs.revalued[0].breaks, Breaks::BINARY);
    assert_eq!(diff.breaks, Breaks::BINARY);
}

#[test]
fn narrower_or_of_another_kind_breaks_source() {
    for (scalar, size, breaks) in
        [("char[30]", 48, BOTH), ("char[32]", 48, Breaks::BINARY), ("int", 48, BOTH), ("char", 48, BOTH)]
    {
        let diff = changed(|api| {
            api.typedefs.push(typedef(&format!("OtherType {scalar}")));
            api.records[0].fields[0].typedef = "OtherType".into();
            api.records[0].size = size;
        });
        assert_eq!(only_record(&diff).retyped[0].breaks, breaks, "{scalar}");
    }
    let wider = changed(|api| {
        api.typedefs.push(typedef("WideType long long"));
        api.records[0].fields[2].typedef = "WideType".into();
    });
    assert_eq!(only_record(&wider).retyped[0].breaks, Breaks::BINARY);
}

#[test]
fn another_typedef_of_the_same_type_breaks_nothing() {
    let diff = changed(|api| {
        api.typedefs.push(typedef("LotsType int"));
        api.records[0].fields[2].typedef = "LotsType".into();
    });
    assert_eq!((only_record(&diff).retyped[0].breaks, diff.breaks), (Breaks::NONE, Breaks::NONE));
}

#[test]
fn the_layout_of_a_record_that_no_method_carries_breaks_no_client() {
    let diff = changed(|api| {
        api.records[2] = record("Idle", 93, &["New IDType 0", "First IDType 31", "Second IDType 62"])
    });
    let record = only_record(&diff);
    assert_eq!((record.carried, record.breaks, diff.breaks), (false, Breaks::NONE, Breaks::NONE));
    assert_eq!(record.moved[0].fields, ["First", "Second"]);
    assert!(diff.to_text(false).contains("IdleField  62 → 93 bytes  (carried by no method)"));
}
