"""Consents: a face or a voice that is a person's is used by their leave, or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pipeline.campaign_file import read_campaign
from pipeline.consents import SHIPPED_RIGS, consents
from pipeline.keys import digest
from pipeline.media import digest_folder
from pipeline.plan import Planner
from pipeline.recipes import load_recipe
from schemas.campaign import Campaign
from schemas.config_error import ConfigError

DEMO = Path(__file__).parents[2] / "examples" / "demo"
PORTRAIT = DEMO / "presenter" / "base.png"
FAR = str(date.today() + timedelta(days=400))
RECORD = {
    "id": "archive-0118",
    "subject": "the actor on the picture",
    "given_on": "2026-01-05",
    "scope": ["advertising", "social"],
    "territories": ["US", "CA"],
    "expires": FAR,
    "media": [hashlib.sha256(PORTRAIT.read_bytes()).hexdigest()],
}


def campaign(folder: Path, record: dict[str, Any] | None, *more: str) -> Campaign:
    """The demo, with a program that shows a person."""
    if record is not None:
        (folder / "leave.json").write_text(json.dumps(record))
    process = {
        "command": ["talk", "{audio}", "{portrait}", "{out}"], "checkout": "presenter",
        "revision": "1", "portrait": str(PORTRAIT), "consent": str(folder / "leave.json"),
        "licence_accepted": True,
    }  # fmt: skip
    told = ["presenter=null", f"presenter_process={json.dumps(process)}", "rights.territories=[US]"]
    return read_campaign(str(DEMO / "campaign.yaml"), [*told, *more])


@pytest.mark.parametrize(
    ("changes", "more", "said"),
    [
        (None, (), "is not there"),
        ({"expires": "2026-02-01"}, (), "is over"),
        ({"given_on": FAR}, (), "after its owner agreed"),
        ({"scope": ["training"]}, (), "allows training"),
        ({}, ("rights.use=broadcast",), "broadcast"),
        ({"territories": ["DE"]}, (), "US: archive-0118 is for DE alone"),
        ({}, ("rights.territories=['*']",), "is for US, CA alone"),
        ({"media": ["0" * 64]}, (), "does not name it"),
        ({"expires": "soon"}, (), "expires"),
        ({"subject": ""}, (), "subject"),
        ({"granted": True}, (), "granted"),
    ],
)
def test_what_a_record_does_not_cover_is_refused_at_once(
    tmp_path: Path, changes: dict[str, Any] | None, more: tuple[str, ...], said: str
) -> None:
    """Would catch a face shown after its time, elsewhere, for something else, or another's face."""
    with pytest.raises(ConfigError, match=r"presenter_process\.consent") as refused:
        campaign(tmp_path, None if changes is None else {**RECORD, **changes}, *more)
    assert said in str(refused.value)


def test_a_record_goes_with_every_spot(tmp_path: Path) -> None:
    """Would catch a spot of which nobody can say by whose leave it shows a face."""
    given = campaign(tmp_path, RECORD)
    assert consents(given) == (("presenter", "archive-0118"),)
    (unit,) = Planner(given, load_recipe("laptop", given), limit=1).units()
    (verdict,) = [one for one in unit.pending[0]["verdicts"] if one["gate"] == "consent"]
    assert verdict["rule"] == "presenter" and verdict["verdict"] == "pass"
    assert "archive-0118: consent archive-0118 of the actor" in verdict["evidence"]


def test_where_a_record_lies_is_in_no_key(tmp_path: Path) -> None:
    """Would catch a catalogue that is rendered again because a folder was moved."""
    digests = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        stages = load_recipe("laptop", campaign(tmp_path / name, RECORD))
        digests.append(digest([stage for stage in stages if stage.name == "avatar"]))
    assert digests[0] == digests[1]


