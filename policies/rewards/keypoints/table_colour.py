"""What colour the table has at every pixel, and what hues the rest falls into."""

from __future__ import annotations

import cv2
import numpy as np

_LIGHTNESS_WEIGHT = 0.5
_ROUNDS = 8
_GREY_CHROMA = 14.0  # below it, in Lab units, a hue means nothing
_BINS = 36
_SAMPLES = 4000


def distance_from_table(lab: np.ndarray) -> np.ndarray:
    """How far each pixel [H, W] is from the table's colour there, in Lab units; lab float32 [H, W, 3].

    The table is taken as what most of the image shows: a quadratic surface over the image a channel, which
    follows vignetting and a lamp at one side, fitted by iteratively reweighted least squares (Cauchy).
    """
    height, width = lab.shape[:2]
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(rows), rows, columns, rows**2, columns**2, rows * columns], axis=-1)
    every = max(1, height * width // _SAMPLES)
    A, seen = terms.reshape(-1, 6)[::every], lab.reshape(-1, 3)[::every].astype(float)
    fit = _robust_fit(A, seen)
    off = (lab - terms @ fit) * [_LIGHTNESS_WEIGHT, 1.0, 1.0]
    return np.linalg.norm(off, axis=-1)


def hue_classes(lab: np.ndarray, foreground: np.ndarray) -> np.ndarray:
    """Class [H, W] of each foreground pixel, 1.. ; 0 elsewhere. Greys are one class, darker ones another.

    Hues are cut at the valleys of their histogram, so the lit and the dark side of one thing stay together
    and a red thing between black fingers is apart from them.
    """
    lightness, a, b = np.moveaxis(lab, -1, 0)
    chroma = np.hypot(a, b)
    coloured = foreground & (chroma > _GREY_CHROMA)
    bins = (np.arctan2(b, a) / (2 * np.pi) * _BINS).astype(int) % _BINS
    weights = np.bincount(bins[coloured], minlength=_BINS).astype(float)
    classes = np.where(coloured, 3 + _class_of_bin(weights)[bins], 0)
    grey = foreground & ~coloured
    classes[grey] = np.where(lightness[grey] < 35.0, 1, 2)
    return cv2.medianBlur(classes.astype(np.uint8), 3) * foreground


def _robust_fit(A: np.ndarray, seen: np.ndarray) -> np.ndarray:
    fit = np.zeros((A.shape[1], 3))
    fit[0] = _mode(seen)
    for _ in range(_ROUNDS):
        off = np.linalg.norm(seen - A @ fit, axis=1)
        scale = max(2.0, float(np.median(off)))
        w = np.sqrt(1.0 / (1.0 + (off / scale) ** 2))[:, None]
        fit = np.linalg.lstsq(A * w, seen * w, rcond=None)[0]
    return fit


def _mode(seen: np.ndarray) -> np.ndarray:
    """Mean [3] of the fullest cell of a coarse histogram: the start, which a median would put between two."""
    cells = np.floor(seen / 12.0).astype(int)
    _, inverse, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    return seen[inverse.ravel() == int(np.argmax(counts))].mean(axis=0)


def _class_of_bin(weights: np.ndarray) -> np.ndarray:
    """Number [bins], 0.., of the peak each bin belongs to: bins climb to their fuller neighbour, ringwise."""
    smooth = sum(np.roll(weights, s) * w for s, w in ((-2, 1), (-1, 2), (0, 3), (1, 2), (2, 1)))
    smooth = np.asarray(smooth) - 1e-9 * np.arange(
        len(weights)
    )  # equal neighbours: one of them, always the same
    steps = np.stack([np.roll(smooth, 1), smooth, np.roll(smooth, -1)])
    climb = (np.arange(len(weights)) + np.argmax(steps, axis=0) - 1) % len(weights)
    for _ in range(len(weights)):
        climb = climb[climb]
    return np.unique(climb, return_inverse=True)[1]
