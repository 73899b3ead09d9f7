"""What one seed draws: how many workers, which settings, what goes wrong and for how long.
Everything else follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from random import Random
from typing import Any, Final

from tests.simulation.environment import ACCOUNTS, CATALOGUE, CREDIT, Environment, Polls
from tests.systems import CONNECTION, SAAS, SETTINGS, merged

FLOWS: Final = ("orders", "customers", "companies", "invoices", "creditmemos")
RECIPES: Final[tuple[Mapping[str, Any], ...]] = (
    {"invoices": {"recipe": "free-text-invoice"}, "creditmemos": {"recipe": "free-text-credit"}},
    {
        "invoices": {"recipe": "payment-journal"},
        "creditmemos": {"recipe": "return-order", "refund_payment": True},
    },
    {"invoices": {"recipe": "payment-journal"}, "creditmemos": {"recipe": "return-order"}},
    {
        "invoices": {"recipe": "both"},
        "creditmemos": {"recipe": "free-text-credit", "refund_payment": True},
    },
)
"""What invoices and credit memos become."""

BOOKS: Final[Mapping[str, Any]] = {
    "flows": FLOWS,
    "orders": {
        "reference_template": "{store_id}-{increment_id}",
        "adjustment_refund_item": "FEE",
        "adjustment_fee_item": "FEE",
        "segments": {"payment_fee": {"tax_field": "extension_attributes.payment_fee_tax"}},
    },
    "companies": {"poll_minutes": 5},
    "invoices": {
        "reference_template": "{store_id}-I{increment_id}",
        "banks": {"*": "USMF OPER", "braintree": "USMF-CARD"},
        "revenue_account": "401000",
        "accounts": {
            "shipping": "401100",
            "gift_cards": "250100",
            "customer_balance": "250200",
            "reward_points": "250200",
            "rounding": "403100",
        },
    },
    "creditmemos": {"reference_template": "{store_id}-C{increment_id}", "reason": "WEB"},
}

OTHER_CONNECTION: Final = "german"
STORE_VIEWS: Final[Mapping[str, Mapping[str, Any]]] = {
    CONNECTION: {"1": {"site": "1", "warehouse": "13", "origin": "WEB"}},
    OTHER_CONNECTION: {
        "2": {"site": "1", "warehouse": "13", "origin": "WEB", "prices_include_tax": True}
    },
}
"""The store views of two connections of one shop."""

ODDITIES: Final = ("negative",)
"""Documents that cannot be: of a total below zero. `currency` makes them of another one than their
order's."""

RATES = ("throttle", "error_before", "dropped", "error_after", "lost", "delayed")


