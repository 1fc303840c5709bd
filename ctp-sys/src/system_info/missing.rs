//! What a collector could not collect.

use std::{ffi::c_int, fmt, ops::BitOr};

/// A set of items that a collector could not find.
///
/// An item that has no name here is kept: a collector may be newer than this crate.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Missing(u32);

impl Missing {
    /// The kind of terminal (终端类型).
    pub const TERMINAL_TYPE: Self = Self(1);
    /// The time of collection (采集时间).
    pub const COLLECTION_TIME: Self = Self(1 << 1);
    /// Every IP address (IP 地址).
    pub const IP_ADDRESS: Self = Self(1 << 2);
    /// Every network card's address (MAC 地址).
    pub const MAC_ADDRESS: Self = Self(1 << 3);
    /// The machine's name (设备名).
    pub const DEVICE_NAME: Self = Self(1 << 4);
    /// The operating system's version (操作系统版本).
    pub const OS_VERSION: Self = Self(1 << 5);
    /// The disk's serial number (硬盘序列号).
    pub const DISK_SERIAL: Self = Self(1 << 6);
    /// The processor's serial number (CPU 序列号).
    pub const CPU_SERIAL: Self = Self(1 << 7);
    /// The BIOS's serial number (BIOS 序列号).
    pub const BIOS_SERIAL: Self = Self(1 << 8);
    /// The system's partition (系统盘分区); Windows only.
    pub const SYSTEM_PARTITION: Self = Self(1 << 9);
    /// Something, and the collector does not say what: collectors before 6.6.7 return −1.
    pub const UNSPECIFIED: Self = Self(1 << 31);

    /// Reads the return code of `CTP_GetSystemInfo`.
    pub fn from_code(code: c_int) -> Self {
        u32::try_from(code).map_or(Self::UNSPECIFIED, Self)
    }

    /// Returns the items as bits, numbered as in `DataCollect.h`.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Returns whether everything was collected.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns whether all of `items` are missing.
    pub fn contains(self, items: Self) -> bool {
        self.0 & items.0 == items.0
    }

    /// Returns each missing item by itself.
    pub fn iter(self) -> impl Iterator<Item = Self> {
        (0..u32::BITS).map(|bit| Self(1 << bit)).filter(move |item| self.contains(*item))
    }

    fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::TERMINAL_TYPE => "terminal type",
            Self::COLLECTION_TIME => "collection time",
            Self::IP_ADDRESS => "IP address",
            Self::MAC_ADDRESS => "MAC address",
            Self::DEVICE_NAME => "device name",
            Self::OS_VERSION => "operating system version",
            Self::DISK_SERIAL => "disk serial number",
            Self::CPU_SERIAL => "CPU serial number",
            Self::BIOS_SERIAL => "BIOS serial number",
            Self::SYSTEM_PARTITION => "system partition",
            Self::UNSPECIFIED => "something that the collector does not name",
            _ => return None,
        })
    }
}

impl BitOr for Missing {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Names the items, separated by commas, or says `nothing`.
impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return formatter.write_str("nothing");
        }
        for (position, item) in self.iter().enumerate() {
            if position > 0 {
                formatter.write_str(", ")?;
            }
            match item.name() {
                Some(name) => formatter.write_str(name)?,
                None => write!(formatter, "item {}", item.0.trailing_zeros())?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Missing({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_machine_without_root_is_read() {
        let missing = Missing::from_code(0x1C0);
        assert_eq!(missing, Missing::DISK_SERIAL | Missing::CPU_SERIAL | Missing::BIOS_SERIAL);
        assert_eq!(missing.to_string(), "disk serial number, CPU serial number, BIOS serial number");
        assert_eq!(missing.iter().count(), 3);
        assert!(missing.contains(Missing::CPU_SERIAL) && !missing.contains(Missing::MAC_ADDRESS));
    }

    #[test]
    fn nothing_something_and_the_unknown_are_told_apart() {
        assert!(Missing::from_code(0).is_empty());
        assert_eq!(Missing::from_code(0).to_string(), "nothing");
        assert_eq!(Missing::from_code(-1), Missing::UNSPECIFIED);
        assert_eq!(Missing::from_code(1 << 12).to_string(), "item 12");
        assert_eq!(format!("{:?}", Missing::from_code(1)), "Missing(terminal type)");
    }
}
