"""Mapping tables as CSV: in, out, and back again without a difference.

In: UTF-8 with or without a mark, commas or semicolons, columns in any order. The whole file is
sound or none of it is taken; every fault has its line. Out: commas, UTF-8 with a mark, for
spreadsheets. A cell that a spreadsheet would run as a formula gets an apostrophe in front, which
reading takes off again. E-mail addresses may come in (they are turned into digests at once) and
never go out; no fault repeats what a cell holds.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeVar, get_args

from sync.config.file.faults import Fault, closest
from sync.mapping_tables.records import AccountKind, AccountMapping, ItemMapping

ITEM_COLUMNS: Final = tuple(field.name for field in fields(ItemMapping))
ACCOUNT_COLUMNS: Final = ("kind", "source", "company", "account", "matched_by")
FORMULA: Final = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
INNER_FORMULA: Final = re.compile(r"([,;|\t\r\n] ?)(?='*[=+\-@＝＋－＠])")
MADE_HARMLESS: Final = re.compile(r"([,;|\t\r\n] ?)'(?='*[=+\-@＝＋－＠])")
"""Within a cell, where a spreadsheet that takes another separator begins one."""
REPORTED: Final = 50

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

M = TypeVar("M", ItemMapping, AccountMapping)

QUOTE_CELL: Final = "Put a cell that holds a comma or semicolon in quotes."
CLOSE_QUOTE: Final = "Look for a quote without its partner."


class BadCsv(Exception):
    """Nothing of the file was taken. `faults` has every fault; the text tells the first fifty."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line, fault.path)))
        more = [f"  and {len(self.faults) - REPORTED} more"] if len(self.faults) > REPORTED else []
        reported = [f"  {fault}" for fault in self.faults[:REPORTED]]
        super().__init__(
            "\n".join([f"nothing was taken, faults: {len(self.faults)}", *reported, *more])
        )


@dataclass(frozen=True)
class _Line:
    """One line's cells by column. `number` is the line that it begins on."""

    number: int
    cells: dict[str, str]


def items_from_csv(raw: bytes) -> list[ItemMapping]:
    """The item mappings of a file; columns `sku`, `item_number` and any of the others. Raises
    `BadCsv`."""
    return _mappings(raw, ITEM_COLUMNS, ("sku", "item_number"), _item)


def accounts_from_csv(
    raw: bytes, digest_of: Callable[[str], str], companies: Sequence[str]
) -> list[AccountMapping]:
    """The account mappings of a file; columns `kind`, `source`, `company`, `account` and
    `matched_by`. Raises `BadCsv`.

    A guest's source is an e-mail address, which `digest_of` turns into what is kept, or a digest
    from an export. A line without `company` is of the first of `companies`, the legal entities
    there are.
    """
    needed = ("kind", "source", "account")
    return _mappings(
        raw, ACCOUNT_COLUMNS, needed, lambda cells: _account(cells, digest_of, companies)
    )


def items_to_csv(mappings: Iterable[ItemMapping]) -> bytes:
    """The mappings as a file that `items_from_csv` reads back the same."""
    texts = (
        [f"{m.factor:f}" if name == "factor" else getattr(m, name) for name in ITEM_COLUMNS]
        for m in mappings
    )
    return csv_from(ITEM_COLUMNS, texts)


def accounts_to_csv(mappings: Iterable[AccountMapping]) -> bytes:
    """The mappings as a file that `accounts_from_csv` reads back the same; guests as digests."""
    return csv_from(
        ACCOUNT_COLUMNS,
        ([m.kind, m.source_key, m.company, m.account, m.matched_by] for m in mappings),
    )


