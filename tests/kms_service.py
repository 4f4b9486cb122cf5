"""AWS KMS on loopback (moto), found by the environment as botocore finds the real one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

SECRET = "kms-access-secret"


@contextmanager
def kms_service(region: str) -> Iterator[tuple[Any, pytest.MonkeyPatch]]:
    """boto3's client of the service, and the environment, which is as before at the end."""
    moto = pytest.importorskip("moto.server", reason="moto is not here: pip install -e '.[test]'")
    import boto3

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL_KMS", f"http://{host}:{port}")
            patch.setenv("AWS_ACCESS_KEY_ID", "test")
            patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
            patch.delenv("AWS_ENDPOINT_URL", raising=False)
            yield boto3.client("kms", region_name=region), patch
    finally:
        server.stop()
