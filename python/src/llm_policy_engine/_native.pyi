from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from os import PathLike
from types import TracebackType
from typing import Any, Literal, TypeAlias, final

from typing_extensions import Self

from .errors import PolicyEngineError
from .records import (
    Effect,
    Finding,
    MatchedRule,
    Obligation,
    Route,
    RuleError,
    RuleWarning,
    Shadow,
    Stage,
    Suppressed,
    Validation,
)
