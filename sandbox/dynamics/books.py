"""A company's books as they are set up: chart of accounts, journal names, bank accounts, currency.

Which entity sets show these in F&O the reference does not say, so this double shows none: rules
look them up here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.dynamics.values import folded


@dataclass(frozen=True)
class JournalName:
    """A customer payment journal's name, and the account that its lines are balanced against unless
    they say another."""

    name: str
    offset_type: str = "Bank"
    offset_account: str = ""


@dataclass
class Books:
    """`currency`: the accounting currency. `rates`: what one unit of another is worth in it; 1
    where none is given. `costs`: what a piece of an item costs; nothing is posted for others."""

    currency: str = "USD"
    rates: dict[str, Decimal] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    journals: dict[str, JournalName] = field(default_factory=dict)
    banks: set[str] = field(default_factory=set)
    costs: dict[str, Decimal] = field(default_factory=dict)

    def rate(self, currency: str) -> Decimal:
        """The value of one unit of a currency in the accounting currency."""
        return Decimal(1) if currency == self.currency else self.rates.get(currency, Decimal(1))

    def has_account(self, display_value: str) -> bool:
        """Whether the main account, the first segment of a display value, is in the chart of
        accounts."""
        return segments(display_value)[0] in self.accounts

    def has_bank(self, account: str) -> bool:
        """Whether a bank account exists; case does not matter."""
        return folded(account) in {folded(bank) for bank in self.banks}

    def name_journals(self, names: Iterable[JournalName]) -> None:
        """Make journal names known."""
        self.journals.update({folded(name.name): name for name in names})

    def journal(self, name: str) -> JournalName | None:
        """A journal name's setup; case does not matter."""
        return self.journals.get(folded(name))


def segments(display_value: str) -> list[str]:
    r"""The segments of a dimension display value: `-` parts them, unless a backslash stands before
    it (`US\-001`)."""
    parts, escaped = [""], False
    for letter in display_value:
        if letter == "\\" and not escaped:
            escaped = True
            continue
        if letter == "-" and not escaped:
            parts.append("")
        else:
            parts[-1] += letter
        escaped = False
    return parts


def display_value(account: str) -> str:
    r"""One account as a display value: `US-001` reads `US\-001`."""
    return account.replace("\\", "\\\\").replace("-", "\\-")
