//! The texts of a command as serde reads them: each becomes what the field's type asks for.

use serde::de::value::Error;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, VariantAccess,
    Visitor, value::SeqDeserializer,
};

use super::Argument;

/// Turns a client's name into the number of its session.
type Sessions<'a> = &'a dyn Fn(&str) -> Option<u64>;

/// A command with its values.
#[derive(Clone, Copy)]
pub(super) struct CommandText<'a> {
    pub(super) name: &'a str,
    pub(super) arguments: &'a [Argument],
    pub(super) session: Sessions<'a>,
}

/// The values alone.
pub(super) struct Fields<'a>(CommandText<'a>);

/// One value.
#[derive(Clone, Copy)]
struct Scalar<'a> {
    text: &'a str,
    session: Sessions<'a>,
}

impl<'de> Deserializer<'de> for CommandText<'_> {
    type Error = Error;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de, 'a> EnumAccess<'de> for CommandText<'a> {
    type Error = Error;
    type Variant = Fields<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Fields<'a>), Error> {
        let name: serde::de::value::StrDeserializer<'_, Error> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Fields(self)))
    }
}

impl<'de> VariantAccess<'de> for Fields<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0.arguments.first() {
            None => Ok(()),
            Some((_, value)) => Err(Error::custom(format_args!("takes no values, found {value:?}"))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        let session = self.0.session;
        let values = self.0.arguments.iter().map(|(_, text)| Scalar { text, session });
        visitor.visit_seq(SeqDeserializer::new(values))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Pairs::new(self.0, fields)?)
    }
}

/// The values of a variant that holds a struct or a single value.
impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Pairs::new(self.0, fields)?)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.arguments {
            [(_, text)] => Scalar { text, session: self.0.session }.deserialize_any(visitor),
            arguments => Err(Error::custom(format_args!("takes one value, found {}", arguments.len()))),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0.arguments {
            [(_, text)] => Scalar { text, session: self.0.session }.deserialize_newtype_struct(name, visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Names and values, those without a name put to the fields that are left, in order.
struct Pairs<'a> {
    pairs: std::vec::IntoIter<(&'a str, Scalar<'a>)>,
    value: Option<(&'a str, Scalar<'a>)>,
}

impl<'a> Pairs<'a> {
    fn new(command: CommandText<'a>, fields: &'static [&'static str]) -> Result<Self, Error> {
        let named = |field: &str| command.arguments.iter().any(|(name, _)| name.as_deref() == Some(field));
        let mut left = fields.iter().copied().filter(|field| !named(field));
        let mut pairs = Vec::new();
        for (name, text) in command.arguments {
            let name = match name {
                Some(name) => name.as_str(),
                None => left.next().ok_or_else(|| {
                    Error::custom(format_args!(
                        "{text:?} is one value too many; fields are {}",
                        fields.join(", ")
                    ))
                })?,
            };
            pairs.push((name, Scalar { text, session: command.session }));
        }
        Ok(Self { pairs: pairs.into_iter(), value: None })
    }
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(pair) = self.pairs.next() else { return Ok(None) };
        self.value = Some(pair);
        let name: serde::de::value::StrDeserializer<'_, Error> = pair.0.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (name, value) = self.value.take().ok_or_else(|| Error::custom("a value without a name"))?;
        seed.deserialize(value)
            .map_err(|error| Error::custom(format_args!("{name}={:?}: {error}", value.text)))
    }
}

impl<'de> IntoDeserializer<'de, Error> for Scalar<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Reads a number of the type that is asked for.
macro_rules! numbers {
    ($($method:ident $visit:ident $kind:ty;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let number = whole(self.text).and_then(|number| <$kind>::try_from(number).ok());
            visitor.$visit(number.ok_or_else(|| {
                Error::custom(format_args!("write a whole number from {} to {}", <$kind>::MIN, <$kind>::MAX))
            })?)
        })*
    };
}

impl<'de> Deserializer<'de> for Scalar<'_> {
    type Error = Error;

    numbers! {
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.text.parse().map_err(|_| Error::custom("write a number"))?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text {
            "on" | "yes" | "true" | "1" => visitor.visit_bool(true),
            "off" | "no" | "false" | "0" => visitor.visit_bool(false),
            _ => Err(Error::custom("write on or off")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name != "SessionId" || whole(self.text).is_some() {
            return visitor.visit_newtype_struct(self);
        }
        let session = (self.session)(self.text)
            .ok_or_else(|| Error::custom("write the name of a client or the number of a session"))?;
        let session: serde::de::value::U64Deserializer<Error> = session.into_deserializer();
        visitor.visit_newtype_struct(session)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let text: serde::de::value::StrDeserializer<'_, Error> = self.text.into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let session = self.session;
        let parts = self.text.split(',').map(|text| Scalar { text: text.trim(), session });
        visitor.visit_seq(SeqDeserializer::new(parts.filter(|part| !part.text.is_empty())))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text)
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple_struct map struct identifier ignored_any
    }
}

/// Reads a whole number, decimal or `0x…`.
fn whole(text: &str) -> Option<i128> {
    match text.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
