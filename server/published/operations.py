"""Every call a device can make: what it brings, what it may be answered, and why it may be refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from marshmallow import Schema

from server.access.device_api import BODY_BYTES_MAX, EnrolSchema, StateSchema
from server.published.answers import EnrolledSchema, StateAnswerSchema, WipedAnswerSchema
from sync import attachments, blobs, checkpoints, leases, officer_keys, sealed, wipes
from sync.protocol import CONTENT_TYPE, REQUEST_BYTES_MAX, SYNC_PATH
from sync.sealed import AnswersSchema
from sync.shapes import ReplySchema, RequestSchema

JSON = "application/json"
HERE = "/device/v1/openapi.json"
"""Where this description is served."""

Codes = Mapping[int, tuple[str, ...]]
"""The codes a call may be refused with, by status."""

SIGNATURE = (
    "signature.unreadable",
    "signature.digest",
    "signature.wrong",
    "signature.stale",
    "signature.repeated",
)
STANDING = ("device.pending", "device.revoked", "device.suspended")
SIGNED = (*SIGNATURE, "device.unknown")
MESSAGE = (
    "message.not_compressed",
    "message.too_large",
    "message.not_json",
    "message.too_deep",
    "message.not_an_object",
    "message.wrong_shape",
)


@dataclass(frozen=True, kw_only=True)
class Brings:
    """What a call brings: its content type, the schema that reads it, and how many bytes it may have."""

    media: str
    bytes_max: int
    schema: Schema | None = None
    needed: bool = True


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a call is answered when it goes well."""

    says: str
    schema: Schema | None = None
    media: str = JSON
    headers: tuple[str, ...] = ()
    of_its_own: bool = False
    """Whether it is an object whose shape another standard gives."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one address."""

    name: str
    method: str
    path: str
    says: str
    answers: Mapping[int, Answer]
    brings: Brings | None = None
    refused: Codes = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    """Headers it needs beside those of the signature."""

    may_say: tuple[str, ...] = ()
    """Headers it may have."""

    signed: bool = True
    in_header: bool = False
    """Whether a refusal's code stands in a header, because an answer to HEAD has no body."""


def _json(schema: Schema, bytes_max: int = BODY_BYTES_MAX, *, needed: bool = True) -> Brings:
    return Brings(media=JSON, schema=schema, bytes_max=bytes_max, needed=needed)


def _blob_refusals(*codes: str) -> Codes:
    """Group refusals of an upload by the status each has, with those that no call is spared."""
    by_status: dict[int, tuple[str, ...]] = {401: (*SIGNED, *STANDING)}
    for code in (*codes, blobs.VERSION, blobs.PART_TOO_LARGE):
        status = blobs.STATUSES[code]
        by_status[status] = (*by_status.get(status, ()), code)
    return MappingProxyType(by_status)


_UPLOAD = blobs.BLOB_PATH + "/{upload}"
_STANDING = ("Tus-Resumable", "Upload-Offset", "Upload-Expires")
_SPOKEN = ("Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm")

