"""Signing: credentials that read back as trusted, and that any change breaks."""

from __future__ import annotations

import io
import json
import logging
import multiprocessing
import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import c2pa
import cv2
import numpy as np
import pytest
from cryptography import x509
from PIL import Image

from pipeline.keys import digest, stage_key
from pipeline.media import Workspace
from stages.base import Reject
from stages.shared.ffmpeg import run_ffmpeg
from stages.shared.frames import encode_frames
from stages.sign import Agent, DevSigner, FileSigner, Sign, SignerError, dev_chain
from stages.sign.boxes import XMP, payload, top_level
from stages.sign.manifest import COMPOSITE
from stages.sign.trust import read_credentials

AGENTS = (
    Agent(stage="speech", name="hibari", version="0.2.1", seeded=True),
    Agent(stage="image_to_video", name="diffusers", version="3", preset="wan", revision="ab" * 20),
    Agent(stage="composite", name="composite", version="2"),
)


def row(media: Workspace, folder: Path, *, photo: Path | None = None) -> dict[str, Any]:
    """What the stage reads, over a tiny master, product photo and poster."""
    master = folder / "master.mp4"
    frames = (np.full((96, 64, 3), 8 * index, np.uint8) for index in range(12))
    silent = folder / "silent.mp4"
    encode_frames(frames, silent, width_px=64, height_px=96, fps=12)
    run_ffmpeg(["-i", str(silent), "-c", "copy", "-movflags", "+faststart", str(master)])
    picture = photo or folder / "product.jpg"
    if photo is None:
        cv2.imwrite(str(picture), np.full((80, 60, 3), (30, 120, 200), np.uint8))
    poster = folder / "poster.jpg"
    cv2.imwrite(str(poster), np.full((192, 108, 3), 90, np.uint8))
    return {
        "masters": [{"format": "9x16", "uri": media.save(master)}],
        "ingredient_uri": media.save(picture),
        "poster_uri": media.save(poster),
        "watermark_id": "a1b2c3d4e5f6",
        "spot_id": "mug-main",
        "product_id": "MUG-1",
        "seed": 7,
    }


def stage(folder: Path, **fields: Any) -> Sign:
    """A loaded stage with the development signer, if no other is given."""
    fields.setdefault("signer", DevSigner(str(folder / "signer")))
    made = Sign(organisation="Hearth & Field", campaign="Gifts", agents=AGENTS, **fields)
    made.load()
    return made


def active_manifest(path: Path) -> dict[str, Any]:
    """What a reader without our code sees."""
    with path.open("rb") as file, c2pa.Reader("video/mp4", file) as reader:
        store = json.loads(reader.json())
    return store["manifests"][store["active_manifest"]]


def assertions(path: Path) -> dict[str, Any]:
    """Its assertions by label."""
    return {a["label"]: a["data"] for a in active_manifest(path)["assertions"]}


@pytest.fixture
def signed(media: Workspace, tmp_path: Path) -> tuple[Path, Sign]:
    """A signed master and the stage that signed it."""
    sign = stage(tmp_path)
    written = sign.run(row(media, tmp_path), media)
    copy = tmp_path / "signed.mp4"
    copy.write_bytes(media.open(written["signed"][0]["uri"]).read_bytes())
    return copy, sign


