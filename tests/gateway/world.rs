//! A world for one test: an exchange whose time passes by hand, and a runtime whose clock goes with it.
//!
//! Nothing here waits for the machine's time. [`World::pass`] moves the exchange, then the wall clock of the sessions, then
//! the runtime's timers, in small steps, and lets everybody work in between. So twenty minutes of refused logins take as
//! long as their callbacks.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use ctp::clock::WallClock;
use ctp::sim::Exchange;
use ctp::types::{Direction, OffsetFlag};
use ctp::{MdClient, MdConfig, NewOrder, SessionState, TdClient, TdConfig};
use ctp_sim_host::fault::PlanState;
use serde_json::json;
use tempfile::TempDir;

/// The real time without a step of the world's after which a test has hung; `CTP_GATEWAY_PATIENCE` says how many times
/// longer under an observer.
fn hangs() -> Duration {
    let times = std::env::var("CTP_GATEWAY_PATIENCE").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    Duration::from_secs(120) * times
}

/// One step of time: what is due within it happens at once.
const STEP: Duration = Duration::from_millis(50);

/// The longest that a test waits for something, in the world's time, unless it says so.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The user of every test.
pub(crate) const USER: &str = "100001";

/// Leaves plans and faults out, so that each test that has one is seen to fail: what it shows comes from the fault.
const WITHOUT_PLANS: &str = "CTP_GATEWAY_WITHOUT_PLANS";

/// How a world is to be.
#[derive(Clone)]
pub(crate) struct Scene {
    start: &'static str,
    settings: Vec<(&'static str, String)>,
    version: &'static str,
}

/// A world of Monday 10:00 with three products and no crowd.
pub(crate) fn scene() -> Scene {
    let set = |name, value: &str| (name, value.to_owned());
    Scene {
        start: "2026-11-23 10:00:00",
        settings: vec![
            set("crowd", "off"),
            set("products", "rb,m,SR"),
            set("options", "off"),
            set("seed", "7"),
        ],
        version: ctp::API_VERSION,
    }
}

impl Scene {
    /// Says when its time begins, in China.
    pub(crate) fn at(mut self, start: &'static str) -> Self {
        self.start = start;
        self
    }

    /// Makes a setting of the exchange.
    pub(crate) fn set(mut self, name: &'static str, value: &str) -> Self {
        self.settings.retain(|(known, _)| *known != name);
        self.settings.push((name, value.to_owned()));
        self
    }

    /// Leaves a setting as the exchange has it by itself.
    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.settings.retain(|(known, _)| *known != name);
        self
    }

    /// Says through which version's library the clients go.
    pub(crate) fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// Makes the world and lets a test act in it.
    pub(crate) fn play(self, act: impl AsyncFnOnce(&World) + Send + 'static) {
        let (told, ended) = mpsc::channel();
        let (steps, mut seen) = (Arc::new(AtomicU64::new(0)), 0);
        let stepped = Arc::clone(&steps);
        let thread = std::thread::spawn(move || {
            self.live(stepped, act);
            // Nobody listens where the test was given up.
            let _ = told.send(());
        });
        // A busy machine makes a test slow; what hangs takes no step.
        while let Err(mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(hangs()) {
            let now = steps.load(Ordering::Relaxed);
            assert!(now > seen, "nothing happened for {:?}", hangs());
            seen = now;
        }
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }

    fn live(self, steps: Arc<AtomicU64>, act: impl AsyncFnOnce(&World)) {
        let mut builder = Exchange::builder().start_at(self.start);
        for (name, value) in &self.settings {
            builder = builder.set(name, value);
        }
        let exchange = builder.start().expect("an exchange");
        let nanoseconds = exchange.state().expect("its state").nanoseconds;
        let world = World {
            exchange: Arc::new(exchange),
            clock: WallClock::by_hand(nanoseconds),
            jumped: AtomicI64::new(0),
            steps,
            folder: TempDir::new().expect("a temporary folder"),
            version: self.version,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let (hold, held) = mpsc::channel::<()>();
        runtime.block_on(async {
            // While a blocking task runs, the runtime's clock stands until it is moved.
            drop(tokio::task::spawn_blocking(move || held.recv()));
            act(&world).await;
        });
        drop(hold);
        runtime.shutdown_timeout(Duration::from_secs(5));
    }
}

/// An exchange, the time, and a folder.
pub(crate) struct World {
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) clock: WallClock,
    /// How far the wall clock is from the exchange's.
    jumped: AtomicI64,
    /// How many steps of time there were.
    steps: Arc<AtomicU64>,
    folder: TempDir,
    version: &'static str,
}

impl World {
    /// Returns a folder of this world.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns through which version's library the clients go.
    pub(crate) fn version(&self) -> &'static str {
        self.version
    }

