"""Find phrases that this project does not use, in code, queries, documents and tests.

    python -m scripts.plain_english [PATH ...]

It reads comments, strings and names of tests in Python, and every line elsewhere. Each pattern is
wrong wherever it occurs: where a phrase can be right, no pattern is here.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_THING = (
    "(?:scholar|stream|group|run|project|line|metric|session|experiment|loop|host|column|row|page"
    "|process|sync|snapshot|query|command|table|file|measure|subject|series|event|class)"
)

#: Pattern -> what to write instead. A space stands for any white space.
PHRASES = {
    rf"\b(?:rows?|results?|columns?|bars?|cells?|dots?|entry|entries) an? {_THING}\b": "per",
    rf"\bonce an? {_THING}\b": "once per",
    r"(?<!there\s)\bis no (?:error|forecast|reason|median|name|secret|run|metric|scholar"
    r"|week|file|number|rule|sum|figure|day|shift|result|loop|answer)\b": "is not a",
    r"\blacks\b": "does not have",
    r"\bknows? (?:no|none|nobody)\b": "does not know",
    r"\bnames? none\b": "does not name",
    r"\bof whom\b": "a clause with who",
    r"\bso that of\b": "",
    r"\b(?:whoever|whomever|whosoever|whatsoever|thereof|therein|whereof|wherein|thence|whence"
    r"|hitherto|albeit|lest)\b": "",
    r"\bas of which\b": "",
    r"\bbe it\b": "",
    r"\bunforeseen\b": "unexpected",
    r"\b(?:set|sets|setting) (?:\w+ )?aside\b": "skip",
    r"\bput right\b": "fix",
    r"\bcures?\b": "fix",
    r"\bof theirs\b": "their",
    r"\bfault of ours\b": "a bug; please report it",
    r"\b(?:is|are|was|were|be) told(?! (?:to|what|how|where|when|apart|from)\b)": "reported",
    r"\bsees? to it\b": "make sure, or check",
    r"\bbr(?:oke|eaks?) off\b": "was cut off",
    r"\bother ones now\b": "changed",
    r"\bnot written as it should be\b": "usage error",
    r"\bright would be\b": "expected",
    r"\balready known better\b": "skipped",
    r"\bfor want of\b": "because there is no",
    r"\bbears? (?:it |them )?out\b": "confirm",
    r"\bof its own accord\b": "by itself",
    r"\bas good as none\b": "",
    r"\bwhat came before\b": "earlier",
    r"\bsame \w+ twice change nothing\b": "changes nothing",
    r"\blines of thought\b": "experiments at once",
    r"\bin the midst of\b": "during",
    r"\b(?:say|says|tell|tells) nothing of\b": "does not describe",
    r"\bnone of (?:its|theirs)\b": "not part of it",
}
_PATTERN = re.compile(
    "|".join(f"({it.replace(' ', chr(92) + 's+')})" for it in PHRASES), re.IGNORECASE
)
_KINDS = {".py", ".sql", ".md", ".toml", ".sh", ".html", ".j2"}
#: Past releases, and this list itself.
_SKIPPED = ("CHANGELOG.md", "scripts/plain_english.py")


def find_phrases(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the phrase and its replacement, for each phrase in a file."""
    for start, text in _texts(path):
        for found in _PATTERN.finditer(text):
            line = start + text.count("\n", 0, found.start())
            phrase = " ".join(found[0].split())
            yield line, phrase, list(PHRASES.values())[(found.lastindex or 1) - 1]


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    content = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield 1, content
        return
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        if token.type in {tokenize.COMMENT, tokenize.STRING}:
            yield token.start[0], token.string
        elif token.type == tokenize.NAME and token.string.startswith("test_"):
            yield token.start[0], token.string.replace("_", " ")


def main() -> None:
    """Print every phrase found in the given paths; by default, in every tracked file."""
    asked = sys.argv[1:]
    tracked = subprocess.check_output(["git", "ls-files", *asked], text=True).splitlines()
    found = [
        f"{path}:{line}: {phrase!r}" + (f" -> {instead}" if instead else "")
        for path in map(Path, tracked)
        if path.suffix in _KINDS and path.exists()
        if not path.as_posix().startswith(_SKIPPED)
        for line, phrase, instead in find_phrases(path)
    ]
    print("\n".join(found))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
