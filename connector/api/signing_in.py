"""Signing in to the console at an OpenID provider: the browser is sent there, and comes back with a code.

Law: what a sign-in is known by (`Asked`) rests in the browser alone, in a cookie that only we can have made; an answer
without it, or of another sign-in, is refused before the provider is asked. Whoever is refused, or finds the provider
away, sees the page where one signs in with a password.
"""

from __future__ import annotations

import hmac
import json
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from connector.api.console import inside, sign_in_page
from connector.console import rendering
from connector.console.sessions import Sessions
from connector.operation.oidc.admission import Entrance
from connector.operation.oidc.provider import Asked, Provider
from connector.runtime.errors import NotPermitted, PenstockError, Unproven

if TYPE_CHECKING:
    from connector.api.call import Call

# from the button to the answer of the provider
LOGIN_SECONDS = 600
LENGTH_BYTES = 32
CODE_CHARACTERS_MAX = 2_048


async def begin(call: Call) -> web.Response:
    """Send a browser to the provider."""
    there = inside(call.request.query.get("next", ""))
    asked = Asked(*(secrets.token_urlsafe(LENGTH_BYTES) for _ in range(3)))
    try:
        address = await call.of(Provider).address(asked)
    except PenstockError as fault:
        return sign_in_page(call, there, fault=fault)
    answer = web.Response(status=303, headers={**rendering.HEADERS, "Location": address})
    until = (call.core.clock.now() + timedelta(seconds=LOGIN_SECONDS)).timestamp()
    told = {"state": asked.state, "nonce": asked.nonce, "verifier": asked.verifier, "there": there, "until": until}
    call.of(Sessions).hand_out(answer, json.dumps(told), LOGIN_SECONDS)
    return answer


async def end(call: Call) -> web.Response:
    """Take the provider's answer, and begin a session for whom it is."""
    told = call.of(Sessions).handed_out(call.request)
    known: dict[str, Any] = json.loads(told) if told else {}
    there = known.get("there", "")
    try:
        name = await _proven(call, known)
        # a cookie of ours alone is sent with what our own page leads to, not with what the provider's does
        context = {"there": inside(there), "participant": call.core.settings.participant}
        answer = rendering.html(call.request, "signed-in", context, session=None)
        await call.of(Sessions).begin(name, answer)
    except PenstockError as fault:
        answer = sign_in_page(call, inside(there), fault=fault)
    call.of(Sessions).take_back(answer)
    return answer


async def _proven(call: Call, known: dict[str, Any]) -> str:
    """Return the account of whom an answer is for; raises what is said to anybody else."""
    query = call.request.query
    state = query.get("state", "").encode(errors="surrogateescape")
    if not known or not hmac.compare_digest(state, known["state"].encode()):
        raise NotPermitted("this answer is of no sign-in that began in this browser", "sign in again")
    if known["until"] <= call.core.clock.now().timestamp():
        raise Unproven(f"a sign-in takes {LOGIN_SECONDS // 60} minutes at most", "sign in again")
    if "error" in query:
        raise Unproven(f"the provider refused: {query['error'][:100]}", "sign in again, or with a password")
    code = query.get("code", "")
    if not 0 < len(code) <= CODE_CHARACTERS_MAX:
        raise Unproven("the answer of the provider has no code", "sign in again")
    asked = Asked(known["state"], known["nonce"], known["verifier"])
    guest = await call.of(Provider).guest(code, asked, query.get("iss"))
    return await call.of(Entrance).admit(guest)
