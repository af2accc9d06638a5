"""C2SP tlog-policy: which logs we believe, which witnesses we know, and how many of them it takes.

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <member>...
    quorum <name>|none

Law: a line names only what stands above it, so groups cannot be circular; a name belongs to at most one group, so a
witness counts once; exactly one quorum line; the same key twice is refused, whatever its names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.log import cosignature
from ledger.log.checkpoint import Checkpoint, Former, parse_text
from ledger.log.checkpoint import verify as verify_checkpoint
from ledger.log.note import COSIGNATURE, ED25519, SUBTREE, Note, NoteError, VerifierKey, parse_vkey

if TYPE_CHECKING:
    from collections.abc import Mapping

POLICY_LIMIT_BYTES = 65_536
NAMES_LIMIT_COUNT = 256
NONE = "none"
COSIGNERS = (COSIGNATURE, SUBTREE)  # kinds of key that a witness may have

_ALLOWED = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*")


class LogPolicyError(ValueError):
    """The text is no tlog-policy; its author is at fault."""


@dataclass(frozen=True, slots=True)
class Group:
    """At least `threshold` of `members` (names of witnesses or groups)."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FormerCosigner:
    """A key by which a witness cosigned before, `until` a time (posix seconds)."""

    key: VerifierKey
    until: int


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """A parsed policy. `witnesses` and `groups` are in the order of their lines; `urls` by vkey text.

    `former` are keys that witnesses had before, by their name, `former_logs` those of logs: no text of it has them.
    """

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, Group]
    quorum: str
    urls: Mapping[str, str] = field(default_factory=dict)
    former: Mapping[str, tuple[FormerCosigner, ...]] = field(default_factory=dict)
    former_logs: tuple[Former, ...] = ()

    def log(self, origin: str) -> VerifierKey:
        """Return the key of the log with that origin, or raise `NoteError`."""
        for key in self.logs:
            if key.name == origin:
                return key
        raise NoteError(f"the policy names no log `{origin}`")

    def signed(self, note: Note) -> Checkpoint:
        """Return the checkpoint if its log signed it; else raise `NoteError`."""
        origin = parse_text(note.text).origin
        return verify_checkpoint(note, self.log(origin), [one for one in self.former_logs if one.key.name == origin])

    def met_by(self, names: frozenset[str]) -> bool:
        """Tell whether the witnesses `names` make the quorum."""
        return self.quorum == NONE or self._holds(self.quorum, names)

    def _holds(self, name: str, names: frozenset[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in names
        return sum(self._holds(member, names) for member in group.members) >= group.threshold

    def witnesses_of(self, note: Note) -> frozenset[str]:
        """Return the names of the witnesses whose cosignature on the note is valid; ignore a false one."""
        return frozenset(
            name
            for name, key in self.witnesses.items()
            if _cosigned(note, key) or any(_cosigned(note, one.key, one.until) for one in self.former.get(name, ()))
        )

    def check(self, note: Note) -> Checkpoint:
        """Return the checkpoint if its log signed it and the quorum cosigned it; else raise `NoteError`."""
        checkpoint = self.signed(note)
        names = self.witnesses_of(note)
        if not self.met_by(names):
            seen = ", ".join(sorted(names)) or "nobody"
            raise NoteError(f"quorum `{self.quorum}` is not met for `{checkpoint.origin}`: cosigned by {seen}")
        return checkpoint

    def encode(self) -> str:
        """Write the policy as text."""
        lines = [self._line("log", key) for key in self.logs]
        lines += [self._line(f"witness {name}", key) for name, key in self.witnesses.items()]
        lines += [f"group {name} {one.threshold} {' '.join(one.members)}" for name, one in self.groups.items()]
        return "\n".join([*lines, f"quorum {self.quorum}"]) + "\n"

    def _line(self, start: str, key: VerifierKey) -> str:
        vkey = key.encode()
        return f"{start} {vkey} {self.urls.get(vkey, '')}".rstrip()


def _cosigned(note: Note, key: VerifierKey, until: int | None = None) -> bool:
    try:
        time = cosignature.verify(note, key)
    except NoteError:
        return False
    return time is not None and (until is None or time <= until)


def parse(text: str) -> LogPolicy:
    """Read a policy; unknown keywords are refused."""
    raw = text.encode()
    if len(raw) > POLICY_LIMIT_BYTES or not _ALLOWED.fullmatch(raw):
        raise LogPolicyError(f"a policy has at most {POLICY_LIMIT_BYTES} bytes and no control characters")
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            reader.take(number, words)
    return reader.finish()


class _Reader:
    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, Group] = {}
        self.urls: dict[str, str] = {}
        self.grouped: set[str] = set()
        self.quorum: str | None = None
        self.kinds = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}

    def take(self, number: int, words: list[str]) -> None:
        read = self.kinds.get(words[0])
        if read is None:
            raise LogPolicyError(f"line {number}: unknown keyword `{words[0]}`; use one of {', '.join(self.kinds)}")
        try:
            read(words[1:])
        except (NoteError, LogPolicyError) as error:
            raise LogPolicyError(f"line {number}: {error}") from error

    def finish(self) -> LogPolicy:
        if self.quorum is None:
            raise LogPolicyError("the policy has no quorum line; add `quorum <name>` or `quorum none`")
        return LogPolicy(tuple(self.logs), self.witnesses, self.groups, self.quorum, self.urls)

    def _log(self, words: list[str]) -> None:
        key = self._key(words, 0, (ED25519,), [one.material for one in self.logs])
        self.logs.append(key)

    def _witness(self, words: list[str]) -> None:
        if not words:
            raise LogPolicyError("a witness line has a name and a verifier key")
        name = self._new(words[0])
        others = [one.material for one in self.witnesses.values()]
        self.witnesses[name] = self._key(words, 1, COSIGNERS, others)

    def _key(self, words: list[str], at: int, kinds: tuple[int, ...], others: list[bytes]) -> VerifierKey:
        if len(words) not in {at + 1, at + 2}:
            raise LogPolicyError("expected a verifier key and perhaps a URL")
        key = parse_vkey(words[at])
        if key.kind not in kinds or key.material in others:
            raise LogPolicyError(f"the key of `{key.name}` is of the wrong kind or stands here twice")
        if len(words) == at + 2:
            self.urls[key.encode()] = words[at + 1]
        return key

    def _group(self, words: list[str]) -> None:
        if len(words) < 3:
            raise LogPolicyError("a group line has a name, a threshold and at least one member")
        name, members = self._new(words[0]), tuple(self._known(word) for word in words[2:])
        if len(set(members)) != len(members) or self.grouped & set(members):
            raise LogPolicyError("a name may be a member of one group only, and once")
        self.grouped |= set(members)
        self.groups[name] = Group(_threshold(words[1], len(members)), members)

    def _quorum(self, words: list[str]) -> None:
        if len(words) != 1 or self.quorum is not None:
            raise LogPolicyError("exactly one quorum line with one name is needed")
        self.quorum = NONE if words[0] == NONE else self._known(words[0])

    def _known(self, name: str) -> str:
        if name not in self.witnesses and name not in self.groups:
            raise LogPolicyError(f"`{name}` is defined on no line above")
        return name

    def _new(self, name: str) -> str:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise LogPolicyError(f"the name `{name}` is taken")
        if len(self.witnesses) + len(self.groups) >= NAMES_LIMIT_COUNT:
            raise LogPolicyError(f"a policy may name at most {NAMES_LIMIT_COUNT} witnesses and groups")
        return name


def _threshold(word: str, members: int) -> int:
    count = {"any": 1, "all": members}.get(word)
    if count is None:
        if not (word.isascii() and word.isdigit()) or len(word) > 4:
            raise LogPolicyError(f"`{word}` is no threshold; use `any`, `all` or a number")
        count = int(word)
    if not 1 <= count <= members:
        raise LogPolicyError(f"a threshold of `{count}` does not fit `{members}` members")
    return count
