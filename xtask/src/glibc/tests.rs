use super::*;

const TABLE: &str = "
   Num:    Value          Size Type    Bind   Vis      Ndx Name
     1: 0000000000000000     0 OBJECT  GLOBAL DEFAULT  UND _rtld_global@GLIBC_PRIVATE (35)
     2: 0000000000085500   195 FUNC    GLOBAL DEFAULT   15 dlopen@GLIBC_2.2.5
     3: 0000000000085500   195 FUNC    GLOBAL DEFAULT   15 dlopen@@GLIBC_2.34
     4: 00000000000a2d70    40 FUNC    GLOBAL DEFAULT   15 memcpy@GLIBC_2.2.5
     5: 000000000009be70   265 IFUNC   GLOBAL DEFAULT   15 memcpy@@GLIBC_2.14
     6: 00000000001db5d8     1 OBJECT  GLOBAL DEFAULT   34 __libc_single_threaded@@GLIBC_2.32
     7: 00000000001d3860     8 OBJECT  GLOBAL DEFAULT   34 stdout@@GLIBC_2.2.5
     8: 000000000001ab30    12 FUNC    GLOBAL DEFAULT   15 __libc_pthread_init@@GLIBC_PRIVATE
     9: 0000000000000000     0 OBJECT  GLOBAL DEFAULT  ABS GLIBC_2.2.5
";

#[test]
fn the_newest_version_that_is_old_enough_is_taken() {
    let found = symbols::parse(TABLE, NEWEST);
    let shown: Vec<_> = found
        .iter()
        .map(|symbol| format!("{} {} {:?} {}", symbol.name, symbol.version, symbol.kind, symbol.size))
        .collect();
    assert_eq!(
        shown,
        ["dlopen GLIBC_2.2.5 Function 195", "memcpy GLIBC_2.14 Function 265", "stdout GLIBC_2.2.5 Object 8"]
    );
    assert_eq!(found.iter().map(|symbol| home("c", symbol)).collect::<Vec<_>>(), ["dl", "c", "c"]);
}

#[test]
fn what_is_too_new_or_nowhere_is_named() {
    let text = "
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]
 0x0000000000000001 (NEEDED)             Shared library: [libssl.so.3]
     1: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND memcpy@GLIBC_2.14 (3)
     2: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND dlsym@GLIBC_2.34 (4)
     3: 0000000000000000     0 FUNC    WEAK   DEFAULT  UND gettid
     4: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND _ZdlPvm@CXXABI_1.3.9 (5)
     5: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND _ZSt4x@GLIBCXX_3.4.30 (6)
     6: 0000000000001234     9 FUNC    GLOBAL DEFAULT   15 ours@@GLIBC_2.99
";
    assert_eq!(audit::faults(text), ["libssl.so.3", "dlsym@GLIBC_2.34", "_ZSt4x@GLIBCXX_3.4.30"]);
}

/// Uses what moved or changed since 2.28, in C++ with a constructor, a thread, an exception and files.
const PROGRAM: &str = r#"
    #include <cmath>
    #include <cstdio>
    #include <cstdlib>
    #include <dlfcn.h>
    #include <memory>
    #include <pthread.h>
    #include <stdexcept>
    #include <sys/stat.h>

    static int constructed = 0;
    struct Early { Early() { constructed = 41; } };
    static Early early;

    static void *thread(void *given) { *static_cast<int *>(given) += 1; return nullptr; }

    int main(int count, char **arguments) {
        pthread_t id;
        if (pthread_create(&id, nullptr, thread, &constructed) != 0 || pthread_join(id, nullptr) != 0) return 1;
        struct stat about;
        if (stat(arguments[0], &about) != 0 || about.st_size == 0 || !S_ISREG(about.st_mode)) return 2;
        if (dlsym(RTLD_DEFAULT, "malloc") == nullptr) return 3;
        if (pow(2.0, count) != 2.0 || std::log(1.0) != 0.0) return 4;
        try { throw std::runtime_error("thrown"); } catch (const std::exception &) { constructed += 1; }
        auto shared = std::make_shared<int>(constructed);
        printf("%d\n", *shared);
        return *shared == 43 ? 0 : 5;
    }
"#;

#[test]
fn a_program_linked_with_the_stand_ins_is_old_and_runs() {
    let work = tempfile::tempdir().unwrap();
    let (source, program) = (work.path().join("a.cpp"), work.path().join("a"));
    fs::write(&source, PROGRAM).unwrap();
    let mut plain = Command::new("g++");
    plain.args(["-O1", "-pthread", "-o"]).arg(&program).arg(&source).arg("-ldl");
    shell::output(&mut plain).unwrap();
    let newer = check(&program);
    shell::output(plain.args(arguments().unwrap())).unwrap();
    check(&program).unwrap();
    assert_eq!(shell::output(&mut Command::new(&program)).unwrap(), b"43\n");
    // On a machine as old as that, nothing would be too new without us either.
    let own = symbols::of(&system_library("libc.so.6").unwrap(), Version(9, 0, 0)).unwrap();
    assert_eq!(newer.is_err(), own.iter().any(|symbol| symbol.version >= Version(2, 34, 0)));
}
