//! Whether two sides mean the same by the bytes of a record.

use std::sync::OnceLock;

use ctp_types::{
    FieldKind, MdCallback, MdRequest, Record, RecordDescriptor, RspInfoField, TraderCallback, TraderRequest,
};

/// Returns the digest of every method's number and of every record's layout: FNV-1a over a text that
/// `docs/sim-protocol.md` describes.
pub fn layout_digest() -> u64 {
    static DIGEST: OnceLock<u64> = OnceLock::new();
    *DIGEST.get_or_init(|| {
        let mut digest = Digest(0xCBF2_9CE4_8422_2325);
        for callback in TraderCallback::ALL {
            digest.method(callback.name(), callback.record());
        }
        for callback in MdCallback::ALL {
            digest.method(callback.name(), callback.record());
        }
        for request in TraderRequest::ALL {
            digest.method(request.name(), Some(request.record()));
        }
        for request in MdRequest::ALL {
            digest.method(request.name(), Some(request.record()));
        }
        digest.record(RspInfoField::DESCRIPTOR);
        digest.0
    })
}

struct Digest(u64);

impl Digest {
    fn method(&mut self, name: &str, record: Option<&RecordDescriptor>) {
        self.text(name);
        if let Some(record) = record {
            self.record(record);
        }
    }

    fn record(&mut self, record: &RecordDescriptor) {
        self.text(&format!("{} {}", record.c_name, record.size));
        for field in record.fields {
            let kind = match field.kind {
                FieldKind::Text(length) => format!("text{length}"),
                FieldKind::Char | FieldKind::Enumeration(_) => "char".to_owned(),
                FieldKind::Short => "short".to_owned(),
                FieldKind::Int => "int".to_owned(),
                FieldKind::UnsignedInt => "unsigned".to_owned(),
                FieldKind::LongLong => "long".to_owned(),
                FieldKind::Double => "double".to_owned(),
            };
            self.text(&format!("{} {} {kind}", field.c_name, field.offset));
        }
    }

    fn text(&mut self, line: &str) {
        for byte in line.bytes().chain([b'\n']) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }
}
