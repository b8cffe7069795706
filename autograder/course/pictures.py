"""How large a picture is that a student hands in, by its first bytes: a few kilobytes may unpack to gigabytes.

Whoever opens a page has his browser unpack all pictures on it. Nothing is unpacked here.
"""

import base64
import binascii
import struct

MOST_PIXELS = 40_000_000
"""Of one picture: more than any plot or photograph that an answer needs, and 160 MB in a browser."""
_PNG, _GIF, _JPEG = b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a"), b"\xff\xd8\xff"
_SIGNATURES = (_PNG, *_GIF, _JPEG)
_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers of a JPEG after which its size stands."""
_MOST_BLOCKS = 10_000


def is_modest(data: bytes) -> bool:
    """Whether a picture may be shown: PNG, GIF or JPEG, and not of more pixels than a browser should unpack.

    Args:
        data: The file; one that breaks off before its size is said is shown as the broken picture it is.
    """
    if not any(data.startswith(known) or known.startswith(data) for known in _SIGNATURES):
        return False
    try:
        return _pixels(data) <= MOST_PIXELS
    except (struct.error, IndexError):
        return True


def is_modest_base64(text: str) -> bool:
    """Whether a picture as notebooks hold it may be shown.

    Args:
        text: The file in base64.
    """
    try:
        return is_modest(base64.b64decode("".join(text.split()), validate=True))
    except (binascii.Error, ValueError):
        return False


def _pixels(data: bytes) -> int:
    if data.startswith(_PNG):
        width, height = struct.unpack_from(">II", data, 16)
        return int(width * height)
    if data.startswith(_GIF):
        return _pixels_of_gif(data)
    return _pixels_of_jpeg(data)


def _pixels_of_gif(data: bytes) -> int:
    """The largest of the whole and of its pictures, which may be larger than they say together."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    most, place = width * height, 13 + _colours(flags)
    for _ in range(_MOST_BLOCKS):
        kind = data[place]
        if kind == 0x2C:
            wide, high, flags = struct.unpack_from("<HHB", data, place + 5)
            most = max(most, wide * high)
            place += 11 + _colours(flags)
        elif kind == 0x21:
            place += 2
        else:
            return int(most)
        while length := data[place]:
            place += 1 + length
            if place >= len(data):
                return int(most)
        place += 1
        if place >= len(data):
            return int(most)
    return MOST_PIXELS + 1


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _pixels_of_jpeg(data: bytes) -> int:
    place = 2
    for _ in range(_MOST_BLOCKS):
        while data[place] != 0xFF:
            place += 1
        while data[place] == 0xFF:
            place += 1
        if data[place] in _SIZES:
            height, width = struct.unpack_from(">HH", data, place + 4)
            return int(width * height)
        if 0xD0 <= data[place] <= 0xD9 or data[place] == 0x01:
            place += 1
        else:
            place += 1 + struct.unpack_from(">H", data, place + 1)[0]
    return MOST_PIXELS + 1
