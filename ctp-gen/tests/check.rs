//! The second reader agrees with the parser, and a model that is wrong anywhere is told where.
//!
//! Needs `vendor/` (`cargo xtask vendor`) and libclang (`cargo xtask tools`).

#[expect(dead_code, reason = "these tests read the folder themselves")]
#[path = "support/header_set.rs"]
mod header_set;

use std::{path::Path, sync::OnceLock};

use ctp_gen::{
    Api,
    api::{Class, ClassKind},
    check::{Agreement, Reading, compare, read_again},
    models,
    parse::parse_folder,
};

/// The newest version, read once for all tests.
fn reading() -> &'static Reading {
    static READING: OnceLock<Reading> = OnceLock::new();
    READING.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vendor/se-6.7.13/include");
        assert!(folder.is_dir(), "the vendor's headers of 6.7.13 are missing: run `cargo xtask vendor`");
        read_again(&folder).unwrap_or_else(|error| panic!("{error}"))
    })
}

fn model() -> Api {
    models::find("se-6.7.13").expect("a committed model").clone()
}

/// What is said when the model of 6.7.13 is changed so.
fn told(change: impl FnOnce(&mut Api)) -> Vec<String> {
    let mut api = model();
    change(&mut api);
    assert_ne!(api, model(), "the model is as it was");
    compare(&api, reading()).differences().to_vec()
}

fn class(api: &mut Api, kind: ClassKind) -> &mut Class {
    api.classes.iter_mut().find(|class| class.c_name == kind.c_name()).expect("one of the four classes")
}

