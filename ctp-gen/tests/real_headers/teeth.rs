//! The proof has teeth: a model that is wrong in one place fails it, with a message that names the place.

use ctp_gen::{
    Api,
    api::{ClassKind, ScalarType},
    models,
};

use crate::{Test, proof, symbols, vendor};

pub(crate) const TESTS: &[Test] = &[
    ("a_shifted_slot_is_not_proved", a_shifted_slot_is_not_proved),
    ("a_widened_field_is_not_proved", a_widened_field_is_not_proved),
    ("a_wrong_constant_is_not_proved", a_wrong_constant_is_not_proved),
    ("a_wrong_symbol_is_not_proved", a_wrong_symbol_is_not_proved),
];

/// Returns what the proof says of the committed model of `label` after `change`.
fn refused(label: &str, change: impl FnOnce(&mut Api)) -> String {
    let mut api = models::find(label).unwrap_or_else(|| panic!("no model {label}")).clone();
    change(&mut api);
    proof::run(&api, &vendor::headers(&api.label())).expect_err("the model is wrong")
}

/// Two callbacks, two requests of like parameters, changed places.
fn a_shifted_slot_is_not_proved() {
    let said = refused("se-6.3.15", |api| {
        for class in &mut api.classes {
            let swapped = match class.c_name.as_str() {
                "CThostFtdcTraderSpi" => ["OnRspParkedOrderInsert", "OnRtnOrder"],
                "CThostFtdcTraderApi" => ["ReqQryOrder", "ReqQryTrade"],
                _ => continue,
            };
            let [a, b] = swapped.map(|name| class.slot(name).expect("a method"));
            class.methods.swap(a, b);
        }
    });
    for fault in [
        "slot of CThostFtdcTraderSpi: calling OnRtnOrder reached OnRspParkedOrderInsert",
        "our class CThostFtdcTraderSpi: calling OnRtnOrder reached OnRspParkedOrderInsert",
        "the real class CThostFtdcTraderSpi: calling OnRtnOrder reached OnRspParkedOrderInsert",
        "slot of CThostFtdcTraderApi: calling ReqQryOrder reached ReqQryTrade",
        "our class CThostFtdcTraderApi: calling ReqQryOrder reached ReqQryTrade",
        "the real class CThostFtdcTraderApi: calling ReqQryOrder reached ReqQryTrade",
    ] {
        assert!(said.contains(fault), "{fault} is not said in\n{said}");
    }

    // A slot too few: all that follow are one too early.
    let said = refused("mini-1.7.7", |api| {
        let class = api.classes.iter_mut().find(|class| class.c_name == ClassKind::MdSpi.c_name());
        class.expect("a class").methods.retain(|method| method.name != "OnHeartBeatWarning");
    });
    assert!(
        said.contains("slot of CThostFtdcMdSpi: calling OnRspUserLogout reached OnRspUserLogin"),
        "{said}"
    );
    assert!(said.contains("end of CThostFtdcMdSpi: calling last reached "), "{said}");
}

/// One typedef one character wider, everything behind it moved as a parser would.
fn a_widened_field_is_not_proved() {
    let said = refused("sopt-3.7.5", |api| {
        let typedef = api.typedefs.iter_mut().find(|typedef| typedef.name == "TThostFtdcErrorMsgType");
        typedef.expect("a typedef").scalar = ScalarType::Text(85);
        let record = api.records.iter_mut().find(|record| record.c_name == "CThostFtdcRspInfoField");
        record.expect("a record").size += 4;
    });
    for fault in [
        "TThostFtdcErrorMsgType is char[85]",
        "size of CThostFtdcRspInfoField",
        "size of CThostFtdcRspInfoField::ErrorMsg",
    ] {
        assert!(said.contains(fault), "{fault} is not said in\n{said}");
    }

    let said = refused("se-6.3.15", |api| {
        let record = api.records.iter_mut().find(|record| record.c_name == "CThostFtdcRspInfoField");
        record.expect("a record").fields[1].offset += 4;
    });
    assert!(said.contains("CThostFtdcRspInfoField::ErrorMsg"), "{said}");
}

fn a_wrong_constant_is_not_proved() {
    let said = refused("se-6.7.13", |api| {
        let constants = api.enumerations.iter_mut().flat_map(|enumeration| &mut enumeration.constants);
        for constant in constants {
            match constant.name.as_str() {
                "THOST_FTDC_D_Buy" => constant.value = "9".to_owned(),
                // The compiler keeps only the last four characters.
                "THOST_FTDC_FTC_BankLaunchBankToBroker" => constant.value.replace_range(..1, "9"),
                _ => {}
            }
        }
        api.plain_enums[0].values[1].1 += 1;
    });
    for fault in ["THOST_FTDC_D_Buy is '9'", "THOST_FTDC_FTC_BankLaunchBankToBroker is '902001'"] {
        assert!(said.contains(fault), "{fault} is not said in\n{said}");
    }
    assert!(said.contains("THOST_TERT_RESUME is 2"), "{said}");

    let api = models::current();
    let found = proof::macros(api, &vendor::headers(&api.label())).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(found.len(), api.constant_count());
}

fn a_wrong_symbol_is_not_proved() {
    let mut api = models::find("sopt-3.7.0").expect("a model").clone();
    for class in &mut api.classes {
        class
            .statics
            .iter_mut()
            .for_each(|method| method.symbol = method.symbol.replace("N8ctp_sopt19", "N19"));
    }
    let said = symbols::in_headers(&api, &vendor::headers("sopt-3.7.0")).expect_err("no namespace");
    assert!(said.contains("the compiler's view of the headers has no symbol "), "{said}");
}
