"""The description of the API of devices, in OpenAPI 3.1: made from the table of calls and its schemas."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from importlib.metadata import version

from server.published.json_schemas import ID, Components, Said
from server.published.operations import JSON, OPERATIONS, Answer, Brings, Operation
from shared.errors import REFUSALS
from shared.schemas import DEPTH_MAX
from sync import blobs, signatures
from sync.protocol import PROTOCOL_OLDEST, PROTOCOL_VERSION
from sync.shapes import EnvelopeSchema

OPENAPI = "3.1.0"

_ABOUT = f"""What a device of Fieldfare may ask its office. Every call but those that say otherwise
is signed in the profile of RFC 9421 that `docs/sync-protocol.md` gives: three headers, over the method,
the whole address and the digest of the body; `created` within {signatures.SKEW_SECONDS_MAX} seconds of
the office's clock; a `nonce` used once. JSON nests at most {DEPTH_MAX} deep and names nothing twice in
one object. A call that a browser sends for a page of another site is refused with 403. Sync speaks
versions {PROTOCOL_OLDEST} to {PROTOCOL_VERSION}."""

_LAST = "[AEIMQUYcgkosw048]"
"""The last character of a digest in base64, which has two bits to spare."""

_HEADERS: Mapping[str, Said] = {
    "Tus-Resumable": {"type": "string", "const": blobs.TUS_VERSION},
    "Upload-Length": {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,11})$"},
    "Upload-Offset": {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,11})$"},
    "Upload-Metadata": {
        "type": "string",
        "maxLength": blobs.METADATA_CHARACTERS_MAX,
        "pattern": r"^photograph [A-Za-z0-9+/]{86}==$",
    },
    "Upload-Checksum": {
        "type": "string",
        "pattern": rf"^(sha1 [A-Za-z0-9+/]{{26}}{_LAST}=|sha256 [A-Za-z0-9+/]{{42}}{_LAST}=)$",
    },
    "Upload-Expires": {"type": "string"},
    "Location": {"type": "string", "pattern": "^" + blobs.BLOB_PATH + "/" + ID[1:]},
    "Tus-Version": {"type": "string", "const": blobs.TUS_VERSION},
    "Tus-Extension": {"type": "string", "const": ",".join(blobs.EXTENSIONS)},
    "Tus-Max-Size": {"type": "string", "const": str(blobs.SIZE_MAX)},
    "Tus-Checksum-Algorithm": {"type": "string", "const": ",".join(blobs.CHECKSUMS)},
}
"""What each header of an upload holds."""

BYTES: Said = {"type": "string", "format": "binary"}

_SOMETIMES = frozenset({"Upload-Expires"})
"""Headers of an answer that are left out where there is nothing to say."""

_SCHEMES = {
    "signatureInput": "Signature-Input",
    "signature": "Signature",
    "contentDigest": "Content-Digest",
}
"""The three headers of a signature, by what the description calls them."""


@cache
def document() -> Said:
    """Write the description; the same for every office of this version, and nobody's data."""
    components = Components()
    paths: dict[str, Said] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, components)
    components.add(EnvelopeSchema())
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "Fieldfare: sync and devices",
            "version": version("fieldfare"),
            "description": " ".join(_ABOUT.split()),
        },
        "paths": paths,
        "components": {
            "schemas": components.schemas,
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": header}
                for name, header in _SCHEMES.items()
            },
        },
    }


def _operation(operation: Operation, components: Components) -> Said:
    return {
        "operationId": operation.name,
        "summary": operation.says,
        "security": [{scheme: [] for scheme in _SCHEMES}] if operation.signed else [],
        "parameters": _parameters(operation),
        **({"requestBody": _body(operation.brings, components)} if operation.brings else {}),
        "responses": {
            **{
                str(status): _answer(answer, components)
                for status, answer in operation.answers.items()
            },
            **_refusals(operation),
        },
    }


def _parameters(operation: Operation) -> list[Said]:
    in_path = [
        {
            "name": "upload",
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": ID if operation.signed else "^[^/]+$"},
        }
    ]
    return [
        *(in_path if "{upload}" in operation.path else []),
        *(
            {"name": name, "in": "header", "required": required, "schema": _HEADERS[name]}
            for names, required in ((operation.headers, True), (operation.may_say, False))
            for name in names
        ),
    ]


def _body(brings: Brings, components: Components) -> Said:
    schema = components.add(brings.schema) if brings.schema else BYTES
    return {
        "required": brings.needed,
        "description": f"At most {brings.bytes_max:,} bytes",
        "x-bytes-max": brings.bytes_max,
        "content": {brings.media: {"schema": schema}},
    }


def _answer(answer: Answer, components: Components) -> Said:
    said: Said = {"description": answer.says}
    if answer.headers:
        said["headers"] = {
            name: {"required": name not in _SOMETIMES, "schema": _HEADERS[name]}
            for name in answer.headers
        }
    if answer.schema is not None:
        said["content"] = {answer.media: {"schema": components.add(answer.schema)}}
    elif answer.of_its_own:
        said["content"] = {answer.media: {"schema": {"type": "object"}}}
    return said


def _refusals(operation: Operation) -> dict[str, Said]:
    """Write each status a call may be refused with: its codes, and the sentence of each."""
    found: dict[str, Said] = {}
    for status, codes in sorted(operation.refused.items()):
        sentences = [
            f"`{code}`: {REFUSALS[code]}" if code in REFUSALS else f"`{code}`" for code in codes
        ]
        said: Said = {"description": "; ".join(sentences), "x-codes": list(codes)}
        if operation.in_header:
            said["headers"] = {
                blobs.REFUSED_HEADER: {
                    "required": True,
                    "schema": {"type": "string", "enum": list(codes)},
                }
            }
        if operation.method != "head":
            said["content"] = {JSON: {"schema": _refusal(codes)}}
        found[str(status)] = said
    if operation.signed and operation.method != "head":
        found.setdefault("403", _from_elsewhere())
    return found


def _refusal(codes: tuple[str, ...]) -> Said:
    return {
        "type": "object",
        "properties": {
            "code": {"type": "string", "enum": list(codes)},
            "sentence": {"type": "string"},
        },
        "required": ["code"],
    }


def _from_elsewhere() -> Said:
    return {
        "description": f"{HTTPStatus.FORBIDDEN.phrase}: a page of another site had a browser send it",
        "x-codes": [],
    }
