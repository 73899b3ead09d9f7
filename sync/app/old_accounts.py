"""Whose the account is that an old home learned, from before a mapping named its legal entity."""

from collections.abc import Sequence

from sync.config.connections import Connection
from sync.core.errors import Never
from sync.dynamics.client import DynamicsClient
from sync.mapping_tables.records import AccountMapping, set_command
from sync.mapping_tables.tables import EntityOf


def entity_of_old_row(connection: Connection, client: DynamicsClient) -> EntityOf | None:
    """Asks D365 in which legal entity the account is; None where the connection has only one.

    Else the customer of another legal entity would get a second account there: with
    `numbers = "theirs"` and no rule to match by, nothing else finds the first.
    """
    entities = connection.legal_entities
    if len(entities) == 1:
        return None

    async def entity_of(old: AccountMapping) -> str:
        found = [
            one
            for one in entities
            if await client.customers.by_account(one, old.account) is not None
        ]
        if len(found) == 1:
            return found[0]
        if not found or old.matched_by != "created":
            return connection.legal_entity
        raise _in_several(old, found)

    return entity_of


def _in_several(old: AccountMapping, entities: Sequence[str]) -> Never:
    commands = [set_command(old.kind, old.source_key, one) for one in entities]
    told = " or ".join(commands).replace("ACCOUNT", old.account)
    return Never(
        f"{old.kind} {old.source_key[:12]} was given account {old.account} before its mapping named"
        f" a legal entity, and {', '.join(entities)} each have an account of that number",
        remedy=f"Compare the names in D365, and tell which one it is: {told}; then replay.",
    )
