"""The engine for speech services, against a small real server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapter import StageAdapter
from pipeline.recipes import load_recipe
from pipeline.rows import new_row
from schemas.campaign import Campaign, parse_campaign
from schemas.config_error import ConfigError
from stages.base import Retry
from stages.shared.service import ServerRefused
from stages.speech import HttpVoice, Speech
from stages.speech.engine import SpokenWord, VoiceFault
from tests.pipeline.toy_stages import spot
from tests.stages.speech_service import KEY, SpeechService, speech_service

SENTENCE = (SpokenWord("Meet"), SpokenWord("our", pause=","), SpokenWord("new"),
            SpokenWord("mug", pause="."))  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[SpeechService]:
    """The server."""
    with speech_service() as found:
        yield found


@pytest.fixture
def service(server: SpeechService, monkeypatch: pytest.MonkeyPatch) -> SpeechService:
    """The server, as new, and our key in the environment."""
    monkeypatch.setenv("SPOTMILL_VOICE_KEY", KEY)
    server.faults.clear()
    server.asked.clear()
    server.keys.clear()
    return server


def engine(service: SpeechService, **more: Any) -> HttpVoice:
    """The engine, in a hurry."""
    fast: dict[str, Any] = {"wait_s": 0.01, "timeout_s": 20.0}
    asked = {"url": service.url, "voice": "heart/1", "model": "tiny-2", "of_person": False}
    return HttpVoice(**{**fast, **asked, **more})


def test_a_sentence_is_asked_for_once_at_every_speed(service: SpeechService) -> None:
    """Would catch a script that is paid for again at each speed that it is tried at."""
    voice = engine(service, voice_settings={"stability": 0.4}, rate_hz=22_050)
    said, fast = voice.speak(SENTENCE, 1.0), voice.speak(SENTENCE, 1.1)
    (asked,) = service.asked
    assert service.keys == [KEY]
    assert asked["text"] == "Meet our, new mug." and asked["voice"] == "heart/1"
    assert asked["model_id"] == "tiny-2" and asked["voice_settings"] == {"stability": 0.4}
    assert asked["rate_hz"] == said.rate_hz == 22_050 and isinstance(asked["seed"], int)
    assert said.timing == "own" and len(fast.samples) == round(len(said.samples) / 1.1)
    assert fast.words[3][0].start_s == pytest.approx(said.words[3][0].start_s / 1.1)


def test_times_are_the_services_own(service: SpeechService) -> None:
    """Would catch letters that are counted off by one: every word would be late."""
    true = service.voice.speak(SENTENCE, 1.0)
    said = engine(service).speak(SENTENCE, 1.0)
    for own, told in zip(true.words, said.words, strict=True):
        assert told[0].start_s == pytest.approx(own[0].start_s, abs=0.011)  # a letter takes 60 ms
    assert said.words[2][-1].end_s == pytest.approx(true.words[2][-1].end_s, abs=0.001)
    assert said.words[3][0].start_s == pytest.approx(true.words[3][0].start_s, abs=0.001)


@pytest.mark.parametrize("fault", ["no times", "other words"])
def test_without_times_the_aligner_finds_the_words(service: SpeechService, fault: str) -> None:
    """Would catch captions that follow letters of another text, or none."""
    service.faults.append(fault)
    true = service.voice.speak(SENTENCE, 1.0)
    said = engine(service).speak(SENTENCE, 1.0)
    assert said.timing == "aligned"
    for own, told in zip(true.words, said.words, strict=True):
        assert told[0].start_s == pytest.approx(own[0].start_s, abs=0.08)


def test_a_busy_service_is_asked_again(service: SpeechService) -> None:
    """Would catch a spot that fails for a second of rate limiting."""
    service.faults += ["429", "503"]
    assert engine(service).speak(SENTENCE, 1.0).timing == "own"
    assert len(service.keys) == 3 and len(service.asked) == 1


@pytest.mark.parametrize(
    ("faults", "error", "said"),
    [
        (["500", "502", "503"], Retry, "503 come again"),
        (["cut", "cut", "cut"], Retry, "(IncompleteRead|broken|not complete)"),
        (["refuses"], ServerRefused, "422 .*the text is indecent"),
        (["redirects"], ServerRefused, "307"),
        (["bad base64"], VoiceFault, "audio_base64 is no base64"),
        (["not json"], VoiceFault, "the answer is no JSON"),
        (["wrong rate"], VoiceFault, "s of sound at 24000 Hz, but its letters end at"),
        (["silent"], VoiceFault, "s of silence"),
        (["clipped"], VoiceFault, "clipped: "),
        (["runs on"], VoiceFault, "it ran on, or left words out"),
    ],
)
def test_what_goes_wrong_is_said_and_the_key_is_not(
    service: SpeechService, faults: list[str], error: type[Exception], said: str
) -> None:
    """Would catch noise in an ad, an endless retry of a refusal, and a key in the ledger."""
    service.faults += faults
    with pytest.raises(error, match=said) as raised:
        engine(service).speak(SENTENCE, 1.0)
    assert KEY not in repr(raised.getrepr(chain=True)), "the service echoes it"
    assert not service.faults and len(service.keys) == len(faults)


def test_a_huge_answer_is_not_read(service: SpeechService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a service gone wrong that fills the worker's memory."""
    monkeypatch.setattr("stages.speech.http_voice.MOST_BYTES", 2**19)
    service.faults.append("huge")
    with pytest.raises(ServerRefused, match=r"larger than 0\.5 MiB"):
        engine(service).speak(SENTENCE, 1.0)


