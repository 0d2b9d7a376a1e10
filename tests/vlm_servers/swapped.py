"""A model that mixes up x and y, and is right otherwise."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tests.vlm_servers.chat import Answer, ChatRequest, Reply


def swap_axes(answer: Answer) -> Answer:
    """``answer`` with the two numbers of every pair, and the values of every ``x`` and ``y``, exchanged."""

    def swapped(request: ChatRequest) -> str | Reply:
        reply = answer(request)
        if isinstance(reply, Reply):
            return replace(reply, content=json.dumps(_swap(json.loads(reply.content))))
        return json.dumps(_swap(json.loads(reply)))

    return swapped


def _swap(node: Any) -> Any:
    if isinstance(node, list):
        pair = len(node) == 2 and all(isinstance(v, (int, float)) for v in node)
        return node[::-1] if pair else [_swap(item) for item in node]
    if isinstance(node, dict):
        other = {"x": "y", "y": "x"} if {"x", "y"} <= node.keys() else {}
        return {key: _swap(node[other.get(key, key)]) for key in node}
    return node
