"""What a shop tells of its bulks."""

from sandbox.commerce.faults import RestFault
from sandbox.commerce.records import Columns
from sandbox.commerce.routing import Endpoint, RestRequest

RESOURCE = "Magento_Logging::system_magento_logging_bulk_operations"


def detailed_status(call: RestRequest) -> Columns:
    """`GET bulk/{uuid}/detailed-status`; 404 for an id that it does not know."""
    uuid = call.arguments["uuid"]
    bulk = call.state.bulks.known.get(uuid)
    if bulk is None:
        raise RestFault(404, "No such entity with %fieldName = %fieldValue",
                        {"fieldName": "bulk_uuid", "fieldValue": uuid})  # fmt: skip
    operation = {"bulk_uuid": uuid, "topic_name": "async", **bulk.operation}
    return {"bulk_id": uuid, "operation_count": 1, "operations_list": [operation]}


BULKS = (Endpoint("GET", "bulk/{uuid}/detailed-status", RESOURCE, detailed_status),)