def test_a_service_that_drips_or_is_away_is_tried_later(service: SpeechService) -> None:
    """Would catch a worker that hangs on a service, and a restart that costs spots."""
    with SpeechService() as closed:
        away = closed.url
    with pytest.raises(Retry, match="POST v1/text-to-speech"):
        engine(service, url=away, tries=2).speak(SENTENCE, 1.0)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://x", "must begin with http"),
        ("https://", "name a host"),
        ("https://me:secret@x.example", "carries a password"),
        ("https://x.example/v1", "leave out /v1"),
    ],
)
def test_an_address_that_cannot_work_is_refused(url: str, said: str) -> None:
    """Would catch a password in an address, which every message repeats."""
    with pytest.raises(ValueError, match=said) as refused:
        HttpVoice(url=url, voice="x", model="x", of_person=False)
    assert "secret" not in str(refused.value)


def campaign(service: SpeechService, **voice: Any) -> Campaign:
    """A campaign that speaks by the service."""
    asked = {"engine": "http", "url": service.url, "name": "heart", "model": "tiny"}
    return parse_campaign(
        {"name": "T", "feed": "f.tsv", "brand": {"name": "S"}, "voice": {**asked, **voice}}, "c"
    )


def test_it_works_in_the_recipe_with_consent_in_the_ledger(
    service: SpeechService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch an engine that works alone, a cloned voice whose leave no reviewer sees, and a
    key that is written into rows or receipts."""
    monkeypatch.setattr("pipeline.adapter.WAIT_S", (0.01, 0.01))
    consent = {"given_by": "the narrator", "given_on": "2026-01-05", "scope": "this test",
               "record": "archive 12"}  # fmt: skip
    settings = {"wait_s": 0.01, "tries": 1}
    stages = load_recipe(
        "laptop", campaign(service, cloned=True, consent=consent, settings=settings)
    )
    stage = next(one for one in stages if isinstance(one, Speech))
    assert stage.hardware.cpus < 1 and stage.engine.cloned
    service.faults.append("503")
    row = new_row(spot("s", "hello"), "print", 1)
    row |= {"script": "Meet our new mug. Buy it today.", "language": "en-US"}
    done = StageAdapter(stage, stages, str(tmp_path / "out")).run_row(row)
    assert done["status"] == "pending", done["reason"]
    verdicts = [v for v in done["verdicts"] if v["gate"] == "speech"]
    assert [v["rule"] for v in verdicts] == ["voice_consent"]
    assert "given by the narrator on 2026-01-05 for this test; record: archive 12" in str(verdicts)
    assert done["stages"][-1]["engine"] == "http" and done["metrics"]["voice_times_estimated"] == 0
    texts = [file.read_text(errors="replace") for file in tmp_path.rglob("*.json")]
    assert texts and not any(KEY in text for text in [*texts, repr(done)])


def test_the_recipe_refuses_what_the_service_would_not_take(service: SpeechService) -> None:
    """Would catch a campaign that finds out after its clips were rendered."""
    with pytest.raises(ConfigError, match=r"voice.settings: pitch: with a service there are"):
        load_recipe("laptop", campaign(service, cloned=False, settings={"pitch": 2}))
    with pytest.raises(ConfigError, match=r"rate_hz 11000 is none of"):
        load_recipe("laptop", campaign(service, cloned=False, settings={"rate_hz": 11000}))
