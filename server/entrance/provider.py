"""The one provider this office trusts: where to send people, and whether to believe what it says.

OpenID Connect by Authlib: the authorisation code with PKCE, a state and a nonce. The issuer is fixed
by the settings and compared letter by letter, signatures are taken by a list of this file and never by
what a token asks for, and every address of the provider is as safe as the issuer's own.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard
from urllib.parse import urlencode

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from server.entrance.settings import BY_DIRECTORY, ProviderSettings

ALGORITHMS = ["RS256", "PS256", "ES256"]
"""How an ID token may be signed: with a key that only the provider has, and in no other way."""

SCOPE = "openid profile offline_access"

TIMEOUT_SECONDS = (3.05, 5)
"""How long the provider may take to be connected, and to answer."""

KEPT = timedelta(hours=1)
"""How long what the provider says of itself is taken to be still so."""

KEYS_AGAIN = timedelta(minutes=1)
"""How soon its keys are asked for again because a token names one that is not known."""

SKEW_SECONDS = 60
"""How far the provider's clock may be off."""

SILENT_FOR = timedelta(seconds=10)
"""How long a provider that does not answer is left alone, so that nobody's request waits for it in vain."""

DISCOVERY = "/.well-known/openid-configuration"

_SERVER_FAULT = 500


class Unreachable(Exception):  # noqa: N818 - how the provider stands
    """The provider does not answer, or answers that it cannot: nothing is known of anybody."""


class Refused(Exception):  # noqa: N818 - what it said
    """The provider says no: the code is used up, or the person is no longer known there."""


class Untrusted(Exception):  # noqa: N818 - what became of its answer
    """What the provider said cannot be believed; the words say why, for the log."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Whom the provider speaks of, and what it says of them."""

    tenant: str
    subject: str
    name: str
    user_name: str
    roles: object
    signed_in_at: datetime | None
    """When the person last showed the provider who they are."""


@dataclass(frozen=True, kw_only=True)
class Redeemed:
    """What the provider gave for a code: who signed in, and what to ask it with later, if it gives that."""

    person: Person
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Renewed:
    """What it said later: what it says of the person now, if anything, and what to ask it with next."""

    person: Person | None
    refresh_token: str = field(repr=False)


