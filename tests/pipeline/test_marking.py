"""The watermark's key: where it is found, what is refused, and where it must not be written."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.campaign_file import read_campaign
from pipeline.keys import canonical, stage_key
from pipeline.recipes import load_recipe
from pipeline.recipes.marking import secret_at, watermark_secret
from schemas.campaign import Campaign, parse_campaign
from schemas.config_error import ConfigError
from stages.composite import Composite
from stages.inspect import Inspect
from tests.kms_service import kms_service

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "campaign.yaml"
OURS, REGION = "3f8e0b54a1d2c9977c", "eu-central-1"


def campaign(*more: str) -> Campaign:
    """The demo with other settings."""
    return read_campaign(str(DEMO), ["signing.folder=/tmp/unused", *more])


class TestEnvironment:
    """A key in a variable."""

    def test_it_is_found_where_the_campaign_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Would catch spots marked with a key that anyone knows."""
        monkeypatch.setenv("OUR_MARK", OURS)
        settings = campaign("watermark.key=env:OUR_MARK", "watermark.audio=false")
        assert watermark_secret(settings) == OURS != watermark_secret(campaign())
        stages = load_recipe("laptop", settings)
        (composite,) = (stage for stage in stages if isinstance(stage, Composite))
        (inspect,) = (stage for stage in stages if isinstance(stage, Inspect))
        assert composite.watermark_secret == inspect.watermark_secret == OURS
        assert not composite.audio_watermark and not inspect.audio_watermark

    def test_it_is_written_nowhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Would catch a key that is in a cache key (from which it could be guessed at), a log, or
        the campaign that runs keep; and two keys that share one cache."""
        monkeypatch.setenv("OUR_MARK", OURS)
        settings = campaign("watermark.key=env:OUR_MARK")
        assert OURS not in settings.model_dump_json()
        stages = load_recipe("laptop", settings)
        for stage in stages:
            assert OURS not in repr(stage) and OURS not in str(canonical(stage))
            if not isinstance(stage, Composite | Inspect):
                assert OURS.encode() not in pickle.dumps(stage)
        (made,) = (stage for stage in stages if isinstance(stage, Composite))
        other = replace(made, watermark_secret="another key of ours")
        assert stage_key(made, {}) != stage_key(other, {})

    @pytest.mark.parametrize(
        ("value", "said"),
        [(None, "the environment has no OUR_MARK"), ("short", "holds 5 letters; a key has 16")],
    )
    def test_a_bad_one_is_refused_when_planning(
        self, monkeypatch: pytest.MonkeyPatch, value: str | None, said: str
    ) -> None:
        """Would catch a run of hours under an empty key, and a key told in the refusal."""
        monkeypatch.delenv("OUR_MARK", raising=False)
        if value is not None:
            monkeypatch.setenv("OUR_MARK", value)
        with pytest.raises(ConfigError, match=said) as refused:
            load_recipe("laptop", campaign("watermark.key=env:OUR_MARK"))
        assert "watermark.key" in str(refused.value)
        assert value is None or value not in str(refused.value).replace("OUR_MARK", "")

    def test_places_that_are_none_are_refused(self) -> None:
        """Would catch a key that somebody writes into the campaign file itself."""
        with pytest.raises(ConfigError, match=r"watermark\.key"):
            campaign(f"watermark.key={OURS}")
        with pytest.raises(ConfigError, match="write env:NAME or kms:FILE"):
            secret_at(OURS)

    def test_production_wants_a_key_of_its_own(self) -> None:
        """Would catch published spots whose mark anyone can forge or remove."""
        raw = {"name": "c", "feed": "f.tsv", "brand": {"name": "N"}, "environment": "production"}
        with pytest.raises(ConfigError, match=r"watermark\.key: .*built-in key is known to anyone"):
            parse_campaign(raw, "campaign.yaml")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A key that KMS encrypted, and the service on loopback that decrypts it."""
    with kms_service(REGION) as (client, _):
        key = client.create_key()["KeyMetadata"]["KeyId"]
        file = tmp_path_factory.mktemp("sealed") / "mark.key"
        file.write_bytes(client.encrypt(KeyId=key, Plaintext=OURS.encode())["CiphertextBlob"])
        raw = client.encrypt(KeyId=key, Plaintext=bytes(range(240, 256)))["CiphertextBlob"]
        file.with_suffix(".raw").write_bytes(raw)
        yield file


class TestKms:
    """A key in a file that only the service can open."""

    def test_it_is_decrypted(self, sealed: Path) -> None:
        """Would catch the encrypted text taken for the key, and random bytes that are no text."""
        settings = campaign(f"watermark.key=kms:{sealed}", f"watermark.region={REGION}")
        assert watermark_secret(settings) == OURS
        raw = f"kms:{sealed.with_suffix('.raw')}"
        assert secret_at(raw, region=REGION) == bytes(range(240, 256)).hex()

    def test_what_is_no_key_is_refused(
        self, sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Would catch a traceback of the service's client, or a run without a key."""
        with pytest.raises(ConfigError, match=r"watermark\.key: .*is not there"):
            campaign(f"watermark.key=kms:{tmp_path / 'none'}")
        forged = tmp_path / "forged"
        forged.write_bytes(b"x" * 200)
        with pytest.raises(ConfigError, match="AWS KMS"):
            secret_at(f"kms:{forged}", region=REGION)
        forged.write_bytes(b"x" * 9000)
        with pytest.raises(ConfigError, match="9000 bytes"):
            secret_at(f"kms:{forged}", region=REGION)
        monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        with pytest.raises(ConfigError, match="cannot be asked"):
            secret_at(f"kms:{sealed}", region=REGION)
