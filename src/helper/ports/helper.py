"""Short-lived tokens on behalf of the user who asked. Written by agent-id; standard library only.

    agent_id = importlib.import_module("agent-id.helper")
    agent_id.authorization("password-reset", "password-api", ["okta.users.manage"], request=self)

gives the value of an Authorization header and keeps it in memory until 30 seconds before it ends. Where this machine's
key is an ES256 file and the provider speaks the standards, it exchanges here, signing with the library of Python's own
`ssl`, else with `cryptography` or the program `openssl`. Else it runs `agent-id token` (another command:
AGENT_ID_COMMAND; not installed: helper.mjs beside this file).
"""

import base64
import collections.abc
import concurrent.futures
import email.utils
import hashlib
import hmac
import http.client
import json
import os
import re
import secrets
import shlex
import shutil
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

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
    `as_itself`: no user; explicit, and audited as such. No scopes: all that the lock file records for this resource;
    `as_itself=None`: as it says of this agent.
    """
    return _Source(agent, resource, scopes, as_itself).get(request).header


def own(otherwise=None):
    """Gives the agent that this process is, for code that several share: AGENT_ID_AGENT, else the one given here."""
    return os.environ.get("AGENT_ID_AGENT") or otherwise


def headers(agent, resource, scopes, others=(), as_itself=False):
    """Gives headers that are made once and sent often: `Authorization` is asked for anew each time they are read."""
    return _Headers(lambda: authorization(agent, resource, scopes, None, as_itself), others)


def session_auth(agent, resource, scopes, as_itself=False):
    """Gives the `auth` of a session of `requests`: a token for each request below the resource's own address, and
    another one where the resource no longer takes it."""
    source = _Source(agent, resource, scopes, as_itself)

    def sign(request):
        grant = source.grant_for(request.url)
        request.headers["Authorization"] = grant.header
        if request.body is None or isinstance(request.body, (bytes, str)):
            request.register_hook("response", lambda response, **how: again(response, grant, how))
        else:
            request.register_hook("response", lambda response, **_: told(leaving(response, response.request, grant), grant))
        return request

    def told(response, grant):
        source.audit(grant, response.request.method, response.url, response.status_code)
        return response

    def leaving(response, request, grant):
        """The session takes the token along to another folder of the same server."""
        to = urllib.parse.urljoin(response.url, response.headers.get("Location") or "")
        if response.is_redirect and not _is_below(to, grant.uri):
            request.headers.pop("Authorization", None)
        return response

    def again(response, grant, how):
        refused = response.request.headers.get("Authorization") == grant.header
        if not refused or not _says_invalid_token(response.status_code, response.headers):
            return told(leaving(response, response.request, grant), grant)
        response.content  # Read to its end: the connection is used again.
        source.forget(grant)
        request, grant = response.request.copy(), source.grant_for(response.request.url)
        request.headers["Authorization"] = grant.header
        request.hooks["response"] = []
        fresh = response.connection.send(request, **how)
        fresh.history.append(response)
        fresh.request = request
        return told(leaving(fresh, response.request, grant), grant)

    return sign


# `native` is what exchanged here, None where the command did; `jti` is the token's id.
_Grant = collections.namedtuple("_Grant", "header ends uri native jti", defaults=(None, None))


class _Source:
    """Gives tokens of one agent for one resource, from memory while they live."""

    def __init__(self, agent, resource, scopes, as_itself):
        self._agent, self._resource, self._scopes, self._as_itself = agent, resource, list(scopes or ()), as_itself

    def get(self, request=None):
        if self._agent is None or self._as_itself is None:
            self._as_itself = _locked(self._agent).get("flow") == "as-itself"
        subject = None if request is None or self._as_itself else _subject_of(request)
        key = self._key(subject)
        with _lock:
            found = _cache.get(key)
            if found is not None and found.ends > time.monotonic():
                return found
            flight = _flights.get(key)
            waits = flight is not None
            if not waits:
                flight = _flights[key] = concurrent.futures.Future()
        if not waits:
            self._fly(key, flight, subject)
        return flight.result()

    def _fly(self, key, flight, subject):
        try:
            found, error = _ask(self._agent, self._resource, self._scopes, subject, self._as_itself), None
        except Exception as raised:
            # Its frames hold the user's token, which what reports errors would write down.
            found, error = None, raised.with_traceback(None)
        except BaseException:
            # This thread is being ended; those who wait are not.
            self._land(key, flight, None, AgentIdError("internal", "The thread that asked was ended.", "Ask again."))
            raise
        self._land(key, flight, found, error)

    def _land(self, key, flight, found, error):
        with _lock:
            _flights.pop(key, None)
            if error is None:
                _remember(key, found)
        if error is None:
            flight.set_result(found)
        else:
            flight.set_exception(error)

    def grant_for(self, url):
        """Gives a token for one address: anybody but the resource would see it."""
        grant = self.get()
        if not _is_below(url, grant.uri):
            raise AgentIdError("untrusted-resource", "This address is not below the resource.",
                               "The token goes to its own resource only.")
        return grant

    def forget(self, refused):
        """Drops a token that its resource no longer takes; a newer one stays."""
        with _lock:
            if _cache.get(self._key(None)) == refused:
                del _cache[self._key(None)]

    def audit(self, grant, method, url, status):
        """Writes the call down, where the token was got here."""
        if grant.native is None or not _is_below(url, grant.uri):
            return
        result = "ok" if status < 400 else "denied" if status in (401, 403) else "failed"
        reason = None if status < 400 else str(status)
        _audit(grant.native, sorted(set(self._scopes)), None, (result, reason, grant.jti), _operation(method, url))

    def _key(self, subject):
        who = "itself" if self._as_itself else None if subject is None else hashlib.sha256(subject.encode()).hexdigest()
        return self._agent, self._resource, tuple(sorted(set(self._scopes))), who


def _operation(method, url):
    """Names a request without naming what it was about."""
    segments = urllib.parse.urlsplit(url).path.split("/")

    def name(at, segment):
        if segment == "" or re.fullmatch(r"v[0-9]+", segment):
            return segment
        # What follows a collection (users) is one of its members, whatever it looks like.
        member = at > 0 and re.search(r"[a-z]s$", segments[at - 1]) and not segments[at - 1].endswith("ss")
        return "{id}" if member or not re.fullmatch(r"[A-Za-z][A-Za-z_.-]{0,39}", segment) else segment

    return f"{method.upper()} {'/'.join(name(at, segment) for at, segment in enumerate(segments))}"


def _is_below(url, uri):
    try:
        target, root = urllib.parse.urlsplit(url), urllib.parse.urlsplit(uri or "")
        there, here = ((one.scheme, one.hostname, one.port or {"http": 80, "https": 443}.get(one.scheme))
                       for one in (target, root))
    except ValueError:
        return False
    folder = re.sub("/$", "", root.path) + "/"
    # A parent folder, or an encoded slash, may mean another place to the server.
    hidden = "/.." in target.path or re.search("%2e|%2f|%5c", target.path, re.IGNORECASE)
    plain = "@" not in target.netloc and "\\" not in url
    return there == here and plain and (folder == "/" or not hidden and f"{target.path}/".startswith(folder))


def _says_invalid_token(status, headers):
    return status == 401 and re.search(r'\berror="?invalid_token"?', headers.get("WWW-Authenticate") or "") is not None


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

    source = _Source(agent, resource, scopes, as_itself)

    class Executor(RequestExecutor):
        def __init__(self, config, cache, http_client=None):
            super().__init__(config, NoOpCache(), http_client)

        async def fire_request(self, request):
            grant, answer = await self._fire(request)
            if answer[1] is not None and _says_invalid_token(answer[1].status, answer[1].headers):
                source.forget(grant)
                grant, answer = await self._fire(request)
            if answer[1] is not None:
                told = (grant, request["method"], request["url"], answer[1].status)
                await asyncio.get_running_loop().run_in_executor(None, source.audit, *told)
            return answer

        async def _fire(self, request):
            grant = await asyncio.get_running_loop().run_in_executor(None, source.grant_for, request["url"])
            headers = {**request["headers"], "Authorization": grant.header}
            return grant, await super().fire_request({**request, "headers": headers})

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
    if subject is not None or as_itself:
        native = _open_native(agent, resource, subject)
        if native is not None:
            return _exchange_audited(native, sorted(set(scopes or native["scopes"])), subject)
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
    return _Grant(f"Bearer {token}", asked + lifetime - _MARGIN_SECONDS, answer.get("resource"))


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
            "internal", "The command agent-id is not there.",
            "Install it or set AGENT_ID_COMMAND; or keep the agent's key in a file and have `cryptography` or openssl.",
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


def _remember(key, grant):
    now = time.monotonic()
    for old in [old for old, kept in _cache.items() if kept.ends <= now]:
        del _cache[old]
    while len(_cache) >= _MAX_ENTRIES:
        del _cache[next(iter(_cache))]
    _cache[key] = grant


# Exchanging without another program. What it asks, refuses and writes down is what `agent-id token` does.

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_LONGEST_WAIT_SECONDS = 5
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _state():
    # Windows has no owner or mode to check: there the command does it.
    if os.name == "nt":
        return None
    home = os.environ.get("AGENT_ID_HOME")
    if home is None and sys.platform == "darwin":
        home = os.path.expanduser("~/Library/Application Support/agent-id")
    if home is None:
        home = os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "agent-id")
    if not os.path.isabs(home):
        raise AgentIdError("no-home", "There is no folder for state.", "Set AGENT_ID_HOME to an absolute path.")
    return home


def _open_native(agent, resource, subject):
    """Gives what an exchange needs, None where it is the command's: another store, provider, or no key."""
    home = _state()
    if os.environ.get("AGENT_ID_COMMAND") or home is None or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", agent):
        return None
    key_file = os.path.join(home, "keys", f"{agent}.json")
    signer = _own_signer(key_file)
    if signer is None:
        return None
    locked = _locked(agent)
    trust = _trust(home, locked)
    # Variables may come from a file of the repository, as the lock does: no user of another issuer is shown to it.
    own = subject is None or not trust.get("fromEnvironment") or (_claims(subject) or {}).get("iss") == trust["issuer"]
    if not own:
        raise AgentIdError("untrusted-issuer", "The user's token is not of the issuer in AGENT_ID_ISSUER. It was not sent.",
                           "If this provider takes tokens of another, trust it on this machine: agent-id idp add.")
    if trust["type"] not in ("embedded", "oidc", "keycloak"):
        return None
    found = next((one for one in trust["resources"] if resource in (one["key"], one["uri"])), None)
    if found is not None and any(found.get(name) for name in ("dpop", "agentOnly", "authorizationServer")):
        return None
    same = next((one for one in locked["resources"] if found and one["key"] == found["key"]), {})
    if found is None or same.get("uri", found["uri"]) != found["uri"]:
        raise AgentIdError("untrusted-resource", "The trust has no such resource at this address.")
    if "tokenIssuer" in same:
        raise AgentIdError("untrusted-issuer", "The lock file names a token issuer that is not trusted.")
    return {
        "id": agent, "home": home, "locked": locked, "trust": trust, "key": key_file, "signer": signer,
        "resource": found, "scopes": [one["scope"] for one in same.get("scopes", [])],
        "max": min(found["maxTtlSeconds"], same.get("maxTtlSeconds", 300)),
    }


