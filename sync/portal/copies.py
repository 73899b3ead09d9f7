"""A document as PDF, made from F&O's data and marked as a copy: the original is F&O's print."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from html import escape
from importlib.resources import files
from io import BytesIO
from typing import Any, Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from sync.core.money import ZERO, rounded, total, unit_of
from sync.dynamics.buyer_documents import InvoiceLine
from sync.portal.details import net_of, taxes_of
from sync.portal.documents import Document

FONT, BOLD = "DejaVu", "DejaVu-Bold"
TEXT: Final = ParagraphStyle("text", fontName=FONT, fontSize=9, leading=12)
SMALL: Final = ParagraphStyle("small", parent=TEXT, fontSize=8, leading=10)
HEAD: Final = ParagraphStyle("head", parent=TEXT, fontName=BOLD, fontSize=15, leading=20)
WIDTHS: Final = tuple(one * mm for one in (10, 32, 56, 18, 12, 22, 24))
MARGIN: Final = 18 * mm
SUMS: Final = TableStyle([
    ("ALIGN", (1, 0), (1, -1), "RIGHT"), ("FONTNAME", (0, 0), (-1, -1), FONT),
    ("FONTSIZE", (0, 0), (-1, -1), 9), ("FONTNAME", (0, -1), (-1, -1), BOLD),
    ("LINEABOVE", (0, -1), (-1, -1), 0.7, "black"),
])  # fmt: skip
COLUMNS: Final = ("", "Item", "Description", "Quantity", "Unit", "Price", "Amount")


@dataclass(frozen=True)
class Parties:
    """Who sold and who bought, as lines of text."""

    seller: str
    buyer: str


@cache
def _with_fonts() -> bool:
    """Fonts with the letters of most languages, without those of East Asia."""
    folder = files("sync.portal") / "fonts"
    for name, file in ((FONT, "DejaVuSans.ttf"), (BOLD, "DejaVuSans-Bold.ttf")):
        registerFont(TTFont(name, BytesIO((folder / file).read_bytes())))
    return True


def copy_of(document: Document, lines: Sequence[InvoiceLine], parties: Parties) -> bytes:
    """The PDF. The same data make the same bytes."""
    _with_fonts()
    file = BytesIO()
    title = f"{document.kind.capitalize()} {document.number}"
    page = SimpleDocTemplate(
        file, pagesize=A4, title=f"{title} (copy)", author=parties.seller, invariant=1,
        leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN,
    )  # fmt: skip
    page.build(
        [
            Paragraph(f"{escape(title)}: COPY", HEAD),
            Paragraph("This copy was made from the ledger's data. It is not the original.", SMALL),
            Spacer(1, 5 * mm),
            _facts(document, parties),
            Spacer(1, 5 * mm),
            _lines(document, lines),
            Spacer(1, 4 * mm),
            _sums(document, lines),
        ]
    )
    return file.getvalue()


def _facts(document: Document, parties: Parties) -> Table:
    rows = [
        ("Seller", parties.seller),
        ("Customer", parties.buyer),
        ("Date", document.day.isoformat()),
        ("Due", _day(document.due)),
        ("Sales order", document.order),
        ("Reference", document.reference),
        ("Purchase order", document.purchase_order),
        ("Delivery", ", ".join(one for one in (document.ship_to, document.mode) if one)),
        ("Delivery terms", document.terms),
        ("Currency", document.currency),
    ]
    shown = [(_text(name), _text(value)) for name, value in rows if value]
    return Table(shown, colWidths=(34 * mm, 140 * mm), hAlign="LEFT", style=_plain())


def _lines(document: Document, lines: Sequence[InvoiceLine]) -> Table:
    rows: list[tuple[Any, ...]] = [COLUMNS]
    rows += [
        (_text(line.number), _text(line.item), _text(line.name), _number(line.quantity),
         _text(line.unit), _number(line.price), _amount(line.amount, document))
        for line in lines
    ]  # fmt: skip
    style = TableStyle([
        ("LINEBELOW", (0, 0), (-1, 0), 0.7, "black"), ("LINEBELOW", (0, 1), (-1, -1), 0.2, "grey"),
        ("ALIGN", (3, 0), (3, -1), "RIGHT"), ("ALIGN", (5, 0), (-1, -1), "RIGHT"),
        ("FONTNAME", (0, 0), (-1, -1), FONT), ("FONTSIZE", (0, 0), (-1, -1), 8),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ])  # fmt: skip
    return Table(rows, colWidths=WIDTHS, repeatRows=1, hAlign="LEFT", style=style)


def _sums(document: Document, lines: Sequence[InvoiceLine]) -> Table:
    """What the lines come to without tax, everything else (charges, discounts, rounding), the tax
    by its groups, and the whole: the whole is the ledger's own."""
    net = rounded(total(net_of(document, line) for line in lines), unit_of(document.currency))
    rows = [("Lines", net)]
    if rest := document.amount - document.tax - net:
        rows.append(("Charges, discounts and rounding", rest))
    taxes = (one for one in taxes_of(document, lines) if one.tax)
    rows += [(f"Tax {one.group} {one.item_group}".rstrip(), one.tax) for one in taxes]
    shown = [(_text(name), _amount(value, document)) for name, value in rows]
    shown.append((_text(f"Total {document.currency}"), _amount(document.amount, document)))
    return Table(shown, colWidths=(60 * mm, 36 * mm), hAlign="RIGHT", style=SUMS)


def _plain() -> TableStyle:
    return TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])


def _text(value: object) -> Paragraph:
    """Text as it is: the library reads marks in angle brackets otherwise."""
    return Paragraph(escape(str(value)), SMALL)


def _number(value: Decimal) -> str:
    return f"{value.normalize() + ZERO:f}"


def _amount(value: Decimal, document: Document) -> str:
    return f"{rounded(value, unit_of(document.currency)):,f}"


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
