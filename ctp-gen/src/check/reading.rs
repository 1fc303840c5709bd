//! bindgen's Rust read back into the terms of the model.

use std::collections::BTreeMap;

use syn::{Fields, ForeignItem, Item, ItemConst, ItemStruct, Lit, Meta, Type};

use super::{bindings::Bindings, layout::Layout, spelling};
use crate::api::{Field, Method, Parameter, PlainEnum, Record, ScalarType, Static, Typedef};

/// What bindgen says of a header set: everything that it knows, in the model's terms.
#[derive(Default)]
pub struct Reading {
    /// C++ namespace of the API classes.
    pub(super) namespace: Option<String>,
    pub(super) typedefs: Vec<Typedef>,
    pub(super) records: Vec<Record>,
    /// Constants with a number for a value.
    pub(super) constants: BTreeMap<String, i64>,
    pub(super) plain_enums: Vec<PlainEnum>,
    /// Virtual methods in slot order, by class; `None` of a class whose table bindgen does not know.
    pub(super) classes: BTreeMap<String, Option<Vec<Method>>>,
    /// Static methods as `Class_method`, and free functions.
    pub(super) functions: Vec<Static>,
}

/// What a text declares, before names are looked up in each other.
#[derive(Default)]
struct Declarations<'a> {
    namespaces: BTreeMap<String, String>,
    aliases: BTreeMap<String, String>,
    alias_order: Vec<String>,
    structs: Vec<&'a ItemStruct>,
    layout: Layout,
    constants: Vec<&'a ItemConst>,
    functions: Vec<&'a syn::ForeignItemFn>,
}

const VTABLE: &str = "__bindgen_vtable";

impl Reading {
    /// Reads both texts; the error names what is not understood.
    pub(super) fn of(texts: &Bindings) -> Result<Self, String> {
        let mut reading = Self::default();
        {
            let file = syn::parse_file(&texts.declarations).map_err(|error| error.to_string())?;
            let mut found = Declarations::default();
            found.take(&file.items, None)?;
            reading.namespace = found.namespaces.get("CThostFtdcTraderApi").cloned();
            reading.take_constants(&found)?;
            reading.take_typedefs(&found)?;
            reading.take_structs(&found)?;
            reading.take_functions(&found)?;
        }
        let file = syn::parse_file(&texts.callbacks).map_err(|error| error.to_string())?;
        let mut found = Declarations::default();
        found.take(&file.items, None)?;
        // In place of what the first text has of the SPI classes: the methods without a body.
        reading.take_structs(&found)?;
        Ok(reading)
    }

    /// Constants of a number are the headers' `#define`s; those of a named type are values of that enumeration.
    fn take_constants(&mut self, found: &Declarations<'_>) -> Result<(), String> {
        for item in &found.constants {
            let name = spelling::c_name(&item.ident);
            let value = spelling::number(&item.expr).map_err(|error| format!("constant {name}: {error}"))?;
            let of = spelling::c_type(&item.ty)?;
            if !found.aliases.contains_key(&of) {
                self.constants.insert(name, value);
                continue;
            }
            match self.plain_enums.iter_mut().find(|plain_enum| plain_enum.name == of) {
                Some(plain_enum) => plain_enum.values.push((name, value)),
                None => self.plain_enums.push(PlainEnum { name: of, values: vec![(name, value)] }),
            }
        }
        Ok(())
    }

    fn take_typedefs(&mut self, found: &Declarations<'_>) -> Result<(), String> {
        for name in &found.alias_order {
            if self.plain_enums.iter().any(|plain_enum| plain_enum.name == *name) {
                continue;
            }
            let scalar: ScalarType =
                found.resolved(name).parse().map_err(|error| format!("typedef {name}: {error}"))?;
            self.typedefs.push(Typedef { name: name.clone(), scalar });
        }
        Ok(())
    }

    fn take_structs(&mut self, found: &Declarations<'_>) -> Result<(), String> {
        for item in &found.structs {
            let name = spelling::c_name(&item.ident);
            match (&item.fields, name.strip_suffix(VTABLE)) {
                (Fields::Named(_), Some(class)) => {
                    let methods = self.methods(item, class)?;
                    self.classes.insert(class.to_owned(), Some(methods));
                }
                (_, Some(class)) => {
                    self.classes.insert(class.to_owned(), None);
                }
                (Fields::Named(fields), None) if fields.named.iter().any(is_table_pointer) => {}
                (_, None) => self.records.push(record(item, name, &found.layout)?),
            }
        }
        Ok(())
    }

    /// Reads `Class_Method: unsafe extern "C" fn(this: *mut Class, …)` of a table.
    fn methods(&self, table: &ItemStruct, class: &str) -> Result<Vec<Method>, String> {
        let prefix = format!("{class}_");
        let method = |slot: &syn::Field| {
            let name = slot.ident.as_ref().map(spelling::c_name).unwrap_or_default();
            let Type::FnPtr(pointer) = &slot.ty else {
                return Err(format!("{class}: slot {name} is not a function"));
            };
            let parameters = pointer.inputs.iter().skip(1).map(|input| {
                let name = input.name.as_ref().map(|(name, _)| spelling::c_name(name)).unwrap_or_default();
                self.parameter(name, &input.ty)
            });
            Ok(Method {
                name: name.strip_prefix(&prefix).unwrap_or(&name).to_owned(),
                returns: spelling::returned(&pointer.output)?,
                parameters: parameters.collect::<Result<_, _>>()?,
            })
        };
        table.fields.iter().map(method).collect()
    }

