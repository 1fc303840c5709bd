//! What a refusal of authentication, login or confirmation means: one table.

/// What the handshake does after a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It passes by itself: the step is repeated slowly.
    Passing,
    /// Wrong user or password: final, unless the same password has logged in before.
    Password,
    /// The password has to be changed: a call leads on, on the same connection.
    NewPassword,
    /// A code by text message is needed: a call leads on, on the same connection.
    SmsCode,
    /// The front thinks that this connection is logged in already: only a fresh connection helps.
    Stale,
    /// Final: repeating it would be refused again, or lock the account.
    Final,
}

/// The codes with a meaning of their own: what to do, and what a person can do about it.
pub(crate) const TABLE: &[(i32, Verdict, &str)] = &[
    (3, Verdict::Password, "check user id and password; repeated wrong passwords lock the account"),
    (5, Verdict::Stale, "a fresh connection is made"),
    (7, Verdict::Passing, "the counter is not initialised yet; wait"),
    (8, Verdict::Passing, "the front is not active yet; wait"),
    (21, Verdict::Passing, "the counter is not connected to the exchange yet; wait"),
    (48, Verdict::Final, "the user has no right to log in this way; call the broker"),
    (60, Verdict::Passing, "close another session of this user; the login is repeated slowly"),
    (63, Verdict::Final, KEYS),
    (64, Verdict::Final, KEYS),
    (75, Verdict::Final, "the account is locked after wrong passwords; wait or call the broker"),
    (90, Verdict::Passing, "the counter is busy; wait"),
    (131, Verdict::NewPassword, NEW_PASSWORD),
    (132, Verdict::NewPassword, NEW_PASSWORD),
    (140, Verdict::NewPassword, NEW_PASSWORD),
    (141, Verdict::NewPassword, NEW_PASSWORD),
    (142, Verdict::NewPassword, NEW_PASSWORD),
    (143, Verdict::Final, ADDRESS),
    (144, Verdict::Final, ADDRESS),
    (145, Verdict::Final, "the user has no right in this data centre; use another front"),
    (154, Verdict::Passing, "the counter is busy; wait"),
    (4040, Verdict::Final, "front and library differ in generation or in production and test keys"),
    (4042, Verdict::Final, ADDRESS),
    (4043, Verdict::Final, "the broker has not granted app_id to this user"),
    (4060, Verdict::Final, ADDRESS),
    (6014, Verdict::SmsCode, SMS_CODE),
    (6015, Verdict::SmsCode, "the broker has not set up text messages for this user; call the broker"),
    (6016, Verdict::SmsCode, "a code was asked for a moment ago; wait before asking again"),
    (6017, Verdict::SmsCode, SMS_CODE),
    (6018, Verdict::SmsCode, SMS_CODE),
    (6019, Verdict::SmsCode, SMS_CODE),
    (6020, Verdict::SmsCode, SMS_CODE),
    (6021, Verdict::SmsCode, "the broker has not set up text messages in this data centre; call the broker"),
    (6023, Verdict::SmsCode, SMS_CODE),
];

const KEYS: &str = "check app_id and auth_code, and that front and keys are both production or both test";
const NEW_PASSWORD: &str = "call change_password with a new password";
const ADDRESS: &str = "this address may not log in; call the broker";
const SMS_CODE: &str = "call request_sms_code, then log_in_with_sms_code";

/// Returns what the handshake does after the refusal with this code. Unknown codes are final.
pub(crate) fn verdict(code: i32) -> Verdict {
    row(code).map_or(Verdict::Final, |row| row.1)
}

/// Returns what a person can do about it.
pub(crate) fn hint(code: i32) -> &'static str {
    row(code).map_or("see the message of the counter", |row| row.2)
}

fn row(code: i32) -> Option<&'static (i32, Verdict, &'static str)> {
    TABLE.iter().find(|row| row.0 == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fault catalogue's rows F25 to F29 and F31, said a second time.
    #[test]
    fn each_code_of_the_catalogue_has_its_verdict() {
        let expected: &[(&[i32], Verdict)] = &[
            (&[7, 8, 21, 60], Verdict::Passing),
            (&[3], Verdict::Password),
            (&[131, 132, 140, 141, 142], Verdict::NewPassword),
            (&[6014, 6015, 6016, 6017, 6018, 6019, 6020, 6021, 6023], Verdict::SmsCode),
            (&[48, 63, 64, 75, 143, 144, 145, 4040, 4042, 4043, 4060], Verdict::Final),
            // Not in the table: final, with their text.
            (&[-1, 1, 6, 9, 14, 26, 77, 9_999, 6_022], Verdict::Final),
        ];
        for (codes, verdict_expected) in expected {
            for code in *codes {
                assert_eq!(verdict(*code), *verdict_expected, "error {code}");
            }
        }
    }

    #[test]
    fn codes_rise_and_each_is_one_that_the_counter_knows() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{pair:?}");
        }
        for (code, ..) in TABLE {
            assert!(ctp_types::errors::symbol(*code).is_some(), "error {code}");
        }
    }
}
