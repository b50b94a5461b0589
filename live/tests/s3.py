"""A bucket over HTTP, as much of S3 as backups speak: put, get, delete, list, and uploads in parts. It keeps its objects in memory."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


@dataclass
class Bucket:
    """What the server holds. `room`: how many bytes it takes before it refuses; `uploads`: those neither completed nor aborted."""

    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    parts_seen: int = 0
    room: int = 1 << 40
    asked: list[str] = field(default_factory=list)


class Server(ThreadingHTTPServer):
    """Serves one bucket on a free port of this machine; as a context manager it ends at the end."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bucket = Bucket()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.server_port}"

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: object) -> None:
        return

    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        _, bucket, *key = unquote(parts.path).split("/", 2)
        assert bucket == "kept"
        query = {name: value[-1] for name, value in parse_qs(parts.query, keep_blank_values=True).items()}
        self.server.bucket.asked.append(f"{self.command} {'/'.join(key)} {' '.join(sorted(query))}".strip())
        return "/".join(key), query

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self) -> None:
        key, query = self._asked()
        content = self.rfile.read(int(self.headers["Content-Length"]))
        bucket = self.server.bucket
        if "AWS4-HMAC-SHA256" not in self.headers.get("Authorization", ""):
            return self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        if len(content) > bucket.room:
            return self._answer(
                400, b"<Error><Code>QuotaExceeded</Code><Message>no room left</Message></Error>"
            )
        bucket.room -= len(content)
        if "partNumber" in query:
            bucket.parts_seen += 1
            bucket.uploads[query["uploadId"]][int(query["partNumber"])] = content
        else:
            bucket.objects[key] = content
        return self._answer(200, ETag='"e"')

    def do_POST(self) -> None:
        key, query = self._asked()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        bucket = self.server.bucket
        if "uploads" in query:
            name = str(len(bucket.asked))
            bucket.uploads[name] = {}
            body = f"<InitiateMultipartUploadResult><Key>{escape(key)}</Key><UploadId>{name}</UploadId></InitiateMultipartUploadResult>"
            return self._answer(200, body.encode())
        parts = bucket.uploads.pop(query["uploadId"])
        bucket.objects[key] = b"".join(parts[number] for number in sorted(parts))
        return self._answer(
            200,
            b"<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>",
        )

    def do_DELETE(self) -> None:
        key, query = self._asked()
        if "uploadId" in query:
            self.server.bucket.uploads.pop(query["uploadId"], None)
        else:
            self.server.bucket.objects.pop(key, None)
        self._answer(204)

    def do_GET(self) -> None:
        key, query = self._asked()
        if not key:
            return self._list(query.get("prefix", ""))
        found = self.server.bucket.objects.get(key)
        if found is None:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return self._answer(200, found, ETag='"e"')

    def do_HEAD(self) -> None:
        self.do_GET()

    def _list(self, prefix: str) -> None:
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(content)}</Size></Contents>"
            for key, content in sorted(self.server.bucket.objects.items())
            if key.startswith(prefix)
        )
        self._answer(
            200,
            f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode(),
        )
