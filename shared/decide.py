"""The table of contents of what both programs decide: every shared command with its rule."""

from __future__ import annotations

from shared.commands import CommandType, Kind, Lane
from shared.contacts import RecordPhoneNumber, RecordPhoneNumberSchema, record_phone_number
from shared.details import (
    CorrectContact,
    CorrectContactSchema,
    CorrectDetails,
    CorrectDetailsSchema,
    correct_contact,
    correct_details,
)
from shared.markers import (
    AddMarker,
    AddMarkerSchema,
    ProposeMarkerRemoval,
    ProposeMarkerRemovalSchema,
    add_marker,
    propose_marker_removal,
)
from shared.photographs import (
    RecordPhotograph,
    RecordPhotographLost,
    RecordPhotographLostSchema,
    RecordPhotographSchema,
    record_photograph,
    record_photograph_lost,
)
from shared.refused import (
    RecordRefusalAnswer,
    RecordRefusalAnswerSchema,
    record_refusal_answer,
)
from shared.reviews import (
    ApproveVisit,
    ApproveVisitSchema,
    RecordVisitAnswer,
    RecordVisitAnswerSchema,
    ReturnVisit,
    ReturnVisitSchema,
    approve_visit,
    record_visit_answer,
    return_visit,
)
from shared.visits import (
    PlanVisit,
    PlanVisitSchema,
    RecordVisit,
    RecordVisitSchema,
    WithdrawPlannedVisit,
    WithdrawPlannedVisitSchema,
    plan_visit,
    record_visit,
    withdraw_planned_visit,
)

FROM_THE_FIELD: tuple[CommandType, ...] = (
    CommandType(
        command=RecordVisit,
        schema=RecordVisitSchema(),
        rule=record_visit,
        kind=Kind.FACT,
        needs="visits.record",
    ),
    CommandType(
        command=RecordPhoneNumber,
        schema=RecordPhoneNumberSchema(),
        rule=record_phone_number,
        kind=Kind.FACT,
        needs="visits.record",
    ),
    CommandType(
        command=RecordPhotograph,
        schema=RecordPhotographSchema(),
        rule=record_photograph,
        kind=Kind.FACT,
        needs="visits.record",
    ),
    CommandType(
        command=RecordPhotographLost,
        schema=RecordPhotographLostSchema(),
        rule=record_photograph_lost,
        kind=Kind.FACT,
        needs="visits.record",
    ),
    CommandType(
        command=RecordRefusalAnswer,
        schema=RecordRefusalAnswerSchema(),
        rule=record_refusal_answer,
        kind=Kind.FACT,
        needs="visits.record",
    ),
    CommandType(
        command=RecordVisitAnswer,
        schema=RecordVisitAnswerSchema(),
        rule=record_visit_answer,
        kind=Kind.FACT,
        needs="visits.record",
    ),
    CommandType(
        command=CorrectDetails,
        schema=CorrectDetailsSchema(),
        rule=correct_details,
        kind=Kind.EDIT,
        needs="visits.record",
    ),
    CommandType(
        command=CorrectContact,
        schema=CorrectContactSchema(),
        rule=correct_contact,
        kind=Kind.EDIT,
        needs="visits.record",
    ),
    CommandType(
        command=AddMarker,
        schema=AddMarkerSchema(),
        rule=add_marker,
        kind=Kind.SET_ADD,
        needs="visits.record",
        lane=Lane.URGENT,
    ),
    CommandType(
        command=ProposeMarkerRemoval,
        schema=ProposeMarkerRemovalSchema(),
        rule=propose_marker_removal,
        kind=Kind.SET_REMOVE,
        needs="visits.record",
    ),
)
"""What a device may ask; anything else that arrives from one is quarantined."""

FROM_THE_OFFICE: tuple[CommandType, ...] = (
    CommandType(
        command=PlanVisit,
        schema=PlanVisitSchema(),
        rule=plan_visit,
        kind=Kind.DECISION,
        needs="visits.plan",
    ),
    CommandType(
        command=WithdrawPlannedVisit,
        schema=WithdrawPlannedVisitSchema(),
        rule=withdraw_planned_visit,
        kind=Kind.DECISION,
        needs="visits.plan",
    ),
    CommandType(
        command=ApproveVisit,
        schema=ApproveVisitSchema(),
        rule=approve_visit,
        kind=Kind.DECISION,
        needs="visits.review",
    ),
    CommandType(
        command=ReturnVisit,
        schema=ReturnVisitSchema(),
        rule=return_visit,
        kind=Kind.DECISION,
        needs="visits.review",
    ),
)
"""What is asked about a case on office screens."""

BY_NAME: dict[str, CommandType] = {
    kind.command.name: kind for kind in (*FROM_THE_FIELD, *FROM_THE_OFFICE)
}
"""Every shared command by the name it has in envelopes."""
