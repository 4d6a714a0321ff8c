"""The profile of RFC 9421 both ends share: what is signed, and that nothing else is read."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import RuleBroken
from sync import signatures

pytestmark = pytest.mark.proves("T34")

BODY = b'{"code": "7K3M9QXV"}'
URI = "https://office.example/device/v1/enrol"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
PARAMETERS = signatures.Parameters(
    created=1_780_000_000, keyid=signatures.key_id(PUBLIC), nonce=signatures.nonce_of(bytes(16))
)


def signed_headers() -> dict[str, str]:
    digest = signatures.content_digest(BODY)
    base = signatures.signature_base("POST", URI, digest, PARAMETERS)
    return dict(signatures.headers(digest, PARAMETERS, KEY.sign(base)))


def accepted(headers: dict[str, str], body: bytes = BODY, uri: str = URI) -> bool:
    """Check a request the way an office would; only a refusal or a bad signature is a no."""
    try:
        signed = signatures.parse(headers)
        signatures.check_digest(signed.digest, body)
        base = signatures.signature_base("POST", uri, signed.digest, signed.parameters)
        KEY.public_key().verify(signed.signature, base)
    except (RuleBroken, InvalidSignature):
        return False
    return True


def test_the_signature_base_is_laid_out_as_the_standard_says() -> None:
    digest = signatures.content_digest(b"")
    base = signatures.signature_base("post", URI, digest, PARAMETERS).decode()
    assert base.splitlines() == [
        '"@method": POST',
        '"@authority": office.example',
        f'"@target-uri": {URI}',
        '"content-digest": sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
        (
            '"@signature-params": ("@method" "@authority" "@target-uri" "content-digest")'
            f';created=1780000000;keyid="{PARAMETERS.keyid}";nonce="{PARAMETERS.nonce}"'
            ';alg="ed25519";tag="fieldfare-v1"'
        ),
    ]


def test_what_one_end_writes_the_other_reads() -> None:
    signed = signatures.parse(signed_headers())
    assert signed.parameters == PARAMETERS
    assert accepted(signed_headers())


@pytest.mark.parametrize(
    ("uri", "authority"),
    [
        ("https://OFFICE.example:443/a", "office.example"),
        ("http://127.0.0.1:80/a", "127.0.0.1"),
        ("http://127.0.0.1:8443/a?b=c", "127.0.0.1:8443"),
    ],
)
def test_the_authority_is_lower_case_without_an_implied_port(uri: str, authority: str) -> None:
    digest = signatures.content_digest(b"")
    base = signatures.signature_base("GET", uri, digest, PARAMETERS).decode()
    assert base.splitlines()[1] == f'"@authority": {authority}'


def test_another_body_method_path_or_host_is_not_what_was_signed() -> None:
    headers = signed_headers()
    assert not accepted(headers, body=BODY + b" ")
    assert not accepted(headers, uri=URI + "?again=1")
    assert not accepted(headers, uri=URI.replace("office", "0ffice"))
    digest = signatures.content_digest(BODY)
    base = signatures.signature_base("PUT", URI, digest, PARAMETERS)
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(signatures.parse(headers).signature, base)


@given(
    name=st.sampled_from(["Content-Digest", "Signature-Input", "Signature"]),
    where=st.integers(min_value=0),
    bit=st.integers(min_value=0, max_value=6),
)
def test_one_flipped_bit_anywhere_in_the_headers_is_refused(
    name: str, where: int, bit: int
) -> None:
    headers = signed_headers()
    text = headers[name]
    at = where % len(text)
    headers[name] = text[:at] + chr(ord(text[at]) ^ (1 << bit)) + text[at + 1 :]
    assert not accepted(headers)


@given(
    st.dictionaries(st.sampled_from(["Content-Digest", "Signature-Input", "Signature"]), st.text())
)
def test_nonsense_in_the_headers_is_a_refusal_and_never_a_fault(headers: dict[str, str]) -> None:
    with pytest.raises(RuleBroken):
        signatures.parse(headers)


@pytest.mark.parametrize("uri", ["ftp://a/b", "https://a", "https://a b/", "https:///x", "//a/b"])
def test_an_address_that_is_not_a_plain_web_address_is_not_signed(uri: str) -> None:
    with pytest.raises(RuleBroken):
        signatures.signature_base("POST", uri, signatures.content_digest(b""), PARAMETERS)


def test_a_header_with_something_after_its_end_is_refused() -> None:
    for name in ("Content-Digest", "Signature-Input", "Signature"):
        headers = signed_headers()
        headers[name] += "\n"
        assert not accepted(headers), name
