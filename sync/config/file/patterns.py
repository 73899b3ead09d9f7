"""What is to be written where a value does not have the form that it needs."""

from typing import Final

from sync.config.connections import (
    COMPANY,
    CONNECTION_NAME,
    CURRENCY,
    CURRENCY_OR_NONE,
    ORIGIN,
    VAULT_NAME,
)
from sync.config.connections.dataverse import COLUMN, GUID, OWNER, STATUS
from sync.config.connections.demand import PREFIX
from sync.config.connections.quotes import FILE_TYPE
from sync.config.connections.returns import PHOTOS
from sync.config.connections.systems import PATH_BELOW
from sync.config.connections.tasks import EMAIL
from sync.config.connections.visibility import MEASURE

PATTERNS: Final = {
    VAULT_NAME: (
        "this is not the name of a secret (not shown)",
        "Write the name the secret has in the vault: letters, digits, hyphens.",
    ),
    COMPANY: (
        "this is not a legal entity's id",
        'Write its one to four letters or digits, as in "usmf".',
    ),
    **dict.fromkeys(
        (CURRENCY, CURRENCY_OR_NONE),
        ("this is not a currency's code", 'Write its three capital letters, as in "EUR".'),
    ),
    MEASURE: ("this is no measure", 'Write source and name, as in "fno.physicalinvent".'),
    GUID: (
        "this is not the id of a row",
        'Write it as the row\'s address shows it, as in "0f8fad5b-d9cb-469f-a165-70867728950e".',
    ),
    OWNER: (
        "this names no owner",
        'Write "teams/" or "users/" and the id of the row, as its address shows it.',
    ),
    EMAIL: ("this is no e-mail address", 'Write it as in "anna@example.com".'),
    PREFIX: ("this begins no number", 'Write capitals, digits and hyphens, as in "CW-".'),
    FILE_TYPE: ("this is no ending of a file's name", 'Write it without its dot, as in "pdf".'),
    PHOTOS: ("this is no path of an RMA's files", 'Write it as in "rma-photos/{rma_id}".'),
    STATUS: ("this is no status of a case", "Write its number, as in 5."),
    COLUMN: ("this names no column", "Write its logical name: letters, digits, underscores."),
    ORIGIN: (
        "this is not the origin of a page",
        'Write scheme and host without a path, as in "https://shop.example".',
    ),
    PATH_BELOW: ("this is not the path of an address", 'Begin it with a slash, as in "/ims/keys".'),
    CONNECTION_NAME: (
        "this cannot name a connection",
        "Use small letters, digits and hyphens, 31 at most, no hyphen first.",
    ),
}
"""(what is wrong, what to write) by pattern."""
