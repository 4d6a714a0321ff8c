"""What the office answers a device beside a sync, member by member, as it is published."""

from __future__ import annotations

from marshmallow import INCLUDE, Schema, fields, validate

from server.access.device_commands import DEVICE_NAME_MAX, PublicKey
from shared.day_fields import MomentField
from shared.fields import IdField, WholeNumber, YesNo
from sync.shapes import SEAL_CHARACTERS_MAX
from sync.wipes import WipeOrderSchema

STATES = ("pending", "active", "revoked")
"""How a device may stand that gets an answer; one whose officer is suspended is refused."""


class _Open(Schema):
    class Meta:
        """A newer office may say more."""

        unknown = INCLUDE


class OfficeSchema(_Open):
    """Which office answers; `fictional` where its people are made up."""

    name = fields.String(required=True)
    fictional = YesNo(required=True)


class EnrolledSchema(_Open):
    """What a device is told when it is enrolled; two people compare the six words."""

    device_id = IdField(required=True)
    ticket_id = IdField(required=True)
    office_key = PublicKey(required=True)
    receipt_key = PublicKey(required=True)
    words = fields.List(fields.String(), required=True, validate=validate.Length(6, 6))
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    office = fields.Nested(OfficeSchema, required=True)


class OfficerSchema(_Open):
    """For whom a device speaks."""

    id = IdField(required=True)
    name = fields.String(required=True)


class SealingKeySchema(_Open):
    """The key that unsent work is sealed to, with the office's signature."""

    key = fields.String(required=True, validate=validate.Length(max=DEVICE_NAME_MAX))
    signature = fields.String(required=True, validate=validate.Length(max=SEAL_CHARACTERS_MAX))


class StateAnswerSchema(_Open):
    """How a device stands; `wipe` is the order to erase itself, for a revoked device that has one."""

    device_id = IdField(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    officer = fields.Nested(OfficerSchema, required=True)
    receipt_key = PublicKey(required=True)
    sealing_key = fields.Nested(SealingKeySchema, required=True)
    wipe = fields.Nested(WipeOrderSchema, required=True, allow_none=True)
    office = fields.Nested(OfficeSchema, required=True)


class WipedAnswerSchema(_Open):
    """That a receipt is kept, and since when."""

    acknowledged_at = MomentField(required=True)
    signature = fields.String(required=True, validate=validate.Length(max=SEAL_CHARACTERS_MAX))


class RecordSchema(_Open):
    """One field record of a page; `body` is canonical JSON as text, none when it is taken away."""

    case_id = IdField(required=True)
    view = fields.String(required=True, validate=validate.Length(max=40))
    kind = fields.String(required=True, validate=validate.Length(max=40))
    record_id = fields.String(required=True, validate=validate.Length(max=80))
    commit = WholeNumber(required=True)
    body = fields.String(required=True, allow_none=True)


class PlaceSchema(_Open):
    """Where an envelope of a request stands."""

    command_id = IdField(required=True)
    lane = fields.String(required=True, validate=validate.Length(max=40))
    seq = WholeNumber(required=True, least=1)
