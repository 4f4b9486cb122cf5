"""Pictures on the web: where links may not lead, and what comes of those that may. All requests go
to a server on loopback, which the fetcher refuses unless it is allowed."""

from __future__ import annotations

import http.server
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.assets import AssetDigests
from pipeline.campaign_file import read_campaign
from pipeline.feed_links import below
from pipeline.plan import Planner
from pipeline.redact import redacted
from pipeline.rows import to_rows
from pipeline.settled import Settled
from pipeline.web.addresses import forbidden
from pipeline.web.fetcher import Fetched, Fetcher
from pipeline.web.files import WebFiles
from pipeline.web.link import parsed
from pipeline.web.refusal import LinkRefused
from schemas.links import Links
from tests.pipeline.toy_stages import Count, Loud

FORBIDDEN = [
    "127.0.0.1",
    "10.1.1.1",
    "172.16.0.1",
    "192.168.1.1",
    "0.0.0.0",
    "100.64.1.1",
    "169.254.169.254",
    "169.254.1.1",
    "168.63.129.16",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "fd00:ec2::254",
    "fd12::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "::7f00:1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2606:4700::5efe:7f00:1",
]


@pytest.mark.parametrize("text", FORBIDDEN)
def test_no_link_leads_to_these_addresses(text: str) -> None:
    """Would catch a private or metadata address, in plain or inside an IPv6 one, that is asked."""
    assert forbidden(ipaddress.ip_address(text)) is not None


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_may_be_asked(text: str) -> None:
    """Would catch rules under which no catalogue can be fetched."""
    assert forbidden(ipaddress.ip_address(text)) is None


