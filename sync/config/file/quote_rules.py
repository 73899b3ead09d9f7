"""What must hold for `quotes`: orders and companies that flow, templates, texts that can be
filled."""

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any, Final

from sync.config.connections.quotes import TEXTS, Quotes
from sync.config.connections.section import NumberMode
from sync.config.file.breaches import Breach, is_flowing, sound, template_breaches, too_long
from sync.config.file.toml_lines import Path

IN_QUOTES: Final = ("quote_id", "store_id")


def quote_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `quotes` of the connection at `path`."""
    quotes = sound(Quotes, written.get("quotes", {}))
    if quotes is None:
        return
    at = (*path, "quotes")
    for name in ("reference_template", "number_template"):
        yield from template_breaches((*at, name), getattr(quotes, name), IN_QUOTES)
    if quotes.numbers is NumberMode.OURS:
        where = (*at, "number_template")
        yield from too_long(where, quotes.number_template, "a quotation number")
    yield from _flowing(at, written, quotes)
    yield from _texts((*at, "texts"), quotes)


def _flowing(path: Path, written: Mapping[str, Any], quotes: Quotes) -> Iterator[Breach]:
    if is_flowing(written, "quote_answers") and not is_flowing(written, "quotes"):
        what = 'the flow "quote_answers" is on, and "quotes" is not'
        remedy = 'Add "quotes" to flows: only quotations that we have made are answered.'
        yield Breach(path, what, remedy)
    if is_flowing(written, "quotes") and not is_flowing(written, "orders"):
        what = 'the flow "quotes" is on, and "orders" is not'
        remedy = 'Add "orders" to flows: an accepted quote becomes a web order.'
        yield Breach(path, what, remedy)
    if is_flowing(written, "quote_answers") and not quotes.answered:
        what = "no status of a quotation counts as an answer"
        yield Breach((*path, "answered"), what, 'Write answered = ["Sent"].')


def _texts(path: Path, quotes: Quotes) -> Iterator[Breach]:
    for name, text in quotes.texts.items():
        allowed = {field for _, field, _, _ in Formatter().parse(TEXTS[name]) if field}
        try:
            found = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
        except ValueError:
            found = {"a brace without its partner"}
        if strange := sorted(found - allowed):
            names = ", ".join(f"{{{one}}}" for one in sorted(allowed))
            what = f"the text names {strange[0]}, which is not known here"
            yield Breach((*path, name), what, f"Known: {names}.")
