"""How far a poll has looked: one row per connection and flow, stored whenever a page of changes has
been enqueued.

A poll reads windows of time. A window that is not read through in one run is stored with its place,
and the next run goes on there; so a week's changes need no run that is long enough for all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, Self

from sync.config.old_names import OLD_NAMES
from sync.core.ports import Row, Tables, Value
from sync.engine.results import Change

WATERMARKS: Final = "watermarks"
MOMENTS: Final = ("at", "polled", "first", "swept", "newest")

Which = Literal["window", "sweep"]


@dataclass(frozen=True)
class Window:
    """Changes from `since` to `until` that are being read; those up to the position `after` have
    been enqueued."""

    since: datetime
    until: datetime
    after: str = ""

    def moved_to(self, change: Change) -> Self:
        """The window after `change`. It stays where it is when nothing tells a place: a
        position that is none, or changes without any that all have one moment, or a fingerprint."""
        if change.place:
            return replace(self, after=change.place)
        if change.position or change.fingerprint or change.changed_at <= self.since:
            return self
        return replace(self, since=change.changed_at)


@dataclass(frozen=True)
class Watermark:
    """`at`: everything up to here has been enqueued, except what `window` still holds. `polled`:
    when the last run began. `first`: where the first poll began; no sweep looks further back.
    `swept`: when the last sweep began. `window`, `sweep`: what has not been read through yet.
    `newest`: the stamp of the newest change that was listed; `listed`: how many were so far, each
    once."""

    at: datetime | None = None
    polled: datetime | None = None
    first: datetime | None = None
    swept: datetime | None = None
    window: Window | None = None
    sweep: Window | None = None
    newest: datetime | None = None
    listed: int = 0

    @property
    def is_behind(self) -> bool:
        """Whether a run has left something for the next one."""
        return self.window is not None or self.sweep is not None

    def moved(self, which: Which, window: Window, change: Change) -> Self:
        """After a page that ends with `change` has been enqueued."""
        if which == "sweep":
            return replace(self, sweep=window)
        at = (
            self.at
            if change.fingerprint or change.is_passed
            else max(self.at or self.first or change.changed_at, change.changed_at)
        )
        return replace(self, window=window, at=at)

    def counted(self, page: Sequence[Change]) -> Self:
        """After a page of the window: what is newer than all before counts as traffic. Changes
        without a stamp of their own tell of none, and neither does what was passed over."""
        newer = [
            one.changed_at
            for one in page
            if not (one.fingerprint or one.is_passed)
            and (self.newest is None or one.changed_at > self.newest)
        ]
        if not newer:
            return self
        return replace(self, newest=max(newer), listed=self.listed + len(newer))

    def read_through(self, which: Which) -> Self:
        """After the last page of a window has been enqueued."""
        if which == "sweep":
            return replace(self, sweep=None)
        at = self.window.until if self.window is not None else self.at
        return replace(self, window=None, at=at)

    @classmethod
    def of(cls, row: Row | None) -> Self:
        """From its row; as if nothing had been polled when there is none."""
        cells: Mapping[str, Value] = row.values if row else {}
        moments = {name: _moment(cells.get(name)) for name in MOMENTS}
        listed = cells.get("listed")
        return cls(
            **moments, window=_window(cells, "window"), sweep=_window(cells, "sweep"),
            listed=listed if isinstance(listed, int) else 0,
        )  # fmt: skip

    def row(self, connection: str, flow: str) -> Row:
        """As it is stored."""
        cells: dict[str, Value] = {name: getattr(self, name) for name in (*MOMENTS, "listed")}
        for name, window in (("window", self.window), ("sweep", self.sweep)):
            if window is not None:
                cells[f"{name}_since"], cells[f"{name}_until"] = window.since, window.until
                cells[f"{name}_after"] = window.after
        return Row(connection, flow, {name: value for name, value in cells.items() if value})


async def watermark_of(tables: Tables, connection: str, flow: str) -> Watermark:
    """How far the poll of a flow and connection has looked, also under the flow's old name."""
    row = await tables.get(WATERMARKS, connection, flow)
    if row is None and flow in OLD_NAMES:
        row = await tables.get(WATERMARKS, connection, OLD_NAMES[flow])
    return Watermark.of(row)


def _window(cells: Mapping[str, Value], name: str) -> Window | None:
    since, until = _moment(cells.get(f"{name}_since")), _moment(cells.get(f"{name}_until"))
    if since is None or until is None:
        return None
    return Window(since, until, str(cells.get(f"{name}_after") or ""))


def _moment(value: Value) -> datetime | None:
    return value if isinstance(value, datetime) else None
