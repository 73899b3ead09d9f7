"""What must hold for the accounts of shoppers and companies: templates, rules of matching, numbers
nobody shares."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sync.config.connections import Companies, Customers, NumberMode
from sync.config.file.breaches import Breach, is_flowing, sound, template_breaches
from sync.config.file.toml_lines import Path

NUMBERED_ALIKE: Final = (
    "companies and customers are numbered alike, so customer 7 and company 7 would share an account"
)


def account_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `customers` and `companies` of the connection at `path`, and between the
    two."""
    customers = sound(Customers, written.get("customers", {}))
    if customers:
        yield from _customers((*path, "customers"), customers)
    companies = sound(Companies, written.get("companies", {}))
    if companies:
        yield from _companies((*path, "companies"), companies)
    if companies and customers and is_flowing(written, "companies"):
        yield from _companies_beside_customers((*path, "companies"), companies, customers)


def _customers(path: Path, customers: Customers) -> Iterator[Breach]:
    account, guest = customers.number_template, customers.guest_number_template
    yield from template_breaches((*path, "number_template"), account, ("customer_id",))
    yield from template_breaches((*path, "guest_number_template"), guest, ("digest",))
    yield from _rules_named_twice((*path, "match"), customers.match)
    if "customer_number" in customers.match and not customers.customer_number_attribute:
        what = 'match names "customer_number", but customer_number_attribute is empty'
        remedy = "Write the code of the customer attribute that holds it."
        yield Breach((*path, "customer_number_attribute"), what, remedy)


def _rules_named_twice(path: Path, rules: Sequence[str]) -> Iterator[Breach]:
    if len(set(rules)) < len(rules):
        remedy = "Name each rule once, the first to try first."
        yield Breach(path, "the same rule is named twice", remedy)


def _companies(path: Path, companies: Companies) -> Iterator[Breach]:
    account = companies.number_template
    yield from template_breaches((*path, "number_template"), account, ("company_id",))
    yield from _rules_named_twice((*path, "match"), companies.match)
    for user in companies.sales_representatives:
        if user != "*" and not (user.isascii() and user.isdigit()):
            what = f'"{user}" is neither the id of an admin user nor "*"'
            remedy = (
                "Write the number that System > All Users shows in the user's URL (not the name)."
            )
            yield Breach((*path, "sales_representatives", user), what, remedy)


def _companies_beside_customers(
    path: Path, companies: Companies, customers: Customers
) -> Iterator[Breach]:
    """Companies and shoppers share one number sequence, and one currency where none is written for
    companies."""
    if not (companies.currency or customers.currency):
        what = "companies flow, but no currency is written for their accounts"
        remedy = 'Write currency = "EUR" here, or in customers for all accounts.'
        yield Breach((*path, "currency"), what, remedy)
    as_customers = companies.number_template.replace("{company_id}", "{customer_id}")
    if customers.numbers is NumberMode.OURS and as_customers == customers.number_template:
        remedy = 'Begin it with another letter, as in "B{company_id}".'
        yield Breach((*path, "number_template"), NUMBERED_ALIKE, remedy)
