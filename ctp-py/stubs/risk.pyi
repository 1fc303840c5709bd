from typing import final

@final
class Killed(_View):
    """A kill switch that is on: no order passes."""

    @property
    def reason(self) -> str:
        """Why, in the words of who threw it."""
    @property
    def since_ns(self) -> int:
        """Since when, in nanoseconds since the Unix epoch."""

@final
class RiskSnapshot(_View):
    """What the risk gate counts at this moment."""

    @property
    def actions_in_window(self) -> int:
        """Orders and cancels in the window that ends now."""
    @property
    def actions_max(self) -> int | None:
        """How many the window may hold; `None`: no limit."""
    @property
    def actions_max_with_orders(self) -> int | None:
        """How many of them orders may fill; the rest is for cancels."""
    @property
    def window(self) -> float:
        """How long the window is, in seconds."""
    @property
    def order_wait(self) -> float | None:
        """How long an order would have to wait, in seconds; 0: it need not. `None`: no order passes."""
    @property
    def busiest_window(self) -> int:
        """The most actions that a window held on this trading day, in this run."""
    @property
    def seconds_of_ten(self) -> int:
        """How often there were ten actions in one second on this trading day, in this run. Exchanges count that."""
    @property
    def orders_today(self) -> int:
        """Orders and quotes sent on this trading day, by earlier runs too if there is a journal."""
    @property
    def cancels_today(self) -> int:
        """Cancels sent on this trading day, likewise."""
    @property
    def open_orders(self) -> int:
        """Orders that can still be cancelled, of all sessions of the account."""
    @property
    def open_orders_own(self) -> int:
        """Of them, this gateway's."""
    @property
    def denied(self) -> int:
        """Requests that the gate denied, in this run."""
    @property
    def late_acks(self) -> int:
        """Orders whose first answer was late, in this run."""
    @property
    def killed(self) -> Killed | None:
        """The kill switch, if it is on."""
    @property
    def to_cancel(self) -> int:
        """Orders that the kill switch has still to get cancelled."""
    @property
    def dry_run(self) -> bool:
        """Whether nothing is sent."""

@final
class GateState(_View):
    """Whether new orders may leave, and why not. Cancels pass a closed gate as long as requests can be made."""

    @property
    def is_open(self) -> bool:
        """Whether orders may leave."""
    @property
    def reasons(self) -> list[str]:
        """Why no order may leave, the first to mend first: `not_ready`, `recovering`, `differs`, `unverified`, `kill_switch`,
        `journal_failed`, `read_only`.
        """
    @property
    def fixes(self) -> list[str]:
        """What has to happen for the gate to open, one line per reason."""
