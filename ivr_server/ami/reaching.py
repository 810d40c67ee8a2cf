"""Opens the way to Asterisk: plain on this machine, TLS to another; says what is wrong with a certificate (B11)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.ssl import Certificate, optionsForClientTLS, trustRootFromCertificates
from twisted.python.failure import Failure

CONNECT_S: Final = 5.0
WARN_DAYS: Final = 30
_AUTHORITY: Final = re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)


def plain_way(reactor: Any, host: str, port: int) -> IStreamClientEndpoint:
    """Without TLS."""
    return HostnameEndpoint(reactor, host.encode(), port, timeout=CONNECT_S)


def tls_way(way: IStreamClientEndpoint, name: str, ca: str) -> IStreamClientEndpoint:
    """The same way under TLS, to a peer whose certificate is for ``name`` and from an authority in the file ``ca``.

    OSError or ValueError when that file is not there or holds no certificate. Twisted itself checks certificate and
    name; a callback of ours in its place, to learn whether it was the date, would switch the check of the name off.
    """
    return wrapClientTLS(optionsForClientTLS(name, trustRoot=_trusted(ca) if ca else None), way)


def _trusted(ca: str) -> Any:
    found = _AUTHORITY.findall(Path(ca).read_bytes())
    if not found:
        raise ValueError(f"{ca} holds no certificate")
    return trustRootFromCertificates([Certificate.loadPEM(one) for one in found])  # type: ignore[no-untyped-call]


def on_this_machine(host: str) -> bool:
    """Whether what goes there leaves no cable."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def certificate_fault(reason: Failure) -> str:
    """Why TLS did not come about, in a few words; "" when the connection ended for another reason."""
    fault = reason.value
    if isinstance(fault, VerificationError):
        return "it is for another name"
    if not isinstance(fault, SSL.Error):
        return ""
    words = str(fault.args)
    if "verify failed" in words:
        return "it has expired, or its authority is not the one in ami.ca"
    return "no TLS is spoken there" if "wrong version" in words or "record" in words else "the TLS handshake failed"


def ends(certificate: Any) -> datetime | None:
    """When a peer's certificate (pyOpenSSL's) ends; None when there is none."""
    until = certificate.get_notAfter() if certificate is not None else None
    return datetime.strptime(until.decode(), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC) if until else None
