"""Every secret of a space's participants, looked for in all that their servers wrote."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing

from connector.runtime.data_folder import ACCESS

# what a database keeps that opens something: preimages of vouchers not yet taken, keys on their way
SECRET_COLUMNS = (("windows", "secret"), ("windows", "masked"))
LEAST_BYTES = 16


def leaks(people, texts=None):
    """Return (role, kind of secret) of every secret that stands in a log, in whatever writing; `people` by role.

    `texts` are logs by name, where they are not what each participant's server wrote.
    """
    if texts is None:
        said = {role: person.data / "serve.log" for role, person in people.items()}
        texts = {role: path.read_bytes() for role, path in said.items() if path.exists()}
        for role, person in people.items():
            texts |= {f"{role}: {path.name}": path.read_bytes() for path in (person.data / ACCESS).glob("*")}
    return [
        (role, kind)
        for person in people.values()
        for kind, secret in _secrets(person.data)
        for role, text in texts.items()
        if any(form in text for form in _forms(secret))
    ] + [(role, "a token") for role, text in texts.items() if b"Bearer ey" in text or b"eyJhbGciOi" in text]


def _secrets(data):
    """Yield (what it is, the bytes) of everything that nobody else may know."""
    for path in (data / "keys").rglob("*"):
        if path.is_file() and path.suffix != ".pub":
            content = path.read_bytes()
            yield path.name, content.strip()
            if len(content.strip()) == 64:
                yield path.name, bytes.fromhex(content.strip().decode())
    yield "management.token", (data / "management.token").read_bytes().strip()
    kek = data.with_name(data.name + ".kek")
    for line in kek.read_text().split() if kek.exists() else ():
        yield "the key-encryption key", bytes.fromhex(line)
    with closing(sqlite3.connect(f"file:{data / 'penstock.db'}?mode=ro", uri=True)) as database:
        for table, column in SECRET_COLUMNS:
            for (value,) in database.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 50"):
                yield f"{table}.{column}", value


def _forms(secret):
    if len(secret) < LEAST_BYTES:
        return ()
    return (secret, secret.hex().encode(), base64.b64encode(secret).rstrip(b"="), base64.urlsafe_b64encode(secret)[:-2])
