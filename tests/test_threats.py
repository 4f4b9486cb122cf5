"""Hostile samples, made here: what others can bring in a feed, a picture or a film. Rows of
docs/threats.md that other tests hold are named there; the last test looks whether they exist."""

from __future__ import annotations

import ast
import re
import struct
import subprocess
import time
import tomllib
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import c2pa
import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from PIL import Image

from pipeline.media import MediaStore, Workspace
from pipeline.plan import spot_id_of
from pipeline.web.fetcher import Fetched, Fetcher
from stages.composite import composite
from stages.composite.grouping import CaptionWord
from stages.composite.subtitles import cues_of, srt, webvtt
from stages.screen.film import BadFilm, open_film
from stages.screen.photo import BadImage, open_picture
from stages.shared import ffmpeg
from stages.shared.ffmpeg import FfmpegError, decode_frames, ffmpeg_binary, run_ffmpeg
from stages.sign import builder
from tests.pipeline.test_web import Server
from tests.stages import test_composite as spot_of_composite
from tests.stages.test_screen import bomb
from tests.stages.test_sign import active_manifest
from tests.stages.test_sign import row as spot_to_sign
from tests.stages.test_sign import stage as signer_of

ROOT = Path(__file__).parents[1]
OURS = ("schemas", "stages", "pipeline", "cluster", "jobs")

# -- ids and paths


@pytest.mark.parametrize("product_id", ["..", "../../etc/x", "/etc/x", ".ssh", "a/../../b", "a\\b"])
def test_an_id_chooses_no_place(product_id: str, tmp_path: Path) -> None:
    """Would catch a product whose id writes outside of the output, or hides a file there."""
    place = (tmp_path / "spots" / spot_id_of(product_id, "main")).resolve()
    assert place.parent == tmp_path / "spots" and re.fullmatch(r"[A-Za-z0-9][\w.-]*", place.name)


@pytest.mark.parametrize("name", ["../out.mp4", "spots/../../out.mp4", "/tmp/out.mp4"])
def test_nothing_is_published_outside(name: str, media: Workspace, tmp_path: Path) -> None:
    """Would catch a name that leaves the output, whichever stage made it up."""
    (tmp_path / "a.mp4").write_bytes(b"a spot")
    with pytest.raises(ValueError, match="would leave the output folder"):
        media.publish(media.save(tmp_path / "a.mp4"), name)
    assert not (tmp_path / "out.mp4").exists()


# -- pictures


def _gif_screen(path: Path) -> None:
    """A GIF that claims a screen of 65535 x 65535 around a picture of one pixel."""
    whole = BytesIO()
    Image.new("P", (1, 1)).save(whole, "GIF")
    path.write_bytes(b"GIF89a" + struct.pack("<HH", 65535, 65535) + whole.getvalue()[10:])


def _webp_canvas(path: Path) -> None:
    """A WebP of some bytes whose header claims 16384 x 16384 pixels."""
    bits = 16383 | (16383 << 14)
    chunk = b"\x2f" + struct.pack("<I", bits) + bytes(60)
    body = b"WEBPVP8L" + struct.pack("<I", len(chunk)) + chunk + bytes(len(chunk) % 2)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def _webp_pictures(path: Path) -> None:
    """An animated WebP whose canvas has 256 million pixels, of a frame of a few bytes."""
    frame = BytesIO()
    Image.new("RGB", (16, 16), "red").save(frame, "WEBP", lossless=True)
    still = frame.getvalue()[12:]
    size24 = (16383).to_bytes(3, "little")
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size24 + size24
    clock = b"ANIM" + struct.pack("<I", 6) + bytes(6)
    shown = bytes(6) + (15).to_bytes(3, "little") * 2 + (40).to_bytes(3, "little") + b"\0" + still
    body = b"WEBP" + canvas + clock + (b"ANMF" + struct.pack("<I", len(shown)) + shown) * 2
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def _png_text(path: Path) -> None:
    """A PNG whose compressed comment unpacks to 300 MB."""
    whole = BytesIO()
    Image.effect_noise((400, 400), 60).save(whole, "PNG")
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1_000_000)) for _ in range(300)) + packer.flush()
    body = b"zTXtComment\0\0" + packed
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    path.write_bytes(whole.getvalue()[:33] + chunk + whole.getvalue()[33:])


