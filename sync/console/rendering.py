"""Templates to HTML. All text is escaped; every word that people read is in `texts.py`."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sync.console.links import link
from sync.console.texts import TEXTS
from sync.core.logs import without_codes

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"


def text(name: str, /, **values: Any) -> str:
    """A text by its name, with values put in."""
    return TEXTS[name].format(**values)


def rendered(template: str, **values: Any) -> str:
    """The page. Raises `UndefinedError` for a name that nobody gave."""
    return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    """Made once: templates are compiled when first used."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=_shown, auto_reload=False,
    )  # fmt: skip
    made.filters |= {"moment": moment, "span": span, "link": link}
    made.globals |= {"t": text, "version": version(), "spark": spark, "chart": chart}
    return made


@cache
def version() -> str:
    """Differs when a style or script does, so that browsers keep the rest for long."""
    contents = b"".join(path.read_bytes() for path in sorted(STATIC.iterdir()))
    return hashlib.sha256(contents).hexdigest()[:12]


def moment(at: datetime | None) -> Markup:
    """A time: in UTC, which the script turns into the reader's own zone."""
    if at is None:
        return Markup('<span class="none">–</span>')
    said = f"{at:%Y-%m-%d %H:%M} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S} UTC", said
    )


def span(length: timedelta | None) -> str:
    """How long, as people say it."""
    if length is None:
        return text("time.never")
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return text("time.now")
    if minutes < 120:
        return text("time.minutes", count=minutes)
    hours = minutes // 60
    if hours < 48:
        return text("time.hours", count=hours)
    return text("time.days", count=hours // 24)


def spark(values: list[int], label: str) -> Markup:
    """A chart of some values, the oldest first: bars of at most 20 units, with its words."""
    most = max(values, default=0) or 1
    bars = Markup("").join(
        Markup('<rect x="{}" y="{}" width="3" height="{}"/>').format(place * 4, 20 - tall, tall)
        for place, value in enumerate(values)
        if (tall := max(1, round(20 * value / most)) if value else 0)
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 {} 20" role="img" aria-label="{}">'
        '<path d="M0 19.5H{}"/>{}</svg>'
    ).format(len(values) * 4, label, len(values) * 4, bars)


def chart(values: Sequence[Decimal], label: str) -> Markup:
    """Bars of amounts, in their order; those below zero hang. The table beside it has the
    numbers."""
    most = max((abs(value) for value in values), default=Decimal(0)) or Decimal(1)
    bars = Markup("").join(
        Markup('<rect class="{}" x="{}" y="{}" width="16" height="{}"/>').format(
            "below" if value < 0 else "above", place * 20, 60 if value < 0 else 60 - tall, tall
        )
        for place, value in enumerate(values)
        if (tall := max(1, round(58 * abs(value) / most)) if value else 0)
    )
    wide = max(len(values), 1) * 20
    return Markup(
        '<svg class="chart" viewBox="0 0 {} 120" width="{}" height="120" role="img"'
        ' aria-label="{}"><path d="M0 60H{}"/>{}</svg>'
    ).format(wide, wide, label, wide, bars)


def _shown(value: Any) -> Any:
    """Text without characters that turn or hide it; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return without_codes(value)
    return value
