"""What customers and companies have in common: an id, and being read whole or not at all."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, ValidationError

from sync.commerce.models.fields import Document, is_too_deep, whole_from
from sync.core.errors import Never


class RecordById(Document):
    """A record that Commerce knows by its `id`, unique per installation."""

    kind: ClassVar[str]
    """What people call it."""

    endpoint: ClassVar[str]
    """Where Commerce answers it."""

    id: Annotated[int, BeforeValidator(whole_from), Field(gt=0)]
    raw: dict[str, Any] = Field(default_factory=dict, exclude=True, repr=False)

    @classmethod
    def read(cls, document: Any) -> Self:
        """From parsed JSON. Raises `Never` that names every field that cannot be read (names, never
        contents)."""
        is_object = isinstance(document, dict)
        if not is_object or is_too_deep(document):
            found = "one nested deeper than any" if is_object else type(document).__name__
            reason = f"a {cls.kind} is a JSON object, found {found}"
            raise Never(reason, remedy=f"Look at GET {cls.endpoint} in Commerce.")
        try:
            return cls.model_validate({**document, "raw": document})
        except ValidationError as error:
            raise cls._unreadable(document.get("id"), error) from None

    @classmethod
    def _unreadable(cls, named: Any, error: ValidationError) -> Never:
        faults = error.errors(include_input=False, include_url=False)
        names = ", ".join(sorted({str(fault["loc"][0]) for fault in faults}))
        what = f"{cls.kind} {named if isinstance(named, int) else '(no id)'}"
        remedy = f"Look at these fields of the {cls.kind} in Commerce (GET {cls.endpoint})."
        return Never(f"{what} cannot be read: {names}", remedy=remedy)
