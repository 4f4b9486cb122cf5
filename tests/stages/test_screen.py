"""The screen stage: pictures from outside, and the spot as a whole."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from pipeline.media import MediaStore, Workspace, asset
from stages.base import Reject
from stages.screen import Screen
from stages.screen.photo import BadImage, Picture, open_picture

SCRIPT = "Slow mornings deserve a better mug. Bring yours home today for twenty-four dollars."


def scene(width: int = 640, height: int = 480) -> Image.Image:
    """A picture with a red top left, a green top right and a blue bottom half."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (200, 40, 40)
    pixels[: height // 2, width // 2 :] = (40, 160, 60)
    pixels[height // 2 :] = (40, 60, 200)
    return Image.fromarray(pixels)


def opened(path: Path, **limits: int) -> Picture:
    """The picture, under the stage's own limits."""
    return open_picture(path, **{"max_bytes": 20_000_000, "min_side_px": 300} | limits)


def colours(image: Image.Image) -> list[tuple[int, ...]]:
    """Colours in the middle of the scene's three areas."""
    width, height = image.size
    at = [(width // 4, height // 4), (3 * width // 4, height // 4), (width // 2, 3 * height // 4)]
    return [tuple(int(v) for v in image.convert("RGB").getpixel(place)) for place in at]


def assert_scene(image: Image.Image, tolerance: int = 14) -> None:
    """The scene's colours at their places."""
    want = [(200, 40, 40), (40, 160, 60), (40, 60, 200)]
    assert np.abs(np.array(colours(image)) - np.array(want)).max() <= tolerance, colours(image)


def exif(path: Path) -> None:
    """The scene, stored on its side as a phone does."""
    tags = Image.Exif()
    tags[0x0112] = 6
    scene().transpose(Image.Transpose.ROTATE_90).save(path, "JPEG", exif=tags, quality=95)


def palette(path: Path) -> None:
    """Eight bits of palette, one of its colours clear."""
    scene().quantize(16).save(path, "PNG", transparency=99)


def swapped_profile(path: Path) -> None:
    """Red and green exchanged, with a profile that says so."""
    red, green, blue = scene().split()
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    at = {bytes(profile[n : n + 4]): n for n in range(132, 132 + 12 * profile[131], 12)}
    place = {tag: bytes(profile[at[tag] + 4 : at[tag] + 12]) for tag in (b"rXYZ", b"gXYZ")}
    profile[at[b"rXYZ"] + 4 : at[b"rXYZ"] + 12] = place[b"gXYZ"]
    profile[at[b"gXYZ"] + 4 : at[b"gXYZ"] + 12] = place[b"rXYZ"]
    swapped = (
        bytes(profile)
        .replace(b"s\0R\0G\0B", b"o\0t\0h\0r")
        .replace(b"\0s\0R\0G\0B", b"\0o\0t\0h\0r")
    )
    Image.merge("RGB", (green, red, blue)).save(path, "PNG", icc_profile=swapped)


def deep(path: Path) -> None:
    """Sixteen bits a colour."""
    values = np.asarray(scene()).astype(np.uint16) * 257
    cv2.imwrite(str(path), cv2.cvtColor(values, cv2.COLOR_RGB2BGR))


def animated(path: Path, kind: str) -> None:
    """The scene, then black; the scene is the first picture."""
    frames = [scene(), Image.new("RGB", (640, 480))]
    options = {"lossless": True} if kind == "WEBP" else {}
    frames[0].save(path, kind, save_all=True, append_images=frames[1:], duration=200, **options)


GOOD: dict[str, Callable[[Path], None]] = {
    "plain.jpg": lambda path: scene().save(path, "JPEG", quality=95),
    "cmyk.jpg": lambda path: scene().convert("CMYK").save(path, "JPEG", quality=95),
    "exif.jpg": exif,
    "lossless.webp": lambda path: scene().save(path, "WEBP", lossless=True),
    "palette.png": palette,
    "profile.png": swapped_profile,
    "alpha.png": lambda path: scene().convert("RGBA").save(path, "PNG"),
    "lying.png": lambda path: scene().save(path, "JPEG", quality=95),
    "deep.png": deep,
    "modern.avif": lambda path: scene().save(path, "AVIF", quality=95),
    "old.gif": lambda path: scene().quantize(16).save(path, "GIF"),
    "moving.gif": lambda path: animated(path, "GIF"),
    "moving.webp": lambda path: animated(path, "WEBP"),
    "moving.png": lambda path: animated(path, "PNG"),
}


@pytest.mark.parametrize("name", GOOD)
def test_every_kind_of_picture_becomes_plain(tmp_path: Path, name: str) -> None:
    """Would catch a photo shown lying down, in negative, or in the wrong colours."""
    GOOD[name](tmp_path / name)
    picture = opened(tmp_path / name)
    assert (picture.width_px, picture.height_px) == (640, 480)
    assert picture.image.mode == "RGB" and not picture.image.info
    assert_scene(picture.image)


def test_grey_of_16_bits(tmp_path: Path) -> None:
    """Would catch a scan that is clipped to white."""
    ramp = np.tile(np.linspace(0, 65535, 400).astype(np.uint16), (400, 1))
    Image.fromarray(ramp).save(tmp_path / "scan.png")
    image = opened(tmp_path / "scan.png").image
    assert abs(colours(image)[0][0] - 64) <= 2 and abs(colours(image)[1][0] - 191) <= 2


def test_a_broken_profile_is_left_out(tmp_path: Path) -> None:
    """Would catch a photo lost for its colour profile."""
    scene().save(tmp_path / "a.png", icc_profile=b"nonsense" * 40)
    picture = opened(tmp_path / "a.png")
    assert_scene(picture.image, 0)
    assert "profile" in picture.notes[0]


def bomb(path: Path) -> None:
    """A small file that would unpack to 900 million pixels."""
    packer = zlib.compressobj(9)
    row = bytes(1 + 30_000 // 8)
    data = b"".join(packer.compress(row) for _ in range(3000)) + packer.flush()
    chunks = b""
    for kind, body in (
        (b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)),
        (b"IDAT", data),
        (b"IEND", b""),
    ):
        crc = struct.pack(">I", zlib.crc32(kind + body))
        chunks += struct.pack(">I", len(body)) + kind + body + crc
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)


def cut_off(path: Path, kind: str = "JPEG") -> None:
    """A picture whose second half is missing."""
    scene().save(path, kind)
    whole = path.read_bytes()
    path.write_bytes(whole[: min(4000, len(whole) // 2)])


def of_bytes(content: bytes) -> Callable[[Path], None]:
    """A file of these bytes."""
    return lambda path: path.write_bytes(content) and None


BAD: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "bomb.png": (bomb, "image_too_large", "40,000,000 pixels"),
    "wide.png": (
        lambda path: Image.new("1", (9000, 5000)).save(path), "image_too_large", "9000 x 5000",
    ),
    "cut.jpg": (cut_off, "image_broken", "truncated"),
    "text.jpg": (of_bytes(b"<html>404</html>" * 99), "image_broken", "a web page"),
    "empty.jpg": (of_bytes(b""), "image_broken", "none of these"),
    "tiff.jpg": (lambda path: scene().save(path, "TIFF"), "image_broken", "a TIFF"),
    "svg.png": (of_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "image_broken", "an SVG"),
    "xml.svg": (of_bytes(b"<?xml version='1.0'?>\n<svg width='9'/>"), "image_broken", "an SVG"),
    "phone.heic": (of_bytes(b"\0\0\0\x24ftypheic" + bytes(99)), "image_broken", "a HEIC"),
    "hundred.jpg": (
        lambda path: Image.new("L", (10_000, 10_000), 128).save(path), "image_too_large",
        "10000 x 10000",
    ),
    "thumb.jpg": (lambda path: scene(100, 100).save(path), "image_too_small", "100 x 100"),
    "cut.avif": (lambda path: cut_off(path, "AVIF"), "image_broken", "export it again"),
    "cut.webp": (lambda path: cut_off(path, "WEBP"), "image_broken", "export it again"),
    "playlist.jpg": (of_bytes(b"ffconcat version 1.0\nfile x.mp4\n"), "image_broken", "JPEG"),
    "small.jpg": (lambda path: scene(400, 299).save(path), "image_too_small", "400 x 299"),
    "blank.png": (
        lambda path: Image.new("RGB", (640, 480), "#eee").save(path), "image_blank", "plain",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_hostile_and_useless_pictures(tmp_path: Path, name: str) -> None:
    """Would catch a worker that dies of a picture, or a spot made of a grey tile."""
    make, code, words = BAD[name]
    make(tmp_path / name)
    with pytest.raises(BadImage) as bad:
        opened(tmp_path / name)
    assert bad.value.code == code and words in bad.value.reason


def test_damaged_bytes_never_crash(tmp_path: Path) -> None:
    """Would catch a decoder error that is reported as a bug of ours instead of a bad picture."""
    random = np.random.default_rng(3)
    for kind in ("JPEG", "PNG", "WEBP"):
        buffer = BytesIO()
        scene(320, 320).save(buffer, kind)
        for _ in range(60):
            content = bytearray(buffer.getvalue())
            for place in random.integers(0, len(content), 6):
                content[place] = int(random.integers(0, 256))
            (tmp_path / "a").write_bytes(content[: int(random.integers(8, len(content) + 1))])
            try:
                assert opened(tmp_path / "a").image.mode in ("RGB", "RGBA")
            except BadImage as bad:
                assert bad.reason.endswith((".", ")."))


# The stage


def spot(*images: Path, **changes: Any) -> dict[str, Any]:
    """A spot that passes, with some columns changed."""
    assets = [asset(str(image)) for image in images]
    return {
        "title": "Stoneware Mug",
        "brand": "Tarnwick",
        "script": SCRIPT,
        "tagline": "No two alike",
        "cta": "Shop the mug",
        "price": Decimal("24.000"),
        "regular_price": Decimal("28.000"),
        "currency": "USD",
        "language": "en-US",
        "images": [{"uri": found.uri, "sha256": found.sha256} for found in assets],
    } | changes


@pytest.fixture(scope="module")
def screen() -> Screen:
    """A loaded stage."""
    stage = Screen()
    stage.load()
    return stage


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A good product photo."""
    scene(2600, 1300).save(tmp_path / "mug.JPG", "JPEG", quality=90)
    return tmp_path / "mug.JPG"


@pytest.fixture
def cutout(tmp_path: Path) -> Path:
    """A product cut out of its background."""
    alpha = Image.new("L", (640, 480), 0)
    alpha.paste(255, (160, 100, 480, 400))
    image = scene()
    image.putalpha(alpha)
    image.save(tmp_path / "cutout.png")
    return tmp_path / "cutout.png"


def test_writes_photo_cutout_and_ingredient(
    screen: Screen, media: Workspace, photo: Path, cutout: Path
) -> None:
    """Would catch an ingredient that is not the merchant's own bytes, or a photo of odd form."""
    wrote = screen.run(spot(photo, cutout), media)
    assert set(wrote) == {*screen.writes.names, "metrics", "verdicts"}
    with Image.open(media.open(wrote["photo_uri"])) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (2048, 1024))
        assert_scene(image)
    with Image.open(media.open(wrote["cutout_uri"])) as image:
        assert (image.mode, image.size) == ("RGBA", (640, 480))
        assert image.getpixel((5, 5))[3] == 0 and image.getpixel((300, 300))[3] == 255
    assert media.open(wrote["ingredient_uri"]).read_bytes() == photo.read_bytes()
    assert wrote["ingredient_uri"].endswith(".jpg")
    assert wrote["further_pictures"] == [] and wrote["film_uri"] is None
    assert wrote["metrics"] == {
        "photo_width_px": 2600.0, "photo_height_px": 1300.0, "script_words": 13.0,
    }  # fmt: skip
    gates = {verdict.gate: verdict.verdict for verdict in wrote["verdicts"]}
    assert gates == dict.fromkeys(
        (
            "screen.names", "screen.policy", "screen.price", "screen.image", "screen.nsfw",
            "screen.faces",
        ),
        "pass",
    )  # fmt: skip


def test_same_in_same_out(screen: Screen, store: MediaStore, photo: Path, cutout: Path) -> None:
    """Would catch output that differs from run to run, which makes all later stages run again."""
    made = []
    for stage in (screen, Screen()):  # the second was never loaded
        with store.workspace() as media:
            made.append(stage.run(spot(photo, cutout), media))
    assert made[0] == made[1]


def test_a_photo_that_is_a_cutout(screen: Screen, media: Workspace, cutout: Path) -> None:
    """Would catch clear pixels shown black, where shops deliver only a cut-out."""
    wrote = screen.run(spot(cutout), media)
    with Image.open(media.open(wrote["photo_uri"])) as image:
        assert image.mode == "RGB" and image.getpixel((5, 5)) == (255, 255, 255)
    assert wrote["cutout_uri"] is not None


def test_soft_corners_are_no_cutout(screen: Screen, media: Workspace, tmp_path: Path) -> None:
    """Would catch a photo with rounded corners floated as if it were a product."""
    alpha = Image.new("L", (640, 480), 255)
    alpha.paste(0, (0, 0, 30, 30))
    image = scene()
    image.putalpha(alpha)
    image.save(tmp_path / "corners.png")
    assert screen.run(spot(tmp_path / "corners.png"), media)["cutout_uri"] is None


def test_broken_further_images_are_skipped(
    screen: Screen, media: Workspace, photo: Path, cutout: Path, tmp_path: Path
) -> None:
    """Would catch a spot refused for a picture that it does not need."""
    cut_off(tmp_path / "cut.jpg")
    wrote = screen.run(spot(photo, tmp_path / "cut.jpg", cutout), media)
    assert wrote["cutout_uri"] is not None
    skipped = [verdict for verdict in wrote["verdicts"] if "skipped" in verdict.evidence]
    assert len(skipped) == 1 and skipped[0].verdict == "pass" and "cut.jpg" in skipped[0].evidence


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"script": " "}, "script_empty"),
        ({"script": None}, "script_empty"),
        ({"script": "Утро начинается с кружки Tarnwick."}, "script_language"),
        ({"script": "24 / 7!"}, "script_language"),
        ({"script": "As E1on Mu5k says."}, "public_figure"),
        ({"title": "Elon Musk mug"}, "public_figure"),
        ({"tagline": "It cures eczema"}, "policy_medical_claim"),
        ({"cta": "Now $19"}, "price_mismatch"),
        ({"price": None}, "price_mismatch"),
        ({"images": []}, "image_missing"),
        ({"cta": "Get the red wine", "tagline": "Now $19"}, "price_mismatch"),
    ],
)  # fmt: skip
def test_refusals(
    screen: Screen, media: Workspace, photo: Path, changes: dict[str, Any], code: str
) -> None:
    """Would catch a gate that is passed by, or a review that hides a block."""
    with pytest.raises(Reject) as refused:
        screen.run(spot(photo, **changes), media)
    assert (refused.value.status, refused.value.reason_code) == ("rejected", code)
    if not code.startswith(("script", "image")):
        assert "block" in {verdict.verdict for verdict in refused.value.verdicts}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"tagline": "tailor, swift delivery"}, "public_figure"),
        ({"cta": "Get red wine"}, "alcohol"),
    ],
)
def test_what_a_person_must_decide_is_made_to_its_end(
    screen: Screen, media: Workspace, photo: Path, changes: dict[str, Any], rule: str
) -> None:
    """Would catch a reviewer who has nothing to look at."""
    wrote = screen.run(spot(photo, **changes), media)
    assert wrote["photo_uri"]
    assert [v.rule for v in wrote["verdicts"] if v.verdict == "review"] == [rule]