class TestSigning:
    """The stage's work on a spot."""

    def test_it_writes_what_it_declares(self, media: Workspace, tmp_path: Path) -> None:
        """Would catch columns without values, and a key that reaches the row."""
        sign = stage(tmp_path)
        written = dict(sign.run(row(media, tmp_path), media))
        assert [v.verdict for v in written.pop("verdicts")] == ["pass"]
        assert written.pop("metrics")["time_stamped"] == 0.0
        assert set(written) == set(Sign.writes.names)
        assert written["c2pa_state"] == "Trusted"
        assert written["signer"] == f"dev:{sign.signer.fingerprint[:16]}"
        manifest = media.open(written["manifest_uris"][0])
        assert manifest.stem == written["manifest_sha256"]
        traces, signed = written["credentials"][0], written["signed"][0]["uri"]
        assert signed == f"media:{traces['sha256']}.mp4"
        assert traces["certificate_serial"] == sign.signer.serial
        assert len(traces["picture_hashes"]) == 1 and traces["time_stamp_authority"] is None
        assert {hint["platform"] for hint in written["upload_hints"]} >= {"tiktok", "youtube"}
        secret = (tmp_path / "signer" / "leaf.key").read_text().splitlines()[1]
        assert secret not in json.dumps(written) and secret not in repr(sign)

    def test_the_manifest_says_what_the_spot_is(self, signed: tuple[Path, Sign]) -> None:
        """Would catch a manifest without its ingredient, mark, source type or policy."""
        path, sign = signed
        read = read_credentials(path, sign.signer.anchors_pem())
        assert (read.state, read.watermark_id, read.spot_id) == (
            "Trusted", "a1b2c3d4e5f6", "mug-main",
        )  # fmt: skip
        assert read.ingredients == ("Product photo of MUG-1",)
        found = assertions(path)
        actions = found["c2pa.actions.v2"]["actions"]
        assert actions[0]["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
        assert [a["action"].removeprefix("c2pa.") for a in actions] == [
            "created", "placed", "edited", "edited", "edited", "watermarked.bound",
        ]  # fmt: skip
        agents = found["c2pa.actions.v2"]["softwareAgents"]
        by = [agents[a["softwareAgentIndex"]]["name"] for a in actions if "softwareAgentIndex" in a]
        assert by == ["Spotmill", "hibari", "diffusers", "ffmpeg", "Spotmill"]
        assert agents[2]["org.spotmill.seed"] == "7" and "org.spotmill.seed" not in agents[3]
        assert agents[3]["org.spotmill.preset"] == "wan"
        assert agents[3]["org.spotmill.revision"] == "ab" * 20
        assert {use["use"] for use in found["cawg.training-mining"]["entries"].values()} == {
            "notAllowed"
        }
        binding = found["c2pa.soft-binding"]
        assert binding["blocks"][0]["value"] == "a1b2c3d4e5f6"
        job = found["org.spotmill.spot"]
        assert (job["spot_id"], job["campaign"], job["consents"]) == ("mug-main", "Gifts", [])
        manifest = active_manifest(path)
        assert manifest["ingredients"][0]["relationship"] == "componentOf"
        assert "thumbnail" in manifest

    def test_a_photo_that_only_led_a_model_is_not_said_to_be_shown(
        self, media: Workspace, tmp_path: Path
    ) -> None:
        """Would catch a wholly synthetic spot that is passed off as a picture of the product, and
        people whose voice is used without a word of their consent."""
        sign = stage(tmp_path, photo_shown=False, consents=(("voice", "archive 17/3"),))
        written = sign.run(row(media, tmp_path), media)
        path = media.open(written["signed"][0]["uri"])
        found = assertions(path)
        actions = found["c2pa.actions.v2"]["actions"]
        assert actions[0]["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
        assert "c2pa.placed" not in {action["action"] for action in actions}
        assert active_manifest(path)["ingredients"][0]["relationship"] == "inputTo"
        record = {"of": "voice", "record": "archive 17/3"}
        assert found["org.spotmill.spot"]["consents"] == [record]

    def test_xmp_says_the_same_and_is_covered(self, media: Workspace, tmp_path: Path) -> None:
        """Would catch a platform that reads IPTC alone and finds nothing, a packet that is not the
        same twice, one that can be changed under the signature, and a spot without its AIGC field.
        """
        sign, spot = stage(tmp_path, aigc_field=True), row(media, tmp_path)
        packets = []
        for _ in range(2):
            written = sign.run(spot, media)
            path = media.open(written["signed"][0]["uri"])
            box = next(box for box in top_level(path) if box.extended == XMP)
            packets.append(payload(path, box))
        assert packets[0] == packets[1]
        tree = ElementTree.fromstring(packets[0])
        described = next(tree.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"))
        iptc = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
        assert described.get(f"{iptc}DigitalSourceType") == COMPOSITE
        aigc = json.loads(described.findtext("{http://www.tc260.org.cn/ns/AIGC/1.0/}AIGC") or "{}")
        assert (aigc["Label"], aigc["ProduceID"]) == ("1", "a1b2c3d4e5f6")
        content = path.read_bytes().replace(b"compositeWith", b"trainedButWas")
        forged = tmp_path / "forged.mp4"
        forged.write_bytes(content)
        assert read_credentials(forged, sign.signer.anchors_pem()).state == "Invalid"

    def test_credentials_of_the_product_photo_are_kept(
        self, media: Workspace, tmp_path: Path
    ) -> None:
        """Would catch a pipeline that strips the provenance of what it is given."""
        sign = stage(tmp_path)
        plain, credentialed = tmp_path / "plain.jpg", tmp_path / "credentialed.jpg"
        cv2.imwrite(str(plain), np.full((80, 60, 3), 60, np.uint8))
        taken = [{"action": "c2pa.created", "digitalSourceType":
                  "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}]  # fmt: skip
        made = {
            "claim_generator_info": [{"name": "A Camera"}],
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": taken}}],
        }
        with c2pa.Builder(made) as builder:
            builder.sign_file(plain, credentialed, sign._pen._native[None])
        written = sign.run(row(media, tmp_path, photo=credentialed), media)
        with c2pa.Reader("video/mp4", media.open(written["signed"][0]["uri"]).open("rb")) as reader:
            store = json.loads(reader.json())
        names = [
            manifest["claim_generator_info"][0]["name"] for manifest in store["manifests"].values()
        ]
        assert sorted(names) == ["A Camera", "Spotmill"]

    @pytest.mark.parametrize("suffix", ["avif", "gif", "webp", "png"])
    def test_every_kind_of_photo_is_an_ingredient(
        self, media: Workspace, tmp_path: Path, suffix: str
    ) -> None:
        """Would catch a photo that the screen takes and the signer turns away, at the very end."""
        photo = tmp_path / f"photo.{suffix}"
        Image.new("RGB", (60, 80), (200, 120, 30)).save(photo)
        written = stage(tmp_path).run(row(media, tmp_path, photo=photo), media)
        assert written["c2pa_state"] == "Trusted"

    def test_a_picture_that_is_none_is_refused(self, media: Workspace, tmp_path: Path) -> None:
        """Would catch a crash, where the reason should be the spot's."""
        sign, spot = stage(tmp_path), row(media, tmp_path)
        broken = tmp_path / "broken.bmp"
        broken.write_bytes(b"no picture")
        with pytest.raises(Reject, match="ingredient_format"):
            sign.run({**spot, "ingredient_uri": media.save(broken)}, media)

    def test_untrusted_signatures_do_not_ship(self, media: Workspace, tmp_path: Path) -> None:
        """Would catch a gate that takes "Valid" (intact, signed by anyone) for enough."""
        ours, theirs = tmp_path / "signer", tmp_path / "theirs"
        chain, other = dev_chain.dev_chain(ours), dev_chain.dev_chain(theirs)
        (tmp_path / "chain.pem").write_bytes(chain.certificates_pem)
        (tmp_path / "root.pem").write_bytes(other.root_pem)
        signer = FileSigner(
            certificate=str(tmp_path / "chain.pem"), private_key=str(chain.key_path),
            anchors=str(tmp_path / "root.pem"),
        )  # fmt: skip
        with pytest.raises(Reject, match=r"c2pa_not_trusted.*signingCredential\.untrusted"):
            stage(tmp_path, signer=signer).run(row(media, tmp_path), media)


class TestTampering:
    """What a reader says of a file that was changed."""

    @pytest.mark.parametrize("place", [0.5, 0.999])
    def test_a_changed_byte_is_found(self, signed: tuple[Path, Sign], place: float) -> None:
        """Would catch credentials that do not cover the media."""
        path, sign = signed
        content = bytearray(path.read_bytes())
        content[int(len(content) * place)] ^= 1
        path.write_bytes(content)
        read = read_credentials(path, sign.signer.anchors_pem())
        assert read.state == "Invalid" and read.failures

    def test_a_file_that_was_cut_short_is_invalid(self, signed: tuple[Path, Sign]) -> None:
        """Would catch a crash on a broken file."""
        path, sign = signed
        path.write_bytes(path.read_bytes()[:-200])
        assert read_credentials(path, sign.signer.anchors_pem()).state == "Invalid"

    def test_packing_again_strips_the_credentials(self, signed: tuple[Path, Sign]) -> None:
        """Would catch a reader that does not tell "none" from "invalid"."""
        path, sign = signed
        copy = path.with_name("copy.mp4")
        run_ffmpeg(["-i", str(path), "-c", "copy", str(copy)])
        assert read_credentials(copy, sign.signer.anchors_pem()).state == "none"

    def test_strangers_are_not_trusted(self, signed: tuple[Path, Sign], tmp_path: Path) -> None:
        """Would catch trust in whoever signed."""
        path, _ = signed
        other = dev_chain.dev_chain(tmp_path / "other").root_pem
        assert read_credentials(path, other).state == "Valid"
        assert read_credentials(path, b"").state == "Valid"


def _make(folder: str, queue: Any) -> None:
    chain = dev_chain.dev_chain(Path(folder))
    queue.put((chain.certificates_pem, chain.root_pem, chain.key_path.read_bytes()))


class TestSigners:
    """Certificates and keys."""

    def test_several_processes_make_one_chain(self, tmp_path: Path) -> None:
        """Would catch workers that each trust only their own root."""
        context = multiprocessing.get_context("fork")
        queue = context.Queue()
        made = [
            context.Process(target=_make, args=(str(tmp_path / "signer"), queue)) for _ in range(6)
        ]
        for process in made:
            process.start()
        chains = {queue.get(timeout=30) for _ in made}
        for process in made:
            process.join()
        assert len(chains) == 1

    def test_files_are_the_owners_alone(self, tmp_path: Path) -> None:
        """Would catch a private key that others on the machine can read."""
        DevSigner(str(tmp_path / "signer")).certificates_pem()
        kept = [p for p in (tmp_path / "signer").iterdir() if p.is_file()]
        assert {p.stat().st_mode & 0o077 for p in (*kept, tmp_path / "signer")} == {0}

    def test_an_old_leaf_is_renewed_under_the_same_root(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Would catch signatures by a certificate that is about to expire."""
        monkeypatch.setattr(dev_chain, "LEAF_LIFE", timedelta(days=5))
        old = dev_chain.dev_chain(tmp_path)
        monkeypatch.undo()
        new = dev_chain.dev_chain(tmp_path)
        assert new.certificates_pem != old.certificates_pem and new.root_pem == old.root_pem
        leaf = x509.load_pem_x509_certificates(new.certificates_pem)[0]
        assert leaf.not_valid_after_utc - leaf.not_valid_before_utc > timedelta(days=80)
        assert dev_chain.dev_chain(tmp_path) == new

    def test_a_half_made_chain_is_made_again(self, tmp_path: Path) -> None:
        """Would catch a crash at first use that breaks signing for ever."""
        dev_chain.dev_chain(tmp_path)
        (tmp_path / "authorities").unlink()
        chain = dev_chain.dev_chain(tmp_path)
        leaf, authority = x509.load_pem_x509_certificates(chain.certificates_pem)
        leaf.verify_directly_issued_by(authority)
        authority.verify_directly_issued_by(x509.load_pem_x509_certificate(chain.root_pem))

    def test_who_signs_is_part_of_the_key(self, tmp_path: Path) -> None:
        """Would catch files of an old certificate served from the store."""
        one, two = (Sign(signer=DevSigner(str(tmp_path / name))) for name in "ab")
        assert digest(one) != digest(two)
        assert digest(one) == digest(Sign(signer=DevSigner(str(tmp_path / "a"))))
        assert stage_key(one, {"spot_id": "x"}) == stage_key(one, {"spot_id": "x"})

    def test_a_signer_travels_without_its_key(self, tmp_path: Path) -> None:
        """Would catch a private key in what is sent to workers or written to a log."""
        signer = DevSigner(str(tmp_path))
        signer.sign(b"warm")
        sent, secret = pickle.dumps(signer), (tmp_path / "leaf.key").read_bytes()
        log = io.StringIO()
        logging.getLogger("test").addHandler(logging.StreamHandler(log))
        logging.getLogger("test").warning("%r", signer)
        body = secret.splitlines()[1]
        assert body not in sent and body.decode() not in log.getvalue() + repr(signer)
        assert pickle.loads(sent).fingerprint == signer.fingerprint  # noqa: S301

    def test_mistakes_in_files_are_named(self, tmp_path: Path) -> None:
        """Would catch a missing or wrong key that shows only as a failed signature."""
        chain = dev_chain.dev_chain(tmp_path / "a")
        other = dev_chain.dev_chain(tmp_path / "b")
        certificate = tmp_path / "chain.pem"
        certificate.write_bytes(chain.certificates_pem)
        files = {"certificate": str(certificate), "anchors": str(tmp_path / "a" / "root.pem")}
        with pytest.raises(SignerError, match=r"nowhere\.key cannot be read"):
            FileSigner(private_key=str(tmp_path / "nowhere.key"), **files).sign(b"x")
        with pytest.raises(SignerError, match="is not the key of the certificate"):
            FileSigner(private_key=str(other.key_path), **files).sign(b"x")
        with pytest.raises(SignerError, match="holds no certificate"):
            FileSigner(
                private_key=str(chain.key_path), anchors=files["anchors"],
                certificate=str(chain.key_path),
            ).certificates_pem()  # fmt: skip
