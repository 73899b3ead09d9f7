"""The editions whose queue and tables are services: Azure's own, or their emulators. Any number of
processes may share them.

`azure`: Service Bus, Table Storage and Key Vault, with no secret of our own making: the app as its
managed identity, a command as the person who runs it. `emulated`: both emulators by connection
string; secrets lie in the encrypted vault of SYNC_HOME.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Any, Final

from sync.adapters.cipher import Cipher
from sync.adapters.entra import EntraTokens, IdentityElsewhere, OperatorSignIn, managed_identity
from sync.adapters.keyvault import KeyVaultSecrets
from sync.adapters.servicebus.queue import ServiceBusQueue
from sync.adapters.system_clock import SystemClock
from sync.adapters.table_storage.tables import AzureTables
from sync.app.edition_parts import EditionParts
from sync.app.embedded import DOCUMENT_KEY, EMAIL_KEY, vault_of
from sync.app.services import Services
from sync.app.settings import Settings
from sync.commerce.transport import shop_client
from sync.config.connections import Connections, Dynamics
from sync.core.errors import Later
from sync.core.ports import Secrets
from sync.core.telemetry import SILENT, Telemetry
from sync.dynamics.auth import Entra, TokenPool, Tokens
from sync.dynamics.transport import http_client
from sync.engine.queues import DELIVERIES
from sync.flows import FLOWS

log = logging.getLogger("sync.app.cloud")

WARMING: Final = 3.0
"""Seconds that the first call waits at most until senders are open: opening takes one, and a shop's
customer waits."""


async def open_emulated(
    settings: Settings,
    connections: Connections,
    *,
    vault_key: str | None = None,
    serves: bool = False,
) -> Services:
    """The engine over the emulators. `serves`: open the senders now. Raises `Never` for texts or a
    vault that do not open."""
    assert settings.service_bus_connection is not None, (
        "settings name both connection strings, or are not used"
    )
    assert settings.tables_connection is not None, "as above"
    async with AsyncExitStack() as stack:
        vault = vault_of(settings.home, vault_key, settings.vault_mark)
        tables = AzureTables.from_connection_string(settings.tables_connection.get_secret_value())
        stack.push_async_callback(tables.close)
        queue = ServiceBusQueue.from_connection_string(
            settings.service_bus_connection.get_secret_value()
        )
        stack.push_async_callback(queue.close)
        return await _opened(
            stack, connections, queue=queue, tables=tables, secrets=vault, entra=entra_of(vault),
            settings=settings, serves=serves,
        )  # fmt: skip


async def open_azure(
    settings: Settings,
    connections: Connections,
    *,
    serves: bool = False,
    credential: Any = None,
    **vault_options: Any,
) -> Services:
    """The engine in Azure. `serves`: as the app, with the senders open; else as the operator who
    runs a command, or as the identity of the job that builds reports.

    One credential for the whole process, `credential` or else the one or the other's;
    `vault_options` go to Key Vault's client. Raises `Never` with a remedy when a key is missing in
    the vault or may not be read, or when no operator is signed in; `Later` when the vault does not
    answer and there is no token; the next call then tries again.
    """
    async with AsyncExitStack() as stack:
        identity = credential or _identity(settings, serves=serves)
        stack.push_async_callback(identity.close)
        secrets = KeyVaultSecrets(settings.key_vault_url, identity, SystemClock(), **vault_options)
        stack.push_async_callback(secrets.close)
        tables = AzureTables.of_account(settings.tables_endpoint, identity)
        stack.push_async_callback(tables.close)
        queue = ServiceBusQueue.of_namespace(settings.service_bus_namespace, identity)
        stack.push_async_callback(queue.close)
        entra = _entra(settings, secrets, identity, serves=serves)
        return await _opened(
            stack, connections, queue=queue, tables=tables, secrets=secrets, entra=entra,
            settings=settings, serves=serves,
        )  # fmt: skip


def _identity(settings: Settings, *, serves: bool) -> Any:
    is_ours = serves or settings.reports_endpoint
    return managed_identity(settings.identity_client_id) if is_ours else OperatorSignIn()


def _entra(settings: Settings, secrets: Secrets, identity: Any, *, serves: bool) -> Entra:
    if serves:
        return entra_of(secrets, identity, settings.identity_client_id)
    return (
        entra_of_job(secrets, identity) if settings.reports_endpoint else entra_of_operator(secrets)
    )


def entra_of(secrets: Secrets, identity: Any = None, client_id: str = "") -> Entra:
    """Tokens for F&O. A connection that signs in as the app's own identity shares the process's
    credential."""

    def tokens(section: Dynamics, scope: str) -> EntraTokens:
        is_own = section.auth == "managed_identity" and section.client_id == client_id
        return EntraTokens(section, scope, secrets, own=identity if is_own else None)

    return tokens


def entra_of_job(secrets: Secrets, identity: Any) -> Entra:
    """Tokens for F&O in the job that builds reports. Where a connection signs in as the app's
    identity, the job does as its own, with a user in F&O that only reads."""

    def tokens(section: Dynamics, scope: str) -> EntraTokens:
        is_own = section.auth == "managed_identity"
        return EntraTokens(section, scope, secrets, own=identity if is_own else None)

    return tokens


def entra_of_operator(secrets: Secrets) -> Entra:
    """Tokens for F&O on an operator's machine: as the connection's app registration, and never as a
    managed identity."""

    def tokens(section: Dynamics, scope: str) -> Tokens:
        return (
            IdentityElsewhere()
            if section.auth == "managed_identity"
            else EntraTokens(section, scope, secrets)
        )

    return tokens


async def _opened(
    stack: AsyncExitStack,
    connections: Connections,
    *,
    queue: ServiceBusQueue,
    tables: AzureTables,
    secrets: Secrets,
    entra: Entra,
    settings: Settings,
    serves: bool,
) -> Services:
    """The engine over these parts; what the stack holds is closed with it, or now if it cannot be
    opened."""
    sealer = Cipher([await secrets.get(DOCUMENT_KEY)])
    email_key = (await secrets.get(EMAIL_KEY)).encode()
    if serves:
        await _warm(queue)
    edition_parts = EditionParts(
        queue=queue,
        tables=tables,
        secrets=secrets,
        sealer=sealer,
        email_key=email_key,
        clock=SystemClock(),
        tokens=TokenPool(secrets, entra),
        commerce_http=lambda _: shop_client(),
        dynamics_http=lambda _: http_client(),
        is_alone=False,
        keep_months=settings.keep_months,
        console=settings.console,
        telemetry=_telemetry(settings) if serves else SILENT,
        close=stack.pop_all().aclose,
    )
    return Services(connections, FLOWS, edition_parts)


def _telemetry(settings: Settings) -> Telemetry:
    """To Application Insights where its connection string is set. Loaded only then: it is heavy,
    and starts threads."""
    if not settings.application_insights:
        return SILENT
    from sync.adapters.opentelemetry import OpenTelemetry  # noqa: PLC0415 - see above

    try:
        return OpenTelemetry.to_application_insights(
            settings.application_insights, role=settings.site
        )
    except ValueError:
        log.error(  # noqa: TRY400
            "cloud.telemetry_not_configured setting=%s", "APPLICATIONINSIGHTS_CONNECTION_STRING"
        )
        return SILENT


async def _warm(queue: ServiceBusQueue) -> None:
    """Open the senders. A broker that is away is no reason not to start: each send says so by
    itself."""
    try:
        async with asyncio.timeout(WARMING):
            await queue.open(DELIVERIES)
    except (Later, TimeoutError) as trouble:
        log.warning(
            "cloud.senders_not_open reason=%s",
            trouble if isinstance(trouble, Later) else "no answer in time",
        )
