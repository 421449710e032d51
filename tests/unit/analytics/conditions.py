"""The conditions of a SQL file that say what may be known: each can be left out, or moved by a second."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from sqlglot import exp, parse_one

INSTANTS = frozenset({"available_at", "cutoff_at", "predicted_at", "tip_utc"})
TIMES = INSTANTS | {"game_date"}
_LOWER, _UPPER = (exp.GT, exp.GTE, exp.EQ, exp.Between), (exp.LT, exp.LTE, exp.EQ, exp.Between)


@dataclass(frozen=True)
class Condition:
    """One term of a WHERE or ON that mentions an instant or a date."""

    file: str
    name: str
    """The common table expression it stands in, and its text."""
    position: int
    """Among the file's conditions."""

    def __str__(self) -> str:
        """An id for people."""
        return f"{self.file}: {self.name}"


def conditions(file: str, sql: str) -> list[Condition]:
    """All of a statement's, in the order of its text, the names distinct."""
    found, seen = [], Counter[str]()
    for position, term in enumerate(_terms(_parsed(sql))):
        around = term.find_ancestor(exp.CTE)
        name = f"{around.alias if around is not None else 'select'}: {term.sql(dialect='bigquery')}"
        seen[name] += 1
        found.append(Condition(file, name if seen[name] == 1 else f"{name} #{seen[name]}", position))
    return found


def without(sql: str, condition: Condition) -> exp.Expr:
    """The statement with a condition that always holds in its place."""
    tree = _parsed(sql).copy()
    list(_terms(tree))[condition.position].replace(exp.true())
    return tree


def is_cutoff(sql: str, condition: Condition) -> bool:
    """Whether it compares an instant with another."""
    term = list(_terms(_parsed(sql)))[condition.position]
    return isinstance(term, exp.LT | exp.LTE | exp.GT | exp.GTE) and term.this.name in INSTANTS


def shifted(sql: str, condition: Condition, seconds: int) -> exp.Expr:
    """The statement with the instant on the right of a comparison some seconds later."""
    tree = _parsed(sql).copy()
    limit = list(_terms(tree))[condition.position].expression
    later = f"TIMESTAMP_ADD({limit.sql(dialect='bigquery')}, INTERVAL {seconds} SECOND)"
    limit.replace(parse_one(later, read="bigquery"))
    return tree


def text(tree: exp.Expr) -> str:
    """A statement as BigQuery reads it."""
    return tree.sql(dialect="bigquery", comments=False)


def unbounded(statement: exp.Expr | str) -> list[str]:
    """Reads of tables whose `game_date` no parameter bounds, from below or from above: they scan all of history."""
    tree = _parsed(statement) if isinstance(statement, str) else statement
    found = []
    for select in tree.find_all(exp.Select):
        sources = [source for source in select.find_all(exp.Table) if source.db and source.parent_select is select]
        if not sources:
            continue
        terms = list(_flat(select))
        for source in sources:
            bounds = [term for term in terms if _bounds(term, source.alias_or_name, alone=len(sources) == 1)]
            for side, kinds in (("below", _LOWER), ("above", _UPPER)):
                if not any(isinstance(term, kinds) for term in bounds):
                    found.append(f"{source.db}.{source.name} AS {source.alias_or_name} from {side}")
    return found


@cache
def _parsed(sql: str) -> exp.Expr:
    """The tree of a statement that is asked about often; nobody changes it."""
    return parse_one(sql, read="bigquery")


def _bounds(term: exp.Expr, source: str, *, alone: bool) -> bool:
    """Whether a term compares the source's date with something that is no column."""
    column = term.this
    if not isinstance(column, exp.Column) or column.name != "game_date":
        return False
    if column.table != source and not (alone and not column.table):
        return False
    return not any(other is not column for other in term.find_all(exp.Column))


def _terms(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The terms that mention an instant or a date, but for those that rank rows."""
    for select in tree.find_all(exp.Select):
        for term in _flat(select):
            if not term.find(exp.Window) and any(column.name in TIMES for column in term.find_all(exp.Column)):
                yield term


def _flat(select: exp.Select) -> Iterator[exp.Expr]:
    """The terms that must all hold: of its joins, then of its WHERE."""
    where = select.args.get("where")
    clauses = [join.args.get("on") for join in select.args.get("joins") or ()]
    for clause in (*clauses, None if where is None else where.this):
        if clause is not None:
            yield from clause.flatten() if isinstance(clause, exp.And) else (clause,)
