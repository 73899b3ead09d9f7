"""Whose shopper somebody is, where one shop feeds several connections. Pure."""

from collections.abc import Collection

from sync.config.connections import Connection


def elsewhere(
    store_id: int | None,
    website_id: int | None,
    connection: Connection,
    websites: Collection[int] | None,
) -> str:
    """Why a customer of this store view and website is not for this connection; empty when they
    are.

    `websites`: the connection's; None where all are. Store 0 is the shop's admin: then the website
    alone decides.
    """
    if websites is not None and website_id is not None and website_id not in websites:
        return f"website {website_id} is none of this connection's websites"
    if store_id and connection.store(store_id) is None:
        return f"store {store_id} is none of this connection's stores"
    return ""
