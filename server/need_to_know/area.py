"""What the area of need to know hands to the office."""

from __future__ import annotations

from marshmallow import Schema

from server.need_to_know import (
    commands,
    facts,
    glass_commands,
    glass_screens,
    queries,
    record,
    restriction_screens,
    rules,
    sentences,
)
from server.spine.areas import Alarm, Area, Banner, Facts, Handling, NavigationLink, named_subjects
from shared.catalogue import mark
from shared.commands import Command, CommandType, Kind, Rule, Touched


def _in_turn(command: Command) -> Touched:
    """Keep two commands about one opening out of one wave; its id is no person's."""
    break_id = getattr(command, "break_id", None)
    return named_subjects(command) | Touched(person_ids=frozenset({break_id} if break_id else ()))


def _handling(
    command: type[Command], schema: Schema, rule: Rule, load: Facts, *, needs: str
) -> Handling:
    return Handling(
        kind=CommandType(
            command=command, schema=schema, rule=rule, kind=Kind.DECISION, needs=needs
        ),
        facts=load,
        subjects=_in_turn,
    )


MANAGE = "restricted.manage"
BREAK = "glass.break"
REVIEW = "glass.review"

AREA = Area(
    name="need_to_know",
    commands=(
        _handling(
            commands.RestrictPerson,
            commands.RestrictPersonSchema(),
            rules.restrict,
            facts.restriction_facts,
            needs=MANAGE,
        ),
        _handling(
            commands.GiveAccess,
            commands.AccessSchema(),
            rules.give_access,
            facts.restriction_facts,
            needs=MANAGE,
        ),
        _handling(
            commands.TakeAccess,
            commands.AccessSchema(),
            rules.take_access,
            facts.restriction_facts,
            needs=MANAGE,
        ),
        _handling(
            commands.AskToLift,
            commands.AskToLiftSchema(),
            rules.ask_to_lift,
            facts.restriction_facts,
            needs=MANAGE,
        ),
        _handling(
            commands.AnswerLift,
            commands.AnswerLiftSchema(),
            rules.answer_lift,
            facts.restriction_facts,
            needs=MANAGE,
        ),
        _handling(
            glass_commands.BreakGlass,
            glass_commands.BreakGlassSchema(),
            rules.break_glass,
            facts.glass_facts,
            needs=BREAK,
        ),
        _handling(
            glass_commands.CloseGlass,
            glass_commands.CloseGlassSchema(),
            rules.close_glass,
            facts.break_facts,
            needs=BREAK,
        ),
        _handling(
            glass_commands.ReviewGlass,
            glass_commands.ReviewGlassSchema(),
            rules.review_glass,
            facts.break_facts,
            needs=REVIEW,
        ),
    ),
    recorders=record.RECORDERS,
    sentences=sentences.SENTENCES,
    screens=(restriction_screens.screens, glass_screens.screens, glass_screens.openings),
    alarms=(Alarm(needs=REVIEW, endpoint="openings.every_break", find=queries.alarm),),
    banners=(Banner(needs=BREAK, endpoint="glass.ask", find=queries.banner),),
    navigation=(
        NavigationLink(text=mark("Hidden records"), endpoint="glass.ask", needs=BREAK),
        NavigationLink(text=mark("Opened records"), endpoint="openings.every_break", needs=REVIEW),
    ),
    permissions={
        MANAGE: mark("Restrict people and say who may see them"),
        BREAK: mark("Open a hidden record for an hour, with a reason"),
        REVIEW: mark("Review that hidden records were opened"),
        "vulnerability.see": mark("See what makes a person vulnerable"),
        "protected_address.see": mark("See addresses that are protected"),
        "safeguarding.see": mark("See safeguarding concerns"),
    },
)
