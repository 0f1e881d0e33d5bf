"""Elasticsearch, or what answers like it, as the check of the application's health sees it."""

import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from pydantic import SecretStr

from app.health import check_elasticsearch, outcome
from app.settings import Settings

# What Amazon OpenSearch Service answers. Elasticsearch has no `distribution`, and has a header that
# Elastic's client wants to see.
OPENSEARCH = {"version": {"distribution": "opensearch", "number": "2.19.0"}}
ELASTICSEARCH = {"version": {"number": "9.2.1", "build_flavor": "default"}}
PASSWORD = "only-for~this_test."


class Search(BaseHTTPRequestHandler):
    answer: dict[str, object] = {}
    headers_too: dict[str, str] = {}

    def do_GET(self) -> None:
        body = json.dumps(self.answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.headers_too.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Search)
    Thread(target=server.serve_forever, daemon=True).start()
    url = SecretStr(f"http://erp:{PASSWORD}@127.0.0.1:{server.server_port}")
    there = Settings(elasticsearch_url=url)
    monkeypatch.setattr("app.health.settings", lambda: there)
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("answer", "headers"),
    [(OPENSEARCH, {}), (ELASTICSEARCH, {"X-Elastic-Product": "Elasticsearch"})],
    ids=["OpenSearch", "Elasticsearch"],
)
def test_either_product_is_ready(
    server: HTTPServer, answer: dict[str, object], headers: dict[str, str]
) -> None:
    Search.answer, Search.headers_too = answer, headers
    assert outcome(check_elasticsearch) == "ok"


def test_one_that_is_gone_is_not_and_its_password_is_nowhere(
    server: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.server_close()
    assert outcome(check_elasticsearch) == "failed"
    assert "check_elasticsearch" in caplog.text
    assert PASSWORD not in caplog.text
