"""The frames in which contents are stored: zstd, alone or with another content as dictionary."""

from __future__ import annotations

import zlib
from functools import lru_cache

import zstandard

_LEVEL = 3
"""zstd's default level: twice the level's time buys a twentieth of the size on such small texts."""
_compress = zstandard.ZstdCompressor(level=_LEVEL).compress
_SHORTEST = 64
"""Bytes of a content below which it is no dictionary worth having."""


class FrameInvalid(Exception):  # noqa: N818 - named for what it says of the frame
    """A frame cannot be expanded; the message is one line."""


def pack(content: bytes, base: bytes | None = None) -> bytes:
    """Make the frame of a content, with the content `base` as its dictionary."""
    if base is None:
        return _compress(content)
    compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=_dictionary(base))
    return compressor.compress(content)


def unpack(frame: bytes, size: int, base: bytes | None = None) -> bytes:
    """Give the content of a frame, at most `size` bytes. Raises `FrameInvalid`."""
    dictionary = None if base is None else _dictionary(base)
    try:
        expand = zstandard.ZstdDecompressor(dict_data=dictionary).decompress
        return expand(frame, max_output_size=max(size, 1))
    except zstandard.ZstdError as error:
        raise FrameInvalid(str(error)) from error


def checksum(frame: bytes, base: int | None) -> int:
    """Give the CRC-32 of a frame, begun with the number of the blob that it is based on."""
    return zlib.crc32(frame, base or 0)


def is_base(content: bytes) -> bool:
    """Whether a content is long enough to be a dictionary for others."""
    return len(content) >= _SHORTEST


@lru_cache(maxsize=4)
def _dictionary(content: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
