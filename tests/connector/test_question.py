"""A question without an event loop means what it would mean at the door outward, and goes nowhere else."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager

import pytest

from connector.net import question
from connector.net.question import Question
from connector.runtime.errors import AddressRefused, PeerMisbehaved, PeerRefused, PeerUnreachable
from connector.runtime.limits import REFUSAL_BYTES_MAX

LIMITS = {"headers": {"X-Mine": "1"}, "timeout_seconds": 5.0, "limit_bytes": 100}


@contextmanager
def answering(answer, *, hold=None):
    """Answer one request with these bytes and close; yield the address, and what was asked."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def work():
            peer, _ = listening.accept()
            with peer:
                said = b""
                while b"\r\n\r\n" not in said:
                    said += peer.recv(65536)
                asked.append(said)
                peer.sendall(answer)
                if hold is not None:
                    hold.wait(10)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield f"http://localhost:{listening.getsockname()[1]}/a%20b?c=d", asked
        finally:
            if hold is not None:
                hold.set()
            thread.join()


def put(url, method="GET", body=None, **limits):
    return Question(development=True).put(method, url, body, **LIMITS | limits)


def head(line, body=b"", *more):
    fields = [f"Content-Length: {len(body)}".encode(), *more]
    return b"HTTP/1.1 " + line + b"\r\n" + b"".join(one + b"\r\n" for one in fields) + b"\r\n" + body


def test_an_answer_is_read_and_the_request_says_who_asks():
    with answering(head(b"200 OK", b'{"a":[1]}')) as (url, asked):
        assert put(url, "POST", {"b": 2}) == {"a": [1]}
    line, *fields = asked[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert line == "POST /a%20b?c=d HTTP/1.1"
    told = {name.lower(): value for name, _, value in (one.partition(": ") for one in fields)}
    assert (told["x-mine"], told["user-agent"], told["accept-encoding"]) == ("1", "penstock", "identity")
    assert (told["content-type"], told["content-length"]) == ("application/json", "7")


def test_an_answer_without_a_body_is_nothing():
    with answering(head(b"204 No Content")) as (url, _):
        assert put(url) is None


def test_an_answer_in_chunks_is_read():
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"
    with answering(chunked) as (url, _):
        assert put(url) == [1, 2]


REFUSED = {
    "403 Forbidden": PeerRefused,
    "404 Not Found": PeerRefused,
    "302 Found": PeerRefused,
    "500 Internal Server Error": PeerRefused,
    "429 Too Many Requests": PeerUnreachable,
    "503 Service Unavailable": PeerUnreachable,
}


@pytest.mark.parametrize("status", REFUSED)
def test_another_status_is_the_fault_that_it_means(status):
    answer = head(status.encode(), b'{"why":"x"}', b"Location: http://localhost:1/")
    with answering(answer) as (url, asked), pytest.raises(REFUSED[status]) as refused:
        put(url)
    assert refused.value.body == b'{"why":"x"}'
    assert len(asked) == 1, "no redirect is followed"


BAD = {
    "longer than its limit": (head(b"200 OK", b"1" * 101), PeerMisbehaved),
    "a refusal that is too long": (head(b"403 Forbidden", b"1" * (REFUSAL_BYTES_MAX + 1)), PeerMisbehaved),
    "encoded": (head(b"200 OK", b"{}", b"Content-Encoding: gzip"), PeerMisbehaved),
    "not JSON": (head(b"200 OK", b"{"), PeerMisbehaved),
    "cut short": (head(b"200 OK", b'{"a":1}')[:-3], PeerUnreachable),
    "cut short in a number": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n12", PeerUnreachable),
    "cut short in chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[1", PeerUnreachable),
    "another protocol": (b"SSH-2.0-x\r\n\r\n", PeerUnreachable),
    "nothing": (b"", PeerUnreachable),
}


@pytest.mark.parametrize("name", BAD)
def test_an_answer_that_breaks_a_rule_is_told(name):
    answer, fault = BAD[name]
    with answering(answer) as (url, _), pytest.raises(fault):
        put(url)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1"], ids=["silent", "half"])
def test_a_silent_server_is_given_up(answer):
    with answering(answer, hold=threading.Event()) as (url, _), pytest.raises(PeerUnreachable, match="did not answer"):
        put(url, timeout_seconds=0.2)


def test_nobody_there_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(PeerUnreachable, match=f"`http://127.0.0.1:{port}` did not answer"):
        put(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "url", ["ftp://localhost:8000/", "http://u@localhost:8000/", "http://localhost:22/", "http://10.0.0.1:8000/"]
)
def test_an_address_that_is_not_ours_to_ask_is_refused(url):
    with pytest.raises(AddressRefused):
        put(url)


def test_a_name_that_leads_inside_is_refused_before_a_socket_is_made(monkeypatch):
    places = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 8000)) for one in ("127.0.0.1", "10.0.0.1")]
    monkeypatch.setattr(question.socket, "getaddrinfo", lambda *_, **__: places)
    monkeypatch.setattr(question.socket, "socket", lambda *_: pytest.fail("a socket was made"))
    with pytest.raises(AddressRefused):
        put("http://peer.example:8000/")


def test_plain_http_is_for_development():
    with pytest.raises(AddressRefused, match="plain http"):
        Question().put("GET", "http://localhost:8000/", **LIMITS)
