// libctp_sim_locale.so: std::locale("zh_CN.GB18030") for clients on systems without that locale.
//
// Loaded before a client, by LD_PRELOAD or with RTLD_GLOBAL, this std::locale::locale(const char *) goes before that of
// the C++ library. It needs no C++ library itself, so that it fixes none: the client's own is used. Any locale but
// Chinese ones in GBK or GB18030 is made by the C++ library as ever.
#include <ctype.h>
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace {
typedef void (*construct)(void *locale, const char *name);
typedef bool (*construct_chinese)(void *locale, const char *name, construct standard);

const char *const SYMBOL = "_ZNSt6localeC1EPKc";
const char *const FACET = "libctp_sim_facet.so";

pthread_once_t once = PTHREAD_ONCE_INIT;
construct standard;
construct_chinese chinese;

// The library with the facet lies beside this one.
void *open_facet() {
    Dl_info own;
    char real[PATH_MAX], path[PATH_MAX + 32];
    if (!dladdr(reinterpret_cast<void *>(&open_facet), &own) || !realpath(own.dli_fname, real)) return nullptr;
    char *slash = strrchr(real, '/');
    if (!slash) return nullptr;
    *slash = 0;
    snprintf(path, sizeof path, "%s/%s", real, FACET);
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

void find() {
    // Who calls us has it loaded.
    void *library = dlopen("libstdc++.so.6", RTLD_LAZY);
    standard = library ? reinterpret_cast<construct>(dlsym(library, SYMBOL)) : nullptr;
    if (!standard) {
        fprintf(stderr, "ctp-sim: libstdc++.so.6 has no std::locale(const char *)\n");
        abort();
    }
    void *facet = open_facet();
    chinese = facet ? reinterpret_cast<construct_chinese>(dlsym(facet, "ctp_sim_chinese_locale")) : nullptr;
    if (!chinese) {
        const char *reason = dlerror();
        fprintf(stderr, "ctp-sim: cannot load %s (%s): put it beside libctp_sim_locale.so\n", FACET, reason ? reason : "not found");
    }
}

// Whether a locale's encoding is one of ours: what follows the dot, without case and hyphens.
bool is_ours(const char *name) {
    const char *dot = name ? strchr(name, '.') : nullptr;
    if (!dot) return false;
    char encoding[16];
    size_t length = 0;
    for (const char *c = dot + 1; *c && *c != '@'; ++c) {
        if (*c == '-') continue;
        if (length + 1 == sizeof encoding) return false;
        encoding[length++] = static_cast<char>(tolower(static_cast<unsigned char>(*c)));
    }
    encoding[length] = 0;
    return !strcmp(encoding, "gb18030") || !strcmp(encoding, "gbk") || !strcmp(encoding, "gb2312");
}

void make(void *locale, const char *name) {
    pthread_once(&once, find);
    if (chinese && is_ours(name) && chinese(locale, name, standard)) return;
    // Throws where there is none.
    standard(locale, name);
}
}

extern "C" __attribute__((visibility("default"))) void ctp_sim_locale(void *locale, const char *name) asm("_ZNSt6localeC1EPKc");
void ctp_sim_locale(void *locale, const char *name) { make(locale, name); }

extern "C" __attribute__((visibility("default"))) void ctp_sim_base_locale(void *locale, const char *name) asm("_ZNSt6localeC2EPKc");
void ctp_sim_base_locale(void *locale, const char *name) { make(locale, name); }
