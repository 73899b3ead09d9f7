"""What would become of a quote: its quotation in F&O, and the answer that its buyer would see."""

from sync.engine.copies import DocumentCopies
from sync.engine.ledger import Ledger
from sync.engine.systems import Systems
from sync.flows.quotes.quote_answers import quote_answers
from sync.flows.quotes.quote_templates import quote_templates
from sync.flows.quotes.quotes import quotes
from sync.preview.as_it_stands import previewed
from sync.preview.previews import Preview


async def preview_quote(
    key: str, systems: Systems, ledger: Ledger, documents: DocumentCopies
) -> list[Preview]:
    """Both ways of a quote, by its id, as far as their flows are on. Raises what the clients
    raise."""
    on = [one for one in (quotes, quote_answers) if one.name in systems.settings.flows]
    return [await previewed(one, key, systems, ledger, documents) for one in on]


async def preview_template(
    key: str, systems: Systems, ledger: Ledger, documents: DocumentCopies
) -> list[Preview]:
    """What a quote template, by its id, would show of its sales agreement. Raises what the clients
    raise."""
    return [await previewed(quote_templates, key, systems, ledger, documents)]
