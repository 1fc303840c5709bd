//! A minimal set of headers in the vendor's form, into which a test puts what it is about.

use std::{collections::BTreeMap, fs, path::Path};

use ctp_gen::{
    Api,
    parse::{ParseError, parse_folder},
};

/// Files of a header set by name.
pub(crate) type HeaderSet = BTreeMap<&'static str, String>;

/// Returns the minimal set with the text of each section inserted at its place: `types`, `structs`, `md_spi`,
/// `md_api`, `trader_spi`, `trader_api`, `error.xml`.
pub(crate) fn minimal(section: impl Fn(&str) -> String) -> HeaderSet {
    let md_api = classes("Md", "ThostFtdcUserApiStruct.h", &section("md_spi"), "", &section("md_api"));
    let trader_api = classes(
        "Trader",
        "ThostFtdcUserApiStruct.h",
        &section("trader_spi"),
        "    virtual void SubscribePrivateTopic(THOST_TE_RESUME_TYPE nResumeType) = 0;
    virtual void SubscribePublicTopic(THOST_TE_RESUME_TYPE nResumeType) = 0;\n",
        &section("trader_api"),
    );
    let types = format!(
        "#ifndef DATA_TYPE_H
#define DATA_TYPE_H
enum THOST_TE_RESUME_TYPE {{ THOST_TERT_RESTART = 0, THOST_TERT_RESUME, THOST_TERT_QUICK }};
typedef int TThostFtdcErrorIDType;
typedef char TThostFtdcErrorMsgType[81];
{}#endif
",
        section("types")
    );
    let structs = format!(
        "#ifndef STRUCT_H
#define STRUCT_H
#include \"ThostFtdcUserApiDataType.h\"
struct CThostFtdcRspInfoField {{
    TThostFtdcErrorIDType ErrorID;
    TThostFtdcErrorMsgType ErrorMsg;
}};
{}#endif
",
        section("structs")
    );
    let mut files = HeaderSet::from([
        ("ThostFtdcUserApiDataType.h", types),
        ("ThostFtdcUserApiStruct.h", structs),
        ("ThostFtdcMdApi.h", md_api),
        ("ThostFtdcTraderApi.h", trader_api),
    ]);
    let errors = section("error.xml");
    if !errors.is_empty() {
        files.insert("error.xml", format!("<errors>\n{errors}</errors>\n"));
    }
    files
}

fn classes(side: &str, include: &str, spi: &str, topics: &str, api: &str) -> String {
    format!(
        "#ifndef {side}_API_H
#define {side}_API_H
#include \"{include}\"
class CThostFtdc{side}Spi {{
public:
    virtual void OnFrontConnected() {{}};
{spi}}};
class CThostFtdc{side}Api {{
public:
    static CThostFtdc{side}Api *CreateFtdc{side}Api(const char *pszFlowPath = \"\");
    static const char *GetApiVersion();
    virtual void Release() = 0;
    virtual void Init() = 0;
    virtual int Join() = 0;
    virtual const char *GetTradingDay() = 0;
    virtual void RegisterFront(char *pszFrontAddress) = 0;
    virtual void RegisterNameServer(char *pszNsAddress) = 0;
    virtual void RegisterSpi(CThostFtdc{side}Spi *pSpi) = 0;
{topics}{api}protected:
    ~CThostFtdc{side}Api() {{}};
}};
#endif
"
    )
}

/// Writes `files` into `folder` as they are.
pub(crate) fn write<T: AsRef<[u8]>>(folder: &Path, files: &BTreeMap<&'static str, T>) {
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap_or_else(|error| panic!("cannot write {name}: {error}"));
    }
}

/// Writes `files` into a new folder and parses it; the error names files without folder.
pub(crate) fn parse<T: AsRef<[u8]>>(files: &BTreeMap<&'static str, T>, version: &str) -> Result<Api, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    write(folder.path(), files);
    let shown = folder.path().display().to_string();
    parse_folder(folder.path(), "se", version).map_err(|error| match error {
        // No error of the headers: no test may take it for one.
        ParseError::Libclang { .. } => panic!("{error}"),
        error => error.to_string().replace(&format!("{shown}/"), "").replace(&shown, "headers"),
    })
}
