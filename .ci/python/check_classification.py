"""Recomputes with scikit-learn and SciPy what .ci/node/classification_case.mjs computed.

Use: python check_classification.py FOLDER
Needs the packages scikit-learn and scipy.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.stats import binomtest, pearsonr, spearmanr
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mean_squared_error, roc_auc_score
from sklearn.naive_bayes import MultinomialNB

LOGISTIC = 1e-4
EXACT = 1e-9


def regression(strength, **options):
    return LogisticRegression(C=strength, tol=1e-9, max_iter=100_000, **options)


def largest(ours, theirs) -> float:
    return float(np.abs(np.ravel(ours) - np.ravel(theirs)).max())


def check_logistic(cases) -> list[tuple[str, float, float]]:
    differences = []
    for i, case in enumerate(cases):
        features = np.asarray(case["features"])
        for name, weights in (("plain", None), ("weighted", case["weights"])):
            model = regression(case["strength"]).fit(features, case["labels"], sample_weight=weights)
            theirs = np.zeros((len(features), case["classes"]))
            theirs[:, model.classes_] = model.predict_proba(features)
            differences.append((f"logistic regression {i} {name}", largest(case[name], theirs), LOGISTIC))
            if weights is None:
                differences.append((f"logistic regression {i} predictions", float(np.mean(model.predict(features) != case["defaults"])), 0.0))
    return differences


def check_shared(case) -> list[tuple[str, float, float]]:
    features, targets = np.asarray(case["features"]), np.asarray(case["targets"])
    rows, labels = np.nonzero(targets)
    model = regression(case["strength"]).fit(features[rows], labels, sample_weight=targets[rows, labels])
    return [("shared targets", largest(case["probabilities"], model.predict_proba(features)), LOGISTIC)]


def check_groups(cases) -> list[tuple[str, float, float]]:
    differences = []
    for i, case in enumerate(cases):
        vectors, names = np.asarray(case["vectors"]), np.asarray(case["names"])
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        upper = np.triu_indices(len(names), 1)
        # Equal cosines may differ in their last bits, in another order of sums.
        cosines = np.round((unit @ unit.T)[upper], 12)
        same = (names[:, None] == names[None, :])[upper]
        differences.append((f"groups {i}", abs(roc_auc_score(same, cosines) - case["result"]["auc"]), EXACT))
        differences.append((f"groups {i} mean", abs(cosines[same].mean() - case["result"]["meanSame"]), EXACT))
    return differences


def log_odds(logs):
    out = np.empty_like(logs)
    for k in range(logs.shape[1]):
        out[:, k] = logs[:, k] - np.logaddexp.reduce(np.delete(logs, k, axis=1), axis=1)
    return out


def check_genre(cases) -> list[tuple[str, float, float]]:
    differences = []
    for i, case in enumerate(cases):
        texts, labels = [text["text"] for text in case["texts"]], np.array([text["genre"] for text in case["texts"]])
        vectorizer = CountVectorizer(token_pattern=r"\S+", ngram_range=(1, 2 if case["bigrams"] else 1))
        counts = vectorizer.fit_transform(texts[:100])
        if case["model"] == "naive-bayes":
            model = MultinomialNB(alpha=case["value"], fit_prior=not case["balanced"]).fit(counts, labels[:100])
        else:
            model = regression(case["value"], class_weight="balanced" if case["balanced"] else None).fit(counts, labels[:100])
        tested = vectorizer.transform(texts[100:])
        theirs = log_odds(model.predict_log_proba(tested))
        differences.append((f"genre {i} {case['model']}", largest(case["scores"], theirs), EXACT if case["model"] == "naive-bayes" else 10 * LOGISTIC))
        differences.append((f"genre {i} hits", abs(int((model.predict(tested) == labels[100:]).sum()) - case["accuracy"]["correct"]), 0))
    return differences


def main() -> int:
    cases = json.loads((Path(sys.argv[1]) / "classification.json").read_text())
    differences = check_logistic(cases["logistic"]) + check_shared(cases["shared"]) + check_groups(cases["groups"]) + check_genre(cases["genre"])
    differences += [("ROC AUC", abs(roc_auc_score(case["positive"], case["scores"]) - case["auc"]), EXACT) for case in cases["auc"]]
    for case in cases["correlations"]:
        differences.append(("Pearson", abs(pearsonr(case["a"], case["b"])[0] - case["pearson"]), EXACT))
        differences.append(("Spearman", abs(spearmanr(case["a"], case["b"])[0] - case["spearman"]), EXACT))
        differences.append(("MSE", abs(mean_squared_error(case["a"], case["b"]) - case["mse"]), EXACT))
    for case in cases["intervals"] + [case["accuracy"] for case in cases["genre"]]:
        interval = binomtest(case["correct"], case["total"]).proportion_ci(0.95, "wilson")
        differences.append(("Wilson interval", max(abs(interval.low - case["low"]), abs(interval.high - case["high"])), EXACT))
    failed = [item for item in differences if not item[1] <= item[2]]
    for name, difference, tolerance in failed[:10]:
        print(f"{name}: differs by {difference}, more than {tolerance}")
    for word in ("logistic", "shared", "groups", "genre", "ROC", "Pearson", "Spearman", "MSE", "Wilson"):
        found = [difference for name, difference, _ in differences if name.startswith(word)]
        print(f"{word}: {len(found)} compared, largest difference {max(found):.2g}")
    print(f"{len(failed)} differences")
    return int(len(failed) > 0)


if __name__ == "__main__":
    sys.exit(main())