def test_production_takes_a_record_and_no_words(tmp_path: Path) -> None:
    """Would catch a sentence that stands for a signature nobody has."""
    (tmp_path / "leave.json").write_text(json.dumps(RECORD))
    words = ["environment=production", "signing.signer=file", "watermark.key=env:OUR_MARK"]
    words += [f"signing.{key}={PORTRAIT}" for key in ("certificate", "private_key", "anchors")]
    assert campaign(tmp_path, RECORD, *words)
    with pytest.raises(ConfigError, match="production takes a record"):
        campaign(tmp_path, RECORD, *words, "presenter_process.consent=she said yes")


@pytest.mark.parametrize("form", ["raw", "base64"])
def test_a_signature_where_the_campaign_names_a_key(tmp_path: Path, form: str) -> None:
    """Would catch a record that was changed after it was signed, or that nobody has signed."""
    key = Ed25519PrivateKey.generate()
    public = tmp_path / "key.pem"
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    asked = f"rights.public_key={public}"
    with pytest.raises(ConfigError, match="asks for a signature"):
        campaign(tmp_path, RECORD, asked)
    signature = key.sign((tmp_path / "leave.json").read_bytes())
    told = signature if form == "raw" else base64.b64encode(signature) + b"\n"
    (tmp_path / "leave.json.sig").write_bytes(told)
    assert campaign(tmp_path, RECORD, asked)
    with pytest.raises(ConfigError, match="is not its signature"):
        campaign(tmp_path, {**RECORD, "territories": ["*"]}, asked)
    (tmp_path / "key.pem").write_text("no key")
    with pytest.raises(ConfigError, match="no Ed25519 public key"):
        campaign(tmp_path, RECORD, asked)


def test_a_rig_of_ones_own_is_a_persons_and_the_shipped_one_nobodys(tmp_path: Path) -> None:
    """Would catch a rig rendered from a person's photos that is used without their leave."""
    assert digest_folder(f"{DEMO}/presenter/") in SHIPPED_RIGS
    assert consents(read_campaign(str(DEMO / "campaign.yaml"))) == ()
    assert consents(read_campaign(str(DEMO / "campaign.yaml"), ["presenter=host:amber"])) == ()
    mine = tmp_path / "mine"
    shutil.copytree(DEMO / "presenter", mine)
    (mine / "base.png").write_bytes(b"another face")
    told = [f"presenter={mine}"]
    with pytest.raises(ConfigError, match=r"presenter_consent: not set: it is a person's"):
        read_campaign(str(DEMO / "campaign.yaml"), told)
    record = {**RECORD, "territories": ["*"], "media": [digest_folder(f"{mine}/")]}
    (tmp_path / "leave.json").write_text(json.dumps(record))
    told.append(f"presenter_consent={tmp_path}/leave.json")
    given = read_campaign(str(DEMO / "campaign.yaml"), told)
    assert consents(given) == (("presenter", "archive-0118"),)


def test_a_voice_speaks_by_a_record(tmp_path: Path) -> None:
    """Would catch a clone of a voice by the leave that was given for another."""
    speaker = tmp_path / "jo.npy"
    speaker.write_bytes(b"a voice")
    sha256 = hashlib.sha256(b"a voice").hexdigest()
    (tmp_path / "jo.json").write_text(json.dumps({**RECORD, "media": [sha256]}))
    voice = {"engine": "transformers", "preset": "speecht5", "speaker": str(speaker),
             "consent": str(tmp_path / "jo.json")}  # fmt: skip
    told = [f"voice={json.dumps(voice)}", "rights.territories=[CA]"]
    given = read_campaign(str(DEMO / "campaign.yaml"), told)
    assert consents(given) == (("voice", "archive-0118"),)
    assert given.voice.consent is not None and given.voice.consent.record == "archive-0118"
    speaker.write_bytes(b"another voice")
    with pytest.raises(ConfigError, match=r"voice\.consent: .* does not name it"):
        read_campaign(str(DEMO / "campaign.yaml"), told)
