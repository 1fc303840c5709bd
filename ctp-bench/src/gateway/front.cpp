// A market data library for the gateway's bench: the vendor's class, whose one thread delivers ticks when and as fast as it
// is told, and measures what each callback cost it.
//
// Its front is the bench, which sends lines over TCP and gets a line for each:
//   run COUNT INTERVAL     COUNT ticks, one every INTERVAL ns or back to back for 0
//   watch COUNT INTERVAL   the same, counting callbacks that entered the kernel
//   due COUNT INTERVAL     as run, but `PreDelta` is when the tick was due: what a callback holds up counts
//   bare COUNT INTERVAL    the same to an SPI that takes the time and copies the record, and nothing else
// Answer: p50 p99 p999 max (ns of one callback), seconds, allocations, callbacks with a system call, and how many times the
// thread went to sleep.
// `PreDelta` of each tick is the time just before its callback, in ns of CLOCK_MONOTONIC.

#include "ThostFtdcMdApi.h"

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <dlfcn.h>
#include <functional>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

namespace {

const int SYSCALL_USER_DISPATCH = 59;
const size_t BUCKETS = 1 << 17;
const char *const DAY = "20261123";
const char *const PRODUCTS[] = {"rb", "hc", "ag", "au", "cu", "al", "zn", "pb", "ni", "sn",
                                "ss", "fu", "bu", "ru", "sp", "m",  "y",  "p",  "c",  "i"};

int64_t nanoseconds(clockid_t clock) {
    timespec now;
    clock_gettime(clock, &now);
    return int64_t(now.tv_sec) * 1000000000 + now.tv_nsec;
}

// Not counted: that the system takes the core away.
long sleeps_of_thread() {
    rusage used{};
    getrusage(RUSAGE_THREAD, &used);
    return used.ru_nvcsw;
}

template <size_t N> void put(char (&field)[N], const char *text) { std::snprintf(field, N, "%s", text); }

// Set while a callback runs that shall not enter the kernel. The kernel reads it at every system call of the thread.
volatile char watched = 0;
volatile long entered = 0;

void on_system_call(int, siginfo_t *info, void *context) {
    watched = 0;
    entered = entered + 1;
    // Do it after all: behind this return, once more.
    auto &registers = static_cast<ucontext_t *>(context)->uc_mcontext.gregs;
    registers[REG_RIP] -= 2;
    registers[REG_RAX] = info->si_syscall;
}

// What cannot be avoided: the time, and a copy of the record.
class Bare : public CThostFtdcMdSpi {
    struct Slot {
        int64_t received;
        CThostFtdcDepthMarketDataField record;
    };
    std::vector<Slot> slots;
    size_t count = 0;

public:
    // Before the run, not with every object: sessions shall be cheap.
    void make_room() { slots.resize(1 << 14); }
    void OnRtnDepthMarketData(CThostFtdcDepthMarketDataField *record) override {
        Slot &slot = slots[count++ % slots.size()];
        slot.received = nanoseconds(CLOCK_REALTIME);
        std::memcpy(&slot.record, record, sizeof *record);
    }
};

class Front : public CThostFtdcMdApi {
    CThostFtdcMdSpi *spi = nullptr;
    std::string address;
    std::thread thread;
    std::mutex mutex;
    std::deque<std::function<void()>> jobs;
    std::atomic<bool> stopped{false};
    int stream = -1;
    std::string line;
    std::vector<CThostFtdcDepthMarketDataField> ticks;
    std::vector<uint32_t> histogram;
    size_t sent = 0;
    Bare bare;

    void later(std::function<void()> job) {
        std::lock_guard<std::mutex> lock(mutex);
        jobs.push_back(std::move(job));
    }

    void connect_front() {
        const size_t port = address.rfind(':');
        sockaddr_in target{};
        target.sin_family = AF_INET;
        target.sin_port = htons(uint16_t(std::atoi(address.c_str() + port + 1)));
        target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(stream, reinterpret_cast<sockaddr *>(&target), sizeof target)) {
            close(stream);
            stream = -1;
            return;
        }
        int on = 1;
        setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        spi->OnFrontConnected();
    }

