"""Objects of a bucket with the S3 interface: `s3://bucket/key` for one, `s3://bucket/prefix` for all below it.

Keys, region and endpoint come from the environment as every S3 client reads them (AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL, AWS_ALLOW_HTTP …); nothing of them is part of an address.

Law: every read names the object's ETag (If-Match), so an object that was replaced is refused by its server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from connector.custody.errors import VaultError
from connector.custody.origins.origin import changed, distant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from urllib.parse import SplitResult

    from obstore.store import S3Store

# a server that does not answer is given up before the person who published is
PATIENCE: Any = {"max_retries": 3}


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One version of one object; `etag` is the server's name of that version."""

    store: S3Store
    bucket: str
    key: str
    size: int
    etag: str

    @property
    def place(self) -> str:
        """The object's address."""
        return f"s3://{self.bucket}/{self.key}"

    def open(self) -> BinaryIO:
        """Open it; every read is for this version only."""
        return distant(self.size, self._fetch)

    def check(self) -> None:
        """Do nothing: no read returned bytes of another version."""

    def _fetch(self, first: int, count: int) -> bytes:
        from obstore.exceptions import BaseError, PreconditionError  # noqa: PLC0415 - comes with an extra

        try:
            got = self.store.get(self.key, options={"range": (first, first + count), "if_match": self.etag})
            etag, data = got.meta["e_tag"], bytes(got.bytes())
        except PreconditionError as error:
            raise changed(self.place) from error
        except (BaseError, OSError) as error:
            raise _unreadable(self.place, error) from error
        if etag != self.etag or len(data) != count:  # a server that minds no conditions
            raise changed(self.place)
        return data


def objects_at(address: SplitResult) -> Iterator[tuple[str, StoredObject]]:
    """Yield (name below the prefix, object) of an `s3://` address; `VaultError` `source` if there is none."""
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - comes with an extra
        from obstore.store import S3Store  # noqa: PLC0415 - comes with an extra
    except ModuleNotFoundError as error:
        raise VaultError("source", "reading buckets needs an extra", "install penstock[s3]") from error
    bucket, prefix, place = address.netloc, address.path.strip("/"), address.geturl()
    try:
        store = S3Store(bucket, retry_config=PATIENCE)
        found = [item for page in store.list(prefix or None) for item in page]
        if not found and prefix:
            found = [store.head(prefix)]
        # some servers name versions only when asked for one object
        found = [item if item["e_tag"] else store.head(item["path"]) for item in found]
    except (BaseError, OSError) as error:
        raise _unreadable(place, error) from error
    for item in found:
        key = item["path"]
        name = key.rpartition("/")[2] if key == prefix else key.removeprefix(prefix).lstrip("/")
        if not item["e_tag"]:
            raise VaultError("source", f"`{place}` has an object without an ETag", "copy it to a file")
        yield name, StoredObject(store, bucket, key, item["size"], item["e_tag"])


def _unreadable(place: str, error: Exception) -> VaultError:
    """Return the fault in one line: what the client adds for programmers stays out."""
    said = str(error).partition("\n")[0]
    return VaultError("source", f"`{place}` cannot be read: {said}", "check the AWS_… variables of the server")