def _own_signer(path):
    """Gives what signs with this key file, and its thumbprint; None where another store holds the key, or nothing signs."""
    jwk = _key(path)
    if jwk is None or "store" in jwk or jwk.get("crv") != "P-256":
        return None
    sign = _signer(jwk)
    return None if sign is None else (_thumbprint(jwk), sign)


def _key(path):
    text = _read_own(path)
    if text is None:
        return None
    jwk = _parsed(text)
    if "store" in jwk or jwk.get("crv") not in ("P-256", None):
        return jwk
    # Raised where no exception that holds the text is being handled.
    if not all(re.fullmatch(r"[A-Za-z0-9_-]{43}", str(jwk.get(name))) for name in "dxy"):
        raise AgentIdError("malformed", f"The key file {path} holds no key.", "Run: agent-id agents enroll.")
    return jwk


def _parsed(text):
    """Gives an object of JSON; an empty one for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _read_json(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return _parsed(file.read())
    except OSError as error:
        raise AgentIdError("unreadable", f"Cannot read {path}: {error.strerror}.") from None


def _read_own(path):
    try:
        # Without waiting for somebody who writes into a pipe.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return None
    except OSError:
        raise AgentIdError("unreadable", f"Cannot read the key file {path}.") from None
    # What is no UTF-8 must not raise: the exception would hold the key.
    with os.fdopen(handle, encoding="utf-8", errors="replace") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise AgentIdError("unreadable", f"Cannot read the key file {path}: it is no file.")
        if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise AgentIdError("unreadable", f"The key file {path} is open to others or not yours.", "chmod 600 it.")
        return file.read()


def _locked(agent):
    if agent is None:
        raise AgentIdError(
            "unknown-name", "This process does not say which agent it is.",
            "Set AGENT_ID_AGENT to an agent of the lock file where the process is started.",
        )
    at = os.path.dirname(os.path.abspath(__file__))
    while not os.path.isfile(os.path.join(at, "agent-id.lock.json")):
        if os.path.dirname(at) == at:
            raise AgentIdError("unknown-name", "There is no agent-id.lock.json above this file.")
        at = os.path.dirname(at)
    lock = _read_json(os.path.join(at, "agent-id.lock.json"))
    if lock.get("schemaVersion") != 1 or not isinstance(lock.get("agents"), dict):
        raise AgentIdError("malformed", "agent-id.lock.json is malformed, or of a newer version.", "Restore it from git.")
    locked = lock["agents"].get(agent)
    if locked is None:
        raise AgentIdError("unknown-name", f"The lock file has no agent {agent}.")
    return locked


def _trust(home, locked):
    folder, issuer = os.path.join(home, "idp"), locked["issuer"]
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        if name.endswith(".json") and not name.startswith("."):
            trust = _read_json(os.path.join(folder, name))
            outline = (("schemaVersion", int), ("type", str), ("issuer", str), ("resources", list))
            if trust.get("schemaVersion") != 1 or not all(isinstance(trust.get(key), kind) for key, kind in outline):
                raise AgentIdError("malformed", f"The trust file {name} is malformed, or of a newer version.",
                                   "Upgrade agent-id, or add the provider again: agent-id idp add.")
            if trust.get("issuer") == issuer:
                _assert_secure(issuer)
                return trust
    if os.environ.get("AGENT_ID_ISSUER") != issuer:
        raise AgentIdError("untrusted-issuer", "This issuer is not trusted here.", "Nothing was sent to it.")
    _assert_secure(issuer)
    capped = [{**one, "maxTtlSeconds": min(one["maxTtlSeconds"], 300)} for one in locked["resources"]]
    return {"type": "oidc", "issuer": issuer, "resources": capped, "fromEnvironment": True}


def _assert_secure(url):
    parsed = urllib.parse.urlsplit(url)
    safe = parsed.scheme == "https" or (parsed.scheme == "http" and parsed.hostname in _LOOPBACK)
    if not safe or parsed.username or parsed.password:
        raise AgentIdError("untrusted-issuer", "An address must begin with https, or be of this machine.")


def _exchange_audited(native, scopes, subject):
    try:
        try:
            grant = _exchange(native, scopes, subject)
        except (TypeError, ValueError, AttributeError, ArithmeticError):
            raise AgentIdError("idp-refused", "The answer of the identity provider is malformed.") from None
    except AgentIdError as error:
        _audit(native, scopes, subject, ("denied" if error.code == "denied" else "failed", error.code, None))
        raise
    _audit(native, scopes, subject, ("ok", None, grant.jti))
    return grant


def _exchange(native, scopes, subject):
    now, started = time.time(), time.monotonic()
    user_ends = (_claims(subject) or {}).get("exp")
    if _is_number(user_ends) and user_ends <= now:
        raise AgentIdError("subject-expired", "The user's own token has expired.")
    endpoint = _token_endpoint(native["trust"]["issuer"])
    form = {
        "resource": native["resource"]["uri"],
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    if scopes:
        form["scope"] = " ".join(scopes)
    if subject is None:
        form["grant_type"] = "client_credentials"
    else:
        form.update(grant_type=_EXCHANGE, subject_token=subject, subject_token_type=_ACCESS_TOKEN,
                    requested_token_type=_ACCESS_TOKEN)

    def send():
        form["client_assertion"] = _assertion(native, endpoint, int(time.time()))
        return _http(endpoint, urllib.parse.urlencode(form).encode())

    status, answer, clock = _patiently(send)
    if status == 401:
        # A rotation may have put another key there meanwhile.
        signer = _own_signer(native["key"])
        if signer is not None and signer[0] != native["signer"][0]:
            native["signer"] = signer
            status, answer, clock = _patiently(send)
    if status != 200:
        error = answer.get("error") if re.fullmatch(r"[a-z_]{1,40}", str(answer.get("error"))) else status
        if status not in (400, 401, 403):
            raise AgentIdError("idp-refused", f"The identity provider answers {error}.")
        raise AgentIdError("denied", f"The identity provider refused: {error}{clock}.",
                           "Ask its administrator: the agent may be revoked, or may not have these scopes for this user.")
    ends, jti = _judge(native, answer, (scopes, subject), (now, clock))
    ends = min(ends, user_ends) if _is_number(user_ends) else ends
    header = f"Bearer {answer['access_token']}"
    return _Grant(header, started + ends - now - _MARGIN_SECONDS, native["resource"]["uri"], native, jti)


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _clock_note(date):
    """Says how far the clocks are apart: a proof that is not valid yet, or not any more, is refused without a word."""
    try:
        ahead = (time.time() - email.utils.parsedate_to_datetime(date).timestamp()) / 60
    except (TypeError, ValueError):
        return ""
    way = "ahead of" if ahead > 0 else "behind"
    return f"; this machine's clock is about {abs(ahead):.0f} min {way} the provider's" if abs(ahead) > 1 else ""


def _patiently(send):
    """Asks again where the provider says that it is busy or out of order: twice at most, and never for long."""
    for wait in (0.3, 1.2, 2 * _LONGEST_WAIT_SECONDS):
        status, answer, after, clock = send()
        if status != 429 and status < 500:
            return status, answer, clock
        wait = max(wait, int(after) if re.fullmatch("[0-9]{1,9}", after) else 0)
        if wait > _LONGEST_WAIT_SECONDS:
            raise AgentIdError("idp-unreachable", f"The identity provider answers {status}.", "Try again later.")
        time.sleep(wait)


def _judge(native, answer, asked, when):
    """Accepts an answer only if it is what was asked for. Gives when it ends, and its id."""

    def need(holds, what):
        if not holds:
            raise AgentIdError("unacceptable-token", f"The answer is refused: {what}.")

    def same(value, uri):
        return isinstance(value, str) and re.sub("/$", "", value) == re.sub("/$", "", uri)

    def inside(value):
        return value.split() if isinstance(value, str) else value

    (scopes, subject), (now, clock), number = asked, when, _is_number
    token, client, longest = answer.get("access_token"), native["locked"]["clientId"], native["max"]
    too_long = f"it lives longer than {longest} seconds{clock}"
    need(isinstance(token, str) and re.fullmatch(r"[A-Za-z0-9._~+/=-]+", token), "no usable access token")
    issued = answer.get("issued_token_type")
    need(issued == _ACCESS_TOKEN or (issued is None and subject is None), "not an access token")
    need(str(answer.get("token_type")).lower() == "bearer", "not a bearer token")
    claims = _claims(token)
    found = {} if claims is None else claims
    said = [*inside(answer.get("scope", scopes)), *inside(found.get("scope", found.get("scp", [])))]
    need(set(said) <= set(scopes), "wider than asked")
    lifetime, exp, iat = answer.get("expires_in"), found.get("exp"), found.get("iat")
    need(number(lifetime) or number(exp), "it does not say how long it lives")
    need(not number(lifetime) or lifetime <= longest, too_long)
    if number(exp):
        need(not number(iat) or exp - iat <= longest, too_long)
        need(exp - now <= longest + 60, too_long)
        need(exp > now, f"it has expired already{clock}")
    if claims is not None:
        audiences = found.get("aud") if isinstance(found.get("aud"), list) else [found.get("aud")]
        uri, issuer = native["resource"]["uri"], native["trust"]["issuer"]
        need(audiences and all(same(audience, uri) for audience in audiences), "wrong audience")
        need("iss" not in found or same(found["iss"], issuer), "wrong issuer")
    if subject is not None:
        act = found.get("act")
        actor = act.get("sub") if isinstance(act, dict) else None
        need(actor == client or ("act" not in found and native["trust"]["type"] != "embedded"), "wrong actor")
        user = _claims(subject)
        comparable = user is not None and user.get("iss", native["trust"]["issuer"]) == native["trust"]["issuer"]
        need(claims is None or not comparable or found.get("sub") == user.get("sub"), "another user")
    ends = [now + lifetime] if number(lifetime) else []
    return min([*ends, exp] if number(exp) else ends), _text(found.get("jti"))


def _text(value):
    return value if isinstance(value, str) else None


def _claims(token):
    parts = (token or "").split(".")
    try:
        found = json.loads(_unbase64(parts[1])) if len(parts) == 3 else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    # A redirect would carry the user's token elsewhere.
    def redirect_request(self, *_):
        return None


def _http(url, body=None):
    _assert_secure(url)
    handlers = [_NoRedirect]
    if urllib.parse.urlsplit(url).scheme == "http":
        # What is for this machine would be sent to a proxy, and in the clear.
        handlers.append(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, body, {"Accept": "application/json"})
    try:
        try:
            response = urllib.request.build_opener(*handlers).open(request, timeout=10)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            status, text, headers = response.status, response.read(1_000_000), response.headers
    except (OSError, http.client.HTTPException):
        raise AgentIdError("idp-unreachable", "The identity provider does not answer.", "Try again later.") from None
    return status, _parsed(text), headers.get("Retry-After", ""), _clock_note(headers.get("Date"))


def _token_endpoint(issuer):
    parsed = urllib.parse.urlsplit(issuer)
    origin, path = f"{parsed.scheme}://{parsed.netloc}", re.sub("/$", "", parsed.path)
    for place in (f"/.well-known/oauth-authorization-server{path}", f"{path}/.well-known/openid-configuration"):
        status, metadata, _ = _patiently(lambda: _http(origin + place))
        if status == 200:
            if metadata.get("issuer") != issuer or not isinstance(metadata.get("token_endpoint"), str):
                raise AgentIdError("untrusted-issuer", "The identity provider says that it is another issuer.")
            return metadata["token_endpoint"]
    raise AgentIdError("idp-refused", "The identity provider publishes no metadata.")


def _assertion(native, audience, now):
    client = native["locked"]["clientId"]
    kid, sign = native["signer"]
    header = {"alg": "ES256", "typ": "JWT", "kid": kid}
    claims = {"iss": client, "sub": client, "aud": audience, "jti": str(uuid.uuid4()), "iat": now, "exp": now + 60}
    text = ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
    return f"{text}.{_base64(sign(text.encode()))}"


def _signer(jwk):
    """Gives what signs as JWS does, None where nothing here can."""
    d, x, y = (_unbase64(jwk[name]) for name in "dxy")
    # RFC 5915: an ECPrivateKey on P-256.
    der = bytes.fromhex("30770201010420") + d + bytes.fromhex("a00a06082a8648ce3d030107a14403420004") + x + y
    for kind in (_own_library, _cryptography, _openssl):
        sign = kind(der)
        if sign is not None:
            return lambda data: _to_raw(_signed(sign, data))
    return None


def _signed(sign, data):
    try:
        return sign(data)
    except ValueError:
        pass
    # Raised where no exception is being handled whose frames hold the key.
    raise AgentIdError("internal", "The agent's key does not sign.", "Make another: agent-id agents enroll.")


def _own_library(der):
    """Signs with the libcrypto that Python's own `ssl` is linked with: its module looks symbols up there too."""
    try:
        import _ssl
        import ctypes

        library = ctypes.CDLL(_ssl.__file__)
        pointer, size = ctypes.c_void_p, ctypes.c_size_t

        def function(name, result, *arguments):
            found = getattr(library, name)
            found.restype, found.argtypes = result, arguments
            return found

        parse = function("d2i_AutoPrivateKey", pointer, pointer, pointer, ctypes.c_long)
        free_key = function("EVP_PKEY_free", None, pointer)
        sha256 = function("EVP_sha256", pointer)
        begin = function("EVP_MD_CTX_new", pointer)
        end = function("EVP_MD_CTX_free", None, pointer)
        set_up = function("EVP_DigestSignInit", ctypes.c_int, pointer, pointer, pointer, pointer, pointer)
        finish = function("EVP_DigestSign", ctypes.c_int, pointer, ctypes.c_char_p, pointer, ctypes.c_char_p, size)
    except (ImportError, AttributeError, OSError):
        return None

    def sign(data):
        at = ctypes.c_char_p(der)
        key, context = parse(None, ctypes.addressof(at), len(der)), begin()
        made, length = ctypes.create_string_buffer(80), size(80)
        try:
            if not (key and context and set_up(context, None, sha256(), None, key) == 1
                    and finish(context, made, ctypes.addressof(length), data, len(data)) == 1):
                raise ValueError
            return made.raw[: length.value]
        finally:
            end(context)
            free_key(key)

    return sign


