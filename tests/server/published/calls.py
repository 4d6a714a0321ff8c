"""Makes calls up from the published description, and holds each answer and each row against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from http import HTTPStatus

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, BaseSchema, Case, GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth

from server.access.device_commands import write_key
from server.published.operations import HERE, OPERATIONS, Operation
from shared.schemas import digest
from sync import blobs
from sync.attachments import SEALED_PHOTOGRAPH_PATH, Bringing
from sync.protocol import SYNC_PATH
from sync.sealed import SEALED_PATH
from tests.server.access.tablet import ENROL
from tests.server.published.callers import Signing
from tests.server.published.conftest import Running
from tests.server.published.witness import COUNTERS, FAILURES

KNOWN = {each.name: each for each in OPERATIONS}

WELL_FORMED = ["2xx", "401", "403", "404", "409", "410", "422", "429", "460"]
"""What well-formed calls may be answered: whose they are and what is there is no matter of form."""

MALFORMED = [*WELL_FORMED[1:], "400", "405", "406", "412", "413", "415", "426", "428"]
"""What calls that are not well formed may be answered; what they name is looked at before some of it."""

FURTHER = {
    SEALED_PATH: ["400"],  # bytes, whose form no schema tells
    SEALED_PHOTOGRAPH_PATH: ["400"],
    blobs.BLOB_PATH: ["400"],  # a digest that is hexadecimal under base64
    SYNC_PATH: ["426"],  # numbers of versions that are not spoken
}
"""Further answers to well-formed calls, by the address."""

DISCARDED = {"DELETE blob_upload", "DELETE blob_part"}
DISCARDS = {"blob.damaged", "blob.not_a_picture", "blob.too_many_parts", "blob.too_large"}
"""Refusals that end an upload: what was brought of it is not the photograph, and is thrown away."""

OTHER = "other methods"
"""Calls of an address that is described, by a method that is not."""

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)

CALLERS: Mapping[str, float] = {"unsigned": 0.2, "forged": 0.2, "signed": 0.6}
"""Who calls, those first who may change nothing, and how much of the calls they make."""


def signing(running: Running, caller: str) -> Signing:
    """Sign as a device that is enrolled, or, to be enrolled, as one that is not."""
    if caller == "unsigned":
        return Signing(None)
    return Signing(running.tablet, caller == "forged", {ENROL: running.newcomer})


def described(running: Running) -> BaseSchema:
    """Read the description as the office serves it."""
    config = schemathesis.Config.from_dict(
        {
            "checks": {
                "positive_data_acceptance": {"expected-statuses": WELL_FORMED},
                "negative_data_rejection": {"expected-statuses": MALFORMED},
                "missing_required_header": {"expected-statuses": ["400", "401", "412", "415"]},
            },
            "generation": {"with-security-parameters": False},
            "operations": [
                {
                    "include-path": path,
                    "checks": {
                        "positive_data_acceptance": {"expected-statuses": [*WELL_FORMED, *more]}
                    },
                }
                for path, more in FURTHER.items()
            ],
        }
    )
    served = requests.get(running.address + HERE, timeout=30).json()
    return schemathesis.openapi.from_dict(served, config=config)


@dataclass
class Calls:
    """Makes calls with every check of schemathesis, and looks after each which rows it wrote."""

    running: Running
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    by_caller: Counter[str] = field(default_factory=Counter)
    written: list[str] = field(default_factory=list)
    """What calls wrote that may write nothing."""

    upload: str = ""
    """The upload that was begun last, which ends the one before."""

    _session: requests.Session = field(default_factory=requests.Session)
    _guarded: set[str] = field(default_factory=set)

    @property
    def made(self) -> int:
        """Say how many calls were made."""
        return self.answers.total()

    def make(self, case: Case, caller: str, body: bytes | None = None) -> None:
        """Make one call, with a body of ours where what was made up cannot be right."""
        self.running.witness.written()
        answer = case.call_and_validate(
            base_url=self.running.address,
            session=self._session,
            auth=signing(self.running, caller),
            excluded_checks=[ignored_auth] if case.operation.label in self._guarded else [],
            **({} if body is None else {"data": body}),
        )
        if answer.status_code == HTTPStatus.CREATED:
            self.upload = answer.headers["location"][0].rpartition("/")[2]
        if answer.status_code < 300 and caller == "signed":
            self._guarded.add(case.operation.label)
        name = case.operation.definition.raw["operationId"]
        own = answer.request.method == case.operation.method.upper()
        self.answers[name if own else OTHER, answer.status_code] += 1
        self.by_caller[caller] += 1
        refused = (answer.headers.get("fieldfare-refused") or [""])[0]
        wrong = unbidden(self.running.witness.written(), caller, answer.status_code, refused)
        self.written += [
            f"{caller} {case.operation.label}: {answer.status_code}, {each}" for each in wrong
        ]

    def figures(self) -> Iterator[str]:
        """Say how many calls were made: by whom, how they were answered, and of which operation."""
        statuses: Counter[int] = Counter()
        for (_name, status), times in self.answers.items():
            statuses[status] += times
        yield f"by caller: {_counted(self.by_caller)}; by answer: {_counted(statuses)}"
        yield "by operation: " + "; ".join(map(self._of, (*KNOWN, OTHER)))

    def _of(self, name: str) -> str:
        found = {status: times for (each, status), times in self.answers.items() if each == name}
        return f"{name} {sum(found.values())} ({_counted(found)})"


def _counted(found: Mapping[str, int] | Mapping[int, int]) -> str:
    return ", ".join(f"{name} x{times}" for name, times in sorted(found.items()))


def unbidden(written: set[str], caller: str, status: int, refused: str) -> set[str]:
    """Say which rows were written that this call may not write, whatever it was answered."""
    if caller == "signed" and status < 400:
        return set()
    if caller == "signed":
        counters, more = COUNTERS, DISCARDED if refused in DISCARDS else set()
        return {each for each in written - more if _table(each) not in counters and _is_row(each)}
    return {each for each in written if _table(each) not in FAILURES}


def _table(said: str) -> str:
    return said.partition(" ")[2]


def _is_row(said: str) -> bool:
    return not said.startswith("COUNT ")


def make_many(running: Running, cases: int) -> tuple[Calls, int]:
    """Make about so many calls; say how many tables were changed while only strangers called."""
    calls, schema = Calls(running, upload=running.upload), described(running)
    operations = sorted((found.ok() for found in schema.get_all_operations()), key=_place)
    covering = [case for each in operations for case in _covering(each)]
    before, moved = running.witness.rows(), 0
    for caller, share in CALLERS.items():
        wanted = round(cases * share)
        every = max(1, round(2 * len(covering) / wanted))
        for case in covering[::every]:
            calls.make(case, caller)
        left = max(1, wanted - len(covering[::every]))
        for operation in operations:
            _make_up(calls, operation, caller, left)
        if caller != "signed":
            after = running.witness.rows()
            moved += sum(before[table] != after[table] for table in before)
    return calls, moved


def _place(operation: APIOperation) -> int:
    """Say when a device makes this call: an upload is begun before it goes on, and then ended."""
    return list(KNOWN).index(operation.definition.raw["operationId"])


def _covering(operation: APIOperation) -> Iterator[Case]:
    """Give each call that is at or just over a limit of the description; the same in every run."""
    schema = operation.schema
    generation = schema.config.generation_for(operation=operation, phase="coverage")
    for mode in MODES:  # one by one: of both at once some are called well-formed that are not
        yield from schema.iter_coverage_cases(
            operation, generation_modes=[mode], generation_config=generation
        )


def _make_up(calls: Calls, operation: APIOperation, caller: str, most: int) -> None:
    """Make up this operation's part of so many calls: likely ones, well-formed ones and others."""
    known = KNOWN[operation.definition.raw["operationId"]]
    if not known.signed:
        _run(operation, GenerationMode.POSITIVE, 1, lambda case: calls.make(case, caller))
        return
    each = -(-most // (3 * sum(other.signed for other in OPERATIONS)))
    if caller == "signed":
        _run(operation, GenerationMode.POSITIVE, each, lambda case: _likely(calls, case))
        _run(operation, GenerationMode.POSITIVE, each, lambda case: calls.make(case, caller))
    else:
        _run(operation, GenerationMode.POSITIVE, 2 * each, lambda case: calls.make(case, caller))
    wrong = GenerationMode.NEGATIVE if _can_be_wrong(known) else GenerationMode.POSITIVE
    _run(operation, wrong, each, lambda case: calls.make(case, caller))


def _can_be_wrong(known: Operation) -> bool:
    """Tell whether anything of a call has a form that it can break."""
    return bool(known.headers or (known.brings and known.brings.schema))


def _run(
    operation: APIOperation, mode: GenerationMode, most: int, make: Callable[[Case], None]
) -> None:
    @settings(
        max_examples=most,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Case) -> None:
        make(case)

    one()


def _likely(calls: Calls, case: Case) -> None:
    """Make a call with what a device of this office knows in the place of what was made up."""
    running = calls.running
    if "upload" in case.path_parameters:
        case.path_parameters["upload"] = calls.upload
    change = _LIKELY.get(case.operation.definition.raw["operationId"])
    calls.make(case, "signed", change(case, running) if change else None)


def _enrol(case: Case, running: Running) -> None:
    case.body |= {"code": running.code, "public_key": write_key(running.newcomer.public_key)}


def _officer_key(case: Case, running: Running) -> None:
    case.body |= asdict(running.officer_key)


def _begin(case: Case, running: Running) -> None:
    case.headers["Upload-Metadata"] = blobs.write_metadata(running.digest)
    case.headers["Upload-Length"] = str(len(running.picture))


def _first_part(case: Case, running: Running) -> bytes:
    case.headers["Upload-Offset"] = "0"
    case.headers.pop("Upload-Checksum", None)
    return running.picture[:1_000]


def _photograph(case: Case, _running: Running) -> bytes:
    part = case.body if isinstance(case.body, bytes) else b"\n"
    name = digest(part)
    return Bringing(
        photograph_id=name, digest=name, size_bytes=len(part) + 1, start=0, part=part
    ).written()


_LIKELY: Mapping[str, Callable[[Case, Running], bytes | None]] = {
    "enrol": _enrol,
    "officer_key": _officer_key,
    "sealed": lambda _case, _running: b"",
    "sealed_photograph": _photograph,
    "begin_upload": _begin,
    "send_part": _first_part,
}
"""What makes a call of each kind a likely one; some give its whole body."""
