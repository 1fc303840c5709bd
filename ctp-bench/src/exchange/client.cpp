// A client of the C++ API that measures: insert to trade, orders a second, bursts. Prints `<figure> <value>` lines.
//
// Arguments: folder for flow files, rounds, the simulator's library, and for a served exchange its address.

#include "ThostFtdcMdApi.h"
#include "ThostFtdcTraderApi.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

const char *const NAME = "bench";
const char *const INSTRUMENT = "rb2701";
const int LATENCY_ORDERS = 10000;
const int FLOOD_ORDERS = 50000;
const int BURST = 10000000;

[[noreturn]] void fail(const char *what, int code) {
    std::fprintf(stderr, "%s: %d\n", what, code);
    std::exit(1);
}

double microseconds(Clock::duration duration) {
    return std::chrono::duration<double, std::micro>(duration).count();
}

// Something another thread waits for.
class Gate {
    std::mutex mutex;
    std::condition_variable opened;
    bool is_open = false;

public:
    void open() {
        std::lock_guard<std::mutex> lock(mutex);
        is_open = true;
        opened.notify_one();
    }

    void wait() {
        std::unique_lock<std::mutex> lock(mutex);
        if (!opened.wait_for(lock, std::chrono::seconds(60), [this] { return is_open; })) fail("nothing came", 0);
        is_open = false;
    }
};

void print_latency(const char *name, std::vector<double> &samples) {
    std::sort(samples.begin(), samples.end());
    std::printf("%s_p50 %.3f\n", name, samples[samples.size() / 2]);
    std::printf("%s_p99 %.3f\n", name, samples[samples.size() * 99 / 100]);
}

template <size_t N> void put(char (&field)[N], const char *text) { std::snprintf(field, N, "%s", text); }

// Market data: the day's limits, then bursts.
class Market : public CThostFtdcMdSpi {
public:
    CThostFtdcMdApi *api = nullptr;
    Gate gate;
    double upper = 0, lower = 0;
    int64_t count = 0, wanted = 0;
    Clock::time_point first, last;

    void OnFrontConnected() override {
        CThostFtdcReqUserLoginField login = {};
        put(login.BrokerID, "9999");
        put(login.UserID, NAME);
        put(login.Password, "simulator");
        api->ReqUserLogin(&login, 1);
    }

    void OnRspUserLogin(CThostFtdcRspUserLoginField *, CThostFtdcRspInfoField *, int, bool) override {
        char *ids[] = {const_cast<char *>(INSTRUMENT)};
        api->SubscribeMarketData(ids, 1);
    }

    void OnRtnDepthMarketData(CThostFtdcDepthMarketDataField *tick) override {
        if (wanted == 0) {
            if (upper == 0) {
                upper = tick->UpperLimitPrice;
                lower = tick->LowerLimitPrice;
                gate.open();
            }
            return;
        }
        if (count == 0) first = Clock::now();
        if (++count == wanted) {
            last = Clock::now();
            gate.open();
        }
    }
};

// Trading: alternately opens and closes one lot.
class Trader : public CThostFtdcTraderSpi {
public:
    CThostFtdcTraderApi *api = nullptr;
    Market *market = nullptr;
    Gate gate;
    bool next_from_callback = false;
    int sent = 0, traded = 0, wanted = 0;
    Clock::time_point inserted, filled;
    std::vector<double> samples;

    void OnFrontConnected() override {
        CThostFtdcReqUserLoginField login = {};
        put(login.BrokerID, "9999");
        put(login.UserID, NAME);
        put(login.Password, "simulator");
        api->ReqUserLogin(&login, 1);
    }

    void OnRspUserLogin(CThostFtdcRspUserLoginField *, CThostFtdcRspInfoField *info, int, bool) override {
        if (info && info->ErrorID) fail("login", info->ErrorID);
        CThostFtdcSettlementInfoConfirmField confirm = {};
        put(confirm.BrokerID, "9999");
        put(confirm.InvestorID, NAME);
        api->ReqSettlementInfoConfirm(&confirm, 2);
    }

    void OnRspSettlementInfoConfirm(CThostFtdcSettlementInfoConfirmField *, CThostFtdcRspInfoField *, int,
                                    bool) override {
        gate.open();
    }

