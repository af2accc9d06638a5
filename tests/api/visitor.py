"""Somebody in front of the console without a script: follows links, fills in forms, keeps cookies."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from urllib.parse import urljoin

import aiohttp

BOUNDARY = "where-a-part-ends"


class _Forms(HTMLParser):
    """The forms of a page: method, action and the fields with their values; and every address that is linked."""

    def __init__(self):
        super().__init__()
        self.forms, self.links, self.attributes, self._select = [], [], set(), None

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.attributes |= set(told)
        if tag == "form":
            self.forms.append((told.get("method", "get"), told["action"], {}))
        elif tag == "input" and self.forms and "name" in told:
            self.forms[-1][2][told["name"]] = told.get("value", "")
        elif tag == "select":
            self._select = told["name"]
        elif tag == "option" and self._select and self._select not in self.forms[-1][2]:
            self.forms[-1][2][self._select] = told["value"]
        elif tag == "a":
            self.links.append(told["href"])


class Seen:
    """A page as it came."""

    def __init__(self, status, url, text, headers):
        self.status, self.url, self.text, self.headers = status, url, text, headers
        found = _Forms()
        found.feed(text)
        self.forms, self.links, self.attributes = found.forms, found.links, found.attributes

    def form(self, part):
        """Return the form whose action has `part` in it."""
        return next(one for one in self.forms if part in one[1])


class Visitor:
    """One browser without a script."""

    def __init__(self, base, language="en"):
        self.prefix = base + "/console"
        headers = {"Accept": "text/html", "Accept-Language": language}
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers=headers)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.session.close()

    async def open(self, path, **more):
        async with self.session.get(urljoin(self.prefix + "/", path), **more) as answer:
            return Seen(answer.status, str(answer.url), await answer.text(), answer.headers)

    async def send(self, page, part, headers=None, **instead):
        """Send the form of a page whose action has `part` in it; `instead` are the fields that are filled in."""
        _, action, told = page.form(part)
        async with self.session.post(urljoin(page.url, action), data={**told, **instead}, headers=headers) as answer:
            return Seen(answer.status, str(answer.url), await answer.text(), answer.headers)

    async def send_files(self, page, part, files, headers=None, **instead):
        """Send a form of a page with files, field → (name, bytes), as a browser does; its token comes first."""
        _, action, told = page.form(part)
        told = {**told, **instead}
        sent = [_part("form", told.pop("form", "").encode())]
        sent += [_part(name, text.encode()) for name, text in told.items() if name not in files]
        sent += [_part(name, *file[::-1]) for name, file in files.items()]
        body = b"".join(sent) + f"--{BOUNDARY}--\r\n".encode()
        said = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **(headers or {})}
        async with self.session.post(urljoin(page.url, action), data=io.BytesIO(body), headers=said) as answer:
            return Seen(answer.status, str(answer.url), await answer.text(), answer.headers)


def _part(field, data, name=None):
    named = "" if name is None else f'; filename="{name}"'
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"{named}\r\n\r\n'.encode() + data + b"\r\n"