def csv_from(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    """Any table as CSV that a spreadsheet opens without running anything in it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_harmless(cell) for cell in line] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    cell = INNER_FORMULA.sub(r"\1'", cell)
    return f"'{cell}" if FORMULA.match(cell) else cell


def _meant(cell: str) -> str:
    """A cell without the apostrophe that made it harmless; any other apostrophe is the cell's
    own."""
    text = MADE_HARMLESS.sub(r"\1", cell.strip())
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def _mappings(
    raw: bytes,
    columns: Sequence[str],
    needed: Sequence[str],
    mapping_from: Callable[[dict[str, str]], M],
) -> list[M]:
    faults: list[Fault] = []
    found: dict[str, tuple[int, M]] = {}
    for line in _lines(raw, columns, needed, faults):
        try:
            mapping = mapping_from(line.cells)
        except ValueError as error:
            column, _, _ = str(error).partition(" ")
            faults.append(Fault(line.number, column, str(error), "Correct the cell."))
            continue
        earlier, _ = found.setdefault(mapping.key, (line.number, mapping))
        if earlier != line.number:
            what = f"this is mapped on line {earlier} already (case and spaces around do not count)"
            faults.append(Fault(line.number, "", what, "Keep one of the two lines."))
    if faults:
        raise BadCsv(faults)
    return [mapping for _, mapping in found.values()]


def _item(cells: dict[str, str]) -> ItemMapping:
    written = cells.pop("factor", "") or "1"
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", written):
        raise ValueError("factor is not a number with a point, as in 0.5")
    return ItemMapping(**cells, factor=Decimal(written))


def _account(
    cells: dict[str, str], digest_of: Callable[[str], str], companies: Sequence[str]
) -> AccountMapping:
    kind = next((known for known in get_args(AccountKind) if known == cells["kind"].lower()), None)
    if kind is None:
        raise ValueError(f"kind is none of {', '.join(get_args(AccountKind))}")
    source = _source_key(kind, cells["source"], digest_of)
    company = cells.get("company", "").lower() or companies[0]
    if company not in companies:
        known = ", ".join(companies)
        raise ValueError(f"company is none of this connection's legal entities: {known}")
    matched_by = cells.get("matched_by") or "import"
    return AccountMapping(kind, source, cells["account"], matched_by, company)


def _source_key(kind: AccountKind, source: str, digest_of: Callable[[str], str]) -> str:
    if kind == "guest" and "@" in source:
        return digest_of(source)
    if not re.fullmatch("[0-9a-f]{64}" if kind == "guest" else "[1-9][0-9]{0,18}", source):
        if kind == "guest":
            expected = "neither an e-mail address nor a digest from an export"
        else:
            expected = "not its id in Commerce, a whole number"
        raise ValueError(f"source of a {kind} is {expected}")
    return source


def _lines(
    raw: bytes, columns: Sequence[str], needed: Sequence[str], faults: list[Fault]
) -> Iterator[_Line]:
    """The lines with something on them; what cannot be read as lines goes to `faults`."""
    reader = _reader(raw, faults)
    number = 1
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        faults += _header_faults(header, columns, needed)
        number = reader.line_num + 1
        for row in reader if not faults else ():
            is_there = any(cell.strip() for cell in row)
            if is_there and len(row) == len(header):
                yield _Line(number, dict(zip(header, map(_meant, row), strict=True)))
            elif is_there:
                what = f"cells: {len(row)}, columns: {len(header)}"
                faults.append(Fault(number, "", what, QUOTE_CELL))
            number = reader.line_num + 1
    except csv.Error as error:
        what = f"this cannot be read as CSV: {error}"
        faults.append(Fault(number, "", what, CLOSE_QUOTE))


def _reader(raw: bytes, faults: list[Fault]) -> "CsvReader":
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        faults.append(Fault(line, "", "this is not text in UTF-8", 'Save the file as "CSV UTF-8".'))
        text = ""
    first = text.partition("\n")[0]
    return csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True
    )


def _header_faults(
    header: Sequence[str], columns: Sequence[str], needed: Sequence[str]
) -> Iterator[Fault]:
    listed = f"Columns: {', '.join(columns)}."
    if not header:
        remedy = f"The first line names the columns. {listed}"
        yield Fault(1, "", "there is nothing in the file", remedy)
        return
    for place, name in enumerate(header):
        if name not in columns:
            what = f'"{name[:40]}" is not a column known here'
            yield Fault(1, "", what, f"{closest(name, columns)}{listed}")
        elif name in header[:place]:
            yield Fault(1, name, "the column is there twice", "Keep one of the two.")
    for name in (name for name in needed if name not in header):
        yield Fault(1, name, "the column is missing", listed)
