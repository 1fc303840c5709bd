//! The same headers in every encoding that the vendor delivers give the same model.

#[path = "support/header_set.rs"]
mod header_set;

use std::collections::BTreeMap;

use ctp_gen::Api;

/// The minimal set with Chinese in comments, as the vendor's headers have it.
fn headers() -> BTreeMap<&'static str, String> {
    let chinese = |section: &str| {
        match section {
        "types" => "///买卖方向\n#define THOST_FTDC_D_Buy '0' ///买\n///卖\n#define THOST_FTDC_D_Sell '1'\n\
            typedef char TThostFtdcDirectionType;\n"
            .to_owned(),
        "structs" => {
            "///报单\nstruct CThostFtdcOrderField {\n    ///买卖方向\n    TThostFtdcDirectionType Direction;\n};\n"
                .to_owned()
        }
        "error.xml" => "    <error id=\"NONE\" value=\"0\" prompt=\"CTP:正确\"/>\n".to_owned(),
        _ => String::new(),
    }
    };
    header_set::minimal(chinese)
}

fn encoded(encode: impl Fn(&str) -> Vec<u8>) -> BTreeMap<&'static str, Vec<u8>> {
    headers().into_iter().map(|(name, text)| (name, encode(&text))).collect()
}

fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

fn with_bom(text: &str) -> Vec<u8> {
    [b"\xEF\xBB\xBF", text.as_bytes()].concat()
}

fn with_crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

/// Parses and returns the encoding found, and the model without encoding and digests.
fn parse(files: &BTreeMap<&'static str, Vec<u8>>) -> (String, Api) {
    let mut api = header_set::parse(files, "1.0.0").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(api.sources.len(), files.len());
    api.sources.clear();
    (std::mem::take(&mut api.encoding), api)
}

#[test]
fn every_encoding_gives_the_same_model() {
    let (encoding, model) = parse(&encoded(|text| text.as_bytes().to_vec()));
    assert_eq!(encoding, "utf-8");
    assert_eq!(model.enumeration("TThostFtdcDirectionType").map(|found| found.constants.len()), Some(2));
    assert_eq!(model.errors.len(), 1);

    type Encode = fn(&str) -> Vec<u8>;
    let variants: [(&str, &str, Encode); 6] = [
        ("GB18030", "gb18030", gb18030),
        ("UTF-8 with BOM", "utf-8-bom", with_bom),
        ("UTF-8, CRLF", "utf-8", |text| with_crlf(text).into_bytes()),
        ("GB18030, CRLF", "gb18030", |text| gb18030(&with_crlf(text))),
        ("UTF-8 with BOM, CRLF", "utf-8-bom", |text| with_bom(&with_crlf(text))),
        // Beyond GBK: four bytes per character.
        ("GB18030 of four bytes", "gb18030", |text| gb18030(&text.replace('买', "\u{20000}买"))),
    ];
    for (name, encoding, encode) in variants {
        let (found, same) = parse(&encoded(encode));
        assert_eq!(found, encoding, "{name}");
        assert_eq!(same, model, "{name}");
    }
}

/// How the text is laid out says nothing: wrapped lines, tabs, no blanks, spliced lines, other includes.
#[test]
fn every_layout_of_the_text_gives_the_same_model() {
    let (_, model) = parse(&encoded(|text| text.as_bytes().to_vec()));
    type Lay = fn(&str) -> String;
    let variants: [(&str, Lay); 13] = [
        ("tabs", |text| text.replace("    ", "\t").replace(" '", "\t\t'")),
        ("no indentation", |text| text.lines().map(|line| format!("{}\n", line.trim_start())).collect()),
        ("blanks at the end", |text| text.replace('\n', "  \t\n")),
        ("wrapped parameters", |text| text.replace(", ", ",\n        ").replace(" = 0;", "\n = 0;")),
        ("a class in one line", |text| match text.contains("class ") {
            true => joined(text),
            false => text.to_owned(),
        }),
        ("spliced lines", |text| {
            text.replace("#define THOST_FTDC_D_Buy '0'", "#define THOST_FTDC_D_Buy \\\n '0'")
        }),
        ("semicolons too many", |text| text.replace("};\n", "};;\n").replace("[81];", "[81];;")),
        ("extern \"C\" around structs", |text| match text.contains("#define STRUCT_H") {
            true => text.replace("struct ", "extern \"C\" {\nstruct ").replace("};", "};\n}"),
            false => text.to_owned(),
        }),
        ("an enumeration as in C", |text| {
            text.replace("enum THOST_TE_RESUME_TYPE {", "typedef enum THOST_TE_RESUME_TYPE {")
                .replace("THOST_TERT_QUICK };", "THOST_TERT_QUICK } THOST_TE_RESUME_TYPE;")
        }),
        ("an enumeration named by its typedef", |text| {
            text.replace("enum THOST_TE_RESUME_TYPE {", "typedef enum {")
                .replace("THOST_TERT_QUICK };", "THOST_TERT_QUICK } THOST_TE_RESUME_TYPE;")
        }),
        ("the enumeration in the trader header", |text| {
            const ENUM: &str = "enum THOST_TE_RESUME_TYPE { THOST_TERT_RESTART = 0, THOST_TERT_RESUME, THOST_TERT_QUICK };\n";
            text.replace(ENUM, "")
                .replace("class CThostFtdcTraderSpi", &format!("{ENUM}class CThostFtdcTraderSpi"))
        }),
        ("a struct as in C", |text| {
            text.replace("struct CThostFtdcOrderField {", "typedef struct CThostFtdcOrderField {")
                .replace("Direction;\n};", "Direction;\n} CThostFtdcOrderField;")
        }),
        ("structs and types included again, in another order", |text| {
            let more = "#include \"ThostFtdcUserApiDataType.h\"\n#include \"ThostFtdcUserApiStruct.h\"\n";
            let again = "#include \"ThostFtdcUserApiStruct.h\"\n#include \"ThostFtdcUserApiDataType.h\"\n";
            text.replacen("#include \"ThostFtdcUserApiStruct.h\"\n", &format!("{again}{more}"), 1)
        }),
    ];
    let mut changed = Vec::new();
    for (name, lay) in variants {
        let files = encoded(|text| lay(text).into_bytes());
        if files != encoded(|text| text.as_bytes().to_vec()) {
            changed.push(name);
        }
        assert_eq!(parse(&files).1, model, "{name}");
    }
    assert_eq!(changed.len(), variants.len(), "only {changed:?} changed anything");
}

