"""Makes chosen calls to a `ProtocolServer` go wrong, for tests.

server.faults.append(Fault(delay_s=1).at(after=2, times=3))  # the 3rd, 4th and 5th page
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from velocity.demo.wandb_server.world import World


@dataclass(frozen=True)
class Call:
    """One request as received. `operation` and `query` are "" if it is not GraphQL."""

    path: str
    operation: str
    user_agent: str
    variables: Mapping[str, Any]
    client_port: int = 0
    query: str = ""


@dataclass(frozen=True)
class Reply:
    """A response in place of the right one."""

    status: int
    body: str
    content_type: str = "application/json"
    dropped: bool = False  # the connection ends halfway through it


@dataclass(frozen=True, eq=False)  # hashed by identity: there may be equal ones
class Fault:
    """What goes wrong, and at which calls; `at` changes the calls."""

    reply: Reply | None = None  # sent in place of the right response
    #: Turns the right `data` of the response into the wrong one.
    change_data: Callable[[dict[str, Any], Call], dict[str, Any]] | None = None
    change_world: Callable[[World], None] | None = None  # before the call is answered
    delay_s: float = 0  # delay of the response
    operation: str | None = "Runs"  # affected operations; None for all
    when: Callable[[Call], bool] = lambda _: True  # further condition on the call
    after: int = 0  # number of such calls that succeed first
    times: int | None = 1  # number of such calls that then fail; None for all

    def at(self, **calls: Any) -> Fault:
        """The same fault at other calls: some of `operation`, `when`, `after` and `times`."""
        return replace(self, **calls)


class Faults(list[Fault]):
    """The faults of one server; counts the calls that each one affects."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: Counter[Fault] = Counter()

    def due(self, call: Call) -> list[Fault]:
        """The faults that happen at this call, in order."""
        due = []
        for fault in list(self):
            if fault.operation in {None, call.operation} and fault.when(call):
                seen = self._seen[fault]
                self._seen[fault] += 1
                if fault.after <= seen and (
                    fault.times is None or seen < fault.after + fault.times
                ):
                    due.append(fault)
        return due
