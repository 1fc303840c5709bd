//! A fence in two halves: the one that is passed often costs nothing, the other calls the system.

use crate::sync::{Ordering, fence};

/// Both halves, as this system has them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Barrier {
    is_split: bool,
}

impl Barrier {
    /// Asks the system for the split fence; without it both halves are whole ones.
    pub(crate) fn new() -> Self {
        Self { is_split: system::register() }
    }

    /// Passes the half that costs nothing: the compiler keeps the order, and [`heavy`](Self::heavy) sees to the
    /// processor.
    #[inline]
    pub(crate) fn light(self) {
        if self.is_split {
            std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
        } else {
            fence(Ordering::SeqCst);
        }
    }

    /// Passes the other half: when it returns, every thread of the process has passed a whole fence.
    pub(crate) fn heavy(self) {
        if !(self.is_split && system::barrier()) {
            fence(Ordering::SeqCst);
        }
    }
}

#[cfg(all(target_os = "linux", not(loom), not(miri)))]
mod system {
    use std::ffi::{c_int, c_long, c_uint};

    const MEMBARRIER: c_long = if cfg!(target_arch = "x86_64") { 324 } else { 283 };
    const PRIVATE_EXPEDITED: c_int = 1 << 3;
    const REGISTER_PRIVATE_EXPEDITED: c_int = 1 << 4;

    unsafe extern "C" {
        // The C library's, which the standard library brings along.
        fn syscall(number: c_long, ...) -> c_long;
    }

    fn membarrier(command: c_int) -> bool {
        // SAFETY: `membarrier` takes two numbers (and ignores a third), touches no memory of ours, and refuses a command
        // that it does not know.
        unsafe { syscall(MEMBARRIER, command, c_uint::default(), c_int::default()) == 0 }
    }

    /// Registers the process, which lasts as long as it.
    pub(super) fn register() -> bool {
        membarrier(REGISTER_PRIVATE_EXPEDITED)
    }

    /// Makes every running thread of the process pass a fence. It cannot fail in a registered process.
    pub(super) fn barrier() -> bool {
        membarrier(PRIVATE_EXPEDITED)
    }
}

#[cfg(not(all(target_os = "linux", not(loom), not(miri))))]
mod system {
    pub(super) fn register() -> bool {
        false
    }

    pub(super) fn barrier() -> bool {
        false
    }
}
