"""How alike names are, and what an agreement of two of them says."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from rapidfuzz import fuzz, process

from reconciliation.matching.columns import Floats, Ints
from reconciliation.matching.normal import SHORTEST_CUT

# Shares of people who bear a name (IBGE, censuses of 2010 and 2022), rounded; for words of companies a guess. They say how little an
# agreement means where too few items are at hand to count.
COMMON: Final = {
    "MARIA": 0.061, "JOSE": 0.030, "ANA": 0.016, "JOAO": 0.016, "ANTONIO": 0.014, "FRANCISCO": 0.009, "CARLOS": 0.008, "PAULO": 0.007,
    "PEDRO": 0.006, "LUCAS": 0.006, "LUIZ": 0.006, "MARCOS": 0.006, "LUIS": 0.005, "GABRIEL": 0.005, "RAFAEL": 0.004, "FRANCISCA": 0.004,
    "DANIEL": 0.004, "MARCELO": 0.004, "BRUNO": 0.004, "EDUARDO": 0.003, "ANTONIA": 0.003, "ADRIANA": 0.003, "JULIANA": 0.003,
    "SILVA": 0.168, "SANTOS": 0.105, "OLIVEIRA": 0.058, "SOUZA": 0.045, "SOUSA": 0.025, "PEREIRA": 0.034, "FERREIRA": 0.031,
    "LIMA": 0.030, "ALVES": 0.028, "RODRIGUES": 0.027, "COSTA": 0.024, "GOMES": 0.020, "RIBEIRO": 0.019, "MARTINS": 0.017,
    "CARVALHO": 0.016, "ALMEIDA": 0.016, "LOPES": 0.013, "SOARES": 0.013, "FERNANDES": 0.012, "VIEIRA": 0.012, "BARBOSA": 0.013,
    "COMERCIO": 0.1, "SERVICOS": 0.1, "INDUSTRIA": 0.05, "TRANSPORTES": 0.02, "CLINICA": 0.02, "MERCADO": 0.02, "RESTAURANTE": 0.02,
    "AUTO": 0.02, "CONSTRUTORA": 0.02, "DISTRIBUIDORA": 0.02, "CASA": 0.02, "BRASIL": 0.02, "GRUPO": 0.02,
}  # fmt: skip
RARE: Final = 0.0005  # share assumed for a word that nobody counted
COUNTED_AS: Final = 1_000  # how many counted names the assumed share weighs like
LETTER_BITS: Final = 4.0  # what one agreeing letter of an abbreviated or cut word says
MOST_OF_A_CUT_WORD: Final = 8.0
MISTYPED: Final = 70  # of 100: a word this like another is taken for it, with a slip
MISTYPED_SHARE: Final = 0.6
FOREIGN_WORD_BITS: Final = 6.0  # what a word that the other side lacks takes away

_NOT_A_NAME = re.compile(r"\S*[\d*@]\S*")


def head(normal_name: str) -> str:
    """Return the first word and the initial of the second: what cutting and abbreviating leave."""
    first, _, rest = normal_name.partition(" ")
    return f"{first} {rest[:1]}" if first else ""


def payer_in(description: str) -> str:
    """Return what may be a name in the text of a line that names nobody: its words without digits, marks of masks and addresses."""
    return _NOT_A_NAME.sub(" ", description)


def similarity(ours: Sequence[str], theirs: Sequence[str]) -> Floats:
    """Return how alike the n-th normal names are, 0 to 1: `ours` as the bank shows them (cut, abbreviated, mistyped), `theirs` in full.

    The best of: as they are; the full name cut where the bank cuts; words sorted; abbreviated like the bank's. An empty name is like none.
    """
    best = _ratio(ours, theirs)
    _raise(
        best,
        ours,
        [b[: len(a)] if len(a) >= SHORTEST_CUT else b for a, b in zip(ours, theirs, strict=True)],
        0.99,
    )
    weak = np.flatnonzero(best < 0.93)
    if len(weak):
        a, b = [ours[i] for i in weak.tolist()], [theirs[i] for i in weak.tolist()]
        found = best[weak]
        _raise(
            found, [" ".join(sorted(x.split())) for x in a], [" ".join(sorted(x.split())) for x in b], 0.97
        )
        _raise(found, a, [_abbreviated(y, x) for x, y in zip(a, b, strict=True)], 0.96)
        best[weak] = found
    best[[i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if not a or not b]] = 0
    return best


def _ratio(a: Sequence[str], b: Sequence[str]) -> Floats:
    return np.asarray(process.cpdist(a, b, scorer=fuzz.ratio, dtype=np.float32), dtype=np.float64) / 100


def _raise(best: Floats, a: Sequence[str], b: Sequence[str], worth: float) -> None:
    np.maximum(best, _ratio(a, b) * worth, out=best)


def _abbreviated(full: str, like: str) -> str:
    """Return `full` with its middle words abbreviated or left out the way `like` does."""
    words, pattern = full.split(), like.split()
    if len(words) < 3 or len(pattern) < 2:
        return full
    middle = pattern[1:-1]
    kept = [words[0]]
    for word in words[1:-1]:
        if word in middle:
            kept.append(word)
        elif word[0] in middle:
            kept.append(word[0])
    return " ".join([*kept, words[-1]])[: max(len(like), SHORTEST_CUT)]


class Rarity:
    """How much it says that two names agree, in bits: the rarer its words among the items, the more."""

    def __init__(self, normal_names: Iterable[str]) -> None:
        counts: dict[str, int] = {}
        total = 0
        for name in normal_names:
            total += 1
            for word in name.split():
                counts[word] = counts.get(word, 0) + 1
        self._counts = counts
        self._total = total + COUNTED_AS
        self._bits: dict[str, float] = {}
        self._names: dict[str, float] = {}

    def bits(self, normal_name: str) -> float:
        """Return −log2 of the share of people who would show this name by chance."""
        known = self._names.get(normal_name)
        if known is None:
            known = self._names[normal_name] = sum(map(self._word, normal_name.split()))
        return known

    def shared(self, ours: str, theirs: str) -> float:
        """Return the bits of the words that both names have, less what speaks against: words of `ours` that `theirs` does not explain."""
        rest = theirs.split()
        words = ours.split()
        bits = 0.0
        for at, word in enumerate(words):
            if word in rest:
                rest.remove(word)
                bits += self._word(word)
            elif any(other.startswith(word) for other in rest) and (len(word) == 1 or at == len(words) - 1):
                bits += min(LETTER_BITS * len(word), MOST_OF_A_CUT_WORD)
            else:
                near = max(rest, key=lambda other: fuzz.ratio(word, other), default="")
                mistyped = len(word) > 1 and fuzz.ratio(word, near) >= MISTYPED
                bits += MISTYPED_SHARE * self._word(near) if mistyped else -FOREIGN_WORD_BITS
                if mistyped:
                    rest.remove(near)
        return bits

    def of(self, normal_names: Sequence[str]) -> Floats:
        """Return `bits` of each."""
        return np.asarray([self.bits(name) for name in normal_names], dtype=np.float64)

    def _word(self, word: str) -> float:
        known = self._bits.get(word)
        if known is None:
            share = (self._counts.get(word, 0) + COUNTED_AS * COMMON.get(word, RARE)) / self._total
            known = min(-float(np.log2(share)), LETTER_BITS * len(word))
            self._bits[word] = known
        return known


def ids(names: Sequence[str], known: dict[str, int]) -> Ints:
    """Return a number for each name, 0 for "", the same for equal ones; `known` grows by what is new."""
    return np.asarray(
        [known.setdefault(name, len(known) + 1) if name else 0 for name in names], dtype=np.int64
    )
