"""What a mapping says: which item a SKU is, which account a customer is. Sound in itself, or a
`ValueError`."""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Final, Literal, get_args
from unicodedata import category

AccountKind = Literal["customer", "guest", "company"]
LONGEST: Final = 255
ONE: Final = Decimal(1)
FINEST_FACTOR: Final = Decimal("0.000000001")
_DIMENSIONS: Final = {
    "ProductColorId": "color",
    "ProductSizeId": "size",
    "ProductStyleId": "style",
    "ProductConfigurationId": "configuration",
    "ProductVersionId": "version",
}
_NEEDED: Final = ("sku", "item_number")
_TEXTS: Final = (*_NEEDED, *_DIMENSIONS.values(), "unit")


def normal_sku(sku: str) -> str:
    """The SKU as Commerce compares it: without case, without spaces around it (source 2.4:
    `mb_strtolower(trim())`)."""
    return sku.strip().casefold()


def email_digest(email: str, key: bytes) -> str:
    """64 hexadecimal characters that stand for an e-mail address, whatever its case; HMAC-SHA256.

    `key`: at least 16 bytes, never changed: with another key, known guests are strangers.
    Raises `ValueError`.
    """
    if len(key) < 16:
        raise ValueError(f"the key for e-mail digests has {len(key)} bytes, 16 or more are needed")
    return hmac.digest(
        key, email.strip().casefold().encode("utf-8", "surrogatepass"), "sha256"
    ).hex()


@dataclass(frozen=True)
class ItemMapping:
    """The item that a SKU is in F&O. Text is kept without spaces around it; unused dimensions are
    empty.

    `unit` empty: the connection's, else the item's own sales unit. `factor`: sales units in F&O per
    piece in Commerce, more than 0, at most nine decimals. Raises `ValueError`, naming the field and
    never its value.
    """

    sku: str
    item_number: str
    color: str = ""
    size: str = ""
    style: str = ""
    configuration: str = ""
    version: str = ""
    unit: str = ""
    factor: Decimal = ONE

    def __post_init__(self) -> None:
        for name in _TEXTS:
            text = getattr(self, name)
            if text or name in _NEEDED:
                object.__setattr__(self, name, _tidy(name, text, needed=name in _NEEDED))
        if self.factor is ONE:
            return
        if not (self.factor.is_finite() and FINEST_FACTOR <= self.factor < 10**9):
            raise ValueError("factor is not between 0.000000001 and 999999999")
        if self.factor != self.factor.quantize(FINEST_FACTOR):
            raise ValueError("factor has more than nine decimals")

    @property
    def key(self) -> str:
        """What the table knows it by."""
        return normal_sku(self.sku)

    @property
    def product(self) -> tuple[str, ...]:
        """Item number and the five dimensions."""
        dimensions = (self.color, self.size, self.style, self.configuration, self.version)
        return (self.item_number, *dimensions)

    def dimensions(self) -> dict[str, str]:
        """The product dimensions by F&O's names; empty where the item has none of that kind."""
        return {name: getattr(self, field) for name, field in _DIMENSIONS.items()}

    def cells(self) -> dict[str, str]:
        """The mapping as it is stored."""
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_cells(cls, cells: Mapping[str, object]) -> "ItemMapping":
        """The mapping that `cells` were made from."""
        texts = {
            field.name: str(cells.get(field.name) or "")
            for field in fields(cls)
            if field.name != "factor"
        }
        return cls(**texts, factor=Decimal(str(cells.get("factor") or "1")))


@dataclass(frozen=True)
class AccountMapping:
    """The account that a customer, guest or company of Commerce is in one legal entity of F&O.

    `source_key`: the customer's or company's id in Commerce, or a guest's `email_digest`; an
    address is refused. `matched_by`: how it came about, for people (`created`, `import`, a rule's
    name). `company`: the legal entity; empty for the connection's own. Raises `ValueError`, naming
    the field and never its value.
    """

    kind: AccountKind
    source_key: str
    account: str
    matched_by: str
    company: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "company", self.company.strip().lower())
        if not re.fullmatch("[a-z0-9]{0,4}", self.company):
            raise ValueError("company is not a legal entity's id")
        if self.kind not in get_args(AccountKind):
            raise ValueError(f"kind is none of {', '.join(get_args(AccountKind))}")
        for name in ("account", "matched_by"):
            object.__setattr__(self, name, _tidy(name, getattr(self, name), needed=True))
        shape = "[0-9a-f]{64}" if self.kind == "guest" else "[1-9][0-9]{0,18}"
        if not re.fullmatch(shape, self.source_key):
            kept = "an e-mail digest" if self.kind == "guest" else "an id in Commerce"
            raise ValueError(f"source_key of a {self.kind} is not {kept}")

    @property
    def key(self) -> str:
        """What the table knows it by."""
        return account_key(self.kind, self.source_key, self.company)

    def cells(self) -> dict[str, str]:
        """The mapping as it is stored."""
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_cells(cls, cells: Mapping[str, object]) -> "AccountMapping":
        """The mapping that `cells` were made from."""
        kind = next(kind for kind in get_args(AccountKind) if kind == cells.get("kind"))
        return cls(
            kind,
            *(
                str(cells.get(name, ""))
                for name in ("source_key", "account", "matched_by", "company")
            ),
        )


def account_key(kind: AccountKind, source_key: str, company: str) -> str:
    """What the table knows a shopper or company by, in a legal entity. Rows from before it held
    several name none."""
    return f"{kind}:{source_key}" + (f"@{company}" if company else "")


def set_command(kind: AccountKind, source_key: str, company: str = "") -> str:
    """The command with which a person maps somebody to an account; `company` where it is not the
    connection's own."""
    what = "" if kind == "customer" else f" --kind {kind}"
    return f"map customers set {source_key} ACCOUNT{what}" + (
        f" --company {company}" if company else ""
    )


def _tidy(name: str, text: str, *, needed: bool) -> str:
    tidy = text.strip()
    if needed and not tidy:
        raise ValueError(f"{name} is empty")
    if 3 * len(tidy) > 2 * LONGEST and (len(tidy) > LONGEST or len(normal_sku(tidy)) > 2 * LONGEST):
        raise ValueError(f"{name} has more than {LONGEST} characters")
    if not is_plain(tidy):
        raise ValueError(f"{name} holds a control character")
    return tidy


def is_plain(text: str) -> bool:
    """No control character and no half of a surrogate pair: what a table's key and a CSV cell can
    hold."""
    return text.isprintable() or not any(category(character) in ("Cc", "Cs") for character in text)
