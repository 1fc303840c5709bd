class ConfigError(CtpError, ValueError):
    """A configuration that cannot work, with all its problems.

    Attributes: `problems`, a list of (key, place, message)."""

    problems: list[tuple[str, str | None, str]]

class TimedOut(CtpError, TimeoutError):
    """Something did not come in time; it may come later, or be asked for again.

    Attributes: `waited` in seconds; for a query also `request` and `attempts`."""

    waited: float
    request: str
    attempts: int

class NotReady(TimedOut):
    """The session was not ready in time. It goes on trying.

    Attributes: `waited` in seconds, `state`, `fronts`."""

    state: str
    fronts: str

class Faulted(CtpError):
    """The session has stopped for good.

    Attributes: `fault`, `hint`."""

    fault: str
    hint: str

class LoginError(Faulted):
    """A step of the login was refused, and is not repeated: repeated wrong passwords lock the account.

    Attributes: `fault` (the step), `code`, `symbol`, `message`, `hint`."""

    code: int
    symbol: str | None
    message: str
    refuser: str

class Rejected(CtpError):
    """The counter or the exchange refused the request: it has no effect.

    Attributes: `request`, `code`, `symbol`, `message`, `refuser` (`counter` or `exchange`)."""

    request: str
    code: int
    symbol: str | None
    message: str
    refuser: str

class Denied(CtpError):
    """The gateway refused the request before sending it.

    Attributes: `rule`, `value`, `limit`, `fix`."""

    rule: str
    value: str
    limit: str
    fix: str

class Unknown(CtpError):
    """The request was sent, and nothing tells yet whether it had an effect. It is never sent again.

    Attributes: `request`, `cause`."""

    request: str
    cause: str

class NotFilled(CtpError):
    """The order is over, and not all of its lots were traded.

    Attributes: `order` (as it ended), `volume`, `volume_filled`, `status_text`."""

    order: OrderView
    volume: int
    volume_filled: int
    status_text: str

class CaptureError(CtpError):
    """The recording that was asked for cannot begin."""

class JournalError(CtpError):
    """The journal of the session cannot be opened."""
