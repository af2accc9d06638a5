"""Where objects of the own log lie: a folder of the data directory, or the bucket of the vault (`vault.blobs`).

    DATA/log/000000000012-…       s3://bucket/prefix/log/000000000012-…

Law: a new object goes to the bucket where there is one; what lies in the folder is read from there all the same, so
that a back-up which brings its objects along, and a bucket that is named later, need nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.custody.bucket import Bucket
from connector.custody.errors import VaultError
from connector.runtime import files
from connector.store.bundles import Bundles
from connector.store.errors import EvidenceBroken, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from connector.runtime.settings import Settings


class Folder:
    """Objects as files below a data directory."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def put(self, name: str, data: bytes) -> None:
        """Write an object, durably, whole or not at all."""
        path = self._data / name
        files.make_folder(path.parent)
        files.write_atomic(path, data)

    def get(self, name: str, size: int) -> bytes:
        """Return an object; raises EvidenceBroken where there is none of this size."""
        try:
            found = (self._data / name).read_bytes()
        except OSError as error:
            raise EvidenceBroken(f"the object `{name}` of the log cannot be read: {error.strerror}") from error
        if len(found) != size:
            raise EvidenceBroken(f"the object `{name}` of the log has {len(found)} bytes, {size} were written")
        return found

    def has(self, name: str) -> bool:
        """Say whether an object is here."""
        return (self._data / name).is_file()

    def remove(self, name: str) -> None:
        """Remove an object; one that is not there is none."""
        if self.has(name):
            files.remove(self._data / name)


class InBucket:
    """Objects in a bucket, and those that lie in a folder still."""

    def __init__(self, bucket: Bucket, folder: Folder) -> None:
        self._bucket, self._folder = bucket, folder

    def put(self, name: str, data: bytes) -> None:
        """Write an object, durably, whole or not at all; raises StoreError where the bucket does not do as asked."""
        try:
            self._bucket.put_bytes(name, data)
        except VaultError as error:
            raise StoreError(str(error)) from error

    def get(self, name: str, size: int) -> bytes:
        """Return an object; raises EvidenceBroken where there is none, StoreError where the bucket does not answer."""
        if self._folder.has(name):
            return self._folder.get(name, size)
        try:
            return self._bucket.read(name, 0, size)
        except VaultError as error:
            raise (EvidenceBroken if error.code == "blob" else StoreError)(str(error)) from error

    def remove(self, name: str) -> None:
        """Remove an object; one that is not there is none. Raises StoreError where the bucket does not do as asked."""
        self._folder.remove(name)
        try:
            self._bucket.remove(name)
        except VaultError as error:
            raise StoreError(str(error)) from error


def bundles_of(data: Path, settings: Settings) -> Bundles:
    """Return where old entries of a participant's log rest; raises SettingsError for a bucket that cannot be named."""
    folder, place = Folder(data), settings.vault.blobs
    return Bundles(InBucket(Bucket(place), folder) if place else folder)
