"""The files in a letter with settings: unpacked, and written as a whole.

The letter is kept in the store first, then its files are written one by one, then it is removed. What a cut in between left undone,
`finish` does at the next start, before the files are read: so the old ones hold, or all of the new.
"""

import io

import deflate

from ..core import letter

KEPT = "letter"  # its file, while the files in it are written


def unpacked(reader, data: bytes):
    """{name: content} of the files in a letter that is open; None if one cannot be unpacked."""
    files = {}
    while reader.next():
        content = data[reader.begin : reader.end]
        if reader.packing == letter.DEFLATED:
            try:
                content = deflate.DeflateIO(io.BytesIO(content), deflate.RAW, letter.WINDOW).read(reader.length + 1)
            except (OSError, ValueError, EOFError):
                return None
        if len(content) != reader.length or reader.length % 4:
            return None
        files[letter.NAMES[reader.file]] = content
    return files


def keep(store, data: bytes, version: int) -> None:
    """Write all files of a letter that is proved and sound. Raises OSError; what was written by then, `finish` completes."""
    store.write(KEPT, data, version)
    finish(store)


def finish(store) -> None:
    """Write those files of the letter that is kept which are not there yet, and remove it. Raises OSError; then it stays."""
    data = store.read(KEPT)
    reader = letter.Reader(data or b"")
    files = unpacked(reader, data) if reader.open() else None
    for name, content in (files or {}).items():
        if store.version(name) < reader.version:  # what was written by cable meanwhile is newer
            store.write(name, content, reader.version)
    store.forget(KEPT)
