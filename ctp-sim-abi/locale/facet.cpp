// libctp_sim_facet.so: a std::locale whose codecvt<wchar_t, char> is GB18030, without any locale of the system.
//
// The characters are those of libctp_sim.so; nothing of glibc's locales or gconv modules is needed.
#include <dlfcn.h>
#include <limits.h>
#include <locale>
#include <new>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace {
// The length of the first character, 0 when it is cut off, -1 when it is none.
typedef int32_t (*decode_function)(const uint8_t *bytes, size_t length, uint32_t *code_point);
// The length of the character in `bytes`, which has room for 4, or -1.
typedef int32_t (*encode_function)(uint32_t code_point, uint8_t *bytes);

pthread_once_t once = PTHREAD_ONCE_INIT;
decode_function decode;
encode_function encode;

// As the facades find it: CTP_SIM_LIBRARY, else beside this file's real path.
void *open_core() {
    const char *chosen = getenv("CTP_SIM_LIBRARY");
    if (chosen && *chosen) return dlopen(chosen, RTLD_NOW | RTLD_LOCAL);
    Dl_info own;
    char real[PATH_MAX], path[PATH_MAX + 32];
    if (!dladdr(reinterpret_cast<void *>(&open_core), &own) || !realpath(own.dli_fname, real)) return nullptr;
    char *slash = strrchr(real, '/');
    if (!slash) return nullptr;
    *slash = 0;
    snprintf(path, sizeof path, "%s/libctp_sim.so", real);
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

void find() {
    void *core = open_core();
    if (core) {
        decode = reinterpret_cast<decode_function>(dlsym(core, "ctp_sim_gb18030_decode"));
        encode = reinterpret_cast<encode_function>(dlsym(core, "ctp_sim_gb18030_encode"));
    }
    if (!decode || !encode) {
        const char *reason = dlerror();
        fprintf(stderr, "ctp-sim: cannot decode Chinese without libctp_sim.so (%s)\n", reason ? reason : "too old");
    }
}

class Gb18030 : public std::codecvt<wchar_t, char, mbstate_t> {
protected:
    result do_in(state_type &, const char *from, const char *from_end, const char *&from_next, wchar_t *to,
                 wchar_t *to_end, wchar_t *&to_next) const override {
        result done = ok;
        for (; from != from_end && done == ok;) {
            uint32_t code_point = 0;
            int32_t length = next(from, from_end, &code_point);
            if (length <= 0) done = length == 0 ? partial : error;
            else if (to == to_end) done = partial;
            else { *to++ = static_cast<wchar_t>(code_point); from += length; }
        }
        from_next = from;
        to_next = to;
        return done;
    }

    result do_out(state_type &, const wchar_t *from, const wchar_t *from_end, const wchar_t *&from_next, char *to,
                  char *to_end, char *&to_next) const override {
        result done = ok;
        for (; from != from_end && done == ok;) {
            uint8_t bytes[4];
            int32_t length = encode(static_cast<uint32_t>(*from), bytes);
            if (length <= 0) done = error;
            else if (to_end - to < length) done = partial;
            else { memcpy(to, bytes, static_cast<size_t>(length)); to += length; ++from; }
        }
        from_next = from;
        to_next = to;
        return done;
    }

    result do_unshift(state_type &, char *to, char *, char *&to_next) const override {
        to_next = to;
        return noconv;
    }

    int do_encoding() const noexcept override { return 0; }
    bool do_always_noconv() const noexcept override { return false; }
    int do_max_length() const noexcept override { return 4; }

    int do_length(state_type &, const char *from, const char *from_end, size_t most) const override {
        const char *end = from;
        for (size_t count = 0; count < most && end != from_end; ++count) {
            uint32_t code_point = 0;
            int32_t length = next(end, from_end, &code_point);
            if (length <= 0) break;
            end += length;
        }
        return static_cast<int>(end - from);
    }

private:
    static int32_t next(const char *from, const char *from_end, uint32_t *code_point) {
        return decode(reinterpret_cast<const uint8_t *>(from), static_cast<size_t>(from_end - from), code_point);
    }
};
}

// Makes a locale in `locale`, by the C++ library where the system has that locale, else of our own; false when neither
// can be.
extern "C" __attribute__((visibility("default"))) bool ctp_sim_chinese_locale(void *locale, const char *name, void (*standard)(void *, const char *)) {
    try {
        standard(locale, name);
        return true;
    } catch (...) {
        // The system has none.
    }
    pthread_once(&once, find);
    if (!decode || !encode) return false;
    try {
        new (locale) std::locale(std::locale::classic(), new Gb18030);
        return true;
    } catch (...) {
        return false;
    }
}
