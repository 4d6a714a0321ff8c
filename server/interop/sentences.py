"""Every sentence the import says about a file, a profile, a row or a cell: one register of codes."""

from __future__ import annotations

from shared import errors
from shared.catalogue import mark

REASONS: dict[str, str] = {
    # The file as a whole.
    "file.empty": mark(
        "The file is empty: choose a file with a row of column names and at least one row"
    ),
    "file.too_large": mark("Split the file: it is larger than %(megabytes_max)s MB"),
    "file.too_many_lines": mark("Split the file: it has more than %(lines_max)s lines"),
    "file.spreadsheet": mark(
        "This is a spreadsheet: save the sheet as CSV (in Excel: File, Save As, CSV UTF-8) and use that"
    ),
    "file.not_text": mark("This is not a text file: save the list as CSV and use that"),
    "file.no_header": mark(
        "No line has the column names this profile needs (missing: %(columns)s): "
        "choose another profile or guess one"
    ),
    "file.column_twice": mark(
        "The column “%(column)s” stands there %(count)s times: say in the profile which one is meant"
    ),
    # Characters that needed help, with their lines.
    "characters.windows": mark(
        "Read as Windows characters because they are not UTF-8: check these lines"
    ),
    "characters.replaced": mark(
        "Some characters could not be read and became \N{REPLACEMENT CHARACTER}"
    ),
    "characters.removed": mark("Invisible control characters were left out"),
    "characters.doubtful": mark(
        "A character looks damaged in the file itself, such as ¿ for an apostrophe: mend it at the source"
    ),
    # Why a guess was refused.
    "guess.blank": mark("The first line has no column names: there is nothing to go by"),
    "guess.web_page": mark(
        "This is a web page, not a list: download the file itself and try again"
    ),
    "guess.comment": mark(
        "This starts with a web page's comment: download the file itself and try again"
    ),
    "guess.json": mark("This is JSON, not a table: ask for the list as CSV"),
    "guess.json_error": mark(
        "This is an error answer in JSON, not a table: download the file again"
    ),
    "guess.xml": mark("This is XML, not a table: ask for the list as CSV"),
    "guess.message": mark("This is a message, not a list of columns: “%(text)s”"),
    "guess.no_reference": mark(
        "No column holds an account or property reference: say which one does in a profile"
    ),
    "guess.too_little": mark(
        "Too few columns were recognised (%(columns)s): say in a profile which column is which"
    ),
    "guess.no_debt_type": mark(
        "Nothing tells which debt type these accounts are: say which one it is"
    ),
    # Why a column was taken to be what it is.
    "column.known": mark("Known name for this"),
    "column.numbered": mark("One of a numbered group"),
    "column.year": mark("The latest of several years"),
    "column.context": mark("Taken to be this because of the columns around it"),
    "column.spelling": mark("Spelled almost like “%(known)s”"),
    "column.reference": mark(
        "The property's reference also names the account, as there is no other"
    ),
    "column.opposite": mark("Says the opposite: yes here means not occupied"),
    "column.not_needed": mark("Known, and not needed here"),
    "column.follows": mark("Belongs to “%(column)s” before it"),
    "column.fed_already": mark("“%(column)s” already gives this"),
    "column.unnamed": mark("Has no name"),
    "column.unknown": mark("Not recognised"),
    "column.no_balance": mark("What was charged, but no column says what is still owed: left out"),
    "column.no_amount": mark("The day of a balance, but no column gives the balance: left out"),
    "column.values_disagree": mark(
        "Named like this, but its values are not: for example “%(value)s”"
    ),
    # A profile that cannot be used.
    "profile.unreadable": mark("The profile cannot be read: %(problem)s"),
    "profile.too_long": mark("Shorten the profile to %(characters_max)s characters or fewer"),
    "profile.unknown_name": mark(
        "There is no profile called “%(name)s”: use one of %(names)s, or guess"
    ),
    "profile.missing": mark("Say what %(key)s is"),
    "profile.unknown_key": mark("%(key)s is not something a profile can say"),
    "profile.unknown_field": mark("%(key)s is not one of our fields: see the list in the guide"),
    "profile.not_text": mark("Write %(key)s as text between quotation marks"),
    "profile.long": mark("Shorten %(key)s to %(characters_max)s characters or fewer"),
    "profile.not_choice": mark("Write %(key)s as one of: %(choices)s"),
    "profile.not_yes_no": mark("Write %(key)s as true or false"),
    "profile.not_number": mark("Write %(key)s as a whole number of 1 or more"),
    "profile.not_list": mark("Write %(key)s as a list of texts"),
    "profile.not_table": mark("Write %(key)s as a table"),
    "profile.no_columns": mark("Name at least one column for %(key)s"),
    "profile.one_column": mark("Name one column only for %(key)s"),
    "profile.no_reference": mark("Say which column gives the account reference"),
    "profile.no_debt_type": mark("Say which debt type the accounts have, or which column tells"),
    "profile.debt_type_twice": mark(
        "Give the debt type once: the same for every row, or by a column"
    ),
    "profile.unknown_value": mark("In %(key)s, “%(value)s” is not one of: %(choices)s"),
    "profile.ambiguous_dates": mark(
        "Choose either day first or month first: 03/04/2025 cannot be read both ways"
    ),
    "profile.no_balance": mark(
        "The other system is master of the balance, so say which column gives the balance"
    ),
    "profile.no_period_or_reference": mark(
        "With a row for each debt, say which column tells one debt from another: "
        "its reference or the start of its period"
    ),
    "profile.no_missing_column": mark("To mend short rows, say which column goes missing"),
    "profile.same_column": mark("The column “%(column)s” is named twice in %(key)s"),
    "profile.no_control": mark("A control line needs the place of a count or of a sum"),
    # The declared totals.
    "control.count": mark(
        "The file says it has %(declared)s rows and it has %(found)s: get the file again"
    ),
    "control.sum": mark(
        "The file says its total is %(declared)s and its rows add to %(found)s "
        "(rows whose amount cannot be read: %(rows)s)"
    ),
    "control.absent": mark(
        "The line with the file's own totals is missing: the file may be cut short"
    ),
    "control.unreadable": mark("The line with the file's own totals cannot be read: “%(value)s”"),
    # A row as a whole.
    "row.short": mark(
        "The row is shifted: there are %(values)s values for %(columns)s columns, so one is missing"
    ),
    "row.long": mark(
        "The row is shifted: there are %(values)s values for %(columns)s columns, "
        "so one was split in two or added"
    ),
    "row.shifted": mark("Several values stand in the wrong columns: the row looks shifted"),
    "row.unclosed_quote": mark("A quotation mark opens here and is never closed"),
    "row.too_long": mark("The line has more than %(characters_max)s characters"),
    "row.cell_too_long": mark("A value has more than %(characters_max)s characters"),
    "row.too_many_columns": mark("The row has more than %(columns_max)s values"),
    "row.repeat": mark("The row repeats line %(line)s and adds nothing"),
    "row.partly": mark("Only a part of this row could be recorded"),
    "row.conflict": mark(
        "Line %(line)s has the same reference and says otherwise: neither was taken, keep the right one"
    ),
    # A cell. Each names its column and what stands there.
    "cell.missing": mark("Fill in “%(column)s”: it is empty"),
    "cell.text": mark("“%(column)s” holds characters that cannot be shown"),
    "cell.text_too_long": mark("Shorten “%(column)s” to %(characters_max)s characters or fewer"),
    "cell.reference": mark("“%(column)s” should be a reference, and says “%(value)s”"),
    "cell.reference_rounded": mark(
        "“%(column)s” was rounded by a spreadsheet to “%(value)s”: export it again as text"
    ),
    "cell.date": mark("“%(column)s” should be a date such as %(example)s, and says “%(value)s”"),
    "cell.date_unlikely": mark("“%(column)s” has an unlikely year: “%(value)s”"),
    "cell.date_future": mark("“%(column)s” is a day that has not been: “%(value)s”"),
    "cell.amount": mark("“%(column)s” should be an amount such as 1,234.50, and says “%(value)s”"),
    "cell.amount_too_large": mark("“%(column)s” is more than any account could owe: “%(value)s”"),
    "cell.number": mark("“%(column)s” should be a whole number, and says “%(value)s”"),
    "cell.number_too_large": mark("“%(column)s” is larger than it can be: “%(value)s”"),
    "cell.coordinate": mark(
        "“%(column)s” should be a coordinate in Great Britain, and says “%(value)s”"
    ),
    "cell.yes_no": mark("“%(column)s” should say yes or no, and says “%(value)s”"),
    "cell.choice": mark("“%(column)s” says “%(value)s”, which the profile does not know"),
    "cell.postcode": mark("“%(column)s” is not a postcode: “%(value)s”"),
    "cell.uprn": mark("“%(column)s” is not a UPRN of up to 12 digits: “%(value)s”"),
    "cell.phone": mark("“%(column)s” is not a phone number: “%(value)s”"),
    "cell.email": mark("“%(column)s” is not an email address: “%(value)s”"),
    "dates.order": mark("%(until)s is before %(from)s"),
    "dates.none": mark("%(until)s leaves no day after %(from)s: the two are the same"),
    "payer.missing": mark("Nobody is named as liable"),
    # Notes beside rows that were taken.
    "note.details_without_payer": mark(
        "Contact details stand here without a name: they were left out"
    ),
    "note.kind_uncertain": mark("Taken for an organisation, though the name does not say so"),
    "note.joint_uncertain": mark("The name may be of two people: split it by hand"),
    "note.estate": mark("The name speaks of executors or of a death"),
    "note.formula": mark("“%(column)s” begins like a formula; it is kept as plain text"),
    "note.mended": mark(
        "A missing value was put back in “%(column)s”; every other value then fits"
    ),
    "note.postcode_in_address": mark("The postcode could not be read and stays in the address"),
    "note.hold_without_reason": mark(
        "Dates of a hold stand here without its reason: no hold was made"
    ),
    "note.no_balance": mark("No balance is given for this row"),
    # Notes that only what is here already can tell.
    "note.phone_left_out": mark("A phone number nobody can dial was left out"),
    "note.email_left_out": mark("An email address nobody can write to was left out"),
    "note.another_address": mark(
        "The payer has another address here already: this one was not put in its place"
    ),
    "note.birth_left_out": mark(
        "The payer was opened without a date of birth: add the one in the file by hand"
    ),
    "note.place_left_out": mark("A position without an address was left out"),
    "note.charge_negative": mark("A charge below nothing: only the balance was taken"),
    "note.balance_kept_here": mark(
        "This account's balance is kept here: the one in the file was left out"
    ),
    "note.balance_older": mark("A later balance is here already: this one was left out"),
    "note.hold_over": mark("A stop on recovery that has ended already was left out"),
}
"""Code (`noun.reason`) to the sentence shown; the values in it are named, never positional."""

errors.register(
    {code: text for code, text in REASONS.items() if code.startswith(("file.", "profile."))}
)
