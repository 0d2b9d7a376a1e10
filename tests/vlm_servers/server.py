"""An OpenAI-compatible server that really listens, on a loopback port of its own."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.vlm_servers.chat import Answer, BadRequest, ChatRequest, completion, read_chat_request

NOBODY = "http://127.0.0.1:9/v1"  # the port of a service that throws everything away, and never runs here


class VlmServer:
    """Answers chats with ``answer(request)``; a context manager. `requests` is what came, in order."""

    def __init__(self, answer: Answer, model: str = "test-vlm", api_key: str | None = None) -> None:
        self.answer = answer
        self.model = model
        self.requests: list[ChatRequest] = []
        self.stopping = threading.Event()  # whoever waits in a handler waits on this
        self._api_key = api_key
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._http.daemon_threads = True
        self._http.block_on_close = False

    @property
    def base_url(self) -> str:
        """Up to and with /v1."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    @property
    def count(self) -> int:
        """Chat requests so far."""
        return len(self.requests)

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()

    def respond(self, handler: Handler, request: ChatRequest, number: int) -> None:
        """Send a response; ``number`` counts the requests from 0. FaultyServer does this its own way."""
        handler.send_json(200, completion(self.answer(request), self.model))

    def chat(self, handler: Handler, body: Any) -> None:
        """Check, note and answer a request."""
        if not handler.is_authorised(self._api_key):
            # As hosted servers do, with the key repeated: a client must not pass that on.
            key = handler.headers.get("Authorization", "").removeprefix("Bearer ")
            return handler.send_error_json(401, f"Incorrect API key provided: {key}")
        try:
            request = read_chat_request(body)
        except BadRequest as error:
            return handler.send_error_json(400, str(error))
        if request.model != self.model:
            return handler.send_error_json(404, f"The model `{request.model}` does not exist.")
        with self._lock:
            self.requests.append(request)
            number = len(self.requests) - 1
        return self.respond(handler, request, number)


class Handler(BaseHTTPRequestHandler):
    """One connection; `vlm` is set by the server it belongs to."""

    protocol_version = "HTTP/1.1"
    vlm: VlmServer

    def do_GET(self) -> None:
        """The list of models."""
        if self.path != "/v1/models":
            return self.send_error_json(404, f"no {self.path}")
        models = [{"id": self.vlm.model, "object": "model", "created": 0, "owned_by": "tests"}]
        return self.send_json(200, {"object": "list", "data": models})

    def do_POST(self) -> None:
        """A chat completion."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/v1/chat/completions":
            return self.send_error_json(404, f"no {self.path}")
        try:
            body = json.loads(raw)
        except ValueError as error:
            return self.send_error_json(400, f"the body is not JSON: {error}")
        with contextlib.suppress(ConnectionError):  # a client that has gone away
            self.vlm.chat(self, body)
        return None

    def is_authorised(self, api_key: str | None) -> bool:
        """Whether the request carries the key, where one is wanted."""
        return api_key is None or self.headers.get("Authorization") == f"Bearer {api_key}"

    def send_json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        """A whole response."""
        self.send_raw(status, json.dumps(body).encode(), headers)

    def send_error_json(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        """An error in the API's form."""
        self.send_json(status, {"error": {"message": message, "type": "error", "code": status}}, headers)

    def send_raw(
        self, status: int, data: bytes, headers: dict[str, str] | None = None, length: int | None = None
    ) -> None:
        """A response that promises ``length`` bytes, by default those it has."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests read `requests`."""


def _handler_of(server: VlmServer) -> type[Handler]:
    return type("BoundHandler", (Handler,), {"vlm": server})
