from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightpress.local.errors import LocalCloudError
from lightpress.local.ports import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files of a certificate authority and of the emulator.

    Attributes:
        ca: The authority, which clients trust.
        server: The certificate of the emulator.
        key: Its private key.
    """

    ca: Path
    server: Path
    key: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Certificates:
        return cls(folder / "ca.pem", folder / "server.pem", folder / "server.key")

    def make(self) -> None:
        """Make a certificate authority of our own and a certificate for this machine, signed by it."""
        try:
            import trustme  # noqa: PLC0415  a development dependency, and only the strict cloud needs it
        except ImportError as error:
            raise LocalCloudError("The strict local cloud needs the package trustme: make setup") from error
        self.ca.parent.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca)
        certificate = authority.issue_cert("localhost", LOOPBACK)
        certificate.private_key_pem.write_to_path(self.key)
        certificate.cert_chain_pems[0].write_to_path(self.server)
