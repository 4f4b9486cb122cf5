"""Composite, rendered for real: a small, short spot, and what a platform would measure on it."""

from __future__ import annotations

import dataclasses
import hashlib
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from pipeline.media import MediaStore, asset
from schemas.asset import Asset
from schemas.brand import BrandKit
from schemas.encoding import Encoding
from schemas.layout import FORMATS, Box
from stages.base import Reject
from stages.composite import Composite
from stages.composite.encoders import COLOUR, video_options
from stages.composite.presenter import presenter_stream
from stages.shared.ffmpeg import decode_audio, decode_frames, run_ffmpeg
from stages.shared.frames import encode_frames
from stages.shared.sound import loudness_lufs, true_peak_dbtp
from stages.shared.watermark import detect

W, H, FPS, LENGTH_S = 360, 640, 24, 4.0
SECRET = "only for tests"
HANDLE = 10
SHADES = (70, 170, 110)
PRESENTED, HERO, END_CARD = (0.0, 1.5), (1.5, 2.75), (2.75, 4.0)


SMALL = dataclasses.replace(FORMATS["9x16"], name="small", width_px=W, height_px=H)
"""The real layout in a small frame."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MediaStore:
    """One store for the module: the spot is rendered once."""
    folder = tmp_path_factory.mktemp("composite")
    return MediaStore(str(folder / "out"), cache=folder / "cache")


def _clip(media: Any, shade: int, frames: int) -> str:
    path = media.scratch(f"clip{shade}.mp4")
    random = np.random.default_rng(shade)
    grain = random.integers(-3, 4, (H, W, 1))
    picture = np.clip(np.full((H, W, 3), shade) + grain, 0, 255).astype(np.uint8)
    encode_frames([picture] * frames, path, width_px=W, height_px=H, fps=FPS, qp=8)
    return media.save(path)


def _presenter(path: Path, way: str, frames: int) -> Path:
    """A green square with a clear border, as each of the ways that alpha can travel."""
    side = 280
    shape = "geq=lum='if(gt(X,40)*lt(X,240)*gt(Y,40),255,0)':cb=128:cr=128"
    colour = f"color=c=0x00ff00:s={side}x{side}:r={FPS},trim=end_frame={frames},format=yuv420p"
    alpha = f"color=c=black:s={side}x{side}:r={FPS},format=yuv420p,{shape}"
    alpha += f",scale=in_range=pc:out_range=pc,trim=end_frame={frames}"
    base = ["-f", "lavfi", "-i", colour, "-f", "lavfi", "-i", alpha, "-filter_complex"]
    x264 = ["-c:v", "libx264", "-crf", "6", "-preset", "ultrafast"]
    if way == "two_streams":
        arguments = [*base, "[1:v]format=gray[a]", "-map", "0:v", "-map", "[a]", *x264]
        arguments += ["-color_range:v:1", "pc"]
    elif way == "stacked":
        arguments = [*base, "[0:v][1:v]vstack[v]", "-map", "[v]", *x264]
    else:
        graph = "[1:v]format=gray[a];[0:v][a]alphamerge,format=bgra[v]"
        arguments = [*base, graph, "-map", "[v]", "-c:v", "ffv1"]
        path = path.with_suffix(".mkv")
    run_ffmpeg([*arguments, str(path)])
    return path


@pytest.fixture(scope="module")
def row(store: MediaStore) -> dict[str, Any]:
    """A spot of three shots with a presenter, hostile in every text that a feed could bring."""
    with store.workspace() as media:
        clips = [_clip(media, shade, 36 + HANDLE) for shade in SHADES]
        avatar = media.save(_presenter(media.scratch("presenter.mp4"), "two_streams", 46))
        time_s = np.arange(round(LENGTH_S * 48_000)) / 48_000
        voice = 0.2 * np.sin(2 * np.pi * 220 * time_s) * (np.sin(2 * np.pi * 3 * time_s) > -0.3)
        sound = media.scratch("voice.flac")
        soundfile.write(sound, voice, 48_000)
        voice_uri = media.save(sound)
    texts = ["Look", "at", r"{\fs200}this.", "50%", "off':,[x];", "movie=/etc/passwd", "today."]
    starts = [0.2, 0.6, 0.9, 1.6, 2.0, 2.3, 3.0]
    area = Box(0.3, 0.2, 0.7, 0.45)
    return {
        "shots": [
            {
                "index": i, "layout": name, "move": "push_in", "start_s": start_s, "end_s": end_s,
                "handle_s": 0.0 if name == "end_card" else HANDLE / FPS, "uri": clips[i],
                "product_box": dataclasses.asdict(area),
            }
            for i, (name, (start_s, end_s)) in enumerate(
                {"presented": PRESENTED, "hero": HERO, "end_card": END_CARD}.items()
            )
        ],
        "avatar_uri": avatar, "avatar_start_s": 0.0, "avatar_end_s": 46 / FPS,
        "avatar_mouth_box": {"x0": 0.4, "y0": 0.5, "x1": 0.6, "y1": 0.6},
        "voice_uri": voice_uri,
        "caption_words": [
            {"text": text, "spoken": "x", "start_s": start_s, "end_s": start_s + 0.28}
            for text, start_s in zip(texts, starts, strict=True)
        ],
        "sound_events": [{"name": "whoosh", "time_s": 1.5}],
        "title": "{\\fs200}':%,[]\nmovie=/etc/passwd;" + "long " * 40, "brand": "T",
        "tagline": "No two alike", "cta": "Shop it", "price": Decimal("24.000"),
        "regular_price": Decimal("28.000"), "currency": "USD", "language": "en-US",
        "accent": "#2f8084", "music": None,
    }  # fmt: skip


def _stage(**changes: Any) -> Composite:
    settings: dict[str, Any] = {
        "brand": BrandKit(name="Northfold"), "watermark_secret": SECRET, "formats": (SMALL,),
        "length_s": LENGTH_S,
    }  # fmt: skip
    return Composite(**{**settings, **changes})


@pytest.fixture(scope="module")
def made(store: MediaStore, row: dict[str, Any]) -> dict[str, Any]:
    """What the stage wrote for the spot."""
    with store.workspace() as media:
        return dict(_stage().run(row, media))


def test_all_that_is_written_is_recorded_as_it_is_drawn(made: dict[str, Any]) -> None:
    """Would catch a text on screen that no gate can read, and one that is told of and not drawn."""
    shown = made["shown_texts"]
    by: dict[str, list[str]] = {}
    for one in shown:
        by.setdefault(one["where"], []).append(one["text"])
        assert one["format"] == "small" and 0 <= one["start_s"] < one["end_s"] <= LENGTH_S
    assert by["ai_label"] == ["AI-generated"] and by["brand"] == ["Northfold"]
    assert by["price"] == ["$24", "instead of $28"], "the saving had no room in so small a frame"
    card = by["end_card"]
    assert card[0] == "No two alike" and "Shop it" in card and "$24" in card
    title = next(text for text in card if "movie" in text)
    assert title.endswith("…") and "\n" not in title, "as it is cut, on one line"
    assert by["caption"] == [caption["text"] for caption in made["captions"]]
    last = [one for one in shown if one["where"] == "end_card"]
    assert {(one["start_s"], one["end_s"]) for one in last} == {(END_CARD[0] + 0.1, LENGTH_S)}


@pytest.fixture(scope="module")
def master(store: MediaStore, made: dict[str, Any]) -> Path:
    """The rendered file."""
    return store.open(made["masters"][0]["uri"])


@pytest.fixture(scope="module")
def frames(master: Path) -> list[np.ndarray]:
    """All frames of the rendered file, in colour."""
    return list(decode_frames(master, W, H))


def test_it_writes_what_it_declares(made: dict[str, Any]) -> None:
    """Would catch a column that later stages wait for in vain."""
    assert set(Composite.writes.names) <= set(made)
    assert len(made["watermark_id"]) == 12 and int(made["watermark_id"], 16) > 0


def test_the_container_is_exact(master: Path) -> None:
    """Would catch a spot that is a frame or an AAC block too long, or one with odd colours."""
    with av.open(str(master)) as file:
        video, sound = file.streams.video[0], file.streams.audio[0]
        assert video.frames == LENGTH_S * FPS
        assert float(video.duration * video.time_base) == LENGTH_S
        assert float(sound.duration * sound.time_base) == pytest.approx(LENGTH_S, abs=1e-4)
        assert file.duration == pytest.approx(LENGTH_S * 1e6, abs=100)
        assert (video.average_rate, video.base_rate) == (FPS, FPS)
        codec = video.codec_context
        assert (codec.name, codec.pix_fmt, codec.profile) == ("h264", "yuv420p", "High")
        assert (codec.colorspace, codec.color_primaries, codec.color_trc) == (1, 1, 1)
        assert codec.color_range == 1
        assert (sound.codec_context.name, sound.rate, sound.channels) == ("aac", 48_000, 2)
        times = sorted(p.pts for p in file.demux(video) if p.pts is not None)
    assert np.unique(np.diff(times)).size == 1, "constant frame rate"
    assert len(decode_audio(master, 48_000)) == LENGTH_S * 48_000


def test_the_file_tells_nothing_of_its_making(master: Path) -> None:
    """Would catch versions and times in the file, and an index behind the pictures."""
    content = master.read_bytes()
    assert not [word for word in (b"Lavf", b"Lavc6", b"x264 - core") if word in content]
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(master)) as file:
        kept = {k: v for k, v in file.metadata.items() if "brand" not in k and k != "minor_version"}
    assert not kept


def test_the_encoded_sound_is_at_its_level(master: Path, made: dict[str, Any]) -> None:
    """Would catch loudness that was right only before AAC."""
    sound = decode_audio(master, 48_000, channels=2)
    assert loudness_lufs(sound, 48_000) == pytest.approx(-14.0, abs=0.5)
    assert true_peak_dbtp(sound) <= -1.0
    assert made["metrics"]["loudness_lufs"] == pytest.approx(loudness_lufs(sound, 48_000))


def test_shots_cross_where_they_should(frames: list[np.ndarray]) -> None:
    """Would catch a cut that comes a frame early, a missing crossfade or a wrong clip."""
    corner = [float(frame[300:315, 4:20].mean()) for frame in frames]  # no graphics there
    assert corner[20] == pytest.approx(SHADES[0], abs=2.5)
    assert corner[36] == pytest.approx(SHADES[0], abs=4), "the fade begins at the cut"
    assert corner[41] == pytest.approx(sum(SHADES[:2]) / 2, abs=12)
    assert corner[46] == pytest.approx(SHADES[1], abs=2.5)
    assert corner[66] == pytest.approx(SHADES[1], abs=4)
    assert corner[77] == pytest.approx(SHADES[2], abs=2.5)


def _green(frame: np.ndarray) -> np.ndarray:
    values = frame.astype(int)
    return (values[..., 1] > 180) & (values[..., 0] < 90) & (values[..., 2] < 90)


def test_the_presenter_stands_on_the_lower_edge(
    frames: list[np.ndarray], made: dict[str, Any]
) -> None:
    """Would catch a presenter who floats, is stretched, or stays in a shot that is not hers."""
    rows, columns = np.nonzero(_green(frames[12]))
    assert rows.max() == H - 1 and abs((columns.min() + columns.max()) / 2 - W / 2) < 3
    box = made["presenter_box"]
    side = (box["x1"] - box["x0"]) * W
    assert columns.max() - columns.min() + 1 == pytest.approx(side * 199 / 280, abs=4)
    assert not _green(frames[60]).any() and not _green(frames[90]).any()
    mouth = made["mouth_box"]
    assert box["x0"] < mouth["x0"] < mouth["x1"] < box["x1"]
    assert mouth["y0"] == pytest.approx(box["y0"] + 0.5 * (box["y1"] - box["y0"]))


@pytest.mark.parametrize("way", ["two_streams", "codec_alpha", "stacked"])
def test_alpha_may_come_in_any_of_three_ways(tmp_path: Path, way: str) -> None:
    """Would catch a presenter engine whose file is shown with a black or green box around it."""
    import ffmpeg

    path = _presenter(tmp_path / "presenter.mp4", way, 3)
    target = tmp_path / "seen.mkv"
    stream = presenter_stream(path).filter("alphaextract").filter("format", "gray")
    run_ffmpeg(ffmpeg.get_args(ffmpeg.output(stream, str(target), **{"c:v": "ffv1"})))
    alpha = next(iter(decode_frames(target, 280, 280, pixels="gray")))
    assert alpha[150, 140] > 225 and alpha[20, 140] < 24 and alpha[150, 20] < 24


def test_captions_are_drawn_in_their_boxes(frames: list[np.ndarray], made: dict[str, Any]) -> None:
    """Would catch a caption that is written down but not seen, or seen where it should not be."""
    assert made["captions"][0]["text"].startswith("Look at")
    assert any("movie=/etc/passwd" in caption["text"] for caption in made["captions"])
    for caption in made["captions"]:
        frame = frames[round((caption["start_s"] + caption["end_s"]) / 2 * FPS)]
        box = Box(**caption["box"])
        assert SMALL.safe_zone.contains(box)
        x0, y0, x1, y1 = box.pixels(W, H)
        assert np.percentile(frame[y0 + 2 : y1 - 2, x0 + 4 : x1 - 4], 90) > 225, "paper"
        assert frame[y0 + 2 : y1 - 2, x0 + 4 : x1 - 4].min() < 90, "ink"
        outside = frame[y0:y1, : max(x0 - 14, 1)]
        assert outside.max() < 215
    assert made["captions"][-1]["end_s"] <= END_CARD[0]


def test_the_label_is_there_from_first_to_last(frames: list[np.ndarray]) -> None:
    """Would catch a spot that does not say all the time that it was made by AI."""
    x0, y0, _, y1 = SMALL.ai_label.pixels(W, H)
    for frame, shade in ((frames[0], 70), (frames[50], 170), (frames[-1], 110)):
        pill = frame[y0 + 3 : y1 - 3, x0 + 8 : x0 + 60].astype(int)
        assert pill.max() > 200, "white text"
        assert np.median(pill) < 0.6 * shade + 20, "on dark"


def test_the_price_comes_with_the_second_shot(frames: list[np.ndarray]) -> None:
    """Would catch a price tag that is missing, early, or doubled by the end card's."""
    x0, y0, x1, y1 = SMALL.price_tag.pixels(W, H)
    white = [int((frame[y0:y1, x0:x1].min(axis=2) > 235).sum()) for frame in frames]
    assert white[37] == 0 and white[58] > 600 and white[-1] == 0


