"""A self-made certificate for the loopback: nginx and our participants serve with it, curl and they believe it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

HOST = "127.0.0.1"
TERM = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files; the certificate is its own authority."""

    path: Path
    key: Path


def make(folder: Path) -> Certificate:
    """Write a fresh P-256 certificate for the loopback address and its key."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificate(folder / "loopback.pem", folder / "loopback.key")
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now, host = datetime.now(UTC), x509.IPAddress(ipaddress.ip_address(HOST))
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - TERM, now + TERM)
    builder = builder.add_extension(x509.SubjectAlternativeName([host]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made.path.write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made
