"""Signing leaves what is in a master as it was, whichever codec it is in."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from pipeline.media import Workspace
from stages.inspect.container import read_container
from stages.shared.ffmpeg import run_ffmpeg
from stages.sign.trust import read_credentials
from tests.stages.test_sign import row, stage

CODING = {
    "h264": ["-c:v", "libx264", "-preset", "ultrafast"],
    "hevc": ["-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1",
             "-x265-params", "log-level=error:keyint=24:open-gop=0"],
    "av1": ["-c:v", "libsvtav1", "-preset", "13", "-svtav1-params", "irefresh-type=2"],
}  # fmt: skip


def _master(folder: Path, codec: str) -> Path:
    cues = folder / "cues.vtt"
    cues.write_text("WEBVTT\n\n00:00.000 --> 00:00.500\nOne\n\n00:00.500 --> 00:01.500\nTwo\n")
    path = folder / f"{codec}.mp4"
    run_ffmpeg(
        ["-f", "lavfi", "-i", "testsrc2=s=128x96:r=24:d=2", "-f", "lavfi", "-i", "sine=d=2",
         "-f", "webvtt", "-i", str(cues), "-map", "0:v", "-map", "1:a", "-map", "2:s",
         *CODING[codec], "-pix_fmt", "yuv420p", "-g", "24", "-c:a", "aac", "-c:s", "mov_text",
         "-metadata:s:s:0", "language=eng", "-movflags", "+faststart", str(path)]
    )  # fmt: skip
    return path


def _content(path: Path) -> list[tuple[str, float, bytes]]:
    with av.open(str(path)) as file:
        return [
            (packet.stream.type, float(packet.pts * packet.stream.time_base), bytes(packet))
            for packet in file.demux()
            if packet.size
        ]


@pytest.mark.parametrize("codec", list(CODING))
def test_credentials_suit_every_codec(media: Workspace, tmp_path: Path, codec: str) -> None:
    """Would catch a signature that HEVC or AV1 files cannot carry, or that shifts pictures, sound
    or captions in the file.
    """
    master, sign = _master(tmp_path, codec), stage(tmp_path)
    masters = [{"format": "9x16", "uri": media.save(master)}]
    written = sign.run({**row(media, tmp_path), "masters": masters}, media)
    signed = media.open(written["signed"][0]["uri"])
    assert read_credentials(signed, sign.signer.anchors_pem()).state == "Trusted"
    assert _content(signed) == _content(master)
    before, after = read_container(master), read_container(signed)
    assert after.video_codec == codec and after.text_languages == before.text_languages == ("eng",)
    assert after.faststart and after.sample_entry == before.sample_entry
