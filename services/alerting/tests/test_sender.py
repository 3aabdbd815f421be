import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from takt.alerting.sender import LARGEST_ANSWER, Sender, check_url, post

from .receiver import LOOPBACK, receiving


def resolving(*addresses):
    async def resolve(host, port):
        return [ip_address(address) for address in addresses]

    return resolve


async def test_a_body_arrives_as_it_was_sent():
    async with receiving() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/in?x=1"
        attempt = await post(Sender(allowed=LOOPBACK), url, {"webhook-id": "msg_1"}, b'{"a":1}')
    assert attempt.answer.status == 204
    assert attempt.answer.error is None
    line, headers, body = receiver.requests[0]
    assert (line, body) == ("POST /in?x=1 HTTP/1.1", b'{"a":1}')
    assert headers["webhook-id"] == "msg_1"
    assert headers["host"] == f"127.0.0.1:{receiver.port}"


async def test_a_redirect_is_an_answer_and_is_not_followed():
    async with receiving() as elsewhere:
        location = f"Location: http://127.0.0.1:{elsewhere.port}/".encode()
        async with receiving(b"HTTP/1.1 302 Found\r\n" + location + b"\r\n\r\n") as receiver:
            url = f"http://127.0.0.1:{receiver.port}/"
            attempt = await post(Sender(allowed=LOOPBACK), url, {}, b"{}")
    assert attempt.answer.status == 302
    assert elsewhere.connections == 0


async def test_a_proxy_in_the_environment_is_not_used(monkeypatch):
    async with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        url = f"http://127.0.0.1:{receiver.port}/"
        assert (await post(Sender(allowed=LOOPBACK), url, {}, b"{}")).answer.delivered
    assert (proxy.connections, receiver.connections) == (0, 1)


async def test_a_receiver_that_hangs_is_given_up():
    async with receiving(reply=None) as receiver:
        sender = Sender(allowed=LOOPBACK, total_seconds=0.2)
        attempt = await post(sender, f"http://127.0.0.1:{receiver.port}/", {}, b"{}")
    assert attempt.answer.status is None
    assert attempt.answer.error == "no answer within 0.2 s"


async def test_an_endless_answer_is_not_read_to_its_end():
    size = 50 * LARGEST_ANSWER
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode()
    async with receiving(head + b"x" * 2 * LARGEST_ANSWER) as receiver:
        sender = Sender(allowed=LOOPBACK, total_seconds=5)
        attempt = await post(sender, f"http://127.0.0.1:{receiver.port}/", {}, b"{}")
    assert attempt.answer.status == 200


async def test_what_is_not_http_is_an_error_with_its_name():
    async with receiving(b"220 mail ready\r\n") as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"
        attempt = await post(Sender(allowed=LOOPBACK), url, {}, b"{}")
    assert attempt.answer.status is None
    assert "ProtocolError" in attempt.answer.error


async def test_a_closed_port_is_an_error_with_its_name():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        attempt = await post(Sender(allowed=LOOPBACK), url, {}, b"{}")
    assert "ConnectError" in attempt.answer.error


async def test_the_retry_after_of_a_busy_receiver_is_kept():
    async with receiving(b"HTTP/1.1 429 Slow\r\nRetry-After: 60\r\n\r\n") as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"
        attempt = await post(Sender(allowed=LOOPBACK), url, {}, b"{}")
    assert (attempt.answer.status, attempt.answer.retry_after) == (429, "60")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.com")]), False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


async def test_tls_and_host_keep_the_name_while_the_checked_address_is_connected(certificate):
    named = []
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    server_side.sni_callback = lambda sock, name, context: named.append(name)
    trust = ssl.create_default_context(cafile=str(certificate))
    sender = Sender(allowed=LOOPBACK, trust=trust, resolve=resolving("127.0.0.1"))
    async with receiving(tls=server_side) as receiver:
        url = f"https://hooks.example.com:{receiver.port}/in"
        attempt = await post(sender, url, {}, b"{}")
        assert attempt.answer.status == 204
        other = await post(sender, url.replace("hooks", "other"), {}, b"{}")
    assert named[0] == "hooks.example.com"
    assert receiver.requests[0][1]["host"] == f"hooks.example.com:{receiver.port}"
    assert "ConnectError" in other.answer.error  # the certificate is for another name


async def test_one_private_address_among_public_ones_refuses_the_name():
    async with receiving() as receiver:
        sender = Sender(resolve=resolving("8.8.8.8", "127.0.0.1"))
        attempt = await post(sender, f"https://two.example.com:{receiver.port}/", {}, b"{}")
    assert "not a public address" in attempt.answer.error
    assert receiver.connections == 0


async def test_a_name_is_resolved_once_for_an_attempt():
    asked = []

    async def rebinding(host, port):
        asked.append(host)
        return [ip_address("127.0.0.1" if len(asked) == 1 else "127.0.0.2")]

    async with receiving() as receiver:
        sender = Sender(allowed=(ip_network("127.0.0.1/32"),), resolve=rebinding)
        url = f"http://rebind.example.com:{receiver.port}/"
        assert (await post(sender, url, {}, b"{}")).answer.delivered
    assert asked == ["rebind.example.com"]


async def test_a_name_that_does_not_resolve_is_refused():
    async def nothing(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    attempt = await post(Sender(resolve=nothing), "https://nowhere.example.com/", {}, b"{}")
    assert "does not resolve" in attempt.answer.error


HOSTS = (Path(__file__).parent / "forged_hosts.txt").read_text("utf-8").split()

NAMES = {
    "internal.example": ["10.0.0.8"],
    "metadata.example": ["169.254.169.254"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "sixtofour.example": ["2002:7f00:1::1"],
    "sitelocal.example": ["fec0::1"],
    "multicast.example": ["ff02::1"],
    "both.example": ["1.1.1.1", "127.0.0.1"],
}


class Recording(httpcore.AsyncNetworkBackend):
    """Writes down who would have been connected to, and connects to nobody."""

    def __init__(self):
        self.connections = []

    async def connect_tcp(self, host, *args, **kwargs):
        self.connections.append(host)
        raise httpcore.ConnectError(host)


async def resolve_like_a_forger(host, port):
    return [ip_address(a) for a in NAMES.get(host, ["127.0.0.1"])]


async def test_the_recording_network_would_see_a_connection():
    network = Recording()
    await post(Sender(resolve=resolving("8.8.8.8"), network=network), "https://a.example/", {}, b"")
    assert network.connections == ["8.8.8.8"]


def test_the_corpus_is_large_enough():
    assert len(HOSTS) >= 60


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("host", HOSTS)
async def test_a_forged_url_makes_no_connection(scheme, host):
    network = Recording()
    sender = Sender(resolve=resolve_like_a_forger, network=network)
    attempt = await post(sender, f"{scheme}://{host}/latest/meta-data", {}, b"{}")
    assert attempt.answer.error.startswith("address refused: ")
    assert network.connections == []


@pytest.mark.parametrize(
    "url", ["http://8.8.8.8/", "file:///etc/passwd", "gopher://8.8.8.8/", "https:8.8.8.8", "x"]
)
async def test_another_scheme_makes_no_connection(url):
    network = Recording()
    attempt = await post(Sender(resolve=resolve_like_a_forger, network=network), url, {}, b"{}")
    assert attempt.answer.error.startswith("address refused: ")
    assert network.connections == []


async def test_the_check_at_registration_is_the_one_at_delivery():
    assert (await check_url(Sender(resolve=resolving("8.8.8.8")), "https://a.example/")).port == 443
