//! The API and SPI classes: virtual methods in slot order, static methods with their symbols.

use std::path::Path;

use clang::{Entity, EntityKind, Type, token::TokenKind};

use super::{ParseError, source, source::unqualified};
use crate::api::{Class, ClassKind, Method, Parameter, Static};

pub(super) fn read(entities: &[Entity<'_>], kind: ClassKind, folder: &Path) -> Result<Class, ParseError> {
    let entity = find(entities, kind).ok_or_else(|| ParseError::Model {
        folder: folder.into(),
        reason: format!("no class {}", kind.c_name()),
    })?;
    let mut class = Class { c_name: kind.c_name().to_owned(), methods: Vec::new(), statics: Vec::new() };
    for child in entity.get_children() {
        match child.get_kind() {
            EntityKind::AccessSpecifier | EntityKind::VisibilityAttr | EntityKind::UnexposedAttr => {}
            // The real classes have a protected destructor that is not virtual: it takes no slot.
            EntityKind::Destructor if !child.is_virtual_method() => {}
            EntityKind::Method if child.is_virtual_method() => class.methods.push(method(&child, kind)?),
            EntityKind::Method if child.is_static_method() => class.statics.push(static_method(&child)?),
            other => {
                let name = child.get_display_name().unwrap_or_default();
                return Err(source::construct(
                    &child,
                    format!("{}: {other:?} {name} is neither a virtual nor a static method", kind.c_name()),
                ));
            }
        }
    }
    Ok(class)
}

fn find<'a, 'tu>(entities: &'a [Entity<'tu>], kind: ClassKind) -> Option<&'a Entity<'tu>> {
    entities.iter().find(|entity| {
        entity.get_kind() == EntityKind::ClassDecl
            && entity.is_definition()
            && entity.get_name().as_deref() == Some(kind.c_name())
    })
}

/// Returns the namespace in which the classes stand, `None` for the global one.
pub(super) fn namespace(entities: &[Entity<'_>]) -> Option<String> {
    let parent = find(entities, ClassKind::TraderApi)?.get_semantic_parent()?;
    (parent.get_kind() == EntityKind::Namespace).then(|| parent.get_name()).flatten()
}

/// Reads the functions of `DataCollect.h`.
pub(super) fn functions(entities: &[Entity<'_>]) -> Result<Vec<Static>, ParseError> {
    entities
        .iter()
        .filter(|entity| entity.get_kind() == EntityKind::FunctionDecl)
        .map(static_method)
        .collect()
}

fn method(entity: &Entity<'_>, kind: ClassKind) -> Result<Method, ParseError> {
    let name = entity.get_name().unwrap_or_default();
    let method = Method { returns: returns(entity), parameters: parameters(entity)?, name };
    let understood = match kind {
        ClassKind::MdSpi | ClassKind::TraderSpi => method.callback_shape(),
        ClassKind::MdApi | ClassKind::TraderApi => method.call_shape(),
    };
    match understood {
        Some(_) => Ok(method),
        None => {
            let types: Vec<&str> =
                method.parameters.iter().map(|parameter| parameter.c_type.as_str()).collect();
            Err(source::construct(
                entity,
                format!(
                    "{}::{}({}) has parameters that are not understood",
                    kind.c_name(),
                    method.name,
                    types.join(", ")
                ),
            ))
        }
    }
}

fn static_method(entity: &Entity<'_>) -> Result<Static, ParseError> {
    let name = entity.get_name().unwrap_or_default();
    let symbol = entity
        .get_mangled_name()
        .ok_or_else(|| source::construct(entity, format!("function {name} has no mangled name")))?;
    Ok(Static { returns: returns(entity), symbol, parameters: parameters(entity)?, name })
}

fn returns(entity: &Entity<'_>) -> String {
    unqualified(&entity.get_result_type().map(|result| result.get_display_name()).unwrap_or_default())
        .to_owned()
}

fn parameters(entity: &Entity<'_>) -> Result<Vec<Parameter>, ParseError> {
    entity
        .get_arguments()
        .unwrap_or_default()
        .iter()
        .zip(1..)
        .map(|(argument, position)| {
            // C++ needs no name; what is emitted does.
            let name = argument.get_name().filter(|name| !name.is_empty());
            Ok(Parameter {
                name: name.unwrap_or_else(|| format!("parameter{position}")),
                c_type: argument.get_type().map(|kind| c_type(&kind)).unwrap_or_default(),
                default: default_value(argument),
            })
        })
        .collect()
}

/// Returns the type as the compiler takes it: of a typedef what it stands for, of an array a pointer.
fn c_type(declared: &Type<'_>) -> String {
    let canonical = declared.get_canonical_type();
    let name = unqualified(&canonical.get_display_name()).to_owned();
    let pointer =
        |element: &str| format!("{}{element} *", if name.starts_with("const ") { "const " } else { "" });
    match name.trim_start_matches("const ").split_once('[') {
        Some(("char *", _)) => "char **".to_owned(),
        Some(("char", _)) => pointer("char"),
        _ => name,
    }
}

/// Returns the tokens after `=` in a parameter's declaration.
fn default_value(argument: &Entity<'_>) -> Option<String> {
    let tokens = argument.get_range()?.tokenize();
    let position = tokens
        .iter()
        .position(|token| token.get_kind() == TokenKind::Punctuation && token.get_spelling() == "=")?;
    Some(tokens[position + 1..].iter().map(|token| token.get_spelling()).collect())
}
