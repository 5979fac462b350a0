#!/usr/bin/env python3
"""Derive every polynomial coefficient of codegen/cpu/math.

Each function of the generated code is an exact range reduction around one polynomial. The
polynomial is the minimax one: Remez' exchange (Remez 1934; Muller, "Elementary Functions", ch. 3)
on a fixed dense grid, in 60 decimal digits. A coefficient then has to become a float or a double.
Rounding all of them at once costs several bits, so they are rounded one by one, lowest power
first, and after each the remaining ones are fitted again to absorb the rounding.

The weight of a fit turns an error of the polynomial into a relative error of the function, so
the reported error is the one that counts: 2^-25 is half a unit in the last place of a float.

    python3 -m venv venv && venv/bin/pip install -r scripts/requirements-math.txt
    venv/bin/python scripts/derive_math.py [name ...]

Some minutes for all of them. It fails when a coefficient is not the one that the headers hold.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

from mpmath import mp, mpf

mp.dps = 60
GRID_POINTS = 1200


@dataclass
class Fit:
    """sum of c[i] * x^powers[i] for target(x) on [low, high]; error is judged over weight(x)."""

    name: str
    target: Callable
    weight: Callable
    powers: Sequence[int]
    low: mpf
    high: mpf
    digits: int  # of the mantissa: 24 for float, 53 for double
    fixed: Sequence[mpf] = ()  # leading coefficients that are given, not fitted


def round_to(value, digits):
    """The nearest number with `digits` binary digits (coefficients are never subnormal)."""
    mantissa, exponent = mp.frexp(value)
    return mp.ldexp(mp.nint(mp.ldexp(mantissa, digits)), exponent - digits)


def hex_float(value, digits):
    """C's hexadecimal spelling, exact; floats carry the suffix f."""
    return re.sub(r"\.?0*p", "p", float(value).hex()) + ("f" if digits == 24 else "")


def chebyshev_grid(low, high, count):
    middle, half = (low + high) / 2, (high - low) / 2
    return [middle - half * mp.cos(mp.pi * (i + mpf(1) / 2) / count) for i in range(count)]


def solve_levelled(columns, values, weights, chosen):
    """The coefficients whose weighted error alternates between +e and -e at the chosen points."""
    size = len(chosen)
    matrix, right = mp.matrix(size, size), mp.matrix(size, 1)
    for row, point in enumerate(chosen):
        for column in range(size - 1):
            matrix[row, column] = columns[column][point]
        matrix[row, size - 1] = (-1) ** row * weights[point]
        right[row] = values[point]
    return list(mp.lu_solve(matrix, right))[:-1]


