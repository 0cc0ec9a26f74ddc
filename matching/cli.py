"""The command line. Results go to files or standard output, progress and errors to standard error.

Exit codes: 0 done (for ``verify``: feasible and stable), 1 not feasible or not stable, 2 the input has problems.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from matching.errors import MatchingError
from matching.files import Progress, read_market, read_result, write_reasons, write_result
from matching.lottery import Lottery


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; see the module for exit codes."""
    options = _parser().parse_args(arguments)
    progress: Progress = _quiet if options.quiet else _tell
    try:
        return _solve(options, progress) if options.command == "solve" else _verify(options, progress)
    except MatchingError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
    except UnicodeDecodeError as error:
        print(f"a file is not UTF-8: {error}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m matching", description="Match students to offers.")
    commands = parser.add_subparsers(dest="command", required=True)
    solve = commands.add_parser("solve", help="compute a matching")
    check = commands.add_parser("verify", help="check a result and list blocking pairs")
    for command in (solve, check):
        command.add_argument("students", type=Path, help="CSV: student,choices[,group]; choices separated by ;")
        command.add_argument(
            "offers", type=Path, help="CSV: offer,capacity[,ranking][,region]; ; between ranks, | ties"
        )
        command.add_argument("--quiet", action="store_true", help="no progress on standard error")
    solve.add_argument("--method", choices=("stable", "optimal"), default="stable")
    solve.add_argument("--seed", type=int, default=0, help="seed of the lottery between tied students")
    solve.add_argument("--improve-ties", action="store_true", help="carry out stable improvement cycles")
    solve.add_argument("--out", type=Path, required=True, help="CSV to write: student,offer")
    solve.add_argument("--explain", type=Path, help="CSV to write: why each choice was or was not given")
    check.add_argument("result", type=Path, help="CSV: student,offer; an empty offer is unplaced")
    return parser


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _quiet(_: str) -> None:
    return


def _solve(options: argparse.Namespace, progress: Progress) -> int:
    market = read_market(options.students, options.offers, progress=progress)
    progress(f"solving: {market.students:,} students, {market.offers:,} offers, {len(market.choices):,} choices")
    if options.method == "stable":
        from matching.stable import solve_stable

        result = solve_stable(market, tie_break=Lottery(options.seed), improve_ties=options.improve_ties)
    else:
        from matching.optimal import optimal_assign

        result = optimal_assign(market)
    progress("checking the result")
    from matching.verification import verify

    report = verify(market, result, limit=0)
    write_result(options.out, result)
    if options.explain is not None:
        progress("explaining")
        write_reasons(options.explain, result, progress=progress)
    stability = "stable" if report.is_stable else f"{report.blocking:,} blocking pairs"
    proof = "" if report.is_optimal is None else f", {'proven optimal' if report.is_optimal else 'not proven optimal'}"
    print(f"placed {report.placed:,} of {market.students:,}, {stability}{proof}")
    print(f"input {market.digest}")
    return 0 if report.ok else 1


def _verify(options: argparse.Namespace, progress: Progress) -> int:
    market = read_market(options.students, options.offers, progress=progress)
    from matching.verification import verify

    report = verify(market, read_result(options.result, market))
    for violation in report.violations:
        print(f"{violation.kind}: {violation.subject} {violation.detail}".rstrip())
    for pair in report.blocking_pairs:
        print(f"blocking: {pair.student} and {pair.offer} prefer each other")
    if report.blocking > len(report.blocking_pairs):
        print(f"and {report.blocking - len(report.blocking_pairs):,} more blocking pairs")
    verdict = "not feasible" if not report.is_feasible else "stable" if report.is_stable else "not stable"
    print(f"{verdict}: {report.placed:,} placed, {report.unplaced:,} unplaced, {report.blocking:,} blocking pairs")
    return 0 if report.ok else 1
