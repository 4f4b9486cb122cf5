"""The laptop recipe: all ten stages on a CPU, with nothing but what the default install brings."""

from __future__ import annotations

from pipeline.media import asset
from pipeline.recipes.judged import inspect
from pipeline.recipes.marking import watermark_secret
from pipeline.recipes.parts import (
    align,
    avatar,
    brand_kit,
    consent,
    cutting,
    deliveries,
    formats,
    template,
    voice_engine,
    voice_limits,
)
from pipeline.recipes.safety import screen
from pipeline.recipes.signing import disclosure_label, sign
from schemas.campaign import Campaign
from stages.admit import Admit
from stages.base import Stage
from stages.composite import Composite
from stages.image_to_video import CameraMotion, ImageToVideo
from stages.publish import Publish
from stages.release import Release
from stages.speech import Speech


def recipe(campaign: Campaign, clips: ImageToVideo | None = None) -> list[Stage]:
    """From product photo and script to a signed spot; other `clips` than by camera moves go in."""
    lexicon = tuple(sorted(campaign.voice.lexicon.items()))
    frames, secret = formats(campaign), watermark_secret(campaign)
    voice = voice_engine(campaign)
    effects = tuple((n, asset(uri)) for n, uri in sorted(campaign.sound.effects.items()))
    own_sound = clips is not None and clips.engine.keeps_sound
    making: list[Stage] = [
        screen(campaign),
        *([Admit()] if campaign.policy.review == "before_render" else []),
        Speech(
            engine=voice,
            lexicon=lexicon,
            speed_range=campaign.voice.speed,
            length_s=campaign.length_s,
            consent=consent(campaign),
            **voice_limits(voice),
        ),
        clips
        or ImageToVideo(
            engine=CameraMotion(),
            formats=frames,
            length_s=campaign.length_s,
            snap_cuts=campaign.sound.snap_cuts,
            cutting=cutting(campaign),
        ),
        avatar(campaign),
        align(campaign, effects, own_sound),
        Composite(
            brand=brand_kit(campaign),
            effects=effects,
            disclosure=disclosure_label(campaign, frames),
            formats=frames,
            template=template(campaign),
            captions=campaign.captions,
            length_s=campaign.length_s,
            deliveries=deliveries(campaign),
            text_track=campaign.encoding.text_track,
            music_below_voice_db=campaign.sound.music_below_voice_db,
            clip_sound_below_voice_db=campaign.sound.clip_sound_below_voice_db
            if own_sound
            else None,
            watermark_secret=secret,
            audio_watermark=campaign.watermark.audio,
        ),
        inspect(campaign, effects),
    ]
    return [
        *making,
        Release(),
        sign(campaign, making),
        Publish(),
    ]
