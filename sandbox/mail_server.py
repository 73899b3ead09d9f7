"""A mail server on this machine that keeps the rules of RFC 5321 that a sender can break."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any, Final

CODES: Final = {"MAIL": 250, "RCPT": 250, "DATA": 354, "TEXT": 250}


class MailServer(socketserver.ThreadingTCPServer):
    """`says`: what it answers to a command, where that is not the usual; `once`: the same, once;
    `leaves`: the command after which it is gone without a word."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.says: dict[str, int] = {}
        self.once: dict[str, int] = {}
        self.leaves = ""
        self.commands: list[str] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def settings(self) -> dict[str, Any]:
        """How it is spoken to."""
        return {"server": "127.0.0.1", "port": self.port, "security": "none",
                "sender": "Shop <no-reply@shop.example>"}  # fmt: skip


class Session(socketserver.StreamRequestHandler):
    """One conversation: commands in their order, a text that ends with a dot."""

    server: MailServer

    def handle(self) -> None:
        """Until the client is gone, or we are."""
        self._say(220)
        begun: list[str] = []
        while line := self.rfile.readline().decode("ascii").strip():
            command = line.split(" ")[0].split(":")[0].upper()
            self.server.commands.append(command)
            if command == "QUIT":
                self._say(221)
                return
            if not self._answered(command, line, begun):
                return

    def _answered(self, command: str, line: str, begun: list[str]) -> bool:
        if command == self.server.leaves:
            return False
        if command in ("EHLO", "HELO", "RSET", "NOOP"):
            self._say(250)
            return True
        before = {"MAIL": [], "RCPT": ["MAIL"], "DATA": ["MAIL", "RCPT"]}.get(command)
        if before is None or begun != before:
            self._say(503)
            return True
        usual = self.server.says.get(command, CODES[command])
        code = self.server.once.pop(command, usual)
        if code == CODES[command]:
            begun.append(command)
        if command == "RCPT" and code == CODES[command]:
            self.server.recipients.append(line.split("<")[1].rstrip(">"))
        self._say(code)
        return command != "DATA" or code != CODES["DATA"] or self._text(begun)

    def _text(self, begun: list[str]) -> bool:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line[1:] if line.startswith(b".") else line)
        code = self.server.says.get("TEXT", CODES["TEXT"])
        if code == CODES["TEXT"]:
            text = b"".join(lines)
            message = email.message_from_bytes(text, policy=email.policy.default)
            self.server.taken.append(message)
        if self.server.leaves == "TEXT":
            return False
        begun.clear()
        self._say(code)
        return True

    def _say(self, code: int) -> None:
        self.wfile.write(f"{code} so\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """One that serves until the block is left."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
