"""In-between mouths: lips, and what is behind them, carried from one shape towards another."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from stages.avatar.lips import POINTS, Opening, draw, face_tones, find_opening
from stages.avatar.morph import Blend, pull

_EDGE = 0.11
"""How far around the edges of the lips these rule over flow: the deviation of a Gaussian, as a
fraction of the mouth's width."""
_SURE = np.clip(4.0 * np.minimum(np.linspace(0, 1, POINTS), np.linspace(1, 0, POINTS)), 0.2, 1.0)
"""How well each point of a curve is known: the corners of a mouth have no clear end."""
_INSIDE = np.array([20.0, 20.0, 20.0], np.float32)


class MouthBlend:
    """Mixes mouth shapes in two layers, so that teeth never shine through lips.

    Lips and skin are flow-morphed with the opening painted shut; the opening is drawn between
    the inner edges of the lips, themselves mixed point by point; behind it teeth and throat keep
    their shape and show as far as the lips part. Where lips cannot be told from skin (a drawn
    face), it is a plain `Blend`.
    """

    def __init__(self, pictures: Mapping[str, np.ndarray], rest: str):
        """`pictures` are uint8 (h, w, 3) BGR, `rest` the name of the closed mouth."""
        tones = face_tones(pictures[rest])
        found = {name: find_opening(p, tones) for name, p in pictures.items()}
        self.openings: dict[str, Opening] = {n: o for n, o in found.items() if o is not None}
        self._shape = pictures[rest].shape[:2]
        self._pictures = {name: p.astype(np.float32) for name, p in pictures.items()}
        if len(self.openings) < len(pictures):
            self.openings = {}
            self._skin = Blend(pictures, pictures)
            return
        masks = {name: o.mask(self._shape) for name, o in self.openings.items()}
        painted = {n: _painted(p, self.openings[n]) for n, p in pictures.items()}
        self._skin = Blend({n: _shut(p, masks[n]) for n, p in pictures.items()}, painted)
        left, _, right, _ = self.openings[rest].lips_px
        self._edge_px = max(2, round(_EDGE * (right - left)))
        core = np.ones((3, 3), np.uint8)
        self._behind = {n: _soft(cv2.erode(m, core)) for n, m in masks.items()}

    def lips_px(self, threshold: int = 45) -> tuple[int, int, int, int]:
        """Box (x0, y0, x1, y1) around the lips in all shapes, else around what changes at all."""
        if self.openings:
            boxes = np.array([o.lips_px for o in self.openings.values()])
            return (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())
        stack = np.stack(list(self._pictures.values()))
        y, x = np.nonzero((stack.max(axis=0) - stack.min(axis=0)).max(axis=2) > threshold)
        if len(x) == 0:
            return (0, 0, self._shape[1], self._shape[0])
        return int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1

    def mix(self, a: str, b: str, t: float) -> np.ndarray:
        """The mouth `t` (0 to 1) of the way from shape `a` to `b`: float32 (h, w, 3)."""
        if t <= 0.0 or a == b:
            return self._pictures[a]
        if t >= 1.0:
            return self._pictures[b]
        if not self.openings:
            return self._skin.mix(a, b, t)
        one, two = self.openings[a], self.openings[b]
        upper = one.upper + (two.upper - one.upper) * t
        lower = one.lower + (two.lower - one.lower) * t
        near = self._lips(a, b, t, upper, lower)
        lips = near + (self._lips(b, a, 1.0 - t, upper, lower) - near) * t
        box = _around(upper, lower, 3, self._shape)
        mask = draw(upper, lower, self._shape)[box]
        lips[box] += (self._inside(a, b, t, upper, box) - lips[box]) * mask
        return lips

    def _lips(
        self, name: str, other: str, part: float, upper: np.ndarray, lower: np.ndarray
    ) -> np.ndarray:
        """Lips and skin of one shape, moved `part` of the way to the other: float32 (h, w, 3).

        The edges of the lips, now at `upper` and `lower`, tell from where about each pixel came,
        above the mouth and below it apart, and rule next to them; farther off its flow, read
        there, does.
        """
        places = self._skin.places(name, other, part)
        flow, own = self._skin.flow(name, other), self.openings[name]
        rows, columns = _around(upper, lower, 3 * self._edge_px, self._shape)
        near = places[rows, columns]
        y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + 0.5
        x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] + 0.5
        aside = np.maximum(np.maximum(upper[0, 0] - x, x - upper[-1, 0]), 0.0)
        above = y < np.interp(x, upper[:, 0], (upper + lower)[:, 1] / 2)
        spot = np.dstack(np.broadcast_arrays(x - 0.5, y - 0.5)).astype(np.float32)
        for now, then, side in ((upper, own.upper, above), (lower, own.lower, ~above)):
            away = np.hypot(y - np.interp(x, now[:, 0], now[:, 1]), aside)
            lip = np.exp(-0.5 * (away / self._edge_px) ** 2)[..., None].astype(np.float32)
            gone = np.dstack([np.interp(x, now[:, 0], (then - now)[:, i]) for i in (0, 1)])
            guess = (spot + gone * lip).astype(np.float32)
            lip *= np.interp(x, now[:, 0], _SURE).astype(np.float32)[..., None]
            carried = -part * pull(flow, guess, cubic=False)
            found = spot + carried + (gone - carried) * lip
            near[side] = found[side]
        return pull(self._skin.pictures[name], places).astype(np.float32)

    def _inside(
        self, a: str, b: str, t: float, upper: np.ndarray, box: tuple[slice, slice]
    ) -> np.ndarray:
        """Teeth and throat in a box behind lips whose upper edge is `upper`: float32 (h, w, 3).

        Of each shape what its own lips leave in sight, hung from the upper lip; the wider mouth,
        which shows more, outweighs the other. The change between two sets of teeth is quick: both
        half shown at once would look like a double exposure.
        """
        later = float(np.clip((t - 0.45) / 0.1, 0.0, 1.0))
        total: np.ndarray | float = 0.0
        weight: np.ndarray | float = 1e-9
        for name, share in ((a, 1.0 - later), (b, later)):
            drop = float((upper - self.openings[name].upper)[POINTS // 4 : -POINTS // 4, 1].mean())
            rows, columns = box
            move = np.array([[1.0, 0.0, -columns.start], [0.0, 1.0, drop - rows.start]], np.float32)
            size = (columns.stop - columns.start, rows.stop - rows.start)
            behind = cv2.warpAffine(self._behind[name], move, size)[..., None]
            seen = (share + 0.02) * self.openings[name].height_px ** 3 * (behind + 1e-5)
            total = total + seen * cv2.warpAffine(self._pictures[name], move, size)
            weight = weight + seen
        return np.asarray(total / weight)


def _around(
    upper: np.ndarray, lower: np.ndarray, margin_px: int, shape: tuple[int, int]
) -> tuple[slice, slice]:
    """Rows and columns that hold both curves and `margin_px` around them."""
    x0, y0 = (int(v) - margin_px for v in upper.min(axis=0))
    x1, y1 = (int(v) + margin_px + 1 for v in np.maximum(upper, lower).max(axis=0))
    return slice(max(0, y0), min(shape[0], y1)), slice(max(0, x0), min(shape[1], x1))


def _painted(picture: np.ndarray, opening: Opening) -> np.ndarray:
    """The picture with its opening dark, a thin seam at least: what flow can follow."""
    wider = np.array([0.0, 0.8], np.float32)
    mask = draw(opening.upper - wider, opening.lower + wider, picture.shape[:2])
    return np.rint(picture + (_INSIDE - picture) * mask).astype(np.uint8)


def _shut(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture with its opening filled from the lips around it."""
    hole = cv2.dilate((mask > 0.25).astype(np.uint8), np.ones((3, 3), np.uint8))
    return cv2.inpaint(picture, hole, 4, cv2.INPAINT_TELEA) if mask.max() > 0.3 else picture


def _soft(mask: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(mask, (0, 0), 0.8)
