//! Reads a CTP library's own tables out of the loaded file.
//!
//! The vendor does not strip its libraries, and they say more than their headers:
//! - the table of virtual functions of the class that implements the API: which method stands in which slot;
//! - for every callback a forwarder of the same name, whose code loads the SPI's slot;
//! - for every record (but mini's) a `CFieldDescribe`, filled when the library is loaded, by which it writes
//!   records to the wire: name, offset and size of each field.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use object::{Object as _, ObjectSymbol as _, SymbolKind};

/// A loaded library and its symbols.
pub(crate) struct Tables {
    symbols: BTreeMap<String, &'static [u8]>,
    names: HashMap<usize, Vec<String>>,
    version: String,
}

/// A field as the library describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DescribedField {
    pub(crate) name: String,
    pub(crate) offset: usize,
    pub(crate) size: usize,
}

impl Tables {
    /// Loads the library for good and maps its symbols.
    pub(crate) fn load(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_else(|error| {
            panic!("{} is missing ({error}); run `cargo xtask vendor`", path.display())
        });
        let file = object::File::parse(bytes.as_slice()).expect("an ELF file");
        // SAFETY: a vendor library, pinned by digest; loading it is what the test is about.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }.expect("loadable");
        let library: &Library = Box::leak(Box::new(library));
        let get_version = file
            .dynamic_symbols()
            .find(|symbol| symbol.name().is_ok_and(|name| name.ends_with("Api13GetApiVersionEv")))
            .expect("a CTP library exports GetApiVersion");
        let name = get_version.name().expect("a name");
        // SAFETY: the mangled name says: static, no parameters; by the vendor's header it returns a C string.
        let (base, version) = unsafe {
            let function =
                library.get::<unsafe extern "C" fn() -> *const std::ffi::c_char>(name).expect(name);
            let version = std::ffi::CStr::from_ptr(function()).to_string_lossy().trim().to_owned();
            ((*function as *const u8).sub(get_version.address() as usize), version)
        };
        let mut tables = Self { symbols: BTreeMap::new(), names: HashMap::new(), version };
        for symbol in file.symbols().chain(file.dynamic_symbols()) {
            let (Ok(name), true) = (symbol.name(), symbol.is_definition() && symbol.size() > 0) else {
                continue;
            };
            let is_memory = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data);
            if !is_memory || !name.starts_with("_Z") || tables.symbols.contains_key(name) {
                continue;
            }
            // SAFETY: the file says that it maps `size` bytes there, and it is never unloaded. The forwarders
            // and tables that are read here do not change once the library is loaded.
            let memory = unsafe {
                std::slice::from_raw_parts(base.add(symbol.address() as usize), symbol.size() as usize)
            };
            tables.names.entry(memory.as_ptr() as usize).or_default().push(name.to_owned());
            tables.symbols.insert(name.to_owned(), memory);
        }
        tables
    }

    /// What the library says of its version.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The implementing class's methods by slot: the API's, then the callbacks that it gets itself.
    pub(crate) fn methods_by_slot(&self, class: &str) -> Vec<String> {
        let table = self.symbols.get(&format!("_ZTV{}{class}", class.len())).copied().unwrap_or_default();
        let (words, _) = table.as_chunks::<8>();
        // Offset to the top and type information come first.
        let functions = words.iter().skip(2).map(|word| usize::from_le_bytes(*word));
        functions
            .map_while(|function| self.names.get(&function)?.iter().find_map(|name| method(name, class)))
            .collect()
    }

    /// For every forwarder `class::On…`, the slot of the SPI that it calls; some are empty and call none.
    pub(crate) fn callback_slots(&self, class: &str) -> BTreeMap<String, usize> {
        let forwarders = self.symbols.iter().filter_map(|(name, code)| {
            let name = method(name, class).filter(|name| name.starts_with("On"))?;
            Some((name, called_slot(code)?))
        });
        forwarders.collect()
    }

    /// The fields of every record that the library describes, by C name of the record.
    pub(crate) fn records(&self) -> BTreeMap<String, Vec<DescribedField>> {
        let descriptions = self.symbols.iter().filter_map(|(name, memory)| {
            let class = name.strip_prefix("_ZN")?.strip_suffix("10m_DescribeE")?;
            let name = class.trim_start_matches(|digit: char| digit.is_ascii_digit()).strip_prefix("CFTD")?;
            Some((format!("CThostFtdc{name}"), described_fields(memory)))
        });
        descriptions.collect()
    }
}

/// `ReqOrderInsert`, if `symbol` is `CFtdcTraderApiImpl::ReqOrderInsert(…)`.
fn method(symbol: &str, class: &str) -> Option<String> {
    let rest = symbol.strip_prefix("_ZN")?.strip_prefix(&class.len().to_string())?.strip_prefix(class)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let length = rest[..digits].parse::<usize>().ok()?;
    let name = rest.get(digits..digits + length)?;
    rest[digits + length..].starts_with('E').then(|| name.to_owned())
}

/// The slot that a forwarder calls: it loads the SPI's table into `rax`, loads the function's address from it,
/// and jumps there.
fn called_slot(code: &[u8]) -> Option<usize> {
    (0..code.len()).find_map(|start| {
        let (prefix, rest) = match code.get(start..)? {
            [prefix @ (0x48 | 0x4C), 0x8B, rest @ ..] => (*prefix, rest),
            [0xFF, rest @ ..] => (0xFF, rest),
            _ => return None,
        };
        let (&operand, rest) = rest.split_first()?;
        let (mode, register, base) = (operand >> 6, operand >> 3 & 7, operand & 7);
        let (offset, rest) = match (mode, base) {
            (0, 0) => (0, rest),
            (1, 0) => (usize::from(*rest.first()?), &rest[1..]),
            (2, 0) => (u32::from_le_bytes(*rest.first_chunk()?) as usize, &rest[4..]),
            _ => return None,
        };
        let jumps = match prefix {
            // `jmp *offset(%rax)` or `call`.
            0xFF => matches!(register, 2 | 4),
            // `mov offset(%rax), register`, then `jmp *register` or `call`.
            0x48 => matches!(rest, [0xFF, to, ..] if [0xE0 | register, 0xD0 | register].contains(to)),
            _ => matches!(rest, [0x41, 0xFF, to, ..] if [0xE0 | register, 0xD0 | register].contains(to)),
        };
        jumps.then_some(offset / 8)
    })
}

/// Reads a `CFieldDescribe`: the number of fields, and for each its kind, its offset in the record, its offset on
/// the wire, its size and its name.
fn described_fields(memory: &[u8]) -> Vec<DescribedField> {
    const COUNT: usize = 0x70;
    const FIELDS: usize = 0xD8;
    const FIELD: usize = 76;
    let number = |at: usize| {
        let bytes = memory.get(at..).and_then(<[u8]>::first_chunk).expect("inside the description");
        usize::try_from(i32::from_le_bytes(*bytes)).expect("not negative")
    };
    let fields = (0..number(COUNT)).map(|position| {
        let at = FIELDS + FIELD * position;
        let name = memory.get(at + 16..at + FIELD).expect("inside the description");
        let end = name.iter().position(|byte| *byte == 0).expect("a NUL behind the name");
        DescribedField {
            name: String::from_utf8_lossy(&name[..end]).into_owned(),
            offset: number(at + 4),
            size: number(at + 12),
        }
    });
    fields.collect()
}
