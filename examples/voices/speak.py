"""One script in five voices and three languages, spoken, heard again and measured.

    python examples/voices/speak.py out-voices

Writes a FLAC per voice, and prints how long it takes, how it was paced, what a recogniser hears of
it, and how listeners would rate it. Needs the extra [kokoro].
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.media import MediaStore
from stages.inspect.hearing import RATE_HZ, Ear
from stages.inspect.speech_quality import QualityModel
from stages.inspect.voice_quality import voice_metrics
from stages.inspect.word_errors import word_error_rate
from stages.shared.sound import read_sound
from stages.speech import HibariVoice, KokoroVoice, Speech, SpeechEngine

SCRIPTS = {
    "en-US": "Slow mornings deserve a better mug. Lagoon keeps 350 ml of coffee warm until 10:30."
    " Glazed by hand, made for every day, and yours for $24.99. Take one home before Sunday.",
    "en-GB": "Slow mornings deserve a better mug. Lagoon keeps 350 ml of coffee warm until 10:30."
    " Glazed by hand, made for every day, and yours for £24.99. Take one home before Sunday.",
    "es-ES": "Las mañanas tranquilas piden una taza mejor. Lagoon guarda 350 ml de café caliente"
    " hasta las 10:30. Esmaltada a mano, por solo 24,99 €. Llévate una a casa este domingo.",
    "fr-FR": "Les matins calmes méritent une meilleure tasse. Lagoon garde 350 ml de café au chaud"
    " jusqu'à 10h30. Émaillée à la main, pour seulement 24,99 €. Offrez-la avant dimanche.",
}
VOICES: tuple[tuple[str, SpeechEngine], ...] = (
    ("en-US", HibariVoice()),
    ("en-US", KokoroVoice(speaker="am_michael")),
    ("en-GB", KokoroVoice(speaker="bf_emma")),
    ("es-ES", KokoroVoice(speaker="em_alex")),
    ("fr-FR", KokoroVoice(speaker="ff_siwis")),
)
LEXICON = (("Lagoon", "luh-GOON"),)


def main(out: Path) -> None:
    """Speak every script, write what was said, and print the table."""
    out.mkdir(parents=True, exist_ok=True)
    store, ear, quality = MediaStore(str(out / "store")), Ear(), QualityModel()
    table = Table("voice", "language", "speaks s", "speed", "syllables/s", "word errors", "DNSMOS",
                  "F0 Hz", "longest pause s", "CPU s")  # fmt: skip
    for language, engine in VOICES:
        lexicon = LEXICON if language.startswith("en") else ()
        stage = Speech(engine=engine, lexicon=lexicon)
        stage.load()
        begun = time.process_time()
        with store.workspace() as media:
            said = stage.run({"script": SCRIPTS[language], "language": language}, media)
            path = media.open(said["voice_uri"])
            spent = time.process_time() - begun
            name = getattr(engine, "speaker", engine.name)
            shutil.copy(path, out / f"{name}.flac")
            sound = read_sound(path, RATE_HZ)
        metrics = said["metrics"] | voice_metrics(sound, said["phonemes"], quality)
        primary = language.partition("-")[0]
        words = " ".join(word["spoken"] for word in said["words"])
        heard = ear.words(sound, primary)
        errors = word_error_rate(words, heard, ("Lagoon",), primary)
        table.add_row(
            name, language, f"{metrics['voice_seconds']:.1f}", f"{metrics['voice_speed']:.2f}",
            f"{metrics['voice_syllables_per_s']:.1f}", f"{errors:.2f}",
            f"{metrics['voice_mos_ovrl']:.2f}", f"{metrics['voice_f0_median_hz']:.0f}",
            f"{metrics['voice_longest_pause_s']:.2f}", f"{spent:.1f}",
        )  # fmt: skip
        print(f"{name}: {heard}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out-voices"))