    /// Returns the configuration of a market data session.
    pub(crate) fn md_config(&self) -> MdConfig {
        let mut config = MdConfig::new([self.exchange.front()]);
        config.library = Some(ctp::sys::find_simulator(self.version).expect("the facades").md);
        config.flow_dir = self.folder().to_owned();
        config.clock = self.clock.clone();
        config
    }

    /// Returns the configuration of a trading session.
    pub(crate) fn td_config(&self) -> TdConfig {
        let mut config = TdConfig::new([self.exchange.front()], "9999", USER, "simulator");
        config.library = Some(ctp::sys::find_simulator(self.version).expect("the facades").trader);
        config.flow_dir = self.folder().to_owned();
        config.clock = self.clock.clone();
        config
    }

    /// Connects a market data session.
    pub(crate) async fn connect_md(&self) -> MdClient {
        MdClient::connect(self.md_config()).await.expect("a market data client")
    }

    /// Connects a trading session.
    pub(crate) async fn connect_td(&self) -> TdClient {
        TdClient::connect(self.td_config()).await.expect("a trading client")
    }

    /// Connects a market data session and waits until it is ready.
    pub(crate) async fn md(&self) -> MdClient {
        let md = self.connect_md().await;
        self.md_ready(&md).await;
        md
    }

    /// Connects a trading session and waits until it is ready.
    pub(crate) async fn td(&self) -> TdClient {
        let td = self.connect_td().await;
        self.td_ready(&td).await;
        td
    }

    /// Waits until a market data session is ready.
    pub(crate) async fn md_ready(&self, md: &MdClient) {
        let state = md.state();
        self.until("a market data session that is ready", PATIENCE, || {
            let state = state.borrow();
            assert!(!state.is_over(), "{}", *state);
            state.is_ready().then_some(())
        })
        .await;
    }

    /// Waits until a trading session is ready.
    pub(crate) async fn td_ready(&self, td: &TdClient) {
        let (state, gate, begun) = (td.state(), td.gate(), self.now_ns());
        self.until("a trading session that is ready", PATIENCE * 2, || {
            let (state, gate) = (state.borrow(), *gate.borrow());
            assert!(!state.is_over(), "{}", *state);
            let late = self.now_ns() - begun > PATIENCE.as_nanos() as i64;
            assert!(!late, "not ready within {PATIENCE:?}: {}, the gate is {gate}", *state);
            state.is_ready().then_some(())
        })
        .await;
    }

    /// Brings a plan of `tests/faults` into force.
    pub(crate) fn plan(&self, name: &str) {
        if without_plans() {
            return;
        }
        let path = plans().join(format!("{name}.toml"));
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self.ask("fault", json!({ "plan": text, "name": name }));
    }

    /// Brings a fault in one line into force and returns its plan's number.
    pub(crate) fn fault(&self, line: &str) -> u64 {
        if without_plans() {
            return 0;
        }
        self.ask("fault", json!({ "text": line }))["plan"].as_u64().expect("a number")
    }

