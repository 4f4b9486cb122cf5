"""Pictures over https: the certificate counts for the name in the link, not for the address."""

from __future__ import annotations

import datetime
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipeline.web.fetcher import Fetched, Fetcher
from pipeline.web.refusal import LinkRefused
from schemas.links import Links

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, ssl.SSLContext]]:
    """(port, roots) of a server on loopback with a certificate for cdn.example.com."""
    pem = _certificate(tmp_path_factory.mktemp("tls"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_address[1], ssl.create_default_context(cafile=str(pem))
    server.shutdown()
    server.server_close()


def test_the_certificate_of_the_name_is_taken(shop: tuple[int, ssl.SSLContext]) -> None:
    """Would catch a check against the address that is connected to, which no certificate names."""
    got = _fetcher(shop, shop[1]).fetch(f"https://cdn.example.com:{shop[0]}/a.png")
    assert isinstance(got, Fetched) and got.content == PICTURE


def test_another_names_certificate_is_refused(shop: tuple[int, ssl.SSLContext]) -> None:
    """Would catch a certificate of anyone that is good enough for everyone."""
    with pytest.raises(LinkRefused, match="certificate") as refused:
        _fetcher(shop, shop[1]).fetch(f"https://img.example.com:{shop[0]}/a.png")
    assert refused.value.code == "image_link_refused"


def test_an_unknown_root_is_refused(shop: tuple[int, ssl.SSLContext]) -> None:
    """Would catch https without a check of who answers."""
    with pytest.raises(LinkRefused, match="certificate"):
        _fetcher(shop, None).fetch(f"https://cdn.example.com:{shop[0]}/a.png")


def test_https_does_not_lead_to_http(shop: tuple[int, ssl.SSLContext]) -> None:
    """Would catch a redirect that takes the protection off."""
    with pytest.raises(LinkRefused, match="from https to http"):
        _fetcher(shop, shop[1]).fetch(f"https://cdn.example.com:{shop[0]}/down")


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        down = self.path == "/down"
        self.send_response(302 if down else 200)
        if down:
            self.send_header("Location", f"http://{self.headers['Host']}/a.png")
        self.send_header("Content-Length", str(len(PICTURE)))
        self.end_headers()
        self.wfile.write(PICTURE)

    def log_message(self, *what: Any) -> None:
        pass


def _fetcher(shop: tuple[int, ssl.SSLContext], tls: ssl.SSLContext | None) -> Fetcher:
    rules = Links(private_networks=("127.0.0.0/8",), ports=(shop[0],), time_limit_s=3)
    return Fetcher(rules, resolve=lambda *a, **k: [(2, 1, 6, "", ("127.0.0.1", 0))], tls=tls)


def _certificate(folder: Path) -> Path:
    """Key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cdn.example.com")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("cdn.example.com")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = folder / "shop.pem"
    path.write_bytes(key.private_bytes(pem, form, plain) + made.public_bytes(pem))
    return path