def test_credentials_of_clouds_are_refused_though_their_network_is_allowed() -> None:
    """Would catch an operator's network that opens the metadata service with it."""
    networks = [ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fd00::/8")]
    assert forbidden(ipaddress.ip_address("169.254.7.7"), networks) is None
    for text in ("169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"):
        assert "credentials" in str(forbidden(ipaddress.ip_address(text), networks))


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1/a.jpg", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/",
        "http://[::1]/", "http://[::ffff:7f00:1]/", "https://user:pw@8.8.8.8/a.jpg",
        "http://8.8.8.8:22/", "http://8.8.8.8\\@127.0.0.1/", "http:///a", "http://[fe80::1%25lo]/",
        "http://x.example/\r\nHost: y", "http://" + "x" * 3000, "ftp://8.8.8.8/a.jpg",
    ],
)  # fmt: skip
def test_hostile_spellings_are_refused_before_a_connection(
    link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a loopback address under another spelling, and header lines in a link."""
    monkeypatch.setattr(socket, "create_connection", _no_connection)
    with pytest.raises(LinkRefused) as refused:
        Fetcher(Links(), resolve=_no_connection).fetch(link)
    assert refused.value.code == "image_link_refused"


@pytest.mark.parametrize("answers", [["10.0.0.9"], ["93.184.216.34", "127.0.0.1"]])
def test_a_name_that_resolves_inward_is_refused(
    answers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a public name for a private address, alone or beside a public one."""
    monkeypatch.setattr(socket, "create_connection", _no_connection)
    with pytest.raises(LinkRefused, match="public host") as refused:
        Fetcher(Links(), resolve=_names(*answers)).fetch("https://cdn.example.com/a.jpg")
    assert refused.value.code == "image_link_refused"


def test_hosts_are_those_of_the_campaign() -> None:
    """Would catch a list of hosts that a longer name passes."""
    rules = Links(hosts=("cdn.example.com", "*.shop.example"))
    for link in ("https://cdn.example.com/a", "https://a.b.shop.example/a"):
        assert parsed(link, rules).port == 443
    for link in ("https://evilshop.example/a", "https://cdn.example.com.evil.example/a"):
        with pytest.raises(LinkRefused, match=r"links\.hosts"):
            parsed(link, rules)


def test_a_host_is_asked_for_once_and_connected_to_by_address(server: Server) -> None:
    """Would catch a second look-up, whose answer is another address than the one looked at."""
    asked: list[str] = []

    def once(host: str, *rest: Any, **more: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1" if len(asked) == 1 else "10.0.0.1", 0))]

    fetcher = Fetcher(server.rules(), resolve=once)
    got = fetcher.fetch(f"http://cdn.example.com:{server.port}/moved")
    assert isinstance(got, Fetched) and got.suffix == ".png" and asked == ["cdn.example.com"]
    assert server.seen[-1]["Host"] == f"cdn.example.com:{server.port}"
    assert server.seen[-1]["Accept-Encoding"] == "identity" and "Cookie" not in server.seen[-1]


@pytest.mark.parametrize(
    "path, code",
    [
        ("/elsewhere", "image_link_refused"), ("/inward", "image_link_refused"),
        ("/loop", "image_link_refused"), ("/large", "image_link_too_large"),
        ("/liar", "image_link_too_large"), ("/page.jpg", "image_link_no_picture"),
        ("/packed", "image_link_no_picture"), ("/none", "image_link_missing"),
        ("/broken", "image_link_unreachable"), ("/drip", "image_link_unreachable"),
        ("/slow-head", "image_link_unreachable"),
    ],
)  # fmt: skip
def test_what_comes_is_not_believed(server: Server, path: str, code: str) -> None:
    """Would catch another host behind a redirect, a bomb, a page called .jpg, and a slow drip that
    keeps a planner for hours."""
    begun = time.monotonic()
    with pytest.raises(LinkRefused) as refused:
        Fetcher(server.rules(max_image_mb=0.2, time_limit_s=1.0)).fetch(server.url(path))
    assert refused.value.code == code
    assert time.monotonic() - begun < 3


def test_a_plan_fetches_keeps_and_asks_again_only_for_what_is_old(
    server: Server, tmp_path: Path
) -> None:
    """Would catch a picture fetched anew each night, one that is exchanged and not seen, a failed
    link that ends the run, and a picture lost because its host was away for one night."""
    links = {"mug": "/a.png", "cup": "/none", "pot": "/page.jpg"}
    now = [1e9]
    (first,) = _plan(tmp_path, server, links, now)
    assert {row["spot_id"]: row["reason_code"] for row in first[1]} == {
        "cup": "image_link_missing", "pot": "image_link_no_picture",
    }  # fmt: skip
    asset = first[0][0]["images"][0]
    assert Path(asset["uri"]).read_bytes() == server.picture
    asked = len(server.seen)
    _plan(tmp_path, server, {"mug": "/a.png"}, now)
    assert len(server.seen) == asked, "within max_age_hours nobody is asked"
    now[0] += 25 * 3600
    (again,) = _plan(tmp_path, server, {"mug": "/a.png"}, now)
    assert server.statuses[-1] == 304 and again[0][0]["images"] == [asset]
    server.picture = _png(7)
    now[0] += 25 * 3600
    (changed,) = _plan(tmp_path, server, {"mug": "/a.png"}, now)
    assert changed[0][0]["images"][0]["sha256"] != asset["sha256"]
    server.away = True
    now[0] += 25 * 3600
    (kept,) = _plan(tmp_path, server, {"mug": "/a.png"}, now)
    assert kept[0][0]["images"] == changed[0][0]["images"]


def test_loopback_is_refused_in_a_campaign_that_does_not_allow_it(
    server: Server, tmp_path: Path
) -> None:
    """Would catch a default under which a feed reads what only this machine may see."""
    ((pending, refused),) = _plan(tmp_path, server, {"mug": "/a.png"}, [1e9], allowed=False)
    assert not pending and refused[0]["reason_code"] == "image_link_refused" and not server.seen


@pytest.mark.parametrize(
    "link",
    [
        "file:///etc/passwd", "/etc/passwd", "../../etc/passwd", "//host/a.jpg", "data:,x",
        "ftp://h/a", "s3://other/a.jpg", "simplecache::s3://b/a", "zip://a.jpg::x.zip", "~/a.jpg",
    ],
)  # fmt: skip
def test_links_stay_below_the_folder(tmp_path: Path, server: Server, link: str) -> None:
    """Would catch a feed that opens a file, a bucket or a chained file system of its own choice."""
    with pytest.raises(Exception, match=r"links|path|folder"):
        below("/feed", link)
    ((pending, refused),) = _plan(tmp_path, server, {"mug": link}, [1e9], plain=True)
    assert not pending and refused[0]["reason_code"] == "image_elsewhere"


def test_a_symbolic_link_does_not_lead_out(tmp_path: Path, server: Server) -> None:
    """Would catch a file of the machine that is shown in an ad by way of a link on disk."""
    (tmp_path / "secret.jpg").write_bytes(b"a secret")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.jpg").symlink_to(tmp_path / "secret.jpg")
    ((pending, refused),) = _plan(tmp_path / "shop", server, {"mug": "a.jpg"}, [1e9], plain=True)
    assert not pending and refused[0]["reason_code"] == "image_elsewhere"


def test_signatures_are_in_no_record() -> None:
    """Would catch a presigned link, or a password, that a ledger or a log shows to its readers."""
    said = redacted("https://me:pw@b.example/a.jpg?X-Amz-Signature=abc failed: /a?token=abc")
    assert said == "https://b.example/a.jpg?... failed: /a?token=..."


class Server:
    """A shop's picture server on loopback, and one that means harm."""

    def __init__(self) -> None:
        self.picture, self.away = _png(1), False
        self.seen: list[Any] = []
        self.statuses: list[int] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.seen.append(self.headers)
                try:
                    outer.answer(self)
                except OSError:
                    pass

            def log_message(self, *what: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def rules(self, **more: Any) -> Links:
        return Links(private_networks=("127.0.0.0/8",), ports=(self.port,), **more)

    def answer(self, ask: http.server.BaseHTTPRequestHandler) -> None:
        to = {"/moved": "/a.png", "/elsewhere": "http://8.8.8.8/a", "/loop": "/loop",
              "/inward": "http://169.254.169.254/"}.get(ask.path)  # fmt: skip
        tag = f'"{hash(self.picture)}"'
        body, headers, status = self.picture, {"ETag": tag}, 200
        if self.away or ask.path == "/broken":
            status = 503
        elif ask.path == "/none":
            status = 404
        elif to:
            status, headers = 302, {"Location": to}
        elif ask.headers.get("If-None-Match") == tag:
            status, body = 304, b""
        elif ask.path == "/page.jpg":
            body, headers = b"<!DOCTYPE html><p>", {"Content-Type": "image/jpeg"}
        elif ask.path == "/packed":
            headers = {"Content-Encoding": "gzip"}
        elif ask.path in ("/large", "/liar"):
            body += bytes(400_000)
        self.statuses.append(status)
        if ask.path == "/slow-head":
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 60:
                ask.wfile.write(bytes([byte]))
                time.sleep(0.1)
            return
        ask.send_response(status)
        for name, value in headers.items():
            ask.send_header(name, value)
        if ask.path not in ("/liar", "/drip"):
            ask.send_header("Content-Length", str(len(body)))
        ask.end_headers()
        if ask.path == "/drip":
            for byte in body[:60]:
                ask.wfile.write(bytes([byte]))
                time.sleep(0.1)
            return
        ask.wfile.write(body)


@pytest.fixture
def server() -> Iterator[Server]:
    """One for each test."""
    made = Server()
    yield made
    made.server.shutdown()
    made.server.server_close()


def _plan(
    folder: Path, server: Server, links: dict[str, str], now: list[float], *,
    allowed: bool = True, plain: bool = False,
) -> list[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:  # fmt: skip
    folder.mkdir(exist_ok=True)
    rows = [f"{i}\tMug\t{u if plain else server.url(u)}\t9 USD\n" for i, u in links.items()]
    (folder / "feed.tsv").write_text("id\ttitle\timage_link\tprice\n" + "".join(rows))
    rules = f"{{private_networks: [127.0.0.0/8], ports: [{server.port}], time_limit_s: 2}}"
    rules = rules if allowed else f"{{ports: [{server.port}]}}"
    text = f"name: T\nfeed: feed.tsv\nbrand: {{name: S}}\nscript: Meet it.\nlinks: {rules}\n"
    (folder / "campaign.yaml").write_text(text)
    campaign = read_campaign(str(folder / "campaign.yaml"))
    out = str(folder / "out")
    assets = AssetDigests(out, WebFiles(campaign.links, out, clock=lambda: now[0]))
    planner = Planner(campaign, [Loud(), Count()], assets=assets)
    units = [(u.pending, to_rows(u.settled_rows(Settled(), "r"))) for u in planner.units()]
    assets.save()
    return units


def _png(seed: int) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 255, (32, 32, 3), np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


def _names(*addresses: str) -> Any:
    return lambda *asked, **more: [(2, 1, 6, "", (address, 0)) for address in addresses]


def _no_connection(*what: Any, **more: Any) -> Any:
    raise AssertionError(f"a request was made: {what}")
