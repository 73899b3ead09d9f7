"""HTML from whatever stands between us and a system, read as far as a person needs it: each
character looked at once."""

from html import unescape
from typing import Final

READ: Final = 4000
"""Characters of a page that are read; what tells something stands in its head."""
MOST_TAGS: Final = 400


def title_in(page: str) -> str:
    """The page's title on one line; empty where there is none."""
    page = page[:READ]
    small = page.lower()
    start = small.find("<title")
    begin = small.find(">", start) + 1 if start >= 0 else 0
    end = small.find("</title", begin) if begin else -1
    return text_in(page[begin:end]) if end >= 0 else ""


def text_in(page: str) -> str:
    """What is left without tags, on one line. A tag that does not end hides what follows."""
    pieces = page[:READ].split("<", MOST_TAGS)
    return " ".join(
        unescape(" ".join([pieces[0], *(piece.partition(">")[2] for piece in pieces[1:])])).split()
    )
