"""Files in a container of Azure Storage, and of Azurite. Loaded by the job that builds reports, and
by nothing that serves.

A blob shows whole or not at all, and is written over or deleted only as it was last seen (its
ETag): of two that write, one is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)

from sync.adapters.azure_answers import BUSY, header
from sync.core.errors import Later, Never

if TYPE_CHECKING:
    from azure.storage.blob.aio import ContainerClient

ROLE: Final = "Storage Blob Data Contributor (ba92f5b4-2d11-453d-a403-e96b0029c9fe)"


@dataclass(frozen=True)
class Blob:
    """As it was last seen. `digest`: MD5 of what is in it; empty where nobody told."""

    etag: str
    digest: bytes


class BlobContainer:
    """A container. Everything raises `Later` where the service is away or somebody else has
    written, and `Never` where it refuses. Safe to repeat. Close it when done."""

    def __init__(self, client: "ContainerClient") -> None:
        self._client = client

    @classmethod
    def of_account(cls, endpoint: str, name: str, credential: Any) -> Self:
        """As an identity; `endpoint` as in https://name.blob.core.windows.net. The credential stays
        the caller's. Raises `Never` where the service's library is not installed."""
        try:
            from azure.storage.blob.aio import ContainerClient  # noqa: PLC0415 - see above
        except ImportError:
            raise Never(
                "reports on Azure need azure-storage-blob, which is not installed here",
                remedy="Install it: python -m pip install -r requirements-reporting.txt",
            ) from None
        return cls(ContainerClient(endpoint, name, credential=credential))

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    async def all(self) -> dict[str, Blob]:
        """Every blob by its name. In an account with folders these are among them, empty."""
        found = dict[str, Blob]()
        with self._translated():
            async for one in self._client.list_blobs():
                digest = bytes(one.content_settings.content_md5 or b"")
                found[one.name] = Blob(f'"{one.etag.strip(chr(34))}"', digest)
        return found

    async def fetch(self, name: str, place: Path, seen: Blob) -> None:
        """The blob as it was seen, in place of the file."""
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_suffix(".fetched")
        with self._translated(), beside.open("wb") as file:
            stream = await self._client.download_blob(name, **_as(seen))
            async for chunk in stream.chunks():
                file.write(chunk)
        beside.replace(place)

    async def put(self, name: str, place: Path, digest: bytes, seen: Blob | None) -> Blob:
        """The file, of this MD5, in place of the blob that was seen; None: where there is none."""
        from azure.storage.blob import ContentSettings  # noqa: PLC0415 - see above

        client = self._client.get_blob_client(name)
        over = {"overwrite": seen is not None, **(_as(seen) if seen is not None else {})}
        content = ContentSettings(content_md5=bytearray(digest))
        with self._translated(), place.open("rb") as file:
            told = await client.upload_blob(file, content_settings=content, **over)
        return Blob(str(told["etag"]), digest)

    async def drop(self, name: str, seen: Blob) -> None:
        """Delete the blob that was seen."""
        with self._translated():
            await self._client.delete_blob(name, **_as(seen))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        container = self._client.container_name
        try:
            yield
        except (ResourceModifiedError, ResourceExistsError, ResourceNotFoundError) as error:
            code = getattr(error, "error_code", "") or type(error).__name__
            raise _changed(container, str(getattr(code, "value", code))) from None
        except HttpResponseError as error:
            raise _refused(container, error) from None
        except AzureError as error:
            what = f"container {container}: Azure Storage does not answer ({type(error).__name__})"
            raise Later(what) from None


def _as(seen: Blob) -> dict[str, Any]:
    return {"etag": seen.etag, "match_condition": MatchConditions.IfNotModified}


def _changed(container: str, code: str) -> Later:
    """The other one goes on; the next run begins with what is there then."""
    return Later(
        f"container {container}: another build has written meanwhile, or it is gone ({code})"
    )


def _refused(container: str, error: HttpResponseError) -> Exception:
    told, request = f"HTTP {error.status_code}", header(error, "x-ms-request-id")
    if error.status_code is None or error.status_code in BUSY:
        return Later(f"container {container}: Azure Storage is busy or in trouble ({told})")
    if error.status_code in (401, 403):
        return Never(
            f"Azure Storage refuses access to container {container} ({told})",
            remedy=f"Give the job's identity the role {ROLE} on the container; it takes minutes.",
            code=request,
        )
    return Never(
        f"Azure Storage refuses a request to container {container} ({told})",
        remedy="This is a fault of the product: report it with this code.", code=request,
    )  # fmt: skip
