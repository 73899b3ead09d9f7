"""The words that a system's own messages are made of: what may be shown of them (`shown.py`)."""

import re
from dataclasses import dataclass
from typing import Final

from sync.core.plain_words import ALSO_NAMES

_HUMP: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_TECHNICAL: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]{2,79}")


@dataclass(frozen=True)
class Wording:
    """The words that a system's messages are made of, in small letters.

    `small`: kept in small letters, and with a capital where a sentence begins. `anyhow`: kept with
    a capital anywhere. `personal`: labels of fields about people; what is said beside them is not
    shown, codes included. `parts`: what technical names are made of. `announces`: a code or a
    number after one of these is an id of the system's. `ours`: what stands in quotes after one of
    these is a label or a technical name. `reference`: a field whose label is made of these alone
    refers to master data, so its value is a code; so does one of `names_of_codes`.
    `quotes_labels`: whether known words in quotes are labels wherever they stand.
    """

    small: frozenset[str]
    anyhow: frozenset[str]
    personal: frozenset[str]
    parts: frozenset[str]
    announces: frozenset[str]
    ours: frozenset[str]
    reference: frozenset[str] = frozenset()
    names_of_codes: frozenset[str] = frozenset()
    quotes_labels: bool = False

    def is_technical(self, text: str) -> bool:
        """Whether it is a name of a table, an entity, or a field, as
        `CustCustomerV3Entity.CustomerGroupId`."""
        if not _TECHNICAL.fullmatch(text):
            return False
        humps = _HUMP.findall(text)
        long = [hump for hump in humps if len(hump) > 1 and not hump.isdigit()]
        return len(long) > 1 and all(hump.isdigit() or hump.lower() in self.parts for hump in humps)

    def is_reference(self, label: str) -> bool:
        """Whether the field of this label refers to master data, so that its value is a code."""
        small = label.lower()
        if small.strip() in self.names_of_codes:
            return True
        parts = re.split(r"[ /-]", small)
        return all(part in self.reference for part in parts if part) and bool(small.strip())

    def knows(self, text: str, *, first: bool) -> bool:
        """Whether all parts are words of the system's: general ones in small letters, terms in any
        case. `first`: a sentence begins with it."""
        for place, part in enumerate(self.parts_of(text)):
            plain = part.lower()
            small = part == plain and plain in self.small
            starts = first and place == 0 and plain in self.small and plain not in ALSO_NAMES
            if part and not (small or starts or plain in self.anyhow):
                return False
        return True

    def is_personal(self, text: str) -> bool:
        """Whether a word in small letters is a label of fields about people."""
        return any(part in self.personal for part in self.parts_of(text))

    def parts_of(self, text: str) -> list[str]:
        """What a word with slashes or hyphens is made of."""
        return re.split(r"[/-]", text) if text not in self.personal else [text]
