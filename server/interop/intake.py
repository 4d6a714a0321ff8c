"""One whole file through one profile: counted, checked against its own totals, then read line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from server.interop import cells
from server.interop.cells import CellRefused
from server.interop.decoding import Remark
from server.interop.layout import HEADER_LINES_MAX, find_header, header_cells, lay_out
from server.interop.lines import AccountKey, AccountLine, Reason, Rejected, account_key, because
from server.interop.mapping import Days, amount_in, map_record
from server.interop.profiles import ControlLine, Profile, heading_key
from server.interop.reading import Record, Sheet
from server.interop.sentences import REASONS
from shared.values import Pence

Outcome = AccountLine | Rejected
SHAPE_CODES = frozenset(code for code in REASONS if code.startswith("row."))
"""Reasons that leave no value of a row to be trusted."""

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a file, or the person who sent it, says it holds."""

    rows: int | None = None
    sum_pence: Pence | None = None


@dataclass(kw_only=True)
class Survey:
    """What a whole file was found to hold before anything of it is written; read = accepted + rejected.

    `problems` concern the file as a whole, and nothing of it should be taken while there are any.
    """

    read: int = 0
    accepted: int = 0
    rejected: int = 0
    without_payer: int = 0
    debts: int = 0
    sum_pence: int = 0
    not_summed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    problems: list[Reason] = field(default_factory=list)
    unused_columns: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    encoding: str = ""
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class _Tally:
    """What is kept of an accepted row until the whole file has been seen."""

    key: _Key
    account: AccountKey
    line_number: int
    fingerprint: str
    names_somebody: bool
    debts: int
    notes: tuple[str, ...]


class Intake:
    """A file being taken in: surveyed once when made, then read as often as needed."""

    def __init__(
        self,
        sheet: Sheet,
        profile: Profile,
        *,
        reported_on: date | None = None,
        today: date | None = None,
        declared: Declared | None = None,
    ) -> None:
        self.sheet = sheet
        self.profile = profile
        self._days = Days(reported_on=reported_on, today=today)
        opening = list(islice(sheet.records(), HEADER_LINES_MAX))
        self._header_at = find_header(profile, opening, sheet.delimiter)
        self.header = header_cells(opening[self._header_at], sheet.delimiter)
        self.layout = lay_out(profile, self.header)
        self._turned_away: dict[int, Reason] = {}
        self.rows_of: Counter[AccountKey] = Counter()
        """How many accepted rows each account has, where a profile gives a row to each debt."""
        self.survey = Survey(
            unused_columns=self.layout.unused,
            remarks=sheet.remarks,
            encoding=sheet.encoding,
            delimiter=sheet.delimiter,
        )
        self._survey()
        self._check_totals(declared or Declared())

    def outcomes(self) -> Iterator[Outcome]:
        """Give every row of the file as an account line or a rejection, in order."""
        for record in self._rows():
            reason = self._turned_away.get(record.line_number)
            if reason is None:
                yield self._mapped(record)
            else:
                yield Rejected(
                    line_number=record.line_number, reasons=(reason,), values=record.values
                )

    def _rows(self) -> Iterator[Record]:
        """Give the rows below the header, without the line of declared totals."""
        for record in islice(self.sheet.records(), self._header_at + 1, None):
            if not _is_control(record, self.profile.control):
                yield record

    def _mapped(self, record: Record) -> Outcome:
        return map_record(self.profile, self.layout, record, self._days)

    def _survey(self) -> None:
        survey = self.survey
        tallies: list[_Tally] = []
        for record in self._rows():
            survey.read += 1
            outcome = self._mapped(record)
            amount = self._amount(record, outcome)
            survey.sum_pence += amount or 0
            survey.not_summed += amount is None
            if isinstance(outcome, Rejected):
                survey.rejected += 1
                survey.reasons.update({reason.code for reason in outcome.reasons})
            else:
                tallies.append(_tally(outcome, self.profile))
        self._turned_away = _duplicates(tallies)
        for tally in tallies:
            self._count(tally)

    def _count(self, tally: _Tally) -> None:
        reason = self._turned_away.get(tally.line_number)
        if reason is not None:
            self.survey.rejected += 1
            self.survey.reasons[reason.code] += 1
            return
        self.survey.accepted += 1
        if self.profile.one_row == "debt":
            self.rows_of[tally.account] += 1
        self.survey.debts += tally.debts
        self.survey.without_payer += not tally.names_somebody
        self.survey.notes.update(set(tally.notes))

    @property
    def _summed(self) -> str:
        """Name the amount that is added up: the one a control line speaks of, else the balance."""
        if self.profile.control is not None:
            return self.profile.control.sum_of
        return "balance" if self.profile.has("balance") else "charged"

    def _amount(self, record: Record, outcome: Outcome) -> Pence | None:
        """Read a row's amount, also where another of its values is at fault; a shifted row has none."""
        if isinstance(outcome, Rejected) and any(r.code in SHAPE_CODES for r in outcome.reasons):
            return None
        in_pence = self.profile.amounts_in_pence
        return amount_in(self.layout, record, self._summed, in_pence=in_pence)

    def _check_totals(self, declared: Declared) -> None:
        survey = self.survey
        for says in (declared, self._declared_in_file()):
            if says.rows is not None and says.rows != survey.read:
                told = because("control.count", declared=says.rows, found=survey.read)
                survey.problems.append(told)
            if says.sum_pence is not None and says.sum_pence != survey.sum_pence:
                sums = (pounds(says.sum_pence), pounds(survey.sum_pence))
                told = because(
                    "control.sum", declared=sums[0], found=sums[1], rows=survey.not_summed
                )
                survey.problems.append(told)

    def _declared_in_file(self) -> Declared:
        control = self.profile.control
        if control is None:
            return Declared()
        line = next((r for r in self.sheet.records() if _is_control(r, control)), None)
        if line is None:
            self.survey.problems.append(because("control.absent"))
            return Declared()
        try:
            return _declared_by(line, control, in_pence=self.profile.amounts_in_pence)
        except (CellRefused, IndexError):
            told = because("control.unreadable", value=cells.shown(", ".join(line.values)))
            self.survey.problems.append(told)
            return Declared()


