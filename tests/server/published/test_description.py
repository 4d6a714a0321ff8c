"""What is published of the API of devices is what the office does: every route, code, field and limit."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from marshmallow import RAISE, Schema, fields, validate

import server
from server.access import device_api
from server.cli import main
from server.published.document import document
from server.published.json_schemas import Components, NotDescribed
from server.published.operations import HERE, OPERATIONS, Operation
from server.spine.permissions import Opening, opening_of
from shared.errors import REFUSALS
from sync import attachments, blobs, checkpoints, leases, officer_keys, protocol, sealed, wipes
from tests.server.access.conftest import Office, make_app, office
from tests.server.access.tablet import ENROL, Tablet, enrolled

__all__ = ["make_app", "office"]

SOURCES = Path(server.__file__).parent
ANSWERING = (
    "access/device_api.py",
    "access/device_requests.py",
    "access/officer_key_api.py",
    "audit/device_api.py",
    "leasing/lease_api.py",
    "leasing/lending.py",
    "sealed_work/device_api.py",
    "sync_api/screens.py",
    "wiping/device_api.py",
)
"""Where devices are answered; the uploads' refusals stand in one table of their own."""

LIMITS = {
    "enrol": device_api.BODY_BYTES_MAX,
    "state": device_api.BODY_BYTES_MAX,
    "lease": leases.LEASE_BYTES_MAX,
    "officer_key": officer_keys.OFFICER_KEY_BYTES_MAX,
    "checkpoint": checkpoints.CHECKPOINT_BYTES_MAX,
    "sealed": sealed.COPIES_BYTES_MAX,
    "sealed_photograph": attachments.BRINGING_BYTES_MAX,
    "wiped": wipes.WIPE_BYTES_MAX,
    "sync": protocol.REQUEST_BYTES_MAX,
    "send_part": blobs.PART_BYTES,
}


def said(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"][operation.path][operation.method]
    return found


def test_every_route_of_devices_is_published_and_nothing_else(office: Office) -> None:
    served = {
        (re.sub(r"<_?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in office.app.url_map.iter_rules()
        if opening_of(office.app, rule.endpoint) is Opening.DEVICE or rule.rule == HERE
        for method in (rule.methods or set())
    }
    by_flask = {
        (path, "options") for path, _method in served if not path.startswith(blobs.BLOB_PATH)
    }
    published = {(each.path, each.method) for each in OPERATIONS}
    assert served - by_flask - {(HERE, "head")} == published


def raised(path: Path) -> Iterator[tuple[int, str]]:
    """Read each refusal in a file: its status, and its code where it is written out."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id not in {"DeviceRefused", "_Failed", "refused"}:
            continue
        numbers = [each.value for each in node.args if isinstance(each, ast.Constant)]
        status = next((each for each in numbers if isinstance(each, int)), 401)
        for code in numbers:
            if isinstance(code, str):
                yield status, code


def test_every_refusal_in_the_code_is_published_with_its_status() -> None:
    published = {
        (status, code)
        for operation in OPERATIONS
        for status, codes in operation.refused.items()
        for code in codes
    }
    written = {each for name in ANSWERING for each in raised(SOURCES / name)}
    assert len(written) > 10
    assert written - published == set()
    assert {(status, code) for code, status in blobs.STATUSES.items()} - published == set()


def test_every_published_code_is_one_that_the_office_knows() -> None:
    everything = "".join(
        path.read_text("utf-8")
        for folder in (SOURCES, SOURCES.parent / "sync")
        for path in folder.rglob("*.py")
        if path.parent.name != "published"
    )
    codes = {
        code for operation in OPERATIONS for each in operation.refused.values() for code in each
    }
    states = {"device.pending", "device.revoked", "device.suspended"}
    assert [each for each in sorted(codes - states) if f'"{each}"' not in everything] == []
    assert states <= set(REFUSALS)


def test_every_limit_is_published_with_its_value() -> None:
    brought = {
        each.name: said(each)["requestBody"]["x-bytes-max"] for each in OPERATIONS if each.brings
    }
    assert brought == LIMITS


def test_every_field_that_is_read_is_published() -> None:
    schemas = document()["components"]["schemas"]
    for operation in OPERATIONS:
        for schema in (
            operation.brings.schema if operation.brings else None,
            *(answer.schema for answer in operation.answers.values()),
        ):
            if schema is None:
                continue
            described = schemas[type(schema).__name__.strip("_").removesuffix("Schema")]
            assert set(schema.fields) <= set(described["properties"])
            assert described["additionalProperties"] is (schema.unknown != RAISE)


def test_a_schema_that_cannot_be_described_stops_the_description() -> None:
    class Odd(Schema):
        """A schema with a field nobody has described."""

        amount = fields.Decimal()

    class Bounded(Schema):
        """A schema with a validator nobody has described."""

        amount = fields.String(validate=validate.URL())

    for schema in (Odd(), Bounded()):
        with pytest.raises(NotDescribed):
            Components().add(schema)


def test_the_description_is_written_without_a_database() -> None:
    ended = CliRunner().invoke(main, ["openapi"])
    assert ended.exit_code == 0
    assert json.loads(ended.output) == document()


def test_anybody_may_read_the_description(office: Office) -> None:
    answer = office.app.test_client().get(HERE)
    assert (answer.status_code, answer.get_json()) == (200, document())
    assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.signed], ids=lambda each: each.name
)
def test_each_call_is_refused_as_published_to_whoever_has_not_signed_it(
    office: Office, operation: Operation
) -> None:
    client = office.app.test_client()
    path = operation.path.replace("{upload}", "0b0e3c52-3c77-4bd0-8e5b-6b8a4c1d2e3f")
    tablet, _device_id = enrolled(office, office.person("amina", "officer"))
    method = operation.method.upper()
    body = json.dumps(tablet.ask("AAAA-AAAA")).encode() if path == ENROL else b""
    right = tablet.signed(path, body, method=method)
    other = {**right, "Signature": Tablet().signed(path, body, method=method)["Signature"]}
    late = tablet.signed(path, body + b" ", method=method)
    known = path == ENROL
    for headers, code in (
        ({}, "signature.unreadable"),
        (other, "signature.wrong"),
        (late, "signature.digest"),
        (
            Tablet().signed(path, body, method=method),
            "signature.wrong" if known else "device.unknown",
        ),
        (Tablet(tablet.key, -3_600).signed(path, body, method=method), "signature.stale"),
    ):
        answer = client.open(path, method=method, data=body, headers=headers)
        assert answer.status_code == 401, (code, answer.text)
        assert code in operation.refused[401]
        if method != "HEAD":
            assert answer.get_json()["code"] == code
    first, again = (client.open(path, method=method, data=body, headers=right) for _time in "12")
    assert str(first.status_code) in said(operation)["responses"]
    if path != ENROL or first.status_code == 200:
        assert again.status_code == 401


def test_more_than_a_call_may_bring_is_refused_as_published(office: Office) -> None:
    client = office.app.test_client()
    for operation in OPERATIONS:
        if operation.brings is None or operation.in_header:
            continue
        body = bytes(operation.brings.bytes_max + 1)
        answer = client.open(operation.path, method="POST", data=body)
        assert answer.status_code == 413
        assert (answer.get_json()["code"],) == operation.refused[413]
