"""The one door as it is served: config.asgi under uvicorn, in a thread of the tests, on the tests' database."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn


@dataclass(frozen=True, slots=True)
class Door:
    """A running server; `url` has no slash at its end."""

    url: str
    server: uvicorn.Server


@pytest.fixture(scope="session")
def door(django_db_setup: None) -> Iterator[Door]:
    """The whole application on a free port: pages, API and streams. Tests that use it need `django_db(transaction=True)`."""
    with pytest.MonkeyPatch.context() as patch:
        # Its thread would write into the tests' database at any moment.
        patch.setattr("live.watch.begin", lambda kind: None)
        from config.asgi import application

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="door", daemon=True)
        thread.start()
        yield Door(f"http://localhost:{listener.getsockname()[1]}", server)
        server.should_exit = True
        thread.join(timeout=20)