@pytest.mark.parametrize("make", [bomb, _gif_screen, _webp_canvas, _webp_pictures, _png_text])
def test_bombs_are_refused_before_they_are_unpacked(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    """Would catch a worker that a file of some kilobytes fills with gigabytes."""
    path = tmp_path / "photo.jpg"
    make(path)
    assert path.stat().st_size < 500_000
    begun = time.process_time()
    with pytest.raises(BadImage) as bad:
        open_picture(path, max_bytes=20_000_000, min_side_px=300)
    assert bad.value.code in ("image_too_large", "image_broken")
    assert time.process_time() - begun < 1.0


def test_a_bomb_on_the_web_is_fetched_as_bytes_alone(tmp_path: Path) -> None:
    """Would catch a planner that unpacks what it fetches, and a bomb that the screen takes for
    looked at because it was fetched."""
    bomb(tmp_path / "bomb.png")
    server = Server()
    server.picture = (tmp_path / "bomb.png").read_bytes()
    try:
        got = Fetcher(server.rules()).fetch(server.url("/a.png"))
    finally:
        server.server.shutdown()
        server.server.server_close()
    assert isinstance(got, Fetched) and got.content == server.picture
    (tmp_path / "fetched.png").write_bytes(got.content)
    with pytest.raises(BadImage, match="pixels"):
        open_picture(tmp_path / "fetched.png", max_bytes=20_000_000, min_side_px=300)


# -- playlists and drawings under other names


LISTS = {
    "ffconcat": "ffconcat version 1.0\nfile secret.mp4\n",
    "m3u8": "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nsecret.mp4\n"
    "#EXT-X-ENDLIST\n",
    "svg": "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'"
    " width='640' height='480'><image xlink:href='secret.png' width='640' height='480'/></svg>",
    "dash": "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><Period><BaseURL>"
    "secret.mp4</BaseURL></Period></MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
}


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of another shop's in the folder, which nobody may see."""
    folder = tmp_path_factory.mktemp("secret")
    source = ["-f", "lavfi", "-i", "color=c=red:size=640x480:rate=24:duration=3"]
    x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    run_ffmpeg([*source, *x264, str(folder / "secret.mp4")])
    return folder / "secret.mp4"


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize("kind", LISTS)
def test_what_leads_to_other_files_is_no_film(
    kind: str, suffix: str, secret: Path, tmp_path: Path
) -> None:
    """Would catch another shop's film that is read into this one's spot."""
    hostile = secret.with_name(f"{kind}{suffix}")
    hostile.write_text(LISTS[kind])
    with pytest.raises(BadFilm, match="none of these"):
        open_film(hostile, tmp_path / "plain.mp4")
    with pytest.raises(FfmpegError):
        list(decode_frames(hostile, 64, 64))
    with pytest.raises(BadImage):
        open_picture(hostile, max_bytes=20_000_000, min_side_px=300)
    assert not list(tmp_path.iterdir()), "nothing was written"


def test_such_a_list_does_leak_where_nothing_is_said(secret: Path, tmp_path: Path) -> None:
    """Would catch a sample that shows nothing, because ffmpeg would refuse it anyway."""
    hostile = secret.with_name("leak.mp4")
    hostile.write_text(LISTS["ffconcat"])
    command = [ffmpeg_binary(), "-loglevel", "error", "-nostdin", "-i", str(hostile)]
    done = subprocess.run([*command, str(tmp_path / "leaked.mp4")], check=False)
    assert done.returncode == 0 and (tmp_path / "leaked.mp4").stat().st_size > 1000


def test_a_header_of_a_film_before_a_list_opens_nothing(secret: Path, tmp_path: Path) -> None:
    """Would catch first bytes that are looked at by us and not by ffmpeg."""
    hostile = secret.with_name("both.mp4")
    hostile.write_bytes(b"\0\0\0\x10ftypisom\0\0\0\0" + LISTS["ffconcat"].encode())
    with pytest.raises(BadFilm, match="film cannot be opened"):
        open_film(hostile, tmp_path / "plain.mp4")


def test_a_film_of_a_bomb_is_refused(tmp_path: Path) -> None:
    """Would catch pixels that are counted in photos and not in films."""
    Image.new("1", (8000, 7000)).save(tmp_path / "bomb.png")
    copied = ["-f", "png_pipe", "-i", str(tmp_path / "bomb.png"), "-c", "copy"]
    run_ffmpeg([*copied, str(tmp_path / "film.mov")])
    begun = time.monotonic()
    with pytest.raises(BadFilm, match="8000 x 7000 pixels"):
        open_film(tmp_path / "film.mov", tmp_path / "plain.mp4")
    assert time.monotonic() - begun < 20
    with pytest.raises(FfmpegError):
        list(decode_frames(tmp_path / "film.mov", 64, 64))


def test_a_run_on_files_from_outside_is_limited(
    secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a film that fills the disk, or keeps a core busy until the time limit."""
    raw = ["-i", str(secret), "-f", "rawvideo", str(tmp_path / "out.yuv")]
    monkeypatch.setattr(ffmpeg, "MOST_FILE_BYTES", 1_000_000)
    with pytest.raises(FfmpegError):
        run_ffmpeg(raw, limited=True)
    assert (tmp_path / "out.yuv").stat().st_size <= 1_000_000
    monkeypatch.setattr(ffmpeg, "MOST_CPU_S", 1)
    endless = ["-f", "lavfi", "-i", "mandelbrot=size=1280x720", "-f", "null", "-"]
    begun = time.monotonic()
    with pytest.raises(FfmpegError):
        run_ffmpeg(endless, limited=True, timeout_s=60)
    assert time.monotonic() - begun < 30


# -- texts


HOSTILE_WORDS = (
    "x':textfile=/etc/passwd", "movie=/etc/passwd", "[in];amovie=a", "%{pts}", r"{\fs200}",
    "50%", "-i", "$(id)", "a\n\n00:00:00.000 --> 00:00:09.000", "<b>b</b>", "&lt;",
)  # fmt: skip


class Recorded(Exception):
    """Ends a composition where ffmpeg would begin."""


def test_no_text_is_in_ffmpegs_arguments(
    store: MediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a title, a caption or a brand that becomes part of a filter graph."""
    seen: list[str] = []

    def record(arguments: list[str], **_: Any) -> None:
        seen.extend(arguments)
        raise Recorded

    monkeypatch.setattr(composite, "run_ffmpeg", record)
    given = spot_of_composite.row.__wrapped__(store)  # type: ignore[attr-defined]
    words = [
        {"text": "".join(text.split()), "spoken": "x", "start_s": 0.3 * n, "end_s": 0.3 * n + 0.2}
        for n, text in enumerate(HOSTILE_WORDS)
    ]
    texts = {name: " ".join(HOSTILE_WORDS) for name in ("title", "tagline", "cta", "brand")}
    with store.workspace() as media, pytest.raises(Recorded):
        spot_of_composite._stage().run({**given, **texts, "caption_words": words}, media)
    arguments = "\n".join(seen)
    assert "overlay" in arguments, "the graph was recorded"
    for piece in ("passwd", "movie", "textfile", "fs200", "drawtext", "subtitles=", "ass=", "$(id"):
        assert piece not in arguments


def test_words_stay_words_in_subtitles() -> None:
    """Would catch a word that begins a cue of its own, or becomes a tag in a player."""
    groups = [[CaptionWord(text, n * 1.0, n * 1.0 + 0.9)] for n, text in enumerate(HOSTILE_WORDS)]
    cues = cues_of(groups)
    for text in (webvtt(cues), srt(cues)):
        assert sum(bool(re.match(r"\d\d:\d\d.* --> ", line)) for line in text.split("\n")) == len(
            cues
        )
        assert "<b>" not in text
    assert "{" not in srt(cues) and "&amp;lt;" in webvtt(cues)


# -- code that comes along as data


_LOADERS = {("pickle", "load"), ("pickle", "loads"), ("cloudpickle", "load"), ("joblib", "load"),
            ("cloudpickle", "loads"), ("dill", "load"), ("marshal", "loads"), ("yaml", "load"),
            ("yaml", "unsafe_load"), ("pandas", "read_pickle"), ("pd", "read_pickle")}  # fmt: skip


def _runs_code(source: str) -> list[str]:
    """Calls that would run what stands in the data they are given."""
    found = []
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        said = {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}
        unsure = {k.arg for k in call.keywords} - set(said)
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        owner = call.func.value.id if isinstance(
            call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) else ""  # fmt: skip
        bad = (owner, name) in _LOADERS
        bad |= isinstance(call.func, ast.Name) and call.func.id in ("eval", "exec")
        bad |= (owner, name) == ("torch", "load") and said.get("weights_only") is not True
        for key in ("trust_remote_code", "allow_pickle", "shell"):
            bad |= key in unsure or said.get(key, False) is not False
        if bad:
            found.append(f"line {call.lineno}: {ast.unparse(call)[:80]}")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "torch.load(p)", "torch.load(p, weights_only=False)", "pickle.loads(b)", "eval(text)",
        "AutoModel.from_pretrained(m, trust_remote_code=True)", "np.load(p, allow_pickle=True)",
        "AutoModel.from_pretrained(m, trust_remote_code=asked)", "subprocess.run(c, shell=True)",
        "yaml.load(f)",
    ],
)  # fmt: skip
def test_the_search_finds_what_runs_code(source: str) -> None:
    """Would catch a search that finds nothing whatever is written."""
    assert _runs_code(source)


