from collections.abc import Sequence
from os import PathLike

def _look_into_journal(path: str | PathLike[str], query: str, values: Sequence[str]) -> list[tuple[object, ...]]: ...
