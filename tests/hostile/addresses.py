"""Addresses that we do not connect to, whoever gives them to us and in whatever member of whichever message.

`NEVER` are refused whatever the mode, `LOOPBACK` unless development is on, `PLAIN` because they are not encrypted;
`PLACES` are what a harmless name may resolve to, and `DIDS` participants whose document would have to be fetched there.
"""

from __future__ import annotations

NEVER = [
    # schemes and forms
    "file:///etc/passwd", "gopher://example.org/", "ftp://example.org/", "data:,x", "javascript:alert(1)",
    "unix:///run/docker.sock", "ws://example.org/", "//example.org/", "example.org", "", "http://", "https:///path",
    "http:example.org", "https://user@example.org/", "https://user:pass@example.org/", "https://@example.org/",
    "https://example.org\\@169.254.169.254/", "https://example.org@169.254.169.254/", "https://ex ample.org/",
    "https://example.org\n.evil.net/", "https://example.org\x00/", "https://exa%6dple.org/", "https://example.org./",
    "https://-example.org/", "https://.example.org/", "https://example..org/", "https://" + "a" * 300 + ".org/",
    "https://example.org/" + "a" * 3000, "https://①②⑦.⓪.⓪.①/", "https://examplé.org/", "https://example。org/",
    "https://example.org:443@169.254.169.254/", "https://169.254.169.254#@example.org/",
    "https://example.org%2f@10.0.0.1/", "https://user%40example.org@10.0.0.1/", "https://:@example.org/",
    "https:/example.org/", "https:\\\\example.org\\", " https://example.org/", "https://example.org /",
    "https://exam\tple.org/", "https://example.org\r\nHost: evil/", "https://example.org\u2028/",
    "https://\u202eexample.org/", "https://example\u00ad.org/", "https://\u24d4xample.org/",
    "https://example\uff0eorg/", "https://example\uff61org/", "https://[example.org]/", "https://[]/",
    "https://example.org,10.0.0.1/", "https://*.example.org/", "https://exa$mple.org/", "https://(example.org)/",
    "dict://example.org:11211/", "ldap://example.org/", "tftp://example.org/", "sftp://example.org/",
    "jar:https://example.org!/", "netdoc:///etc/passwd", "about:blank", "blob:https://example.org/x",
    "mailto:a@example.org", "HTTPS+unix://x/", "urn:uuid:1",
    # ports of other services
    "https://example.org:22/", "https://example.org:25/", "https://example.org:6379/", "https://example.org:5432/",
    "https://example.org:11211/", "https://example.org:2375/", "https://example.org:0/", "https://example.org:99999/",
    "https://example.org:9200/", "https://example.org:-1/", "https://example.org:21/", "https://example.org:23/",
    "https://example.org:53/", "https://example.org:110/", "https://example.org:143/", "https://example.org:389/",
    "https://example.org:445/", "https://example.org:465/", "https://example.org:587/", "https://example.org:873/",
    "https://example.org:993/", "https://example.org:1023/", "https://example.org:1433/", "https://example.org:3306/",
    "https://example.org:27017/", "https://example.org:10250/", "https://example.org:65536/",
    "https://example.org:4 43/", "https://example.org:\u0664\u0664\u0663/",
    # addresses of private, local and special networks
    "https://0.0.0.0/", "https://10.0.0.1/", "https://10.255.255.255/", "https://172.16.0.1/", "https://172.31.9.9/",
    "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/", "https://169.254.170.2/",
    "https://100.64.0.1/", "https://100.100.100.200/", "https://192.0.0.192/", "https://192.0.2.1/",
    "https://198.18.0.1/", "https://198.51.100.7/", "https://203.0.113.9/", "https://192.88.99.1/",
    "https://224.0.0.1/", "https://239.255.255.250/", "https://240.0.0.1/", "https://255.255.255.255/",
    "https://[::]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fc00::1]/",
    "https://[fd12:3456::1]/", "https://[fec0::1]/", "https://[ff02::1]/", "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:169.254.169.254]/", "https://[::ffff:a9fe:a9fe]/", "https://[::10.0.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b:1::1]/", "https://[2002:a9fe:a9fe::1]/",
    "https://[2002:0a00:0001::]/", "https://[2001:0:53aa:64c:0:fbff:5601:5601]/", "https://[2001:db8::1]/",
    "https://[3fff::1]/", "https://[100::1]/", "https://[5f00::1]/", "https://[::1", "https://[g::1]/",
    "https://169.254.169.254:443/", "https://169.254.169.253/", "https://168.63.129.16.internal/",
    "https://192.0.0.1/", "https://100.127.255.255/", "https://198.19.255.255/", "https://0.1.2.3/",
    "https://233.252.0.1/", "https://254.1.1.1/", "https://[::127.0.0.1]/", "https://[0:0:0:0:0:ffff:7f00:1]/",
    "https://[::ffff:7f00:1]/", "https://[::ffff:0:10.0.0.1]/", "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::10.0.0.1]/", "https://[2002:7f00:1::]/", "https://[2002:c0a8:101::]/", "https://[2001::1]/",
    "https://[2001:20::1]/", "https://[2001:2::1]/", "https://[fe80::1%25lo]/", "https://[fe80::1%lo]/",
    "https://[fd00:ec2::254]/", "https://[ff05::1:3]/", "https://[::1%25lo]/", "https://[4000::1]/",
    "https://[e000::1]/",
    # numbers that resolvers read as addresses
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://127.1/",
    "https://10.1/", "https://3232235777/", "https://0xa9fea9fe/", "https://169.254.43518/",
    "https://00000251.254.169.254/", "https://1.1.1.1.1/", "https://256.256.256.256/", "https://017700000001/",
    "https://0x7f.1/", "https://0x7f.0x0.0x0.0x1/", "https://127.0.1/", "https://127.0x1/", "https://0300.0250.0.1/",
    "https://0xc0a80101/", "https://3232235521/", "https://2852039166/", "https://0251.0376.0251.0376/",
    "https://169.254.0xa9fe/", "https://0/", "https://1/", "https://0x0/", "https://00/", "https://4294967295/",
    "https://99999999999/", "https://1.2.3/", "https://127.0.0.1./", "https://127.0.0.01/", "https://127.0.0.1.0x7f/",
    # names of this machine and its keeper
    "https://metadata.google.internal/", "https://host.docker.internal/", "https://localhost.localdomain/",
    "https://printer.local/", "https://router.home.arpa/", "https://foo.localhost/",
    "https://metadata.google.internal:443/computeMetadata/v1/", "https://instance-data.ec2.internal/",
    "https://kubernetes.default.svc.cluster.local/", "https://gateway.docker.internal/", "https://a.b.localhost/",
    "https://LOCALHOST.localdomain/", "https://1.0.0.127.in-addr.arpa/", "https://x.ip6.arpa/", "https://wpad.local/",
    "https://localhost./", "https://localhost.:7001/", "https://Internal/", "https://local/", "https://home.arpa/",
]  # fmt: skip
# loopback: refused unless development is on
LOOPBACK = [
    "https://localhost/", "https://LOCALHOST:7001/", "https://127.0.0.1/", "https://127.255.1.2:8080/",
    "https://[::1]/", "https://[0:0:0:0:0:0:0:1]:8443/", "https://127.0.0.1:7001/dsp", "https://127.8.8.8/",
]  # fmt: skip

