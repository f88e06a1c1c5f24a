"""The bytes of a file as UTF-8 text: unpacked, decoded, and checked against what was there when the read began.

Streams in pieces of bounded size. A byte that the encoding cannot explain stays recognisable (as invalid UTF-8), so
that only its own record is set aside. Knows no rows or columns.
"""

import codecs
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

import zstandard

from connectors.sources.files.locations import FoundFile
from models.errors import MisconfiguredError, StopError

_PACKED_BYTES = 1 << 16
_PIECE_BYTES = 1 << 21
_BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class CheckedFile:
    """A file that is read once from front to back while its digest is taken."""

    def __init__(self, found: FoundFile) -> None:
        self._found = found
        self._file: BinaryIO = found.path.open("rb")
        self._digest = hashlib.sha256()
        self.position = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes, as they lie on disk."""
        data = self._file.read(size)
        self._digest.update(data)
        self.position += len(data)
        return data

    def finish(self) -> None:
        """Read what is left, and check that the file is still the one that was fingerprinted.

        Raises:
            StopError: It changed under the reader.
        """
        while self.read(_PIECE_BYTES):
            pass
        if self._digest.hexdigest() != self._found.sha256:
            raise changed(self._found)

    def close(self) -> None:
        """Release the file."""
        self._file.close()


def changed(found: FoundFile) -> StopError:
    """The failure of a file that something else wrote to while it was read."""
    return StopError(
        f"{found.label}: changed while it was being read; nothing of this store was landed. Run again when its writer "
        "is done; a writer that renames a finished file into place is never seen half-way."
    )


def check_unchanged(found: FoundFile) -> None:
    """Check size and modification time, for a file that was read in pieces out of order.

    Raises:
        StopError: It changed under the reader.
    """
    status = found.path.stat()
    if (status.st_size, status.st_mtime_ns) != (found.size, found.modified_ns):
        raise changed(found)


def text_pieces(found: FoundFile, file: CheckedFile, *, encoding: str, key: str) -> Iterator[bytes]:
    """The file's text as UTF-8, without byte-order mark, in pieces of about two megabytes.

    Args:
        found: The file.
        file: Its bytes.
        encoding: How it is encoded.
        key: The key of `perennial.yml` under which the file set stands, for errors.

    Raises:
        StopError: The file is packed and broken off or damaged.
        MisconfiguredError: It is in another encoding than declared.
    """
    pieces = _transcoded(_regrouped(_unpacked(found, file)), encoding, found.label, key)
    is_first, with_bare_returns = True, False
    for piece in pieces:
        if is_first:
            is_first = False
            piece = piece.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901 - the mark is no part of the text
            # Old spreadsheet programs end lines by a carriage return alone.
            with_bare_returns = b"\r" in piece and b"\n" not in piece
        yield piece.replace(b"\r", b"\n") if with_bare_returns else piece


def as_text(raw: bytes) -> str:
    r"""A record's bytes as text that any store can hold: what is not text shows as an escape such as `\xe9`."""
    try:
        text = raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "backslashreplace")
    text = re.sub("[\udc80-\udcff]", lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", text)
    text = re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text)
    return text.replace("\0", "\\x00")


def _unpacked(found: FoundFile, file: CheckedFile) -> Iterator[bytes]:
    suffix = found.path.suffix.lower()
    try:
        if suffix == ".gz":
            # GzipFile reads members one after the other, and insists on each one's checksum.
            with gzip.GzipFile(fileobj=cast("BinaryIO", file), mode="rb") as unpacked:
                while data := unpacked.read(_PIECE_BYTES):
                    yield data
        elif suffix == ".zst":
            yield from _unpacked_zstandard(file)
        else:
            while data := file.read(_PIECE_BYTES):
                yield data
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
        raise StopError(
            f"{found.label}: is broken off or damaged ({error}); nothing of this store was landed. Export it again."
        ) from error


def _unpacked_zstandard(file: CheckedFile) -> Iterator[bytes]:
    """Frame after frame; zstandard's own reader takes a missing end for the end."""
    factory = zstandard.ZstdDecompressor()
    frame, is_open, packed = factory.decompressobj(), False, b""
    while packed or (packed := file.read(_PACKED_BYTES)):
        is_open = True
        yield frame.decompress(packed)
        packed = b""
        if frame.eof:
            packed, is_open = frame.unused_data, False
            frame = factory.decompressobj()
    if is_open:
        raise EOFError("it ends within a frame")


def _regrouped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Pieces of even size, so that a well-packed file neither floods memory nor comes in crumbs."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _PIECE_BYTES:
            joined = b"".join(waiting)
            whole = size - size % _PIECE_BYTES
            for start in range(0, whole, _PIECE_BYTES):
                yield joined[start : start + _PIECE_BYTES]
            waiting, size = [joined[whole:]], size - whole
    if size:
        yield b"".join(waiting)


def _transcoded(pieces: Iterator[bytes], encoding: str, label: str, key: str) -> Iterator[bytes]:
    name = codecs.lookup(encoding).name
    if name in {"utf-8", "utf-8-sig", "ascii"}:
        is_first = True
        for piece in pieces:
            if is_first and (other := _BYTE_ORDER_MARKS.get(piece[:2])):
                raise MisconfiguredError(f"{key}.encoding", f"{label} is in {other}, not in {encoding}; declare that")
            is_first = False
            yield piece
        return
    is_wide = name.startswith(("utf-16", "utf-32"))
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass" if is_wide else "surrogateescape")
    is_first = True
    try:
        for piece in pieces:
            text = decoder.decode(piece)
            yield (text.removeprefix("\ufeff") if is_first else text).encode("utf-8", "surrogatepass")
            is_first = False
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        if not is_wide or is_first:
            raise MisconfiguredError(f"{key}.encoding", f"{label} is not in {encoding}: {error.reason}") from error
        # Half a character at the end of a file: what follows is the mark of a broken record.
        yield b"\xff"
    except UnicodeError as error:
        raise MisconfiguredError(f"{key}.encoding", f"{label} is not in {encoding}: {error}") from error