@dataclass(frozen=True)
class Plan:
    """A world before it begins. Rates are per request, spans are seconds of virtual time.

    `trouble`: for how long things go wrong; then both systems behave, so that the world can become
    quiet. `crash_at`: chance that a worker dies a few steps after a write went out. `last_steps`:
    after how many steps of its own each worker in turn dies. `store_faults`: chance that a call of
    queue or tables fails, where those are remote. `is_hosted`: the shop is Adobe's cloud service,
    with tokens instead of signatures. `recipe`: which of `RECIPES`. `same_numbers`: all store views
    number their documents alike. `oddities`: kinds of documents that cannot be, one of which
    befalls some. `blocks`: companies are blocked, and sometimes let in again. `environment`: how
    the product is installed.
    """

    seed: int
    workers: int
    order_numbers: str
    customer_numbers: str
    orders: int
    shoppers: int
    trouble: float
    spread: float
    ledger: Mapping[str, float]
    shop: Mapping[str, float]
    intake: Mapping[str, float]
    skew: float
    store_latency: float
    store_faults: float
    last_steps: tuple[int, ...]
    crash_at: float
    has_webhook: bool
    is_hosted: bool
    recipe: int
    same_numbers: bool
    oddities: tuple[str, ...]
    blocks: bool
    environment: Environment = field(default_factory=Environment)

    @classmethod
    def drawn(cls, seed: int) -> "Plan":
        """The plan of a seed."""
        plan = cls._in_trouble(seed)
        environment = Environment.drawn(seed, is_alone=plan.is_alone)
        plan = replace(plan, environment=environment)
        if environment.goes_on or environment.comes_back:  # where F&O invoices sales orders
            plan = replace(plan, recipe=1 + plan.recipe % 2)
        if environment.polls is Polls.LATE:
            return replace(plan, has_webhook=True)
        return plan.told_all() if environment.polls is Polls.NEVER else plan

    def told_all(self) -> "Plan":
        """The same, where every notification is sent, and none before its record can be read."""
        intake = {**self.intake, "lost_rate": 0.0, "early_rate": 0.0}
        environment = replace(self.environment, lost_events=0.0)
        return replace(self, has_webhook=True, intake=intake, environment=environment)

    @classmethod
    def _in_trouble(cls, seed: int) -> "Plan":
        random = Random(f"plan {seed}")
        harsh = random.choice((0.0, 0.5, 1.0, 1.0, 2.0))
        return cls(
            seed=seed,
            workers=random.choice((1, 1, 1, 2, 2, 2, 3)),
            order_numbers=random.choice(("ours", "theirs")),
            customer_numbers=random.choice(("ours", "theirs")),
            orders=random.randint(2, 5),
            shoppers=random.choice((1, 1, 2, 2, 3, 4)),
            trouble=random.uniform(60, 600),
            spread=random.choice((1.0, 30.0, 300.0)),
            ledger=_system(
                random, harsh, latency=random.choice((0.0, 0.4, 4.0, 4.0, 4.0, 130.0)), latest=170.0
            ),
            shop=_system(
                random, harsh * 0.5, latency=random.choice((0.0, 0.4, 4.0, 20.0)), latest=55.0
            ),
            intake=_intake(random),
            skew=random.choice((0.0, 0.0, 0.0, 20.0, -20.0, 150.0, -150.0)),
            store_latency=random.choice((0.0, 0.0, 0.0, 0.02, 0.3)),
            store_faults=random.choice((0.0, 0.0, 0.0, 0.03)),
            last_steps=tuple(
                int(30 * 200 ** random.random()) for _ in range(random.choice((0, 1, 2, 4)))
            ),
            crash_at=random.choice((0.0, 0.02, 0.1)),
            has_webhook=random.random() < 0.9,
            is_hosted=random.random() < 0.8,
            recipe=random.randrange(len(RECIPES)),
            same_numbers=random.random() < 0.5,
            oddities=random.choice(((), (), ODDITIES)),
            blocks=random.random() < 0.3,
        )

    @property
    def is_alone(self) -> bool:
        """Whether one worker at a time works, and knows it."""
        return self.workers == 1

    def reported(self) -> str:
        """For people, one fact a line."""
        return "\n".join(f"  {item.name} = {getattr(self, item.name)}" for item in fields(self))

    @property
    def flows(self) -> tuple[str, ...]:
        """All that run."""
        return (*FLOWS, *self.environment.flows)

    def settings(self) -> dict[str, Any]:
        """What the connection is set to, where there is one."""
        mine = {
            "flows": self.flows,
            "orders": {"numbers": self.order_numbers},
            "customers": {"numbers": self.customer_numbers},
            **self.environment.settings(),
        }
        books = merged(merged(BOOKS, RECIPES[self.recipe]), mine)
        return {**books, "commerce": {**books["commerce"], **SAAS}} if self.is_hosted else books

    def connections(self) -> dict[str, Any]:
        """The connections by name: one of all store views, or one for each."""
        common = merged(SETTINGS, self.settings())
        if self.environment.connections == 1:
            return {CONNECTION: common}
        others = tuple(flow for flow in self.flows if flow not in (*CATALOGUE, ACCOUNTS, CREDIT))
        return {
            name: {
                **common, "stores": stores, "flows": self.flows if name == CONNECTION else others,
            }
            for name, stores in STORE_VIEWS.items()
        }  # fmt: skip


def _system(random: Random, harsh: float, *, latency: float, latest: float) -> dict[str, float]:
    """Dials of one sandbox. `latest`: no write whose answer was lost lands later, within the
    system's `commit_horizon_seconds`."""
    rates = {f"{name}_rate": round(harsh * random.choice((0.0, 0.02, 0.1)), 4) for name in RATES}
    return {
        **rates,
        "latency_low": latency / 10,
        "latency_high": latency,
        "retry_after": random.choice((1, 5, 30)),
        "delay_low": 1.0,
        "delay_high": random.choice((20.0, latest)),
    }


def _intake(random: Random) -> dict[str, float]:
    return {
        "lost_rate": random.choice((0.0, 0.1, 0.5)),
        "double_rate": random.choice((0.0, 0.5)),
        "late_rate": random.choice((0.0, 0.5)),
        "late_high": random.choice((3.0, 60.0, 400.0)),
        "early_rate": random.choice((0.0, 0.3, 1.0)),
        "early_high": random.choice((5.0, 60.0, 250.0)),
    }
