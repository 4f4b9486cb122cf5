"""A time-stamp authority on loopback (RFC 3161): openssl behind twenty lines of HTTP."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

_CONFIG = """
[dn]
[req]
distinguished_name = dn
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[stamper]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[authority]
serial = ./serial
signer_cert = ./stamper.pem
certs = ./root.pem
signer_key = ./stamper.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256,sha384,sha512
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_alg = sha256
"""


class Authority:
    """Its address, its root, and how many stamps it has given."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("no openssl program here: nothing can stand in for a time-stamp authority")
        self.folder, self.url, self.stamps = folder, "", 0
        folder.mkdir()
        (folder / "config").write_text(_CONFIG)
        (folder / "serial").write_text("01\n")
        for name in ("root", "stamper"):
            self._openssl(
                "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key"
            )
        new = ("req", "-new", "-config", "config", "-days", "30")
        self._openssl(
            *new, "-x509", "-key", "root.key", "-subj", "/O=Clock Tower/CN=Root",
            "-extensions", "root", "-out", "root.pem",
        )  # fmt: skip
        self._openssl(
            *new, "-key", "stamper.key", "-subj", "/O=Clock Tower/CN=Clock", "-out", "csr"
        )
        self._openssl(
            "x509", "-req", "-in", "csr", "-CA", "root.pem", "-CAkey", "root.key", "-days", "20",
            "-CAcreateserial", "-extfile", "config", "-extensions", "stamper",
            "-out", "stamper.pem",
        )  # fmt: skip

    @property
    def root(self) -> Path:
        """PEM file of its root."""
        return self.folder / "root.pem"

    def answer(self, query: bytes) -> bytes:
        """A reply to a query, both DER."""
        self.stamps += 1
        (self.folder / "query").write_bytes(query)
        self._openssl(
            "ts", "-reply", "-queryfile", "query", "-config", "config", "-section", "authority",
            "-out", "reply",
        )  # fmt: skip
        return (self.folder / "reply").read_bytes()

    def _openssl(self, *arguments: str) -> None:
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()


@contextmanager
def time_authority(folder: Path) -> Iterator[Authority]:
    """One that answers while the context is open."""
    authority = Authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            reply = authority.answer(query)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    authority.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
