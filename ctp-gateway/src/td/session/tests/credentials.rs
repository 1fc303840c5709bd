//! Calls that lead on from a refused login.

use ctp_types::{ReqGenSMSCodeField, ReqUserLoginField, UserPasswordUpdateField};

use super::*;
use crate::td::io::CallReply;

const UPDATE: TraderRequest = TraderRequest::ReqUserPasswordUpdate;
const UPDATED: TraderCallback = TraderCallback::OnRspUserPasswordUpdate;

impl Bench {
    /// Connects, and answers the login with an error.
    fn refused(&mut self, code: i32) {
        self.callback(TraderCallback::OnFrontConnected, 0);
        let id = self.last_sent(TraderRequest::ReqAuthenticate);
        self.callback(TraderCallback::OnRspAuthenticate, id);
        if self.session.handshake.awaits().is_none() {
            self.refuse_login(code);
        }
    }

    fn refuse_login(&mut self, code: i32) {
        let id = self.last_sent(TraderRequest::ReqUserLogin);
        self.answer::<OrderField>(TraderCallback::OnRspUserLogin, None, Some(refusal(code)), id, true);
    }

    fn accept_login(&mut self) {
        let id = self.last_sent(TraderRequest::ReqUserLogin);
        let login = RspUserLoginField { trading_day: text("20261120"), ..RspUserLoginField::default() };
        self.answer(TraderCallback::OnRspUserLogin, Some(login), None, id, true);
        let id = self.last_sent(TraderRequest::ReqSettlementInfoConfirm);
        self.callback(TraderCallback::OnRspSettlementInfoConfirm, id);
    }

    fn call(&mut self, command: impl FnOnce(CallReply) -> Command) -> Reply<()> {
        let (reply, answer) = oneshot::channel();
        self.command(command(reply));
        answer
    }

    fn change_password(&mut self, new: &str) -> Reply<()> {
        self.call(|reply| Command::ChangePassword { new: new.into(), reply })
    }

    fn last_login(&self) -> &ReqUserLoginField {
        self.sent.iter().rev().find_map(|(_, record, _)| record.get()).expect("a login")
    }
}

#[test]
fn a_new_password_leads_on_on_the_same_connection() {
    for code in [131, 132, 140, 141, 142] {
        let mut bench = Bench::new();
        bench.refused(code);
        assert!(
            matches!(bench.session.state(), SessionState::Faulted(Fault::PasswordExpired(error)) if error.code == code)
        );
        assert!(!bench.session.state().is_over());
        // A login that is not wanted is not sent.
        bench.at_ms(3_600_000);
        let logins = |bench: &Bench| {
            bench.sent.iter().filter(|(sent, ..)| *sent == TraderRequest::ReqUserLogin).count()
        };
        assert_eq!(logins(&bench), 1);
        let mut weak = bench.change_password("weak");
        let id = bench.last_sent(UPDATE);
        bench.answer::<OrderField>(UPDATED, None, Some(refusal(131)), id, true);
        assert!(matches!(weak.try_recv(), Ok(Err(Error::Rejected { .. }))));
        let mut strong = bench.change_password("canary-strong");
        let record: UserPasswordUpdateField = *bench.sent.last().unwrap().1.get().unwrap();
        assert_eq!(
            (record.old_password.to_str().as_ref(), record.new_password.to_str().as_ref()),
            ("canary-password", "canary-strong")
        );
        let id = bench.last_sent(UPDATE);
        bench.callback(UPDATED, id);
        assert!(matches!(strong.try_recv(), Ok(Ok(()))));
        assert_eq!(bench.last_login().password, "canary-strong");
        bench.accept_login();
        bench.recover();
        assert_eq!(logins(&bench), 2);
        assert!(!format!("{:?} {:?}", bench.sent, bench.states).contains("canary"));
    }
}

