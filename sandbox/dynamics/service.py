"""One operation of the OData service, whether it came alone or as a part of a batch: method,
target, body -> reply."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sandbox.dynamics import metadata, reading, writing
from sandbox.dynamics.address import Address, address_from, options_from
from sandbox.dynamics.environment import Environment
from sandbox.dynamics.faults import ODataFault, bad_request, missing_for_update
from sync.core.encoding import NotJson, from_json, to_json

JSON: Final = "application/json; odata.metadata=minimal; odata.streaming=true"


@dataclass(frozen=True)
class ODataRequest:
    """An operation. `target` is the path after `/data/` with its query, still encoded; header names
    in lower case.

    `root` is the address of the environment, for links in answers.
    """

    method: str
    target: str
    root: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """The answer: `body` is empty for 204."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(fault: ODataFault, *, in_batch: bool = False) -> Reply:
    """The answer to a fault, as it reads alone or within a batch."""
    body = fault.body()
    status = fault.status_in_batch if in_batch else fault.status
    return Reply(
        status,
        b"" if body is None else to_json(body),
        {} if body is None else {"Content-Type": JSON},
    )


def perform(state: Environment, call: ODataRequest) -> Reply:
    """Do it. Raises `ODataFault`; then nothing was written."""
    path, _, query = call.target.partition("?")
    options = options_from(query)
    if path in {"", "$metadata"}:
        if call.method != "GET":
            raise ODataFault(
                405, f"The requested resource does not support http method '{call.method}'."
            )
        return _about(path, call.root, state.settings.lacks)
    address = address_from(path)
    state.operations[f"{call.method} {address.entity.name}"] += 1
    if call.method == "GET":
        return _read(state, address, options, call.root)
    if address.key is None and call.method == "POST" and not address.counted:
        reading.crosses(options)
        record = writing.create(state, address.entity, _json(call))
        text = reading.single(address.entity, record, call.root)
        return Reply(
            201, text.encode(), {"Content-Type": JSON, "ETag": record.etag, "OData-Version": "4.0"}
        )
    if address.key is None or call.method not in {"PATCH", "PUT", "DELETE"}:
        raise ODataFault(
            405, f"The requested resource does not support http method '{call.method}'."
        )
    return _write(state, address, options, call)


def _read(state: Environment, address: Address, options: Mapping[str, str], root: str) -> Reply:
    if address.counted:
        return Reply(
            200,
            reading.count(state, address.entity, options).encode(),
            {"Content-Type": "text/plain"},
        )
    entity, key = address.entity, address.key
    found = (
        reading.page(state, entity, options, root)
        if key is None
        else reading.one(state, entity, key, options, root)
    )
    return Reply(200, found.encode(), {"Content-Type": JSON, "OData-Version": "4.0"})


def _write(
    state: Environment, address: Address, options: Mapping[str, str], call: ODataRequest
) -> Reply:
    key = address.key or ()
    if not reading.in_reach(state, address.entity, key, options):
        raise missing_for_update()
    etag = call.headers.get("if-match")
    if call.method == "DELETE":
        writing.remove(state, address.entity, key, etag)
    else:
        writing.change(state, address.entity, key, _json(call), etag)
    return Reply(204)


def _json(call: ODataRequest) -> object:
    if not call.headers.get("content-type", "").lower().startswith("application/json"):
        raise ODataFault(
            415, "The request entity's media type is not supported: application/json is."
        )
    try:
        return from_json(call.body)
    except NotJson as error:
        raise bad_request(
            f"An error occurred when trying to parse the request body: {error}."
        ) from None


def _about(path: str, root: str, lacks: frozenset[str]) -> Reply:
    if path:
        return Reply(
            200, metadata.csdl(lacks), {"Content-Type": "application/xml", "OData-Version": "4.0"}
        )
    return Reply(
        200,
        to_json(metadata.service_document(root)),
        {"Content-Type": JSON, "OData-Version": "4.0"},
    )
