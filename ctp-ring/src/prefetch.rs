//! Hints to the processor.

/// Asks for the memory of `value`, which is about to be written by this core.
#[inline]
pub(crate) fn prefetch_for_writing<T>(value: &T) {
    lines(value).for_each(hint::for_writing);
}

/// Asks for the memory of `value`, which is about to be read by this core.
#[inline]
pub(crate) fn prefetch_for_reading<T>(value: &T) {
    lines(value).for_each(hint::for_reading);
}

/// Returns an address in each cache line of `value`.
#[inline]
fn lines<T>(value: &T) -> impl Iterator<Item = *const u8> {
    const LINE: usize = 64;
    let start = std::ptr::from_ref(value).cast::<u8>();
    (0..size_of::<T>()).step_by(LINE).map(move |offset| start.wrapping_add(offset))
}

#[cfg(all(target_arch = "x86_64", not(loom), not(miri)))]
mod hint {
    use std::arch::asm;

    #[inline]
    pub(super) fn for_writing(line: *const u8) {
        // SAFETY: the instruction changes no register, flag or memory; a processor that does not know it does nothing.
        // The standard library's function becomes a hint for reading where the target may be such a processor.
        unsafe { asm!("prefetchw [{}]", in(reg) line, options(nostack, preserves_flags, readonly)) };
    }

    #[inline]
    pub(super) fn for_reading(line: *const u8) {
        // SAFETY: the instruction changes no register, flag or memory.
        unsafe { asm!("prefetcht0 [{}]", in(reg) line, options(nostack, preserves_flags, readonly)) };
    }
}

/// Without a hint everything is the same, only slower.
#[cfg(not(all(target_arch = "x86_64", not(loom), not(miri))))]
mod hint {
    pub(super) fn for_writing(_line: *const u8) {}
    pub(super) fn for_reading(_line: *const u8) {}
}