# only development may speak without encryption
PLAIN = ["http://example.org/", "http://example.org:7001/dsp", "HTTP://example.org/", "http://93.184.215.14/"]
# what a name that looks harmless resolves to
PLACES = [
    ("127.0.0.1",), ("127.8.8.8",), ("0.0.0.0",), ("10.0.0.7",), ("172.16.0.1",), ("192.168.0.1",),
    ("169.254.169.254",), ("100.64.0.1",), ("198.18.0.1",), ("224.0.0.1",), ("255.255.255.255",), ("::",), ("::1",),
    ("fe80::1",), ("fe80::1%eth0",), ("fd00::1",), ("ff02::1",), ("::ffff:192.168.0.1",), ("::ffff:169.254.169.254",),
    ("64:ff9b::a9fe:a9fe",), ("2002:a9fe:a9fe::1",), ("2001:0:53aa:64c:0:fbff:5601:5601",),
    # one good address does not make up for a bad one, wherever it stands
    ("93.184.215.14", "10.0.0.7"), ("10.0.0.7", "93.184.215.14"), ("93.184.215.14", "::1"),
    ("2606:2800:220:1::1", "fe80::1"), ("93.184.215.14", "93.184.215.15", "127.0.0.1"),
]  # fmt: skip
# contexts of JSON-LD that ask to be fetched, read from disk or interpreted; next to ours they are names, alone nothing
OURS = "https://w3id.org/dspace/2025/1/context.jsonld"
CONTEXTS = [
    ["https://example.org/context.jsonld"], ["http://169.254.169.254/latest"], ["https://10.0.0.1/c"], ["/etc/passwd"],
    ["file:///etc/passwd"], ["../context.jsonld"], ["//example.org/c"], ["data:application/ld+json,{}"], ["ftp://x/c"],
    "https://example.org/context.jsonld", OURS, {}, [], None, 7, [[]], [None], [[OURS]], [OURS + "/../../other"],
    {"@import": "https://example.org/c"}, [{"@import": "https://example.org/c"}], [{"@base": "file:///"}],
    [{"@vocab": "https://example.org/"}], [{"@version": 1.1, "@propagate": True}], [{"providerPid": {"@id": "@type"}}],
    [{"@context": ["https://example.org/c"]}], [OURS, "https://example.org/c"], [OURS, "file:///etc/passwd"],
    [OURS, {"@import": "https://example.org/c"}], [OURS, {"@base": "https://example.org/"}], [OURS.upper()],
    [OURS.replace("https", "http")], ["https://w3id.org/dspace/2024/1/context.json"],
]  # fmt: skip
# no document is fetched for these: what a token says of its issuer, or an operator of a member
DIDS = [
    "did:web:10.0.0.1", "did:web:192.168.1.1%3A443", "did:web:169.254.169.254", "did:web:127.0.0.1", "did:web:127.1",
    "did:web:2130706433", "did:web:0x7f000001", "did:web:0177.0.0.1", "did:web:localhost", "did:web:localhost%3A7001",
    "did:web:metadata.google.internal", "did:web:printer.local", "did:web:foo.localhost", "did:web:example.org%3A22",
    "did:web:example.org%3A6379", "did:web:example.org%3A99999", "did:web:example.org%3A0", "did:web:[::1]",
    "did:web:%5B%3A%3A1%5D", "did:web:user%40example.org", "did:web:example.org%2F..%2F", "did:web:example.org:..:x",
    "did:web:example.org:.", "did:web:example.org%00", "did:web:example.org?x", "did:web:example.org#x", "did:web:",
    "did:web", "did:web:example.org.", "did:web:.example.org", "did:web:ex ample.org", "did:web:ex\u00e4mple.org",
    "did:web:a" + "b" * 600, "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "did:jwk:abc",
    "https://example.org", "example.org", "",
]  # fmt: skip