def test_a_good_script_in_another_latin_language(
    screen: Screen, media: Workspace, photo: Path
) -> None:
    """Would catch accents or full-width letters counted as another script."""
    wrote = screen.run(spot(photo, script="Müde? Öffnen Sie Ｍｕｇ früh, für 24 $."), media)
    assert wrote["photo_uri"]


def test_a_broken_photo_is_refused_with_evidence(
    screen: Screen, media: Workspace, tmp_path: Path, cutout: Path
) -> None:
    """Would catch a cut-out of another picture promoted to product photo."""
    cut_off(tmp_path / "cut.jpg")
    with pytest.raises(Reject) as refused:
        screen.run(spot(tmp_path / "cut.jpg", cutout), media)
    assert refused.value.reason_code == "image_broken" and "cut.jpg" in refused.value.reason
    assert refused.value.verdicts[-1].verdict == "block"


def test_file_size_limit(media: Workspace, photo: Path) -> None:
    """Would catch a limit that is read and not kept."""
    with pytest.raises(Reject) as refused:
        Screen(max_image_bytes=10_000).run(spot(photo), media)
    assert refused.value.reason_code == "image_too_large"
    assert f"{photo.stat().st_size:,} bytes" in refused.value.reason


def test_prompts_and_ratings_are_screened(media: Workspace, photo: Path) -> None:
    """Would catch a prompt that puts a name together with the title, and stars that are not the
    row's."""
    asked = Screen(prompts=("Elon {title} in a studio",))
    with pytest.raises(Reject) as refused:
        asked.run(spot(photo, title="Musk"), media)
    assert refused.value.reason_code == "public_figure" and "prompt 1" in refused.value.reason
    plain = Screen()
    plain.load()
    assert plain.run(spot(photo, cta="4.8 stars", rating=4.8, rating_count=12), media)
    asked = plain.run(spot(photo, cta="4.8 stars", rating=None), media)
    assert "review" in {verdict.verdict for verdict in asked["verdicts"]}
    with pytest.raises(Reject):
        plain.run(spot(photo, cta="4.8 stars", rating=3.9), media)


def test_an_age_gate_is_among_the_verdicts(media: Workspace, photo: Path) -> None:
    """Would catch a spot for adults that the ledger cannot tell from one for everybody."""
    wine = Screen(profiles=("meta",)).run(spot(photo, cta="Get the red wine"), media)
    assert [v.rule for v in wine["verdicts"] if v.verdict == "age_gate"] == ["alcohol"]


def test_own_names_and_rules(media: Workspace, photo: Path, tmp_path: Path) -> None:
    """Would catch a campaign's own lists that take no part."""
    names, rules = tmp_path / "names.json", tmp_path / "rules.yaml"
    names.write_text('{"people": [{"name": "Zarbo Quillfeather"}]}')
    rules.write_text("rules: [{class: crockery, severity: review, words: [mug]}]")
    own = Screen(names=asset(str(names)), rules=asset(str(rules)))
    own.load()
    for cta in ("Like Zarbo Quillfeather", "Like Elon Musk"):
        with pytest.raises(Reject) as refused:
            own.run(spot(photo, cta=cta), media)
        assert refused.value.reason_code == "public_figure"
    wrote = own.run(spot(photo), media)
    assert {v.rule for v in wrote["verdicts"] if v.verdict == "review"} == {"crockery"}
