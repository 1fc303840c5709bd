//! Hints to the processor.

/// Asks for the memory of `value`, which is about to be written by this core.
#[inline]
#[cfg(all(target_arch = "x86_64", not(loom), not(miri)))]
pub(crate) fn prefetch_for_writing<T>(value: &T) {
    const LINE: usize = 64;
    let start = std::ptr::from_ref(value).cast::<u8>();
    for offset in (0..size_of::<T>()).step_by(LINE) {
        // SAFETY: the instruction changes no register, flag or memory; a processor that does not know it does nothing.
        // The standard library's function becomes a hint for reading where the target may be such a processor.
        unsafe {
            std::arch::asm!(
                "prefetchw [{}]",
                in(reg) start.wrapping_add(offset),
                options(nostack, preserves_flags, readonly)
            );
        }
    }
}

#[inline]
#[cfg(not(all(target_arch = "x86_64", not(loom), not(miri))))]
pub(crate) fn prefetch_for_writing<T>(_value: &T) {}

/// Asks for the memory of `value`, which is about to be read by this core.
#[inline]
#[cfg(all(target_arch = "x86_64", not(loom), not(miri)))]
pub(crate) fn prefetch_for_reading<T>(value: &T) {
    const LINE: usize = 64;
    let start = std::ptr::from_ref(value).cast::<u8>();
    for offset in (0..size_of::<T>()).step_by(LINE) {
        // SAFETY: the instruction changes no register, flag or memory.
        unsafe {
            std::arch::asm!(
                "prefetcht0 [{}]",
                in(reg) start.wrapping_add(offset),
                options(nostack, preserves_flags, readonly)
            );
        }
    }
}

#[inline]
#[cfg(not(all(target_arch = "x86_64", not(loom), not(miri))))]
pub(crate) fn prefetch_for_reading<T>(_value: &T) {}
