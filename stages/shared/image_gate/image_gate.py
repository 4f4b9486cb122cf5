"""ImageGate: pictures and frames held against indecency, a list of faces, and a safeguard model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from schemas.asset import Asset
from schemas.layout import Box
from stages.base import Verdict
from stages.shared.image_gate.banned_faces import BannedFaces
from stages.shared.image_gate.faces import Face, FaceFinder
from stages.shared.image_gate.false_accepts import BLOCK, REVIEW, false_accept_rate
from stages.shared.image_gate.image_judge import ImageJudge
from stages.shared.image_gate.indecency import IndecencyModel
from stages.shared.image_gate.over_frames import settled_over
from stages.shared.text_gate.finding import Finding

NSFW_LIMITS = (0.2, 0.8)
"""From which score a picture is held, and blocked: the ends of what Yahoo's own notes on the model
leave undecided."""
MOST_FACES = 30
"""Faces compared with the list in one look, at 0.08 CPU seconds each; more are for review."""
MOST_OF_PRESENTER = 12
"""Of those in the presenter's box, where mostly the same face is seen: evenly over the frames."""
SAME_HOST = 0.40
"""Distance to the drawn host's own face below which a face in the presenter's box is the host's.
Its turns and looks stay below 0.25; the drawn host nearest to a rendered person is at 0.63."""


@dataclass(frozen=True)
class Frame:
    """A picture (uint8 RGB), where it is from for people, and when it is seen; None is always."""

    picture: np.ndarray
    place: str
    time_s: float | None = None


@dataclass(frozen=True)
class Look:
    """What was found in frames: findings, and per frame the score and the faces."""

    findings: list[Finding]
    nsfw: list[float]
    faces: list[list[Face]]
    nearest: float | None = None
    """Distance of the face nearest to a listed one; None where none was compared."""


