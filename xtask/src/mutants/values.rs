//! What a function may return instead of what it computes.

use syn::{GenericArgument, PathArguments, PathSegment, ReturnType, Type};

/// How many at most: products of parts grow.
const MOST: usize = 6;

/// Returns expressions of a function's type, as far as its words tell.
pub(super) fn of_return(output: &ReturnType) -> Vec<String> {
    match output {
        ReturnType::Default => vec!["()".to_owned()],
        ReturnType::Type(_, kind) => of(kind),
    }
}

fn of(kind: &Type) -> Vec<String> {
    let mut values = match kind {
        Type::Never(_) | Type::ImplTrait(_) => Vec::new(),
        Type::Tuple(tuple) => tuple.elems.iter().fold(vec!["(".to_owned()], |before, part| {
            let parts = of(part);
            let join = |head: &String| parts.iter().map(|part| format!("{head}{part}, ")).collect::<Vec<_>>();
            before.iter().flat_map(join).collect()
        }),
        Type::Reference(reference) => match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => {
                vec!["\"\"".to_owned(), "\"xyzzy\"".to_owned()]
            }
            Type::Slice(_) => vec!["Vec::leak(Vec::new())".to_owned()],
            other => of(other).into_iter().map(|value| format!("Box::leak(Box::new({value}))")).collect(),
        },
        Type::Path(path) => path.path.segments.last().map(of_segment).unwrap_or_default(),
        _ => Vec::new(),
    };
    if let Type::Tuple(_) = kind {
        values.iter_mut().for_each(|value| value.push(')'));
    }
    values.truncate(MOST);
    values
}

fn of_segment(segment: &PathSegment) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let first = first_argument(segment);
    let wrapped = |before: &str, behind: &str| {
        let inside = first.map(of).unwrap_or_default();
        inside.into_iter().map(|value| format!("{before}{value}{behind}")).collect::<Vec<_>>()
    };
    match segment.ident.to_string().as_str() {
        "bool" => words(&["true", "false"]),
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => words(&["0", "1", "-1"]),
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => words(&["0", "1"]),
        "f32" | "f64" => words(&["0.0", "1.0", "-1.0"]),
        "String" => words(&["String::new()", "\"xyzzy\".to_owned()"]),
        "Option" => [words(&["None"]), wrapped("Some(", ")")].concat(),
        "Result" => wrapped("Ok(", ")"),
        "Box" => wrapped("Box::new(", ")"),
        "Arc" => wrapped("std::sync::Arc::new(", ")"),
        "Vec" => [words(&["Vec::new()"]), wrapped("Vec::from([", "])")].concat(),
        _ => words(&["Default::default()"]),
    }
}

fn first_argument(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(kind) => Some(kind),
        _ => None,
    })
}
