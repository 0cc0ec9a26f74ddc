"""What a demo offer is made of: our own Swedish texts, put together so that no two read alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

GY25 = (
    "BF",
    "BA",
    "EE",
    "FT",
    "FR",
    "FS",
    "HT",
    "IN",
    "NB",
    "RL",
    "VF",
    "VO",
    "EK",
    "ES",
    "HU",
    "NA",
    "SA",
    "TE",
    "VI",
    "AG",
)


@dataclass(frozen=True)
class Job:
    """A kind of place. `{product}` in a text is what the company makes or does.

    programmes: codes of the older series; the newer ones are added, since both are valid side by side.
    tasks: three of them are used, in this order. opening, good, titles: one of each.
    """

    titles: tuple[str, ...]
    occupation: str
    programmes: tuple[str, ...]
    forms: tuple[str, ...]
    opening: tuple[str, ...]
    tasks: tuple[str, ...]
    good: tuple[str, ...]
    skills: tuple[str, ...]
    hazards: tuple[str, ...] = ()

    @property
    def both_series(self) -> list[str]:
        return [each for code in self.programmes for each in in_both_series(code)]


@dataclass(frozen=True)
class Trade:
    """A line of business: how its companies are named, what they make, and which places they have."""

    code: str
    suffixes: tuple[str, ...]
    products: tuple[str, ...]
    about: tuple[str, ...]
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Text:
    title: str
    tasks: str
    requirements: str
    skills: list[str]


def in_both_series(code: str) -> list[str]:
    return [code, f"{code}25"] if code in GY25 else [code]


def write(job: Job, product: str, random: Random) -> Text:
    """One advertisement of the job."""
    sentences = in_order(job.tasks, 3, random)
    return Text(
        title=random.choice(job.titles),
        tasks=" ".join([random.choice(job.opening).format(product=product), *sentences]),
        requirements=random.choice(job.good),
        skills=in_order(job.skills, min(4, len(job.skills)), random),
    )


def in_order(texts: Sequence[str], number: int, random: Random) -> list[str]:
    """`number` of the texts, in the order they are written."""
    chosen = sorted(random.sample(range(len(texts)), min(number, len(texts))))
    return [texts[index] for index in chosen]
