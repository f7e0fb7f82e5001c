"""YAML as W&B's client writes it: without references and with short numbers only."""

from __future__ import annotations

from typing import Any

import yaml  # type: ignore[import-untyped]  # comes with wandb, as the files do

#: A number in base 60 ("1:30:00") takes time that grows with the square of its length.
_LONGEST_NUMBER = 64
#: Values in one text; reading this many takes several seconds.
_MOST_VALUES = 50_000


class _PlainLoader(yaml.SafeLoader):  # type: ignore[misc]  # untyped
    """Refuses YAML that makes a small text large or slow."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._values = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """The next node, unless it refers to an earlier one: ten lines can expand to billions."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("references are not supported")
        self._values += 1
        if self._values > _MOST_VALUES:
            raise yaml.YAMLError("it has too many values")
        return super().compose_node(parent, index)

    def construct_number(self, node: Any) -> Any:
        """A whole or decimal number."""
        if len(node.value) > _LONGEST_NUMBER:
            raise yaml.YAMLError("a number is too long")
        whole = node.tag.endswith(":int")
        return self.construct_yaml_int(node) if whole else self.construct_yaml_float(node)


for _kind in ("int", "float"):
    _PlainLoader.add_constructor(f"tag:yaml.org,2002:{_kind}", _PlainLoader.construct_number)


def read_yaml(text: str) -> Any:
    """The value of YAML text.

    Raises:
        ValueError: it is not YAML, or it uses something that is not supported.
    """
    try:
        return yaml.load(text, _PlainLoader)  # noqa: S506 - a loader of plain values
    except (yaml.YAMLError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
        # The loader fails in several ways on tags that do not fit their values.
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
