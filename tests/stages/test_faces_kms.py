"""Lists of faces sealed with a key of AWS KMS: moto's, on loopback, asked by the real client."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from jobs.faces import app
from stages.base import Retry
from stages.shared.image_gate import BannedFaces, FaceKeyError, FaceListError
from stages.shared.image_gate.banned_faces import MAGIC, kms_key_of
from stages.shared.image_gate.face_key import KEY_VARIABLE
from tests.kms_service import kms_service
from tests.stages.test_image_gate import host, rig

REGION = "eu-central-1"
FACE = np.linspace(-0.1, 0.1, 128, dtype=np.float32)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """The service, found by the environment, as botocore finds it; no key of faces is there."""
    with kms_service(REGION) as (client, patch):
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.delenv(KEY_VARIABLE, raising=False)
        yield client


@pytest.fixture
def key(client: Any) -> str:
    """ARN of a key for data keys."""
    return str(client.create_key()["KeyMetadata"]["Arn"])


def head(sealed: bytes) -> dict[str, Any]:
    """What stands in the clear."""
    return dict(json.loads(sealed[len(MAGIC) :].partition(b"\n")[0]))


def test_a_data_key_of_the_service_seals_it(key: str) -> None:
    """Would catch a data key in the clear beside what it seals, one data key for two files, and
    numbers that come back changed."""
    listed = BannedFaces().with_face("A. Person", FACE)
    sealed, again = listed.sealed(key), listed.sealed(key)
    told = head(sealed)
    assert told["faces"] == 1 and told["key"]["key"] == key == kms_key_of(sealed, "f")
    assert told["key"]["wrapped"] != head(again)["key"]["wrapped"]
    assert b"Person" not in sealed
    opened = BannedFaces.opened(sealed, "f")
    assert opened.names == ("A. Person",) and np.array_equal(opened.embeddings[0], FACE)


def test_the_head_cannot_be_swapped(key: str) -> None:
    """Would catch a list that opens with the head of another, under whose key it was not sealed."""
    one, other = (BannedFaces().with_face(name, FACE).sealed(key) for name in ("a", "b"))
    swapped = other.partition(b"}}\n")[0] + b"}}\n" + one.partition(b"}}\n")[2]
    with pytest.raises(FaceListError, match="another key, or it was changed"):
        BannedFaces.opened(swapped, "f")


def test_what_the_service_refuses_is_told(client: Any, key: str) -> None:
    """Would catch a traceback of the client, spots retried for ever over a key that is no more, and
    a data key that was wrapped for something else."""
    with pytest.raises(FaceKeyError, match="refuses generate_data_key with alias/none"):
        BannedFaces().sealed("alias/none")
    told = head(BannedFaces().with_face("a", FACE).sealed(key))
    made = client.encrypt(KeyId=key, Plaintext=b"k" * 32, EncryptionContext={"purpose": "other"})
    wrapped = base64.b64encode(made["CiphertextBlob"]).decode()
    with pytest.raises(FaceKeyError, match=r"AWS KMS refuses decrypt with arn:.*Ciphertext"):
        BannedFaces.opened(headed({**told, "key": {**told["key"], "wrapped": wrapped}}), "f")
    with pytest.raises(FaceKeyError, match="no key of KMS"):
        BannedFaces.opened(headed({**told, "key": {"kind": "kms", "key": key}}), "f")


def headed(told: dict[str, Any]) -> bytes:
    """A file with that head, and nothing that opens."""
    return MAGIC + json.dumps(told).encode() + b"\n" + b"x" * 60


def test_a_service_that_is_away_is_a_passing_fault(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch spots that fail for good because the service was down for a minute."""
    sealed = BannedFaces().with_face("a", FACE).sealed(key)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(Retry, match="AWS KMS does not answer"):
        BannedFaces.opened(sealed, "f")


def test_the_command_goes_on_with_the_files_own_key(key: str, tmp_path: Path) -> None:
    """Would catch a second face that asks for a key of the environment, or seals with it."""
    rig().resize((360, 360)).save(tmp_path / "a.png")
    Image.fromarray(host("amber")).save(tmp_path / "b.png")
    place = str(tmp_path / "faces.bin")
    add = ["add", place, str(tmp_path / "a.png"), "--who", "a", "--kms-key", key]
    assert CliRunner().invoke(app, add).exit_code == 0
    more = CliRunner().invoke(app, ["add", place, str(tmp_path / "b.png"), "--who", "b"])
    assert more.exit_code == 0, more.output
    content = Path(place).read_bytes()
    assert kms_key_of(content, place) == key
    assert BannedFaces.opened(content, place).names == ("a", "b")