    void OnRspOrderInsert(CThostFtdcInputOrderField *, CThostFtdcRspInfoField *info, int, bool) override {
        fail("order refused", info ? info->ErrorID : -1);
    }

    void OnRtnTrade(CThostFtdcTradeField *) override {
        filled = Clock::now();
        if (++traded == wanted) {
            gate.open();
            return;
        }
        if (next_from_callback) {
            samples.push_back(microseconds(filled - inserted));
            insert();
        }
    }

    void insert() {
        CThostFtdcInputOrderField order = {};
        bool opens = sent % 2 == 0;
        put(order.BrokerID, "9999");
        put(order.InvestorID, NAME);
        put(order.UserID, NAME);
        put(order.InstrumentID, INSTRUMENT);
        put(order.ExchangeID, "SHFE");
        std::snprintf(order.OrderRef, sizeof order.OrderRef, "%d", ++sent);
        order.OrderPriceType = THOST_FTDC_OPT_LimitPrice;
        order.Direction = opens ? THOST_FTDC_D_Buy : THOST_FTDC_D_Sell;
        order.CombOffsetFlag[0] = opens ? THOST_FTDC_OF_Open : THOST_FTDC_OF_CloseToday;
        order.CombHedgeFlag[0] = THOST_FTDC_HF_Speculation;
        order.LimitPrice = opens ? market->upper : market->lower;
        order.VolumeTotalOriginal = 1;
        order.TimeCondition = THOST_FTDC_TC_GFD;
        order.VolumeCondition = THOST_FTDC_VC_AV;
        order.MinVolume = 1;
        order.ContingentCondition = THOST_FTDC_CC_Immediately;
        order.ForceCloseReason = THOST_FTDC_FCC_NotForceClose;
        inserted = Clock::now();
        int code = api->ReqOrderInsert(&order, sent);
        if (code != 0) fail("ReqOrderInsert", code);
    }

    void expect(int orders, bool from_callback) {
        traded = 0;
        wanted = orders;
        next_from_callback = from_callback;
        samples.clear();
    }
};

void measure_from_callback(Trader &trader) {
    trader.expect(LATENCY_ORDERS, true);
    trader.insert();
    trader.gate.wait();
    print_latency("callback", trader.samples);
}

void measure_from_thread(Trader &trader) {
    std::vector<double> samples;
    for (int order = 0; order < LATENCY_ORDERS; ++order) {
        trader.expect(1, false);
        trader.insert();
        trader.gate.wait();
        samples.push_back(microseconds(trader.filled - trader.inserted));
    }
    print_latency("thread", samples);
}

void measure_flood(Trader &trader) {
    trader.expect(FLOOD_ORDERS, false);
    Clock::time_point start = Clock::now();
    for (int order = 0; order < FLOOD_ORDERS; ++order) trader.insert();
    trader.gate.wait();
    std::printf("orders %.0f\n", FLOOD_ORDERS / (microseconds(trader.filled - start) / 1e6));
}

using Control = int64_t (*)(const char *, char *, size_t);

void measure_burst(Market &market, Control control) {
    market.count = 0;
    market.wanted = BURST;
    std::string request = std::string("{\"op\":\"command\",\"exchange\":\"bench\",\"text\":\"burst ") + INSTRUMENT +
                          " " + std::to_string(BURST) + "\"}";
    char answer[512];
    int64_t length = control(request.c_str(), answer, sizeof answer);
    if (length < 0 || std::strncmp(answer, "{\"ok\":true", 10) != 0) fail(answer, static_cast<int>(length));
    market.gate.wait();
    std::printf("burst %.0f\n", BURST / (microseconds(market.last - market.first) / 1e6));
}

// Reads or writes all of so many bytes.
template <typename Call> void all(Call call, int socket, char *bytes, size_t count) {
    while (count > 0) {
        ssize_t done = call(socket, bytes, count);
        if (done <= 0) fail("echo", static_cast<int>(done));
        bytes += done;
        count -= static_cast<size_t>(done);
    }
}

