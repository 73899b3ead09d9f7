"""The messages between the Functions host and its workers, as far as the tests need them, with the
rules of protobuf.

A message is made of declared fields alone, with values of their declared kind; None leaves a field
unset, and of a group of alternatives one may be set. A field that is unset reads as its kind's
empty value. Names and kinds are those of `FunctionRpc.proto`
(azure-functions-language-worker-protobuf, read 2026-11). As JSON, a message is written as protobuf
writes it: bytes in base64, and only what is set.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final

SCALARS: Final[Mapping[str, type]] = {
    "string": str, "bytes": bytes, "bool": bool, "int": int, "enum": int, "double": float,
    "duration": timedelta,
}  # fmt: skip
DECLARED: Final = {
    "StreamingMessage": (
        "request_id:string worker_init_request:WorkerInitRequest"
        " worker_init_response:WorkerInitResponse"
        " functions_metadata_request:FunctionsMetadataRequest"
        " function_metadata_response:FunctionMetadataResponse"
        " function_load_request:FunctionLoadRequest function_load_response:FunctionLoadResponse"
        " invocation_request:InvocationRequest invocation_response:InvocationResponse"
        " function_environment_reload_request:FunctionEnvironmentReloadRequest"
        " function_environment_reload_response:FunctionEnvironmentReloadResponse"
    ),
    "WorkerInitRequest": (
        "host_version:string capabilities:{string} worker_directory:string"
        " function_app_directory:string"
    ),
    "WorkerInitResponse": (
        "worker_version:string capabilities:{string} result:StatusResult"
        " worker_metadata:WorkerMetadata"
    ),
    "WorkerMetadata": (
        "runtime_name:string runtime_version:string worker_version:string worker_bitness:string"
        " custom_properties:{string}"
    ),
    "FunctionsMetadataRequest": "function_app_directory:string",
    "FunctionMetadataResponse": (
        "function_metadata_results:[RpcFunctionMetadata] result:StatusResult"
        " use_default_metadata_indexing:bool"
    ),
    "RpcFunctionMetadata": (
        "name:string directory:string script_file:string entry_point:string bindings:{BindingInfo}"
        " is_proxy:bool status:StatusResult language:string raw_bindings:[string]"
        " function_id:string managed_dependency_enabled:bool retry_options:RpcRetryOptions"
        " properties:{string}"
    ),
    "RpcRetryOptions": (
        "max_retry_count:int delay_interval:duration minimum_interval:duration"
        " maximum_interval:duration retry_strategy:enum"
    ),
    "BindingInfo": "type:string direction:enum data_type:enum properties:{string}",
    "FunctionLoadRequest": (
        "function_id:string metadata:RpcFunctionMetadata managed_dependency_enabled:bool"
    ),
    "FunctionLoadResponse": "function_id:string result:StatusResult is_dependency_downloaded:bool",
    "FunctionEnvironmentReloadRequest": (
        "environment_variables:{string} function_app_directory:string"
    ),
    "FunctionEnvironmentReloadResponse": (
        "capabilities:{string} worker_metadata:WorkerMetadata result:StatusResult"
    ),
    "InvocationRequest": (
        "invocation_id:string function_id:string input_data:[ParameterBinding]"
        " trigger_metadata:{TypedData} trace_context:RpcTraceContext retry_context:RetryContext"
    ),
    "RpcTraceContext": "trace_parent:string trace_state:string attributes:{string}",
    "RetryContext": "retry_count:int max_retry_count:int exception:RpcException",
    "InvocationResponse": (
        "invocation_id:string output_data:[ParameterBinding] return_value:TypedData"
        " result:StatusResult"
    ),
    "StatusResult": "status:enum result:string exception:RpcException",
    "RpcException": (
        "source:string stack_trace:string message:string is_user_exception:bool type:string"
    ),
    "ParameterBinding": "name:string data:TypedData rpc_shared_memory:RpcSharedMemory",
    "RpcSharedMemory": "name:string offset:int count:int type:enum",
    "TypedData": (
        "string:string json:string bytes:bytes stream:bytes http:RpcHttp int:int double:double"
    ),
    "RpcHttp": (
        "method:string url:string headers:{string} body:TypedData params:{string}"
        " status_code:string query:{string} enable_content_negotiation:bool rawBody:TypedData"
        " cookies:[RpcHttpCookie]"
    ),
    "RpcHttpCookie": (
        "name:string value:string domain:NullableString path:NullableString"
        " expires:NullableTimestamp secure:NullableBool http_only:NullableBool same_site:enum"
        " max_age:NullableDouble"
    ),
    "NullableString": "value:string",
    "NullableTimestamp": "value:enum",
    "NullableBool": "value:bool",
    "NullableDouble": "value:double",
}
FIELDS: Final = {
    name: dict(field.split(":") for field in text.split()) for name, text in DECLARED.items()
}
ALTERNATIVES: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "StreamingMessage": {"content": frozenset(FIELDS["StreamingMessage"]) - {"request_id"}},
    "ParameterBinding": {"rpc_data": frozenset({"data", "rpc_shared_memory"})},
    "TypedData": {"data": frozenset(FIELDS["TypedData"])},
}
CONSTANTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "BindingInfo": {
        "in": 0,
        "out": 1,
        "inout": 2,
        "undefined": 0,
        "string": 1,
        "binary": 2,
        "stream": 3,
    },
    "StatusResult": {"Failure": 0, "Success": 1, "Cancelled": 2},
    "RpcHttpCookie": {
        "SameSite": SimpleNamespace(**{"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3})
    },
    "RpcRetryOptions": {"exponential_backoff": 0, "fixed_delay": 1},
}


class Message:
    """What all messages have in common; their kinds are made below."""

    __slots__ = ("_values",)

    def __init__(self, **values: Any) -> None:
        kind = type(self).__name__
        for name in values:
            if name not in FIELDS[kind]:
                raise ValueError(f'Protocol message {kind} has no "{name}" field.')
        self._values = {
            name: _checked(FIELDS[kind][name], value)
            for name, value in values.items()
            if value is not None
        }
        for group, names in ALTERNATIVES.get(kind, {}).items():
            if len(names & self._values.keys()) > 1:
                raise ValueError(f"{kind}.{group} can be one of {sorted(names)} only")

    def __getattr__(self, name: str) -> Any:
        fields = FIELDS[type(self).__name__]
        if name not in fields:
            raise AttributeError(name)
        return self._values[name] if name in self._values else _empty(fields[name])

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - protobuf's own name
        """The name of the field of a group of alternatives that is set, or None."""
        names = ALTERNATIVES.get(type(self).__name__, {}).get(group)
        if names is None:
            raise ValueError(f"{type(self).__name__} has no oneof {group}")
        return next(iter(names & self._values.keys()), None)


protos: Final = SimpleNamespace(
    **{
        name: type(name, (Message,), {"__slots__": (), **CONSTANTS.get(name, {})})
        for name in DECLARED
    }
)
"""Every kind of message under its name, as the worker's library is handed them."""


