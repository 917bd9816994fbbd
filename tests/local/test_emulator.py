import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from lightpress.local import LocalCloudError
from lightpress.local.certificates import Certificates
from lightpress.local.emulator import Emulator, node_folder
from lightpress.local.processes import Daemon

PYTHON = Path("/venv/bin/python")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    certificates = Certificates.in_folder(tmp_path_factory.mktemp("tls") / "new")
    certificates.make()
    return certificates


def test_only_this_machine_can_reach_it(certificates: Certificates) -> None:
    for emulator in (Emulator(4566, None), Emulator(4566, certificates)):
        command = emulator.command(PYTHON)
        assert command[command.index("--bind") + 1] == "127.0.0.1:4566"
        assert command.count("--bind") == 1
        assert "//127.0.0.1:4566" in emulator.endpoint_url


def test_it_knows_nothing_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the user")
    monkeypatch.setenv("DATABASE_PASSWORD", "of the user")
    monkeypatch.setenv("PATH", "/home/user/bin")
    environment = Emulator(4566, None).environment(tmp_path)
    assert not {"AWS_PROFILE", "DATABASE_PASSWORD"} & set(environment)
    programs = {environment["PATH"], environment["LIGHTPRESS_PYTHON"]}  # wherever they are installed
    assert not [value for value in environment.values() if "user" in value and value not in programs]
    assert "/home/user/bin" not in environment["PATH"]
    assert environment["AWS_SECRET_ACCESS_KEY"] == "test"
    assert environment["HOME"] == environment["TMPDIR"] == str(tmp_path)


def test_it_finds_a_node_whatever_the_machine_has(tmp_path: Path) -> None:
    assert Emulator(4566, None).environment(tmp_path)["PATH"].startswith(f"{node_folder()}:")
    assert (node_folder() / "node").exists()


def test_only_the_strict_one_enforces_signatures_and_policies(tmp_path: Path, certificates: Certificates) -> None:
    strict = Emulator(4566, certificates).environment(tmp_path)
    assert (strict["AUTH"], strict["USE_SSL"]) == ("true", "1")
    trusting = {name for name, value in strict.items() if value == str(certificates.ca)}
    assert trusting == {"AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"}
    assert not {"AUTH", "USE_SSL", *trusting} & set(Emulator(4566, None).environment(tmp_path))


def test_an_emulator_is_known_by_its_command(certificates: Certificates) -> None:
    for emulator in (Emulator(4566, None), Emulator(4567, certificates)):
        assert Emulator.of_command(emulator.command(PYTHON), certificates) == emulator


@pytest.fixture
def tls_port(certificates: Certificates) -> Iterator[int]:
    """The port of a server that shows its certificate to two clients."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server, certificates.key)

    def greet(server: ssl.SSLSocket) -> None:
        for _ in range(2):
            with suppress(OSError):
                server.accept()[0].close()

    with context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True) as server:
        server.settimeout(5)
        thread = threading.Thread(target=greet, args=[server])
        thread.start()
        yield server.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_its_certificate_convinces_those_who_trust_its_authority_and_nobody_else(
    certificates: Certificates, tls_port: int, host: str
) -> None:
    assert trusts(tls_port, host, certificates.ca)
    assert not trusts(tls_port, host, None)


def trusts(port: int, host: str, cafile: Path | None) -> bool:
    context = ssl.create_default_context(cafile=cafile)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        try:
            context.wrap_socket(connection, server_hostname=host).close()
        except ssl.SSLCertVerificationError:
            return False
    return True


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path / "emulator.pid", tmp_path / "emulator.log")
    yield daemon
    daemon.stop()


def test_one_that_ends_while_starting_leaves_its_last_words(daemon: Daemon, free_port: int) -> None:
    daemon.start([sys.executable, "-c", "raise SystemExit('out of luck')"], environment={}, folder=daemon.log.parent)
    with pytest.raises(LocalCloudError, match=r"exited while starting.*\n.*out of luck"):
        Emulator(free_port, None).wait_until_healthy(daemon)


def test_one_that_does_not_answer_is_not_waited_for_forever(
    daemon: Daemon, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lightpress.local.emulator._TIMEOUT_SECONDS", 0.2)
    daemon.start([sys.executable, "-c", "import time; time.sleep(60)"], environment={}, folder=daemon.log.parent)
    with pytest.raises(LocalCloudError, match="did not answer within"):
        Emulator(free_port, None).wait_until_healthy(daemon)


@pytest.mark.parametrize(
    ("status", "body", "healthy"),
    [(200, b'{"services": {}}', True), (200, b"<html>", False), (404, b'{"services": {}}', False)],
    ids=["an emulator", "some other web server", "none"],
)
def test_not_all_that_answers_is_an_emulator(status: int, body: bytes, healthy: bool) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert Emulator(server.server_port, None).healthy() is healthy
        thread.join()
