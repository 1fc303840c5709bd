#include <float.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <vector>

// Where a field stands on one side: offset (-1: nowhere), kind (t text, c char, s i u l numbers, d double), size.
struct place { int offset; char kind; int size; };
// A field of either side; `number` is what a conversion says when the value does not fit.
struct field { const char *name; place old; place now; int number; };
struct record {
    const char *name; size_t old_size; size_t now_size; const field *fields; size_t count;
    int (*to_current)(const void *, void *); int (*from_current)(const void *, void *);
    const field *begin() const { return fields; }
    const field *end() const { return fields + count; }
};
typedef std::vector<char> bytes;

static int faults = 0;
static uint64_t seed = 0;
static void fault(const record &of, const char *name, const char *what) {
    if (++faults > 20) return; // The first ones tell it.
    printf("%s::%s %s (seed %llu)\n", of.name, name, what, static_cast<unsigned long long>(seed));
}

static uint64_t random_state = 1;
static uint64_t draw() { // xorshift64*
    random_state ^= random_state >> 12; random_state ^= random_state << 25; random_state ^= random_state >> 27;
    return random_state * UINT64_C(2685821657736338717);
}
static uint64_t draw(uint64_t below) { return draw() % below; }

// A text of `length` bytes: letters and whole characters of GBK.
static void put_text(char *at, int size, int length) {
    memset(at, 0, size);
    for (int i = 0; i < length;) {
        if (i + 1 < length && draw(2)) {
            at[i++] = static_cast<char>(0x81 + draw(0xFE - 0x81 + 1));
            at[i++] = static_cast<char>(0x40 + draw(0x7E - 0x40 + 1));
        } else {
            at[i++] = static_cast<char>('!' + draw('~' - '!' + 1));
        }
    }
}

static long long whole(char kind) {
    const long long small[] = { 0, 1, -1, static_cast<long long>(draw(1000)) - 500 };
    if (draw(3) == 0) return kind == 'u' ? llabs(small[draw(4)]) : small[draw(4)];
    switch (kind) {
        case 's': return static_cast<int16_t>(draw());
        case 'i': return draw(4) ? static_cast<int32_t>(draw()) : INT32_MIN + static_cast<long long>(draw(2)) * UINT32_MAX;
        case 'u': return static_cast<uint32_t>(draw());
        default: return static_cast<long long>(draw());
    }
}

static double real() {
    const double known[] = { DBL_MAX, -DBL_MAX, DBL_MIN, 0.0, -0.0, 3925.2, -1e-7, 1e15 };
    return draw(3) ? known[draw(8)] : static_cast<double>(static_cast<int64_t>(draw())) / 1e7;
}

static void put_number(char *at, char kind, long long value) {
    switch (kind) {
        case 's': { int16_t x = static_cast<int16_t>(value); memcpy(at, &x, sizeof x); return; }
        case 'i': { int32_t x = static_cast<int32_t>(value); memcpy(at, &x, sizeof x); return; }
        case 'u': { uint32_t x = static_cast<uint32_t>(value); memcpy(at, &x, sizeof x); return; }
        case 'l': { int64_t x = value; memcpy(at, &x, sizeof x); return; }
        case 'd': { double x = static_cast<double>(value); memcpy(at, &x, sizeof x); return; }
    }
}

// Any value of the place that the other side can hold, too.
static void put(char *base, const place &here, const place &other) {
    char *at = base + here.offset;
    bool alone = other.offset < 0, same = alone || here.kind == other.kind;
    if (here.kind == 't') {
        int longest = (alone || other.size > here.size ? here.size : other.size) - 1;
        if (!same) longest = 1;
        // Often the longest that fits, sometimes none.
        put_text(at, here.size, draw(3) ? longest : static_cast<int>(draw(longest + 1)));
    } else if (here.kind == 'c') {
        *at = static_cast<char>(same ? draw(256) : '0' + draw(10));
    } else if (!same) {
        put_number(at, here.kind, static_cast<long long>(draw(30000)));
    } else if (here.kind == 'd') {
        double x = real();
        memcpy(at, &x, sizeof x);
    } else {
        put_number(at, here.kind, whole(here.kind));
    }
}

static long double number(const char *at, char kind) {
    switch (kind) {
        case 's': { int16_t x; memcpy(&x, at, sizeof x); return x; }
        case 'i': { int32_t x; memcpy(&x, at, sizeof x); return x; }
        case 'u': { uint32_t x; memcpy(&x, at, sizeof x); return x; }
        case 'l': { int64_t x; memcpy(&x, at, sizeof x); return x; }
        default: { double x; memcpy(&x, at, sizeof x); return x; }
    }
}

static bool is_text(char kind) { return kind == 't' || kind == 'c'; }

