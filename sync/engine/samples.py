"""How far behind each flow was in each of the last 24 hours: one row per hour of the day, written
over by the same hour of the next day, so that the table never grows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sync.core.ports import Row, Tables, Value

SAMPLES: Final = "samples"
DAY: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Sample:
    """What monitoring saw last in an hour. `behind_s`: seconds that the poll's watermark was
    behind; `parked`: records that waited for a person."""

    at: datetime
    behind_s: int
    parked: int


async def keep(tables: Tables, connection: str, flow: str, sample: Sample) -> None:
    """Store the sample as that of its hour. Safe to repeat and to race."""
    cells: dict[str, Value] = {
        "at": sample.at, "behind_s": sample.behind_s, "parked": sample.parked,
    }  # fmt: skip
    await tables.upsert(SAMPLES, Row(f"{connection}|{flow}", f"{sample.at:%H}", cells))


async def last_day(
    tables: Tables, connection: str, flow: str, now: datetime
) -> Mapping[int, Sample]:
    """The samples by how many hours ago they were, 0 to 23."""
    found: dict[int, Sample] = {}
    async for row in tables.query(SAMPLES, f"{connection}|{flow}"):
        at, behind, parked = (row.values.get(name) for name in ("at", "behind_s", "parked"))
        if isinstance(at, datetime) and timedelta() <= now - at < DAY:
            hours = int((now - at).total_seconds() // 3600)
            found[hours] = Sample(at, _number(behind), _number(parked))
    return found


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
