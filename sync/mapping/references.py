"""Our references in D365, read back: which record of Commerce a reference template was filled with.
Pure."""

import re
from string import Formatter


def fields_in(reference: str, template: str) -> dict[str, str] | None:
    """The template's fields as they stand in `reference`; None when it was not made by the
    template.

    `fields_in("000000042/000000009", "{order_increment_id}/{increment_id}")` gives both numbers.
    """
    pattern = ""
    for text, name, _, _ in Formatter().parse(template):
        pattern += re.escape(text)
        if name is not None:
            pattern += f"(?P<{name}>.+?)" if f"(?P<{name}>" not in pattern else f"(?P={name})"
    found = re.fullmatch(pattern, reference)
    return found.groupdict() if found else None
