// A trading library for the bench of orders: the vendor's class, which takes the time at which each order enters it, and
// answers as little as a session needs. What it does not do itself is in rest.inc, made of the header.
//
// An order's LimitPrice is the time at which its caller began, in ns of CLOCK_MONOTONIC. Its front is the bench:
//   take N        answers: count p50 p99 p10 (ns from the order's time to the entry) of all since the last time
//   keep 0|1      orders are answered as cancelled, or as working
//   bare COUNT    answers: COUNT p50 p99 p10 of calls of the virtual method by itself
//   lines COUNT NS    answers: COUNT p50 p99 p10 of a walk through LINES lines of code and half as many of memory, one each NS
//   push COUNT OPEN   tells COUNT fills of the last OPEN orders, in turn; answers: COUNT 0 0 0
//   login N       answers: when the settlement was confirmed, which is behind the login, in ns; 0 0 0

#include "ThostFtdcTraderApi.h"

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <functional>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

const char *const DAY = "20261123";

int64_t now() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t(now.tv_sec) * 1000000000 + now.tv_nsec;
}

// About as much code and memory as an order's way through the gateway has.
const int LINES = 200;

// A line of code of its own, with a branch; every second one has a line of memory too.
template <int N> __attribute__((noinline, aligned(64))) uint64_t line(uint64_t given) {
    alignas(64) static volatile uint64_t memory = N;
    if (N % 2 == 0) memory = memory + given;
    return given & 1 ? given * (2 * N + 1) : given + N;
}

template <int N> struct Walk {
    static uint64_t from(uint64_t given) { return Walk<N - 1>::from(line<N>(given)); }
};
template <> struct Walk<0> {
    static uint64_t from(uint64_t given) { return given; }
};

template <size_t N> void put(char (&field)[N], const char *text) { std::snprintf(field, N, "%s", text); }

