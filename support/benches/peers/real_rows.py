"""Computes the lesson's dated tables from a file of real transactions and writes them to real_rows.json:
CREDITCARD_CSV=FILE python real_rows.py. No row of the file is written, only counts and areas; README.md says how it is done.
"""

import datetime
import functools
import json
import os
import platform
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from lightgbm import LGBMClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
FULL_GENUINE, FULL_FRAUDS = 284_315, 492
FOLDS, REPEATS, RESAMPLES, DEEP = 5, 2, 500, 8
# The 97.5 % point of Student's t with 7 degrees of freedom: the mean of 8 splits.
T_7 = 2.365
AREA, ABOVE = "average precision", "difference"


def models(seed):
    """The models. LightGBM's own defaults fall to pieces here (an average precision of .31): the step of a leaf with few rows is
    divided by next to nothing. With the penalty that XGBoost has by default, and more and smaller steps, it is steady."""
    trees = {"n_estimators": 400, "learning_rate": 0.03, "num_leaves": 15, "reg_lambda": 1.0, "n_jobs": 1, "verbose": -1}
    return {
        "logistic": LogisticRegression(max_iter=2000),
        "forest": RandomForestClassifier(100, random_state=seed),
        "LightGBM": LGBMClassifier(**trees, random_state=seed, deterministic=True, force_row_wise=True),
    }


class Sample:
    """The rows: features x [rows, 29], labels y, and how often each counts, so that the share of frauds is the full file's."""

    def __init__(self, file):
        table = pd.read_csv(file)
        amount = np.log(table["Amount"] + 0.001)
        self.x = table.drop(columns=["Time", "Amount", "Class"]).assign(amount=amount).to_numpy()
        self.y = table["Class"].to_numpy().astype(bool)
        self.frauds, self.genuine = int(self.y.sum()), int((~self.y).sum())
        self.count = FULL_GENUINE / FULL_FRAUDS / (self.genuine / self.frauds)
        self.counts = np.where(self.y, 1.0, self.count)


def logit(p):
    p = np.clip(p, 1e-15, 1 - 1e-15)
    return np.log(p / (1 - p))


def trained_on(training, x, y, counts, seed):
    """The rows and weights of a training: as they count, both classes alike, by SMOTE, or as many genuine rows as frauds."""
    if training == "balanced":
        share = np.where(y, counts[y].sum(), counts[~y].sum()) / counts.sum()
        return x, y, counts / 2 / share
    if training == "SMOTE":
        x, y = SMOTE(random_state=seed).fit_resample(x, y)
        return x, y, None
    if training == "undersampled":
        genuine = np.random.default_rng(seed).permutation(np.flatnonzero(~y))[: y.sum()]
        rows = np.concatenate([genuine, np.flatnonzero(y)])
        return x[rows], y[rows], None
    return x, y, counts


def out_of_fold(sample, job):
    """The log odds of each row by models that were trained without it, [repeats, rows]; NaN for the rows to leave out."""
    model, training, without = job
    scores = np.full((REPEATS, len(sample.y)), np.nan)
    kept = np.setdiff1d(np.arange(len(sample.y)), without)
    for repeat in range(REPEATS):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=repeat)
        for train, test in folds.split(sample.x, sample.y):
            train, test = np.intersect1d(train, kept), np.intersect1d(test, kept)
            scaler = StandardScaler().fit(sample.x[train])
            x, held_out = (np.clip(scaler.transform(sample.x[rows]), -5, 5) for rows in (train, test))
            x, y, weights = trained_on(training, x, sample.y[train], sample.counts[train], repeat)
            fitted = models(repeat)[model].fit(x, y, sample_weight=weights)
            scores[repeat, test] = logit(fitted.predict_proba(held_out)[:, 1])
    print(model, training, len(without), "rows left out", file=sys.stderr)
    return scores


