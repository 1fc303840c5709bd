//! Rust types and names back in C's spelling.

use quote::ToTokens as _;
use syn::{Expr, ExprLit, Ident, Lit, PointerMutability, ReturnType, Type};

/// Returns `written` as C++ spells it: `*mut *mut c_char` is `char **`.
pub(super) fn c_type(written: &Type) -> Result<String, String> {
    match written {
        Type::Path(path) => {
            let name = path.path.segments.last().map(|segment| c_name(&segment.ident)).unwrap_or_default();
            Ok(primitive(&name).map_or(name, str::to_owned))
        }
        Type::Ptr(pointer) => {
            let element = c_type(&pointer.elem)?;
            let space = if element.ends_with('*') { "" } else { " " };
            Ok(match pointer.mutability {
                PointerMutability::Const(_) if !element.ends_with('*') => format!("const {element} *"),
                PointerMutability::Const(_) => format!("{element} const *"),
                PointerMutability::Mut(_) => format!("{element}{space}*"),
            })
        }
        Type::Array(array) => Ok(format!("{}[{}]", c_type(&array.elem)?, number(&array.len)?)),
        other => Err(format!("type {}", other.to_token_stream())),
    }
}

/// Returns the type that a function gives back.
pub(super) fn returned(output: &ReturnType) -> Result<String, String> {
    match output {
        ReturnType::Default => Ok("void".to_owned()),
        ReturnType::Type(_, written) => c_type(written),
    }
}

/// Returns the C name of `ident`: bindgen writes `type_` for a name that Rust reserves.
pub(super) fn c_name(ident: &Ident) -> String {
    let name = ident.to_string();
    match name.strip_suffix('_') {
        Some(reserved) if is_reserved(reserved) => reserved.to_owned(),
        _ => name,
    }
}

/// Returns the number that `written` is, with its sign.
pub(super) fn number(written: &Expr) -> Result<i64, String> {
    match written {
        Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => {
            literal.base10_parse().map_err(|error| format!("number {literal}: {error}"))
        }
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => Ok(-number(&unary.expr)?),
        other => Err(format!("{} where a number was expected", other.to_token_stream())),
    }
}

fn primitive(rust: &str) -> Option<&'static str> {
    Some(match rust {
        "c_char" => "char",
        "c_schar" => "signed char",
        "c_uchar" => "unsigned char",
        "c_short" => "short",
        "c_ushort" => "unsigned short",
        "c_int" => "int",
        "c_uint" => "unsigned int",
        "c_long" => "long",
        "c_ulong" => "unsigned long",
        "c_longlong" => "long long",
        "c_ulonglong" => "unsigned long long",
        "c_void" => "void",
        "f32" => "float",
        "f64" => "double",
        _ => return None,
    })
}

/// Whether bindgen appends a `_` to `name`, which C++ allows and Rust does not.
fn is_reserved(name: &str) -> bool {
    const NAMES: &str = "abstract as async await become box crate dyn final fn gen impl in let loop macro match mod \
        move mut offsetof override priv proc pub pure ref self Self super trait type unsafe unsized use where yield \
        str f32 f64 usize isize u128 i128 u64 i64 u32 i32 u16 i16 u8 i8 _";
    NAMES.split_whitespace().any(|reserved| reserved == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_types_are_spelled_as_in_c() {
        for (rust, c) in [
            ("::std::os::raw::c_longlong", "long long"),
            ("[::std::os::raw::c_char; 81usize]", "char[81]"),
            ("*const ::std::os::raw::c_char", "const char *"),
            ("*mut *mut ::std::os::raw::c_char", "char **"),
            ("*mut root::ctp_sopt::CThostFtdcOrderField", "CThostFtdcOrderField *"),
            ("root::THOST_TE_RESUME_TYPE", "THOST_TE_RESUME_TYPE"),
            ("bool", "bool"),
        ] {
            let written = syn::parse_str(rust).expect("a type");
            assert_eq!(c_type(&written).as_deref(), Ok(c));
        }
        let tuple = syn::parse_str("(u8, u8)").expect("a type");
        assert_eq!(c_type(&tuple), Err("type (u8 , u8)".to_owned()));
    }

    #[test]
    fn a_name_that_rust_reserves_loses_what_bindgen_appends() {
        let name = |text: &str| c_name(&syn::parse_str(text).expect("an identifier"));
        assert_eq!(name("type_"), "type");
        assert_eq!(name("abstract_"), "abstract");
        assert_eq!(name("Abstract"), "Abstract");
        assert_eq!(name("Price_"), "Price_");
    }
}
