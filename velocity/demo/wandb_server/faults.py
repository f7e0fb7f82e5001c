"""Where a test makes chosen calls to a `ProtocolServer` go wrong.

server.faults.append(Fault(delay_s=1).at(after=2, times=3))  # the 3rd, 4th and 5th page
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from velocity.demo.wandb_server.world import World


@dataclass(frozen=True)
class Call:
    """One request as the server saw it. `operation` and `query` are "" where it is not GraphQL."""

    path: str
    operation: str
    user_agent: str
    variables: Mapping[str, Any]
    client_port: int = 0
    query: str = ""


@dataclass(frozen=True)
class Reply:
    """An answer in place of the right one. `dropped`: the connection ends half-way through it."""

    status: int
    body: str
    content_type: str = "application/json"
    dropped: bool = False


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and at which calls; `at` says which.

    Args:
        reply: sent in place of the right answer.
        change_data: from the right `data` of the answer to the wrong one.
        change_world: done to the world before the call is answered.
        delay_s: seconds that the answer waits.
        operation: GraphQL operation it concerns; None for all.
        when: further condition on the call.
        after: such calls that go well first.
        times: such calls that go wrong then; None for all.
    """

    reply: Reply | None = None
    change_data: Callable[[dict[str, Any], Call], dict[str, Any]] | None = None
    change_world: Callable[[World], None] | None = None
    delay_s: float = 0
    operation: str | None = "Runs"
    when: Callable[[Call], bool] | None = None
    after: int = 0
    times: int | None = 1

    def at(
        self,
        *,
        operation: str | None = "Runs",
        when: Callable[[Call], bool] | None = None,
        after: int = 0,
        times: int | None = 1,
    ) -> Fault:
        """The same fault at other calls."""
        return replace(self, operation=operation, when=when, after=after, times=times)

    def concerns(self, call: Call) -> bool:
        """Whether the call is of the kind that may go wrong."""
        if self.operation is not None and self.operation != call.operation:
            return False
        return self.when is None or self.when(call)


class Faults(list[Fault]):
    """The faults of one server; counts the calls that each concerns."""

    def __init__(self) -> None:
        super().__init__()
        # By identity, as equal ones may stand side by side. Each is kept with its count: the id of
        # one that is gone may be that of a new one.
        self._seen: dict[int, tuple[Fault, int]] = {}

    def due(self, call: Call) -> list[Fault]:
        """Those that strike this call, in order."""
        struck = []
        for fault in list(self):
            if not fault.concerns(call):
                continue
            _, seen = self._seen.get(id(fault), (fault, 0))
            self._seen[id(fault)] = fault, seen + 1
            if fault.after <= seen and (fault.times is None or seen < fault.after + fault.times):
                struck.append(fault)
        return struck
