"""HTTP to one OpenAI-compatible server."""

from __future__ import annotations

import ipaddress
import json
import os
from typing import Any

import httpx

from policies.rewards.vlm.config import VlmConfig
from policies.rewards.vlm.errors import ResponseBroken, Unreachable
from policies.rewards.vlm.response import ChatReply, HttpResponse, read_chat, read_json, status_error
from robot.core.errors import ConfigError

# Bytes; a chat completion has kilobytes, and parsing a larger text holds up every other thread of Python.
_LARGEST_RESPONSE = 2**19


class Endpoint:
    """Sends requests; timeouts are the caller's (``asyncio.timeout``), so that they hold for whole responses.

    Raises:
        ConfigError: the variable that should hold the key is not set, or holds no key.
    """

    def __init__(self, config: VlmConfig) -> None:
        self.where = config.base_url.rstrip("/")
        self._model = config.model
        self._key = _key(config)
        url = httpx.URL(config.base_url)
        self._uses_proxies = not _is_loopback(url.host)
        # Reading the certificates takes long: now, not beside a control loop, and for https alone.
        self._tls = httpx.create_ssl_context(verify=url.scheme == "https", trust_env=self._uses_proxies)

    def open(self) -> httpx.AsyncClient:
        """Connections for one question; a context manager that closes them."""
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return httpx.AsyncClient(
            headers=headers, timeout=None, verify=self._tls, trust_env=self._uses_proxies
        )

    async def chat(self, http: httpx.AsyncClient, body: dict[str, Any]) -> ChatReply:
        """One chat completion; VlmError otherwise."""
        content = json.dumps(body).encode()
        return read_chat(
            await self._send(http, "POST", "/chat/completions", content), self.where, self._model
        )

    async def models(self, http: httpx.AsyncClient) -> tuple[str, ...]:
        """The names under ``/models``; VlmError if the server does not list them."""
        response = await self._send(http, "GET", "/models", b"")
        if response.status != 200:
            raise status_error(response, self.where)
        try:
            return tuple(str(entry["id"]) for entry in read_json(response, self.where)["data"])
        except (LookupError, TypeError) as error:
            raise ResponseBroken(f"{self.where}/models is no list of models: {error!r}") from None

    async def _send(self, http: httpx.AsyncClient, method: str, path: str, content: bytes) -> HttpResponse:
        headers = {"Content-Type": "application/json"}
        try:
            async with http.stream(method, self.where + path, content=content, headers=headers) as response:
                body = await self._read(response)
        except httpx.DecodingError as error:
            raise ResponseBroken(f"{self.where} sent a body that cannot be decoded: {error}") from None
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            step = "see that the server runs there, and the network to it"
            raise Unreachable(f"{self.where} cannot be asked: {reason}; {step}") from None
        return HttpResponse(response.status_code, response.headers, self._without_key(body))

    async def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _LARGEST_RESPONSE:
                raise ResponseBroken(
                    f"{self.where} sent more than {_LARGEST_RESPONSE} bytes, not a completion"
                )
        return bytes(body)

    def _without_key(self, body: bytes) -> bytes:
        """Some servers repeat the key they refuse; it must reach no message and no log."""
        return body.replace(self._key.encode(), b"***") if self._key else body


def _key(config: VlmConfig) -> str:
    if config.api_key_env is None:
        return ""
    key = os.environ.get(config.api_key_env, "").strip()
    if not key:
        problem = f"api_key_env: {config.api_key_env} is not in the environment; export it, or leave it out"
        raise ConfigError([problem], "vlm")
    if not (key.isascii() and key.isprintable() and " " not in key):  # else httpx repeats it in its error
        problem = f"api_key_env: {config.api_key_env} holds characters that no key has; export it again"
        raise ConfigError([problem], "vlm")
    return key


def _is_loopback(host: str) -> bool:
    """A server on this machine is never behind a proxy, whatever the environment says."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
