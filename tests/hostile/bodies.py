"""Bodies that nobody means: JSON that reads badly, and what is no JSON. One table.

A row is name → what makes the body from `limit`, the longest body that the route takes: most fill it to the brim, where
a reader has the most to do; the figures of a million are over every limit.
"""

from __future__ import annotations

from functools import cache

MILLION = 10**6


@cache
def body(name, limit):
    """Return the body of a row for a route that takes so many bytes."""
    return BODIES[name](limit)


def nested(opening, closing, levels):
    return lambda _limit: opening * levels + closing * levels


def filled(before, piece, after):
    """Return `before`, as many `piece`s as there is room for, `after`."""
    return lambda limit: before + piece * ((limit - len(before) - len(after)) // len(piece)) + after


def keys(count, last=b""):
    return lambda _limit: b"{" + b",".join(b'"%x":0' % number for number in range(count)) + last + b"}"


def many_keys(last=b""):
    """As many different keys as the limit allows, each of eight bytes with its value."""
    return lambda limit: keys((limit - 32) // 10)(limit)[:-1] + last + b"}"


def rules(rule):
    """A first message whose offer has as many rules as there is room for."""
    before = b'{"@context":["https://w3id.org/dspace/2025/1/context.jsonld"],"@type":"ContractRequestMessage","consumerPid":"c",'
    return filled(
        before + b'"callbackAddress":"https://x","offer":{"@id":"o","@type":"Offer","permission":[', rule, b"0]}}"
    )


BODIES = {
    # depth
    "10^5 lists": nested(b"[", b"]", 10**5),
    "10^5 objects": nested(b'{"a":', b"}", 10**5),
    "10^5 lists, never closed": lambda _limit: b"[" * 10**5,
    "900 objects": nested(b'{"a":', b"}", 900),
    "100 lists, again and again": filled(b"[", b"[" * 100 + b"]" * 100 + b",", b"0]"),
    "60 lists, again and again": filled(b"[", b"[" * 60 + b"]" * 60 + b",", b"0]"),
    # width
    "10^6 keys": keys(MILLION),
    "keys to the brim": many_keys(),
    "keys to the brim, the last one twice": many_keys(b',"0":1'),
    "empty lists": filled(b"[", b"[],", b"[]]"),
    "empty objects": filled(b"[", b"{},", b"{}]"),
    "small numbers": filled(b"[", b"1,", b"1]"),
    "white space": filled(b"", b" ", b""),
    "one long text": filled(b'"', b"x", b'"'),
    "escapes": filled(b'"', b"\\u0041", b'"'),
    # numbers
    "10^6 digits": lambda _limit: b"1" * MILLION,
    "digits to the brim": filled(b'{"a":', b"9", b"}"),
    "digits after the point": filled(b'{"a":0.', b"9", b"}"),
    "digits before and after": filled(b'{"a":1', b"0", b".0}"),
    "an exponent of many digits": filled(b'{"a":1e', b"9", b"}"),
    "a negative exponent of many digits": filled(b'{"a":1e-', b"9", b"}"),
    "2^53": lambda _limit: b'{"a":9007199254740992}',
    "NaN": lambda _limit: b'{"a":NaN}',
    "Infinity": lambda _limit: b'{"a":Infinity}',
    "-Infinity": lambda _limit: b'{"a":-Infinity}',
    "1e400": lambda _limit: b'{"a":1e400}',
    "a leading zero": lambda _limit: b'{"a":01}',
    "hexadecimal": lambda _limit: b'{"a":0x1}',
    # names and texts
    "a key twice": lambda _limit: b'{"@type":"A","@type":"B"}',
    "a key twice, once escaped": lambda _limit: b'{"@type":"A","\\u0040type":"B"}',
    "a key twice, deep inside": lambda _limit: b'{"a":[{"b":{"c":1,"c":1}}]}',
    "a lone high surrogate": lambda _limit: b'{"a":"\\ud800"}',
    "a lone low surrogate": lambda _limit: b'{"a":"\\udc00"}',
    "a lone surrogate in a key": lambda _limit: b'{"\\ud800":1}',
    "surrogates in the wrong order": lambda _limit: b'{"a":"\\udc00\\ud800"}',
    "a surrogate in UTF-8": lambda _limit: b'{"a":"\xed\xa0\x80"}',
    "an overlong slash": lambda _limit: b'{"a":"\xc0\xaf"}',
    "not UTF-8": lambda _limit: b'{"a":"\xff\xfe"}',
    "cut inside a character": lambda _limit: b'{"a":"\xe2\x82',
    "UTF-8 with a mark": lambda _limit: b"\xef\xbb\xbf{}",
    "UTF-16": lambda _limit: '{"@type": "A"}'.encode("utf-16"),
    "UTF-32": lambda _limit: '{"@type": "A"}'.encode("utf-32"),
    "a raw newline in a text": lambda _limit: b'{"a":"\n"}',
    "a raw NUL": lambda _limit: b'{"a":"\x00"}',
    # no JSON
    "nothing": lambda _limit: b"",
    "NULs": filled(b"", b"\x00", b""),
    "two documents": lambda _limit: b"{} {}",
    "a comment": lambda _limit: b"{}/**/",
    "a comma too many": lambda _limit: b'{"a":1,}',
    "single quotes": lambda _limit: b"{'a':1}",
    "XML": lambda _limit: b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "a form": lambda _limit: b"a=1&b=2",
    "a pickle": lambda _limit: (
        b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."
    ),
    # messages that are none, for whoever explains what is wrong with them
    "rules that are none": rules(b'{"action":1},'),
    "constraints that are none": rules(b'{"action":"use","constraint":[{"leftOperand":1}]},'),
    "numbers for rules": rules(b"0,"),
    "a short message of numbers for rules": lambda _limit: rules(b"0,")(8_000),
    "a short message of constraints": lambda _limit: rules(b'{"action":"use","constraint":[{"and":[{"or":[]}]}]},')(
        8_000
    ),
    # JSON that is no message
    "null": lambda _limit: b"null",
    "true": lambda _limit: b"true",
    "a number": lambda _limit: b"7",
    "a text": lambda _limit: b'"@type"',
    "an empty list": lambda _limit: b"[]",
    "an empty object": lambda _limit: b"{}",
    "one byte over": lambda limit: b'"' + b"x" * (limit - 1) + b'"',
}
