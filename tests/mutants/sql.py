"""Mutants of BigQuery SQL, on sqlglot's syntax tree: the mistakes that people make in it."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from sqlglot import exp, parse_one

from shared.tables import TABLES
from tests.mutants.mutant import Mutant

Change = tuple[exp.Expr, exp.Expr | None]
"""A node of the tree and what stands in its place; None leaves it out."""
Rule = Callable[[exp.Expr], Iterator[Change]]

_EXCHANGED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.LTE,
    exp.LTE: exp.LT,
    exp.GT: exp.GTE,
    exp.GTE: exp.GT,
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.Add: exp.Sub,
    exp.Sub: exp.Add,
    exp.Mul: exp.Div,
    exp.Div: exp.Mul,
    exp.And: exp.Or,
    exp.Or: exp.And,
    exp.Min: exp.Max,
    exp.Max: exp.Min,
    exp.Sum: exp.Avg,
    exp.Avg: exp.Sum,
    exp.Greatest: exp.Least,
    exp.Least: exp.Greatest,
    exp.LogicalOr: exp.LogicalAnd,
    exp.LogicalAnd: exp.LogicalOr,
}
_NAMED = "columns named"
_TIME = re.compile(r"\d\d:\d\d:\d\d")
_TYPES = {column.name: column.type for table in TABLES.values() for column in table.columns}


def exchanged(node: exp.Expr) -> Iterator[Change]:
    """Another comparison, operation or aggregate of the same shape."""
    other = _EXCHANGED.get(type(node))
    if other is not None:
        yield node, other(**{name: _copy(value) for name, value in node.args.items()})


def constant(node: exp.Expr) -> Iterator[Change]:
    """A number one higher, a text that nothing has, the other truth value."""
    if isinstance(node, exp.Interval):
        length = node.this.name
        if length.isdigit():
            yield node.this, exp.Literal.string(str(int(length) + 1))
    elif isinstance(node, exp.Literal) and not isinstance(node.parent, exp.Interval):
        if _TIME.fullmatch(node.name):
            yield node, exp.Literal.string(f"{(int(node.name[:2]) + 1) % 24:02d}{node.name[2:]}")
        elif node.is_string:
            yield node, exp.Literal.string(f"{node.name}~")
        else:
            yield node, exp.Literal.number(str(float(node.name) + 1 if "." in node.name else int(node.name) + 1))
    elif isinstance(node, exp.Boolean):
        yield node, exp.Boolean(this=not node.this)


def column(node: exp.Expr) -> Iterator[Change]:
    """The next column of the same type, of the same source, that the same SELECT names."""
    if not isinstance(node, exp.Column) or node.name not in _TYPES:
        return
    kind = _TYPES[node.name]
    names = sorted({name for name, table in _named(node) if table == node.table and _TYPES.get(name) == kind})
    if len(names) > 1:
        following = names[(names.index(node.name) + 1) % len(names)]
        yield node, exp.column(following, table=node.table or None)


def side(node: exp.Expr) -> Iterator[Change]:
    """The same column of another source of the same SELECT: one's own side of a join for the other."""
    if not isinstance(node, exp.Column) or not node.table:
        return
    named = {table for name, table in _named(node) if name == node.name and table}
    others = sorted(named - _equals(node))
    if others:
        following = next((table for table in others if table > node.table), others[0])
        yield node, exp.column(node.name, table=following)


def join(node: exp.Expr) -> Iterator[Change]:
    """A left join for an inner one, and the other way round."""
    if isinstance(node, exp.Join) and node.args.get("on") is not None:
        other = node.copy()
        other.set("side", None if node.side else "LEFT")
        other.set("kind", None)
        yield node, other


def predicate(node: exp.Expr) -> Iterator[Change]:
    """One condition less."""
    if isinstance(node, exp.And):
        yield node, node.this.copy()
        if not isinstance(node.this, exp.And):
            yield node, node.expression.copy()
    elif isinstance(node, exp.Where | exp.Having | exp.Qualify) and not isinstance(node.this, exp.And):
        yield node, None
    elif isinstance(node, exp.Not):
        yield node, node.this.copy()


def order(node: exp.Expr) -> Iterator[Change]:
    """The other end first."""
    if isinstance(node, exp.Ordered):
        other = node.copy()
        other.set("desc", not node.args.get("desc"))
        yield node, other


