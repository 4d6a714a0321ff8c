"""Every way the device's own doors say no; read by keeper and vault alike, so a code crosses the pipe."""

from __future__ import annotations

from shared import errors
from shared.catalogue import mark

errors.register(
    {
        "passphrase.missing": mark("Enter your passphrase"),
        "passphrase.wrong": mark(
            "That passphrase does not open this device. Check it, then try again"
        ),
        "passphrase.too_soon": mark("Wait %(seconds)s seconds, then enter your passphrase again"),
        "passphrase.too_short": mark("Use a passphrase of at least %(characters_min)s characters"),
        "passphrase.too_long": mark("Use a passphrase of at most %(characters_max)s characters"),
        "passphrase.guessable": mark(
            "That passphrase would be guessed. Use the suggested words, or words that do not repeat"
        ),
        "passphrase.again": mark("Enter the same passphrase again"),
        "passphrase.different": mark("The two passphrases are different. Enter the same one twice"),
        "pin.missing": mark("Enter your PIN"),
        "pin.wrong": mark("That PIN does not open this device. Tries left: %(left)s"),
        "pin.used_up": mark("The PIN was wrong too often. Enter your passphrase"),
        "pin.over": mark("The PIN does not open this device any more. Enter your passphrase"),
        "pin.not_digits": mark("Use digits only in your PIN"),
        "pin.too_short": mark("Use a PIN of at least %(digits_min)s digits"),
        "pin.too_long": mark("Use a PIN of at most %(digits_max)s digits"),
        "pin.obvious": mark(
            "That PIN would be guessed. Use digits that do not repeat, run in order or make a pattern"
        ),
        "pin.again": mark("Enter the same PIN again"),
        "pin.different": mark("The two PINs are different. Enter the same one twice"),
        "vault.damaged": mark(
            "The file that opens this device’s records is damaged."
            " Take the device to the office; do not enrol it again"
        ),
        "vault.exists": mark("This device already holds records. Unlock it with its passphrase"),
        "vault.missing": mark("There are no records on this device yet. Set a passphrase first"),
        "vault.not_shown": mark("That page is no longer in use. Go on in the other one"),
        "vault.stopped": mark("Fieldfare could not start. Close it, then start it again"),
        "lease.missing": mark(
            "This device needs to reach the office once before it opens. Find signal, then ask again"
        ),
        "lease.taken_back": mark(
            "The office has taken back what this device needs to open. Ring your office"
        ),
        "device.secret_missing": mark(
            "The keystore of this device did not give Fieldfare its key."
            " Sign in to the device as yourself, then start Fieldfare again"
        ),
        "device.damaged": mark(
            "The file that says who this device is cannot be read. Take the device to the office"
        ),
        "device.open_already": mark("Fieldfare is already open on this device"),
        "device.name_missing": mark("Enter a name for this device, like “Blue tablet 4”"),
        "code.missing": mark("Enter the code your office gave you"),
        "code.unreadable": mark("Enter the code as 8 letters and numbers, like 7K3M 9QXV"),
        "code.refused": mark(
            "The office did not accept that code. Codes work once and for 15 minutes: ask for a new one"
        ),
        "code.too_many_tries": mark("Too many codes were tried. Wait five minutes, then try again"),
        "rescue.nothing": mark(
            "Nothing unsent lies sealed on this device: there is nothing to carry"
        ),
        "office.address_missing": mark("Enter the address of your office"),
        "office.address_unreadable": mark(
            "Enter the address of your office, like https://fieldfare.council.gov.uk"
        ),
        "office.unreachable": mark("Could not reach the office. Check the signal, then try again"),
        "office.not_the_office": mark(
            "Something other than the office answered."
            " If this Wi-Fi has a sign-in page, sign in to it, then try again"
        ),
        "office.certificate": mark(
            "The office could not prove who it is, so nothing was sent."
            " Try another network, or tell your office"
        ),
        "office.refused": mark("The office did not accept this device. Ask your supervisor"),
    }
)