def pounds(amount: int) -> str:
    """Write pence as pounds for a sentence, with the sign in front."""
    sign = "-" if amount < 0 else ""
    return f"{sign}£{abs(amount) // 100:,}.{abs(amount) % 100:02}"


def _is_control(record: Record, control: ControlLine | None) -> bool:
    if control is None or not record.values:
        return False
    return heading_key(record.values[0]) == heading_key(control.begins)


def _declared_by(line: Record, control: ControlLine, *, in_pence: bool) -> Declared:
    rows, total = None, None
    if control.count_at is not None:
        rows = cells.whole_number(cells.plain(line.values[control.count_at - 1]))
    if control.sum_at is not None:
        total = cells.pence(cells.plain(line.values[control.sum_at - 1]), in_pence=in_pence)
        total = Pence(-total) if control.sum_negative else total
    return Declared(rows=rows, sum_pence=total)


def _tally(line: AccountLine, profile: Profile) -> _Tally:
    return _Tally(
        key=_key(line, profile),
        account=account_key(line),
        line_number=line.line_number,
        fingerprint=line.fingerprint(),
        names_somebody=bool(line.payers),
        debts=len(line.debts),
        notes=tuple(note.code for note in line.notes),
    )


def _key(line: AccountLine, profile: Profile) -> _Key:
    """Give what may stand in a file only once: the account, or each debt where a row is a debt."""
    account = account_key(line)
    if profile.one_row == "account" or not line.debts:
        return account
    debt = line.debts[0]
    start = debt.period_from.isoformat() if debt.period_from else ""
    return (*account, (debt.reference or "").upper(), start)


def _duplicates(tallies: list[_Tally]) -> dict[int, Reason]:
    """Turn away the later of two rows that say the same, and both of two that do not."""
    rows: dict[_Key, list[_Tally]] = {}
    for tally in tallies:
        rows.setdefault(tally.key, []).append(tally)
    turned_away: dict[int, Reason] = {}
    for first, *others in rows.values():
        conflict = [other for other in others if other.fingerprint != first.fingerprint]
        if conflict:
            turned_away[first.line_number] = because("row.conflict", line=conflict[0].line_number)
        for other in others:
            code = "row.conflict" if conflict else "row.repeat"
            turned_away[other.line_number] = because(code, line=first.line_number)
    return turned_away
