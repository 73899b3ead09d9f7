"""The tables of the environment, as far as the product touches them: columns, lookups, privileges.

Sources: Microsoft, "Update and delete table rows using the Web API", "Web API client errors"; the
schema of Customer Service and Sales; of quotes, docs/dataverse-quotes.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

WHOLE, TEXT, FLAG, NUMBER, OWN = "whole", "text", "flag", "number", "own"
"""What a column holds; `OWN`: what the service alone writes."""


@dataclass(frozen=True)
class Lookup:
    """A column that names a row of another table. Its value is read as `_<column>_value`."""

    column: str
    table: str


@dataclass(frozen=True)
class Table:
    """A table by the name of its set. `needed`: what a row cannot be made without, any one of each
    group."""

    logical: str
    key: str
    columns: Mapping[str, str]
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    needed: tuple[tuple[str, ...], ...] = ()
    privilege: str = ""


def _lookups(column: str, **tables: str) -> dict[str, Lookup]:
    return {f"{column}_{name}": Lookup(column, table) for name, table in tables.items()}


OWNED: Final = {
    "statecode": WHOLE, "statuscode": WHOLE, "createdon": TEXT, "modifiedon": TEXT,
}  # fmt: skip
TOTALS: Final = (
    "totallineitemamount", "totalamountlessfreight", "totaldiscountamount", "totaltax",
    "totalamount",
)  # fmt: skip
SHIP_TO: Final = (
    "shipto_name", "shipto_line1", "shipto_city", "shipto_postalcode", "shipto_country",
    "shipto_stateorprovince",
)  # fmt: skip
OWNER: Final = {"ownerid": Lookup("ownerid", "")}
TABLES: Final[Mapping[str, Table]] = {
    "accounts": Table(
        "account", "accountid",
        {**OWNED, "name": TEXT, "accountnumber": TEXT, "emailaddress1": TEXT,
         "new_webscore": WHOLE, "new_nextorder": TEXT},
        OWNER, (("name",),), "Account",
    ),
    "contacts": Table(
        "contact", "contactid", {**OWNED, "lastname": TEXT, "emailaddress1": TEXT},
        OWNER, (("lastname",),), "Contact",
    ),
    "salesorders": Table(
        "salesorder", "salesorderid", {**OWNED, "name": TEXT, "ordernumber": TEXT},
        {**OWNER, "quoteid": Lookup("quoteid", "quotes")}, (), "SalesOrder",
    ),
    "incidents": Table(
        "incident", "incidentid",
        {
            **OWNED, "title": TEXT, "description": TEXT, "ticketnumber": TEXT,
            "casetypecode": WHOLE, "caseorigincode": WHOLE, "prioritycode": WHOLE,
            "new_shopkey": TEXT,
        },
        {
            **OWNER, **_lookups("customerid", account="accounts", contact="contacts"),
            "new_order": Lookup("new_order", "salesorders"),
        },
        (("title",), ("customerid_account", "customerid_contact")), "Incident",
    ),
    "annotations": Table(
        "annotation", "annotationid",
        {"subject": TEXT, "notetext": TEXT, "isdocument": FLAG, "createdon": TEXT,
         "modifiedon": TEXT, "filename": TEXT, "mimetype": TEXT, "documentbody": TEXT},
        {**OWNER, **_lookups("objectid", incident="incidents", account="accounts")},
        (), "Note",
    ),
    "tasks": Table(
        "task", "activityid",
        {**OWNED, "subject": TEXT, "description": TEXT, "scheduledend": TEXT,
         "prioritycode": WHOLE},
        {**OWNER, **_lookups("regardingobjectid", account_task="accounts",
                             contact_task="contacts")},
        (("subject",),), "Activity",
    ),
    "leads": Table(
        "lead", "leadid",
        {**OWNED, "subject": TEXT, "lastname": TEXT, "companyname": TEXT, "emailaddress1": TEXT,
         "description": TEXT, "leadsourcecode": WHOLE},
        OWNER, (("lastname",),), "Lead",
    ),
    "systemusers": Table(
        "systemuser", "systemuserid", {"internalemailaddress": TEXT, "isdisabled": FLAG}, {}, (),
        "User",
    ),
    "teams": Table("team", "teamid", {"name": TEXT}, {}, (), "Team"),
    "quotes": Table(
        "quote", "quoteid",
        {
            **dict.fromkeys((*OWNED, "quotenumber", "revisionnumber", *TOTALS), OWN),
            **dict.fromkeys(SHIP_TO, TEXT), "name": TEXT, "description": TEXT, "expireson": TEXT,
            "paymenttermscode": WHOLE, "discountpercentage": NUMBER, "discountamount": NUMBER,
            "freightamount": NUMBER,
        },
        {
            **OWNER, **_lookups("customerid", account="accounts", contact="contacts"),
            "transactioncurrencyid": Lookup("transactioncurrencyid", "transactioncurrencies"),
            "pricelevelid": Lookup("pricelevelid", "pricelevels"),
        },
        (), "Quote",
    ),
    "quotedetails": Table(
        "quotedetail", "quotedetailid",
        {
            "createdon": OWN, "modifiedon": OWN, "baseamount": OWN, "extendedamount": OWN,
            "lineitemnumber": WHOLE, "productdescription": TEXT, "description": TEXT,
            "isproductoverridden": FLAG, "ispriceoverridden": FLAG, "priceperunit": NUMBER,
            "quantity": NUMBER, "manualdiscountamount": NUMBER, "tax": NUMBER,
        },
        {"quoteid": Lookup("quoteid", "quotes")}, (("quoteid",),), "Quote",
    ),
    "transactioncurrencies": Table(
        "transactioncurrency", "transactioncurrencyid", {"isocurrencycode": TEXT}, {}, (),
        "TransactionCurrency",
    ),
    "pricelevels": Table("pricelevel", "pricelevelid", {"name": TEXT}, {}, (), "PriceLevel"),
    "organizations": Table(
        "organization", "organizationid",
        {"ispricelistmandatory": FLAG, "oobpricecalculationenabled": FLAG}, {}, (),
        "Organization",
    ),
}  # fmt: skip
ATTRIBUTES: Final = Table("attribute", "attributeid", {}, privilege="Attribute")
"""What tables consist of; a role of its own may lack the right to read that."""
STATUSES: Final[Mapping[int, tuple[int, ...]]] = {0: (1, 2, 3, 4), 1: (5, 1000), 2: (6, 2000)}
"""`statuscode` by `statecode` of a case; the first is the default."""
LABELS: Final[Mapping[tuple[str, str], Mapping[int, str]]] = {
    ("incident", "statuscode"): {
        1: "In Progress", 2: "On Hold", 3: "Waiting for Details", 4: "Researching",
        5: "Problem Solved", 1000: "Information Provided", 6: "Canceled", 2000: "Merged",
    },
    ("quote", "paymenttermscode"): {1: "Net 30", 2: "2% 10, Net 30", 3: "Net 45", 4: "Net 60"},
}  # fmt: skip
"""What people read, by table and column."""
