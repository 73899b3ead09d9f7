"""Our references in D365: made from templates, and read back: which record of Commerce one was made
for. Pure."""

import re
from collections.abc import Collection, Iterator
from string import Formatter
from typing import Final

from sync.config.connections import Connection

RECORDS: Final = ("creditmemos", "invoices", "returns", "orders")
"""The flows whose records have a reference in what F&O posts."""
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


def named_in(
    reference: str, settings: Connection, flows: Collection[str] = RECORDS
) -> Iterator[tuple[str, dict[str, str]]]:
    """The records of `flows` that a reference may have been made for: the flow, and the fields of
    its template. The template that says most by itself comes first, as that of orders,
    `{store_id}-{increment_id}`, fits the references of all others too."""
    known = [
        (flow, template)
        for flow in RECORDS if flow in flows
        for template in templates_of(flow, getattr(settings, flow).reference_template)
    ]  # fmt: skip
    for flow, template in sorted(known, key=lambda one: -_said_by(one[1])):
        fields = fields_in(reference, template)
        if fields is not None:
            yield flow, fields


def _said_by(template: str) -> int:
    return sum(len(text) for text, *_ in Formatter().parse(template))


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
