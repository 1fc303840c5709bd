# Columns: `ctp-py/src/columns`.

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, SupportsIndex, final, overload

from ctp_py import data

@final
class TickBatch:
    """Ticks in one block of memory: a NumPy structured array without a copy (`numpy.asarray(batch)`), and an
    Arrow table for polars, pyarrow and others (`polars.DataFrame(batch)`).

    Prices are in CNY per unit of quotation, volumes in lots; what CTP has no value for is NaN in NumPy, null
    in Arrow and `None` in Python. `exchange_time` and `receive_time` are nanoseconds since the Unix epoch.
    `batch[i]` is a `ctp_py.data.DepthMarketData`, `batch[i:j]` a batch of the same memory, `batch["last_price"]` a column.
    """

    columns: ClassVar[tuple[str, ...]]
    """The names of the columns."""

    def __new__(
        cls,
        ticks: Iterable[Tick | DepthMarketDataField | data.DepthMarketData] | None = None,
        *,
        receive_ns: Sequence[int | None] | None = None,
        exchange_ns: Sequence[int | None] | None = None,
    ) -> TickBatch:
        """Makes a batch of ticks, which bring their times with them, or of records; the times given, one per tick, win and are
        nanoseconds since the Unix epoch."""
    @staticmethod
    def concat(batches: Sequence[TickBatch], /) -> TickBatch:
        """Joins batches into one."""
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> data.DepthMarketData: ...
    @overload
    def __getitem__(self, index: slice, /) -> TickBatch: ...
    @overload
    def __getitem__(self, name: str, /) -> TickColumn: ...
    def __iter__(self) -> Iterator[data.DepthMarketData]: ...
    def column(self, name: str, /) -> TickColumn:
        """Returns a column: NumPy and Arrow take it as an array, `to_list` as values. `KeyError` for no column."""
    def to_dict(self) -> dict[str, list[Any]]:
        """Returns each column as a list."""
    @property
    def __array_interface__(self) -> dict[str, Any]: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

@final
class TickColumn:
    """A column of a batch: `numpy.asarray(column)` is a view of the batch's memory, `to_list()` its values, and
    Arrow's readers take it as an array."""

    @property
    def name(self) -> str:
        """The name, for example `last_price`."""
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> float | int | str | None: ...
    @overload
    def __getitem__(self, index: slice, /) -> TickColumn: ...
    def to_list(self) -> list[Any]:
        """Returns the values: `None` where there is none, times as nanoseconds since the Unix epoch."""
    @property
    def __array_interface__(self) -> dict[str, Any]: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

def _arrow_exports() -> int: ...
