r"""Partition and row keys of Azure Table Storage: any text, in characters the service takes, in the
order of the text.

Table Storage refuses / \ # ? in keys, % and + have got lost between clients and the service, and
keys are ordered by UTF-16 units, in which U+E000 to U+FFFF come after everything beyond U+FFFF
(vendor reference, read 2026-11). So each of these characters shares the place of the one before it:

| characters      | stored as                                 |
| --------------- | ----------------------------------------- |
| " $ * . > [     | the character and a hyphen: `.` is `.-`   |
| # % + / ? \     | the one before it and a tilde: `/` is `.~` |
| U+E000 and up   | U+E000 and the number, six hex digits     |
| everything else | itself                                    |

No character's stored form begins another's, and they are ordered as the characters are, so stored
keys are ordered as the keys are, whether by UTF-16 unit, by UTF-8 byte or by code point. A stored
key has no character beyond U+E000.
"""

import re
from typing import Final

MOST_STORED: Final = 512
"""Characters of a stored key, which are UTF-16 units: 1 KiB."""
LONGEST: Final = 7
"""Characters that one becomes at most."""

_HIGH: Final = "\ue000"
_PAIRS: Final = ('"#', "$%", "*+", "./", ">?", "[\\")
_STORED: Final = {
    character: pair[0] + mark for pair in _PAIRS for character, mark in zip(pair, "-~", strict=True)
}  # fmt: skip
_PLAIN: Final = {stored: character for character, stored in _STORED.items()}
_ODD: Final = re.compile(r'["#$%*+./>?\[\\\ue000-\U0010ffff]')
_ESCAPE: Final = re.compile(r'["$*.>\[][-~]|\ue000[0-9a-f]{6}')
_IN_NO_KEY: Final = re.compile("[\x00-\x1f]|[\x7f-\x9f]|[\ud800-\udfff]")
_NEXT: Final = {"\x00": " ", "\x7f": "\xa0", "\ud800": "\ue000"}
"""The first character that keys may hold after those from here on, which they may not."""


def stored(key: str) -> str:
    """The key as it is stored. `fits` tells beforehand whether the service will take it."""
    return _ODD.sub(_escaped, key)


def plain(stored_key: str) -> str:
    """The inverse of `stored`. What is no escape of ours stays as it is."""
    return _ESCAPE.sub(_unescaped, stored_key)


def fits(key: str) -> bool:
    """Whether the stored form is short enough: 512 characters are, 73 of the longest form are."""
    return len(key) * LONGEST <= MOST_STORED or len(stored(key)) <= MOST_STORED


def bound(text: str) -> str:
    """What `stored` keys are compared with when the keys themselves are to be compared with `text`.

    A bound may hold what no key does, a control character or half a surrogate pair: the next
    character that a key may hold divides all keys at the same place, whatever followed.
    """
    found = _IN_NO_KEY.search(text)
    if found is None:
        return stored(text)
    return stored(
        text[: found.start()] + next(_NEXT[low] for low in reversed(_NEXT) if found[0] >= low)
    )


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    return _STORED.get(character) or f"{_HIGH}{ord(character):06x}"


def _unescaped(found: re.Match[str]) -> str:
    escape = found[0]
    if escape[0] != _HIGH:
        return _PLAIN[escape]
    number = int(escape[1:], 16)
    return chr(number) if number >= ord(_HIGH) and number <= 0x10FFFF else escape
