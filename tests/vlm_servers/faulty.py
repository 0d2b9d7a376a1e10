"""A server with one fault, for as many requests as wanted."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from tests.vlm_servers.chat import Answer, ChatRequest, Reply, completion
from tests.vlm_servers.server import Handler, VlmServer
from tests.vlm_servers.swapped import swap_axes


class Fault(Enum):
    """What goes wrong."""

    ERROR_500 = "500"
    ERROR_503 = "503"
    BUSY_429 = "429 with Retry-After"
    HANG = "takes the request and says nothing"
    SLOW_DRIP = "a byte of the body now and then, for ever"
    SLOW_HEADERS = "a byte of the headers now and then, for ever"
    LATENCY = "the right answer, late"
    RESET = "the connection reset"
    TRUNCATED_STREAM = "the connection closed within the body"
    MALFORMED_BODY = "a body that is not JSON"
    EMPTY_CHOICES = "no choices"
    NO_TEXT = "a message without text"
    TRUNCATED_JSON = "the model's JSON ends early"
    MALFORMED_JSON = "the model's text is not JSON"
    WRAPPED_JSON = "the model's JSON inside prose and a code fence"
    WRONG_SCHEMA = "JSON of another form, whatever is asked"
    CUT = "finish_reason length"
    IGNORES_SCHEMA = "takes json_schema, and keeps to it only if the prompt says so too"
    REJECTS_SCHEMA = "400 for json_schema"
    REJECTS_FORMATS = "400 for any response_format"
    WANTS_OTHER_LIMIT = "400 for max_tokens"
    REFUSES = "400 whatever is asked"
    ENDLESS = "a body that goes on and on"
    SWAPPED = "x and y exchanged"


class FaultyServer(VlmServer):
    """Healthy for ``after`` requests, then faulty for ``times`` (None: for ever), then healthy again."""

    def __init__(
        self,
        fault: Fault,
        answer: Answer,
        *,
        after: int = 0,
        times: int | None = None,
        latency_s: float = 30.0,
        drip_s: float = 0.02,
        retry_after: str = "1",
    ) -> None:
        super().__init__(answer)
        self.fault = fault
        self.latency_s = latency_s
        self.drip_s = drip_s
        self.retry_after = retry_after
        self._faulty = range(after, 2**62 if times is None else after + times)

    def respond(self, handler: Handler, request: ChatRequest, number: int) -> None:
        """The fault's own way to respond, or the healthy one."""
        if number not in self._faulty:
            return super().respond(handler, request, number)
        if self.fault in _TEXTS:
            reply = _TEXTS[self.fault](_reply(self.answer(request)), request)
            return handler.send_json(200, completion(reply, self.model))
        if self.fault in _REFUSED:
            refused = _REFUSED[self.fault](request)
            if refused:
                return handler.send_error_json(400, refused)
            return super().respond(handler, request, number)
        return _RESPONSES[self.fault](self, handler, request)


def _reply(answer: str | Reply) -> Reply:
    return answer if isinstance(answer, Reply) else Reply(answer)


# What the model says ---------------------------------------------------------------------------------------


def _ignoring(reply: Reply, request: ChatRequest) -> Reply:
    told = any("JSON schema" in turn for turn in request.turns)
    return (
        reply if told else replace(reply, content=json.dumps({"thoughts": "the left one", "confidence": 1}))
    )


def _wrapped(reply: Reply, request: ChatRequest) -> Reply:
    content = reply.content.rstrip("}") + ",\n}" if reply.content.endswith("}") else reply.content
    return replace(
        reply, content=f"Sure! Here are the points {{as asked}}:\n```json\n{content}\n```\nGood luck."
    )


def _swapped(reply: Reply, request: ChatRequest) -> Reply:
    return _reply(swap_axes(lambda _: reply)(request))


