//! A client may end the thread that calls it: Python before 3.14 does so to threads that call into it while it ends.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod compiler;

use std::process::Command;

use ctp_gen::emit::facade::{self, Kind};
use ctp_gen::models;
use ctp_gen::overlay::Overlay;

/// A client in one library with its facade: the first callback ends its thread.
const CLIENT: &str = r#"
struct ending_spi : CThostFtdcMdSpi {
    void OnFrontConnected() override { called = true; pthread_exit(nullptr); }
    volatile bool called = false;
};
extern "C" CTP_EXPORT int trial(const char *flow) {
    static ending_spi spi;
    CThostFtdcMdApi *api = CThostFtdcMdApi::CreateFtdcMdApi(flow, false, false, true);
    api->RegisterSpi(&spi);
    char front[] = "sim://ending-threads";
    api->RegisterFront(front);
    api->Init();
    for (int tenths = 0; tenths < 300 && !spi.called; ++tenths) usleep(100000);
    usleep(200000);
    return spi.called ? 0 : 1;
}
"#;

const PROGRAM: &str = r#"
#include <dlfcn.h>
#include <stdio.h>
int main(int, char **arguments) {
    void *library = dlopen(arguments[1], RTLD_NOW);
    if (!library) { fprintf(stderr, "%s\n", dlerror()); return 2; }
    int (*trial)(const char *) = reinterpret_cast<int (*)(const char *)>(dlsym(library, "trial"));
    int failed = trial(arguments[2]);
    printf("%s\n", failed ? "no callback came" : "alive");
    return failed;
}
"#;

#[test]
fn a_thread_that_a_client_ends_takes_nothing_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (library, program) = (folder.path().join("client.so"), folder.path().join("program"));
    let current = models::current();
    let text = facade::cpp(current, current, Overlay::committed(), Kind::Md).unwrap();
    compiler::shared_library(&format!("{text}\n{CLIENT}"), &library);
    compiler::program(PROGRAM, &program);
    let mut command = Command::new(program);
    command.arg(library).arg(folder.path().join("flow_")).env("CTP_SIM_LIBRARY", compiler::core());
    assert_eq!(compiler::output(&mut command), "alive\n");
}
