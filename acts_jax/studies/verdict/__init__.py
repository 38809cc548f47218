"""The verdict on one activation against its rivals: a race, a confirmation, one page."""

from acts_jax.studies.verdict.page import sentences as sentences
from acts_jax.studies.verdict.page import terminal as terminal
from acts_jax.studies.verdict.page import write as write
from acts_jax.studies.verdict.race import Race as Race
from acts_jax.studies.verdict.race import race as race
