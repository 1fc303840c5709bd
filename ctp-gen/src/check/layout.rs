//! The sizes and offsets that bindgen asserts.

use std::collections::HashMap;

use syn::{Expr, ExprLit, ItemConst, Lit, Stmt};

use super::spelling;

/// Sizes and offsets by what they are of: `Size of X`, `Offset of field: X::f`.
#[derive(Default)]
pub(super) struct Layout(HashMap<String, usize>);

impl Layout {
    /// Takes the assertions of `const _: () = { ["Size of X"][size_of::<X>() - 88usize]; … };`.
    pub(super) fn take(&mut self, item: &ItemConst) -> Result<(), String> {
        let Expr::Block(block) = &*item.expr else {
            return Err("an unnamed constant that is not a block of assertions".to_owned());
        };
        block.block.stmts.iter().try_for_each(|statement| {
            let (label, number) =
                assertion(statement).ok_or("a layout assertion of another form than bindgen's")?;
            self.0.insert(label, spelling::number(number)?.try_into().map_err(|_| "a negative offset")?);
            Ok(())
        })
    }

    pub(super) fn size(&self, record: &str) -> Option<usize> {
        self.0.get(&format!("Size of {record}")).copied()
    }

    /// Returns the offset of the field that bindgen calls `field`.
    pub(super) fn offset(&self, record: &str, field: &str) -> Option<usize> {
        self.0.get(&format!("Offset of field: {record}::{field}")).copied()
    }
}

fn assertion(statement: &Stmt) -> Option<(String, &Expr)> {
    let Stmt::Expr(Expr::Index(index), _) = statement else { return None };
    let Expr::Array(labels) = &*index.expr else { return None };
    let Some(Expr::Lit(ExprLit { lit: Lit::Str(label), .. })) = labels.elems.first() else { return None };
    let Expr::Binary(difference) = &*index.index else { return None };
    Some((label.value(), &difference.right))
}