def test_no_data_is_run_as_code() -> None:
    """Would catch weights, rows or settings that bring a program along."""
    found = [
        f"{path.relative_to(ROOT)}: {one}"
        for room in OURS
        for path in sorted((ROOT / room).rglob("*.py"))
        for one in _runs_code(path.read_text("utf-8"))
    ]
    assert not found


@pytest.mark.parametrize(
    ("package", "fixed"),
    [
        ("torch", "2.6"),  # CVE-2025-32434: weights_only ran code
        ("transformers", "5.3"),  # CVE-2026-4372: so did a config
        ("ray", "2.54"),  # CVE-2026-27482: jobs deleted from a browser
    ],
)
def test_known_holes_are_not_allowed_in(package: str, fixed: str) -> None:
    """Would catch a lower bound that lets a version with a known hole be installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"]]
    asked += [one for extra in project["optional-dependencies"].values() for one in extra]
    found = [one for one in map(Requirement, asked) if one.name == package]
    assert found
    for one in found:
        lowest = [Version(s.version) for s in one.specifier if s.operator in (">=", "==", "~=")]
        assert lowest and max(lowest) >= Version(fixed), str(one)


def test_no_secret_is_in_a_runtime_environment() -> None:
    """Would catch a key that Ray's dashboard shows to whoever may look at a job."""
    told = []
    for room in OURS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not isinstance(node, ast.Dict):
                    continue
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "env_vars":
                        assert isinstance(value, ast.Dict), f"{path}: {ast.unparse(value)}"
                        told += [ast.literal_eval(one) for one in value.keys if one is not None]
    assert told and set(told) <= {"PYTHONPATH", "OMP_NUM_THREADS"}


