"""Signing: Content Credentials (C2PA) that say who made a spot, of what, and with what."""

from stages.sign.sign import Sign
from stages.sign.signer import DevSigner, FileSigner, Signer, SignerError

__all__ = ["DevSigner", "FileSigner", "Sign", "Signer", "SignerError"]
