"""BannedFaces: a list of people by their embeddings alone, sealed wherever it lies."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stages.shared.image_gate.face_key import known_key, new_key
from stages.shared.image_gate.faces import EMBEDDING

MAGIC = b"SPOTMILL-FACES-1\n"
MOST_BYTES = 200_000_000
LONGEST_NAME = 80
_NONCE_BYTES = 12
_LENGTH = 128


class FaceListError(ValueError):
    """It is no list of faces, or not one that this key opens."""


@dataclass(frozen=True, eq=False)
class BannedFaces:
    """`names` (what the owner of the list calls each face: a name, or the number of a file; one
    person may have several faces) and `embeddings`, float32 (n, 128). No photograph is in it."""

    names: tuple[str, ...] = ()
    embeddings: np.ndarray = field(
        repr=False, default_factory=lambda: np.zeros((0, _LENGTH), np.float32)
    )

    def __len__(self) -> int:
        return len(self.names)

    @property
    def people(self) -> int:
        """Different names."""
        return len(set(self.names))

    @property
    def counted(self) -> str:
        """For people: 1 face of 1 person, 3 faces of 2 people."""
        faces, people = len(self), self.people
        named = "person" if people == 1 else "people"
        return f"{faces:,} face{'s' * (faces != 1)} of {people:,} {named}"

    def nearest(self, embedding: np.ndarray) -> tuple[str, float]:
        """(name, distance) of the listed face that is nearest; ("", inf) in an empty list."""
        if not self.names:
            return "", float("inf")
        apart = np.linalg.norm(self.embeddings - embedding, axis=1)
        index = int(np.argmin(apart))
        return self.names[index], float(apart[index])

    def with_face(self, name: str, embedding: np.ndarray) -> BannedFaces:
        """The list with another face. Raises `FaceListError` for a name that cannot be shown."""
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise FaceListError(
                f"the name {name!r} cannot be shown in a verdict; take 1 to {LONGEST_NAME} letters"
            )
        one = np.asarray(embedding, np.float32).reshape(1, _LENGTH)
        return BannedFaces((*self.names, name.strip()), np.concatenate([self.embeddings, one]))

    def without(self, name: str) -> BannedFaces:
        """The list without anything of that name."""
        keep = [index for index, one in enumerate(self.names) if one != name]
        return BannedFaces(tuple(self.names[i] for i in keep), self.embeddings[keep])

    def sealed(self, kms_key: str | None = None) -> bytes:
        """The file: a head that tells how many faces and of what model, and whose key, then all
        else under AES-256-GCM, the head authenticated with it. Raises `FaceKeyError`, `Retry`."""
        key, told = new_key(kms_key)
        head = _head({"faces": len(self), "model": EMBEDDING, "key": told})
        content = {
            "names": list(self.names),
            "embeddings": base64.b64encode(self.embeddings.astype("<f4").tobytes()).decode(),
        }
        nonce = os.urandom(_NONCE_BYTES)
        text = json.dumps(content, ensure_ascii=False).encode()
        return head + nonce + AESGCM(key).encrypt(nonce, text, head)

    @staticmethod
    def opened(content: bytes, place: str) -> BannedFaces:
        """The list in the bytes of a file, which came from `place`.

        Raises `FaceListError` for other bytes, `FaceKeyError` without its key, `Retry`.
        """
        told, head, sealed = _parted(content, place)
        key = known_key(told["key"])
        try:
            text = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], head)
        except InvalidTag:
            raise FaceListError(
                f"{place} does not open: it was sealed with another key, or it was changed since"
            ) from None
        inner = json.loads(text)
        embeddings = np.frombuffer(base64.b64decode(inner["embeddings"]), "<f4")
        return BannedFaces(
            tuple(inner["names"]), embeddings.reshape(-1, _LENGTH).astype(np.float32)
        )


def kms_key_of(content: bytes, place: str) -> str | None:
    """The KMS key that seals a file, None for the environment's. Raises `FaceListError`."""
    told = _parted(content, place)[0]["key"]
    return str(told["key"]) if told.get("kind") == "kms" else None


def file_digest(content: bytes) -> str:
    """sha256 of a sealed file, as hex: what verdicts name it by."""
    return hashlib.sha256(content).hexdigest()


def _head(told: Mapping[str, Any]) -> bytes:
    return MAGIC + json.dumps(told, sort_keys=True).encode() + b"\n"


def _parted(content: bytes, place: str) -> tuple[dict[str, Any], bytes, bytes]:
    fix = "name a file that python -m jobs.faces add has made"
    if not content.startswith(MAGIC) or len(content) > MOST_BYTES:
        raise FaceListError(f"{place} is no list of faces; {fix}")
    line, _, sealed = content[len(MAGIC) :].partition(b"\n")
    try:
        told = json.loads(line)
        model, key = told["model"], told["key"]
    except (ValueError, KeyError, TypeError):
        raise FaceListError(f"the head of {place} cannot be read; {fix}") from None
    if model != EMBEDDING or not isinstance(key, dict):
        raise FaceListError(f"{place} has faces of the model {model!r}, not {EMBEDDING}; {fix}")
    return told, MAGIC + line + b"\n", sealed
