/* Before glibc 2.33 these were no symbols of the library: each program had them inside, as calls of versioned ones. */
#define HIDDEN __attribute__((visibility("hidden")))

/* The version of struct stat on x86-64, and of device numbers. */
enum { STAT = 1, NODE = 0 };

int __xstat(int, const char *, void *);
int __lxstat(int, const char *, void *);
int __fxstat(int, int, void *);
int __fxstatat(int, int, const char *, void *, int);
int __xstat64(int, const char *, void *);
int __lxstat64(int, const char *, void *);
int __fxstat64(int, int, void *);
int __fxstatat64(int, int, const char *, void *, int);
int __xmknod(int, const char *, unsigned, unsigned long *);
int __xmknodat(int, int, const char *, unsigned, unsigned long *);

HIDDEN int stat(const char *path, void *to) { return __xstat(STAT, path, to); }
HIDDEN int lstat(const char *path, void *to) { return __lxstat(STAT, path, to); }
HIDDEN int fstat(int file, void *to) { return __fxstat(STAT, file, to); }
HIDDEN int fstatat(int at, const char *path, void *to, int flags) { return __fxstatat(STAT, at, path, to, flags); }
HIDDEN int stat64(const char *path, void *to) { return __xstat64(STAT, path, to); }
HIDDEN int lstat64(const char *path, void *to) { return __lxstat64(STAT, path, to); }
HIDDEN int fstat64(int file, void *to) { return __fxstat64(STAT, file, to); }
HIDDEN int fstatat64(int at, const char *path, void *to, int flags) { return __fxstatat64(STAT, at, path, to, flags); }
HIDDEN int mknod(const char *path, unsigned mode, unsigned long device) { return __xmknod(NODE, path, mode, &device); }
HIDDEN int mknodat(int at, const char *path, unsigned mode, unsigned long device) {
    return __xmknodat(NODE, at, path, mode, &device);
}
