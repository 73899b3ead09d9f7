"""Match the customers of both systems by rules, before the first sync. Pure: the caller reads
the systems."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from sync.mapping_tables.matches import Ambiguous, Matched, Matches, Unmatched, Verdict, collected
from sync.mapping_tables.records import AccountMapping

NO_SUCH_ACCOUNT: Final = "there is no account with the number that the customer names"


@dataclass(frozen=True)
class Shopper:
    """A registered customer in Commerce. `account_number`: of the attribute that holds the F&O
    account."""

    id: str
    email: str = field(default="", repr=False)
    account_number: str = ""


@dataclass(frozen=True)
class Account:
    """A customer account in the legal entity. `email`: `PrimaryContactEmail`."""

    number: str
    email: str = field(default="", repr=False)


def match_customers(
    shoppers: Iterable[Shopper],
    accounts: Iterable[Account],
    rules: Sequence[Literal["customer_number", "email"]] = ("customer_number", "email"),
) -> Matches[AccountMapping]:
    """Find each customer's account. Several customers may share one account, as a company's buyers
    do.

    A customer who names an account that does not exist is left to a person, whatever the e-mail
    address says. No address is in the result.
    """
    by_number: dict[str, list[str]] = defaultdict(list)
    by_email: dict[str, list[str]] = defaultdict(list)
    for account in dict.fromkeys(accounts):
        by_number[account.number.strip().casefold()].append(account.number)
        by_email[account.email.strip().casefold()].append(account.number)
    indexes = {"customer_number": by_number, "email": by_email}
    unique = {shopper.id: shopper for shopper in shoppers}
    return collected(_customer(shopper, indexes, rules) for shopper in unique.values())


def _customer(
    shopper: Shopper, indexes: Mapping[str, Mapping[str, Sequence[str]]], rules: Sequence[str]
) -> Verdict[AccountMapping]:
    for rule in rules:
        is_number = rule == "customer_number"
        lookup = (shopper.account_number if is_number else shopper.email).strip().casefold()
        numbers = indexes[rule].get(lookup, ()) if lookup else ()
        if len(numbers) > 1:
            return Ambiguous(shopper.id, rule, tuple(numbers), "several accounts fit")
        if numbers:
            return Matched(rule, AccountMapping("customer", shopper.id, numbers[0], rule))
        if is_number and lookup:
            return Unmatched(shopper.id, NO_SUCH_ACCOUNT)
    return Unmatched(shopper.id, "no rule finds an account")