# -- credentials that a photo brings along


def _photo(kind: str) -> bytes:
    whole = BytesIO()
    pixels = np.random.default_rng(1).integers(0, 255, (80, 60, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(whole, kind)
    return whole.getvalue()


def _box(content: bytes, size: int | None = None) -> bytes:
    told = b"c2pa" + bytes.fromhex("00110010800000aa00389b71") + b"\x03c2pa\0"
    inner = struct.pack(">I", len(told) + 8) + b"jumd" + told + content
    return struct.pack(">I", len(inner) + 8 if size is None else size) + b"jumb" + inner


def _jpeg(box: bytes) -> bytes:
    body = b"JP" + struct.pack(">HI", 1, 1) + box
    whole = _photo("JPEG")
    return whole[:2] + b"\xff\xeb" + struct.pack(">H", len(body) + 2) + body + whole[2:]


def _png(box: bytes) -> bytes:
    whole = _photo("PNG")
    chunk = (
        struct.pack(">I", len(box)) + b"caBX" + box + struct.pack(">I", zlib.crc32(b"caBX" + box))
    )
    return whole[:33] + chunk + whole[33:]


NOISE = np.random.default_rng(2).bytes(5000)
MANIFESTS = {
    "garbage.jpg": lambda: _jpeg(_box(NOISE)),
    "a box longer than the file.jpg": lambda: _jpeg(_box(NOISE, 0xFFFFFFF0)),
    "garbage.png": lambda: _png(NOISE),
    "boxes in boxes.png": lambda: _png(
        b"".join(_box(b"", 38 * depth)[:38] for depth in range(5000, 0, -1))
    ),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_hostile_manifest_does_not_stop_the_signing(
    name: str, media: Workspace, tmp_path: Path
) -> None:
    """Would catch a finished spot that is lost to its photo's metadata, and a copy of the pixels
    that passes for the photo as it came."""
    photo = tmp_path / f"photo{Path(name).suffix}"
    photo.write_bytes(MANIFESTS[name]())
    written = signer_of(tmp_path).run(spot_to_sign(media, tmp_path, photo=photo), media)
    assert written["c2pa_state"] == "Trusted"
    (given,) = active_manifest(media.open(written["signed"][0]["uri"]))["ingredients"]
    assert given["format"] == "image/png" and given["description"] == builder.PIXELS_ALONE


def test_a_large_photo_is_not_given_to_the_reader(
    media: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a manifest of hundreds of megabytes that a worker reads into memory."""
    photo = tmp_path / "photo.png"
    photo.write_bytes(_png(bytes(2_000_000)))
    monkeypatch.setattr(builder, "MOST_PHOTO_BYTES", 1_000_000)
    given: list[int] = []
    add = c2pa.Builder.add_ingredient

    def counted(self: Any, told: Any, mime: str, file: Any) -> Any:
        given.append(len(file.read()))
        file.seek(0)
        return add(self, told, mime, file)

    monkeypatch.setattr(c2pa.Builder, "add_ingredient", counted)
    written = signer_of(tmp_path).run(spot_to_sign(media, tmp_path, photo=photo), media)
    assert written["c2pa_state"] == "Trusted" and given and max(given) < 1_000_000


def test_a_photo_sends_the_signer_nowhere(media: Workspace, tmp_path: Path) -> None:
    """Would catch a request to an address that a stranger wrote into a picture."""
    server = Server()
    link = server.url("/manifest.c2pa")
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
        'syntax-ns#"><rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/"'
        f' dcterms:provenance="{link}"/></rdf:RDF></x:xmpmeta>'
    )
    body = b"http://ns.adobe.com/xap/1.0/\0" + packet.encode()
    whole, photo = _photo("JPEG"), tmp_path / "photo.jpg"
    marker = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    photo.write_bytes(whole[:2] + marker + whole[2:])
    try:
        signer_of(tmp_path).run(spot_to_sign(media, tmp_path, photo=photo), media)
        assert not server.seen
        context = c2pa.Context.from_dict({"version": 1, "verify": {"remote_manifest_fetch": True}})
        with photo.open("rb") as file, context, pytest.raises(c2pa.C2paError):
            c2pa.Reader("image/jpeg", file, context=context)
        assert server.seen, "a reader that may ask does ask"
    finally:
        server.server.shutdown()
        server.server.server_close()


# -- the page that names all of it


def test_every_threat_names_code_and_tests_that_exist() -> None:
    """Would catch a rule on paper: a test that was renamed or taken away."""
    rows = re.findall(r"^\| (.+) \| (.+) \| (.+) \| (.+) \|$",
                      (ROOT / "docs" / "threats.md").read_text(), re.MULTILINE)  # fmt: skip
    assert len(rows) > 14
    for threat, _, code, tests in rows[1:]:
        if set(threat) <= set("- "):
            continue
        for place in re.findall(r"`([\w/.*-]+)`", code):
            assert list(ROOT.glob(place.rstrip("/"))), f"{threat}: {place}"
        named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", tests)
        assert named, threat
        for file, function in named:
            source = (ROOT / "tests" / file).read_text()
            assert not function or f"def {function}(" in source, f"{threat}: {file}::{function}"
