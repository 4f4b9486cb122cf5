"""Voice: which engine takes which keys, and that nobody is cloned without their leave."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from schemas.campaign import Campaign, parse_campaign
from schemas.config_error import ConfigError

CONSENT = {"given_by": "the narrator", "given_on": "2026-01-05", "scope": "all our ads",
           "record": "archive 12"}  # fmt: skip
SERVICE = {"engine": "http", "url": "https://api.example", "name": "x", "model": "y"}


def campaign(**voice: Any) -> Campaign:
    """A campaign with that voice."""
    raw = {"name": "T", "feed": "f.tsv", "brand": {"name": "S"}, "voice": voice}
    return parse_campaign(raw, "campaign.yaml")


@pytest.mark.parametrize(
    ("voice", "said"),
    [
        ({"preset": "bark"}, r"voice.preset: 'bark': does not go with engine hibari; it takes sp"),
        ({"engine": "kokoro", "url": "https://x"}, "voice.url: .* engine kokoro; it takes name"),
        ({"engine": "transformers"}, r"voice.preset: not set: name a preset \(python -m jobs.voi"),
        ({"engine": "espeak"}, "voice.engine: 'espeak': input should be 'hibari'"),
        ({"engine": "http"}, r"voice.url: not set(.|\n)*voice.name: not set(.|\n)*voice.cloned"),
        ({**SERVICE, "cloned": True}, "voice.consent: not set: the voice is a person's: write"),
        ({**SERVICE, "cloned": False, "speaker": "a.npy"}, "voice.speaker: .* engine http"),
        ({"pitch": 2}, "voice.pitch: 2: there is no such key"),
        ({"speed": [1.2, 0.9]}, "the slower first"),
    ],
)
def test_what_does_not_fit_is_refused(voice: dict[str, Any], said: str) -> None:
    """Would catch a key that is silently ignored: the campaign would have another voice."""
    with pytest.raises(ConfigError, match=said):
        campaign(**voice)


def test_a_speaker_is_a_clone_and_needs_consent() -> None:
    """Would catch a person's voice that is used because a flag was left out."""
    cloned = {"engine": "transformers", "preset": "speecht5", "speaker": "jo.npy"}
    with pytest.raises(ConfigError, match=r"voice.consent: not set"):
        campaign(**cloned)
    with pytest.raises(ConfigError, match=r"voice.cloned: false: voice.speaker is a person's"):
        campaign(**cloned, cloned=False, consent=CONSENT)
    assert campaign(**cloned, consent=CONSENT).voice.is_cloned
    with pytest.raises(ConfigError, match=r"voice.consent.record: is missing"):
        campaign(**cloned, consent={k: v for k, v in CONSENT.items() if k != "record"})


def test_consent_has_its_time() -> None:
    """Would catch leave that has ended, or that nobody has given yet."""
    days = {name: str(date.today() + timedelta(n)) for name, n in
            (("yesterday", -1), ("tomorrow", 1))}  # fmt: skip
    with pytest.raises(ConfigError, match=r"voice.consent.until: .*: is over"):
        campaign(**SERVICE, cloned=True, consent={**CONSENT, "until": days["yesterday"]})
    with pytest.raises(ConfigError, match=r"voice.consent.given_on: .*: is in the future"):
        campaign(**SERVICE, cloned=True, consent={**CONSENT, "given_on": days["tomorrow"]})
    given = campaign(**SERVICE, cloned=True, consent={**CONSENT, "until": days["tomorrow"]})
    shown = f"until {days['tomorrow']} for all our ads; record: archive 12"
    assert shown in str(given.voice.consent)