_TEXTS: dict[Fault, Callable[[Reply, ChatRequest], Reply]] = {
    Fault.NO_TEXT: lambda reply, request: replace(reply, content=None),
    Fault.TRUNCATED_JSON: lambda reply, request: replace(reply, content=reply.content[:-3]),
    Fault.MALFORMED_JSON: lambda reply, request: replace(reply, content="x = 3; y = 4"),
    Fault.WRAPPED_JSON: _wrapped,
    Fault.WRONG_SCHEMA: lambda reply, request: replace(reply, content='{"answer": "on the left"}'),
    Fault.CUT: lambda reply, request: replace(reply, content=reply.content[:-3], finish_reason="length"),
    Fault.IGNORES_SCHEMA: _ignoring,
    Fault.SWAPPED: _swapped,
}


# What the server does not take -----------------------------------------------------------------------------


def _refused_schema(request: ChatRequest) -> str:
    return "response_format.type 'json_schema' is not supported" if request.schema is not None else ""


def _refused_formats(request: ChatRequest) -> str:
    return "" if request.reply_format == "text" else "unknown field response_format"


def _refused_limit(request: ChatRequest) -> str:
    wrong = "max_tokens" in request.settings
    return "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead." if wrong else ""


_REFUSED: dict[Fault, Callable[[ChatRequest], str]] = {
    Fault.REJECTS_SCHEMA: _refused_schema,
    Fault.REJECTS_FORMATS: _refused_formats,
    Fault.WANTS_OTHER_LIMIT: _refused_limit,
    Fault.REFUSES: lambda request: "this model takes no images",
}


# What happens to the response ------------------------------------------------------------------------------


def _whole(server: FaultyServer, request: ChatRequest) -> bytes:
    return json.dumps(completion(server.answer(request), server.model)).encode()


def _busy(server: FaultyServer, handler: Handler, request: ChatRequest) -> None:
    handler.send_error_json(429, "Rate limit reached", {"Retry-After": server.retry_after})


def _hang(server: FaultyServer, handler: Handler, request: ChatRequest) -> None:
    server.stopping.wait()
    handler.close_connection = True


def _drip(server: FaultyServer, handler: Handler, request: ChatRequest) -> None:
    handler.send_raw(200, b"{", length=10**6)
    _trickle(server, handler, b" ")


def _drip_headers(server: FaultyServer, handler: Handler, request: ChatRequest) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _trickle(server, handler, b"x")


def _endless(server: FaultyServer, handler: Handler, request: ChatRequest) -> None:
    handler.send_raw(200, b"{", length=10**12)
    while not server.stopping.is_set():  # until the client has had enough and hangs up
        handler.wfile.write(b" " * 2**16)


def _trickle(server: FaultyServer, handler: Handler, byte: bytes) -> None:
    handler.close_connection = True
    while not server.stopping.wait(server.drip_s):
        handler.wfile.write(byte)
        handler.wfile.flush()


def _late(server: FaultyServer, handler: Handler, request: ChatRequest) -> None:
    if not server.stopping.wait(server.latency_s):
        handler.send_raw(200, _whole(server, request))


def _reset(server: FaultyServer, handler: Handler, request: ChatRequest) -> None:
    # Closed without lingering: the kernel sends RST, not FIN.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def _truncated(server: FaultyServer, handler: Handler, request: ChatRequest) -> None:
    whole = _whole(server, request)
    handler.send_raw(200, whole[: len(whole) // 2], length=len(whole))
    handler.close_connection = True


_RESPONSES: dict[Fault, Callable[[FaultyServer, Handler, ChatRequest], None]] = {
    Fault.ERROR_500: lambda s, h, r: h.send_error_json(500, "CUDA out of memory"),
    Fault.ERROR_503: lambda s, h, r: h.send_error_json(503, "the model is being loaded"),
    Fault.BUSY_429: _busy,
    Fault.HANG: _hang,
    Fault.SLOW_DRIP: _drip,
    Fault.SLOW_HEADERS: _drip_headers,
    Fault.LATENCY: _late,
    Fault.ENDLESS: _endless,
    Fault.RESET: _reset,
    Fault.TRUNCATED_STREAM: _truncated,
    Fault.MALFORMED_BODY: lambda s, h, r: h.send_raw(200, b"<html>gateway</html>"),
    Fault.EMPTY_CHOICES: lambda s, h, r: h.send_json(200, completion("", s.model) | {"choices": []}),
}