def _checked(kind: str, value: Any) -> Any:
    if kind.startswith("["):
        return [_checked(kind[1:-1], each) for each in value]
    if kind.startswith("{"):
        return {
            _checked("string", name): _checked(kind[1:-1], each) for name, each in value.items()
        }
    if not isinstance(value, SCALARS.get(kind) or getattr(protos, kind)):
        raise TypeError(f"{type(value).__name__} is no {kind}")
    return value


def _empty(kind: str) -> Any:
    if kind[0] in "[{":
        return [] if kind.startswith("[") else {}
    return SCALARS[kind]() if kind in SCALARS else getattr(protos, kind)()


def read(kind: str, written: Any) -> Any:
    """A value, or a whole message, from JSON."""
    if kind.startswith("["):
        return [read(kind[1:-1], each) for each in written]
    if kind.startswith("{"):
        return {name: read(kind[1:-1], each) for name, each in written.items()}
    if kind in SCALARS:
        return b64decode(written) if kind == "bytes" else written
    unknown = written.keys() - FIELDS[kind].keys()
    if unknown:
        raise ValueError(f"{kind} has no {sorted(unknown)}")
    return getattr(protos, kind)(
        **{name: read(FIELDS[kind][name], value) for name, value in written.items()}
    )


def written(value: Any) -> Any:
    """A value, or a whole message, for JSON."""
    if isinstance(value, Message):
        return {name: written(each) for name, each in value._values.items()}
    if isinstance(value, list):
        return [written(each) for each in value]
    if isinstance(value, dict):
        return {name: written(each) for name, each in value.items()}
    return b64encode(value).decode() if isinstance(value, bytes) else value