def all_out_of_fold(sample, jobs):
    """{(model, training, rows left out): scores}, some at a time."""
    with ProcessPoolExecutor() as pool:
        return dict(zip(jobs, pool.map(functools.partial(out_of_fold, sample), jobs)))


class Ranking:
    """The average precision of one ranking for any number of times that each row counts: Σ (Rₙ - Rₙ₋₁) Pₙ, tied rows together."""

    def __init__(self, sample, scores):
        rows = np.flatnonzero(~np.isnan(scores))
        self.order = rows[np.argsort(-scores[rows], kind="stable")]
        falling = -scores[self.order]
        self.ends = np.searchsorted(falling, falling, side="right") - 1
        self.y, self.counts = sample.y[self.order], sample.counts[self.order]

    def average_precision(self, times):
        times = times[self.order]
        found = times * self.y
        alarms = np.cumsum(times * self.counts)[self.ends]
        precision = np.cumsum(found)[self.ends] / np.maximum(alarms, 1e-9)
        return (found * precision).sum() / found.sum()


def resamples(sample):
    """How often each row is drawn, by resamples of each class; first all rows once."""
    rng = np.random.default_rng(0)
    yield np.ones(len(sample.y))
    for _ in range(RESAMPLES):
        times = np.zeros(len(sample.y))
        for rows in (np.flatnonzero(sample.y), np.flatnonzero(~sample.y)):
            times[rows] = np.bincount(rng.integers(len(rows), size=len(rows)), minlength=len(rows))
        yield times


def area(sample, scores, others=None):
    """The average precision of out-of-fold scores, or by how much it is above that of others, with its 95 % interval."""
    rankings = [Ranking(sample, repeat) for repeat in scores]
    rivals = [Ranking(sample, repeat) for repeat in others] if others is not None else []

    def values(times):
        own = np.array([ranking.average_precision(times) for ranking in rankings])
        return own - [rival.average_precision(times) for rival in rivals] if rivals else own

    whole, *drawn = (values(times) for times in resamples(sample))
    low, high = np.percentile([value.mean() for value in drawn], [2.5, 97.5])
    return entry(whole, low, high, REPEATS)


def entry(values, low, high, runs):
    numbers = {"mean": np.mean(values), "low": low, "high": high, "lowest": min(values), "highest": max(values)}
    return {name: round(float(value), 5) for name, value in numbers.items()} | {"runs": runs}


def probabilities(sample, plain, undersampled):
    """Mean probability and Brier score, rows counted: of all rows, of as many genuine rows as frauds, and of these after a shift
    of the log odds to the share of frauds."""
    shift = np.log(sample.frauds / (sample.genuine * sample.count))
    cells = {}
    for name, scores in {"all rows": plain, "undersampled": undersampled, "corrected": undersampled + shift}.items():
        p = 1 / (1 + np.exp(-scores))
        for what, values in {"mean probability": p, "Brier score": (p - sample.y) ** 2}.items():
            cells[f"{what}, {name}"] = significant(np.average(values.mean(axis=0), weights=sample.counts))
    return cells


def false_alarms(sample, scores, deep):
    """How many frauds are above the first genuine rows, and how many of the first 5 are the deep ones: means of the repeats."""
    orders = [np.argsort(-repeat, kind="stable") for repeat in scores]
    places = [np.flatnonzero(~sample.y[order])[:5] for order in orders]
    above = np.mean([place - np.arange(5) for place in places], axis=0)
    of_them = np.mean([np.isin(order[place], deep).sum() for order, place in zip(orders, places)])
    cells = {"frauds above the first genuine row": above[0], "above the second": above[1], "above the third": above[2]}
    return {name: significant(number) for name, number in (cells | {f"of the first 5, the {DEEP}": of_them}).items()}


def significant(number):
    return float(f"{number:.3g}")


