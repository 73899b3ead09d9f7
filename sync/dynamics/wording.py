"""The words that F&O's own messages are made of: what may be shown of a message (`core/shown.py`),
as nobody is named by them.

General words stay in small letters, terms of the ERP in any case, technical names when they are
made of known parts. Sources: messages recorded on 2026-07-28, Microsoft's documentation of data
entities and of errors, read 2026-11.
"""

from typing import Final

from sync.core.plain_words import GENERAL
from sync.core.wording import Wording

_TERMS: Final = """
account accounting accounts adjustment all amount application bad balance barcode batch blocked
business calendar category center centre chain charge charges chart class closed code codes
collection color column commission company configuration context correction cost country credit
currency customer customers data date day days deadlock default delivery department dimension
dimensions discount disposition document duplicate dynamics entities entity enum exchange
external field fields finance financial fiscal gateway group groups header hold http id index
infolog inventory invoice invoices item items journal journals key label language ledger legal
line lines list location lot main market member microsoft mode model module net number numbers
odata offset order ordered orders origin packing page parties party payment payments period
picking pool post posted posting price prices product products profile project property quantity
rate record records region release reservation reserved retail return returns route row rows
sales segment segments sequence serial shipping site sites size status stock style table tables
tax taxes terms total trade transaction transactions transfer unit units uri url variant vendor
version voucher warehouse warehouses warning
"""
_PERSONAL: Final = """
address addresses alias attention birth birthday born building card city contact contacts county
driver e-mail email emails exempt extension fax first gender iban iban's identification known
last licence license mail middle mobile name names nickname number's passport person personal
persons phone post postal registration search security social street suite surname telephone
title vat zip
"""
_STARTS: Final = """
a access all an another any at cannot check could create creating deleting denied duplicate each
enter error failed field for forbidden found from if in info internal it more must no not
nothing number one only please reading record request requested see server service some
something temporarily that the there this unauthorised unauthorized unavailable update updating
validate validation value when write you
"""
_PARTS: Final = """
ax bill c cds changed com conf curr cust dir dlv dlvs doc ent enum exch field fk fld fno free
get group header headers id ids inv invent ledger li line lines lot md memo num party paym pk
pmt po proc prod rates rec recid rma set sets smm so sub text trans type uom us v vend view whs
x xpp
"""
_ANNOUNCES: Final = """
account amount batch code company customer entity error group id invoice item journal line lot
number order product quantity record row sequence site transaction unit variant vendor version
voucher warehouse
"""
_OURS: Final = """
column entity enum field label member named parameter property source table tables type value
view
"""

TERMS: Final = frozenset(_TERMS.split())
SURNAMES: Final = frozenset(
    [
        "bad",
        "day",
        "days",
        "field",
        "fields",
        "lot",
        "main",
        "market",
        "page",
        "pool",
        "post",
        "price",
        "prices",
        "rate",
        "style",
    ]
)
"""Terms that people are called, too."""
PERSONAL: Final = frozenset(_PERSONAL.split())
"""Labels of fields about people: kept, and what is said beside them is not, codes included."""
SMALL: Final = GENERAL | TERMS | frozenset(_STARTS.split())
"""Kept in small letters, and where a sentence begins."""
ANYHOW: Final = (TERMS - SURNAMES) | PERSONAL
"""Kept with a capital anywhere."""
PARTS: Final = GENERAL | TERMS | PERSONAL | frozenset(_PARTS.split())
"""What technical names are made of."""

ANNOUNCES: Final = frozenset(_ANNOUNCES.split())
"""A code or a number after one of these is an id of the ERP's."""
OURS: Final = frozenset(_OURS.split())
"""What stands in quotes after one of these is a label or a technical name."""
REFERENCE: Final = (TERMS - {"bad", "hold", "post"}) | {
    "of",
    "for",
    "the",
    "method",
    "type",
    "reason",
    "sets",
    "unit",
    "serial",
}
"""A field whose label is made of these alone refers to master data: its value is a code, whatever
it looks like."""
NAMES_OF_CODES: Final = frozenset(["journal name", "name of journal"])
"""Labels whose "name" is that of master data."""

WORDING: Final = Wording(
    small=SMALL, anyhow=ANYHOW, personal=PERSONAL, parts=PARTS, announces=ANNOUNCES, ours=OURS,
    reference=REFERENCE, names_of_codes=NAMES_OF_CODES,
)  # fmt: skip