/// Everything but preprocessor lines and comments in one line.
fn joined(text: &str) -> String {
    let mut laid = String::new();
    for line in text.lines() {
        let alone = line.trim_start().starts_with('#') || line.contains("//");
        if alone && !laid.ends_with('\n') && !laid.is_empty() {
            laid.push('\n');
        }
        laid.push_str(line);
        laid.push(if alone { '\n' } else { ' ' });
    }
    laid + "\n"
}

#[test]
fn headers_in_different_encodings_may_stand_in_one_folder() {
    let (_, model) = parse(&encoded(|text| text.as_bytes().to_vec()));
    let mut mixed = encoded(|text| text.as_bytes().to_vec());
    for (name, text) in headers() {
        if name == "ThostFtdcUserApiStruct.h" {
            mixed.insert(name, gb18030(&text));
        }
    }
    assert_eq!(parse(&mixed), ("gb18030".to_owned(), model));
}

#[test]
fn digests_are_of_the_bytes_as_found() {
    let digests = |files: &BTreeMap<&'static str, Vec<u8>>| {
        header_set::parse(files, "1.0.0").unwrap_or_else(|error| panic!("{error}")).sources
    };
    let utf8 = digests(&encoded(|text| text.as_bytes().to_vec()));
    assert_eq!(utf8, digests(&encoded(|text| text.as_bytes().to_vec())));
    for (a, b) in utf8.iter().zip(&digests(&encoded(|text| with_crlf(text).into_bytes()))) {
        assert_eq!(a.file, b.file);
        assert_ne!(a.sha256, b.sha256);
    }
}

/// A download that was cut is sometimes filled up with NULs.
#[test]
fn a_nul_is_refused_with_its_line() {
    let mut files = encoded(|text| text.as_bytes().to_vec());
    files.insert("ThostFtdcMdApi.h", b"#ifndef MD_API_H\n#define MD_\0\0\0".to_vec());
    assert_eq!(
        header_set::parse(&files, "1.0.0").err().as_deref(),
        Some("ThostFtdcMdApi.h:2: a NUL byte: the file is cut, or no text")
    );
}

#[test]
fn a_file_of_nothing_is_refused() {
    for name in ["ThostFtdcUserApiDataType.h", "error.xml"] {
        for nothing in ["", "\u{feff}", "\r\n \t\n"] {
            let mut files = headers();
            files.insert(name, nothing.to_owned());
            let expected = format!("{name}:1: the file is empty");
            assert_eq!(header_set::parse(&files, "1.0.0").err(), Some(expected), "{nothing:?}");
        }
    }
}

#[test]
fn broken_bytes_are_refused_with_their_line() {
    for broken in [&b"\n/// \xFF\xFF\n"[..], b"\xEF\xBB\xBF\n/// \xC2\n", b"/// \xB0\xA1\n/// \xB0\n"] {
        let mut files = encoded(|text| text.as_bytes().to_vec());
        if let Some(text) = files.get_mut("ThostFtdcUserApiStruct.h") {
            *text = [broken, text.as_slice()].concat();
        }
        assert_eq!(
            header_set::parse(&files, "1.0.0").err().as_deref(),
            Some("ThostFtdcUserApiStruct.h:2: neither UTF-8 nor GB18030 text"),
            "{broken:?}"
        );
    }
}
