"""Explosions with known times: drawn frames and made sounds, for the benchmark and the example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import signal  # type: ignore[import-untyped]


@dataclass(frozen=True)
class Blast:
    """One explosion: when it goes off, where (fractions of the frame) and how large (0 to 1)."""

    time_s: float
    x: float
    y: float
    size: float


def random_blasts(dice: np.random.Generator, count: int, length_s: float) -> list[Blast]:
    """`count` explosions at least 1.3 s apart, none in the first or last 0.7 s."""
    room_s = length_s - 1.4 - 1.3 * (count - 1)
    starts = np.sort(dice.uniform(0, room_s, count)) + 0.7 + 1.3 * np.arange(count)
    return [
        Blast(float(t), *(float(v) for v in dice.uniform((0.25, 0.3, 0.5), (0.75, 0.7, 1.0))))
        for t in starts
    ]


def first_frames_s(blasts: Sequence[Blast], fps: float) -> list[float]:
    """When each is first seen: the time of the first frame at or behind its true moment."""
    return [float(np.ceil(blast.time_s * fps - 1e-9) / fps) for blast in blasts]


def blast_frames(
    blasts: Sequence[Blast], length_s: float, fps: float, size_px: tuple[int, int], seed: int
) -> Iterator[np.ndarray]:
    """Frames, uint8 RGB (h, w, 3), of a street at dusk in a slow zoom, with grain."""
    width, height = size_px
    dice = np.random.default_rng(seed)
    scene = _street(dice, width, height)
    sparks = [_sparks(dice) for _ in blasts]
    for number in range(round(length_s * fps)):
        now_s = number / fps
        zoom = 1.0 + 0.012 * now_s
        shake = np.zeros(2)
        for blast in blasts:
            age_s = now_s - blast.time_s
            if age_s >= 0:
                swing = np.sin(2 * np.pi * np.array([9.0, 11.0]) * age_s)
                shake = shake + swing * 0.006 * height * blast.size * np.exp(-age_s / 0.25)
        move = np.array(cv2.getRotationMatrix2D((width / 2, height / 2), 0, zoom), np.float64)
        move[:, 2] += shake
        frame = cv2.warpAffine(scene, move, size_px, borderMode=cv2.BORDER_REFLECT)
        for blast, flying in zip(blasts, sparks, strict=True):
            if now_s >= blast.time_s - 1e-9:
                _draw(frame, blast, flying, now_s - blast.time_s)
        frame += dice.normal(0, 2.5, (height, width, 1)).astype(np.float32)
        yield np.clip(frame, 0, 255).astype(np.uint8)


def blast_sound(dice: np.random.Generator, rate_hz: int) -> np.ndarray:
    """1.4 s of a bang, float32 (samples,), which begins with its first sample; peak 1.0."""
    time_s = np.arange(round(1.4 * rate_hz)) / rate_hz
    hiss = dice.standard_normal(len(time_s))
    low = signal.sosfilt(signal.butter(2, 900, fs=rate_hz, output="sos"), hiss) * 2.0
    crack = hiss * np.exp(-time_s / 0.03)
    thump = np.sin(2 * np.pi * (36 * time_s - 4 * np.exp(-time_s / 0.08)))
    rise = np.minimum(1.0, time_s / dice.uniform(0.001, 0.006))
    bang = rise * (0.8 * crack + (low + thump) * np.exp(-time_s / dice.uniform(0.2, 0.45)))
    return (bang / np.abs(bang).max()).astype(np.float32)


def sounds_at(
    times_s: Sequence[float], bang: np.ndarray, length_s: float, rate_hz: int
) -> np.ndarray:
    """The bang at each of the times, float32 (samples,); what sticks out is cut."""
    track = np.zeros(round(length_s * rate_hz), np.float32)
    for time_s in times_s:
        first = round(time_s * rate_hz)
        part = bang[max(0, -first) :][: max(0, len(track) - max(0, first))]
        track[max(0, first) : max(0, first) + len(part)] += part
    return track


def under(
    sound: np.ndarray, bed: np.ndarray, below_db: float, dice: np.random.Generator
) -> np.ndarray:
    """`sound` with the bed beneath it, looped from a random place, `below_db` under its power
    where it sounds; both mono, float32."""
    start = int(dice.integers(len(bed)))
    laid = np.roll(bed, -start)[np.arange(len(sound)) % len(bed)]
    loud = np.abs(sound) > 0.05 * np.abs(sound).max()
    gain = np.sqrt(np.mean(sound[loud] ** 2) / np.mean(laid**2)) * 10 ** (-below_db / 20)
    return (sound + gain * laid).astype(np.float32)


def _street(dice: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Float32 (h, w, 3): sky, houses with windows, a road."""
    sky = np.linspace((58, 62, 92), (150, 110, 96), height)[:, None, :]
    scene = np.repeat(sky, width, axis=1).astype(np.float32)
    left = 0
    while left < width:
        wide, top = int(dice.integers(width // 8, width // 4)), dice.uniform(0.25, 0.55) * height
        colour = dice.uniform(35, 75, 3).tolist()
        cv2.rectangle(scene, (left, int(top)), (left + wide, height), colour, -1)
        for y in range(int(top) + 8, int(0.75 * height), 18):
            for x in range(left + 6, left + wide - 8, 14):
                if dice.random() < 0.35:
                    cv2.rectangle(scene, (x, y), (x + 6, y + 9), (190, 165, 105), -1)
        left += wide
    cv2.rectangle(scene, (0, int(0.8 * height)), (width, height), (46, 46, 50), -1)
    return scene


def _sparks(dice: np.random.Generator) -> np.ndarray:
    """Directions and speeds of what flies off: (40, 2), fractions of the height per second."""
    angle, speed = dice.uniform(0, 2 * np.pi, 40), dice.uniform(0.2, 0.8, 40)
    return np.stack([np.cos(angle) * speed, np.sin(angle) * speed], 1)


def _draw(frame: np.ndarray, blast: Blast, sparks: np.ndarray, age_s: float) -> None:
    """A ball of fire that grows, a glow that fades, smoke that stays and sparks that fall."""
    height, width = frame.shape[:2]
    centre = np.array([blast.x * width, blast.y * height])
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    away = np.hypot(x - centre[0], y - centre[1]) / height
    radius = blast.size * (0.05 + 0.2 * (1 - np.exp(-age_s / 0.1)))
    glow = blast.size * np.exp(-age_s / 0.18)
    fire = np.clip(1.5 - away / radius, 0, 1) * np.exp(-age_s / 0.5)
    smoke = np.clip(1.6 - away / (radius * (1 + 0.6 * age_s)), 0, 1) * min(1.0, age_s / 0.4)
    smoke *= 0.7 * np.exp(-age_s / 1.2)
    frame *= (1 - smoke)[..., None]
    frame += smoke[..., None] * 52
    light = glow * np.exp(-away / 0.35)
    frame += light[..., None] * np.array([150, 110, 60], np.float32)
    frame += fire[..., None] * (np.array([255, 190, 90], np.float32) - frame)
    if age_s < 1.2:
        for dx, dy in sparks:
            at = centre + height * np.array([dx * age_s, dy * age_s + 0.35 * age_s**2])
            heat = (255, 220 * (1 - age_s / 1.4), 90)
            cv2.circle(frame, (int(at[0]), int(at[1])), max(1, height // 300), heat, -1)