class Trader : public CThostFtdcTraderApi {
    CThostFtdcTraderSpi *spi = nullptr;
    std::string address, line;
    std::thread thread;
    std::mutex mutex;
    std::deque<std::function<void()>> jobs;
    std::atomic<bool> stopped{false};
    std::atomic<bool> keep{false};
    std::atomic<int64_t> confirmed{0};
    int stream = -1;
    std::vector<int64_t> samples;
    std::vector<CThostFtdcOrderField> orders;
    CThostFtdcRspInfoField fine{};

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
        if (connect(stream, reinterpret_cast<sockaddr *>(&target), sizeof target)) return;
        int on = 1;
        setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        spi->OnFrontConnected();
    }

    void work() {
        connect_front();
        while (!stopped) {
            std::deque<std::function<void()>> due;
            {
                std::lock_guard<std::mutex> lock(mutex);
                due.swap(jobs);
            }
            for (auto &job : due) job();
            pollfd ready{stream, POLLIN, 0};
            if (poll(&ready, 1, 1) == 1) read_commands();
        }
        close(stream);
    }

    void read_commands() {
        char bytes[256];
        const ssize_t count = recv(stream, bytes, sizeof bytes, MSG_DONTWAIT);
        if (count <= 0) {
            stopped = true;
            return;
        }
        for (ssize_t at = 0; at < count; ++at) {
            if (bytes[at] != '\n') {
                line += bytes[at];
                continue;
            }
            char what[16];
            long number = 0, other = 0;
            std::sscanf(line.c_str(), "%15s %ld %ld", what, &number, &other);
            line.clear();
            carry_out(what, number, other);
        }
    }

    void carry_out(const std::string &what, long number, long other) {
        if (what == "take") {
            std::vector<int64_t> taken;
            {
                std::lock_guard<std::mutex> lock(mutex);
                taken.swap(samples);
            }
            answer_with(taken);
        } else if (what == "keep") {
            keep = number != 0;
            answer(0, 0, 0);
        } else if (what == "bare") {
            bare(number);
        } else if (what == "lines") {
            lines(number, other);
        } else if (what == "push") {
            push(number, size_t(other));
        } else {
            answer(confirmed, 0, 0);
        }
    }

    void bare(long count) {
        CThostFtdcTraderApi *volatile target = this;
        CThostFtdcInputOrderField order{};
        std::vector<int64_t> mine, taken;
        mine.reserve(size_t(count));
        for (long at = 0; at < count; ++at) {
            order.LimitPrice = double(now());
            target->ReqQryOrder(reinterpret_cast<CThostFtdcQryOrderField *>(&order), -1);
            mine.push_back(now() - int64_t(order.LimitPrice));
        }
        answer_with(mine);
    }

    void lines(long count, int64_t interval) {
        std::vector<int64_t> mine;
        mine.reserve(size_t(count));
        volatile uint64_t result = 1;
        int64_t due = now();
        for (long at = 0; at < count; ++at) {
            due = std::max(due + interval, now());
            while (now() < due) {}
            const int64_t start = now();
            result = Walk<LINES>::from(result);
            mine.push_back(now() - start);
        }
        answer_with(mine);
    }

    void push(long count, size_t open) {
        open = std::min(open, orders.size());
        for (long at = 0; at < count; ++at) {
            CThostFtdcOrderField &order = orders[orders.size() - open + size_t(at) % open];
            order.VolumeTraded += 1;
            order.VolumeTotal -= 1;
            order.OrderStatus = THOST_FTDC_OST_PartTradedQueueing;
            spi->OnRtnOrder(&order);
        }
        answer(count, 0, 0);
    }

    void answer_with(std::vector<int64_t> &taken) {
        std::sort(taken.begin(), taken.end());
        const size_t count = taken.size();
        if (count == 0) return answer(0, 0, 0);
        answer(long(count), taken[count / 2], taken[count * 99 / 100], taken[count / 10]);
    }

    void answer(long count, long p50, long p99, long p10 = 0) {
        char text[128];
        const int length = std::snprintf(text, sizeof text, "%ld %ld %ld %ld\n", count, p50, p99, p10);
        if (send(stream, text, size_t(length), MSG_NOSIGNAL) != length) stopped = true;
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
    // No word on packets per second: orders are not paced by the front.
    void GetFrontInfo(CThostFtdcFrontInfoField *info) override { info->QryFreq = 100; }
    void RegisterFront(char *front) override { address = front; }
    void RegisterNameServer(char *) override {}
    void RegisterFensUserInfo(CThostFtdcFensUserInfoField *) override {}
    void RegisterSpi(CThostFtdcTraderSpi *given) override { spi = given; }
    void SubscribePrivateTopic(THOST_TE_RESUME_TYPE, int) override {}
    void SubscribePublicTopic(THOST_TE_RESUME_TYPE) override {}
    int RegisterUserSystemInfo(CThostFtdcUserSystemInfoField *) override { return 0; }
    int SubmitUserSystemInfo(CThostFtdcUserSystemInfoField *) override { return 0; }
    int RegisterWechatUserSystemInfo(CThostFtdcWechatUserSystemInfoField *) override { return 0; }
    int SubmitWechatUserSystemInfo(CThostFtdcWechatUserSystemInfoField *) override { return 0; }
    int ReqUserLogin(CThostFtdcReqUserLoginField *request, int id) override {
        CThostFtdcRspUserLoginField answer{};
        put(answer.TradingDay, DAY);
        put(answer.LoginTime, "10:00:00");
        put(answer.MaxOrderRef, "0");
        std::memcpy(answer.BrokerID, request->BrokerID, sizeof answer.BrokerID);
        std::memcpy(answer.UserID, request->UserID, sizeof answer.UserID);
        answer.FrontID = answer.SessionID = 1;
        later([this, answer, id]() mutable { spi->OnRspUserLogin(&answer, &fine, id, true); });
        return 0;
    }
    int ReqSettlementInfoConfirm(CThostFtdcSettlementInfoConfirmField *request, int id) override {
        confirmed = now();
        CThostFtdcSettlementInfoConfirmField answer = *request;
        later([this, answer, id]() mutable { spi->OnRspSettlementInfoConfirm(&answer, &fine, id, true); });
        return 0;
    }
    int ReqQryOrder(CThostFtdcQryOrderField *, int id) override {
        if (id >= 0) later([this, id] { spi->OnRspQryOrder(nullptr, nullptr, id, true); });
        return 0;
    }
    int ReqQryTrade(CThostFtdcQryTradeField *, int id) override {
        later([this, id] { spi->OnRspQryTrade(nullptr, nullptr, id, true); });
        return 0;
    }
    int ReqOrderInsert(CThostFtdcInputOrderField *input, int) override {
        const int64_t took = now() - int64_t(input->LimitPrice);
        CThostFtdcOrderField order{};
        std::memcpy(order.OrderRef, input->OrderRef, sizeof order.OrderRef);
        std::memcpy(order.InstrumentID, input->InstrumentID, sizeof order.InstrumentID);
        std::memcpy(order.ExchangeID, input->ExchangeID, sizeof order.ExchangeID);
        std::memcpy(order.OrderLocalID, input->OrderRef, sizeof order.OrderRef);
        std::memcpy(order.OrderSysID, input->OrderRef, sizeof order.OrderRef);
        std::memcpy(order.CombOffsetFlag, input->CombOffsetFlag, sizeof order.CombOffsetFlag);
        std::memcpy(order.CombHedgeFlag, input->CombHedgeFlag, sizeof order.CombHedgeFlag);
        put(order.TradingDay, DAY);
        put(order.TraderID, "bench");
        order.FrontID = order.SessionID = 1;
        order.Direction = input->Direction;
        order.LimitPrice = input->LimitPrice;
        order.VolumeTotalOriginal = order.VolumeTotal = input->VolumeTotalOriginal;
        order.OrderSubmitStatus = THOST_FTDC_OSS_Accepted;
        const bool working = keep;
        order.OrderStatus = working ? THOST_FTDC_OST_NoTradeQueueing : THOST_FTDC_OST_Canceled;
        std::lock_guard<std::mutex> lock(mutex);
        samples.push_back(took);
        jobs.push_back([this, order, working]() mutable {
            if (working) orders.push_back(order);
            spi->OnRtnOrder(&order);
        });
        return 0;
    }
#include "rest.inc"
};

} // namespace

CThostFtdcTraderApi *CThostFtdcTraderApi::CreateFtdcTraderApi(const char *, bool) { return new Trader; }

const char *CThostFtdcTraderApi::GetApiVersion() { return "v6.7.13_20260225 14:16:30.12079"; }