/// Writes the minimal set with `section`s in it, and reads it by both readers.
fn both(section: impl Fn(&str) -> &'static str) -> Agreement {
    let folder = tempfile::tempdir().expect("a temporary folder");
    header_set::write(folder.path(), &header_set::minimal(|name| section(name).to_owned()));
    let api = parse_folder(folder.path(), "se", "1.0.0").unwrap_or_else(|error| panic!("{error}"));
    compare(&api, &read_again(folder.path()).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn the_second_reader_agrees_on_the_newest_version() {
    let agreement = compare(&model(), reading());
    assert_eq!(agreement.differences(), [""; 0]);
    assert_eq!(
        agreement.to_string(),
        "844 typedefs, 519 records, 5,666 fields, 1,340 of 1,348 constants, 1 plain enum, 346 methods, 6 functions"
    );
}

#[test]
fn every_kind_of_declaration_is_read_twice() {
    let agreement = both(|section| match section {
        "types" => {
            "#define THOST_FTDC_D_Buy '0'\n#define THOST_FTDC_D_Sell '1'\ntypedef char TThostFtdcDirectionType;\n\
             #define THOST_FTDC_PTY_A '102001'\ntypedef char TThostFtdcTypeType[7];\n\
             typedef short TThostFtdcShortType;\ntypedef double TThostFtdcPriceType;\n\
             typedef long long TThostFtdcRefType;\ntypedef TThostFtdcPriceType TThostFtdcRatioType;\n"
        }
        "structs" => {
            "struct CThostFtdcOrderField {\n    TThostFtdcDirectionType type;\n    TThostFtdcShortType Abstract;\n\
             \x20   TThostFtdcPriceType abstract;\n    TThostFtdcRatioType Price_;\n    unsigned int Tgid;\n\
             \x20   TThostFtdcRefType Ref;\n    TThostFtdcTypeType u8;\n};\n"
        }
        "trader_spi" => {
            "    virtual void OnRtnOrder(CThostFtdcOrderField *pOrder) {};\n\
             \x20   virtual void OnRspError(CThostFtdcRspInfoField *pRspInfo, int nRequestID, bool bIsLast) {};\n"
        }
        "trader_api" => {
            "    virtual int ReqOrder(CThostFtdcOrderField *pOrder, int nRequestID) = 0;\n\
             \x20   virtual int ReqLogin(CThostFtdcOrderField *pOrder, int nRequestID, TThostFtdcErrorIDType length, \
             TThostFtdcTypeType text) = 0;\n"
        }
        _ => "",
    });
    assert_eq!(agreement.differences(), [""; 0]);
    assert_eq!(
        agreement.to_string(),
        "8 typedefs, 2 records, 9 fields, 2 of 3 constants, 1 plain enum, 22 methods, 4 functions"
    );
}

#[test]
fn numbers_outside_the_data_types_are_counted_and_no_difference() {
    let agreement = both(|section| match section {
        // The section stands before the last line of the header, in no class.
        "structs" => "#define QRY_ERROR_REQUEST -6\n",
        _ => "",
    });
    assert_eq!(agreement.differences(), [""; 0]);
    assert_eq!(agreement.numbers(), ["QRY_ERROR_REQUEST"]);
    assert!(
        agreement.to_string().ends_with("; 1 number outside the data types, of which the model has none")
    );
}

#[test]
fn methods_of_a_table_that_bindgen_leaves_out_are_counted_and_no_difference() {
    let agreement = both(|section| match section {
        "md_spi" => "protected:\n    ~CThostFtdcMdSpi() {}\n",
        _ => "",
    });
    assert_eq!(agreement.differences(), [""; 0]);
    assert!(agreement.to_string().contains(", 17 of 18 methods, "), "{agreement}");
}

#[test]
fn a_wrong_layout_is_told() {
    let offset = told(|api| {
        let record = api.records.iter_mut().find(|record| record.c_name == "CThostFtdcRspInfoField");
        record.expect("RspInfo").fields[1].offset = 8;
    });
    assert_eq!(
        offset,
        ["ThostFtdcUserApiStruct.h: CThostFtdcRspInfoField::ErrorMsg: offset 8 in the model, 4 by bindgen"]
    );
    let size = told(|api| api.records[0].size += 8);
    let (name, bytes) = (&model().records[0].c_name, model().records[0].size);
    assert_eq!(
        size,
        [format!("ThostFtdcUserApiStruct.h: {name}: {} bytes in the model, {bytes} by bindgen", bytes + 8)]
    );
    let typedef = told(|api| {
        let found = api.typedefs.iter_mut().find(|typedef| typedef.name == "TThostFtdcErrorMsgType");
        found.expect("ErrorMsgType").scalar = "char[82]".parse().expect("a type");
    });
    assert_eq!(
        typedef,
        ["ThostFtdcUserApiDataType.h: TThostFtdcErrorMsgType: char[82] in the model, char[81] by bindgen"]
    );
}

#[test]
fn a_missing_or_moved_field_is_told() {
    let rsp_info = |api: &mut Api, change: fn(&mut ctp_gen::api::Record)| {
        change(
            api.records.iter_mut().find(|record| record.c_name == "CThostFtdcRspInfoField").expect("RspInfo"),
        );
    };
    assert_eq!(
        told(|api| rsp_info(api, |record| drop(record.fields.pop()))),
        [
            "ThostFtdcUserApiStruct.h: field of CThostFtdcRspInfoField: ErrorMsg is not in the model, bindgen finds it"
        ]
    );
    assert_eq!(
        told(|api| rsp_info(api, |record| record.fields.swap(0, 1))),
        [
            "ThostFtdcUserApiStruct.h: CThostFtdcRspInfoField::ErrorMsg: place 0 in the model, 1 by bindgen",
            "ThostFtdcUserApiStruct.h: CThostFtdcRspInfoField::ErrorID: place 1 in the model, 0 by bindgen",
        ]
    );
    assert_eq!(
        told(|api| rsp_info(api, |record| record.fields[0].typedef = "TThostFtdcVolumeType".into())),
        [
            "ThostFtdcUserApiStruct.h: CThostFtdcRspInfoField::ErrorID: type TThostFtdcVolumeType in the model, \
          TThostFtdcErrorIDType by bindgen"
        ]
    );
    assert_eq!(
        told(|api| api.records.retain(|record| record.c_name != "CThostFtdcTradeField")),
        ["ThostFtdcUserApiStruct.h: record CThostFtdcTradeField is not in the model, bindgen finds it"]
    );
    assert_eq!(
        told(|api| rsp_info(api, |record| record.c_name.insert_str(10, "New"))),
        [
            "ThostFtdcUserApiStruct.h: record CThostFtdcNewRspInfoField is in the model, bindgen does not find it",
            "ThostFtdcUserApiStruct.h: record CThostFtdcRspInfoField is not in the model, bindgen finds it",
        ]
    );
}

#[test]
fn a_changed_constant_is_told() {
    let direction = |api: &mut Api, change: fn(&mut Vec<ctp_gen::api::Constant>)| {
        let mut enumerations = api.enumerations.iter_mut();
        change(
            &mut enumerations
                .find(|found| found.typedef == "TThostFtdcDirectionType")
                .expect("Direction")
                .constants,
        );
    };
    assert_eq!(
        told(|api| direction(api, |constants| constants[1].value = "2".into())),
        ["ThostFtdcUserApiDataType.h: THOST_FTDC_D_Sell: '2' in the model, '1' by bindgen"]
    );
    assert_eq!(
        told(|api| direction(api, |constants| drop(constants.pop()))),
        ["ThostFtdcUserApiDataType.h: constant THOST_FTDC_D_Sell is not in the model, bindgen finds it"]
    );
    assert_eq!(
        told(|api| api.plain_enums[0].values[2].1 = 7),
        ["ThostFtdcUserApiDataType.h: THOST_TE_RESUME_TYPE: \
          THOST_TERT_RESTART = 0, THOST_TERT_RESUME = 1, THOST_TERT_QUICK = 7, THOST_TERT_NONE = 3, THOST_TERT_RESUME_FROM_SEQ_NO = 4 \
          in the model, \
          THOST_TERT_RESTART = 0, THOST_TERT_RESUME = 1, THOST_TERT_QUICK = 2, THOST_TERT_NONE = 3, THOST_TERT_RESUME_FROM_SEQ_NO = 4 \
          by bindgen"]
    );
}

#[test]
fn swapped_methods_are_told() {
    assert_eq!(
        told(|api| class(api, ClassKind::MdApi).methods.swap(0, 1)),
        [
            "ThostFtdcMdApi.h: CThostFtdcMdApi::Init: slot 0 in the model, 1 by bindgen",
            "ThostFtdcMdApi.h: CThostFtdcMdApi::Release: slot 1 in the model, 0 by bindgen",
        ]
    );
    assert_eq!(
        told(|api| class(api, ClassKind::TraderSpi).methods.swap(0, 2)),
        [
            "ThostFtdcTraderApi.h: CThostFtdcTraderSpi::OnHeartBeatWarning: slot 0 in the model, 2 by bindgen",
            "ThostFtdcTraderApi.h: CThostFtdcTraderSpi::OnFrontConnected: slot 2 in the model, 0 by bindgen",
        ]
    );
}

#[test]
fn a_missing_method_is_told_once() {
    assert_eq!(
        told(|api| class(api, ClassKind::TraderApi).methods.retain(|method| method.name != "ReqOrderInsert")),
        [
            "ThostFtdcTraderApi.h: method of CThostFtdcTraderApi: ReqOrderInsert is not in the model, bindgen finds it"
        ]
    );
    assert_eq!(
        told(|api| drop(class(api, ClassKind::MdSpi).methods.remove(0))),
        [
            "ThostFtdcMdApi.h: method of CThostFtdcMdSpi: OnFrontConnected is not in the model, bindgen finds it"
        ]
    );
}

#[test]
fn another_signature_or_symbol_is_told() {
    assert_eq!(
        told(|api| class(api, ClassKind::MdSpi).methods[1].parameters[0].c_type = "bool".into()),
        ["ThostFtdcMdApi.h: CThostFtdcMdSpi::OnFrontDisconnected: void (bool nReason) in the model, \
          void (int nReason) by bindgen"]
    );
    assert_eq!(
        told(|api| class(api, ClassKind::MdApi).statics[1].symbol.push('X')),
        ["ThostFtdcMdApi.h: CThostFtdcMdApi_GetApiVersion: \
          const char * () as _ZN15CThostFtdcMdApi13GetApiVersionEvX in the model, \
          const char * () as _ZN15CThostFtdcMdApi13GetApiVersionEv by bindgen"]
    );
    assert_eq!(
        told(|api| api.namespace = Some("ctp_sopt".into())),
        ["ThostFtdcTraderApi.h: namespace: ctp_sopt in the model, the global one by bindgen"]
    );
}