    fn take_functions(&mut self, found: &Declarations<'_>) -> Result<(), String> {
        for item in &found.functions {
            let name = spelling::c_name(&item.sig.ident);
            let parameters = item.sig.inputs.iter().map(|input| match input {
                syn::FnArg::Typed(syn::PatType { pat, ty, .. }) => match &**pat {
                    syn::Pat::Ident(ident) => self.parameter(spelling::c_name(&ident.ident), ty),
                    _ => Err(format!("parameter without a name of {name}")),
                },
                syn::FnArg::Receiver(_) => Err(format!("receiver of {name}")),
            });
            let parameters = parameters.collect::<Result<_, String>>()?;
            let symbol = symbol(item).unwrap_or_else(|| name.clone());
            self.functions.push(Static {
                returns: spelling::returned(&item.sig.output)?,
                name,
                symbol,
                parameters,
            });
        }
        Ok(())
    }

    /// The model has what a typedef stands for, since this is what the mangled name has.
    fn parameter(&self, name: String, written: &Type) -> Result<Parameter, String> {
        let spelled = spelling::c_type(written)?;
        let c_type = match self.typedefs.iter().find(|typedef| typedef.name == spelled) {
            Some(typedef) => typedef.scalar.to_string(),
            None => spelled,
        };
        Ok(Parameter { name, c_type, default: None })
    }
}

impl<'a> Declarations<'a> {
    /// Sorts the items of a module and of the modules in it, which are C++ namespaces.
    fn take(&mut self, items: &'a [Item], namespace: Option<&str>) -> Result<(), String> {
        for item in items {
            match item {
                Item::Mod(module) => {
                    let name = spelling::c_name(&module.ident);
                    let inner = (name != "root").then_some(name);
                    let content = module.content.as_ref().map(|(_, items)| items.as_slice());
                    self.take(content.unwrap_or_default(), inner.as_deref())?;
                }
                Item::Type(alias) => {
                    let name = spelling::c_name(&alias.ident);
                    self.aliases.insert(name.clone(), spelling::c_type(&alias.ty)?);
                    self.alias_order.push(name);
                }
                Item::Const(constant) if constant.ident == "_" => self.layout.take(constant)?,
                Item::Const(constant) => self.constants.push(constant),
                Item::Struct(structure) => {
                    let name = spelling::c_name(&structure.ident);
                    self.namespaces.extend(namespace.map(|namespace| (name, namespace.to_owned())));
                    self.structs.push(structure);
                }
                Item::ForeignMod(block) => {
                    for item in &block.items {
                        match item {
                            ForeignItem::Fn(function) => self.functions.push(function),
                            other => return Err(first_words(other)),
                        }
                    }
                }
                // `use self::super::root;`, and wrappers that call the functions above.
                Item::Use(_) | Item::Impl(_) => {}
                other => return Err(first_words(other)),
            }
        }
        Ok(())
    }

    /// Returns what the alias `name` stands for in the end.
    fn resolved<'b>(&'b self, name: &'b str) -> &'b str {
        let mut spelled = name;
        // A chain of aliases is no longer than their number.
        for _ in 0..self.aliases.len() {
            match self.aliases.get(spelled) {
                Some(next) => spelled = next,
                None => break,
            }
        }
        spelled
    }
}

fn record(item: &ItemStruct, c_name: String, layout: &Layout) -> Result<Record, String> {
    let rust_name = item.ident.to_string();
    let field = |field: &syn::Field| {
        let ident = field.ident.as_ref().ok_or_else(|| format!("field without a name in {c_name}"))?;
        let whole = format!("{c_name}::{ident}");
        Ok(Field {
            c_name: spelling::c_name(ident),
            typedef: spelling::c_type(&field.ty)?,
            offset: layout
                .offset(&rust_name, &ident.to_string())
                .ok_or_else(|| format!("{whole} without an offset"))?,
        })
    };
    let fields = item.fields.iter().map(field).collect::<Result<_, String>>()?;
    let size = layout.size(&rust_name).ok_or_else(|| format!("struct {c_name} without a size"))?;
    Ok(Record { c_name, size, fields })
}

/// Whether `field` is the hidden pointer of a class with virtual methods.
fn is_table_pointer(field: &syn::Field) -> bool {
    field.ident.as_ref().is_some_and(|ident| ident == "vtable_")
}

/// Returns the name of `#[link_name = "\u{1}_ZN…"]`; the mark says that nothing is to be put before it.
fn symbol(item: &syn::ForeignItemFn) -> Option<String> {
    item.attrs.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("link_name") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: Lit::Str(name), .. }) => {
                Some(name.value().trim_start_matches('\u{1}').to_owned())
            }
            _ => None,
        },
        _ => None,
    })
}

fn first_words(item: &impl quote::ToTokens) -> String {
    item.to_token_stream().to_string().chars().take(80).collect()
}