    void work() {
        make_ticks();
        connect_front();
        while (!stopped) {
            std::function<void()> job;
            {
                std::lock_guard<std::mutex> lock(mutex);
                if (!jobs.empty()) {
                    job = std::move(jobs.front());
                    jobs.pop_front();
                }
            }
            if (job) {
                job();
                continue;
            }
            pollfd ready{stream, POLLIN, 0};
            if (poll(&ready, 1, 1) == 1) read_commands();
        }
        if (stream >= 0) close(stream);
    }

    void read_commands() {
        char bytes[256];
        const ssize_t count = recv(stream, bytes, sizeof bytes, MSG_DONTWAIT);
        if (count <= 0) {
            close(stream);
            stream = -1;
            return;
        }
        for (ssize_t at = 0; at < count; ++at) {
            if (bytes[at] != '\n') {
                line += bytes[at];
                continue;
            }
            char what[16];
            long number = 0, interval = 0;
            if (std::sscanf(line.c_str(), "%15s %ld %ld", what, &number, &interval) == 3)
                run(what[0] == 'b' ? &bare : spi, number, interval, what[0] == 'w', what[0] == 'd' && interval > 0);
            line.clear();
        }
    }

    void make_ticks() {
        for (const char *product : PRODUCTS) {
            for (int month = 1; month <= 12; ++month) {
                CThostFtdcDepthMarketDataField tick{};
                char id[16];
                std::snprintf(id, sizeof id, "%s27%02d", product, month);
                put(tick.InstrumentID, id);
                put(tick.TradingDay, DAY);
                put(tick.ActionDay, DAY);
                put(tick.UpdateTime, "10:00:00");
                tick.LastPrice = tick.OpenPrice = tick.HighestPrice = tick.LowestPrice = 3925;
                tick.PreSettlementPrice = tick.PreClosePrice = 3900;
                tick.UpperLimitPrice = 4300;
                tick.LowerLimitPrice = 3500;
                tick.SettlementPrice = tick.ClosePrice = tick.CurrDelta = 1.7976931348623157e308;
                tick.AveragePrice = 39250;
                tick.OpenInterest = 1e6;
                tick.BidPrice1 = 3925;
                tick.AskPrice1 = 3926;
                tick.BidVolume1 = tick.AskVolume1 = 10;
                ticks.push_back(tick);
            }
        }
    }

    // The next tick: half a second after the last of the same instrument.
    CThostFtdcDepthMarketDataField &next() {
        CThostFtdcDepthMarketDataField &tick = ticks[sent % ticks.size()];
        const size_t half_seconds = sent / ticks.size(), second = half_seconds / 2 % 3600;
        ++sent;
        tick.UpdateMillisec = half_seconds % 2 * 500;
        tick.UpdateTime[3] = char('0' + second / 600);
        tick.UpdateTime[4] = char('0' + second / 60 % 10);
        tick.UpdateTime[6] = char('0' + second % 60 / 10);
        tick.UpdateTime[7] = char('0' + second % 10);
        tick.Volume += 1;
        tick.Turnover += 39250;
        return tick;
    }

