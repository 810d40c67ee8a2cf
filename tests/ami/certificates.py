"""A certificate authority for a test, and what it signs."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twisted.internet.ssl import PrivateCertificate

NOW = datetime.now(UTC)


@dataclass
class Authority:
    """Signs certificates; ``pem`` is a file with its own."""

    pem: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    def certificate(self, days: float = 365, names: tuple[str, ...] = ("127.0.0.1",)) -> Any:
        """Twisted's options of a server whose certificate ends in so many days (negative: it has ended)."""
        return PrivateCertificate.loadPEM(self.pair(days, names)).options()

    def pair(self, days: float = 365, names: tuple[str, ...] = ("127.0.0.1",)) -> bytes:
        """A certificate and its key, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        begins, until = NOW - timedelta(days=400), NOW + timedelta(days=days)
        built = _builder(self.name, _name("asterisk"), key, (begins, until))
        addresses = [_address(one) for one in names]
        signed = built.add_extension(x509.SubjectAlternativeName(addresses), False).sign(self.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM) + _pem(key)


def _name(word: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, word)])


def _address(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    none = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)


def _builder(issuer: x509.Name, subject: x509.Name, key: Any, days: tuple[datetime, datetime]) -> Any:
    made = x509.CertificateBuilder().issuer_name(issuer).subject_name(subject).public_key(key.public_key())
    return made.serial_number(x509.random_serial_number()).not_valid_before(days[0]).not_valid_after(days[1])


def authority(folder: Path, word: str) -> Authority:
    """A new one."""
    key, name = ec.generate_private_key(ec.SECP256R1()), _name(word)
    built = _builder(name, name, key, (NOW - timedelta(days=500), NOW + timedelta(days=500)))
    own = built.add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    pem = folder / f"{word}.pem"
    pem.write_bytes(own.public_bytes(serialization.Encoding.PEM))
    return Authority(pem, key, name)