def test_the_mark_is_read_back(master: Path, made: dict[str, Any]) -> None:
    """Would catch a watermark that the encode wiped out, or that names another spot."""
    grey = decode_frames(master, W, H, pixels="gray", fps=8)
    payload = int(made["watermark_id"], 16)
    found = detect(grey, secret=SECRET, expected=payload)
    assert found.matched_z is not None and found.matched_z > 6.5


def test_the_mark_is_not_seen(frames: list[np.ndarray]) -> None:
    """Would catch a mark (or a colour conversion) that lightens or tints the picture."""
    patch = frames[20][330:350, 4:24].astype(float)
    assert patch.mean(axis=(0, 1)) == pytest.approx([SHADES[0]] * 3, abs=1.6)


def test_the_same_spot_gives_the_same_bytes(
    store: MediaStore, row: dict[str, Any], made: dict[str, Any]
) -> None:
    """Would catch anything random, timed or machine-dependent: results are cached by their key."""
    with store.workspace() as media:
        again = _stage().run({**row, "music": None}, media)
    assert again["masters"] == made["masters"] and again["poster_uri"] == made["poster_uri"]
    assert again["captions_uri"] == made["captions_uri"]


def test_the_encoder_gives_the_same_bytes_whoever_else_is_at_work(tmp_path: Path) -> None:
    """Would catch an encoder whose threads race: with x264's own lookahead every other file
    of these differs, and a spot's key would depend on the machine's mood.
    """
    options = video_options(SMALL, Encoding(), "libx264")
    drawn = "testsrc2=s=540x960:r=24:d=5,noise=alls=6:allf=t:all_seed=3,fade=in:0:20,fade=out:90:20"
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p"]
    run_ffmpeg(["-f", "lavfi", "-i", drawn, *raw, str(tmp_path / "drawn.yuv")])
    tags = [text for name, value in COLOUR.items() for text in (f"-{name}", value)]
    raw += [*tags, "-color_range", "tv"]  # else a conversion paces the frames and hides the race
    source = [*raw, "-s", "540x960", "-r", "24", "-i", str(tmp_path / "drawn.yuv")]
    coding = [text for name, value in options.items() for text in (f"-{name}", str(value))]

    def encode(number: int) -> str:
        path = tmp_path / f"{number}.mp4"
        run_ffmpeg([*source, *coding, "-fflags", "+bitexact", str(path)])
        return hashlib.sha256(path.read_bytes()).hexdigest()

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(encode, range(9)))) == 1


