"""The voices that Spotmill knows, with their licences: `python -m jobs.voices`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from jobs.refusals import for_people
from jobs.shown import show
from schemas.voice_preset import VoicePreset
from stages.speech import HibariVoice, KokoroVoice
from stages.speech.kokoro import shipped_speakers
from stages.speech.voice_presets import load_voice_preset, shipped_voice_presets


def voices(
    name: Annotated[
        str | None, typer.Argument(metavar="[PRESET]", help="Show this one whole; or a .yaml file.")
    ] = None,
) -> None:
    """List the engines and presets that a campaign's `voice` may name, or show one preset."""
    with for_people():
        if name is not None:
            show(load_voice_preset(name))
            return
        table = Table(show_lines=True)
        for column in ("engine", "preset", "languages", "speaker", "licence", "ads", "accept"):
            table.add_column(column, no_wrap=column == "engine")
        table.add_row(
            HibariVoice.name, "", ", ".join(HibariVoice.languages), "", "Apache-2.0", "yes", "no"
        )
        table.add_row(
            KokoroVoice.name, f"[dim]{', '.join(shipped_speakers())}[/dim]",
            ", ".join(KokoroVoice.languages), "", "Apache-2.0", "yes", "no",
        )  # fmt: skip
        for one in map(load_voice_preset, shipped_voice_presets()):
            _add(table, one)
        table.add_row("http", "", "the service's", "", "the service's", "", "no")
        Console().print(table)
        typer.echo(
            "ads: whether advertisers may use the weights; ?: said, but the terms themselves were"
            " not read for the preset. accept: the campaign must set voice.licence_accepted to"
            " true. speaker: a person's voice that goes in; it needs voice.consent. All presets"
            " need voice.revision, or a folder as voice.model."
        )


def _add(table: Table, preset: VoicePreset) -> None:
    licence = preset.licence
    speaker = "" if preset.speaker == "none" else preset.speaker
    table.add_row(
        "transformers",
        f"{preset.name}\n[dim]{preset.title}[/dim]",
        ", ".join(preset.languages),
        f"{speaker}, needed" if preset.speaker_needed else speaker,
        licence.name,
        licence.commercial if licence.checked else f"{licence.commercial}?",
        "yes" if licence.needs_acceptance else "no",
    )


def main() -> None:
    """Entry point of `python -m jobs.voices`."""
    typer.run(voices)


if __name__ == "__main__":
    main()
