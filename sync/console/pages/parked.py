"""What waits for a person: by cause, then the records of one cause."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from sync.console.files import as_file
from sync.console.visit import PAGE, Visit
from sync.operating.causes import Cause, Parked, Waiting, parked_of, worth_of
from sync.operating.parked import key_row, letter_row
from sync.operating.records import Ledgers, require_known

MOST_CAUSES: Final = 200
COLUMNS: Final = ("connection", "flow", "key", "at", "worth", "reason", "remedy")


@dataclass(frozen=True)
class Wanted:
    """Which of them: of a connection, a flow, a cause (`id`), with a text in the reason or key."""

    connection: str
    flow: str
    text: str
    id: str

    @classmethod
    def by(cls, visit: Visit) -> "Wanted":
        """As the form or the URL has it. Raises `Problem` for an unknown connection or flow."""
        found = cls(*(visit.asked(name) for name in ("connection", "flow", "text", "id")))
        require_known(visit.services, found.connection, found.flow)
        return found

    @property
    def fields(self) -> dict[str, str]:
        """As a URL or a form has them."""
        return {name: value for name, value in vars(self).items() if value}

    def of(self, parked: Parked) -> tuple[Waiting, ...]:
        """Those of them that fit."""
        fitting = parked.having(self.text).records if self.text else parked.records
        return tuple(one for one in fitting if not self.id or one.cause_id == self.id)


async def show(visit: Visit) -> Response:
    """The causes; or, with one named, its records, a page at a time."""
    wanted = Wanted.by(visit)
    parked = await parked_of(visit.services, wanted.connection, wanted.flow)
    records = Parked(wanted.of(parked), parked.is_cut)
    start = max(int(text), 0) if (text := visit.asked("start")).isdecimal() else 0
    return visit.page(
        "parked.html", wanted=wanted, worth=worth_of,
        flows=[*visit.services.flows, *visit.services.sub_flows],
        parked=records, causes=_causes(records), start=start,
        shown=records.records[start : start + PAGE], page=PAGE,
        letters=await _letters(visit, wanted), refused=await _refused(visit, wanted),
    )  # fmt: skip


def _causes(records: Parked) -> list[Cause]:
    return records.causes[:MOST_CAUSES]


async def _letters(visit: Visit, wanted: Wanted) -> list[dict[str, object]]:
    """Messages that a queue has set aside; the console shows them with the causes."""
    if wanted.id:
        return []
    ledgers = Ledgers(visit.services, wanted.connection, wanted.flow)
    return [letter_row(*pair) for pair in await ledgers.dead_letters(wanted.text, most=PAGE)]


async def _refused(visit: Visit, wanted: Wanted) -> list[dict[str, object]]:
    """Keys that no table can hold."""
    rows = []
    async for key in visit.services.refused_keys.all():
        if wanted.connection in ("", key.connection) and wanted.flow in ("", key.flow):
            rows.append(key_row(key))
        if wanted.id or len(rows) >= PAGE:
            break
    return [] if wanted.id else rows


async def as_csv(visit: Visit) -> Response:
    """The same list as a file."""
    wanted = Wanted.by(visit)
    records = wanted.of(await parked_of(visit.services, wanted.connection, wanted.flow))
    rows = (
        {**vars(one), "at": one.at.isoformat() if one.at is not None else None} for one in records
    )
    return as_file("parked.csv", COLUMNS, rows)
