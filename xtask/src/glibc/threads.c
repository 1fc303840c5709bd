/* Since glibc 2.32 the C++ library asks whether there is one thread. "Not known" is always a right answer. */
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
