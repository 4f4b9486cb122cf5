"""Finds the opening between the lips in a picture: two curves from corner to corner."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

POINTS = 41
"""Points along each curve."""
_CLOSED = 0.048
"""A seam between lips is no higher than this part of the mouth's width; an opening is."""
_LIGHT = np.array([0.114, 0.587, 0.299], np.float32)


@dataclass(frozen=True)
class Opening:
    """The inner edges of the lips, float32 (POINTS, 2) of x, y in px, left to right.

    `upper` and `lower` share their ends; a closed mouth has them coincide. `lips_px` is the box
    (x0, y0, x1, y1) around the lips themselves.
    """

    upper: np.ndarray
    lower: np.ndarray
    lips_px: tuple[int, int, int, int]

    @property
    def height_px(self) -> float:
        """Mean height of the opening."""
        return float((self.lower - self.upper)[:, 1].mean())

    def mask(self, shape: tuple[int, int]) -> np.ndarray:
        """The opening drawn with smooth edges: float32 (h, w, 1), 0 to 1."""
        return draw(self.upper, self.lower, shape)


@dataclass(frozen=True)
class Tones:
    """What tells lips, skin and the inside of the mouth apart in one face, from it at rest."""

    skin_redness: float
    skin_light: float
    skin_saturation: float
    shadow_saturation: float
    """Of the dark red seam between lips, the strongest colour of the face."""


