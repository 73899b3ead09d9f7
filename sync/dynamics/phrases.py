"""Phrases by which an answer of F&O is known, whatever stands between their pieces."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """Phrases in small letters, of which one must occur; the pieces of a phrase one after another.
    Linear in the text."""

    phrases: tuple[tuple[str, ...], ...]

    def occur_in(self, text: str) -> bool:
        """Whether one of the phrases is there, in any case of letters."""
        small = text.lower()
        return any(_in_order(small, pieces) for pieces in self.phrases)


def _in_order(text: str, pieces: tuple[str, ...]) -> bool:
    at = 0
    for piece in pieces:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def words(*phrases: str) -> Words:
    """Phrases as they are written here: an ellipsis stands for anything."""
    return Words(tuple(tuple(phrase.lower().split("…")) for phrase in phrases))
