//! C++ text: the declarations of one version, and the conversions between a version and the current model.

mod assign;
mod convert;
mod declare;

pub(super) use convert::{Conversions, Direction};
pub(super) use declare::{declarations, layout_assertions};

/// Joins a parameter list as C++ declares it.
pub(super) fn parameter_list(parameters: &[crate::api::Parameter], with_defaults: bool) -> String {
    let one = |parameter: &crate::api::Parameter| match (&parameter.default, with_defaults) {
        (Some(default), true) => format!("{} {} = {default}", parameter.c_type, parameter.name),
        _ => format!("{} {}", parameter.c_type, parameter.name),
    };
    parameters.iter().map(one).collect::<Vec<_>>().join(", ")
}
