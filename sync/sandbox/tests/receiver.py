"""A webhook receiver: keeps what arrives, answers with the status that the test wants."""

import http.server
import json
import threading
from typing import Any, Self


class Receiver:
    """Listens on this computer; `wait_for(count)` returns the bodies as soon as so many arrived."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._changed = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with receiver._changed:
                    receiver.bodies.append(body)
                    receiver.headers.append({key.lower(): value for key, value in self.headers.items()})
                    receiver._changed.notify_all()
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        with self._changed:
            arrived = self._changed.wait_for(lambda: len(self.bodies) >= count, seconds)
        assert arrived, f"{len(self.bodies)} of {count} arrived: {[body['event'] for body in self.bodies]}"
        return self.bodies

    def wait_for_event(self, event: str, seconds: float = 10) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            return [body for body in self.bodies if body["event"] == event]

        with self._changed:
            arrived = self._changed.wait_for(found, seconds)
        assert arrived, f"no {event} among {[body['event'] for body in self.bodies]}"
        return found()[0]
