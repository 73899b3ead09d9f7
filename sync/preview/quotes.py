"""What would become of a quote: its quotation in F&O, and the answer that its buyer would see."""

from sync.flows.quotes.quote_answers import quote_answers
from sync.flows.quotes.quote_templates import quote_templates
from sync.flows.quotes.quotes import quotes
from sync.preview.as_it_stands import AsItStands
from sync.preview.previewed import Preview


async def preview_quote(key: str, now: AsItStands) -> list[Preview]:
    """Both ways of a quote, by its id, as far as their flows are on. Raises what the clients
    raise."""
    on = [one for one in (quotes, quote_answers) if one.name in now.systems.settings.flows]
    return [await now.previewed(one, key) for one in on]


async def preview_template(key: str, now: AsItStands) -> list[Preview]:
    """What a quote template, by its id, would show of its sales agreement. Raises what the clients
    raise."""
    return [await now.previewed(quote_templates, key)]