def test_another_price_is_another_mark() -> None:
    """Would catch two different spots that cannot be told apart by their watermark."""
    from stages.composite.identity import watermark_payload

    spot = {"price": Decimal("24.000"), "music": {"uri": "file:///a.ogg", "sha256": "aa"}}
    same = {"price": Decimal("24.00"), "music": {"uri": "s3://b/a.ogg", "sha256": "aa"}}
    other = {"price": Decimal("25.00"), "music": spot["music"]}
    assert watermark_payload(spot) == watermark_payload(same) < 1 << 48
    assert watermark_payload(spot) != watermark_payload(other)


def test_poster_and_subtitles_are_what_they_say(store: MediaStore, made: dict[str, Any]) -> None:
    """Would catch a poster that is no JPEG of the frame's size, or subtitles without the script."""
    from PIL import Image

    with Image.open(store.open(made["poster_uri"])) as poster:
        assert poster.format == "JPEG" and poster.size == (W, H) and not poster.getexif()
    text = store.open(made["captions_uri"]).read_text(encoding="utf-8")
    assert text.startswith("WEBVTT") and "movie=/etc/passwd" in text and "today." in text


def test_a_spot_without_extras_renders(store: MediaStore, row: dict[str, Any]) -> None:
    """Would catch a stage that needs a presenter, a price, a tagline, music or a logo to work."""
    bare = {
        **row, "avatar_uri": None, "avatar_mouth_box": None, "price": None, "regular_price": None,
        "tagline": None, "cta": None, "title": None, "caption_words": [], "sound_events": [],
        "shots": [{**row["shots"][0], "layout": "hero", "end_s": 1.0, "handle_s": 0.0}],
    }  # fmt: skip
    with store.workspace() as media:
        made = _stage(length_s=1.0).run(bare, media)
        master = media.open(made["masters"][0]["uri"])
        assert len(list(decode_frames(master, 36, 64))) == 24
    assert made["captions"] == [] and made["presenter_box"] is None


