#!/usr/bin/env python3
"""How often does the rule of src/compare/judge.rs raise a false alarm, and how often does it find 5 %? A simulation of whole comparisons.

Prints the figures of docs/compare.md: four levels of six metrics (24 tests), two runs of the same thing, and two of which the second takes 5 %
longer. A run is shifted as a whole by what no iteration sees (standard deviation `shift`; most of it in common to all levels, percentiles of
the tail shift and scatter more), its iterations scatter by `scatter` (one in twenty is slow), and it drifts a little. Wants numpy.

    python3 tests/heavy/verdicts.py [COMPARISONS]
"""

import functools
import sys

import numpy as np

THRESHOLD = np.log(1.05)
ALPHA = 0.05
LEVELS = 4
# throughput, average, p50, p90, p95, p99: how far they scatter and shift beside throughput. Throughput and average are one thing in a closed loop.
SCATTER = np.array([1, 1, 0.8, 1.2, 1.5, 2.5])
SHIFT = np.array([1, 1, 1, 1.1, 1.2, 1.5])

random = np.random.default_rng(7)


def run(comparisons, iterations, scatter, shift, effect):
    """Logarithms of the figures of one run of each comparison: level, metric, iteration. More is worse."""
    def normal(*shape):
        return random.normal(0, 1, (comparisons, *shape))

    common = 0.7 * normal(1, 1, 1) + 0.714 * normal(LEVELS, 1, 1)
    own = normal(LEVELS, 6, 1)
    own[:, :, 1] = own[:, :, 0]
    shifted = shift * SHIFT[:, None] * (0.954 * common + 0.3 * own)
    slow = random.random((comparisons, LEVELS, 1, iterations)) < 0.05
    together = normal(LEVELS, 1, iterations) + slow * random.exponential(2, slow.shape)
    alone = normal(LEVELS, 6, iterations)
    alone[:, :, 1] = alone[:, :, 0]
    scattered = scatter * SCATTER[:, None] * (0.8 * together + 0.6 * alone)
    drift = shift * normal(1, 1, 1) * np.linspace(-0.5, 0.5, iterations)
    return effect + shifted + scattered + drift


@functools.cache
def shares(n):
    """Of all divisions of twice so many values, by U."""
    ways = np.zeros((n + 1, n + 1, n * n + 1))
    ways[:, 0, 0] = ways[0, :, 0] = 1
    for i in range(1, n + 1):
        for j in range(1, n + 1):
            ways[i, j] = ways[i, j - 1]
            ways[i, j, j:] += ways[i - 1, j][: n * n + 1 - j]
    return ways[n, n] / ways[n, n].sum()


def exact_p(base, candidate):
    """Two-sided Mann-Whitney without ties."""
    n = base.shape[-1]
    up_to = np.cumsum(shares(n))
    u = (candidate[..., :, None] > base[..., None, :]).sum((-1, -2))
    return np.minimum(1, 2 * up_to[np.minimum(u, n * n - u)])


def holm(p):
    flat = p.reshape(len(p), -1)
    order = np.argsort(flat, axis=1)
    tests = flat.shape[1]
    ordered = np.take_along_axis(flat, order, 1) * (tests - np.arange(tests))
    corrected = np.empty_like(flat)
    np.put_along_axis(corrected, order, np.maximum.accumulate(np.minimum(1, ordered), 1), 1)
    return corrected.reshape(p.shape)


def apart(base, candidate):
    """The median of all differences of the one and the other: Hodges and Lehmann."""
    differences = candidate[..., :, None] - base[..., None, :]
    return np.median(differences.reshape(*differences.shape[:-2], -1), -1)


def noise(values):
    middle = values.shape[-1] // 2
    halves = apart(values[..., :middle], values[..., middle:])
    return np.maximum(abs(halves), abs(apart(values[..., ::2], values[..., 1::2])))


def interval(base, candidate, resamples=400):
    n = base.shape[-1]
    drawn = lambda values: values[..., random.integers(0, n, (resamples, n))]
    low, high = np.percentile(apart(drawn(base), drawn(candidate)), [2.5, 97.5], axis=-1)
    differences = np.sort((candidate[..., :, None] - base[..., None, :]).reshape(*base.shape[:-1], -1))
    rank = int((shares(n).cumsum() <= 0.025).sum())
    return np.stack([np.minimum(low, differences[..., rank - 1]), np.maximum(high, differences[..., -rank])])


def called(base, candidate):
    """Which metrics each rule calls different, with the sign of the difference."""
    difference = apart(base, candidate)
    ends = [interval(base[at : at + 10], candidate[at : at + 10]) for at in range(0, len(base), 10)]
    low, high = np.concatenate(ends, axis=1)
    found = holm(exact_p(base, candidate)) < ALPHA
    found &= abs(difference) > np.maximum(noise(base), noise(candidate))
    reaches = found & ~((low > -THRESHOLD) & (high < THRESHOLD))
    near = np.where(difference > 0, low, -high)
    return np.sign(difference), {
        "reaches the threshold": reaches,
        "and lies beyond half of it": reaches & (near > THRESHOLD / 2),
    }


def main():
    comparisons = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print("| iterations | shift of a run | scatter | rule | same called different | 5 % called a regression | of throughput alone |")
    print("| ---: | ---: | ---: | --- | ---: | ---: | ---: |")
    for iterations in (10, 20):
        for shift in (0.0, 0.005, 0.01, 0.02):
            for scatter in (0.01, 0.02, 0.03):
                of = lambda effect: run(comparisons, iterations, scatter, shift, effect)
                _, same = called(of(0), of(0))
                sign, slower = called(of(0), of(THRESHOLD))
                for rule in same:
                    alarms = same[rule].any((1, 2)).mean()
                    worse = slower[rule] & (sign > 0)
                    print(
                        f"| {iterations} | {shift:.1%} | {scatter:.0%} | {rule} "
                        f"| {alarms:.1%} | {worse.any((1, 2)).mean():.0%} | {worse[:, :, 0].mean():.0%} |",
                        flush=True,
                    )


main()
