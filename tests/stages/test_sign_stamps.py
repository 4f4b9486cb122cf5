"""Time stamps: authorities asked in turn, and what follows when none answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.keys import digest
from pipeline.media import Workspace
from stages.base import Reject, Retry
from stages.sign import DevSigner, Sign, TimeStamps, dev_chain
from stages.sign.trust import read_credentials
from tests.stages.test_sign import row, stage
from tests.stages.time_authority import Authority, time_authority

DEAD = "http://127.0.0.1:9/tsa"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """One that answers."""
    with time_authority(tmp_path_factory.mktemp("tower") / "tsa") as found:
        yield found


def stamps(authority: Authority, *before: str, policy: str = "require") -> TimeStamps:
    """The authority behind others."""
    return TimeStamps((*before, authority.url), policy, authority.root.read_text())  # type: ignore[arg-type]


class TestStamps:
    """With an authority on loopback."""

    def test_the_next_is_asked_where_one_is_silent(
        self, authority: Authority, media: Workspace, tmp_path: Path
    ) -> None:
        """Would catch a run that stands because one of two authorities is down, one that waits for
        the dead one with every spot, and a stamp that nobody checked."""
        sign = stage(tmp_path, time_stamps=stamps(authority, DEAD))
        written = sign.run(row(media, tmp_path), media)
        assert [(v.rule, v.verdict) for v in written["verdicts"]] == [
            ("c2pa_state", "pass"), ("time_stamp", "pass"),
        ]  # fmt: skip
        assert written["metrics"]["time_stamped"] == 1.0
        assert written["credentials"][0]["time_stamp_authority"] == authority.url
        assert sign._pen is not None and sign._pen._in_turn() == [authority.url, DEAD]
        path = media.open(written["signed"][0]["uri"])
        ours, theirs = sign.signer.anchors_pem(), authority.root.read_bytes()
        assert read_credentials(path, ours, theirs).time_stamped
        assert not read_credentials(path, ours).time_stamped
        assert read_credentials(path, b"", ours + theirs).state == "Valid"  # vouches for no signer

    def test_a_stamped_signature_outlives_its_certificate(
        self, authority: Authority, media: Workspace, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        """Would catch a stamp that is of no use: every ad would die with its certificate."""
        monkeypatch.setattr(dev_chain, "LEAF_LIFE", timedelta(seconds=3))
        monkeypatch.setattr(dev_chain, "RENEWED_BEFORE", timedelta(0))
        signer = DevSigner(str(tmp_path / "brief"))
        spot, states = row(media, tmp_path), {}
        for name, given in (("with", stamps(authority)), ("without", TimeStamps())):
            written = stage(tmp_path, signer=signer, time_stamps=given).run(spot, media)
            states[name] = media.open(written["signed"][0]["uri"])
        anchors, roots = signer.anchors_pem(), authority.root.read_bytes()
        until = time.monotonic() + 15
        while read_credentials(states["without"], anchors, roots).state != "Invalid":
            assert time.monotonic() < until, "the certificate has not ended"
            time.sleep(0.2)
        assert "signingCredential.expired" in read_credentials(states["without"], anchors).failures
        assert read_credentials(states["with"], anchors, roots).state == "Trusted"

    def test_where_a_stamp_is_required_nothing_ships_without(
        self, media: Workspace, tmp_path: Path
    ) -> None:
        """Would catch a spot that fails for good, or ships without its stamp."""
        sign = stage(tmp_path, time_stamps=TimeStamps((DEAD, "http://127.0.0.1:9/other")))
        with pytest.raises(Retry, match=r"127\.0\.0\.1:9/tsa.*127\.0\.0\.1:9/other"):
            sign.run(row(media, tmp_path), media)

    def test_where_it_may_go_on_it_says_so(self, media: Workspace, tmp_path: Path) -> None:
        """Would catch an outage that stops a campaign that was allowed to go on, and one that
        nobody can see afterwards."""
        sign = stage(tmp_path, time_stamps=TimeStamps((DEAD,), "mark-and-continue"))
        written = sign.run(row(media, tmp_path), media)
        assert [(v.rule, v.verdict) for v in written["verdicts"]][1] == ("time_stamp", "review")
        assert "no authority answered" in written["verdicts"][1].evidence
        assert written["metrics"]["time_stamped"] == 0.0
        assert written["credentials"][0]["time_stamp_authority"] is None

    def test_a_stamp_by_a_stranger_is_none(
        self, authority: Authority, media: Workspace, tmp_path: Path
    ) -> None:
        """Would catch a stamp of anyone at all, which proves nothing once the certificate ends."""
        sign = stage(tmp_path, time_stamps=TimeStamps((authority.url,)))
        with pytest.raises(Reject, match=r"time_stamp_not_trusted.*signing\.timestamp\.anchors"):
            sign.run(row(media, tmp_path), media)

    def test_the_order_of_authorities_is_no_part_of_the_key(self, tmp_path: Path) -> None:
        """Would catch a million spots signed anew because an address was added, and none where
        stamps were asked for at last."""
        signer = DevSigner(str(tmp_path))
        none, one, two = (
            digest(Sign(signer=signer, time_stamps=TimeStamps(urls)))
            for urls in ((), ("http://a",), ("http://b", "http://a"))
        )
        assert one == two != none
