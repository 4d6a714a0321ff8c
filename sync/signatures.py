"""How a device signs a request: one fixed profile of RFC 9421, written and read by the same file.

Covered, in this order: the method, the authority, the whole target URI and the digest of the body.
The parameters stand in one order too, so one pattern reads them all and nothing else is accepted.
This file only lays out text: the device's key signs it, the office's verifier checks it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shared import errors
from shared.catalogue import mark

TAG = "fieldfare-v1"
"""Names this profile inside every signature, so that one made for another purpose never fits."""

LABEL = "fieldfare"
"""What the one signature of a request is called in its two headers."""

SKEW_SECONDS_MAX = 120
"""How far `created` may lie from the office's clock, either way."""

STALE = "signature.stale"
"""The office's refusal (401) of a `created` beyond that; its Date header tells the device how far."""

NONCE_SECONDS = 600
"""How long the office remembers a nonce; longer than a signature can be fresh."""

URI_CHARACTERS_MAX = 2_000
"""Characters a target URI may have before it is signed or checked."""

errors.register(
    {
        "signature.unreadable": mark("This request is not signed in the way the office expects"),
        "signature.digest": mark("The content of this request is not what was signed"),
        STALE: mark("The clock of this device is too far from the office’s"),
    }
)

_COMPONENTS = '("@method" "@authority" "@target-uri" "content-digest")'
_TOKEN = r"[A-Za-z0-9_-]"  # noqa: S105 - the characters of unpadded base64url, not a secret
_PARAMETERS = re.compile(
    r"\A"
    + LABEL
    + r"=(?P<value>"
    + re.escape(_COMPONENTS)
    + r";created=(?P<created>[1-9][0-9]{0,10})"
    r';keyid="(?P<keyid>' + _TOKEN + r'{43})";nonce="(?P<nonce>' + _TOKEN + r'{22})"'
    r';alg="ed25519";tag="' + re.escape(TAG) + r'")\Z',
    re.ASCII,
)
_SIGNATURE = re.compile(r"\A" + LABEL + r"=:(?P<base64>[A-Za-z0-9+/]{86}==):\Z", re.ASCII)
_DIGEST = re.compile(r"\Asha-256=:[A-Za-z0-9+/]{43}=:\Z", re.ASCII)
_URI = re.compile(
    r"\A(?P<scheme>https?)://(?P<authority>[^/?#@\s\"]+)(?P<rest>/[!-~]*)\Z", re.ASCII
)


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What a signature says of itself: when, by which key, and the number used once."""

    created: int
    keyid: str
    nonce: str

    def written(self) -> str:
        """Write the covered components and these parameters in their one form."""
        return (
            f'{_COMPONENTS};created={self.created};keyid="{self.keyid}";nonce="{self.nonce}"'
            f';alg="ed25519";tag="{TAG}"'
        )


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A request's signature as read from its headers, not yet checked against any key."""

    parameters: Parameters
    digest: str
    signature: bytes


def key_id(public_key: bytes) -> str:
    """Name a key by its own SHA-256, so that a device can sign before the office has named it."""
    assert len(public_key) == 32, "an Ed25519 public key"  # noqa: PLR2004 - its size
    return _base64url(hashlib.sha256(public_key).digest())


def nonce_of(random_bytes: bytes) -> str:
    """Write sixteen random bytes as the nonce of one request."""
    assert len(random_bytes) == 16, "128 bits"  # noqa: PLR2004 - too few repeat, more is waste
    return _base64url(random_bytes)


def content_digest(body: bytes) -> str:
    """Write the Content-Digest header of a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"


def check_digest(digest: str, body: bytes) -> None:
    """Refuse a body that is not the one the digest was taken of."""
    if not hmac.compare_digest(digest.encode("utf-8", "replace"), content_digest(body).encode()):
        raise errors.RuleBroken("signature.digest")


def signature_base(method: str, target_uri: str, digest: str, parameters: Parameters) -> bytes:
    """Lay out the bytes that are signed, the same at both ends."""
    address = _URI.fullmatch(target_uri)
    if address is None or len(target_uri) > URI_CHARACTERS_MAX or not _DIGEST.fullmatch(digest):
        raise errors.RuleBroken("signature.unreadable")
    lines = (
        f'"@method": {method.upper()}',
        f'"@authority": {_authority(address)}',
        f'"@target-uri": {target_uri}',
        f'"content-digest": {digest}',
        f'"@signature-params": {parameters.written()}',
    )
    return "\n".join(lines).encode("ascii")


def headers(digest: str, parameters: Parameters, signature: bytes) -> Mapping[str, str]:
    """Write the three headers that carry a signature."""
    assert len(signature) == 64, "an Ed25519 signature"  # noqa: PLR2004 - its size
    return MappingProxyType(
        {
            "Content-Digest": digest,
            "Signature-Input": f"{LABEL}={parameters.written()}",
            "Signature": f"{LABEL}=:{base64.b64encode(signature).decode('ascii')}:",
        }
    )


def parse(received: Mapping[str, str]) -> Signed:
    """Read the three headers of a request, or refuse them if one character is out of place."""
    parameters = _PARAMETERS.fullmatch(received.get("Signature-Input", ""))
    signature = _SIGNATURE.fullmatch(received.get("Signature", ""))
    digest = received.get("Content-Digest", "")
    if parameters is None or signature is None or not _DIGEST.fullmatch(digest):
        raise errors.RuleBroken("signature.unreadable")
    try:
        raw = base64.b64decode(signature["base64"], validate=True)
    except binascii.Error:
        raise errors.RuleBroken("signature.unreadable") from None
    if base64.b64encode(raw).decode("ascii") != signature["base64"]:
        raise errors.RuleBroken("signature.unreadable")  # spare bits at the end said something
    return Signed(
        parameters=Parameters(
            created=int(parameters["created"]),
            keyid=parameters["keyid"],
            nonce=parameters["nonce"],
        ),
        digest=digest,
        signature=raw,
    )


def _authority(address: re.Match[str]) -> str:
    """Give the host in lower case, without the port that its scheme implies (RFC 9421, 2.2.3)."""
    authority = address["authority"].lower()
    implied = ":443" if address["scheme"] == "https" else ":80"
    return authority.removesuffix(implied)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")
