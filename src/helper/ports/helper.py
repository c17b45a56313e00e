"""Short-lived tokens on behalf of the user who asked. Written by agent-id; standard library only.

    agent_id = importlib.import_module("agent-id.helper")
    agent_id.authorization("password-reset", "password-api", ["okta.users.manage"], request=self)

gives the value of an Authorization header. Runs `agent-id token` (another command: AGENT_ID_COMMAND; where it is not
installed, helper.mjs beside this file) and keeps the answer in memory until 30 seconds before it ends.
"""

import collections.abc
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import threading
import time

_TIMEOUT_SECONDS = 30
_MARGIN_SECONDS = 30
_MAX_ENTRIES = 1000

_lock = threading.Lock()
_cache = {}
_flights = {}


class AgentIdError(Exception):
    """Says why there is no token (`code`), and what to do next (`hint`)."""

    def __init__(self, code, message, hint=None):
        super().__init__(message if hint is None else f"{message} {hint}")
        self.code = code
        self.hint = hint


def authorization(agent, resource, scopes, request=None, as_itself=False):
    """Gives `Bearer ...` for one resource.

    `request` is the request being handled: anything with `headers`, a WSGI environ, or the bearer token itself. Its
    token decides for whom the agent acts. None: the user who signed in on this machine with `agent-id login`.
    `as_itself`: no user; explicit, and audited as such.
    """
    subject = None if request is None or as_itself else _subject_of(request)
    who = "itself" if as_itself else None if subject is None else hashlib.sha256(subject.encode()).hexdigest()
    key = (agent, resource, tuple(sorted(set(scopes))), who)
    with _lock:
        found = _cache.get(key)
        if found is not None and found[1] > time.monotonic():
            return found[0]
        flight = _flights.setdefault(key, threading.Lock())
    with flight:
        with _lock:
            found = _cache.get(key)
        if found is not None and found[1] > time.monotonic():
            return found[0]
        try:
            header, ends = _ask(agent, resource, scopes, subject, as_itself)
            with _lock:
                _remember(key, header, ends)
            return header
        finally:
            with _lock:
                _flights.pop(key, None)


def headers(agent, resource, scopes, others=(), as_itself=False):
    """Gives headers that are made once and sent often: `Authorization` is asked for anew each time they are read."""
    return _Headers(lambda: authorization(agent, resource, scopes, None, as_itself), others)


def session_auth(agent, resource, scopes, as_itself=False):
    """Gives the `auth` of a session of `requests`: a token for each request."""

    def sign(request):
        request.headers["Authorization"] = authorization(agent, resource, scopes, None, as_itself)
        return request

    return sign


class _Headers(collections.abc.MutableMapping):
    def __init__(self, ask, others):
        self._ask = ask
        self._others = dict(others)

    def __getitem__(self, name):
        return self._ask() if name.lower() == "authorization" else self._others[name]

    def __setitem__(self, name, value):
        if name.lower() == "authorization":
            raise TypeError("agent-id sets Authorization itself")
        self._others[name] = value

    def __delitem__(self, name):
        del self._others[name]

    def __iter__(self):
        yield "Authorization"
        yield from self._others

    def __len__(self):
        return 1 + len(self._others)

    def __or__(self, other):
        return {**self, **other}

    def copy(self):
        return _Headers(self._ask, self._others)


def okta_request_executor(agent, resource, scopes, as_itself=False):
    """Gives the `requestExecutor` of a client of Okta's SDK for Python: a token of its own for each request.

    Nothing is kept between requests: the SDK's cache knows only URLs, and would show one user what another one read.
    """
    import asyncio

    from okta.cache.no_op_cache import NoOpCache
    from okta.request_executor import RequestExecutor

    class Executor(RequestExecutor):
        def __init__(self, config, cache, http_client=None):
            super().__init__(config, NoOpCache(), http_client)

        async def create_request(self, *args, **kwargs):
            request, error = await super().create_request(*args, **kwargs)
            if request is not None:
                loop = asyncio.get_running_loop()
                header = await loop.run_in_executor(None, authorization, agent, resource, scopes, None, as_itself)
                request["headers"] = {**request["headers"], "Authorization": header}
            return request, error

    return Executor


def _subject_of(request):
    header = request if isinstance(request, str) else _header_of(request)
    match = re.fullmatch(r"(?:Bearer +)?([A-Za-z0-9._~+/-]+=*)", (header or "").strip(), re.IGNORECASE)
    plain = isinstance(request, str) or re.match(r"Bearer ", header or "", re.IGNORECASE)
    if match is None or not plain:
        raise AgentIdError(
            "not-signed-in",
            "The request carries no bearer token of a user.",
            "The caller must send Authorization: Bearer with the user's token.",
        )
    return match.group(1)


def _header_of(request):
    headers = getattr(request, "headers", None)
    if headers is None and hasattr(request, "get"):
        return request.get("HTTP_AUTHORIZATION") or request.get("Authorization")
    return None if headers is None else headers.get("Authorization")


def _ask(agent, resource, scopes, subject, as_itself):
    arguments = ["token", "--agent", agent, "--resource", resource]
    for scope in scopes:
        arguments += ["--scope", scope]
    arguments += ["--format", "json"]
    if as_itself:
        arguments.append("--as-agent")
    elif subject is not None:
        arguments += ["--subject-file", "-"]
    asked = time.monotonic()
    answer = _run(arguments, "" if subject is None else subject)
    token, lifetime = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(token, str) or not isinstance(lifetime, (int, float)):
        raise AgentIdError("internal", "agent-id answered without a token.", "Is it of the same version as this file?")
    return f"Bearer {token}", asked + lifetime - _MARGIN_SECONDS


def _run(arguments, stdin):
    try:
        done = subprocess.run(
            _command() + arguments,
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=os.path.dirname(os.path.abspath(__file__)),
            timeout=_TIMEOUT_SECONDS,
        )
    except FileNotFoundError:
        raise AgentIdError(
            "internal", "The command agent-id is not there.", "Install it, or set AGENT_ID_COMMAND."
        ) from None
    except subprocess.TimeoutExpired:
        # Its text would quote the input.
        raise AgentIdError(
            "idp-unreachable", f"agent-id did not answer in {_TIMEOUT_SECONDS} seconds.", "Try again later."
        ) from None
    try:
        answer = json.loads(done.stdout or b"{}")
    except ValueError:
        answer = {}
    if done.returncode == 0:
        return answer
    raise _to_error(answer.get("error") or {}, done.stderr.decode(errors="replace"))


def _command():
    named = os.environ.get("AGENT_ID_COMMAND")
    if named:
        return shlex.split(named, posix=os.name != "nt")
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "helper.mjs")
    if shutil.which("agent-id") is None and shutil.which("node") and os.path.isfile(beside):
        return ["node", beside]
    return ["agent-id"]


def _to_error(error, stderr):
    match = re.search(r"^error\[([a-z-]+)\]: (.*)$", stderr, re.MULTILINE)
    code = error.get("code") or (match.group(1) if match else "internal")
    message = error.get("message") or (match.group(2) if match else "agent-id failed.")
    return AgentIdError(code, message, error.get("hint"))


def _remember(key, header, ends):
    now = time.monotonic()
    for old in [old for old, (_, end) in _cache.items() if end <= now]:
        del _cache[old]
    while len(_cache) >= _MAX_ENTRIES:
        del _cache[next(iter(_cache))]
    _cache[key] = (header, ends)
