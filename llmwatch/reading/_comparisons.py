"""Groups of calls against each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from ._source import Source

if TYPE_CHECKING:
    from ..compare import Comparison

__all__ = ["Comparisons"]


class Comparisons(Source):
    """Groups of calls against one of them."""

    def compare(
        self,
        by: str | Iterable[str] = "tag",
        baseline: Any = None,
        *,
        groups: Iterable[Any] | None = None,
        window: Any = None,
        since: datetime | date | str | None = None,
        until: datetime | date | str | None = None,
        seed: int = 0,
    ) -> Comparison:
        """What groups of calls differ in, by how much, and how sure that is.

        Of each group: median and 95th percentile of latency, median time to the first token,
        tokens in and out and cost per call, error rate, mean score; and their differences to the
        baseline with 95 % confidence intervals. Latencies are those of ok calls, the error rate is
        over ok and error, tokens, cost and score over the calls where they are known: estimates are
        not compared.

        Parameters
        ----------
        by : str or iterable of str
            What groups the calls: "tag", "model", any other word that `summary` groups by, a label,
            or several of these. Calls without a value are in no group; how many is said.
        baseline : optional
            The group that the others are compared with; the first seen if left out.
        groups : iterable, optional
            Only these (and the baseline): at most 20 are compared.
        window, since, until : optional
            Only the calls started then, as for `summary`.
        seed : int
            Of the bootstrap.

        Returns
        -------
        Comparison
            `.verdict` in words, `.table` with a row a group, `.differences` with a row per group
            and figure. It shows itself.

        Raises
        ------
        UsageError
            For groups that there are not, or fewer than two.

        Notes
        -----
        Something is said of means, medians and rates from 10 calls in each group, of a 95th
        percentile from 40. Where one group has more than five times the calls of the other, the
        smaller needs 50 for a mean and 73 for a 95th percentile. Where the same requests were sent
        in both groups, they are compared pair by pair, as long as there is more than one and they
        make up four fifths of the larger group: pairs are resampled together, so what makes a
        request long or slow in both groups is no difference. A request is its last
        message, whatever comes before it; one sent several times is paired time by time. With
        ``content="none"``, and for texts that a file holds only the beginning of, it is not known.

        Intervals come from scipy's bootstrap (percentiles; of means at the width of Student's t),
        those of rates from Newcombe's method, those of samples of 1,000 and more from Student's t
        and order statistics. Means of fewer than 30 pairs get a wider one. Of means of 10 very
        skewed calls against 10 alike ones it holds the truth in about 90 %. Each is 95 % for
        itself; what is claimed still stands when all are looked at together (Benjamini and
        Hochberg, 5 %).

        Examples
        --------
        >>> print(llmwatch.session.compare(by="tag", baseline="v1").verdict)  # doctest: +SKIP
        v2 costs 38 % less a call than v1 (95 % CI 35-41 %, n = 40).
        """
        from ..compare import compare, needed
        from ..summary import words_of

        words, view = words_of(by), self._now()
        return compare(
            view.arrays(*needed(words)), words, baseline, now_ns=self._clock_ns(), groups=groups,
            window=window, since=since, until=until, seed=seed, older=view.older,
        )  # fmt: skip