OPERATIONS = (
    Operation(
        name="describe",
        method="get",
        path=HERE,
        says="This description",
        answers={200: Answer(says="OpenAPI 3.1", of_its_own=True)},
        signed=False,
    ),
    Operation(
        name="enrol",
        method="post",
        path="/device/v1/enrol",
        says="Ask to speak for the officer whose code this is; signed by the key it brings",
        brings=_json(EnrolSchema()),
        answers={200: Answer(says="Enrolled, or was before", schema=EnrolledSchema())},
        refused={
            400: ("message.unreadable",),
            401: SIGNATURE,
            403: ("enrolment.refused",),
            413: ("message.too_large",),
            429: ("enrolment.too_many",),
        },
    ),
    Operation(
        name="state",
        method="post",
        path="/device/v1/state",
        says="Ask how this device stands, for whom it speaks, and whether it is to erase itself",
        brings=_json(StateSchema(), needed=False),
        answers={200: Answer(says="How it stands", schema=StateAnswerSchema())},
        refused={
            400: ("message.unreadable",),
            401: (*SIGNED, "device.suspended"),
            413: ("message.too_large",),
        },
    ),
    Operation(
        name="lease",
        method="post",
        path=leases.LEASE_PATH,
        says="Ask for this device's share of its vault's key",
        brings=_json(leases.LeaseRequestSchema(), leases.LEASE_BYTES_MAX),
        answers={
            200: Answer(says="What is lent, and until when", schema=leases.LeaseReplySchema())
        },
        refused={
            400: ("message.unreadable",),
            401: (*SIGNED, *STANDING, "lease.taken_back"),
            413: ("message.too_large",),
        },
    ),
    Operation(
        name="officer_key",
        method="post",
        path=officer_keys.OFFICER_KEY_PATH,
        says="Tell the key that this device's officer signs with in their vault; only the first is held",
        brings=_json(officer_keys.OfficerKeySchema(), officer_keys.OFFICER_KEY_BYTES_MAX),
        answers={200: Answer(says="It is held", schema=officer_keys.OfficerKeyAnswerSchema())},
        refused={
            400: ("message.unreadable",),
            401: (*SIGNED, *STANDING),
            409: ("officer_key.other", "authority.lacking", "device.not_known"),
            413: ("message.too_large",),
            422: ("officer_key.unproven",),
        },
    ),
    Operation(
        name="checkpoint",
        method="post",
        path=checkpoints.CHECKPOINT_PATH,
        says="Show the last checkpoint of the office's history, and be told the newest",
        brings=_json(checkpoints.CheckpointRequestSchema(), checkpoints.CHECKPOINT_BYTES_MAX),
        answers={200: Answer(says="The newest", schema=checkpoints.CheckpointReplySchema())},
        refused={
            400: ("message.unreadable",),
            401: (*SIGNED, *STANDING),
            413: ("message.too_large",),
        },
    ),
    Operation(
        name="sealed",
        method="post",
        path=sealed.SEALED_PATH,
        says="Bring sealed copies of unsent work, each after its length (four bytes, big-endian)",
        brings=Brings(media=sealed.SEALED_TYPE, bytes_max=sealed.COPIES_BYTES_MAX, needed=False),
        answers={200: Answer(says="What became of each", schema=AnswersSchema())},
        refused={
            400: ("message.unreadable",),
            401: SIGNED,
            413: ("sealed.too_large",),
            429: ("sealed.too_many",),
        },
    ),
    Operation(
        name="sealed_photograph",
        method="post",
        path=attachments.SEALED_PHOTOGRAPH_PATH,
        says="Bring a part of a sealed photograph: a line of JSON, a line feed, and the part if any",
        brings=Brings(media=sealed.SEALED_TYPE, bytes_max=attachments.BRINGING_BYTES_MAX),
        answers={
            200: Answer(says="How far it has come", schema=attachments.BroughtSchema()),
        },
        refused={
            400: ("message.unreadable",),
            401: SIGNED,
            413: ("sealed.too_large",),
            429: ("sealed.too_many_photographs",),
        },
    ),
    Operation(
        name="wiped",
        method="post",
        path=wipes.WIPE_PATH,
        says="Bring the receipt of a device that has erased itself",
        brings=_json(wipes.WipedSchema(), wipes.WIPE_BYTES_MAX),
        answers={200: Answer(says="It is kept", schema=WipedAnswerSchema())},
        refused={
            400: ("message.unreadable",),
            401: SIGNED,
            409: ("wipe.not_ordered",),
            413: ("message.too_large",),
        },
    ),
    Operation(
        name="sync",
        method="post",
        path=SYNC_PATH,
        says="Say what this device did, and be told what moved. The schema is of the JSON under zstd",
        brings=Brings(media=CONTENT_TYPE, schema=RequestSchema(), bytes_max=REQUEST_BYTES_MAX),
        answers={200: Answer(says="Receipts and a page", schema=ReplySchema(), media=CONTENT_TYPE)},
        refused={
            400: MESSAGE,
            401: (*SIGNED, *STANDING),
            409: ("store.of_another_device",),
            413: ("message.too_large",),
            426: ("protocol.older", "protocol.newer"),
        },
    ),
    *(
        Operation(
            name=name,
            method="options",
            path=path,
            says="Ask which tus is spoken; the same for everybody",
            answers={204: Answer(says="What is spoken", headers=_SPOKEN)},
            signed=False,
        )
        for name, path in (("uploads_spoken", blobs.BLOB_PATH), ("upload_spoken", _UPLOAD))
    ),
    Operation(
        name="begin_upload",
        method="post",
        path=blobs.BLOB_PATH,
        says="Ask for an address to send a recorded photograph to",
        headers=("Tus-Resumable", "Upload-Length", "Upload-Metadata"),
        answers={201: Answer(says="The address", headers=("Location", *_STANDING))},
        refused=_blob_refusals(
            blobs.UNREADABLE, blobs.UNKNOWN, blobs.SIZE, blobs.TOO_LARGE, blobs.NOT_A_PICTURE
        ),
        in_header=True,
    ),
    Operation(
        name="upload_stands",
        method="head",
        path=_UPLOAD,
        says="Ask how far an upload has come",
        headers=("Tus-Resumable",),
        answers={
            200: Answer(says="How far", headers=("Upload-Length", "Upload-Metadata", *_STANDING))
        },
        refused=_blob_refusals(blobs.UNKNOWN, blobs.GONE),
        in_header=True,
    ),
    Operation(
        name="send_part",
        method="patch",
        path=_UPLOAD,
        says="Send the next part of a photograph",
        brings=Brings(media=blobs.PART_TYPE, bytes_max=blobs.PART_BYTES),
        headers=("Tus-Resumable", "Upload-Offset"),
        may_say=("Upload-Checksum",),
        answers={204: Answer(says="It is on disk", headers=_STANDING)},
        refused=_blob_refusals(
            blobs.UNREADABLE,
            blobs.CHECKSUM_UNKNOWN,
            blobs.UNKNOWN,
            blobs.OFFSET,
            blobs.GONE,
            blobs.PARTS,
            blobs.TYPE,
            blobs.NOT_A_PICTURE,
            blobs.CHECKSUM,
            blobs.DAMAGED,
        ),
        in_header=True,
    ),
    Operation(
        name="end_upload",
        method="delete",
        path=_UPLOAD,
        says="Give an upload up",
        headers=("Tus-Resumable",),
        answers={204: Answer(says="It is forgotten", headers=("Tus-Resumable",))},
        refused=_blob_refusals(blobs.UNKNOWN, blobs.GONE),
        in_header=True,
    ),
)
"""Every call, in the order a device makes them."""
