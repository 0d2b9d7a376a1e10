"""Weights on the wire: whole and for this actor, or refused with the reason."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.residual import weights as weights_module
from policies.residual.weights import flatten, pack, unflatten, unpack
from robot.core.errors import WeightsRefused
from robot.core.types import Weights


def params() -> dict[str, Any]:
    kernel = np.arange(6, dtype=np.float32).reshape(2, 3)
    return {
        "actor": {"head": {"kernel": kernel, "bias": np.ones(3, np.float32)}},
        "state": np.zeros(2, np.float32),
    }


GOOD = pack(params(), version=7, learner_step=90, fingerprint="rig-a")


def refusal(weights: Weights, last_version: int = 6) -> str:
    with pytest.raises(WeightsRefused) as caught:
        unpack(weights, "rig-a", params(), last_version)
    return str(caught.value)


def test_what_is_packed_comes_back() -> None:
    got, want = flatten(unpack(GOOD, "rig-a", params(), 6)), flatten(params())
    assert got.keys() == want.keys()
    assert all(np.array_equal(got[name], want[name]) for name in want)
    assert flatten(unflatten(want)).keys() == want.keys()


def test_another_rigs_weights_are_refused_with_both_fingerprints() -> None:
    reason = refusal(pack(params(), 7, 90, "rig-b"))
    assert "rig-a" in reason
    assert "rig-b" in reason


@pytest.mark.parametrize("last_version", [7, 8])
def test_weights_that_are_not_newer_are_refused(last_version: int) -> None:
    assert f"not newer than version {last_version}" in refusal(GOOD, last_version)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_array_that_is_not_finite_is_named(value: float) -> None:
    bad = params()
    bad["actor"]["head"]["kernel"][1, 2] = value
    assert "actor/head/kernel is not finite" in refusal(pack(bad, 7, 90, "rig-a"))


def test_missing_extra_and_wrongly_shaped_arrays_are_all_named() -> None:
    bad = params()
    bad["new"] = bad.pop("state")
    bad["actor"]["head"]["bias"] = np.ones(4, np.float32)
    reason = refusal(pack(bad, 7, 90, "rig-a"))
    assert "state is missing" in reason
    assert "new is not in this network" in reason
    assert "actor/head/bias: got float32 (4,), want float32 (3,)" in reason


def test_a_signed_payload_that_is_not_safetensors_is_refused() -> None:
    garbage = dataclasses.replace(GOOD, payload=b"not safetensors")
    signed = dataclasses.replace(garbage, signature=resigned(garbage))
    assert "not safetensors" in refusal(signed)


def resigned(weights: Weights) -> str:
    return weights_module._sign(
        weights.version, weights.learner_step, weights.spec_fingerprint, weights.payload
    )


@given(st.integers(0, len(GOOD.payload) * 8 - 1))
def test_any_flipped_bit_of_the_payload_is_refused(bit: int) -> None:
    damaged = bytearray(GOOD.payload)
    damaged[bit // 8] ^= 1 << bit % 8
    assert "signature does not match" in refusal(dataclasses.replace(GOOD, payload=bytes(damaged)))


@given(st.sampled_from(["version", "learner_step"]), st.integers(0, 62))
def test_any_flipped_bit_of_a_number_is_refused(name: str, bit: int) -> None:
    damaged: dict[str, Any] = {name: getattr(GOOD, name) ^ (1 << bit)}
    assert "signature does not match" in refusal(dataclasses.replace(GOOD, **damaged), last_version=-1)


@given(st.sampled_from(["spec_fingerprint", "signature"]), st.integers(0, 4), st.integers(0, 6))
def test_any_flipped_bit_of_a_text_is_refused(name: str, place: int, bit: int) -> None:
    text = bytearray(getattr(GOOD, name).encode())
    text[place] ^= 1 << bit
    damaged: dict[str, Any] = {name: text.decode()}
    assert "signature does not match" in refusal(dataclasses.replace(GOOD, **damaged))
