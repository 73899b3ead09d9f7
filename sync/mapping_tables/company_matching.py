"""Match the companies of Commerce and the accounts of F&O by rules, before the first sync. Pure:
the caller reads the systems."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sync.mapping_tables.matches import Ambiguous, Matched, Matches, Unmatched, Verdict, collected
from sync.mapping_tables.records import AccountMapping


@dataclass(frozen=True)
class Named:
    """A company, by its id, or an account, by its number, with what each rule compares."""

    key: str
    values: Mapping[str, str] = field(repr=False)

    def value(self, rule: str) -> str:
        """As rules compare it: without case and spaces around it."""
        return self.values.get(rule, "").strip().casefold()


def match_companies(
    companies: Iterable[Named], accounts: Iterable[Named], rules: Sequence[str]
) -> Matches[AccountMapping]:
    """Find each account's company. The first rule that finds any decides; where it finds several,
    or one that fits other accounts too, a person does."""
    indexes: dict[str, dict[str, list[str]]] = {rule: defaultdict(list) for rule in rules}
    for company in companies:
        for rule in rules:
            if value := company.value(rule):
                indexes[rule][value].append(company.key)
    unique = list({account.key: account for account in accounts}.values())
    hits = {account.key: _hit(account, indexes) for account in unique}
    taken = Counter(ids[0] for _, ids in hits.values() if len(ids) == 1)
    return collected(_verdict(account.key, *hits[account.key], taken) for account in unique)


def _hit(
    account: Named, indexes: Mapping[str, Mapping[str, Sequence[str]]]
) -> tuple[str, Sequence[str]]:
    for rule, index in indexes.items():
        if found := index.get(account.value(rule), ()):
            return rule, found
    return "", ()


def _verdict(
    account: str, rule: str, ids: Sequence[str], taken: Mapping[str, int]
) -> Verdict[AccountMapping]:
    if not ids:
        return Unmatched(account, "no rule finds a company")
    if len(ids) > 1:
        return Ambiguous(account, rule, tuple(ids), "several companies fit")
    if taken[ids[0]] > 1:
        return Ambiguous(account, rule, tuple(ids), "another account fits this company as well")
    return Matched(rule, AccountMapping("company", ids[0], account, rule))