def branch(node: exp.Expr) -> Iterator[Change]:
    """A branch left out, or taken for the other."""
    if isinstance(node, exp.Coalesce):
        yield node, node.this.copy()
    elif isinstance(node, exp.Case) and len(node.args["ifs"]) > 1:
        for position in range(len(node.args["ifs"])):
            other = node.copy()
            other.set("ifs", [each for number, each in enumerate(other.args["ifs"]) if number != position])
            yield node, other
    elif isinstance(node, exp.If) and not isinstance(node.parent, exp.Case) and node.args.get("false") is not None:
        yield node, exp.If(this=node.this.copy(), true=node.args["false"].copy(), false=node.args["true"].copy())
    elif isinstance(node, exp.Union):
        yield node, node.this.copy()
    elif isinstance(node, exp.Distinct) and isinstance(node.parent, exp.Select):
        yield node, None
    elif isinstance(node, exp.Abs):
        yield node, node.this.copy()


_RULES: tuple[Rule, ...] = (exchanged, constant, column, side, join, predicate, order, branch)


def mutants(path: str, text: str) -> Iterator[Mutant]:
    """Every mutant of a statement. Its header stays: programs read it."""
    header = text[: len(text) - len(_without_header(text))]
    tree = parse_one(text, read="bigquery")
    seen: Counter[tuple[str, ...]] = Counter()
    for number, node in enumerate(tree.walk()):
        for rule in _RULES:
            for position, (old, new) in enumerate(rule(node)):
                before, after = _sql(old), "" if new is None else _sql(new)
                key = (rule.__name__, before, after, _around(old))
                seen[key] += 1
                yield Mutant(
                    path,
                    _line(old),
                    *key[:3],
                    f"{key[3]}#{seen[key]}",
                    _renderer(header, tree, (number, rule, position)),
                )


def rendered(text: str) -> str:
    """The statement as sqlglot writes it, unchanged: what it must still mean is tested."""
    return parse_one(text, read="bigquery").sql(dialect="bigquery", comments=False)


def _renderer(header: str, tree: exp.Expr, where: tuple[int, Rule, int]) -> Callable[[], str]:
    def render() -> str:
        number, rule, position = where
        changed = tree.copy()
        node = next(node for index, node in enumerate(changed.walk()) if index == number)
        old, new = list(rule(node))[position]
        if new is None:
            old.pop()
        elif old is changed:
            changed = new
        else:
            old.replace(new)
        return header + changed.sql(dialect="bigquery", comments=False, pretty=True) + "\n"

    return render


def _without_header(text: str) -> str:
    lines = text.splitlines(keepends=True)
    while lines and lines[0].startswith("--"):
        lines.pop(0)
    return "".join(lines)


def _copy(value: object) -> object:
    if isinstance(value, exp.Expr):
        return value.copy()
    return [_copy(each) for each in value] if isinstance(value, list) else value


def _sql(node: exp.Expr) -> str:
    return node.sql(dialect="bigquery", comments=False)


def _around(node: exp.Expr) -> str:
    """Where in the statement a node stands: the names of the tables in WITH and of the output columns around it."""
    names, parent = [], node.parent
    while parent is not None:
        if isinstance(parent, exp.CTE | exp.Alias):
            names.append(parent.alias)
        elif isinstance(parent, exp.Join | exp.Where | exp.Having | exp.Qualify | exp.Order | exp.Window):
            names.append(parent.key)
        parent = parent.parent
    return " < ".join(names)


def _named(node: exp.Expr) -> set[tuple[str, str]]:
    """Name and source of every column in the SELECT around a node; found once, since a tree does not change."""
    select = node.find_ancestor(exp.Select)
    if select is None:
        return set()
    found: set[tuple[str, str]] | None = select.meta.get(_NAMED)
    if found is None:
        found = select.meta[_NAMED] = {(column.name, column.table) for column in select.find_all(exp.Column)}
    return found


def _equals(node: exp.Column) -> set[str]:
    """The sources whose column of this name is the same by the condition of another inner join, and the node's own."""
    found, select, own = {node.table}, node.find_ancestor(exp.Select), node.find_ancestor(exp.Join)
    joins = [] if select is None else [join for join in select.args.get("joins") or [] if not join.side]
    pairs = [
        {equal.left.table, equal.right.table}
        for join in joins
        for equal in (join.args["on"].find_all(exp.EQ) if join is not own and join.args.get("on") is not None else ())
        if isinstance(equal.left, exp.Column) and isinstance(equal.right, exp.Column)
        if equal.left.name == equal.right.name == node.name
    ]
    for _ in pairs:
        found = found.union(*(pair for pair in pairs if pair & found))
    return found


def _line(node: exp.Expr) -> int:
    """The line of the nearest name; sqlglot keeps no others."""
    near: exp.Expr | None = node
    while near is not None:
        for inner in near.walk():
            if "line" in inner.meta:
                return int(inner.meta["line"])
        near = near.parent
    return 0
