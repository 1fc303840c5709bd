//! What can be changed in a file: each mutant as a pair of texts around a range of the source.
//!
//! Nothing is taken away: a range of the source is put into the other branch of a condition, so that mutants of one place,
//! and of places inside each other, live in one program, and a number decides which of them is on.

use std::ops::Range;

use anyhow::{Context as _, Result};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, BinOp, Block, Expr, ImplItemFn, ItemFn, Pat, Signature, TraitItemFn, UnOp};

use super::values;

/// Stands for a condition. No source has it.
pub(super) const ON: &str = "\u{1}";

/// One change.
#[derive(Clone, Debug)]
pub(super) struct Mutant {
    /// What it changes, for people: place, change, function.
    pub(super) name: String,
    /// Bytes of the source.
    pub(super) range: Range<usize>,
    /// What stands before and behind them, with [`ON`] for the condition under which the change is on.
    pub(super) around: [String; 2],
}

/// Returns what can be changed in a source file that is called `path`.
///
/// # Errors
///
/// Returns an error if it cannot be read as Rust.
pub(super) fn find(path: &str, source: &str) -> Result<Vec<Mutant>> {
    let file = syn::parse_file(source).with_context(|| format!("{path} cannot be parsed"))?;
    let mut finder = Finder { path, source, within: Vec::new(), found: Vec::new() };
    finder.visit_file(&file);
    Ok(finder.found)
}

struct Finder<'a> {
    path: &'a str,
    source: &'a str,
    /// The types and functions around.
    within: Vec<String>,
    found: Vec<Mutant>,
}

impl Finder<'_> {
    fn text(&self, range: Range<usize>) -> &str {
        self.source.get(range).unwrap_or_default()
    }

    fn add(&mut self, at: &impl Spanned, range: Range<usize>, what: &str, around: [String; 2]) {
        let place = at.span().start();
        let (path, within) = (self.path, self.within.join("::"));
        let name = format!("{path}:{}:{}: {what} in {within}", place.line, place.column + 1);
        self.found.push(Mutant { name, range, around });
    }

    /// Adds a mutant of an expression that becomes another.
    fn instead(&mut self, expression: &impl Spanned, what: &str, other: &str) {
        let around = [format!("(if {ON} {{ {other} }} else {{ "), " })".to_owned()];
        self.add(expression, expression.span().byte_range(), what, around);
    }

    fn function(&mut self, attributes: &[Attribute], signature: &Signature, block: &Block) {
        let is_plain = signature.constness.is_none() && !matches!(signature.safety, syn::Safety::Unsafe(_));
        if is_test(attributes) || !is_plain {
            return;
        }
        self.within.push(signature.ident.to_string());
        let begin = block.brace_token.span.open().byte_range().end;
        let within = self.within.join("::");
        if !block.stmts.is_empty() && !within.ends_with("Default::default") {
            for value in values::of_return(&signature.output) {
                let around = [format!(" if {ON} {{ return {value}; }}"), String::new()];
                self.add(&signature.ident, begin..begin, &format!("return {value}"), around);
            }
        }
        visit::visit_block(self, block);
        self.within.pop();
    }

    /// Arms before one that takes everything can fall through to it; guards can be met always and never.
    fn arm(&mut self, arm: &syn::Arm, falls: bool) {
        let (pattern, guard) = match &arm.pat {
            Pat::Guard(guarded) => (&*guarded.pat, Some(&*guarded.guard)),
            pattern => (pattern, None),
        };
        let shown: String =
            self.text(pattern.span().byte_range()).split_whitespace().collect::<Vec<_>>().join(" ");
        match guard {
            Some(guard) if !has_let(guard) => {
                let range = guard.span().byte_range();
                let never = ["((".to_owned(), format!(") && !{ON})")];
                self.add(guard, range.clone(), "guard is never met", never);
                self.add(guard, range, "guard is always met", ["((".to_owned(), format!(") || {ON})")]);
            }
            Some(_) => {}
            None if falls => {
                let end = pattern.span().byte_range().end;
                let around = [format!(" if !{ON}"), String::new()];
                self.add(pattern, end..end, &format!("delete arm {shown}"), around);
            }
            None => {}
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(&item.attrs, &item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.function(&item.attrs, &item.sig, &item.block);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.attrs, &item.sig, block);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if is_test(&item.attrs) {
            return;
        }
        let own = self.text(item.self_ty.span().byte_range()).to_owned();
        let name = match &item.trait_ {
            Some((path, _)) => format!("{own} as {}", self.text(path.span().byte_range())),
            None => own,
        };
        self.within.push(name);
        visit::visit_item_impl(self, item);
        self.within.pop();
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_expr_binary(&mut self, expression: &'ast syn::ExprBinary) {
        if !has_let(&expression.left) && !has_let(&expression.right) {
            let range = expression.op.span().byte_range();
            let own = self.text(range.clone()).to_owned();
            let left = self.text(expression.span().byte_range().start..range.start).to_owned();
            let right = self.text(range.end..expression.span().byte_range().end).to_owned();
            for other in others(&expression.op) {
                self.instead(expression, &format!("{own} becomes {other}"), &format!("{left}{other}{right}"));
            }
        }
        visit::visit_expr_binary(self, expression);
    }

    fn visit_expr_unary(&mut self, expression: &'ast syn::ExprUnary) {
        let without = match expression.op {
            UnOp::Not(_) => Some("delete !"),
            UnOp::Neg(_) => Some("delete -"),
            _ => None,
        };
        if let Some(what) = without {
            let other = self.text(expression.expr.span().byte_range()).to_owned();
            self.instead(expression, what, &other);
        }
        visit::visit_expr_unary(self, expression);
    }

    fn visit_expr_match(&mut self, expression: &'ast syn::ExprMatch) {
        let takes_all = |arm: &syn::Arm| matches!(arm.pat, Pat::Wild(_));
        let last = expression.arms.iter().rposition(takes_all);
        for (index, arm) in expression.arms.iter().enumerate() {
            self.arm(arm, last.is_some_and(|last| index < last));
        }
        visit::visit_expr_match(self, expression);
    }

    fn visit_expr_struct(&mut self, expression: &'ast syn::ExprStruct) {
        if expression.rest.is_some() {
            let whole = expression.span().byte_range();
            for field in &expression.fields {
                let range = field.span().byte_range();
                let rest = self.text(range.end..whole.end).trim_start().trim_start_matches(',').to_owned();
                let other = format!("{}{rest}", self.text(whole.start..range.start));
                let name = self.text(field.member.span().byte_range()).to_owned();
                self.instead(expression, &format!("delete field {name}"), &other);
            }
        }
        visit::visit_expr_struct(self, expression);
    }

    // What is computed when the program is built cannot be switched.
    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_trait_item_const(&mut self, _: &'ast syn::TraitItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_item_enum(&mut self, _: &'ast syn::ItemEnum) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
    fn visit_expr_repeat(&mut self, expression: &'ast syn::ExprRepeat) {
        self.visit_expr(&expression.expr);
    }

    fn visit_pat(&mut self, pattern: &'ast Pat) {
        if let Pat::Guard(guarded) = pattern {
            self.visit_expr(&guarded.guard);
        }
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        let cfg_test = || attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"));
        path.is_ident("test") || path.is_ident("cfg") && cfg_test()
    })
}

