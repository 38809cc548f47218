"""Applies activations again and again: ReLU stays itself, sigmoids squash, tanh holds on at 0.

python -m experiments.iterate
python -m experiments.iterate --activation=relu,selu,my_pkg.my_mod:my_fn --times=200
"""

from absl import flags
from rich.console import Console

from acts_jax import cli
from acts_jax.studies import iterate as iteration
from acts_jax.studies.claims import Claim, at_least, at_most, near

TIMES = flags.DEFINE_integer("times", 1000, "Applications.", lower_bound=10)


def study(console: Console) -> Claim:
    """Iterates, and looks at values, slopes and fixed points."""
    chosen = iteration.family()
    if flags.FLAGS["activation"].present:
        chosen = cli.activations(elementwise=True)
    found = [iteration.iterate(activation, times := TIMES.value) for activation in chosen]
    by_name = {one.activation.name: one for one in found}
    checks = []
    if "relu" in by_name:
        relu = by_name["relu"]
        off = max(abs(a[1:] - a[1]).max() for a in (relu.values, relu.slopes))
        checks.append(near(
            f"relu applied 2 to {times} times is relu, in value and slope: largest difference",
            "exactly relu", off, 0, 0, theorem=True,
        ))  # fmt: skip
    if "sigmoid" in by_name:
        (point, slope), zero = by_name["sigmoid"].fixed_point, by_name["sigmoid"].slope(0)
        shown = {"format": ".7f", "theorem": True}
        left = "what each application leaves of the slope at 0, in the end (the 10th): a factor of"
        checks += [
            near("sigmoid's fixed point", "0.6590461", point, 0.6590461, 1e-7, **shown),
            near("its slope there", "0.2247043", slope, 0.2247043, 1e-7, **shown),
            near(left, "0.2247043", zero[10] / zero[9], 0.2247043, 1e-6, **shown),
        ]
    squashing = [one for one in found if one.activation.family == "sigmoidal"]
    if squashing:
        widest = max((one.widths[2:7] / one.widths[1:6]).max() for one in squashing)
        statement = "sigmoidal functions squash more each of the first 6 times: new range over old"
        checks.append(at_most(statement, "below 1", widest, 0.999))
    for one in squashing:
        statement = f"{one.activation.name}, {times} times: steepest slope on a grid from −6 to 6"
        checks.append(at_most(statement, "tends to 0", one.steepest[-1], 0.01, format=".2g"))
    if "tanh" in by_name:
        statement = f"tanh's slope at 0 after {times} applications: an exception"
        last = by_name["tanh"].slope(0)[-1]
        checks.append(near(statement, "1, exactly", last, 1, 0, theorem=True))
        statement = "tanh's slope from x = 2 on: exponent p of its fall as n^-p"
        checks.append(at_least(statement, "tends to 0", by_name["tanh"].exponent, 1, format=".3f"))
    gone = ", ".join(one.activation.name for one in squashing if one.steepest[-1] < 0.01)
    kept = ", ".join(one.activation.name for one in squashing if one.steepest[-1] >= 0.01)
    summary = (
        f"After {times} applications the slope is below 0.01 everywhere on a grid from −6 to 6 for "
        f"{gone or 'none'}; somewhere on it it is not for {kept or 'none'}."
    )
    return Claim(
        "iterate", "Applied again and again",
        "relu∘relu∘...∘relu = relu. Sigmoid-like functions squash more with each application, and "
        "their derivatives tend to 0.",
        tuple(checks), summary,
        {"iterate": iteration.shapes(found), "iterate_slopes": iteration.decay(found)},
        {name: {"slope_at_0": one.slope(0)[:51], "slope_at_2": one.slope(2)[:51],
                "steepest": one.steepest[-1], "fixed_point": one.fixed_point,
                "exponent": one.exponent} for name, one in by_name.items()},
        iteration.table(found),
    )  # fmt: skip


main = cli.presenting(study)

if __name__ == "__main__":
    cli.run(main, workdir="runs/iterate", uses=("activation",))
