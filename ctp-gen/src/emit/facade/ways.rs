//! Which way each method of a facade takes: to the core, or to an answer that says "not supported".

use crate::{
    Api,
    api::{Class, ClassKind, Method, Shape},
    emit::{adapter::current_slot, cpp::Conversions},
    overlay::{Overlay, Success},
};

use super::Kind;

/// Where the numbers of callbacks begin that are a facade's own (`ctp-sim-abi`), each its slot plus this.
pub(super) const FOREIGN_CALLBACKS: usize = 0x8000;

/// What a facade does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Goes to the core, as the method in this slot of its model.
    Core(usize),
    /// The core answers "not supported" on the facade's callback in this slot.
    Unsupported { callback: usize, is_query: bool },
    /// Accepted without effect.
    Accepted,
    /// The core cannot be told about it, and nothing answers.
    LeftOut,
}

/// What a facade of another family passes on to the core, besides the life cycle: each with the core's name.
const SESSION_CALLS: [(&str, &str); 7] = [
    ("ReqAuthenticate", "ReqAuthenticate"),
    ("ReqUserLogin", "ReqUserLogin"),
    // mini's library encrypts the record that it is given; the answer is the same.
    ("ReqUserLoginEncrypt", "ReqUserLogin"),
    ("ReqUserLogout", "ReqUserLogout"),
    ("RegisterUserSystemInfo", "RegisterUserSystemInfo"),
    ("SubmitUserSystemInfo", "SubmitUserSystemInfo"),
    ("RegisterFensUserInfo", "RegisterFensUserInfo"),
];

/// The core's callbacks that reach a client of another family.
const SESSION_CALLBACKS: [&str; 7] = [
    "OnFrontConnected",
    "OnFrontDisconnected",
    "OnHeartBeatWarning",
    "OnRspAuthenticate",
    "OnRspUserLogin",
    "OnRspUserLogout",
    "OnRspError",
];

/// Market data, which passes where the family's own records lose nothing of theirs.
const MARKET_DATA: [&str; 10] = [
    "SubscribeMarketData",
    "UnSubscribeMarketData",
    "SubscribeForQuoteRsp",
    "UnSubscribeForQuoteRsp",
    "OnRspSubMarketData",
    "OnRspUnSubMarketData",
    "OnRspSubForQuoteRsp",
    "OnRspUnSubForQuoteRsp",
    "OnRtnDepthMarketData",
    "OnRtnForQuoteRsp",
];

/// The ways of all methods of one facade.
pub(super) struct Ways<'a> {
    version: &'a Api,
    core: &'a Api,
    overlay: &'a Overlay,
    kind: Kind,
    /// Whether the facade passes on no more than its session (and market data).
    is_foreign: bool,
    passes_market_data: bool,
}

impl<'a> Ways<'a> {
    pub(super) fn new(
        version: &'a Api,
        core: &'a Api,
        overlay: &'a Overlay,
        kind: Kind,
    ) -> Result<Self, String> {
        let is_foreign = version.family != core.family;
        let mut ways = Self { version, core, overlay, kind, is_foreign, passes_market_data: false };
        let conversions = ways.conversions()?;
        ways.passes_market_data =
            ways.spi().methods.iter().filter(|method| MARKET_DATA.contains(&method.name.as_str())).all(
                |method| match method.callback_shape() {
                    Some(Shape::Callback { record: Some(record), .. }) => conversions.is_whole(record),
                    _ => false,
                },
            );
        Ok(ways)
    }

    /// Returns the conversions between the facade's records and the core's.
    pub(super) fn conversions(&self) -> Result<Conversions<'a>, String> {
        match self.is_foreign {
            true => Ok(Conversions::between_families(self.version, self.core)),
            false => Conversions::new(self.version, self.core, self.overlay),
        }
    }

    pub(super) fn spi(&self) -> &'a Class {
        self.version.class(self.kind.classes().0)
    }

    pub(super) fn api(&self) -> &'a Class {
        self.version.class(self.kind.classes().1)
    }

    /// Returns the slot in the core's model of a callback that the core may deliver.
    pub(super) fn callback(&self, method: &Method) -> Option<usize> {
        let name = method.name.as_str();
        let passes = !self.is_foreign || SESSION_CALLBACKS.contains(&name) || self.is_market_data(name);
        passes.then(|| self.core_slot(self.kind.classes().0, method)).flatten()
    }

    /// Returns whether a callback answers a call that the core does not know.
    pub(super) fn answers_unsupported(&self, method: &Method) -> Result<bool, String> {
        let slot = self.spi().slot(&method.name);
        for call in &self.api().methods {
            if let Way::Unsupported { callback, .. } = self.call(call)?
                && Some(callback) == slot
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the way of a call that is none of the life cycle.
    pub(super) fn call(&self, method: &Method) -> Result<Way, String> {
        let api = self.kind.classes().1;
        if !self.is_foreign {
            return Ok(self.core_slot(api, method).map_or(Way::LeftOut, Way::Core));
        }
        let name = method.name.as_str();
        let passed = SESSION_CALLS.iter().find(|(known, _)| *known == name).map(|(_, core)| *core);
        let passed = passed.or_else(|| self.is_market_data(name).then_some(name));
        if let Some(slot) = passed.and_then(|passed| self.core.class(api).slot(passed)) {
            return Ok(Way::Core(slot));
        }
        let (answer, is_query) = match method.call_shape() {
            Some(Shape::Request { .. }) => {
                // The overlay speaks of the current names.
                let renames = &self.overlay.renames;
                let request =
                    self.overlay.request(api.c_name(), renames.current_method(api.c_name(), name))?;
                let spi = self.spi();
                let slot = request.answer.as_deref().and_then(|answer| {
                    let current =
                        |method: &Method| renames.current_method(&spi.c_name, &method.name) == answer;
                    spi.methods.iter().position(current)
                });
                (slot, request.success == Success::Query)
            }
            Some(Shape::Numbered | Shape::Instruments) => (self.answer_by_name(name), false),
            _ => return Ok(Way::Accepted),
        };
        Ok(match (answer, self.spi().slot("OnRspError")) {
            (Some(callback), _) => Way::Unsupported { callback, is_query },
            (None, Some(callback)) => Way::Unsupported { callback, is_query: false },
            (None, None) => Way::LeftOut,
        })
    }

    /// `SubscribeX` is answered by `OnRspSubX` or by `OnRspSubscribeX`.
    fn answer_by_name(&self, name: &str) -> Option<usize> {
        let stem = name.strip_prefix("Req").unwrap_or(name);
        let names = [format!("OnRsp{stem}"), format!("OnRsp{}", stem.replace("Subscribe", "Sub"))];
        names.iter().find_map(|name| self.spi().slot(name))
    }

    fn is_market_data(&self, name: &str) -> bool {
        self.kind == Kind::Md && self.passes_market_data && MARKET_DATA.contains(&name)
    }

    fn core_slot(&self, class: ClassKind, method: &Method) -> Option<usize> {
        current_slot(self.core.class(class), method, self.overlay)
    }
}
