"""What a `$management` node answers: locks, schedules, peeks. Source: Microsoft,
service-bus-amqp-request-response."""

import uuid
from collections.abc import Callable
from typing import Any, Final

from tests.doubles.amqp.broker import Namespace, Refused
from tests.doubles.amqp.codec import Array, Int, Long, Symbol
from tests.doubles.amqp.entity import Entity, LockGone
from tests.doubles.amqp.messages import Sections, answer, delivered, sections_from, timestamp

PREFIX: Final = "com.microsoft:"
LOCK_LOST: Final = f"{PREFIX}message-lock-lost"
NOT_FOUND: Final = f"{PREFIX}message-not-found"


class Failed(Exception):
    """An operation that was not carried out: status code and condition."""

    def __init__(self, status: int, condition: str) -> None:
        super().__init__(condition)
        self.status = status
        self.condition = condition


class Management:
    """The management node of one queue."""

    def __init__(self, namespace: Namespace, entity: Entity) -> None:
        self._namespace = namespace
        self._entity = entity
        self._operations: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
            "renew-lock": self._renew,
            "schedule-message": self._schedule,
            "cancel-scheduled-message": self._cancel,
            "peek-message": self._peek,
            "update-disposition": self._settle,
        }

    def respond(self, request: bytes) -> bytes:
        """The answer to a request, whatever became of it."""
        asked = sections_from(request)
        status, condition, body = self._carried_out(asked)
        application: dict[str, Any] = {
            "statusCode": Int(status),
            "statusDescription": condition or "OK",
        }
        if condition:
            application["errorCondition"] = Symbol(condition)
        return answer(asked.id, application, body)

    def _carried_out(self, asked: Sections) -> tuple[int, str, dict[str, Any]]:
        operation = self._operations.get(
            str(asked.application.get("operation", "")).removeprefix(PREFIX)
        )
        if operation is None:
            return 501, "amqp:not-implemented", {}
        try:
            body = operation(asked.values[0x77] or {})
        except LockGone:
            return 410, LOCK_LOST, {}
        except Failed as failed:
            return failed.status, failed.condition, {}
        except Refused as refused:
            return 400, refused.condition, {}
        return (204, "", {}) if body is None else (200, "", body)

    def _renew(self, body: dict[str, Any]) -> dict[str, Any]:
        return {
            "expirations": Array([timestamp(self._entity.renew(token)) for token in _tokens(body)])
        }

    def _schedule(self, body: dict[str, Any]) -> dict[str, Any]:
        messages = [sections_from(item["message"]) for item in body["messages"]]
        for message in messages:
            self._namespace.check(message)
        return {
            "sequence-numbers": Array(
                [Long(self._entity.store(message) or 0) for message in messages]
            )
        }

    def _cancel(self, body: dict[str, Any]) -> dict[str, Any]:
        cancelled = [self._entity.cancel(int(sequence)) for sequence in body["sequence-numbers"]]
        if not all(cancelled):
            raise Failed(404, NOT_FOUND)
        return {}

    def _peek(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """As many as were asked for, but no more than a frame or two hold: the service gives fewer
        as it likes."""
        found = self._entity.peek(int(body["from-sequence-number"]), int(body["message-count"]))
        if not found:
            return None
        shown: list[dict[str, bytes]] = []
        size = 0
        for stored in found:
            message = delivered(stored.message, stored.delivery())
            size += len(message)
            if shown and size > self._namespace.rules.largest:
                break
            shown.append({"message": message})
        return {"messages": shown}

    def _settle(self, body: dict[str, Any]) -> dict[str, Any]:
        for token in _tokens(body):
            match body["disposition-status"]:
                case "completed":
                    self._entity.complete(token)
                case "abandoned":
                    self._entity.abandon(token)
                case "suspended":
                    reason, description = (
                        body.get("deadletter-reason"),
                        body.get("deadletter-description"),
                    )
                    self._entity.dead_letter(token, reason or "", description or "")
                case _:
                    raise Failed(501, "amqp:not-implemented")
        return {}


def _tokens(body: dict[str, Any]) -> list[uuid.UUID]:
    return [
        token if isinstance(token, uuid.UUID) else uuid.UUID(str(token))
        for token in body["lock-tokens"]
    ]