/// Returns whether it is, or joins, a `let` of a condition, which cannot stand anywhere else.
fn has_let(expression: &Expr) -> bool {
    match expression {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

/// Returns what an operator becomes.
fn others(operator: &BinOp) -> &'static [&'static str] {
    match operator {
        BinOp::Add(_) => &["-", "*"],
        BinOp::Sub(_) => &["+", "/"],
        BinOp::Mul(_) => &["+", "/"],
        BinOp::Div(_) => &["%", "*"],
        BinOp::Rem(_) => &["/", "+"],
        BinOp::And(_) => &["||"],
        BinOp::Or(_) => &["&&"],
        BinOp::BitXor(_) => &["|", "&"],
        BinOp::BitAnd(_) => &["|", "^"],
        BinOp::BitOr(_) => &["&", "^"],
        BinOp::Shl(_) => &[">>"],
        BinOp::Shr(_) => &["<<"],
        BinOp::Eq(_) => &["!="],
        BinOp::Ne(_) => &["=="],
        BinOp::Lt(_) => &["==", ">", "<="],
        BinOp::Gt(_) => &["==", "<", ">="],
        BinOp::Le(_) => &[">"],
        BinOp::Ge(_) => &["<"],
        BinOp::AddAssign(_) => &["-=", "*="],
        BinOp::SubAssign(_) => &["+=", "/="],
        BinOp::MulAssign(_) => &["+=", "/="],
        BinOp::DivAssign(_) => &["%=", "*="],
        BinOp::RemAssign(_) => &["/=", "+="],
        BinOp::BitXorAssign(_) => &["|=", "&="],
        BinOp::BitAndAssign(_) => &["|=", "^="],
        BinOp::BitOrAssign(_) => &["&=", "^="],
        BinOp::ShlAssign(_) => &[">>="],
        BinOp::ShrAssign(_) => &["<<="],
        _ => &[],
    }
}