    void run(CThostFtdcMdSpi *target, long count, long interval, bool watch, bool stamp_due) {
        const auto allocations = reinterpret_cast<long (*)()>(dlsym(RTLD_DEFAULT, "ctp_bench_allocations"));
        histogram.assign(BUCKETS, 0);
        bare.make_room();
        if (watch) {
            struct sigaction action {};
            action.sa_sigaction = on_system_call;
            action.sa_flags = SA_SIGINFO;
            sigaction(SIGSYS, &action, nullptr);
            watched = 0;
            watch = prctl(SYSCALL_USER_DISPATCH, 1, 0, 0, &watched) == 0;
        }
        entered = 0;
        int64_t longest = 0;
        const long allocated = allocations ? allocations() : 0;
        const long slept = sleeps_of_thread();
        const int64_t begin = nanoseconds(CLOCK_MONOTONIC);
        int64_t due = begin, end = begin;
        for (long number = 0; number < count && !stopped; ++number) {
            CThostFtdcDepthMarketDataField &tick = next();
            int64_t start = nanoseconds(CLOCK_MONOTONIC);
            while (start < due) start = nanoseconds(CLOCK_MONOTONIC);
            tick.PreDelta = double(stamp_due ? due : start);
            watched = watch;
            target->OnRtnDepthMarketData(&tick);
            watched = 0;
            end = nanoseconds(CLOCK_MONOTONIC);
            const int64_t took = end - start;
            histogram[std::min(size_t(took), BUCKETS - 1)] += 1;
            longest = std::max(longest, took);
            due += interval;
        }
        const long sleeps = sleeps_of_thread() - slept;
        const long made = allocations ? allocations() - allocated : -1;
        if (watch) prctl(SYSCALL_USER_DISPATCH, 0, 0, 0, 0);
        char answer[256];
        const int length = std::snprintf(answer, sizeof answer, "%ld %ld %ld %ld %.9f %ld %ld %ld\n", percentile(0.5, count),
                                         percentile(0.99, count), percentile(0.999, count), long(longest),
                                         double(end - begin) / 1e9, made, watch ? entered : -1L, sleeps);
        if (send(stream, answer, size_t(length), MSG_NOSIGNAL) != length) stopped = true;
    }

    long percentile(double part, long count) const {
        double left = part * double(count);
        for (size_t bucket = 0; bucket < BUCKETS; ++bucket) {
            left -= histogram[bucket];
            if (left <= 0) return long(bucket);
        }
        return long(BUCKETS);
    }

public:
    void Release() override {
        stopped = true;
        if (thread.joinable()) thread.join();
        delete this;
    }
    void Init() override { thread = std::thread([this] { work(); }); }
    int Join() override { return 0; }
    const char *GetTradingDay() override { return DAY; }
    void RegisterFront(char *front) override { address = front; }
    void RegisterNameServer(char *) override {}
    void RegisterFensUserInfo(CThostFtdcFensUserInfoField *) override {}
    void RegisterSpi(CThostFtdcMdSpi *given) override { spi = given; }
    int SubscribeMarketData(char *ids[], int count) override {
        for (int at = 0; at < count; ++at) {
            CThostFtdcSpecificInstrumentField subscribed{};
            put(subscribed.InstrumentID, ids[at]);
            later([this, subscribed]() mutable {
                CThostFtdcRspInfoField fine{};
                spi->OnRspSubMarketData(&subscribed, &fine, 0, true);
            });
        }
        return 0;
    }
    int UnSubscribeMarketData(char *[], int) override { return 0; }
    int SubscribeForQuoteRsp(char *[], int) override { return 0; }
    int UnSubscribeForQuoteRsp(char *[], int) override { return 0; }
    int ReqUserLogin(CThostFtdcReqUserLoginField *request, int id) override {
        CThostFtdcRspUserLoginField answer{};
        put(answer.TradingDay, DAY);
        put(answer.LoginTime, "10:00:00");
        std::memcpy(answer.BrokerID, request->BrokerID, sizeof answer.BrokerID);
        std::memcpy(answer.UserID, request->UserID, sizeof answer.UserID);
        put(answer.SystemName, "bench");
        answer.FrontID = answer.SessionID = 1;
        later([this, answer, id]() mutable {
            CThostFtdcRspInfoField fine{};
            spi->OnRspUserLogin(&answer, &fine, id, true);
        });
        return 0;
    }
    int ReqUserLogout(CThostFtdcUserLogoutField *, int) override { return 0; }
    int ReqQryMulticastInstrument(CThostFtdcQryMulticastInstrumentField *, int) override { return 0; }
};

} // namespace

CThostFtdcMdApi *CThostFtdcMdApi::CreateFtdcMdApi(const char *, const bool, const bool, bool) { return new Front; }

const char *CThostFtdcMdApi::GetApiVersion() { return "v6.7.13_20260225 14:16:30.12079"; }
