//! The data type header: typedefs, and the constants that stand before each; enumerations, wherever they stand.

use clang::{Entity, EntityKind, TypeKind};

use super::{ParseError, source, source::unqualified};
use crate::api::{Constant, Enumeration, PlainEnum, ScalarType, Typedef, is_identifier};

const FILE: &str = "ThostFtdcUserApiDataType.h";

/// What the data type header declares.
pub(super) struct DataTypes {
    pub(super) typedefs: Vec<Typedef>,
    pub(super) enumerations: Vec<Enumeration>,
    pub(super) plain_enums: Vec<PlainEnum>,
}

/// Reads typedefs, constants and plain enumerations.
///
/// A constant belongs to the typedef that follows it: the prefixes (`THOST_FTDC_D_`) repeat between
/// typedefs, the positions do not lie.
pub(super) fn read(entities: &[Entity<'_>]) -> Result<DataTypes, ParseError> {
    let mut here: Vec<&Entity<'_>> =
        entities.iter().filter(|entity| source::stands_in(entity, FILE)).collect();
    here.sort_by_key(|entity| source::offset_of(entity));

    let (mut typedefs, mut enumerations, mut plain_enums) = (Vec::new(), Vec::new(), Vec::new());
    let mut waiting: Vec<(Constant, &Entity<'_>)> = Vec::new();
    for entity in here {
        match entity.get_kind() {
            EntityKind::MacroDefinition => {
                waiting.extend(constant(entity)?.map(|constant| (constant, entity)));
            }
            EntityKind::TypedefDecl if names_itself(entity) => {}
            EntityKind::TypedefDecl => {
                let typedef = typedef(entity)?;
                // mini repeats one word for word, which is C++; with constants it would be another.
                if waiting.is_empty() && typedefs.contains(&typedef) {
                    continue;
                }
                let constants: Vec<Constant> = waiting.drain(..).map(|(constant, _)| constant).collect();
                if !constants.is_empty() {
                    enumerations.push(Enumeration { typedef: typedef.name.clone(), constants });
                }
                typedefs.push(typedef);
            }
            EntityKind::EnumDecl => plain_enums.push(plain_enum(entity)?),
            _ => {}
        }
    }
    for entity in entities.iter().filter(|entity| !source::stands_in(entity, FILE)) {
        match entity.get_kind() {
            EntityKind::EnumDecl => plain_enums.push(plain_enum(entity)?),
            EntityKind::TypedefDecl if !names_itself(entity) => {
                let name = entity.get_name().unwrap_or_default();
                return Err(source::construct(entity, format!("typedef {name} does not stand in {FILE}")));
            }
            _ => {}
        }
    }
    match waiting.first() {
        Some((constant, entity)) => {
            Err(source::construct(entity, format!("constant {} belongs to no typedef", constant.name)))
        }
        None => Ok(DataTypes { typedefs, enumerations, plain_enums }),
    }
}

/// Reads `#define NAME 'x'`; a define without value is an include guard.
fn constant(entity: &Entity<'_>) -> Result<Option<Constant>, ParseError> {
    let name = entity.get_name().unwrap_or_default();
    let tokens: Vec<String> = entity
        .get_range()
        .map(|range| range.tokenize())
        .unwrap_or_default()
        .iter()
        .map(|token| token.get_spelling())
        .collect();
    let value = match tokens.as_slice() {
        [_] => return Ok(None),
        [_, value] => value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')),
        _ => None,
    };
    match value {
        Some(value) if name.starts_with("THOST_FTDC_") => {
            Ok(Some(Constant { name, value: value.to_owned() }))
        }
        _ => Err(source::construct(
            entity,
            format!("#define {} is not `THOST_FTDC_… 'characters'`", tokens.join(" ")),
        )),
    }
}

/// C's `typedef enum X { … } X;`, which declares nothing to C++.
fn names_itself(entity: &Entity<'_>) -> bool {
    let underlying = entity.get_typedef_underlying_type().map(|underlying| underlying.get_canonical_type());
    underlying.is_some_and(|underlying| {
        matches!(underlying.get_kind(), TypeKind::Enum | TypeKind::Record)
            && Some(unqualified(&underlying.get_display_name())) == entity.get_name().as_deref()
    })
}

fn typedef(entity: &Entity<'_>) -> Result<Typedef, ParseError> {
    let name = entity.get_name().unwrap_or_default();
    let spelling = entity
        .get_typedef_underlying_type()
        .map(|underlying| underlying.get_canonical_type().get_display_name())
        .unwrap_or_default();
    let scalar: ScalarType = spelling
        .parse()
        .map_err(|_| source::construct(entity, format!("typedef {name} of unsupported type {spelling}")))?;
    if !name.starts_with("TThostFtdc") || !name.ends_with("Type") {
        return Err(source::construct(entity, format!("typedef {name} is not named TThostFtdc…Type")));
    }
    Ok(Typedef { name, scalar })
}

fn plain_enum(entity: &Entity<'_>) -> Result<PlainEnum, ParseError> {
    // The type has its name from a typedef where the declaration has none.
    let name = entity.get_type().map(|declared| declared.get_display_name()).unwrap_or_default();
    let name = unqualified(&name).to_owned();
    if !is_identifier(&name) {
        return Err(source::construct(entity, "an enum without name"));
    }
    let values = entity
        .get_children()
        .iter()
        .filter(|child| child.get_kind() == EntityKind::EnumConstantDecl)
        .filter_map(|child| Some((child.get_name()?, child.get_enum_constant_value()?.0)))
        .collect::<Vec<_>>();
    match values.is_empty() {
        true => Err(source::construct(entity, format!("enum {name} has no values"))),
        false => Ok(PlainEnum { name, values }),
    }
}
