//! What a set has in common with the known versions: all of one, or parts of two whose types happen to fit.

use crate::{
    Api,
    api::{Class, ClassKind, Constant, Method},
    models,
};

/// The parts of a header set, each of one file.
#[derive(Clone, Copy)]
enum Part {
    DataTypes,
    Structs,
    Md,
    Trader,
}

impl Part {
    const ALL: [Self; 4] = [Self::DataTypes, Self::Structs, Self::Md, Self::Trader];

    fn file(self) -> &'static str {
        match self {
            Self::DataTypes => "ThostFtdcUserApiDataType.h",
            Self::Structs => "ThostFtdcUserApiStruct.h",
            Self::Md => "ThostFtdcMdApi.h",
            Self::Trader => "ThostFtdcTraderApi.h",
        }
    }

    fn is_same(self, a: &Api, b: &Api) -> bool {
        match self {
            Self::DataTypes => a.typedefs == b.typedefs && constants(a).eq(constants(b)),
            Self::Structs => a.records == b.records,
            Self::Md => is_same_class(a, b, ClassKind::MdSpi) && is_same_class(a, b, ClassKind::MdApi),
            Self::Trader => {
                is_same_class(a, b, ClassKind::TraderSpi) && is_same_class(a, b, ClassKind::TraderApi)
            }
        }
    }
}

fn constants(api: &Api) -> impl Iterator<Item = &Constant> {
    api.enumerations.iter().flat_map(|enumeration| &enumeration.constants)
}

/// Whether the classes have the same methods; names of parameters differ between systems.
fn is_same_class(a: &Api, b: &Api, kind: ClassKind) -> bool {
    let types = |class: &Class| {
        let signature = |method: &Method| {
            let types: Vec<String> = method.parameters.iter().map(|p| p.c_type.clone()).collect();
            (method.name.clone(), types)
        };
        class.methods.iter().map(signature).collect::<Vec<_>>()
    };
    types(a.class(kind)) == types(b.class(kind))
}

/// Returns the committed model, of any family, that declares what `api` does.
pub(super) fn same(api: &Api) -> Option<&'static Api> {
    models::models().find(|model| Part::ALL.iter().all(|part| part.is_same(api, model)))
}

/// Returns why `api` seems to be put together from headers of two versions, with the file that stands out.
///
/// A part that equals none of the known versions of the family is new and says nothing. Two parts that equal
/// known versions, but none in common, do not come from one delivery.
pub(super) fn mixture(api: &Api) -> Option<(&'static str, String)> {
    let known: Vec<(Part, Vec<&'static Api>)> = Part::ALL
        .into_iter()
        .map(|part| (part, models::of(&api.family).filter(|model| part.is_same(api, model)).collect()))
        .filter(|(_, versions): &(Part, Vec<_>)| !versions.is_empty())
        .collect();
    let agrees = |version: &Api| {
        known
            .iter()
            .filter(|(_, versions)| versions.iter().any(|known| known.version == version.version))
            .count()
    };
    let versions = known.iter().flat_map(|(_, versions)| versions);
    let best = versions.max_by_key(|version| agrees(version))?;
    let (part, others) =
        known.iter().find(|(_, versions)| versions.iter().all(|known| known.version != best.version))?;
    let names = |versions: &[&Api]| {
        versions.iter().map(|version| version.version.as_str()).collect::<Vec<_>>().join(", ")
    };
    let file = part.file();
    Some((
        file,
        format!(
            "this is {file} of {} {}, but other headers beside it are those of {}: a set with pieces of two versions; `ctp-gen parse --mixed` takes it as it is",
            api.family,
            names(others),
            best.version
        ),
    ))
}
