"""Signing: Content Credentials (C2PA) that say who made a spot, of what, and with what."""

from stages.sign.certificates import SignerError
from stages.sign.kms_signer import KmsSigner
from stages.sign.manifest import Agent
from stages.sign.pen import TimeStamps
from stages.sign.sign import Sign
from stages.sign.signer import DevSigner, FileSigner, Signer

__all__ = [
    "Agent",
    "DevSigner",
    "FileSigner",
    "KmsSigner",
    "Sign",
    "Signer",
    "SignerError",
    "TimeStamps",
]
