"""Sales tax: the codes that a customer's tax group and an item's tax group have in common, each
with its percentage.

A group without codes (an external tax engine's, an exempt customer's) leaves a line untaxed. Tax is
rounded per line.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sandbox.dynamics.environment import Environment
from sandbox.dynamics.schema import COMPANY, NO_DATE
from sandbox.dynamics.values import folded


def rate(env: Environment, company: str, groups: tuple[str, str], day: datetime) -> Fraction:
    """The tax on an amount of 1 for a (sales tax group, item sales tax group) on a day."""
    group, item_group = groups
    codes = _codes(env, "TaxGroupDatas", "TaxGroupId", company, group)
    codes &= _codes(env, "TaxItemGroups", "TaxItemGroupCode", company, item_group)
    values = env.store.table("TaxCodeValuesV2").having("TaxCodeId", sorted(codes))
    valid = [row for row in values if row[COMPANY] == company and _valid(row.values, day)]
    return sum((Fraction(row.values.get("Value", Decimal(0))) for row in valid), Fraction(0)) / 100


def _codes(env: Environment, table: str, group_field: str, company: str, group: str) -> set[str]:
    if not group:
        return set()
    rows = env.store.table(table).having(group_field, (folded(group),))
    return {
        folded(row["TaxCodeId"])
        for row in rows
        if row[COMPANY] == company and row.values.get("ExemptTax") != "Yes"
    }


def _valid(values: Mapping[str, Any], day: datetime) -> bool:
    begin: datetime = values.get("FromDate", NO_DATE)
    end: datetime = values.get("ToDate", NO_DATE)
    return begin <= day and (end == NO_DATE or day <= end)


def tax_on(
    env: Environment,
    company: str,
    amount: Decimal | Fraction,
    currency: str,
    groups: tuple[str, str],
    *,
    included: bool,
) -> Decimal:
    """The tax on an amount, or within it when `included`, in its currency."""
    share = rate(env, company, groups, env.today())
    return env.rounded(Fraction(amount) * share / (1 + share if included else 1), currency)


def spread(
    env: Environment, total: Decimal, weights: Sequence[Decimal], currency: str
) -> list[Decimal]:
    """A total split by weights to the unit of its currency; the parts add up to it exactly."""
    whole = sum(map(Fraction, weights), Fraction(0))
    shares, so_far, given = [], Fraction(0), Decimal(0)
    for place, weight in enumerate(weights, 1):
        so_far += Fraction(weight) if whole else Fraction(1)
        upto = env.rounded(Fraction(total) * so_far / (whole or len(weights)), currency)
        shares.append((total if place == len(weights) else upto) - given)
        given += shares[-1]
    return shares