static bool equal(const char *a, const place &first, const char *b, const place &second) {
    a += first.offset; b += second.offset;
    if (!is_text(first.kind)) {
        return first.kind == second.kind ? !memcmp(a, b, first.size) : number(a, first.kind) == number(b, second.kind);
    }
    size_t length = strnlen(a, first.size);
    return length == strnlen(b, second.size) && !memcmp(a, b, length);
}

static bool is_zero(const char *base, const place &here) {
    for (int i = 0; i < here.size; ++i) if (base[here.offset + i]) return false;
    return true;
}

// Every field of the source arrives, everything else is zero, though rubbish stood there before.
static bytes old_to_now(const record &of, const bytes &old) {
    bytes now(of.now_size, 0x5A);
    if (of.to_current(old.data(), now.data())) fault(of, "", "did not fit into the current version");
    for (const field &one : of) {
        if (one.now.offset < 0) continue;
        bool arrived = one.old.offset < 0 ? is_zero(now.data(), one.now) : equal(old.data(), one.old, now.data(), one.now);
        if (!arrived) fault(of, one.name, "is wrong in the current version");
    }
    return now;
}

static bytes now_to_old(const record &of, const bytes &now) {
    bytes old(of.old_size, 0x5A);
    if (of.from_current(now.data(), old.data())) fault(of, "", "did not fit into the older version");
    for (const field &one : of) {
        if (one.old.offset < 0) continue;
        bool arrived = one.now.offset < 0 ? is_zero(old.data(), one.old) : equal(now.data(), one.now, old.data(), one.old);
        if (!arrived) fault(of, one.name, "is wrong in the older version");
    }
    return old;
}

static bytes random_old(const record &of) {
    bytes old(of.old_size, 0);
    for (const field &one : of) if (one.old.offset >= 0) put(old.data(), one.old, one.now);
    return old;
}

static bytes random_now(const record &of) {
    bytes now(of.now_size, 0);
    for (const field &one : of) if (one.now.offset >= 0) put(now.data(), one.now, one.old);
    return now;
}

// Records with something in every field: texts of full length, distinct numbers.
static void full_records(const record &of) {
    bytes old(of.old_size, 0), now(of.now_size, 0);
    int n = 0;
    for (const field &one : of) {
        ++n;
        for (int side = 0; side < 2; ++side) {
            const place &here = side ? one.now : one.old, &other = side ? one.old : one.now;
            char *at = (side ? now : old).data() + here.offset;
            if (here.offset < 0) continue;
            int shorter = other.offset >= 0 && other.size < here.size ? other.size : here.size;
            if (here.kind == 't') memset(at, 'a' + n % 26, other.kind == 'c' ? 1 : shorter - 1);
            else if (here.kind == 'c') *at = static_cast<char>('a' + n % 26);
            else put_number(at, here.kind, n);
        }
    }
    old_to_now(of, old);
    now_to_old(of, now);
}

// A text that is too long for the older version is told by its field's number, and cut between characters.
static void long_texts(const record &of) {
    for (const field &one : of) {
        if (one.old.offset < 0 || one.now.offset < 0 || one.old.kind != 't' || one.now.kind != 't' || one.now.size <= one.old.size) continue;
        bytes now(of.now_size, 0), old(of.old_size, 0x5A);
        // One letter, then characters of two bytes, one of them too many.
        char *text = now.data() + one.now.offset;
        size_t kept = 1 + (one.old.size - 2) / 2 * 2;
        text[0] = 'x';
        memset(text + 1, 0xB0, kept + 1 < static_cast<size_t>(one.now.size) - 1 ? kept + 1 : one.now.size - 2);
        if (strnlen(text, one.now.size) < static_cast<size_t>(one.old.size)) continue; // The difference is half a character.
        if (of.from_current(now.data(), old.data()) != one.number) fault(of, one.name, "is not told to be too long");
        if (strnlen(old.data() + one.old.offset, one.old.size) != kept) fault(of, one.name, "is not cut between characters");
    }
}

// Random records keep every field that the older version has, on the way to the current one and back, and every
// field that both have on the way from the current one and back.
static void round_trips(const record &of, uint64_t with) {
    seed = with;
    random_state = with * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (int round = 0; round < 20; ++round) {
        bytes old = random_old(of), back = now_to_old(of, old_to_now(of, old));
        for (const field &one : of) {
            if (one.old.offset >= 0 && one.now.offset >= 0 && !equal(old.data(), one.old, back.data(), one.old)) fault(of, one.name, "did not come back");
        }
        bytes now = random_now(of), again = old_to_now(of, now_to_old(of, now));
        for (const field &one : of) {
            if (one.old.offset >= 0 && one.now.offset >= 0 && !equal(now.data(), one.now, again.data(), one.now)) fault(of, one.name, "did not come back");
        }
    }
    seed = 0;
}