def test_a_text_that_no_font_can_draw_is_rejected(store: MediaStore, row: dict[str, Any]) -> None:
    """Would catch an ad that goes out with holes in its title."""
    with store.workspace() as media, pytest.raises(Reject) as refused:
        _stage().run({**row, "title": "ᚠᚢᚦ"}, media)
    assert refused.value.reason_code == "no_font" and "title" in refused.value.reason


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"formats": ()}, "formats is empty"),
        ({"watermark_secret": "x"}, "8 characters"),
        ({"disclosure": " "}, "disclosure"),
    ],
)
def test_wrong_parameters_are_refused_at_once(changes: dict[str, Any], says: str) -> None:
    """Would catch a mistake that shows only after the first render."""
    with pytest.raises(ValueError, match=says):
        _stage(**changes)


def test_a_logo_replaces_the_name(tmp_path: Path, store: MediaStore, row: dict[str, Any]) -> None:
    """Would catch a brand kit whose logo is not shown, or shown without its transparency."""
    from PIL import Image

    logo = Image.new("RGBA", (200, 60), (0, 0, 0, 0))
    logo.paste((255, 0, 0, 255), (20, 10, 180, 50))
    logo.save(tmp_path / "logo.png")
    found: Asset = asset(str(tmp_path / "logo.png"))
    card = [{**row["shots"][2], "start_s": 0.0, "end_s": 1.5}]
    with store.workspace() as media:
        brand = BrandKit(name="Northfold", logo=found)
        made = _stage(brand=brand, length_s=1.5).run(
            {**row, "shots": card, "avatar_uri": None, "caption_words": []}, media
        )
        last = list(decode_frames(media.open(made["masters"][0]["uri"]), W, H))[-1].astype(int)
    red = (last[..., 0] > 200) & (last[..., 1] < 80)
    rows, columns = np.nonzero(red)
    assert rows.size > 200 and abs(columns.mean() - W / 2) < 3
    assert (columns.max() - columns.min()) / (rows.max() - rows.min()) == pytest.approx(4, rel=0.2)