def alternating_extrema(errors, count):
    """Indices of `count` neighbouring extrema of alternating sign, the largest such run."""
    extrema = []
    for i, error in enumerate(errors):
        if extrema and (errors[extrema[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[extrema[-1]]):
                extrema[-1] = i
        else:
            extrema.append(i)
    while len(extrema) > count:
        extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
    return extrema


def remez(columns, values, weights):
    """Minimax coefficients over the grid and the largest weighted error they leave."""
    count, points = len(columns) + 1, len(values)
    chosen = [min(points - 1, int((i + 0.5) * points / count)) for i in range(count)]
    best, least = None, mp.inf
    for _ in range(40):
        solution = solve_levelled(columns, values, weights, chosen)
        errors = weighted_errors(columns, values, weights, solution)
        largest = max(abs(e) for e in errors)
        if largest < least:
            best, least = solution, largest
        following = alternating_extrema(errors, count)
        if len(following) < count or following == chosen:
            break
        chosen = following
    return best, least


def weighted_errors(columns, values, weights, coefficients):
    return [
        (sum(c * column[i] for c, column in zip(coefficients, columns)) - values[i]) / weights[i]
        for i in range(len(values))
    ]


def fit_rounded(fit):
    """Rounded coefficients and the weighted error of the exact and of the rounded polynomial."""
    grid = [x for x in chebyshev_grid(fit.low, fit.high, GRID_POINTS) if x != 0]
    values = [fit.target(x) for x in grid]
    weights = [abs(fit.weight(x)) for x in grid]
    columns = [[x**power for x in grid] for power in fit.powers]
    rest, done, exact_error = values, [], None
    for i in range(len(columns)):
        if i < len(fit.fixed):
            coefficient = fit.fixed[i]
        else:
            solution, error = remez(columns[i:], rest, weights)
            exact_error = exact_error or error
            coefficient = round_to(solution[0], fit.digits)
        done.append(coefficient)
        rest = [r - coefficient * c for r, c in zip(rest, columns[i])]
    rounded_error = max(abs(r / w) for r, w in zip(rest, weights))
    return done, exact_error, rounded_error


def split_constant(value, digits, parts):
    """value as a sum of `parts` numbers of `digits` binary digits each, for Cody-Waite."""
    pieces = []
    for _ in range(parts):
        pieces.append(round_to(value - sum(pieces), digits))
    return pieces


def exponential(digits, terms):
    """expm1(r) = r + r^2 q(r) on half an octave; exp shares it."""
    half = mp.ln(2) / 2 * mpf("1.0001")
    return Fit(
        f"exp_f{'32' if digits == 24 else '64'}",
        lambda r: (mp.expm1(r) - r) / r**2,
        lambda r: mp.expm1(r) / r**2,
        range(terms), -half, half, digits, [mpf(1) / 2],
    )


def logarithm_f32():
    """log(1 + f) = f - f^2/2 + f^3 q(f) for 1 + f in [2/3, 4/3]."""
    return Fit(
        "log_f32",
        lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3,
        lambda f: mp.log1p(f) / f**3,
        range(8), mpf(-1) / 3, mpf(1) / 3, 24,
    )


def logarithm_f64():
    """log(1 + f) = 2s + s R(s^2), s = f / (2 + f), for 1 + f in [sqrt(1/2), sqrt(2)]."""
    return Fit(
        "log_f64",
        lambda s: 2 * mp.atanh(s) / s - 2,
        lambda s: 2 * mp.atanh(s) / s,
        range(2, 16, 2), mpf("1e-6"), mpf("0.17158"), 53,
    )


def log2_for_pow_f32():
    """log2(1 + f) = f c(f) for 1 + f in [2/3, 4/3], in double but only to 2^-36."""
    return Fit(
        "pow_f32 log2",
        lambda f: mp.log(1 + f, 2) / f,
        lambda f: mp.log(1 + f, 2) / f,
        range(13), mpf(-1) / 3, mpf(1) / 3, 53,
    )


def exp2_for_pow_f32():
    """2^f for |f| <= 1/2, in double but only to 2^-30."""
    return Fit(
        "pow_f32 exp2",
        lambda f: mpf(2) ** f, lambda f: mpf(2) ** f,
        range(7), mpf(-1) / 2, mpf(1) / 2, 53, [mpf(1)],
    )


def atanh_tail_for_pow_f64():
    """atanh(s) = s (1 + s^2/3 + s^4 q(s^2)) for s = f / (2 + f), 1 + f in [sqrt(1/2), sqrt(2)].

    The first two terms are carried in pairs of doubles, so q may err by more as s shrinks.
    """
    return Fit(
        "pow_f64 log2",
        lambda s: (mp.atanh(s) / s - 1 - s**2 / 3) / s**4,
        lambda s: 1 / s**4,
        range(0, 14, 2), mpf("0.002"), mpf("0.17158"), 53,
    )


def error_function(digits, terms, end):
    """erf(x) = 1 - exp(-x p(x)) for 0 <= x <= end, where erf(end) rounds to 1.

    An error d of p is an error x erfc(x) d of erf: the weight grows fast with x.
    """
    return Fit(
        f"erf_f{'32' if digits == 24 else '64'}",
        lambda x: -mp.log(mp.erfc(x)) / x,
        lambda x: mp.erf(x) / (x * mp.erfc(x)),
        range(terms), mpf("1e-9"), mpf(end), digits,
    )


def sine(digits, terms):
    """sin(r) = r + r^3 p(r^2) for |r| <= pi/2."""
    return Fit(
        f"sin_f{'32' if digits == 24 else '64'}",
        lambda r: (mp.sin(r) - r) / r**3,
        lambda r: mp.sin(r) / r**3,
        range(0, 2 * terms, 2), mpf("1e-6"), mp.pi / 2, digits,
    )


FITS = [
    exponential(24, 5),
    exponential(53, 11),
    logarithm_f32(),
    logarithm_f64(),
    log2_for_pow_f32(),
    exp2_for_pow_f32(),
    atanh_tail_for_pow_f64(),
    error_function(24, 9, "3.95"),
    error_function(53, 26, "5.95"),
    sine(24, 4),
    sine(53, 8),
]


def print_constants():
    print("constants")
    for name, value in (("ln2", mp.ln(2)), ("pi", mp.pi), ("1/ln2", 1 / mp.ln(2)), ("1/pi", 1 / mp.pi)):
        for digits in (24, 53):
            parts = split_constant(value, digits, 3)
            print(f"  {name:6} f{'32' if digits == 24 else '64'}", *(hex_float(p, digits) for p in parts))


def print_fit(fit, headers):
    """Prints the coefficients, marks those that no header has, and counts these."""
    coefficients, exact, rounded = fit_rounded(fit)
    print(f"{fit.name}: relative error 2^{float(mp.log(exact, 2)):.2f} exact, "
          f"2^{float(mp.log(rounded, 2)):.2f} rounded")
    absent = 0
    for i, (power, coefficient) in enumerate(zip(fit.powers, coefficients)):
        number = hex_float(coefficient, fit.digits)
        found = i < len(fit.fixed) or number in headers
        absent += not found
        print(f"  x^{power:<2} {number}{'' if found else '  not in the headers'}", flush=True)
    return absent


def main(names):
    folder = Path(__file__).parent.parent / "codegen/cpu/math"
    headers = "".join(path.read_text() for path in sorted(folder.glob("f*/*.h")))
    print_constants()
    chosen = [fit for fit in FITS if not names or any(name in fit.name for name in names)]
    return 1 if sum(print_fit(fit, headers) for fit in chosen) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
