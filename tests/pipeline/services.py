"""Stand-ins for OSV and for Slack's incoming webhook, on 127.0.0.1."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

# In the shape of OSV's records (https://ossf.github.io/osv-schema/), with what the tests need of them.
JINJA: dict[str, Any] = {
    "id": "GHSA-cpwx-vrp4-4pq7",
    "aliases": ["CVE-2025-27516"],
    "summary": "Jinja2 vulnerable to sandbox breakout through attr filter selecting format method",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [
                {
                    "type": "ECOSYSTEM",
                    "events": [{"introduced": "0"}, {"fixed": "3.1.6"}],
                }
            ],
            "versions": ["3.1.5"],
        }
    ],
    "database_specific": {"severity": "HIGH"},
}


class Osv:
    """What it knows is by package and version; what it was asked is kept."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.asked: list[str] = []
        self.url = ""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if method == "POST" and path == "/v1/query":
            name, version = body["package"]["name"], body["version"]
            self.asked.append(name)
            found = self.known.get((name, version), [])
            return 200, {"vulns": found} if found else {}
        records = {each["id"]: each for found in self.known.values() for each in found}
        record = records.get(path.removeprefix("/v1/vulns/"))
        return (200, record) if record else (404, {"code": 5, "message": "Bug not found."})


class Webhook:
    """Slack's: takes whatever is JSON with a text."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.url = ""
        self.status = 200

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        assert method == "POST" and path == "/"
        self.texts.append(body["text"])
        return self.status, "ok"


@contextmanager
def serving(service: Osv | Webhook) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, answer = service.answer(self.command, self.path, body)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = handle_any

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
