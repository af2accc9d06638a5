"""A stream of NATS JetStream: a message of it is one message, as JSON, in the order of the stream.

    nats://host:4222/STREAM?subject=rain.>          tls://… where the server asks for it

    {"sequence": 7, "subject": "rain.k7", "at": "2026-11-23T10:00:00Z", "data": "…"}       `base64` if it is no text

Who we are comes from the server's environment as NATS's own client reads it (NATS_USER and NATS_PASSWORD, or
NATS_CREDS).

Law: the stream is read by sequence numbers, which are the position; nothing is kept at the server, and nothing is
acknowledged to it, so others who read the stream are not disturbed.
"""

from __future__ import annotations

import asyncio
import base64
import os
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

import orjson

from connector.custody.errors import VaultError
from connector.custody.growing.growing import READ_BYTES_MAX, Read

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js.client import JetStreamContext

CONNECT_SECONDS_MAX: Final = 10
# how long one read waits for the first message
WAIT_SECONDS: Final = 0.5
FETCHED_MAX: Final = 500
# a consumer that nobody asks any more is forgotten by the server
INACTIVE_SECONDS: Final = 60.0
USER, PASSWORD, CREDENTIALS = "NATS_USER", "NATS_PASSWORD", "NATS_CREDS"


def check(address: SplitResult) -> dict[str, str]:
    """Return the parameters of a stream's address; `VaultError` `source` for one that says too little or too much."""
    given = dict(parse_qsl(address.query, keep_blank_values=True))
    if odd := set(given) - {"subject"}:
        raise VaultError(
            "source", f"`{min(odd)}` has no place in the address of a stream", "nats://host/STREAM?subject=…"
        )
    name = address.path.strip("/")
    if not name or not all(one.isalnum() or one in "_-" for one in name):
        raise VaultError("source", "the address names no stream", "nats://host:4222/STREAM")
    return {"stream": name, **given}


class JetStream:
    """The messages of the stream at the address `place`, behind a position (a sequence number), if any."""

    def __init__(self, place: str, position: str = "") -> None:
        self._address = urlsplit(place)
        self._given = check(self._address)
        self._done = int(position or 0)
        self._client: Client | None = None
        self._asked: JetStreamContext.PullSubscription | None = None
        self._heard = 0  # messages that the subscription has given us

    async def read(self) -> Read | None:
        """Return the messages that have come."""
        from nats.errors import Error  # noqa: PLC0415 - comes with an extra

        try:
            if self._asked is None:
                self._asked = await self._subscribed()
            found = await self._fetched(self._asked)
        except (Error, OSError) as error:
            await self.close()
            raise self._unread(error) from error
        fresh = [one for one in found if one.metadata.sequence.stream > self._done]
        if not fresh:
            return None
        messages = [_message(one) for one in fresh]
        if long := next((len(one) for one in messages if len(one) > READ_BYTES_MAX), 0):
            raise VaultError("source", f"a message has {long} bytes, one of a stream at most {READ_BYTES_MAX}")
        self._done = fresh[-1].metadata.sequence.stream
        return Read(messages, str(self._done))

    async def _fetched(self, asked: JetStreamContext.PullSubscription) -> list[Msg]:
        """Return what has come, unless there is a gap before it by the server's own count for us.

        The client drops what is more than it will keep waiting (128 MiB); from there on the stream is asked anew.
        """
        try:
            return self._unbroken(await asked.fetch(FETCHED_MAX, timeout=WAIT_SECONDS))
        except TimeoutError:  # nothing came: the client raises its own kind of it, and at the last instant asyncio's
            sent = (await asked.consumer_info()).delivered
            if sent is not None and sent.consumer_seq > self._heard:
                self._asked = None
            return []

    def _unbroken(self, found: list[Msg]) -> list[Msg]:
        whole = [one for number, one in enumerate(found, self._heard + 1) if one.metadata.sequence.consumer == number]
        self._heard += len(whole)
        if len(whole) < len(found):
            self._asked = None
        return whole

    async def confirm(self, position: str) -> None:
        """Do nothing: the server keeps what its own limits say."""

    async def close(self) -> None:
        """Close the connection."""
        client, self._client, self._asked = self._client, None, None
        if client is not None and not client.is_closed:
            await client.close()

    async def look(self) -> None:
        """Raise `VaultError` `source` unless the stream is there."""
        from nats.errors import Error  # noqa: PLC0415 - comes with an extra

        try:
            await (await self._connected()).jetstream().stream_info(self._given["stream"])
        except (Error, OSError) as error:
            raise self._unread(error) from error
        finally:
            await self.close()

    def _unread(self, error: Exception) -> VaultError:
        text = f"the stream `{self._given['stream']}` cannot be read: {str(error)[:200] or type(error).__name__}"
        return VaultError("source", text, "nats stream ls")

    async def _subscribed(self) -> JetStreamContext.PullSubscription:
        from nats.js import api  # noqa: PLC0415 - comes with an extra

        first = api.ConsumerConfig(
            deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self._done + 1,
            ack_policy=api.AckPolicy.NONE,
            inactive_threshold=INACTIVE_SECONDS,
        )
        await self.close()
        self._heard = 0
        stream = (await self._connected()).jetstream()
        subject = self._given.get("subject") or ">"
        return await stream.pull_subscribe(subject, stream=self._given["stream"], config=first)

    async def _connected(self) -> Client:
        import nats  # noqa: PLC0415 - comes with an extra

        said: dict[str, Any] = {"user": os.environ.get(USER), "password": os.environ.get(PASSWORD)}
        said["user_credentials"] = os.environ.get(CREDENTIALS)
        server = f"{self._address.scheme}://{self._address.netloc}"
        told = {name: value for name, value in said.items() if value}
        async with asyncio.timeout(CONNECT_SECONDS_MAX):  # by itself it would try an absent server for minutes
            self._client = await nats.connect(
                server, allow_reconnect=False, max_reconnect_attempts=1, reconnect_time_wait=0, error_cb=_hear, **told
            )
        return self._client


async def _hear(_fault: Exception) -> None:
    """Say nothing: what goes wrong is raised where it is asked for."""


def _message(one: Msg) -> bytes:
    about = one.metadata
    told: dict[str, Any] = {"sequence": about.sequence.stream, "subject": one.subject, "at": about.timestamp}
    try:
        told["data"] = one.data.decode()
    except UnicodeDecodeError:
        told["base64"] = base64.b64encode(one.data).decode()
    return orjson.dumps(told, option=orjson.OPT_UTC_Z)
