"""The clips of a spot in its further formats: cut from those that are there, or drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from schemas.layout import Box, Format
from stages.image_to_video.engine import ClipEngine, ClipRequest, RenderedClip
from stages.image_to_video.reframing import LEAST_SIZE, Reframed, padded, reframed


@dataclass(frozen=True)
class _Clip:
    """A clip that is there, in the frame that it was made in."""

    form: Format
    uri: str
    product_box: Box


@dataclass
class FurtherFormats:
    """Makes `arrow_types.CLIP` entries; `drawn` counts the clips that had to be made for them."""

    engine: ClipEngine
    formats: Sequence[Format]
    """Those behind the first."""
    save: Callable[[Path], str]
    scratch: Callable[[str], Path]
    drawn: int = 0

    def clips(self, request: ClipRequest, made: RenderedClip, uri: str) -> list[dict[str, Any]]:
        """One entry per format for the shot of `request`, whose clip `made` lies at `uri`."""
        there = [_Clip(request.format, uri, made.product_box)]
        found: dict[str, dict[str, Any]] = {}
        # The largest first: a smaller frame can be cut from a larger one.
        for form in sorted(self.formats, key=lambda form: -form.width_px * form.height_px):
            found[form.name] = self._clip(form, request, there)
        return [found[form.name] for form in self.formats]

    def _clip(self, form: Format, request: ClipRequest, there: list[_Clip]) -> dict[str, Any]:
        area = form.shots[request.layout].product
        ways = [(clip, reframed(clip.form, clip.product_box, form, area)) for clip in there]
        cuts = [way for way in ways if way[1].is_cut and way[1].size >= LEAST_SIZE]
        if cuts:
            return _entry(form, *max(cuts, key=lambda way: way[1].size))
        if not self.engine.every_format:
            return _entry(form, *ways[0])
        frame = padded(form)
        clip = self._drawn(frame, request)
        there.append(clip)
        return _entry(form, clip, reframed(frame, clip.product_box, form, area))

    def _drawn(self, form: Format, request: ClipRequest) -> _Clip:
        path = self.scratch(f"shot_{request.shot}_{form.name}.mp4")
        again = replace(request, format=form, areas=form.shots[request.layout])
        rendered = self.engine.render(again, path)
        self.drawn += 1
        return _Clip(form, self.save(path), rendered.product_box)


def _entry(form: Format, clip: _Clip, way: Reframed) -> dict[str, Any]:
    same = (clip.form.width_px, clip.form.height_px) == (form.width_px, form.height_px)
    return {
        "format": form.name,
        "uri": clip.uri,
        "product_box": asdict(clip.product_box if same else way.product_box),
        "crop": None if same else asdict(way.crop),
    }