def networks(file, left_out):
    """What the Rust program gives: {rows: {recipe: [run]}}, and its settings."""
    command = ["cargo", "run", "--quiet", "-p", "support", "--example", "real_rows", "--", file, json.dumps(left_out)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def over_splits(settings, runs, others=None):
    """The mean over validation and test set of each split's starts, or the difference, with the interval over splits."""

    def areas(runs):
        means = np.array([(run["val"] + run["test"]) / 2 for run in runs])
        return means.reshape(settings["splits"], settings["starts"]).mean(axis=1)

    splits = areas(runs) - (areas(others) if others is not None else 0.0)
    half = T_7 * splits.std(ddof=1) / np.sqrt(len(splits))
    return entry(splits, splits.mean() - half, splits.mean() + half, len(runs))


def shown(number):
    """As it is printed in the lesson: −0.063 (−0.093 to −0.033)."""
    if isinstance(number, dict):
        mean, low, high = (shown(f"{number[key]:.3f}") for key in ("mean", "low", "high"))
        return f"{mean} ({low} to {high})"
    text = "" if number is None else number if isinstance(number, str) else f"{number:g}"
    return "0.000" if text == "-0.000" else text.replace("-", "−")


def at_half(runs):
    """What the threshold .5 gives on the test sets: the precision over runs, and the best epochs."""
    precision = np.array([run["found"] / max(run["found"] + run["false_alarms"], 1e-9) for run in runs])
    numbers = {"median precision": np.median(precision), "lowest": precision.min(), "highest": precision.max()}
    numbers |= {"share of runs above 0.3": np.mean(precision > 0.3)}
    numbers |= {"median best epoch": np.median([run["best_epoch"] for run in runs]), "runs": len(runs)}
    return {name: significant(number) for name, number in numbers.items()}


def deep_rows(sample, scores):
    """Lists of rows to leave out: none, the genuine ones with the highest scores, the next ones, random ones."""
    genuine = np.flatnonzero(~sample.y)
    mean = np.mean([score.mean(axis=0) for score in scores], axis=0)
    highest = genuine[np.argsort(-mean[genuine], kind="stable")]
    random = np.random.default_rng(0).choice(highest[2 * DEEP :], DEEP, replace=False)
    lists = {"all rows": [], f"without the {DEEP} highest": highest[:DEEP]}
    lists |= {f"without the next {DEEP}": highest[DEEP : 2 * DEEP], f"without {DEEP} at random": random}
    return {name: tuple(int(row) for row in rows) for name, rows in lists.items()}


MODELS = {"LightGBM": "LightGBM", "logistic regression": "logistic"}


def fold_jobs(lists):
    """What has to be trained out of fold beside the plain models: (model, training, rows left out)."""
    for model in MODELS.values():
        yield from ((model, training, rows) for rows in lists.values() for training in ("balanced", "plain"))
        yield model, "undersampled", ()
    yield from (("logistic", "SMOTE", ()), ("forest", "plain", ()))


def fold_tables(sample, lists, scores):
    """The tables of what is trained out of fold, each {row: {column: number, or an entry with its interval}}."""

    def of_fold(model, training="plain", rows=(), minus=None):
        return area(sample, scores[model, training, rows], minus and scores[minus, "plain", rows])

    weights, resampling = {}, {}
    for title, model in MODELS.items():
        weights[f"{title}, balanced"] = {name: of_fold(model, "balanced", rows, model) for name, rows in lists.items()}
        resampling[f"{title}, undersampled"] = {ABOVE: of_fold(model, "undersampled", minus=model)}
    resampling["logistic regression, SMOTE"] = {ABOVE: of_fold("logistic", "SMOTE", minus="logistic")}
    rivals = {"logistic regression": {AREA: of_fold("logistic")}}
    for title, model in (("random forest", "forest"), ("LightGBM", "LightGBM")):
        rivals[title] = {AREA: of_fold(model), ABOVE: of_fold(model, minus="logistic")}
    deep = lists[f"without the {DEEP} highest"]
    alarms = {name: false_alarms(sample, scores["LightGBM", name, ()], deep) for name in ("plain", "balanced")}
    pairs = {title: [scores[model, name, ()] for name in ("plain", "undersampled")] for title, model in MODELS.items()}
    undersampling = {title: probabilities(sample, *pair) for title, pair in pairs.items()}
    return weights, resampling, {"rivals": rivals, "alarms": alarms, "undersampling": undersampling}


def network_tables(trained, lists):
    """As `fold_tables`, of what `networks` gives."""
    settings, of_all = trained["settings"], trained["runs"]["all rows"]

    def of_network(name, minus=None, rows="all rows"):
        runs = trained["runs"][rows]
        return over_splits(settings, runs[name], minus and runs[minus])

    baseline, larger = "16 units, dropout", "64 units, no dropout"
    weights, nets = {}, {baseline: {AREA: of_network("baseline")}}
    for start in ("weighted from 0", "weighted from ln"):
        weights[f"network, {start}"] = {name: of_network(start, "baseline", name) for name in lists}
    for title, run in (("no hidden layer", "no hidden layer"), (larger, "64 units")):
        nets[title] = {AREA: of_network(run), ABOVE: of_network(run, "baseline")}
    run = "64 units weighted"
    nets["64 units, weighted from 0, to 64 units"] = {AREA: of_network(run), ABOVE: of_network(run, "64 units")}
    resampling = {f"network, {name}": {ABOVE: of_network(name, "baseline")} for name in ("oversampled", "undersampled")}
    counts = {"frauds, few": settings["few"], "frauds, all": settings["training_frauds"]}
    frauds = {baseline: counts | {ABOVE: of_network("baseline", "few frauds")}}
    frauds[larger] = counts | {ABOVE: of_network("64 units", "few frauds, 64 units")}
    precision = {name: at_half(of_all[name]) for name in ("baseline", "weighted from 0", "weighted from ln")}
    return weights, resampling, {"networks": nets, "frauds": frauds, "precision": precision}


def tables(file):
    sample = Sample(file)
    scores = all_out_of_fold(sample, [(model, "plain", ()) for model in MODELS.values()])
    lists = deep_rows(sample, scores.values())
    # The networks are trained meanwhile.
    trained = ThreadPoolExecutor().submit(networks, file, lists)
    scores |= all_out_of_fold(sample, [job for job in fold_jobs(lists) if job not in scores])
    weights, resampling, others = fold_tables(sample, lists, scores)
    network_weights, network_resampling, of_networks = network_tables(trained.result(), lists)
    both = {"weights": network_weights | weights, "resampling": network_resampling | resampling}
    return sample, both | others | of_networks


def printed(table):
    """The rows of a table as the lesson prints them: the names of the columns, then of each row its name and its cells."""
    columns = list(dict.fromkeys(name for row in table.values() for name in row))
    yield ["", *columns]
    for name, row in table.items():
        yield [name, *(shown(row.get(column)) for column in columns)]


def main():
    file = os.environ.get("CREDITCARD_CSV") or sys.exit("set CREDITCARD_CSV to a file of real transactions")
    sample, results = tables(str(Path(file).resolve()))
    today = datetime.date.today()
    rustc = subprocess.run(["rustc", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[1]
    libraries = ("numpy", "scikit-learn", "lightgbm", "imbalanced-learn")
    versions = {"Rust": rustc, "Python": platform.python_version()} | {name: version(name) for name in libraries}
    answer = {
        "date": f"{today.day} {today:%B %Y}",
        "rows": {"genuine": sample.genuine, "frauds": sample.frauds, "a genuine row counts": round(sample.count, 2)},
        "versions": versions,
        "tables": {name: {"printed": list(printed(table)), "numbers": table} for name, table in results.items()},
    }
    (HERE / "real_rows.json").write_text(json.dumps(answer, indent=1, ensure_ascii=False) + "\n")


main()
