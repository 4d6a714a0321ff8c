"""What each message is made of, member by member; what a newer version adds is left for it to mind."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields, validate

from shared.commands import Lane
from shared.day_fields import MomentField
from shared.fields import FiniteNumber, IdField, WholeNumber
from sync.protocol import (
    ENVELOPE_BYTES_MAX,
    ENVELOPES_MAX,
    MANIFEST_MAX,
    PURGED_MAX,
    RECORDS_ASKED_MAX,
    RECORDS_MAX,
)
from sync.scope import HASHES

SEAL_CHARACTERS_MAX = 200
"""Characters a seal may have; an Ed25519 signature has 88 in base64."""

APP_CHARACTERS_MAX = 40
"""Characters the name of a program's version may have."""

_DIGEST = r"\A[0-9a-f]{64}\Z"


class _Kept(Schema):
    """Unknown members are left for newer versions to mind."""

    class Meta:
        """Read what is known of a message that a newer version wrote."""

        unknown = EXCLUDE


class ClockSchema(_Kept):
    """The clocks of a device as an envelope carries them."""

    wall = MomentField(required=True)
    monotonic = FiniteNumber(required=True)
    boot = fields.String(required=True, validate=validate.Length(max=64))
    offset = FiniteNumber(load_default=None, allow_none=True)


class EnvelopeSchema(_Kept):
    """An envelope's members, checked before anything looks at its body."""

    command_id = IdField(required=True)
    store_id = IdField(required=True)
    lane = fields.Enum(Lane, by_value=True, required=True)
    seq = WholeNumber(required=True, least=1)
    prev = fields.String(required=True, validate=validate.Regexp(r"\A[0-9a-f]{64}\Z"))
    name = fields.String(required=True, validate=validate.Regexp(r"\A[A-Za-z]{1,60}\Z"))
    version = WholeNumber(required=True, least=1, most=1000)
    case_id = IdField(required=True)
    seen_commit = WholeNumber(required=True)
    group = IdField(load_default=None, allow_none=True)
    happened_at = MomentField(required=True)
    clock = fields.Nested(ClockSchema, required=True)
    body = fields.Dict(keys=fields.String(), required=True)
    first = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(_DIGEST))


class CaseTotalSchema(_Kept):
    """A line of a manifest."""

    case_id = IdField(required=True)
    view = fields.String(required=True, validate=validate.Length(max=40))
    records = WholeNumber(required=True)
    hash = WholeNumber(required=True, most=HASHES - 1)


class ReportSchema(_Kept):
    """What a device says of itself."""

    app = fields.String(load_default="", validate=validate.Length(max=APP_CHARACTERS_MAX))
    waiting = WholeNumber(load_default=0)
    waiting_since = MomentField(load_default=None, allow_none=True)
    photographs = WholeNumber(load_default=0)
    needs_you = WholeNumber(load_default=0)
    offset = FiniteNumber(load_default=None, allow_none=True)


class RequestSchema(_Kept):
    """A request's members."""

    protocol = WholeNumber(required=True, least=1, most=1000)
    oldest = WholeNumber(load_default=1, least=1, most=1000)
    store_id = IdField(required=True)
    epoch = IdField(load_default=None, allow_none=True)
    cursor = WholeNumber(required=True)
    envelopes = fields.List(
        fields.String(validate=validate.Length(min=2, max=ENVELOPE_BYTES_MAX)),
        load_default=list,
        validate=validate.Length(max=ENVELOPES_MAX),
    )
    places = fields.List(
        fields.Raw(), load_default=list, validate=validate.Length(max=ENVELOPES_MAX)
    )
    signatures = fields.List(
        fields.String(validate=validate.Length(max=SEAL_CHARACTERS_MAX)),
        load_default=list,
        validate=validate.Length(max=ENVELOPES_MAX),
    )
    purged = fields.List(IdField(), load_default=list, validate=validate.Length(max=PURGED_MAX))
    records_max = WholeNumber(load_default=RECORDS_MAX, least=1, most=RECORDS_ASKED_MAX)
    manifest = fields.List(
        fields.Nested(CaseTotalSchema),
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=MANIFEST_MAX),
    )
    confirm = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(_DIGEST))
    report = fields.Nested(ReportSchema, load_default=None, allow_none=True)


class ReceiptSchema(_Kept):
    """A receipt's members; those a newer office added are kept beside them."""

    command_id = IdField(required=True)
    outcome = fields.String(required=True, validate=validate.Length(min=1, max=40))
    code = fields.String(load_default=None, allow_none=True)
    flags = fields.List(fields.String(), load_default=list)
    commit = WholeNumber(load_default=None, allow_none=True)
    received_at = fields.String(load_default="")
    values = fields.Dict(keys=fields.String(), load_default=dict)


class PurgeSchema(_Kept):
    """A purge's members."""

    case_id = IdField(required=True)
    view = fields.String(required=True, validate=validate.Length(max=40))
    commit = WholeNumber(required=True)
    reason = fields.String(required=True, validate=validate.Length(max=80))


class WholeSchema(_Kept):
    """A view of a case that is sent whole."""

    case_id = IdField(required=True)
    view = fields.String(required=True, validate=validate.Length(max=40))


class PageSchema(_Kept):
    """A page's members but for its records, which are many and read by a function of their own."""

    purges = fields.List(fields.Nested(PurgeSchema), required=True)
    repaired = fields.List(fields.Nested(WholeSchema), load_default=list)
    start = WholeNumber(required=True)
    end = WholeNumber(required=True)
    head = WholeNumber(required=True)
    remaining = WholeNumber(required=True)


class PositionSchema(_Kept):
    """A lane's position."""

    seq = WholeNumber(required=True)
    head = fields.String(required=True, validate=validate.Regexp(r"\A[0-9a-f]{64}\Z"))


class TotalSchema(_Kept):
    """What records come to."""

    records = WholeNumber(required=True)
    hash = WholeNumber(required=True, most=HASHES - 1)


class ReplySchema(_Kept):
    """A reply's members."""

    protocol = WholeNumber(required=True, least=1, most=1000)
    epoch = IdField(required=True)
    server_time = MomentField(required=True)
    receipts = fields.List(fields.Nested(ReceiptSchema), required=True)
    positions = fields.Dict(
        keys=fields.String(), values=fields.Nested(PositionSchema), required=True
    )
    noted = fields.List(IdField(), load_default=list, validate=validate.Length(max=PURGED_MAX))
    page = fields.Nested(PageSchema, required=True)
    scope = fields.Nested(TotalSchema, load_default=None, allow_none=True)
    durable = WholeNumber(load_default=0)
    replaces = IdField(load_default=None, allow_none=True)
    confirmed = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(_DIGEST))
    seal = fields.String(load_default="", validate=validate.Length(max=SEAL_CHARACTERS_MAX))
    store_id = IdField(load_default=None, allow_none=True)
