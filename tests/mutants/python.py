"""Mutants of Python, by mutmut's rules and one of ours.

Left alone is what no user meets: annotations, decorators, imports, docstrings, log lines, and the words of an error.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_string

from tests.mutants.mutant import Mutant

Rule = Callable[[Any], Iterable[cst.CSTNode]]

_CALL = m.Call() | m.Await(m.Call())
_LOG = m.Call(m.Attribute(m.Name("_log") | m.Name("log")))
_ALIAS = m.Assign([m.AssignTarget(m.Name(m.MatchRegex(r"_?[A-Z]+[a-z]\w*|T")))])
"""A type by another name, which nothing but annotations uses."""
_SKIPPED = (
    m.Annotation()
    | m.SimpleStatementLine([_ALIAS])
    | m.Decorator()
    | m.Import()
    | m.ImportFrom()
    | m.SimpleStatementLine([m.Expr(m.SimpleString() | m.ConcatenatedString() | _LOG)])
    | m.If(m.Name("TYPE_CHECKING"))
)


def drop_call(node: cst.SimpleStatementLine) -> Iterable[cst.CSTNode]:
    """Leave out a call whose result nobody takes."""
    if m.matches(node, m.SimpleStatementLine([m.Expr(_CALL)])):
        yield node.with_changes(body=[cst.Pass()])


def first_string(node: cst.BaseString) -> Iterable[cst.CSTNode]:
    """Of the three strings that mutmut makes of one, two are the same in another case: the first is enough."""
    yield from list(operator_string(node))[:1]


_RULES: list[tuple[type, Rule]] = [
    *((kind, first_string if rule is operator_string else rule) for kind, rule in mutation_operators),
    (cst.SimpleStatementLine, drop_call),
]


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its text."""
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    module, positions, lines = wrapper.module, wrapper.resolve(PositionProvider), source.splitlines()
    seen: Counter[tuple[str, ...]] = Counter()
    for node, rules in _walk(module, in_error=False):
        line = positions[node].start.line
        for name, new in ((rule.__name__, new) for rule in rules for new in rule(node)):
            before, after = module.code_for_node(node), module.code_for_node(new)
            key = (name.removeprefix("operator_"), before, after, lines[line - 1].strip())
            seen[key] += 1
            yield Mutant(path, line, *key[:3], f"{key[3]}#{seen[key]}", _renderer(module, node, new))


def _renderer(module: cst.Module, node: cst.CSTNode, new: cst.CSTNode) -> Callable[[], str]:
    def render() -> str:
        replaced = module.deep_replace(node, new)
        assert isinstance(replaced, cst.Module)
        return replaced.code

    return render


def _walk(node: cst.CSTNode, *, in_error: bool) -> Iterator[tuple[cst.CSTNode, list[Rule]]]:
    """Each node with the rules that fit it; of an error that is raised only what decides whether and which."""
    if m.matches(node, _SKIPPED):
        return
    in_error = in_error or isinstance(node, cst.Raise)
    if not (in_error and isinstance(node, cst.BaseString | cst.Call)):
        yield node, [rule for kind, rule in _RULES if isinstance(node, kind)]
    for child in node.children:
        yield from _walk(child, in_error=in_error)
