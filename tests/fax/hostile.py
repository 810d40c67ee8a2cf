"""PDFs that mean harm, written by hand: each takes one thing too far."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Final

_BOX: Final = "/MediaBox [0 0 595 842]"


def pdf(objects: Mapping[int, bytes]) -> bytes:
    """A whole PDF of these objects; number 1 is the catalogue."""
    out, places = bytearray(b"%PDF-1.7\n"), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table, last = len(out), max(objects)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (last + 1)
    for number in range(1, last + 1):
        out += b"%010d 00000 n \n" % places.get(number, 0)
    return bytes(out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (last + 1, table))


def stream(content: bytes, extra: str = "", packed: bool = False) -> bytes:
    """A stream object, deflated where asked."""
    body = zlib.compress(content, 9) if packed else content
    how = "/Filter /FlateDecode " if packed else ""
    return f"<< /Length {len(body)} {how}{extra} >>\nstream\n".encode() + body + b"\nendstream"


def with_pages(count: int, extra: str = "") -> bytes:
    """So many pages with one black square each."""
    kids = " ".join(f"{number} 0 R" for number in range(4, 4 + count))
    objects = {
        1: f"<< /Type /Catalog /Pages 2 0 R {extra} >>".encode(),
        2: f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        3: stream(b"100 100 200 200 re f"),
    }
    page = f"<< /Type /Page /Parent 2 0 R {_BOX} /Contents 3 0 R >>".encode()
    return pdf(objects | dict.fromkeys(range(4, 4 + count), page))


def drawing(content: bytes, resources: Mapping[str, str], more: Mapping[int, bytes], box: str = _BOX) -> bytes:
    """One page with this content and these resources."""
    named = " ".join(f"/{kind} << {names} >>" for kind, names in resources.items())
    page = f"<< /Type /Page /Parent 2 0 R {box} /Contents 4 0 R /Resources << {named} >> >>".encode()
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: page,
            4: stream(content),
            **more,
        }
    )


def script() -> bytes:
    """Asks to run a script, to start a program and to open a page of the web as soon as it is opened."""
    action = "<< /S /JavaScript /JS (app.alert\\(1\\); this.submitForm\\('http://127.0.0.1:9/'\\);) >>"
    launch = "<< /S /Launch /F (/bin/sh) >>"
    names = f"/Names << /JavaScript << /Names [(a) {action}] >> >>"
    return with_pages(1, f"/OpenAction {action} /AA << /WC {launch} >> {names}")


def endless() -> bytes:
    """Drawings inside drawings, ten times each, ten levels deep: ten thousand million squares."""
    more = {}
    for level in range(10, 20):
        inside = b"0 0 5 5 re f" if level == 19 else b"/X Do " * 10
        names = f"/Resources << /XObject << /X {level + 1} 0 R >> >>" if level < 19 else ""
        more[level] = stream(inside, f"/Type /XObject /Subtype /Form /BBox [0 0 600 800] {names}")
    return drawing(b"/X Do", {"XObject": "/X 10 0 R"}, more)


def image(side: int) -> bytes:
    """A picture of so many dots a side in colour, all black, a few kilobytes when packed."""
    dots = stream(bytes(side * 3) * side, "", packed=True)
    head = f"<< /Type /XObject /Subtype /Image /Width {side} /Height {side} /ColorSpace /DeviceRGB /BitsPerComponent 8 "
    return drawing(b"500 0 0 700 40 40 cm /I Do", {"XObject": "/I 10 0 R"}, {10: head.encode() + dots[3:]})