    /// Counts requests or callbacks from now on, without touching them.
    pub(crate) fn count(&self, what: &str) -> Counter<'_> {
        let kind = if what.starts_with("On") { "drop" } else { "lose-request" };
        let line = format!("{kind} what={what} after=100000000");
        let plan = self.ask("fault", json!({ "text": line }))["plan"].as_u64().expect("a number");
        Counter { world: self, plan }
    }

    /// Returns the plans in force.
    pub(crate) fn plans(&self) -> Vec<PlanState> {
        let plans = self.ask("faults", json!({}))["plans"].clone();
        serde_json::from_value(plans).expect("plans")
    }

    /// Returns how often the faults in force were done.
    pub(crate) fn done(&self) -> u64 {
        self.plans().iter().flat_map(|plan| &plan.faults).map(|fault| fault.done).sum()
    }

    /// Takes every plan and fault out of force.
    pub(crate) fn calm(&self) {
        self.ask("clear-faults", json!({}));
    }

    /// Asks the control interface.
    pub(crate) fn ask(
        &self,
        operation: &str,
        fields: serde_json::Value,
    ) -> serde_json::Map<String, serde_json::Value> {
        self.exchange.request(operation, fields).unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// Returns the exchange's time in nanoseconds.
    pub(crate) fn now_ns(&self) -> i64 {
        self.exchange.state().expect("its state").nanoseconds
    }

    /// Sets the wall clock of the sessions apart from the exchange's, from the next step on.
    pub(crate) fn jump(&self, nanoseconds: i64) {
        self.jumped.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        self.pass_by(time, STEP).await;
    }

    /// Lets time pass in steps of a given length.
    pub(crate) async fn pass_by(&self, time: Duration, step: Duration) {
        let mut left = time;
        while !left.is_zero() {
            let step = step.min(left);
            self.step(step).await;
            left -= step;
        }
    }

    /// Waits for something that a look can tell, at most so long in the world's time.
    pub(crate) async fn until<T>(
        &self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut() -> Option<T>,
    ) -> T {
        let mut waited = Duration::ZERO;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(waited < limit, "{what} does not come within {limit:?}");
            self.step(STEP).await;
            waited += STEP;
        }
    }

    /// Lets time pass until a future is done, at most so long in the world's time.
    pub(crate) async fn within<T>(&self, what: &str, limit: Duration, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let mut waited = Duration::ZERO;
        loop {
            let looked = std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
            if let Poll::Ready(value) = looked {
                return value;
            }
            assert!(waited < limit, "{what} does not come within {limit:?}");
            self.step(STEP).await;
            waited += STEP;
        }
    }

    /// Lets time pass until a future is done.
    pub(crate) async fn soon<T>(&self, future: impl Future<Output = T>) -> T {
        self.within("what a test waits for", PATIENCE, future).await
    }

    /// Lets time pass for the sessions alone, where a library that hangs would hold the exchange's up.
    pub(crate) async fn alone(&self, time: Duration, mut look: impl FnMut()) {
        let mut passed = Duration::ZERO;
        while passed < time {
            passed += STEP;
            let step = i64::try_from(STEP.as_nanos()).expect("small");
            self.clock.set(self.clock.unix_ns() + step);
            tokio::time::advance(STEP).await;
            for _ in 0..32 {
                tokio::task::yield_now().await;
            }
            // What the sessions do on other threads.
            let pause = tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_micros(200)));
            pause.await.expect("no panic");
            look();
        }
    }

    /// Lets everybody work until there is nothing to do, without any time passing.
    pub(crate) async fn settle(&self) {
        for _ in 0..3 {
            for _ in 0..16 {
                tokio::task::yield_now().await;
            }
            let exchange = Arc::clone(&self.exchange);
            // An exchange whose client hangs in a callback says so; that is for the test to see.
            let barrier = tokio::task::spawn_blocking(move || drop(exchange.barrier()));
            barrier.await.expect("no panic");
        }
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
    }

    async fn step(&self, by: Duration) {
        self.steps.fetch_add(1, Ordering::Relaxed);
        let (exchange, text) = (Arc::clone(&self.exchange), format!("{}us", by.as_micros()));
        let passed = tokio::task::spawn_blocking(move || exchange.advance(&text)).await.expect("no panic");
        let now = passed.map_or_else(|_| self.now_ns(), |now| now.nanoseconds);
        self.clock.set(now + self.jumped.load(Ordering::Relaxed));
        self.settle().await;
        tokio::time::advance(by).await;
        self.settle().await;
    }
}

/// Counts what it was told to.
pub(crate) struct Counter<'a> {
    world: &'a World,
    plan: u64,
}

impl Counter<'_> {
    /// Returns how many came.
    pub(crate) fn seen(&self) -> u64 {
        let plans = self.world.plans();
        plans.iter().find(|plan| plan.id == self.plan).map_or(0, |plan| plan.faults[0].chances)
    }
}

fn without_plans() -> bool {
    std::env::var_os(WITHOUT_PLANS).is_some()
}

/// Returns the folder of plans.
pub(crate) fn plans() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults")
}

/// Returns an order that rests where there is no crowd.
pub(crate) fn order() -> NewOrder {
    NewOrder::limit("rb2701", Direction::BUY, OffsetFlag::OPEN, 1, 3_200.0).exchange("SHFE")
}

/// Gathers the states of a session, each once.
pub(crate) struct States {
    receiver: tokio::sync::watch::Receiver<SessionState>,
    pub(crate) seen: Vec<SessionState>,
}

impl States {
    /// Begins with the present one.
    pub(crate) fn new(mut receiver: tokio::sync::watch::Receiver<SessionState>) -> Self {
        let seen = vec![receiver.borrow_and_update().clone()];
        Self { receiver, seen }
    }

    /// Takes the present state if it is news, and returns it.
    pub(crate) fn look(&mut self) -> SessionState {
        let state = self.receiver.borrow_and_update().clone();
        if self.seen.last() != Some(&state) {
            self.seen.push(state.clone());
        }
        state
    }
}
