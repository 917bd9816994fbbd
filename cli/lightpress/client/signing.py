"""`lightpress sign`: a URL or cookies that let a viewer see private pictures for a while."""

from __future__ import annotations

import base64
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.signers import CloudFrontSigner

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


class SigningError(Exception):
    """Nothing was signed; the message says why."""


@dataclass(frozen=True)
class Signer:
    """Signs as CloudFront wants it (RSA, SHA-1), with OpenSSL: a library for it would be there for this alone.

    key_id: CloudFront's name of the public key, the output `SigningKeyId0`. private_key: PEM file of the other half.
    """

    key_id: str
    private_key: Path

    def url(self, url: str, until: datetime) -> str:
        """The URL of one image, signed. A permalink leads on to an unsigned one: those need cookies."""
        signed: str = self._cloudfront().generate_presigned_url(url, date_less_than=until)
        return signed

    def cookies(self, resource: str, until: datetime) -> dict[str, str]:
        """What a site of the same domain sets. resource: a URL, in which * stands for anything."""
        policy = self._cloudfront().build_policy(resource, until).encode()
        return {
            "CloudFront-Policy": _encoded(policy),
            "CloudFront-Signature": _encoded(self._signature(policy)),
            "CloudFront-Key-Pair-Id": self.key_id,
        }

    def _cloudfront(self) -> CloudFrontSigner:
        return CloudFrontSigner(self.key_id, self._signature)

    def _signature(self, message: bytes) -> bytes:
        openssl = shutil.which("openssl")
        if openssl is None:
            raise SigningError("There is no openssl on this machine, which signs.")
        finished = subprocess.run(
            [openssl, "dgst", "-sha1", "-sign", str(self.private_key)], input=message, capture_output=True, check=False
        )
        if finished.returncode != 0:
            raise SigningError(f"{self.private_key} does not sign: {finished.stderr.decode(errors='replace').strip()}")
        return finished.stdout


def _encoded(data: bytes) -> str:
    """Base64 in the letters that CloudFront puts in the place of those that URLs and cookies do not take."""
    return base64.b64encode(data).decode().translate(str.maketrans("+=/", "-_~"))
