#include <dlfcn.h>
#include <limits.h>
#include <new>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define CTP_EXPORT __attribute__((visibility("default")))

namespace {
typedef void (*ctp_sim_deliver)(void *context, uint32_t method, const void *record, const void *rsp_info, int32_t number, bool is_last);

// The functions of libctp_sim.so (crate ctp-sim-abi). Records are those of the current model.
struct core_functions {
    void *(*create)(uint32_t kind, const char *flow, const char *api_version, bool production, ctp_sim_deliver deliver, void *context);
    void (*release)(void *);
    void (*init)(void *);
    int32_t (*join)(void *);
    const char *(*trading_day)(void *);
    void (*register_front)(void *, const char *);
    void (*register_name_server)(void *, const char *);
    void (*subscribe_topic)(void *, uint32_t topic, int32_t resume_type, int32_t sequence);
    int32_t (*request)(void *, uint32_t method, const void *record, int32_t request_id);
    int32_t (*instruments)(void *, uint32_t method, const char *const *ids, int32_t count);
    int32_t (*front_info)(void *, void *);
    int32_t (*answer_unsupported)(void *, uint32_t callback, bool is_query, int32_t request_id);
} core;

const char *const CORE_NAME = "libctp_sim.so";
pthread_once_t core_once = PTHREAD_ONCE_INIT;
bool core_loaded = false;

// CTP_SIM_LIBRARY, else beside this file's real path, else in the folder above. $ORIGIN would not do: it
// is the symbolic link's folder where the facade was linked elsewhere.
void *open_core() {
    const char *chosen = getenv("CTP_SIM_LIBRARY");
    if (chosen && *chosen) return dlopen(chosen, RTLD_NOW | RTLD_LOCAL);
    Dl_info own;
    char real[PATH_MAX];
    if (!dladdr(reinterpret_cast<void *>(&open_core), &own) || !realpath(own.dli_fname, real)) return nullptr;
    for (int up = 0; up < 2; ++up) {
        char *slash = strrchr(real, '/');
        if (!slash) return nullptr;
        *slash = 0;
        char candidate[PATH_MAX + 32];
        snprintf(candidate, sizeof candidate, "%s/%s", real, CORE_NAME);
        if (void *handle = dlopen(candidate, RTLD_NOW | RTLD_LOCAL)) return handle;
    }
    return nullptr;
}

template <typename Function> bool find(void *handle, const char *name, Function &function) {
    function = reinterpret_cast<Function>(dlsym(handle, name));
    return function != nullptr;
}

void load_core_once() {
    void *handle = open_core();
    core_loaded = handle && find(handle, "ctp_sim_create", core.create) && find(handle, "ctp_sim_release", core.release)
        && find(handle, "ctp_sim_init", core.init) && find(handle, "ctp_sim_join", core.join)
        && find(handle, "ctp_sim_trading_day", core.trading_day) && find(handle, "ctp_sim_register_front", core.register_front)
        && find(handle, "ctp_sim_register_name_server", core.register_name_server)
        && find(handle, "ctp_sim_subscribe_topic", core.subscribe_topic) && find(handle, "ctp_sim_request", core.request)
        && find(handle, "ctp_sim_instruments", core.instruments) && find(handle, "ctp_sim_front_info", core.front_info)
        && find(handle, "ctp_sim_answer_unsupported", core.answer_unsupported);
    if (!core_loaded) {
        const char *reason = dlerror();
        fprintf(stderr, "ctp-sim: cannot load %s (%s); put it beside this library or set CTP_SIM_LIBRARY\n", CORE_NAME, reason ? reason : "not found");
    }
}

bool load_core() {
    pthread_once(&core_once, load_core_once);
    return core_loaded;
}
}

// What unwinds through a callback. An interpreter that ends lets a thread which calls into it end as well (Python before
// 3.14 by pthread_exit), and that unwinds: where the vendor's library has nothing in the way, the simulator's frames do. Such
// a thread waits here for the end of the process instead. An exception passes, as if this were not here.
extern "C" __attribute__((visibility("hidden"), used)) int ctp_sim_personality(int, int actions, uint64_t, void *, void *) {
    const int FORCED = 8, CONTINUE = 8;
    if (actions & FORCED) for (;;) pause();
    return CONTINUE;
}
#define CTP_CALLBACK_FRAME __asm__ volatile(".cfi_personality 0x1b, ctp_sim_personality")

// The facade links no C++ runtime; a pure virtual call cannot happen, every method is overridden.
extern "C" __attribute__((visibility("hidden"))) void __cxa_pure_virtual() { abort(); }