@dataclass(kw_only=True)
class ImageGate:
    """Its fields are limits and lists, and part of the key of the stage that asks it; (limit for
    holding, limit for blocking) each. Models and the opened list are loaded at first use."""

    version: ClassVar[str] = "2"

    nsfw: tuple[float, float] = NSFW_LIMITS
    banned: Asset | None = None
    """A sealed list of faces."""
    distances: tuple[float, float] = (REVIEW, BLOCK)
    """Below which a face is held, and blocked."""
    safeguard: ImageJudge | None = None
    host_face: tuple[float, ...] = field(default=(), repr=False, metadata={"place": True})
    """Embedding of a drawn presenter, who is nobody."""

    _finder: FaceFinder | None = field(init=False, repr=False, compare=False, default=None)
    _indecency: IndecencyModel | None = field(init=False, repr=False, compare=False, default=None)
    _list: tuple[str, BannedFaces] | None = field(
        init=False, repr=False, compare=False, default=None
    )

    def __post_init__(self) -> None:
        """Refuse limits the wrong way round."""
        if not 0 < self.nsfw[0] <= self.nsfw[1] <= 1:
            raise ValueError(f"nsfw is {self.nsfw}; write 0 < review <= block <= 1")
        if not 0 < self.distances[1] <= self.distances[0] <= REVIEW:
            raise ValueError(f"distances are {self.distances}; write 0.60 >= review >= block > 0")

    @property
    def assets(self) -> Mapping[str, Asset]:
        """What the stage opens before each spot, for `receive`."""
        found = dict(self.safeguard.assets) if self.safeguard is not None else {}
        return found | ({"faces": self.banned} if self.banned is not None else {})

    def prepare(self) -> None:
        """Once per node: the safeguard's weights."""
        if self.safeguard is not None:
            self.safeguard.prepare()

    def load(self) -> None:
        """Once per worker: the models; the list comes with the first spot."""
        self._finder = self._finder or FaceFinder()
        self._indecency = self._indecency or IndecencyModel()
        if self.safeguard is not None:
            self.safeguard.load()

    def receive(self, files: Mapping[str, Path]) -> None:
        """Local paths of `assets`. Raises `FaceListError` and `FaceKeyError` for a list that cannot
        be opened here, `Retry` where KMS is away."""
        if self.safeguard is not None:
            self.safeguard.receive(files)
        if self.banned is not None and (self._list is None or self._list[0] != self.banned.sha256):
            content = files["faces"].read_bytes()
            self._list = (self.banned.sha256, BannedFaces.opened(content, self.banned.uri))

    def look(self, frames: Sequence[Frame], stage: str, presenter: Box | None = None) -> Look:
        """Everything there is to say of the frames, as gates of `stage`.

        A limit must be passed in three frames, or two that lie 2 s apart, to block; fewer, or a
        score between the limits, is for review. A still picture blocks alone.
        """
        self.load()
        assert self._finder is not None and self._indecency is not None
        nsfw = [self._indecency.score(frame.picture) for frame in frames]
        faces = [self._finder.faces(frame.picture) for frame in frames]
        findings = [_indecent(frames, nsfw, self.nsfw, stage)]
        compared, nearest = self._compared(frames, faces, stage, presenter)
        findings += compared
        if self.safeguard is not None:
            findings += _safeguarded(frames, self.safeguard, stage)
        return Look(findings, nsfw, faces, nearest)

    def _compared(
        self, frames: Sequence[Frame], faces: Sequence[list[Face]], stage: str,
        presenter: Box | None,
    ) -> tuple[list[Finding], float | None]:  # fmt: skip
        if self.banned is None:
            return [], None
        assert self._list is not None and self._finder is not None, "receive() comes before look()"
        listed, gate = self._list[1], f"{stage}.faces"
        asked = [(n, face) for n, found in enumerate(faces) for face in found]
        own = [one for one in asked if one[1].is_in(presenter)]
        others = sorted(
            (one for one in asked if not one[1].is_in(presenter)), key=lambda one: -one[1].width_px
        )
        thinned = own[:: -(-len(own) // MOST_OF_PRESENTER) or 1]
        hits: dict[str, dict[int, float]] = {}
        nearest = None
        for n, face in [*thinned, *others[:MOST_FACES]]:
            embedding = self._finder.embedding(frames[n].picture, face)
            if face.is_in(presenter) and self._is_host(embedding):
                continue
            name, apart = listed.nearest(embedding)
            nearest = apart if nearest is None else min(nearest, apart)
            if apart < self.distances[0]:
                seen = hits.setdefault(name, {})
                seen[n] = min(apart, seen.get(n, apart))
        findings = [self._audit(listed, gate)]
        findings += [self._hit(name, hits[name], frames, gate) for name in sorted(hits)]
        if not hits:
            count = len(thinned) + min(len(others), MOST_FACES)
            said = f"{len(asked)} faces in {_counted(frames)}, {count} compared"
            if nearest is not None:
                said += f", the nearest at {nearest:.2f}"
            findings.append(
                Finding(
                    Verdict(
                        gate, "banned_face", "pass", said,
                        score=_rounded(nearest), threshold=self.distances[0],
                    )
                )
            )  # fmt: skip
        if len(others) > MOST_FACES:
            said = f"{len(others)} faces, of which the {MOST_FACES} largest were compared"
            reason = f"There are {said}; a person should look at the others."
            verdict = Verdict(
                gate, "many_faces", "review", said, score=len(others), threshold=MOST_FACES
            )
            findings.append(Finding(verdict, "many_faces", reason))
        return findings, nearest

    def _is_host(self, embedding: np.ndarray) -> bool:
        if not self.host_face:
            return False
        own = np.array(self.host_face, np.float32)
        return float(np.linalg.norm(embedding - own)) < SAME_HOST

    def _audit(self, listed: BannedFaces, gate: str) -> Finding:
        """Which list it was held against, by what limits, and how often these err."""
        assert self.banned is not None
        review, block = self.distances
        name = self.banned.uri.rpartition("/")[2]
        said = (
            f"{name} sha256:{self.banned.sha256[:16]}, {len(listed)} faces; blocked below"
            f" {block:.2f}, held below {review:.2f}; a stranger's face is expected to be blocked in"
            f" {share(false_accept_rate(len(listed), block))}, stopped in"
            f" {share(false_accept_rate(len(listed), review))}"
        )
        return Finding(Verdict(gate, "list", "pass", said))

    def _hit(
        self, name: str, seen: Mapping[int, float], frames: Sequence[Frame], gate: str
    ) -> Finding:
        review, block = self.distances
        blocking = [frames[n].time_s for n, apart in seen.items() if apart < block]
        outcome = settled_over(blocking, len(seen) - len(blocking))
        best = min(seen, key=lambda n: seen[n])
        said = (
            f'"{name}" of the list at distance {seen[best]:.2f} {frames[best].place};'
            f" {len(blocking)} of {_counted(frames)} below {block:.2f}, {len(seen)} below"
            f" {review:.2f}"
        )
        fix = "show somebody else" if outcome == "block" else "a person should decide"
        reason = f"A face is taken for one that must not be shown, {said}; {fix}."
        verdict = Verdict(
            gate, "banned_face", outcome, said, at_s=_second(frames[best]),
            score=_rounded(seen[best]), threshold=block if seen[best] < block else review,
        )  # fmt: skip
        return Finding(verdict, "banned_face", reason)


def share(rate: float) -> str:
    """A probability for people: "3.4 %", "0.004 %"."""
    percent = 100 * rate
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"


def _indecent(
    frames: Sequence[Frame], scores: Sequence[float], limits: tuple[float, float], stage: str
) -> Finding:
    fix = ("link another picture, or use another clip", "a person should decide")
    return _scored(frames, scores, limits, f"{stage}.nsfw", "nsfw_score", "indecency", fix)


def _safeguarded(frames: Sequence[Frame], judge: ImageJudge, stage: str) -> list[Finding]:
    by_frame = [judge.scores(frame.picture) for frame in frames]
    fix = ("show something else", "a person should decide")
    return [
        _scored(
            frames, [scores[policy] for scores in by_frame], (judge.review, judge.block),
            f"{stage}.image_safeguard", policy, f"{policy} by {judge}", fix,
        )
        for policy in by_frame[0]
    ] if by_frame else []  # fmt: skip


def _scored(
    frames: Sequence[Frame], scores: Sequence[float], limits: tuple[float, float], gate: str,
    rule: str, what: str, fix: tuple[str, str],
) -> Finding:  # fmt: skip
    review, block = limits
    past = [n for n, score in enumerate(scores) if not score < block]  # a NaN is past it
    held = [n for n, score in enumerate(scores) if not score < review and n not in past]
    worst = max(range(len(scores)), key=lambda n: scores[n], default=None)
    if worst is None:
        return Finding(Verdict(gate, rule, "pass", "nothing was shown"))
    said = (
        f"{what} {scores[worst]:.3f} at its highest, {frames[worst].place}; {_counted(frames)}, of"
        f" which {len(past) + len(held)} from {review:.2f} on are held, {len(past)} from"
        f" {block:.2f} blocked"
    )
    outcome = settled_over([frames[n].time_s for n in past], len(held))
    verdict = Verdict(
        gate, rule, outcome, said, at_s=_second(frames[worst]), score=_rounded(scores[worst]),
        threshold=block if worst in past else review,
    )  # fmt: skip
    if outcome == "pass":
        return Finding(verdict)
    reason = f"The picture may not be fit to be shown: {said}; {fix[outcome == 'review']}."
    return Finding(verdict, rule, reason)


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 4)


def _second(frame: Frame) -> float | None:
    return None if frame.time_s is None else round(frame.time_s, 2)


def _counted(frames: Sequence[Frame]) -> str:
    kind = "frame" if any(frame.time_s is not None for frame in frames) else "picture"
    return f"{len(frames)} {kind}{'s' if len(frames) != 1 else ''}"