def _cryptography(der):
    try:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        return None
    return lambda data: serialization.load_der_private_key(der, None).sign(data, ec.ECDSA(hashes.SHA256()))


def _openssl(der):
    return None if shutil.which("openssl") is None else lambda data: _run_openssl(der, data)


def _run_openssl(der, data):
    """The key reaches openssl by a pipe, never by argv."""
    reader, writer = os.pipe()
    pem = b"-----BEGIN EC " + b"PRIVATE KEY-----\n" + base64.encodebytes(der) + b"-----END EC " + b"PRIVATE KEY-----\n"
    os.write(writer, pem)
    os.close(writer)
    try:
        done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", f"/dev/fd/{reader}"], input=data,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[reader], timeout=_TIMEOUT_SECONDS)
    finally:
        os.close(reader)
    if done.returncode != 0:
        raise ValueError
    return done.stdout


def _to_raw(der):
    """Turns a DER signature, SEQUENCE of two INTEGERs, into r || s of 32 bytes each."""
    size = der[3]
    r, s = der[4 : 4 + size], der[6 + size : 6 + size + der[5 + size]]
    return b"".join(int.from_bytes(part, "big").to_bytes(32, "big") for part in (r, s))


def _thumbprint(jwk):
    return _base64(hashlib.sha256(_canonical({"crv": "P-256", "kty": "EC", "x": jwk["x"], "y": jwk["y"]})).digest())


