//! Typedefs, constants, plain enumerations and error codes: every kind of change, and its marks.

use ctp_gen::diff::{Breaks, Diff, ValuesDiff};

use crate::small::{changed, enumeration, error, typedef};

const BOTH: Breaks = Breaks { binary: true, source: true };

fn constants(diff: &Diff) -> &ValuesDiff<String> {
    assert_eq!(diff.enumerations.len(), 1, "{:?}", diff.enumerations);
    &diff.enumerations[0].values
}

#[test]
fn a_typedef_that_comes_breaks_nothing_and_one_that_goes_breaks_source() {
    let came = changed(|api| api.typedefs.push(typedef("MoreType int")));
    assert_eq!((came.typedefs.added[0].breaks, came.breaks), (Breaks::NONE, Breaks::NONE));
    let gone = changed(|api| drop(api.typedefs.pop()));
    assert_eq!(gone.typedefs.removed[0].breaks, Breaks::SOURCE);
}

#[test]
fn a_typedef_of_no_field_breaks_no_client_when_it_changes() {
    let wider = changed(|api| api.typedefs[4] = typedef("SpareType int"));
    assert_eq!(wider.typedefs.revalued[0].breaks, Breaks::NONE);
    let narrower = changed(|api| api.typedefs[4] = typedef("SpareType char"));
    assert_eq!(narrower.typedefs.revalued[0].breaks, Breaks::SOURCE);
}

#[test]
fn a_constant_that_comes_breaks_nothing() {
    let all = [("K_Buy", "0"), ("K_Sell", "1"), ("K_Swap", "2"), ("K_More", "3")];
    let diff = changed(|api| api.enumerations[0] = enumeration("KindType", &all));
    assert_eq!((constants(&diff).added[0].value.as_str(), diff.breaks), ("3", Breaks::NONE));
}

#[test]
fn a_constant_that_goes_breaks_source() {
    let diff = changed(|api| drop(api.enumerations[0].constants.pop()));
    let removed = &constants(&diff).removed[0];
    assert_eq!((removed.breaks, &removed.taken_by), (Breaks::SOURCE, &None));
}

#[test]
fn a_constant_whose_value_means_another_breaks_both() {
    let all = [("K_Buy", "0"), ("K_Sell", "1"), ("K_Lend", "2")];
    let diff = changed(|api| api.enumerations[0] = enumeration("KindType", &all));
    let removed = &constants(&diff).removed[0];
    assert_eq!((removed.taken_by.as_deref(), removed.breaks), (Some("THOST_FTDC_K_Lend"), BOTH));
    assert!(diff.to_text(false).contains("'2'  ('2' now is THOST_FTDC_K_Lend)"));
}

#[test]
fn a_constant_with_another_value_breaks_binary() {
    let all = [("K_Buy", "0"), ("K_Sell", "1"), ("K_Swap", "9"), ("K_More", "2")];
    let diff = changed(|api| api.enumerations[0] = enumeration("KindType", &all));
    let swap = &constants(&diff).revalued[0];
    assert_eq!((swap.value.before.as_str(), swap.value.after.as_str()), ("2", "9"));
    assert_eq!((swap.taken_by.as_deref(), swap.breaks), (Some("THOST_FTDC_K_More"), Breaks::BINARY));
    assert_eq!(diff.breaks, Breaks::BINARY);
}

#[test]
fn a_renamed_constant_breaks_source() {
    let all = [("K_Buy", "0"), ("K_Sell", "1"), ("K_Swaps", "2")];
    let diff = changed(|api| api.enumerations[0] = enumeration("KindType", &all));
    assert_eq!(constants(&diff).renamed[0].breaks, Breaks::SOURCE);
}

#[test]
fn a_constant_that_moves_to_another_enumeration_is_compared_there() {
    let diff = changed(|api| {
        api.enumerations[0].constants.pop();
        api.typedefs.push(typedef("OtherType char"));
        api.enumerations.push(enumeration("OtherType", &[("K_Swap", "7")]));
    });
    let moved = &diff.constants_moved[0];
    assert_eq!((moved.typedef.before.as_str(), moved.typedef.after.as_str()), ("KindType", "OtherType"));
    assert_eq!((constants(&diff).revalued.len(), constants(&diff).removed.len()), (1, 0));
    assert_eq!(diff.summary.constants.moved, 1);
}

#[test]
fn an_enumeration_that_goes_with_its_typedef_shows_its_constants() {
    let diff = changed(|api| api.enumerations.clear());
    assert_eq!((constants(&diff).removed.len(), diff.enumerations[0].name.as_str()), (3, "KindType"));
}

#[test]
fn a_member_of_a_plain_enumeration_breaks_as_a_constant_does() {
    let came = changed(|api| api.plain_enums[0].values.push(("THOST_TERT_QUICK".into(), 2)));
    assert_eq!((came.plain_enums[0].values.added[0].value, came.breaks), (2, Breaks::NONE));
    let other = changed(|api| api.plain_enums[0].values[1].1 = 5);
    assert_eq!(other.plain_enums[0].values.revalued[0].breaks, Breaks::BINARY);
    let gone = changed(|api| api.plain_enums.clear());
    assert_eq!((gone.plain_enums[0].values.removed.len(), gone.breaks), (2, Breaks::SOURCE));
}

#[test]
fn an_error_code_that_goes_breaks_nothing_and_one_with_another_number_breaks_binary() {
    let errors = |diff: &Diff| diff.errors.clone().expect("both have error codes");
    let gone = changed(|api| drop(api.errors.pop()));
    assert_eq!((errors(&gone).removed[0].breaks, gone.breaks), (Breaks::NONE, Breaks::NONE));
    let other = changed(|api| api.errors[1].code = 32);
    assert_eq!(errors(&other).revalued[0].breaks, Breaks::BINARY);
    let taken = changed(|api| api.errors[1] = error("LATE", 31));
    assert_eq!(errors(&taken).removed[0].breaks, Breaks::BINARY);
    let renamed = changed(|api| api.errors[2] = error("NO_POSITIONS", 30));
    assert_eq!((errors(&renamed).renamed[0].breaks, renamed.breaks), (Breaks::NONE, Breaks::NONE));
}

#[test]
fn error_codes_are_compared_only_where_both_have_some() {
    let diff = changed(|api| api.errors.clear());
    assert_eq!((diff.errors.as_ref(), diff.is_empty()), (None, true));
}
