"""Asks this container's own web process whether it is ready. Standard library only: it runs every few seconds."""

import http.client
import os
import sys


def main() -> int:
    """Return 0 when /health/ready answers 200, else 1."""
    # Under a name that ALLOWED_HOSTS lets in; a leading dot there means any name below.
    host = (
        os.environ.get("ALLOWED_HOSTS", "localhost")
        .split(",")[0]
        .strip()
        .lstrip(".")
        .replace("*", "localhost")
    )
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=4)
    try:
        connection.request("GET", "/health/ready", headers={"Host": host})
        return 0 if connection.getresponse().status == http.HTTPStatus.OK else 1
    except OSError as error:
        print(error, file=sys.stderr)  # noqa: T201 - docker inspect shows it
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