def _base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# The audit log: chain of hashes, head under a MAC, lock. The same bytes as `agent-id` writes.


def _audit(native, scopes, subject, outcome, call=None):
    locked, resource, (result, reason, jti) = native["locked"], native["resource"], outcome
    exchange = "client credentials" if subject is None else "token exchange"
    event = {
        "schemaVersion": 1, "action": "call" if call else "exchange", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "agent": {"id": native["id"], "displayName": locked["displayName"], "clientId": locked["clientId"]},
        "user": _text((_claims(subject) or {}).get("sub")), "asItself": subject is None,
        "resource": {"uri": resource["uri"], "displayName": resource.get("displayName", resource["key"])},
        "operation": call or exchange,
        "scopes": scopes, "result": result, "reason": reason, "jti": jti,
    }
    folder = os.environ.get("AGENT_ID_AUDIT") or os.path.join(native["home"], "audit")
    with _audit_turn:
        try:
            _write_down(native["home"], folder, event)
        except OSError as error:
            raise AgentIdError("unwritable", f"The audit log in {folder} cannot be written: {error.strerror}.",
                               "No token is given without an entry.") from None


def _write_down(home, folder, event):
    os.makedirs(folder, 0o700, exist_ok=True)
    if stat.S_IMODE(os.lstat(folder).st_mode) & 0o077:
        os.chmod(folder, 0o700)
    lock = os.path.join(folder, ".lock")
    _take(lock)
    try:
        _append(home, folder, event)
    finally:
        os.unlink(lock)


