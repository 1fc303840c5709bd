//! The struct header: records with their layout.

use clang::{Entity, EntityKind, Type};

use super::{ParseError, source};
use crate::api::{Field, Record, ScalarType};

pub(super) fn read(entities: &[Entity<'_>]) -> Result<Vec<Record>, ParseError> {
    let mut records: Vec<&Entity<'_>> = entities
        .iter()
        .filter(|entity| entity.get_kind() == EntityKind::StructDecl && entity.is_definition())
        .collect();
    records.sort_by_key(|entity| source::offset_of(entity));
    records.into_iter().map(record).collect()
}

fn record(entity: &Entity<'_>) -> Result<Record, ParseError> {
    let c_name = entity.get_name().unwrap_or_default();
    if !c_name.starts_with("CThostFtdc") || !c_name.ends_with("Field") {
        return Err(source::construct(entity, format!("struct {c_name} is not named CThostFtdc…Field")));
    }
    let layout =
        entity.get_type().ok_or_else(|| source::construct(entity, format!("struct {c_name} has no type")))?;
    let size = layout
        .get_sizeof()
        .map_err(|error| source::construct(entity, format!("struct {c_name} has no size: {error}")))?;
    let fields =
        entity.get_children().iter().map(|child| field(child, &layout, &c_name)).collect::<Result<_, _>>()?;
    Ok(Record { c_name, size, fields })
}

fn field(entity: &Entity<'_>, layout: &Type<'_>, record: &str) -> Result<Field, ParseError> {
    let c_name = entity.get_name().unwrap_or_default();
    let whole = format!("{record}::{c_name}");
    if entity.get_kind() != EntityKind::FieldDecl || entity.is_bit_field() {
        return Err(source::construct(entity, format!("{whole} is not a plain field")));
    }
    let offset_bits = layout
        .get_offsetof(&c_name)
        .map_err(|error| source::construct(entity, format!("{whole} has no offset: {error}")))?;
    let typedef = entity.get_type().map(|field_type| field_type.get_display_name()).unwrap_or_default();
    let typedef = source::unqualified(&typedef).to_owned();
    if !typedef.starts_with("TThostFtdc") && typedef.parse::<ScalarType>().is_err() {
        return Err(source::construct(
            entity,
            format!("{whole} has type {typedef}, neither a TThostFtdc…Type nor a C type that is understood"),
        ));
    }
    Ok(Field { c_name, typedef, offset: offset_bits / 8 })
}
