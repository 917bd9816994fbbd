"""`lightpress sign`: signed URLs and cookies, with which viewers can see private images until they expire."""

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
    """Nothing was signed; the message says why, and what to do."""


@dataclass(frozen=True)
class Signer:
    """Signs as CloudFront requires (RSA, SHA-1), with the program openssl instead of one more library.

    key_id: of the public key in CloudFront, the output `SigningKeyId0`. private_key: its PEM file.
    """

    key_id: str
    private_key: Path

    def url(self, url: str, until: datetime) -> str:
        """Sign the URL of an image, or of a permalink that answers with it: a redirect leads to an unsigned URL."""
        signed: str = self._cloudfront().generate_presigned_url(url, date_less_than=until)
        return signed

    def cookies(self, resource: str, until: datetime) -> dict[str, str]:
        """The cookies, by name, for a site of the same domain to set. resource: a URL, in which * matches any text."""
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
            raise SigningError("The program openssl, which signs, is not on this machine: install it.")
        finished = subprocess.run(
            [openssl, "dgst", "-sha1", "-sign", str(self.private_key)], input=message, capture_output=True, check=False
        )
        if finished.returncode != 0:
            said = finished.stderr.decode(errors="replace").strip()
            raise SigningError(
                f"{self.private_key} cannot be used to sign; it must be the PEM file of an RSA key: {said}"
            )
        return finished.stdout


def _encoded(data: bytes) -> str:
    """Base64 with the three characters replaced that are not allowed in URLs and cookies, as CloudFront does."""
    return base64.b64encode(data).decode().translate(str.maketrans("+=/", "-_~"))
