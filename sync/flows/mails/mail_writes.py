"""A mail to a buyer as a write: sent once, and never changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.core.errors import Never
from sync.core.ports import Mail, Mailer
from sync.core.request import Request
from sync.engine.write import Found, Target, Write

MAIL: Final = Target("Mail", timedelta(minutes=1), timedelta(seconds=30), timedelta(minutes=1))


@dataclass(frozen=True)
class MailWrite(Write):
    """Repeating is safe as long as the server said what became of an earlier try. Where it did not,
    nobody can look it up, and a second mail would be wrong: a person decides. `is_asked`: a person
    has. Neither address nor text is kept, and what was sent is not compared with what would be said
    today."""

    kind: ClassVar[str] = "mail"
    is_kept: ClassVar[bool] = False
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    mail: Mail
    mailer: Mailer
    key: str
    is_asked: bool = False
    target: Target = field(default=MAIL)

    @property
    @override
    def reference(self) -> str:
        return self.mail.name

    @property
    @override
    def digest(self) -> str:
        return self.mail.name

    @property
    @override
    def document(self) -> Any:
        return {"mail": self.mail.name}

    @override
    def requests(self) -> Sequence[Request]:
        shown = {"subject": self.mail.subject, "text": self.mail.text}
        return [Request("MAIL", self.mail.to, shown)]

    @override
    async def find(self) -> Found | None:
        """Asked only where an earlier try announced it and its outcome is not known."""
        if self.is_asked:
            return None
        raise Never(
            f"whether the mail {self.mail.name} was sent is not known",
            remedy=(
                "Look for that Message-ID in the log of the mail server. If it was not sent, run:"
                f' replay --flow mails "{self.key}"; if it was: skip mails "{self.key}"'
                ' --why "sent"'
            ),
        )

    @override
    async def find_lately(self) -> Found | None:
        return None

    @override
    async def create(self, not_after: datetime) -> Found:
        await self.mailer.send(self.mail, not_after=not_after)
        return Found(self.mail.name)
