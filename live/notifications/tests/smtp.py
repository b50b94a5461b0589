"""A mail server that keeps what it gets: SMTP over a real socket, as much of it as our backend speaks."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any


class Sink:
    """What arrived, and how the server behaves: `refuse` maps an address to the answer that its RCPT gets."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.refuse: dict[str, str] = {}
        self.conversations = 0
        self.hang_up_after_data = False
        self.after_data = "250 taken"
        self.port = 0

    @property
    def messages(self) -> list[EmailMessage]:
        """Return the messages in the order of their arrival."""
        return [
            email.message_from_bytes(raw, policy=email.policy.default)  # type: ignore[misc]
            for raw in self.raw
        ]


class _Conversation(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        sink: Sink = self.server.sink
        sink.conversations += 1
        self._say("220 sink")
        while line := self.rfile.readline():
            word, argument = line[:4].upper().strip(), line.strip().decode()
            if word == b"QUIT":
                self._say("221 bye")
                return
            if word == b"RCPT":
                self._say(next((says for who, says in sink.refuse.items() if who in argument), "250 ok"))
            elif word == b"DATA":
                self._say("354 go on")
                sink.raw.append(self._content())
                if sink.hang_up_after_data:
                    return
                self._say(sink.after_data)
            else:
                self._say("250 ok")

    def _content(self) -> bytes:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def running(port: int = 0) -> Iterator[Sink]:
    """Run the server at a free port (or the given one) until the end of the block."""
    sink = Sink()
    with _Server(("127.0.0.1", port), _Conversation) as server:
        server.sink = sink  # type: ignore[attr-defined]
        sink.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield sink
        server.shutdown()
        thread.join()
