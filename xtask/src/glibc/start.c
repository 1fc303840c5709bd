/* Before glibc 2.34 a program brought the loop over its constructors with it and gave it to __libc_start_main; the
   start files of a newer glibc give none. A newer glibc still takes it, from who asks for the old version. */
#define HIDDEN __attribute__((visibility("hidden")))

typedef int Main(int, char **, char **);
typedef void Constructor(int, char **, char **);

int old_start_main(Main *, int, char **, Constructor *, void (*)(void), void (*)(void), void *);
__asm__(".symver old_start_main, __libc_start_main@GLIBC_2.2.5");

extern Constructor *__init_array_start[] HIDDEN;
extern Constructor *__init_array_end[] HIDDEN;
extern void _init(void);

static void construct(int count, char **arguments, char **environment) {
    _init();
    for (Constructor **each = __init_array_start; each != __init_array_end; each++) {
        (*each)(count, arguments, environment);
    }
}

HIDDEN int __libc_start_main(Main *program, int count, char **arguments, Constructor *init, void (*fini)(void),
                             void (*loader_fini)(void), void *stack_end) {
    return old_start_main(program, count, arguments, init ? init : construct, fini, loader_fini, stack_end);
}
