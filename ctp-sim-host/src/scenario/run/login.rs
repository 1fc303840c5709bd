//! Clients that connect, log in, and come back.

use std::collections::VecDeque;
use std::time::Duration;

use ctp_sim::ApiKind;
use ctp_types::{
    MdRequest, RecordBox, ReqAuthenticateField, ReqUserLoginField, SettlementInfoConfirmField, TraderRequest,
};

use super::super::show;
use super::super::statement::{Open, Request, Stage};
use super::super::target::{ClientOptions, Seen};
use super::{Client, Run, Stop};

/// What clients authenticate with: SimNow's public pair.
pub(super) const APP_ID: &str = "simnow_client_test";
pub(super) const AUTH_CODE: &str = "0000000000000000";

/// The simulator's password of every investor.
const PASSWORD: &str = "simulator";

/// How long the exchange may take to answer what belongs to a log-in.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Time that passes between two looks.
const LOOK: Duration = Duration::from_millis(10);

impl Run<'_> {
    pub(super) fn open(&mut self, open: &Open) -> Result<(), Stop> {
        let investor = self.evaluate(&open.investor)?;
        let password = match &open.password {
            Some(password) => self.evaluate(password)?,
            None => PASSWORD.to_owned(),
        };
        let options = ClientOptions {
            kind: open.kind,
            flow: open.flow.clone().unwrap_or_else(|| format!("client-{}", open.client)),
            private: open.private,
            public: open.public,
        };
        let number = self.world.open(&options)?;
        let client = Client {
            number,
            kind: open.kind,
            investor,
            password,
            authenticates: open.authenticates,
            confirms: open.confirms,
            log: Vec::new(),
            waiting: VecDeque::new(),
            request_id: 0,
            order_ref: 0,
        };
        self.clients.insert(open.client.clone(), client);
        if open.until == Stage::Started {
            return self.settle();
        }
        self.take(&open.client, "OnFrontConnected")?;
        if open.until == Stage::Connected { self.settle() } else { self.log_in(&open.client) }
    }

    /// Waits until a client is connected again, and logs it in as when it was made.
    pub(super) fn reconnect(&mut self, client: &str) -> Result<(), Stop> {
        let disconnected = |seen: &Seen| seen.callback == "OnFrontDisconnected";
        let one = self.client(client)?;
        let position = one.waiting.iter().position(|place| disconnected(&one.log[*place]));
        if let Some(position) = position {
            one.waiting.remove(position);
        }
        self.take(client, "OnFrontConnected")?;
        self.log_in(client)
    }

    /// Authenticates, logs in and confirms; the answers are taken, what else comes is left.
    fn log_in(&mut self, client: &str) -> Result<(), Stop> {
        let one = self.client(client)?;
        let (kind, authenticates, confirms) = (one.kind, one.authenticates, one.confirms);
        let mut login = RecordBox::new(&ReqUserLoginField::default());
        self.identify(client, &mut login)?;
        if kind == ApiKind::Md {
            return self.ask(client, Request::Md(MdRequest::ReqUserLogin), &login, "OnRspUserLogin");
        }
        if authenticates {
            let mut record = RecordBox::new(&ReqAuthenticateField::default());
            self.identify(client, &mut record)?;
            let request = Request::Trader(TraderRequest::ReqAuthenticate);
            self.ask(client, request, &record, "OnRspAuthenticate")?;
        }
        self.ask(client, Request::Trader(TraderRequest::ReqUserLogin), &login, "OnRspUserLogin")?;
        if confirms {
            let mut record = RecordBox::new(&SettlementInfoConfirmField::default());
            self.identify(client, &mut record)?;
            let request = Request::Trader(TraderRequest::ReqSettlementInfoConfirm);
            self.ask(client, request, &record, "OnRspSettlementInfoConfirm")?;
        }
        self.settle()
    }

    /// Sends a request of the log-in and takes its answer.
    fn ask(&mut self, client: &str, request: Request, record: &RecordBox, answer: &str) -> Result<(), Stop> {
        let one = self.client(client)?;
        one.request_id += 1;
        let (number, request_id) = (one.number, one.request_id);
        let code = self.world.request(number, request, record, request_id)?;
        if code != 0 {
            return Err(Stop::from(format!("{} returned {code}", request.name())));
        }
        let seen = self.take(client, answer)?;
        match seen.rsp_info.filter(|info| info.error_id != 0) {
            None => Ok(()),
            Some(_) => Err(Stop::from(format!("log-in refused: {}", show::seen(&seen)))),
        }
    }

    /// Lets time pass until a callback comes, and takes it from among those that wait.
    fn take(&mut self, client: &str, callback: &str) -> Result<Seen, Stop> {
        let mut waited = Duration::ZERO;
        loop {
            self.collect();
            let one = self.client(client)?;
            let position = one.waiting.iter().position(|place| one.log[*place].callback == callback);
            if let Some(place) = position.and_then(|position| one.waiting.remove(position)) {
                return Ok(one.log[place].clone());
            }
            if waited >= ANSWER_MAX {
                let problem = format!("{callback} does not come to {client:?} within {ANSWER_MAX:?}");
                return Err(Stop { problem, waiting: self.waiting(client), ..Stop::default() });
            }
            self.pass(LOOK)?;
            waited += LOOK;
        }
    }
}
