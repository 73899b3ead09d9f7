"""All checks of one connection, in the order in which a person would mend what they find."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from sync.checks.absence import absence_is_told
from sync.checks.accounts import (
    accounts_can_be_read,
    accounts_would_be_delivered,
    companies_have_parents,
    places_of_companies_are_there,
    price_groups_of_accounts_are_there,
)
from sync.checks.cancellations import refunds_are_decided, remainders_can_be_read
from sync.checks.captures import captures_are_decided, invoiced_lines_can_be_read
from sync.checks.codes import codes_exist, currencies_are_there
from sync.checks.commerce import (
    clocks_agree,
    companies_can_be_read,
    customers_can_be_read,
    cutover_is_named,
    orders_can_be_read,
    products_can_be_read,
    shop_answers,
    stores_exist,
)
from sync.checks.credit import (
    company_credits_are_there,
    credit_can_be_read,
    credit_is_checked_as_said,
)
from sync.checks.credit_gate import gate_tokens_can_be_verified, refusals_stop_orders
from sync.checks.dataverse import (
    cases_can_be_written,
    cases_find_their_customers,
    cases_have_a_key,
    dataverse_answers,
)
from sync.checks.demand import demand_can_be_written
from sync.checks.entities import companies_exist, dynamics_answers, fields_exist
from sync.checks.finding import Check, Finding, Level, Probe, findings_of, warn
from sync.checks.invoice_settings import (
    documents_can_be_read,
    free_text_is_taxed,
    posted_sums_can_be_read,
    recipes_go_together,
)
from sync.checks.items import items_are_there
from sync.checks.line_amounts import discounts_are_reckoned_so
from sync.checks.mails import mails_would_be_taken
from sync.checks.own import stores_answer
from sync.checks.portal import (
    accounts_are_shown,
    buyers_documents_can_be_read,
    shop_key_is_long,
)
from sync.checks.products import (
    product_categories_are_there,
    product_codes_are_there,
    product_places_are_there,
    shared_catalogs_are_there,
)
from sync.checks.quotes import (
    files_take_no_id,
    orders_take_quotations,
    proposed_prices_mean,
    quotations_are_of_one_side,
    quotations_can_be_read,
    quotes_are_shown,
)
from sync.checks.reached import webhooks_reach_us
from sync.checks.returns import (
    credit_notes_can_be_read,
    photos_are_answered,
    return_options_are_mapped,
)
from sync.checks.rights import rights_are_given
from sync.checks.rounding import rounding_agrees
from sync.checks.sales_quotes import (
    sales_prices_are_calculated,
    sales_quotes_can_be_written,
    sales_quotes_have_their_columns,
)
from sync.checks.schema import customer_attribute_is_there
from sync.checks.schema_watch import schema_was_seen
from sync.checks.secrets import secrets_are_stored, webhook_keys_are_keys
from sync.checks.sequences import numbers_are_drawn, numbers_fit
from sync.checks.shipments import (
    carriers_are_mapped,
    shipping_sources_are_there,
    slips_can_be_read,
)
from sync.checks.shown_prices import (
    currency_is_the_shops,
    price_groups_are_there,
    website_is_the_store_views,
)
from sync.checks.status import progress_can_be_read
from sync.checks.stock import (
    bulks_can_be_followed,
    sources_are_there,
    variants_convert_alike,
    visibility_has_measures,
    warehouses_are_there,
)
from sync.checks.stores import (
    stores_are_handled,
    templates_tell_stores_apart,
    websites_exist,
)
from sync.checks.tasks import sellers_are_users, tasks_can_be_written
from sync.checks.time_zones import days_agree
from sync.checks.trial import recent_records_would_be_delivered

COMMERCE, DYNAMICS, DATAVERSE = "Commerce", "D365", "Dataverse"


@dataclass(frozen=True)
class Group:
    """Checks that ask the same systems. The first one of a group that asks one system alone tells
    whether it answers us; where it does not, nothing else that asks it is tried."""

    systems: tuple[str, ...]
    checks: tuple[Check, ...]


GROUPS: Final = (
    Group((), (
        secrets_are_stored, webhook_keys_are_keys, webhooks_reach_us, stores_answer,
        shop_key_is_long, accounts_are_shown, cutover_is_named, captures_are_decided,
        refunds_are_decided, free_text_is_taxed, recipes_go_together, mails_would_be_taken,
    )),
    Group((COMMERCE,), (
        shop_answers, rights_are_given, clocks_agree, stores_exist, stores_are_handled,
        templates_tell_stores_apart, websites_exist, orders_can_be_read, customers_can_be_read,
        companies_can_be_read, products_can_be_read, documents_can_be_read, sources_are_there,
        currency_is_the_shops, website_is_the_store_views, shipping_sources_are_there,
        places_of_companies_are_there, companies_have_parents, carriers_are_mapped,
        return_options_are_mapped, photos_are_answered, quotes_are_shown, proposed_prices_mean,
        product_places_are_there, shared_catalogs_are_there, company_credits_are_there,
        bulks_can_be_followed, gate_tokens_can_be_verified, refusals_stop_orders,
        customer_attribute_is_there, schema_was_seen,
    )),
    Group((DYNAMICS,), (
        dynamics_answers, companies_exist, absence_is_told, fields_exist, numbers_fit,
        numbers_are_drawn, codes_exist, accounts_can_be_read, price_groups_of_accounts_are_there,
        accounts_would_be_delivered, warehouses_are_there, visibility_has_measures,
        variants_convert_alike,
        slips_can_be_read, credit_notes_can_be_read, product_codes_are_there,
        invoiced_lines_can_be_read, buyers_documents_can_be_read, progress_can_be_read,
        credit_can_be_read, credit_is_checked_as_said, remainders_can_be_read, rounding_agrees,
        discounts_are_reckoned_so, posted_sums_can_be_read, demand_can_be_written,
        quotations_can_be_read, quotations_are_of_one_side, files_take_no_id,
        orders_take_quotations,
    )),
    Group((DATAVERSE,), (
        dataverse_answers, cases_can_be_written, cases_find_their_customers, cases_have_a_key,
        tasks_can_be_written, sellers_are_users, sales_quotes_have_their_columns,
        sales_quotes_can_be_written, sales_prices_are_calculated,
    )),
    Group((COMMERCE, DYNAMICS), (
        days_agree, price_groups_are_there, product_categories_are_there,
    )),
    Group((COMMERCE,), (recent_records_would_be_delivered,)),
    Group((DYNAMICS,), (items_are_there, currencies_are_there)),
)  # fmt: skip
CHECKS: Final = tuple(check for group in GROUPS for check in group.checks)


async def checked(probe: Probe) -> AsyncIterator[tuple[str, list[Finding]]]:
    """Each check's name with what it found; what a system that does not answer keeps from being
    looked at is told once, after all others."""
    silent = dict[str, int]()
    for group in GROUPS:
        for check in group.checks:
            found = [] if silent.keys() & group.systems else await findings_of(check, probe)
            if len(group.systems) == 1 and _is_over(check, group, found):
                silent[group.systems[0]] = -1
            for system in silent.keys() & group.systems:
                silent[system] += 1
            yield check.__name__, found
    for system, count in silent.items():
        what = f"{count} further checks of {system} were left out"
        yield "left_out", [warn(what, f"Mend the fault of {system} above, then check again.")]


def _is_over(check: Check, group: Group, found: list[Finding]) -> bool:
    """Whether the system answers nobody: it refuses the first question, or is away."""
    is_first = check is group.checks[0]
    return any(one.level is Level.FAULT and one.stops and is_first for one in found)
