"""What must hold for `quotes`: orders and companies that flow, templates, texts that can be
filled."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sync.config.connections.quotes import TEXTS, Quotes
from sync.config.connections.section import NumberMode
from sync.config.file.breaches import (
    Breach,
    fields_of,
    is_flowing,
    missing_flow,
    sound,
    template_breaches,
    text_breaches,
    too_long,
)
from sync.config.file.toml_lines import Path

IN_QUOTES: Final = ("quote_id", "store_id")
NEEDED: Final = (
    ("quote_answers", "quotes", "only quotations that we have made are answered"),
    ("quotes", "orders", "an accepted quote becomes a web order"),
)


def quote_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `quotes` of the connection at `path`."""
    quotes = sound(Quotes, written.get("quotes", {}))
    if quotes is None:
        return
    at = (*path, "quotes")
    for name in ("reference_template", "number_template"):
        yield from template_breaches((*at, name), getattr(quotes, name), IN_QUOTES)
    where = (*at, "agreement_reference")
    yield from template_breaches(where, quotes.agreement_reference, ("template_id",))
    if quotes.agreement_url:
        yield from template_breaches((*at, "agreement_url"), quotes.agreement_url, ("agreement",))
    if quotes.numbers is NumberMode.OURS:
        where = (*at, "number_template")
        yield from too_long(where, quotes.number_template, "a quotation number")
    yield from _flowing(at, written, quotes)
    if quotes.target == "dataverse":
        yield from _in_sales(at, written, quotes)
    for name, text in quotes.texts.items():
        yield from text_breaches((*at, "texts", name), text, fields_of(TEXTS[name]))


def _flowing(path: Path, written: Mapping[str, Any], quotes: Quotes) -> Iterator[Breach]:
    for flow, needed, why in NEEDED:
        yield from missing_flow(path, written, flow, needed, why)
    if is_flowing(written, "quote_answers") and not quotes.answered:
        what = "no status of a quotation counts as an answer"
        yield Breach((*path, "answered"), what, 'Write answered = ["Sent"].')


def _in_sales(path: Path, written: Mapping[str, Any], quotes: Quotes) -> Iterator[Breach]:
    """What goes with F&O's quotations alone."""
    if is_flowing(written, "quotes") and "dataverse" not in written:
        what = 'target is "dataverse", and no Dataverse environment is named'
        remedy = f'Write [{".".join(path[:-1])}.dataverse] with url = "https://….dynamics.com".'
        yield Breach((*path, "target"), what, remedy)
    if quotes.order_field == "QuotationNumber":
        what = "QuotationNumber of a sales order names a quotation of F&O, and there is none"
        yield Breach((*path, "order_field"), what, 'Write order_field = "SalesOrderName".')
    if quotes.numbers is NumberMode.OURS:
        what = "Dynamics 365 Sales numbers its quotes itself"
        yield Breach((*path, "numbers"), what, 'Leave it out, or write numbers = "theirs".')
    if quotes.files != "none":
        what = "files are attached in F&O, and the quote is in Dynamics 365 Sales"
        yield Breach((*path, "files"), what, 'Leave it out, or write files = "none".')
    if not quotes.sales.answered:
        what = "no status of an Active quote counts as an answer"
        yield Breach((*path, "sales", "answered"), what, "Write answered = [2, 3].")