// The floor of a served exchange: an echo over TCP of as many bytes as an order, its answers and its trade have.
void measure_echo() {
    const size_t there = sizeof(CThostFtdcInputOrderField) + 11;
    const size_t back = 3 * (sizeof(CThostFtdcOrderField) + 12) + sizeof(CThostFtdcTradeField) + 12;
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (bind(listener, reinterpret_cast<sockaddr *>(&address), length) || listen(listener, 1)) fail("listen", errno);
    getsockname(listener, reinterpret_cast<sockaddr *>(&address), &length);
    int near = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(near, reinterpret_cast<sockaddr *>(&address), length)) fail("connect", errno);
    int far = accept(listener, nullptr, nullptr);
    for (int end : {near, far}) setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    std::thread other([&] {
        std::vector<char> request(there), answer(back);
        for (int round = 0; round < LATENCY_ORDERS; ++round) {
            all(read, far, request.data(), there);
            all(write, far, answer.data(), back);
        }
    });
    std::vector<char> request(there), answer(back);
    std::vector<double> samples;
    for (int round = 0; round < LATENCY_ORDERS; ++round) {
        Clock::time_point sent = Clock::now();
        all(write, near, request.data(), there);
        all(read, near, answer.data(), back);
        samples.push_back(microseconds(Clock::now() - sent));
    }
    other.join();
    for (int end : {near, far, listener}) close(end);
    print_latency("floor_echo", samples);
}

// Floors: one thread telling another, and the callback alone.
void measure_floors() {
    Gate there, back;
    std::vector<double> samples;
    Clock::time_point sent, received;
    std::thread other([&] {
        for (int round = 0; round < LATENCY_ORDERS; ++round) {
            there.wait();
            received = Clock::now();
            back.open();
        }
    });
    for (int round = 0; round < LATENCY_ORDERS; ++round) {
        sent = Clock::now();
        there.open();
        back.wait();
        samples.push_back(microseconds(received - sent));
    }
    other.join();
    print_latency("floor_thread", samples);

    Market market;
    CThostFtdcMdSpi *volatile spi = &market;
    CThostFtdcDepthMarketDataField tick = {};
    market.wanted = BURST;
    for (int round = 0; round < BURST; ++round) spi->OnRtnDepthMarketData(&tick);
    std::printf("floor_burst %.0f\n", BURST / (microseconds(market.last - market.first) / 1e6));
}

} // namespace

int main(int count, char **arguments) {
    std::string flow = arguments[1];
    int rounds = std::atoi(arguments[2]);
    std::string address = "sim://bench?clock=virtual&speed=1&start=2026-11-23T10:00:00&latency=none&matching=simnow"
                          "&products=rb&options=off&combinations=off&initial_balance=100000000000000";
    bool is_served = count > 4;
    if (is_served) address = arguments[4];
    Market market;
    market.api = CThostFtdcMdApi::CreateFtdcMdApi((flow + "/md_").c_str());
    market.api->RegisterSpi(&market);
    market.api->RegisterFront(const_cast<char *>(address.c_str()));
    market.api->Init();
    market.gate.wait();

    Trader trader;
    trader.market = &market;
    trader.api = CThostFtdcTraderApi::CreateFtdcTraderApi((flow + "/td_").c_str());
    trader.api->RegisterSpi(&trader);
    trader.api->SubscribePrivateTopic(THOST_TERT_QUICK);
    trader.api->SubscribePublicTopic(THOST_TERT_QUICK);
    trader.api->RegisterFront(const_cast<char *>(address.c_str()));
    trader.api->Init();
    trader.gate.wait();

    void *core = dlopen("libctp_sim.so", RTLD_NOW | RTLD_NOLOAD);
    if (!core) core = dlopen(arguments[3], RTLD_NOW | RTLD_NOLOAD);
    Control control = core ? reinterpret_cast<Control>(dlsym(core, "ctp_sim_control")) : nullptr;
    if (!control) fail("ctp_sim_control is missing", 0);

    for (int round = 0; is_served && round < rounds; ++round) {
        measure_from_callback(trader);
        measure_from_thread(trader);
        measure_echo();
    }
    for (int round = 0; !is_served && round < rounds; ++round) {
        measure_from_callback(trader);
        measure_from_thread(trader);
        measure_flood(trader);
        measure_burst(market, control);
        market.wanted = 0;
        measure_floors();
    }
    trader.api->Release();
    market.api->Release();
    return 0;
}
