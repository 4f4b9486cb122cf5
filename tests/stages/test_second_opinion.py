"""Second opinions: other readers agree with the library on what we sign, and on attacks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.media import MediaStore
from stages.shared.ffmpeg import run_ffmpeg
from stages.sign import DevSigner
from stages.sign.boxes import C2PA, top_level
from stages.sign.trust import read_credentials
from tests.stages.second_opinion import opinion
from tests.stages.test_sign import row, stage

ROOT = Path(__file__).parents[2]
PACKAGE = "@contentauth/c2pa-wasm"
WASM = """
import { readFileSync } from "node:fs";
const [folder, root, ...files] = process.argv.slice(2);
const { initSync, WasmReader } = await import(`${folder}/pkg/c2pa.js`);
initSync({ module: readFileSync(`${folder}/pkg/c2pa_bg.wasm`) });
const trust_config = "1.3.6.1.4.1.62558.2.1\\n1.3.6.1.5.5.7.3.36\\n1.3.6.1.5.5.7.3.4\\n";
const settings = JSON.stringify({
  trust: { trust_anchors: readFileSync(root, "utf8"), trust_config },
  verify: { remote_manifest_fetch: false, verify_trust: true },
});
for (const file of files) {
  let state;
  try {
    const bytes = new Uint8Array(readFileSync(file));
    const reader = await WasmReader.fromBytes("video/mp4", bytes, settings);
    state = JSON.parse(reader.json()).validation_state;
  } catch (error) {
    state = /JumbfNotFound/.test(String(error)) ? "none" : "Invalid";
  }
  console.log(JSON.stringify(state));
}
"""
EXPECTED = {
    "clean": "Trusted",
    "picture changed": "Invalid",
    "manifest changed": "Invalid",
    "signature changed": "Invalid",
    "XMP changed": "Invalid",
    "swapped": "Invalid",
    "cut short": "Invalid",
    "stripped": "none",
    "re-encoded": "none",
}


@dataclass(frozen=True)
class Attacks:
    """Files by what was done to them, and what is needed to judge them."""

    files: dict[str, Path]
    root: Path
    manifest: bytes


def _flipped(path: Path, target: Path, at: int) -> Path:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    target.write_bytes(content)
    return target


@pytest.fixture(scope="module")
def attacks(tmp_path_factory: pytest.TempPathFactory) -> Attacks:
    """A signed film, and it tampered with, swapped, stripped and encoded anew."""
    folder = tmp_path_factory.mktemp("attacks")
    sign = stage(folder)
    with MediaStore(str(folder / "out")).workspace() as media:
        written = sign.run(row(media, folder), media)
        signed = media.open(written["signed"][0]["uri"]).read_bytes()
        manifest = media.open(written["manifest_uris"][0]).read_bytes()
    clean = folder / "clean.mp4"
    clean.write_bytes(signed)
    files = {"clean": clean}
    places = {
        "picture changed": signed.index(b"mdat") + 40,
        "manifest changed": signed.index(b"compositeWithTrained"),
        "signature changed": signed.index(b"c2pa.signature") + 400,
        "XMP changed": signed.index(b"DigitalSourceType=") + 4,
    }
    for name, at in places.items():
        files[name] = _flipped(clean, folder / f"{name}.mp4", at)
    store = next(box for box in top_level(clean) if box.extended == C2PA)
    other = folder / "other.mp4"
    run_ffmpeg(["-i", str(clean), "-vf", "hflip", "-c:v", "libx264", str(other)])
    files["re-encoded"] = other
    first = top_level(other)[0]
    plain = other.read_bytes()
    files["swapped"] = folder / "swapped.mp4"
    moved = plain[: first.end] + signed[store.offset : store.end] + plain[first.end :]
    files["swapped"].write_bytes(moved)
    files["cut short"] = folder / "cut.mp4"
    files["cut short"].write_bytes(signed[:-300])
    files["stripped"] = folder / "stripped.mp4"
    run_ffmpeg(["-i", str(clean), "-c", "copy", str(files["stripped"])])
    assert isinstance(sign.signer, DevSigner)
    return Attacks(files, Path(sign.signer.folder) / "root.pem", manifest)


def test_the_library_says_what_is_expected(attacks: Attacks) -> None:
    """Would catch readers that agree with each other on something wrong."""
    anchors = attacks.root.read_bytes()
    said = {name: read_credentials(path, anchors).state for name, path in attacks.files.items()}
    assert said == EXPECTED


def test_our_own_reader_agrees(attacks: Attacks) -> None:
    """Would catch a file that only the library that signed it can read, and a hash that covers less
    than the specification asks for."""
    anchors = attacks.root.read_bytes()
    opinions = {name: opinion(path, anchors) for name, path in attacks.files.items()}
    assert {name: one.state for name, one in opinions.items()} == EXPECTED
    assert "media" in opinions["XMP changed"].fault and "media" in opinions["swapped"].fault
    clean = opinions["clean"]
    assert clean.claim and clean.assertions
    assert clean.claim["claim_generator_info"]["name"] == "Spotmill"
    binding = clean.assertions["c2pa.soft-binding"]
    assert binding["blocks"][0]["value"] == "a1b2c3d4e5f6"


def test_strangers_are_only_valid_to_both(attacks: Attacks, tmp_path: Path) -> None:
    """Would catch one of the two trusting whoever signed."""
    stranger = DevSigner(str(tmp_path)).anchors_pem()
    assert opinion(attacks.files["clean"], stranger).state == "Valid"
    assert read_credentials(attacks.files["clean"], stranger).state == "Valid"


def test_a_kept_manifest_is_intact_and_not_of_another_file(attacks: Attacks) -> None:
    """Would catch a recovered manifest that vouches for media that it never saw."""
    anchors, stripped = attacks.root.read_bytes(), attacks.files["stripped"]
    assert "media" in opinion(stripped, anchors, store=attacks.manifest).fault
    ours = read_credentials(stripped, anchors, manifest=attacks.manifest)
    assert ours.state == "Invalid" and ours.signature_intact
    broken = bytearray(attacks.manifest)
    broken[broken.index(b"compositeWithTrained")] ^= 1
    assert not read_credentials(stripped, anchors, manifest=bytes(broken)).signature_intact
    assert "assertion" in opinion(stripped, anchors, store=bytes(broken)).fault


def _package() -> Path:
    """The npm package, or a skipped test that says what to do."""
    node = shutil.which("node")
    named = os.environ.get("SPOTMILL_C2PA_WASM")
    folder = Path(named) if named else ROOT / "node_modules" / PACKAGE
    if node is None:
        pytest.skip("node is not here: the WASM reader gives no second opinion")
    if not (folder / "pkg" / "c2pa.js").exists():
        pytest.skip(
            f"{folder} is not there: run `npm install --no-save {PACKAGE}` in the checkout, or name"
            " the package's folder in SPOTMILL_C2PA_WASM"
        )
    return folder


def test_the_wasm_reader_agrees(attacks: Attacks, tmp_path: Path) -> None:
    """Would catch files that browsers judge otherwise than we do."""
    folder = _package()
    script = tmp_path / "read.mjs"
    script.write_text(WASM)
    files = [str(path) for path in attacks.files.values()]
    done = subprocess.run(
        ["node", str(script), str(folder.resolve()), str(attacks.root), *files],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert dict(zip(attacks.files, said, strict=True)) == EXPECTED
