//! What people read first.

use super::{Emission, File, package};
use crate::{Api, api::ClassKind};

pub(super) fn file(emission: &Emission<'_>, version: &Api) -> File {
    let api = emission.api;
    let (label, library) = (api.label(), version.label());
    let (name, identifier) = package::names(api);
    let methods = |kind: ClassKind| api.class(kind).methods.len();
    let sections = emission.sections.iter();
    let topics: String = sections
        .filter(|section| !section.records.is_empty() || !section.enumerations.is_empty())
        .map(|section| format!("- `{}`: {}\n", section.topic.name, section.topic.doc))
        .collect();
    let current = if label == library { String::new() } else { format!(" --current {label}") };
    let text = format!(
        "<!-- Emitted by ctp-gen from the API model {label}. Emit anew instead of editing. -->

# {name} {package_version}

The CTP API as a crate, `{family}` {version}: {records} records, {enumerations} enumerations with {constants}
values, {calls} calls and {callbacks} callbacks. The facts come from the vendor's headers, the sentences are ours.

```toml
[dependencies]
{name} = {{ path = \"…\" }}
```

```rust
{example}```

## What is here

- `src/`: the crate. It needs `std` and `encoding_rs` (GBK).
  - `records`, `enumerations` and `constants` have a module per topic, and show all of them at their root.
  - `layout` proves at compile time that every record has the size and field offsets of the vendor's.
  - `requests` and `callbacks` are the index: what answers what. `spi` has a method per callback.
  - `text` is GBK in and out, `secret` what `Debug` hides, `price` says that `DBL_MAX` is no value.
- [`REQUESTS.md`](REQUESTS.md): every request with the callbacks that answer it.
- `cpp/adapter.cpp`: the library {library} behind C functions that speak the records of this crate, one C++14
  file that needs no vendor header. `src/adapter.rs` declares them (feature `adapter`).
- `cpp/facade_md.cpp`, `cpp/facade_trader.cpp`: the other way round, the vendor's exported names in front of a
  core of our own, the simulator's.
- `python/`: type stubs of the Python package.

## Topics

{topics}
## Made anew

`ctp-gen emit {library}{current} --out DIR` made this folder. The same command with another version brings it up
to date: it replaces its own files, removes those that it no longer writes, and leaves yours. `.ctp-gen` lists its
files; `sha256sum -c .ctp-gen` tells whether one was edited.
",
        package_version = package::version(&api.version),
        family = api.family,
        version = api.version,
        records = api.records.len(),
        enumerations = api.enumerations.len(),
        constants = api.constant_count(),
        calls = methods(ClassKind::MdApi) + methods(ClassKind::TraderApi),
        callbacks = methods(ClassKind::MdSpi) + methods(ClassKind::TraderSpi),
        example = package::EXAMPLE.replace("CRATE", &identifier),
    );
    File { path: "README.md".to_owned(), text }
}
