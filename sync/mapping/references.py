"""Our references in D365: made from templates, and read back: which record of Commerce one was made
for. Pure."""

import re
from collections.abc import Iterator
from string import Formatter
from typing import Final

WHOLE: Final = frozenset({"store_id", "entity_id", "quote_id", "template_id"})
"""Fields that hold digits alone, so that a hyphen after them ends them."""

FORMER: Final = {
    "orders": "{increment_id}",
    "invoices": "{order_increment_id}/{increment_id}",
    "creditmemos": "{order_increment_id}/C{increment_id}",
}
"""The default templates of earlier releases, without the store: what was posted under them is still
there."""


def templates_of(flow: str, configured: str) -> Iterator[str]:
    """The templates a document of this flow may have been posted under: the configured one
    first."""
    yield configured
    if configured != FORMER.get(flow, configured):
        yield FORMER[flow]


def fields_in(reference: str, template: str) -> dict[str, str] | None:
    """The template's fields as they stand in `reference`; None when it was not made by the
    template.

    `fields_in("1-I000000009", "{store_id}-I{increment_id}")` gives the store and the number.
    """
    pattern = ""
    for text, name, _, _ in Formatter().parse(template):
        pattern += re.escape(text)
        if name is not None:
            value = "[0-9]+" if name in WHOLE else ".+?"
            pattern += f"(?P<{name}>{value})" if f"(?P<{name}>" not in pattern else f"(?P={name})"
    found = re.fullmatch(pattern, reference)
    return found.groupdict() if found else None
