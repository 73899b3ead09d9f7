"""What may be shown of a sentence of another system's: its own words, labels, technical names,
codes and ids; of nobody's data a letter.

A message is free text: it may quote a name, a street or a birthday in any place. So nothing is
looked for that should go; what is known stays, and everything else is elided. One pass over the
words, each looked at once: linear whatever the text is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sync.core.plain_words import INITIALS, TITLES
from sync.core.wording import Wording

MASK: Final = "…"
LONGEST_VALUE: Final = 60
QUOTES: Final = "'\"‘’“”«»"

_BEFORE: Final = "([{<" + QUOTES
_AFTER: Final = ".,;:!?)]}>" + QUOTES
_CODE: Final = re.compile(r"(?=[A-Za-z./_#-]{0,40}[0-9])[A-Za-z0-9#][A-Za-z0-9./_#-]{0,39}")
_DATE: Final = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}")
_STATUS: Final = re.compile(r"[1-5][0-9]{2}")
_MARKS: Final = "=+*/&|-"
_NO_QUOTES: Final = dict.fromkeys(map(ord, QUOTES))
_VALUE: Final = ("he value '", "' in field '")


@dataclass(frozen=True)
class _Word:
    """One word, what stands before and after it, how it is placed. `whole`: shown as it is."""

    before: str
    core: str
    after: str
    first: bool = False
    quoted: bool = False
    opens: bool = False
    closes: bool = False
    whole: bool = False

    @property
    def plain(self) -> str:
        return self.core.lower()

    @property
    def begins_a_name(self) -> bool:
        return self.after == "." and (self.plain in TITLES or self.core in INITIALS)


def shown(text: str, wording: Wording, kept: frozenset[str] = frozenset()) -> str:
    """`text` on one line without what is not known to be the system's own; runs of the rest are
    elided once. `kept`: placeholders of the text."""
    pieces: list[str] = []
    sentence: list[_Word] = []
    for word in _words(text, wording):
        sentence.append(word)
        if any(mark in ".!?" for mark in word.after) and not word.begins_a_name:
            pieces += _sentence(sentence, wording, kept)
            sentence = []
    return " ".join([*pieces, *_sentence(sentence, wording, kept)])


def _words(text: str, wording: Wording) -> Iterator[_Word]:
    """The words; a quoted value whose field's label tells that it is a code is one word."""
    text = " ".join(text.split())
    head, link = _VALUE
    start = 0
    while (at := text.find(head, start)) >= 0:
        begin = at + len(head)
        end = text.find(link, begin)
        until = text.find("'", end + len(link)) if end >= 0 else -1
        if until < 0:
            break
        value, label = text[begin:end], text[end + len(link) : until]
        yield from _plain_words(text[start : begin - 1])
        fine = (
            len(value) <= LONGEST_VALUE
            and wording.is_reference(label)
            and not any(mark in value for mark in "'@")
        )
        yield _Word(
            "'", value if fine else MASK, "'", quoted=True, opens=True, closes=True, whole=True
        )
        start = end + 2
    yield from _plain_words(text[start:])


def _plain_words(text: str) -> Iterator[_Word]:
    quoted = False
    for token in text.split():
        core = token.lstrip(_BEFORE)
        before = token[: len(token) - len(core)]
        bare = core.rstrip(_AFTER)
        after = core[len(bare) :]
        opens = not quoted and any(mark in QUOTES for mark in before)
        quoted = quoted or opens
        closes = quoted and any(mark in QUOTES for mark in after)
        yield _Word(before, bare, after, quoted=quoted, opens=opens, closes=closes)
        quoted = quoted and not closes


def _sentence(words: Sequence[_Word], wording: Wording, kept: frozenset[str]) -> list[str]:
    """The words of one sentence that may be shown, the others elided."""
    if not words:
        return []
    words = [replace(words[0], first=True), *words[1:]]
    personal = any(wording.is_personal(word.plain) for word in words)
    keep: list[bool] = []
    is_ours, announced = False, False
    for place, word in enumerate(words):
        if word.opens:
            is_ours = place > 0 and words[place - 1].plain in wording.ours
        keep.append(
            word.whole
            or word.core in kept
            or _is_kept(word, wording, is_ours=is_ours, announced=announced and not personal)
        )
        if word.core:
            announced = word.plain in wording.announces
    return _joined(words, _without_neighbours(words, keep, wording))


def _is_kept(word: _Word, wording: Wording, *, is_ours: bool, announced: bool) -> bool:
    if word.core in ("", *_MARKS):
        return True
    if word.first and _STATUS.fullmatch(word.core):
        return True
    if wording.is_technical(word.core):
        return True
    if _CODE.fullmatch(word.core):
        return announced and not _DATE.fullmatch(word.core)
    if word.quoted and not (is_ours or wording.quotes_labels):
        return False
    first = word.first if not word.quoted else is_ours
    return wording.knows(word.core, first=first)


def _without_neighbours(
    words: Sequence[_Word], keep: Sequence[bool], wording: Wording
) -> list[bool]:
    """A term with a capital beside what is elided may belong to it (Ann Price), unless a sentence
    begins with it."""

    def doubtful(place: int) -> bool:
        word = words[place]
        is_term = word.core[:1].isupper() and not wording.is_technical(word.core)
        if word.first or word.quoted or not is_term:
            return False
        goes_on = not words[place - 1].after or words[place - 1].begins_a_name
        before = place > 0 and not keep[place - 1] and goes_on
        after = (
            place + 1 < len(words)
            and not keep[place + 1]
            and not word.after
            and not words[place + 1].before
        )
        return before or after

    return [kept and not doubtful(place) for place, kept in enumerate(keep)]


def _joined(words: Sequence[_Word], keep: Sequence[bool]) -> list[str]:
    """The words as text; each run of what is elided is one mark between what stood before and after
    it."""
    pieces: list[str] = []
    place = 0
    while place < len(words):
        word = words[place]
        if keep[place]:
            pieces.append(word.before + word.core + word.after)
            place += 1
            continue
        end = place
        while end + 1 < len(words) and not keep[end + 1]:
            end += 1
        pieces.append(_elided(word.before[:4], words[end].after[:4]))
        place = end + 1
    return pieces


def _elided(before: str, after: str) -> str:
    """The mark; quotation marks around it when they are on both sides."""
    if not (any(mark in QUOTES for mark in before) and any(mark in QUOTES for mark in after)):
        before, after = (text.translate(_NO_QUOTES) for text in (before, after))
    if "(" not in before:
        after = after.replace(")", "")
    return f"{before}{MASK}{''.join(dict.fromkeys(after))}"