#[test]
fn after_a_broken_link_the_refusal_comes_first_again() {
    let mut bench = Bench::new();
    bench.refused(140);
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    let mut early = bench.change_password("new");
    assert!(matches!(early.try_recv(), Ok(Err(Error::NotSent { .. }))));
    bench.at_ms(5_000).refused(140);
    assert!(matches!(bench.session.state(), SessionState::Faulted(Fault::PasswordExpired(_))));
    let mut changed = bench.change_password("new");
    bench.refuse_login(140);
    let id = bench.last_sent(UPDATE);
    bench.callback(UPDATED, id);
    assert!(matches!(changed.try_recv(), Ok(Ok(()))));
    bench.at_ms(7_000);
    assert_eq!(bench.last_login().password, "new");
}

#[test]
fn a_password_may_be_changed_while_logged_in() {
    let mut bench = Bench::ready();
    let mut changed = bench.change_password("new");
    let mut second = bench.change_password("newer");
    assert!(matches!(second.try_recv(), Ok(Err(Error::NotSent { .. }))));
    let id = bench.last_sent(UPDATE);
    bench.callback(UPDATED, id);
    assert!(matches!(changed.try_recv(), Ok(Ok(()))) && bench.session.state().is_ready());
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    bench.at_ms(2_000).log_in("20261120", "1");
    assert_eq!(bench.last_login().password, "new");
}

#[test]
fn a_change_without_an_answer_is_unknown_and_makes_a_refusal_final() {
    let mut bench = Bench::ready();
    let mut changed = bench.change_password("new");
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    assert!(matches!(changed.try_recv(), Ok(Err(Error::Unknown { .. }))));
    bench.at_ms(5_000).refused(3);
    assert!(matches!(bench.session.state(), SessionState::Faulted(Fault::LoginRejected(_))));
    assert!(bench.session.state().is_over());
}

#[test]
fn bad_passwords_and_wrong_moments_are_refused_before_sending() {
    let mut bench = Bench::new();
    let mut early = bench.change_password("new");
    assert!(matches!(early.try_recv(), Ok(Err(Error::NotSent { .. }))));
    let mut sms = bench.call(|reply| Command::RequestSmsCode { mobile: "13800138000".into(), reply });
    assert!(matches!(sms.try_recv(), Ok(Err(Error::NotSent { .. }))));
    bench.refused(140);
    for bad in ["", &"x".repeat(41)] {
        assert!(matches!(bench.change_password(bad).try_recv(), Ok(Err(Error::Denied(_)))));
    }
}

#[test]
fn a_code_by_text_message_leads_on() {
    let mut bench = Bench::new();
    bench.refused(6020);
    assert!(matches!(bench.session.state(), SessionState::LoggingIn(attempt) if attempt.awaits_sms_code));
    let mut asked = bench.call(|reply| Command::RequestSmsCode { mobile: "13800138000".into(), reply });
    let record: ReqGenSMSCodeField = *bench.sent.last().unwrap().1.get().unwrap();
    assert_eq!(record.mobile, "13800138000");
    let id = bench.last_sent(TraderRequest::ReqGenSMSCode);
    bench.callback(TraderCallback::OnRspGenSMSCode, id);
    assert!(matches!(asked.try_recv(), Ok(Ok(()))));
    let enter = |bench: &mut Bench, code: &str| {
        bench.call(|reply| Command::LogInWithSmsCode { code: code.into(), reply })
    };
    assert!(matches!(enter(&mut bench, "000000").try_recv(), Ok(Ok(()))));
    bench.at_ms(1_000);
    assert_eq!(bench.last_login().sms_code, "000000");
    bench.refuse_login(6017);
    assert!(
        matches!(bench.session.state(), SessionState::LoggingIn(attempt) if attempt.awaits_sms_code && attempt.refused.as_ref().is_some_and(|error| error.code == 6017))
    );
    assert!(matches!(enter(&mut bench, "138000").try_recv(), Ok(Ok(()))));
    bench.at_ms(3_000).accept_login();
    bench.recover();
    // The next login has no code, and the counter may not want one.
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    bench.at_ms(9_000).log_in("20261120", "1");
    assert!(bench.last_login().sms_code.is_empty());
}
