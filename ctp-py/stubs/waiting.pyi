from collections.abc import Awaitable, Callable, Generator
from typing import Any, final, Generic, TypeVar
from typing_extensions import Self

_T_co = TypeVar("_T_co", covariant=True)

@final
class Pending(Generic[_T_co]):
    """Something that was started and has a result later.

    ``await pending`` in asyncio, ``pending.result()`` on a thread. The work goes on whether or not anybody waits, and a
    cancelled or timed out wait takes nothing back: wait again."""

    def __await__(self) -> Generator[Any, None, _T_co]: ...
    def result(self, timeout: float | None = None) -> _T_co:
        """Waits on this thread and returns the result. Other threads run meanwhile, and Ctrl-C works.

        Args:
            timeout: seconds to wait at most; without it for as long as it takes.

        Raises:
            TimedOut: there is no result yet; the work goes on, and may be waited for again.
            CtpError: whatever the work failed with.
        """
    def done(self) -> bool:
        """Returns whether there is a result, or an error."""
    def add_done_callback(self, callback: Callable[[Pending[_T_co]], object]) -> None:
        """Calls `callback` with this object when it is done, at once if it is; always on the thread of the handlers."""
    def __class_getitem__(cls, key: Any, /) -> Any: ...

@final
class Stream(Generic[_T_co]):
    """What a session brings, from the making of the stream on: ``async for``, ``for``, or `next`.

    It ends after the session has ended. A reader of ticks that falls further behind than `tick_capacity` loses the
    oldest ones, counted in `lost`; nothing else is ever lost. Each stream reads for itself."""

    def __aiter__(self) -> Self: ...
    def __anext__(self) -> Awaitable[_T_co]: ...
    def __iter__(self) -> Self: ...
    def __next__(self) -> _T_co: ...
    def next(self, timeout: float | None = None) -> _T_co | None:
        """Waits on this thread for the next item and returns it; `None` after the session has ended.

        Args:
            timeout: seconds to wait at most; 0 only looks; without it for as long as it takes.

        Raises:
            TimedOut: nothing came in time.
        """
    @property
    def lost(self) -> int:
        """How many items this reader has lost so far, exactly: ticks that it was too slow for, of any instrument."""
    def __class_getitem__(cls, key: Any, /) -> Any: ...

@final
class Handler:
    """A function that is called with what comes, until `remove()` or the end of its client. It can be called itself."""

    def remove(self) -> None:
        """Ends the calls; one that runs goes on to its end."""
    @property
    def lost(self) -> int:
        """How many ticks the handler was too slow for, exactly, of any instrument; 0 for all but ticks."""
    @property
    def calls(self) -> int:
        """How often the function was called."""
    @property
    def __wrapped__(self) -> Callable[..., object]:
        """The function."""
    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call self as a function."""
