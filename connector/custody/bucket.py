"""Sealed editions in a bucket with the S3 interface: one object each, named by its edition, joined as on the wire.

Keys, region and endpoint come from the environment as every S3 client reads them (AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL, AWS_ALLOW_HTTP …); the setting names bucket and prefix alone.

Law: an object counts only if it has the length of its rows; whoever reads it verifies it, like every sealed byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from connector.custody.errors import VaultError
from connector.runtime.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore.store import S3Store

    from connector.custody.sealed_file import SealedFile
    from ledger.edition.row_table import RowTable

SCHEME = "s3://"
# one question costs a journey to the bucket, whatever it asks for
READ_BYTES = 8 * 1024 * 1024
# a server that does not answer is given up before the buyer who waits for it
PATIENCE: Any = {"max_retries": 3}
SAID_CHARACTERS_MAX = 300
ABSENT_HINT = "make the bucket, or correct `vault.blobs` and the variables AWS_* (docs/keeping.md, Buckets)"
# whoever only looks whether it is there asks again in a minute
HASTE: Any = {"max_retries": 0}


class Bucket:
    """Objects below one prefix; every method asks the server and waits (call it in a thread)."""

    def __init__(self, url: str) -> None:
        if not url.startswith(SCHEME) or len(url) == len(SCHEME):
            raise SettingsError(f"`vault.blobs` is `{url}`, expected `s3://bucket` or `s3://bucket/prefix`")
        try:
            from obstore.store import S3Store  # noqa: PLC0415  # comes with an extra
        except ImportError as error:
            raise SettingsError(f"`vault.blobs` is `{url}`, but no client for it is here", "install `s3`") from error
        self.url = url
        self._store: S3Store = S3Store.from_url(url, retry_config=PATIENCE)

    def look(self) -> None:
        """Ask whether the bucket is there and may be listed, with little patience; VaultError `bucket` if not."""
        import obstore  # noqa: PLC0415  # comes with an extra
        from obstore.store import S3Store  # noqa: PLC0415  # comes with an extra

        # with options of ours those in the environment would not count: a hung server is waited for half a minute
        hasty = S3Store.from_url(self.url, retry_config=HASTE)
        try:
            next(iter(obstore.list(hasty, chunk_size=1)), None)
        except (obstore.exceptions.BaseError, FileNotFoundError) as error:
            raise self._unanswered("a list of what it has", error, ABSENT_HINT) from error

    def size(self, name: str) -> int | None:
        """Return how long an object is, None if it is not there."""
        import obstore  # noqa: PLC0415  # comes with an extra

        try:
            return int(obstore.head(self._store, name)["size"])
        except (FileNotFoundError, obstore.exceptions.NotFoundError):
            return None
        except obstore.exceptions.BaseError as error:
            raise self._unanswered(f"`{name}`", error) from error

    def put(self, name: str, sealed: SealedFile) -> None:
        """Send an edition's pieces; the object is there as a whole or not at all."""
        self.put_bytes(name, sealed.buffers(0, len(sealed.table)))

    def put_bytes(self, name: str, data: bytes | Iterator[bytes]) -> None:
        """Send an object, at once or in buffers; it is there as a whole or not at all."""
        import obstore  # noqa: PLC0415  # comes with an extra

        try:
            obstore.put(self._store, name, data)
        except (obstore.exceptions.BaseError, FileNotFoundError) as error:  # of a bucket that is not there
            raise self._unanswered(f"`{name}`", error) from error

    def read(self, name: str, first: int, count: int) -> bytes:
        """Return `count` bytes from `first`."""
        import obstore  # noqa: PLC0415  # comes with an extra

        try:
            data = bytes(obstore.get_range(self._store, name, start=first, length=count))
        except (FileNotFoundError, obstore.exceptions.NotFoundError) as error:
            raise VaultError("blob", f"`{self.url}` has no `{name}`", "fetch or seal its bytes again") from error
        except obstore.exceptions.BaseError as error:
            raise self._unanswered(f"`{name}`", error) from error
        if len(data) != count:
            raise VaultError("blob", f"`{self.url}` has not the {count} bytes of `{name}` that were asked for")
        return data

    def remove(self, name: str) -> None:
        """Remove an object; one that is not there is none."""
        import obstore  # noqa: PLC0415  # comes with an extra

        try:
            obstore.delete(self._store, name)
        except (FileNotFoundError, obstore.exceptions.NotFoundError):
            return
        except obstore.exceptions.BaseError as error:
            raise self._unanswered(f"`{name}`", error) from error

    def _unanswered(self, what: str, error: Exception, hint: str = "ask again") -> VaultError:
        said = str(error).splitlines()[0][:SAID_CHARACTERS_MAX]
        return VaultError("bucket", f"`{self.url}` does not do as asked with {what}: {said}", hint)


class SealedObject:
    """The sealed bytes of one edition in a bucket, readable by row like a `SealedFile`."""

    distant = True

    def __init__(self, bucket: Bucket, name: str, table: RowTable) -> None:
        self.table = table
        self._bucket = bucket
        self._name = name

    def buffers(self, first: int, count: int) -> Iterator[bytes]:
        """Yield the sealed bytes of `count` rows from `first` in buffers of at most READ_BYTES."""
        offset, left = self.table.span(first, count)
        while left:
            data = self._bucket.read(self._name, offset, min(READ_BYTES, left))
            offset, left = offset + len(data), left - len(data)
            yield data

    def read_pieces(self, first: int, count: int) -> Iterator[bytes]:
        """Yield the sealed bytes of `count` rows from `first`, one row at a time, asking for many at once."""
        number, end = first, first + count
        while number < end:
            last = number + 1
            while last < end and self.table.span(number, last + 1 - number)[1] <= READ_BYTES:
                last += 1
            data, at = b"".join(self.buffers(number, last - number)), 0
            for each in range(number, last):
                size = self.table.span(each, 1)[1]
                yield data[at : at + size]
                at += size
            number = last

    def piece_into(self, number: int, buffer: memoryview) -> int:
        """Read row `number` into the beginning of `buffer`; return its sealed bytes."""
        done = 0
        for data in self.buffers(number, 1):
            buffer[done : done + len(data)] = data
            done += len(data)
        return done

    def close(self) -> None:
        """Do nothing: no connection is held."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
