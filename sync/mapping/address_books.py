"""The delivery addresses of an account beside a user's address book: what is to be written where.
Pure.

Each side's address is compared with what both held last (`Link.base`). What one side alone has
changed goes to the other; where both have, the later change wins. Addresses that nobody linked are
a user's own, unless both sides hold the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sync.core.encoding import digest
from sync.core.errors import Never

GONE: Final = 0
"""The address id of a link whose address the user has deleted: it is not made again."""
MOST_BOUNCES: Final = 5
"""Turns of direction of one address, less than a day apart, after which a person has to look."""
DAY: Final = 24 * 60 * 60


@dataclass(frozen=True)
class Content:
    """What both sides hold of an address, in one spelling. `state`: empty in countries of which
    F&O keeps none."""

    street: tuple[str, ...]
    city: str
    postcode: str
    state: str
    country: str


@dataclass(frozen=True)
class Held:
    """An address as one side holds it, and when it changed last, as far as that is known.
    `is_default`: the user buys to it by default. `name`: as F&O describes it."""

    content: Content
    changed_at: datetime | None = None
    is_default: bool = False
    name: str = ""


@dataclass(frozen=True)
class Link:
    """An address of the account and its copy in a user's book. `base`: a digest of what both held;
    `last`: which side was written to last, and `at` when; `bounces`: how often that turned, less
    than a day apart."""

    address_id: int
    base: str
    last: str = ""
    bounces: int = 0
    at: int = 0

    def as_text(self) -> str:
        """As a claim keeps it: no personal data."""
        return f"{self.address_id}|{self.base}|{self.last}|{self.bounces}|{self.at}"

    @classmethod
    def from_text(cls, text: str) -> "Link":
        """The link that `as_text` wrote."""
        number, base, last, bounces, at = text.split("|")
        return cls(int(number), base, last, int(bounces), int(at))


@dataclass
class Merged:
    """What is to be done. `to_shop`, `to_ledger`: contents by location, `remove`: address ids that
    go from the book; `new`: addresses of the book, by id, that the account lacks; `links` as they
    are afterwards, those of `to_shop` without an id yet; `told`: what people should know."""

    to_shop: dict[str, Content] = field(default_factory=dict)
    to_ledger: dict[str, Content] = field(default_factory=dict)
    new: dict[int, Content] = field(default_factory=dict)
    remove: set[int] = field(default_factory=set)
    links: dict[str, Link] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AddressBooks:
    """Both sides. `ledger`: by location; `shop`: by address id; `links`: by location. `digest_of`:
    keyed, so that a stored digest tells nothing. `both`: whether the shop's changes count."""

    ledger: Mapping[str, Held]
    shop: Mapping[int, Held]
    links: Mapping[str, Link]
    digest_of: Callable[[str], str]
    both: bool
    now: datetime

    def base(self, content: Content) -> str:
        """What a link remembers of it."""
        return self.digest_of(digest(content.__dict__))[:24]

    def merged(self) -> Merged:
        """What is to be done. Raises `Never` for an address that goes to and fro."""
        merged = Merged(links=self._linked())
        for location in sorted({*self.ledger, *merged.links}):
            self._location(location, merged)
        taken = {link.address_id for link in merged.links.values()} | merged.remove
        if self.both:
            own = ((one, held) for one, held in self.shop.items() if one not in taken)
            merged.new = {number: held.content for number, held in own}
        return merged

    def _linked(self) -> dict[str, Link]:
        """The links, and those that lost answers left unsaid: addresses that F&O has from us are
        known by their names, others by both sides holding the same."""
        links = dict(self.links)
        for is_it in (_is_named, _is_equal):
            for location, held in sorted(self.ledger.items()):
                taken = {link.address_id for link in links.values()}
                free = [one for one in sorted(self.shop) if one not in taken]
                found = next((one for one in free if is_it(held, one, self.shop[one])), None)
                if location not in links and found is not None:
                    links[location] = Link(found, self.base(held.content))
        return links

    def _location(self, location: str, merged: Merged) -> None:
        link, ledger = merged.links.get(location), self.ledger.get(location)
        if link is None:
            if ledger is not None:
                merged.to_shop[location] = ledger.content
                pending = Link(GONE, self.base(ledger.content))
                merged.links[location] = self._written(location, pending, "shop", ledger.content)
            return
        if link.address_id == GONE:
            return
        shop = self.shop.get(link.address_id)
        if shop is None:
            merged.links[location] = replace(link, address_id=GONE)
            merged.told[location] = "deleted by the user, kept in F&O"
        elif ledger is None:
            self._ended(location, link, shop, merged)
        else:
            self._both_there(location, link, ledger, shop, merged)

    def _ended(self, location: str, link: Link, shop: Held, merged: Merged) -> None:
        """F&O has it no more: it goes from the book, unless it is in use or the user's by now."""
        if shop.is_default:
            merged.told[location] = "ended in F&O, kept as a default of the user"
        elif self.base(shop.content) == link.base:
            merged.remove.add(link.address_id)
            del merged.links[location]

    def _both_there(
        self, location: str, link: Link, ledger: Held, shop: Held, merged: Merged
    ) -> None:
        theirs, ours = self.base(ledger.content), self.base(shop.content)
        if theirs == ours:
            merged.links[location] = replace(link, base=ours)
            return
        to_shop = not self.both or ours == link.base
        if self.both and link.base not in (theirs, ours):
            to_shop = _is_later(ledger.changed_at, shop.changed_at)
            merged.told[location] = _conflict(ledger, shop, to_shop=to_shop)
        where, content = (
            (merged.to_shop, ledger.content) if to_shop else (merged.to_ledger, shop.content)
        )
        where[location] = content
        merged.links[location] = self._written(
            location, link, "shop" if to_shop else "ledger", content
        )

    def _written(self, location: str, link: Link, to: str, content: Content) -> Link:
        at = int(self.now.timestamp())
        recent = link.bounces if at - link.at < DAY else 0
        if recent >= MOST_BOUNCES:
            raise _to_and_fro(location)
        bounces = recent + (link.last not in ("", to))
        return Link(link.address_id, self.base(content), to, bounces, at)


def name_of(address_id: int) -> str:
    """How F&O names an address that it has from us."""
    return f"Web address {address_id}"


def _is_named(ledger: Held, address_id: int, _: Held) -> bool:
    return ledger.name == name_of(address_id)


def _is_equal(ledger: Held, _: int, shop: Held) -> bool:
    return ledger.content == shop.content


def _is_later(ledger: datetime | None, shop: datetime | None) -> bool:
    """Whether F&O's change is the later one; where nobody knows, F&O's counts."""
    return ledger is None or shop is None or ledger >= shop


def _conflict(ledger: Held, shop: Held, *, to_shop: bool) -> str:
    moments = [str(held.changed_at or "an unknown time") for held in (ledger, shop)]
    winner = "F&O's" if to_shop else "Commerce's"
    return (
        f"changed on both sides, in F&O at {moments[0]}, in Commerce at {moments[1]}: {winner} wins"
    )


def _to_and_fro(location: str) -> Never:
    return Never(
        f"address {location} has gone to and fro between F&O and Commerce {MOST_BOUNCES} times",
        remedy=(
            "Find out what else changes this address in F&O or Commerce. Correct it there, then"
            ' replay; or write accounts.addresses = "ledger" in connections.toml.'
        ),
    )