_audit_turn = threading.Lock()
_GENESIS = {"seq": 0, "prev": "0" * 64, "hash": "0" * 64, "size": 0}


def _take(path):
    until = time.monotonic() + 30
    while True:
        try:
            _create(path, f"{os.getpid()}\n".encode())
            return
        except FileExistsError:
            if _is_stale(path):
                _break(path)
            elif time.monotonic() > until:
                raise AgentIdError("locked", f"Another agent-id is at work: {path}.", "If none runs, delete it.") from None
            else:
                time.sleep(0.015)


def _break(path):
    """Moves a stale lock aside before it is deleted: one that another process took meanwhile is put back."""
    aside = f"{path}.{os.getpid()}.stale"
    try:
        os.rename(path, aside)
    except FileNotFoundError:
        return
    if _is_stale(aside):
        os.unlink(aside)
    else:
        os.rename(aside, path)


def _is_stale(path):
    """A lock is stale whose process is gone, or that names none and is old."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            holder = file.read(40).strip()
        if not re.fullmatch(r"[1-9][0-9]*", holder):
            return time.time() - os.stat(path).st_mtime > 30
    except FileNotFoundError:
        return False
    try:
        os.kill(int(holder), 0)
    except PermissionError:
        return False
    except (ProcessLookupError, OverflowError):
        return True
    return False


def _append(home, folder, event):
    key_file, head_file, log = (os.path.join(*p) for p in (
        (home, "keys", "audit.key"), (folder, "head.json"), (folder, "log.jsonl")))
    key = _audit_key(key_file)
    size = os.path.getsize(log) if os.path.exists(log) else 0
    last, pending, tears = _read_head(head_file, key, size)
    last = _settle(log, size, last, pending)
    entry = {**event, "seq": last["seq"] + 1, "prev": last["hash"]}
    entry["hash"] = _hash(entry)
    line = _canonical(entry) + b"\n"
    tears += size > last["size"]
    following = {"seq": entry["seq"], "prev": entry["prev"], "hash": entry["hash"], "size": last["size"] + len(line)}
    _write_head(head_file, key, last, following, tears)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(handle, "wb") as file:
        file.truncate(last["size"])
        file.seek(last["size"])
        file.write(line)
        file.flush()
        os.fsync(handle)
    _write_head(head_file, key, following, None, tears)


def _audit_key(path):
    """Makes the key where there is none; another log of this machine may do so meanwhile."""
    text = _read_own(path)
    if text is None:
        text = _base64(secrets.token_bytes(32))
        try:
            _create(path, f"{text}\n".encode())
        except FileExistsError:
            text = _read_own(path)
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", text.strip()):
        raise AgentIdError("malformed", f"The audit log's key {path} is malformed.", "Run: agent-id audit verify.")
    return _unbase64(text.strip())


def _settle(log, size, last, pending):
    """Finds the last entry that is really there: what a crash left half written is not."""
    if size > (pending or last)["size"]:
        raise _broken("was extended by somebody else")
    if size < last["size"]:
        return _before_tear(log, last)
    if pending is None or size < pending["size"]:
        return last
    with open(log, "rb") as file:
        file.seek(last["size"])
        line = file.read()
    if not line.endswith(b"\n") or _follow(line[:-1], last) != pending:
        raise _broken("was altered")
    return pending


def _before_tear(log, last):
    """Gives the entry before the last, where that one is there in part: anything else was cut by somebody."""
    at = _GENESIS
    with open(log if os.path.exists(log) else os.devnull, "rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                if at["seq"] == last["seq"] - 1 and at["hash"] == last["prev"]:
                    return at
                break
            at = _follow(line[:-1], at)
            if at is None:
                break
    raise _broken("was cut")


def _follow(line, previous):
    """Reads a line; None where it is not the entry after this one."""
    entry = _parsed(line)
    follows = entry.get("seq") == previous["seq"] + 1 and entry.get("prev") == previous["hash"]
    # A byte that does not change the meaning is a change all the same.
    if not follows or entry.get("hash") != _hash(entry) or _canonical(entry) != line:
        return None
    return {"seq": entry["seq"], "prev": entry["prev"], "hash": entry["hash"], "size": previous["size"] + len(line) + 1}


def _read_head(path, key, size):
    if not os.path.exists(path):
        if size:
            raise _broken("has lost its head")
        return _GENESIS, None, 0
    with open(path, encoding="utf-8") as file:
        head = _parsed(file.read())
    mac = str(head.pop("mac", "")).encode(errors="replace")
    if not hmac.compare_digest(mac, _mac(key, head).encode()):
        raise _broken("has a head that this machine did not write")
    return head["last"], head["next"], head["tears"]


def _write_head(path, key, last, following, tears):
    head = {"schemaVersion": 1, "last": last, "next": following, "tears": tears}
    aside = f"{path}.{secrets.token_hex(6)}.tmp"
    _create(aside, _canonical({**head, "mac": _mac(key, head)}) + b"\n")
    os.replace(aside, path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _create(path, data):
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
    except OSError:
        os.unlink(path)
        raise


def _mac(key, head):
    return hmac.new(key, f"agent-id audit head {'0' * 64}\n".encode() + _canonical(head), "sha256").hexdigest()


def _hash(entry):
    return hashlib.sha256(_canonical({k: v for k, v in entry.items() if k != "hash"})).hexdigest()


def _canonical(value):
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda lone: f"\\u{ord(lone[0]):04x}", text).encode()


def _broken(what):
    return AgentIdError("audit-broken", f"The audit log {what}.", "Run: agent-id audit verify.")
