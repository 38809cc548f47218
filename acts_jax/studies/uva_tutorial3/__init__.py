"""A published study repeated: the activations of the University of Amsterdam's tutorial 3.

Its networks are trained with five seeds instead of one, and test accuracies, gradients at
initialisation and dead units of relu are held to the numbers that the notebooks show.
"""

from acts_jax.studies.uva_tutorial3.claim import DEEP as DEEP
from acts_jax.studies.uva_tutorial3.claim import study as study