def face_tones(rest: np.ndarray) -> Tones:
    """Tones from the closed mouth, uint8 (h, w, 3) BGR, of which the upper middle is skin."""
    height, width = rest.shape[:2]
    skin = rest[height // 8 : height // 4, width // 4 : -width // 4].reshape(-1, 3)
    blue, green, red = (float(v) for v in np.median(skin, axis=0))
    light = 0.114 * blue + 0.587 * green + 0.299 * red
    tones = Tones(red - green, light, (red - green) / (red + 1.0), 1.0)
    lips = _channels(rest)[2][_lip_hull(rest, tones) > 0]
    seam = float(np.percentile(lips, 99.5)) if lips.size else 1.0
    return Tones(tones.skin_redness, light, tones.skin_saturation, seam)


def find_opening(mouth: np.ndarray, tones: Tones) -> Opening | None:
    """The opening in a picture of the mouth, uint8 (h, w, 3) BGR; None if no lips are found."""
    hull = _lip_hull(mouth, tones)
    if hull.mean() < 0.004:
        return None
    light, _, saturation = _channels(mouth)
    seam = _longest((saturation > 0.82 * tones.shadow_saturation) & (hull > 0))
    first = _first_run(seam)
    inside = (saturation < 0.82 * tones.shadow_saturation) & (light < 0.66 * tones.skin_light)
    inside |= saturation < 0.8 * tones.skin_saturation
    inside &= cv2.erode(hull, np.ones((3, 3), np.uint8)) > 0
    inside &= np.arange(len(mouth))[:, None] >= first[None, :]
    inside = _connected(inside)
    columns = np.flatnonzero(hull.any(axis=0))
    left, right = int(columns[0]), int(columns[-1])
    left_y = float(np.flatnonzero(hull[:, left]).mean()) + 0.5
    right_y = float(np.flatnonzero(hull[:, right]).mean()) + 0.5
    x = np.linspace(left, right + 1, POINTS)
    middle, half = (left + right + 1) / 2, (right + 1 - left) / 2
    marked = np.flatnonzero(seam.any(axis=0))
    if len(marked) < 8:
        return None
    curve = np.polynomial.Polynomial.fit(
        (np.r_[left, marked + 0.5, right + 1] - middle) / half,
        np.r_[left_y, first[marked], right_y],
        4,
        domain=[-1, 1],
        w=np.r_[8.0, np.ones(len(marked)), 8.0],
    )
    upper = curve((x - middle) / half)
    lower = upper.copy()
    central = np.abs(np.arange(mouth.shape[1]) - middle) < 0.45 * half
    if np.median(inside[:, central].sum(axis=0)) > _CLOSED * 2 * half:
        hit = np.flatnonzero(inside.any(axis=0))
        depth = len(mouth) - inside[::-1, hit].argmax(axis=0)
        edge = _lower_hull(np.r_[left, hit + 0.5, right + 1], np.r_[left_y, depth, right_y])
        lower = np.maximum(_smooth(np.interp(x, edge[:, 0], edge[:, 1])), upper)
        lower[[0, -1]] = upper[[0, -1]]
    rows = np.flatnonzero(hull.any(axis=1))
    return Opening(
        np.stack([x, upper], axis=1).astype(np.float32),
        np.stack([x, lower], axis=1).astype(np.float32),
        (left, int(rows[0]), right + 1, int(rows[-1]) + 1),
    )


def draw(upper: np.ndarray, lower: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The area between two curves of (x, y) in px: float32 (h, w, 1), smooth, 0 where they meet."""
    mask = np.zeros(shape, np.uint8)
    outline = np.vstack([upper, lower[::-1]])
    cv2.fillPoly(mask, [np.rint((outline - 0.5) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    # a line is drawn even where the curves touch: lips that touch hide all behind them
    seen = min(1.0, float((lower - upper)[:, 1].max()) / 2.0)
    return cv2.GaussianBlur(mask, (0, 0), 0.7).astype(np.float32)[..., None] * (seen / 255.0)


def _channels(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Light, redness (red less green) and redness as a fraction of red."""
    soft = cv2.GaussianBlur(picture, (0, 0), 0.5).astype(np.float32)
    redness = soft[..., 2] - soft[..., 1]
    return soft @ _LIGHT, redness, redness / (soft[..., 2] + 1.0)


def _lip_hull(picture: np.ndarray, tones: Tones) -> np.ndarray:
    """Convex hull of the largest area redder than the skin: uint8 (h, w) of 0 and 1."""
    light, redness, _ = _channels(picture)
    lip = ((redness > 1.35 * tones.skin_redness) & (light > 0.35 * tones.skin_light)).astype("u1")
    count, labels, stats, _ = cv2.connectedComponentsWithStats(lip, connectivity=8)
    hull = np.zeros_like(lip)
    if count > 1:
        lip = (labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())).astype(np.uint8)
        cv2.fillConvexPoly(hull, cv2.convexHull(cv2.findNonZero(lip)), 1)
    return cv2.erode(hull, np.ones((3, 3), np.uint8))


def _longest(seam: np.ndarray) -> np.ndarray:
    """Of `seam` only the widest connected part: the shadow under the upper lip."""
    joined = cv2.dilate(seam.astype(np.uint8), np.ones((1, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    if count < 2:
        return seam
    return seam & (labels == 1 + int(stats[1:, cv2.CC_STAT_WIDTH].argmax()))


def _first_run(seam: np.ndarray) -> np.ndarray:
    """Row under the uppermost run of `seam` in each column; 0 where there is none."""
    start = seam.argmax(axis=0)
    after = (~seam) & (np.arange(len(seam))[:, None] >= start[None, :])
    return np.where(seam.any(axis=0), after.argmax(axis=0), 0)


def _connected(inside: np.ndarray) -> np.ndarray:
    """Without specks, and without what lies clear below the largest part (a glossy lip)."""
    opened = cv2.morphologyEx(inside.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    if count < 2:
        return np.zeros_like(inside)
    area, top = stats[:, cv2.CC_STAT_AREA], stats[:, cv2.CC_STAT_TOP]
    main = 1 + int(area[1:].argmax())
    floor = top[main] + stats[main, cv2.CC_STAT_HEIGHT] + 3
    return np.isin(labels, [i for i in range(1, count) if area[i] >= 8 and top[i] <= floor])


def _lower_hull(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The part of the convex hull of points (sorted by x) with the larger y: (m, 2)."""
    chain: list[tuple[float, float]] = []
    for px, py in zip(x, y, strict=True):
        while len(chain) >= 2:
            (ax, ay), (bx, by) = chain[-2], chain[-1]
            if (bx - ax) * (py - ay) - (by - ay) * (px - ax) < 0:
                break
            chain.pop()
        chain.append((float(px), float(py)))
    return np.array(chain)


def _smooth(values: np.ndarray) -> np.ndarray:
    padded = np.pad(values, 6, mode="edge").astype(np.float32)[None]
    return cv2.GaussianBlur(padded, (0, 0), 1.2)[0, 6:-6]
