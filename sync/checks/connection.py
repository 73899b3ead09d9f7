"""All checks of one connection, in the order in which a person would mend what they find."""

from sync.checks.codes import codes_exist
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
from sync.checks.entities import companies_exist, dynamics_answers, fields_exist
from sync.checks.finding import Check
from sync.checks.invoice_settings import (
    documents_can_be_read,
    free_text_is_taxed,
    recipes_go_together,
)
from sync.checks.rounding import rounding_agrees
from sync.checks.secrets import secrets_are_stored, webhook_keys_are_keys
from sync.checks.sequences import numbers_are_drawn, numbers_fit
from sync.checks.shipments import (
    carriers_are_mapped,
    shipments_may_be_made,
    shipping_sources_are_there,
    slips_can_be_read,
)
from sync.checks.shown_prices import (
    currency_is_the_shops,
    price_groups_are_there,
    website_is_the_store_views,
)
from sync.checks.stock import (
    bulks_can_be_followed,
    sources_are_there,
    stock_may_be_written,
    warehouses_are_there,
)
from sync.checks.stores import (
    stores_are_handled,
    templates_tell_stores_apart,
    websites_exist,
)
from sync.checks.time_zones import days_agree
from sync.checks.trial import recent_records_would_be_delivered
from sync.checks.written_back import numbers_may_be_written

CHECKS: tuple[Check, ...] = (
    secrets_are_stored,
    webhook_keys_are_keys,
    shop_answers,
    stores_exist,
    stores_are_handled,
    templates_tell_stores_apart,
    websites_exist,
    orders_can_be_read,
    cutover_is_named,
    customers_can_be_read,
    companies_can_be_read,
    products_can_be_read,
    documents_can_be_read,
    numbers_may_be_written,
    sources_are_there,
    stock_may_be_written,
    bulks_can_be_followed,
    shipping_sources_are_there,
    shipments_may_be_made,
    clocks_agree,
    dynamics_answers,
    companies_exist,
    days_agree,
    fields_exist,
    numbers_fit,
    numbers_are_drawn,
    codes_exist,
    warehouses_are_there,
    slips_can_be_read,
    carriers_are_mapped,
    currency_is_the_shops,
    price_groups_are_there,
    website_is_the_store_views,
    rounding_agrees,
    free_text_is_taxed,
    recipes_go_together,
    recent_records_would_be_delivered,
)