class Provider:
    """Speaks with the provider in this process; what it says of itself is kept for an hour."""

    def __init__(self, settings: ProviderSettings) -> None:
        """Take the settings; the provider is first asked when somebody comes."""
        self.settings = settings
        self._lock = threading.Lock()
        self._described: tuple[datetime, Mapping[str, str]] | None = None
        self._keys: tuple[datetime, KeySet] | None = None
        self._silent_since: datetime | None = None

    @property
    def comes_back_to(self) -> str:
        """Say where the provider sends people back to."""
        return f"{self.settings.address}/sign-in/answer"

    def address_to_ask(
        self, *, state: str, nonce: str, verifier: str, again: bool, now: datetime
    ) -> str:
        """Say where a browser is sent; `again` has the provider ask however recently it did."""
        more = {"prompt": "login", "max_age": "0"} if again else {}
        with self._session() as session:
            url, _state = session.create_authorization_url(
                self._described_at(now)["authorization_endpoint"],
                state=state,
                code_verifier=verifier,
                scope=SCOPE,
                nonce=nonce,
                **more,
            )
        return str(url)

    def redeem(self, code: str, *, verifier: str, nonce: str, now: datetime) -> Redeemed:
        """Give a code back for who signed in; raises when that cannot be had or believed."""
        url = self._described_at(now)["token_endpoint"]
        told = self._ask(
            now,
            "fetch_token",
            url,
            grant_type="authorization_code",
            code=code,
            code_verifier=verifier,
        )
        written = told.get("id_token")
        if not isinstance(written, str):
            raise Untrusted("no ID token")
        claims = self._claims(written, now, nonce=nonce, access_token=told.get("access_token"))
        if claims.get("nonce") != nonce:
            raise Untrusted("another nonce")
        return Redeemed(person=self._person(claims), refresh_token=_text(told, "refresh_token"))

    def renew(self, refresh_token: str, *, now: datetime) -> Renewed:
        """Ask whether a person is still known; what the provider says of them now comes with it."""
        url = self._described_at(now)["token_endpoint"]
        told = self._ask(now, "refresh_token", url, refresh_token=refresh_token)
        written = told.get("id_token")
        person = None
        if isinstance(written, str):
            person = self._person(self._claims(written, now))
        return Renewed(person=person, refresh_token=_text(told, "refresh_token") or refresh_token)

    def address_to_sign_out(self, now: datetime) -> str | None:
        """Say where a browser ends the provider's own session, if the provider offers that."""
        try:
            url = self._described_at(now).get("end_session_endpoint")
        except (Unreachable, Untrusted):
            return None
        asked = {
            "client_id": self.settings.client_id,
            "post_logout_redirect_uri": f"{self.settings.address}/sign-in",
        }
        return f"{url}?{urlencode(asked)}" if url else None

    def describe(self, now: datetime) -> None:
        """Ask the provider what it is, now; raises when it does not say what it must."""
        self._described = None
        self._keys = None
        self._described_at(now)
        self._keys_at(now)

    def _described_at(self, now: datetime) -> Mapping[str, str]:
        """Give what the provider says of itself, asked for again after an hour."""
        with self._lock:
            if self._described is None or now - self._described[0] >= KEPT:
                self._described = (now, self._discover(now))
            return self._described[1]

    def _discover(self, now: datetime) -> Mapping[str, str]:
        told = self._get(self.settings.issuer.rstrip("/") + DISCOVERY, now)
        if told.get("issuer") != self.settings.issuer:
            raise Untrusted("its discovery document names another issuer")
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        offered = {name: _text(told, name) for name in (*wanted, "end_session_endpoint")}
        unsafe = [
            name
            for name, url in offered.items()
            if (url or name in wanted) and not self.settings.permits(url)
        ]
        if unsafe:
            raise Untrusted(f"its {unsafe[0]} is no safe address")
        return {name: url for name, url in offered.items() if url}

    def _keys_at(self, now: datetime, *, again: bool = False) -> KeySet:
        url = self._described_at(now)["jwks_uri"]
        with self._lock:
            kept = KEYS_AGAIN if again else KEPT
            if self._keys is None or now - self._keys[0] >= kept:
                published = self._get(url, now)
                try:
                    self._keys = (now, KeySet.import_key_set(published))  # type: ignore[arg-type]
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise Untrusted("its keys cannot be read") from error
            return self._keys[1]

    def _get(self, url: str, now: datetime) -> dict[str, Any]:
        self._wait_out_silence(now)
        try:
            answer = _no_fault(requests.get(url, timeout=TIMEOUT_SECONDS, allow_redirects=False))
            answer.raise_for_status()
            told = answer.json()
        except (requests.RequestException, ValueError, Unreachable) as error:
            raise self._silent(error, now) from error
        if answer.status_code != requests.codes.ok or not isinstance(told, dict):
            raise self._silent(ValueError(), now)
        return told

    def _wait_out_silence(self, now: datetime) -> None:
        """Ask nothing for a moment after no answer came."""
        if self._silent_since is not None and now - self._silent_since < SILENT_FOR:
            raise Unreachable("it did not answer a moment ago")

    def _silent(self, error: Exception, now: datetime) -> Unreachable:
        self._silent_since = now
        return Unreachable(type(error).__name__)

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            redirect_uri=self.comes_back_to,
            code_challenge_method="S256",
        )

    def _ask(self, now: datetime, how: str, url: str, **asked: str) -> Mapping[str, Any]:
        """Ask the token endpoint; its no is a refusal, its silence and its faults are not."""
        self._wait_out_silence(now)
        with self._session() as session:
            session.register_compliance_hook("access_token_response", _no_fault)
            session.register_compliance_hook("refresh_token_response", _no_fault)
            try:
                told = getattr(session, how)(
                    url, timeout=TIMEOUT_SECONDS, allow_redirects=False, **asked
                )
            except OAuthError as error:
                if error.error == "invalid_grant":
                    raise Refused from error
                raise Untrusted(f"its token endpoint says {error.error}") from error
            except (requests.RequestException, ValueError, Unreachable) as error:
                raise self._silent(error, now) from error
        if not isinstance(told, dict):
            raise Untrusted("no token")
        return told

    def _claims(
        self, written: str, now: datetime, *, nonce: str = "", access_token: object = None
    ) -> CodeIDToken:
        """Read an ID token, believed only if everything about it is as it must be."""
        token = self._decoded(written, now)
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": self.settings.issuer},
                "aud": {"essential": True, "value": self.settings.client_id},
            },
            {
                "nonce": nonce,
                "client_id": self.settings.client_id,
                "access_token": access_token,
            },
        )
        try:
            claims.validate(now=int(now.timestamp()), leeway=SKEW_SECONDS)
        except JoseError as error:
            raise Untrusted(str(error)) from error
        return claims

    def _decoded(self, written: str, now: datetime) -> jwt.Token:
        for again in (False, True):
            try:
                return jwt.decode(written, self._keys_at(now, again=again), algorithms=ALGORITHMS)
            except (JoseError, ValueError) as error:
                if again:
                    raise Untrusted(f"its signature: {error}") from error
        raise AssertionError("the second try returns or raises")

    def _person(self, claims: Mapping[str, Any]) -> Person:
        """Read whom the token is about: by ids that stay, never by an address or a name."""
        if self.settings.people == BY_DIRECTORY:
            tenant, subject = _text(claims, "tid"), _text(claims, "oid")
            if not tenant or not subject:
                raise Untrusted("no tid and oid: check `people` in the settings")
        else:
            tenant, subject = "", _text(claims, "sub")
        if not subject or len(subject) > SUBJECT_MAX or len(tenant) > SUBJECT_MAX:
            raise Untrusted("no usable id of the person")
        at = claims.get("auth_time")
        return Person(
            tenant=tenant,
            subject=subject,
            name=_text(claims, "name"),
            user_name=_text(claims, "preferred_username"),
            roles=claims.get(self.settings.roles_claim),
            signed_in_at=datetime.fromtimestamp(at, UTC) if _is_moment(at) else None,
        )


SUBJECT_MAX = 255
"""Characters an id of a person may have, as OpenID Connect says."""

_MOMENT_MAX = 2**33


def _is_moment(value: object) -> TypeGuard[float]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return 0 < value < _MOMENT_MAX


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _no_fault(answer: requests.Response) -> requests.Response:
    if answer.status_code >= _SERVER_FAULT:
        raise Unreachable(f"answered with {answer.status_code}")
    return answer
