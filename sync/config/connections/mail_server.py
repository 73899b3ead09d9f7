"""A mail server that takes our mails, and who sends them."""

from typing import Literal

from pydantic import Field

from sync.config.connections.section import SecretName, Section, Whole


class MailServer(Section):
    """How the server is spoken to. Azure Communication Services is one: `smtp.azurecomm.net`, with
    the SMTP user name of an app of Entra and its client secret."""

    server: str
    port: Whole = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` is for a server on this machine."""
    sender: str
    user: str = ""
    password: SecretName | None = None
