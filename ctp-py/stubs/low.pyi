from os import PathLike
from typing import Any, final

@final
class SystemInfo:
    """What a collector made of this machine: encrypted bytes for the exchange's supervision, and what it did not find."""

    @property
    def missing(self) -> str:
        """What could not be collected, by name; `nothing` when all was."""
    def record(self, **fields: Any) -> UserSystemInfoField:
        """Returns a `UserSystemInfoField` with the information and other fields, for `RegisterUserSystemInfo`."""
    def __bytes__(self) -> bytes: ...
    def __len__(self) -> int: ...

def system_info(library: str | PathLike[str]) -> SystemInfo:
    """Collects terminal information, with a library that can: `LinuxDataCollect.so`, or a trader library."""
