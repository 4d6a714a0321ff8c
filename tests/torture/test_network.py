"""A bad line does to a connection what its fate says, and nothing else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from random import Random

import pytest

from tests.torture import network
from tests.torture.network import Fate, Line

pytestmark = [pytest.mark.enable_socket, pytest.mark.proves("T38")]

ASKED, ANSWERED = b"?" * 500, b"!" * 500


class Listener:
    """Hears what comes and answers each connection once it has heard all of it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.told = threading.Condition()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.socket.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                one, _address = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(one,), daemon=True).start()

    def _answer(self, one: socket.socket) -> None:
        heard = b""
        with one:
            while len(heard) < len(ASKED) and (piece := one.recv(4096)):
                heard += piece
            with self.told:
                self.heard.append(heard)
                self.told.notify_all()
            if len(heard) == len(ASKED):
                one.sendall(ANSWERED)

    def wait_for(self, times: int) -> None:
        with self.told:
            assert self.told.wait_for(lambda: len(self.heard) >= times, timeout=20)


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.socket.close()


def ask(listener: Listener, fate: Fate, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Send over a line on which every connection meets this fate; give what came back."""
    monkeypatch.setattr(network, "WEIGHTS", {fate: 1})
    monkeypatch.setattr(network, "CUT_BYTES", (100, 100))
    line = Line(listener.port, Random(1))
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", line.port), timeout=20) as one:
            one.sendall(ASKED)
            while piece := one.recv(4096):
                answer += piece
    except ConnectionError:
        pass
    finally:
        line.close()
    assert line.met == {fate: 1}
    return answer


@pytest.mark.parametrize("fate", [Fate.CARRIED, Fate.DELAYED])
def test_what_is_carried_arrives(
    listener: Listener, fate: Fate, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(listener, fate, monkeypatch) == ANSWERED
    assert listener.heard == [ASKED]


def test_what_is_refused_is_never_heard(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(listener, Fate.REFUSED, monkeypatch) == b""
    assert listener.heard == []


def test_a_cut_request_is_heard_in_part_and_not_answered(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(listener, Fate.REQUEST_CUT, monkeypatch) == b""
    listener.wait_for(1)
    assert listener.heard == [ASKED[:100]]


def test_a_cut_reply_was_meant_whole(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(listener, Fate.REPLY_CUT, monkeypatch) == ANSWERED[:100]
    assert listener.heard == [ASKED]


def test_a_lost_reply_was_meant_and_nothing_of_it_is_told(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(listener, Fate.REPLY_LOST, monkeypatch) == b""
    assert listener.heard == [ASKED]


def test_a_repeated_request_is_heard_twice_and_answered_once(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(listener, Fate.REPEATED, monkeypatch) == ANSWERED
    listener.wait_for(2)
    assert listener.heard == [ASKED, ASKED]
