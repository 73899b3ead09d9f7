"""Names and descriptions of F&O as those of a shop."""

from html import escape

from sync.dynamics.documents.released_product import Texts


def fields_of(texts: Texts, fields: tuple[str, ...]) -> dict[str, str]:
    """A name is one line; a description is plain text in F&O and HTML in the shop."""
    found = {"name": " ".join(texts.name.split()), "description": as_html(texts.description)}
    return {name: text for name, text in found.items() if name in fields}


def as_html(text: str) -> str:
    """Plain text as HTML, its lines kept."""
    lines = (escape(line.strip(), quote=False) for line in text.strip().splitlines())
    return "<br>".join(lines)
