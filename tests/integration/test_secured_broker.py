"""A broker that lets nobody in without TLS, a name and a password: a real one, of our own."""

import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from takt.common.app import log_of
from takt.common.bus import LogUnavailable, Message
from takt.common.contracts.topics import SALES
from takt.common.settings import SharedSettings
from takt.standalone import kafka
from takt.standalone.kafka import Kafka
from takt.standalone.ports import free_ports

pytestmark = pytest.mark.kafka

SECURED = """\
listeners=PLAINTEXT://127.0.0.1:{port},SECURED://127.0.0.1:%(secured)s,CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SECURED://127.0.0.1:%(secured)s
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURED:SASL_SSL
inter.broker.listener.name=PLAINTEXT
listener.name.secured.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secured.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.secured.ssl.keystore.type=PEM
listener.name.secured.ssl.keystore.location=%(keystore)s
"""


class SecuredKafka(Kafka):
    """Our broker with a second listener, and the one user who may enter there."""

    def _format(self, java: list[str]) -> None:
        settings = str(self.folder / "server.properties")
        tool = [*java, "kafka.tools.StorageTool", "format", "--cluster-id=4L6g3nShT-eMCtK--X86sw"]
        user = "SCRAM-SHA-512=[name=takt,password=hush]"
        subprocess.run([*tool, "-c", settings, "--add-scram", user], check=True)


def certificate(folder: Path) -> tuple[Path, Path]:
    """An authority's certificate, and a broker's key with the certificate that it signed."""
    now = datetime.now(UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)]) for n in ("ca", "broker")]
    signed = []
    for place, (key, name) in enumerate(zip(keys, names, strict=True)):
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(names[0])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=place == 0, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
                critical=False,
            )
        )
        signed.append(builder.sign(keys[0], hashes.SHA256()))
    authority, keystore = folder / "ca.pem", folder / "broker.pem"
    authority.write_bytes(signed[0].public_bytes(serialization.Encoding.PEM))
    keystore.write_bytes(
        keys[1].private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed[1].public_bytes(serialization.Encoding.PEM)
        + signed[0].public_bytes(serialization.Encoding.PEM)
    )
    return authority, keystore


async def test_with_its_authority_a_name_and_a_password_events_go_in_and_out_and_else_nothing_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, keystore = certificate(tmp_path)
    [port] = free_ports()
    kept = [
        line
        for line in kafka.PROPERTIES.splitlines(keepends=True)
        if not line.startswith(("listeners=", "advertised.listeners=", "listener.security"))
    ]
    added = SECURED % {"secured": port, "keystore": keystore}
    monkeypatch.setattr(kafka, "PROPERTIES", "".join(kept) + added)
    broker = SecuredKafka(tmp_path / "kafka")
    await broker.start_async()
    known = {
        "access_url": "postgresql://takt_access@/takt_access",
        "kafka": f"127.0.0.1:{port}",
        "kafka_security_protocol": "SASL_SSL",
        "kafka_user": "takt",
        "kafka_password": "hush",
        "kafka_ca_file": authority,
    }
    try:
        log = log_of(SharedSettings(**known))
        await log.start()
        await log.create_topics()
        before = await log.ends([SALES])
        await log.publish([Message(SALES, "sale", {}, b"{}")])
        assert [record.key for record in await log.read(before, 10)] == ["sale"]
        subscription = await log.subscribe("secured", [SALES])
        assert await subscription.lag() is not None
        await subscription.close()
        await log.close()
        for wrong in ({"kafka_password": "guess"}, {"kafka_ca_file": None}):
            stranger = log_of(SharedSettings(**{**known, **wrong}))
            with pytest.raises(LogUnavailable):
                await stranger.start()
            await stranger.close()
    finally:
        await broker.stop_async()
