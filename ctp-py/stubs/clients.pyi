from collections.abc import Callable
from os import PathLike
from typing import Any, final, Generic, TypeVar
from typing_extensions import Self

_Ready = TypeVar("_Ready")
_Function = TypeVar("_Function", bound=Callable[..., object])

@final
class Login:
    """What the login answered."""

    @property
    def trading_day(self) -> str:
        """The trading day, `yyyymmdd`. C: `TradingDay`."""
    @property
    def login_time(self) -> str:
        """The time of the login, `HH:MM:SS`. C: `LoginTime`."""
    @property
    def system_name(self) -> str:
        """The name of the system. C: `SystemName`."""
    @property
    def system_version(self) -> str:
        """The version of the counter. C: `SysVersion`."""
    @property
    def front_id(self) -> int:
        """The number of the front. C: `FrontID`."""
    @property
    def session_id(self) -> int:
        """The number of the session. C: `SessionID`."""
    @property
    def front(self) -> str:
        """The front that answered; empty where the library does not tell. C: `FrontAddr`."""

class _Client(Generic[_Ready]):
    """What every client has: it connects with ``async with``, ``with``, `connect` or `open`, and lives until it is closed or the
    interpreter ends. A block closes it, also one that `connect` or `open` connected.
    """

    def __new__(cls, config: str | PathLike[str] | None = None, /, **keywords: Any) -> Self: ...
    @classmethod
    def connect(cls, config: str | PathLike[str] | None = None, /, **keywords: Any) -> Pending[Self]:
        """Makes a client, connects it and waits until it is ready: ``td = await TdClient.connect("ctp.toml")``.

        Raises:
            ConfigError: every problem of the configuration at once.
            LoginError: the login was refused; it is not repeated.
            NotReady: not ready within `timeouts.ready_ms`; the client is closed.
        """
    @classmethod
    def open(cls, config: str | PathLike[str] | None = None, /, **keywords: Any) -> Self:
        """Makes a client, connects it and waits on this thread until it is ready; as `connect` otherwise."""
    def start(self) -> Pending[Self]:
        """Connects; the result is this client, once it is ready. For those who have something to do before: to give the code of a
        text message, or a new password. Unlike the other ways in, it leaves the client open when it fails: close it.

        Raises:
            LoginError: the login was refused; it is not repeated.
            NotReady: not ready within `timeouts.ready_ms`; the client goes on trying.
            StateError: it was started before.
        """
    def __aenter__(self) -> Pending[Self]: ...
    def __aexit__(self, *_exception: object) -> Pending[None]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_exception: object) -> None: ...
    def ready(self) -> Pending[_Ready]:
        """Waits until the client is ready, again after a broken link; the result is its `Login`, of a `Gateway` both, market data
        first.

        Raises:
            LoginError: a login was refused; it is not repeated.
            NotReady: not within `timeouts.ready_ms`; the client goes on trying.
            StateError: the client was closed.
        """
    def close(self) -> Pending[None]:
        """Closes the client; its streams and handlers end, working orders stay where they are. It may be called again, and from
        anywhere; ``await`` it or call ``.result()`` to wait for the end.

        Raises:
            CloseError: a library did not stop within `timeouts.close_ms`.
        """
    def health(self) -> dict[str, Any]:
        """Returns how the client is as a `dict`, of a `Gateway` with `is_ready`, `md` and `td`: state, link, what waits, counts. It
        costs the session nothing.
        """

class _SessionClient(_Client[Login]):
    """What a client of one session has."""

    def on_error(self, function: _Function) -> _Function:
        """Calls `function` with the name of the handler and the exception whenever a handler of this client raises one.
        Without it they are logged as errors of `ctp_py`. Returns the function.
        """
    @property
    def state(self) -> str:
        """Where the session stands: `connecting`, `logging in`, `recovering`, `ready`, `reconnecting`, `faulted`, `closed` and
        so on; `new` before it is connected.
        """
    @property
    def state_text(self) -> str:
        """Where the session stands in words, with the reason."""
    @property
    def login(self) -> Login | None:
        """What the last login answered; `None` while the session cannot be used."""
    @property
    def is_simulator(self) -> bool:
        """Whether the library is the simulator, where orders cost nothing."""
    @property
    def library_version(self) -> str:
        """The library's version."""

class Gateway(_Client[tuple[Login, Login]]):
    """Both sessions of an account: market data as `md`, trading as `td`.

    Made as `MdClient` and `TdClient` are: `Gateway("ctp.toml")`, `Gateway("sim://demo")`, or keywords. Each session has its
    own state; one may be down while the other is ready.

    Raises:
        ConfigError: every problem of the configuration at once."""

    @property
    def md(self) -> MdClient:
        """The market data session.

        Raises:
            StateError: the gateway is not connected.
        """
    @property
    def td(self) -> TdClient:
        """The trading session.

        Raises:
            StateError: the gateway is not connected.
        """
    @property
    def states(self) -> dict[str, str]:
        """Where both sessions stand, by `md` and `td`."""
