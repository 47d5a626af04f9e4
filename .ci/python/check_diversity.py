"""Recomputes what .ci/node/diversity_case.mjs computed: diversity, repetition, novelty, and ranks with numpy's argsort.

Use: python check_diversity.py FOLDER [--rovist SCRIPT]
Needs numpy. With RoViST's scripts/non_redun_scorer.py, its own function is run too, on text cut at lines and spaces.
"""

import argparse
import ast
import json
import sys
import types
from collections import Counter
from pathlib import Path

import numpy as np

TOLERANCE = 1e-12


def differs(name, theirs, ours):
    """Compares numbers, lists and dictionaries; None is no number."""
    if isinstance(theirs, dict):
        return [problem for key, value in theirs.items() for problem in differs(f"{name}.{key}", value, ours[key])]
    if isinstance(theirs, (list, tuple)):
        if len(theirs) != len(ours):
            return [f"{name}: {len(theirs)} and {len(ours)} values"]
        return [problem for i, value in enumerate(theirs) for problem in differs(f"{name}[{i}]", value, ours[i])]
    if theirs is None or ours is None:
        return [] if theirs is ours else [f"{name}: {theirs} and {ours}"]
    return [] if abs(theirs - ours) <= TOLERANCE * max(1, abs(theirs)) else [f"{name}: {theirs} and {ours}"]


def ratio(part, whole):
    return part / whole if whole else 0


def ngrams(words, n):
    return [tuple(words[i:i + n]) for i in range(len(words) - n + 1)]


def diversity(stories, training):
    words = [[word for text in story for word in text.split()] for story in stories]
    pairs = [[pair for text in story for pair in ngrams(text.split(), 2)] for story in stories]
    every, every_pair = sum(words, []), sum(pairs, [])
    texts = [" ".join(text.split()) for story in stories for text in story]
    lengths = [len(story) for story in words]
    segments = [every[i:i + 1000] for i in range(0, len(every) - 999, 1000)]
    of_stories = lambda items: float(np.mean([len(set(story)) / len(story) for story in items if story] or [0]))
    return {
        "stories": len(stories), "sentences": len(texts), "words": len(every),
        "sentencesPerStory": ratio(len(texts), len(stories)), "wordsPerSentence": ratio(len(every), len(texts)),
        "wordsPerStory": float(np.mean(lengths)), "wordsPerStoryDeviation": float(np.std(lengths)),
        "shortestStory": min(lengths), "longestStory": max(lengths), "vocabulary": len(set(every)),
        "distinct1": ratio(len(set(every)), len(every)), "distinct2": ratio(len(set(every_pair)), len(every_pair)),
        "storyDistinct1": of_stories(words), "storyDistinct2": of_stories(pairs),
        "typeTokenRatio": ratio(len(set(every)), len(every)),
        "segmentedTypeTokenRatio": float(np.mean([len(set(part)) / 1000 for part in segments])) if segments else None,
        "repeatedInStory": ratio(sum(len(story) - len({" ".join(text.split()) for text in story}) for story in stories), len(texts)),
        "repeatedAnywhere": ratio(len(texts) - len(set(texts)), len(texts)),
        "trainingVocabulary": {
            "words": len(training), "used": len(training & set(every)),
            "share": len(training & set(every)) / len(training), "outside": len(set(every) - training),
        },
    }


def pair_overlap(a, b):
    """Pairs of equal tokens over different tokens, as RoViST's script counts them."""
    union = len(set(a) | set(b))
    return sum(x == y for x in a for y in b) / union if union else 0


def non_redundancy(story):
    words = [text.split()[:-1] for text in story if text.split()]
    inter = [pair_overlap(words[i], words[j]) for i in range(len(words)) for j in range(i)]
    intra = [pair_overlap(part[i:i + 4], part[i + 4:i + 8]) for part in words for i in range(0, len(part), 4) if part[i + 4:i + 8]]
    between, within = float(np.mean(inter)) if inter else None, float(np.mean(intra)) if intra else 0
    return {"interSentence": between, "intraSentence": within, "score": None if between is None else 1 - (between + within) / 2}


def repeated(trigrams):
    return 1 - len(set(trigrams)) / len(trigrams) if trigrams else 0


def repetition(stories):
    scores = [non_redundancy(story) for story in stories]
    scored = [score for score in scores if score["score"] is not None]
    trigrams = [[ngrams(text.split(), 3) for text in story] for story in stories]
    positions = []
    for i in range(max(map(len, stories))):
        long = [story for story in trigrams if len(story) > i]
        shares = [
            sum(len(set(story[i]) & set(story[k])) for k in range(i)) / (i * len(set(story[i]))) if i and story[i] else 0 for story in long
        ]
        positions.append({"interStory": repeated([t for story in long for t in story[i]]), "intraStory": float(np.mean(shares))})
    mean = lambda key: float(np.mean([score[key] for score in scored])) if scored else None
    return {
        "nonRedundancy": {"interSentence": mean("interSentence"), "intraSentence": mean("intraSentence") or 0, "score": mean("score")},
        "unscored": len(scores) - len(scored),
        "trigrams": {
            "interStory": repeated([t for story in trigrams for text in story for t in text]),
            "intraStory": float(np.mean([position["intraStory"] for position in positions])) if positions else 0,
        },
        "positions": positions, "stories": scores,
    }


def longest_run(words, texts):
    for length in range(len(words), 0, -1):
        runs = {f" {' '.join(run)} " for run in ngrams(words, length)}
        if any(run in text for run in runs for text in texts):
            return length
    return 0


def novelty(stories, training):
    """Of words normalised already."""
    join = lambda story: "".join(word for text in story for word in text)
    known, known_stories = {"".join(text) for story in training for text in story}, {join(story) for story in training}
    texts = [f" {' '.join(text)} " for story in training for text in story]
    sentences = [text for story in stories for text in story if text]
    whole = [join(story) for story in stories if join(story)]
    runs = [longest_run(text, texts) for text in sentences]
    copied, copied_stories = sum("".join(text) in known for text in sentences), sum(key in known_stories for key in whole)
    return {
        "sentences": len(sentences), "copiedSentences": copied, "copiedSentenceShare": ratio(copied, len(sentences)),
        "stories": len(whole), "copiedStories": copied_stories, "copiedStoryShare": ratio(copied_stories, len(whole)),
        "longestCopiedRun": float(np.mean(runs or [0])),
        "longestCopiedRunShare": float(np.mean([run / len(text) for run, text in zip(runs, sentences)] or [0])),
        "trainingSentences": sum(map(len, training)), "trainingStories": len(training),
    }


def rovist_problems(function, corpus):
    """The script's own figure, for stories that it can score."""
    problems, compared = [], 0
    for i, (story, ours) in enumerate(zip(corpus["stories"], corpus["repetition"]["stories"])):
        kept = [text for text in story if text.split()]
        if len(kept) < 2 or sum(len(text.split()) == 1 for text in kept) > 1:
            continue
        theirs = function(["story"], {"story": "\n".join(kept)}, 4)[0]
        problems += differs(f"RoViST story {i}", float(theirs), ours["score"])
        compared += 1
    return problems, compared


def rovist_function(script):
    tree = ast.parse(Path(script).read_text())
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "jaccard_sim")
    names = {"np": np, "nltk": types.SimpleNamespace(sent_tokenize=lambda text: text.split("\n"), word_tokenize=str.split)}
    exec(compile(ast.Module([function], []), script, "exec"), names)
    return names["jaccard_sim"]


def rank_scores(ranks):
    """As visual-semantic-embedding's evaluation.py: ranks from 0 there."""
    zero = np.asarray(ranks) - 1
    within = lambda limit: 100.0 * float(np.count_nonzero(zero < limit)) / len(zero)
    return {
        "queries": len(zero), "recall1": within(1), "recall5": within(5), "recall10": within(10),
        "medianRank": float(np.floor(np.median(zero)) + 1), "meanRank": float(zero.mean() + 1),
        "meanReciprocalRank": float(np.mean(1 / (zero + 1))),
    }


def check_space(space):
    images, sentences = (np.asarray(space[name], dtype=np.float64) for name in ("images", "sentences"))
    owner = np.asarray(space["imageOf"])
    if space["similarity"] == "cosine":
        images, sentences = (rows / np.sqrt((rows ** 2).sum(axis=1, keepdims=True)) for rows in (images, sentences))
    scores = np.stack([(sentences * image).sum(axis=1) for image in images])
    order = lambda row: np.argsort(row, kind="stable")[::-1]
    to_sentence = [int(np.flatnonzero(owner[order(row)] == i)[0]) + 1 for i, row in enumerate(scores)]
    to_image = [int(np.flatnonzero(order(column) == owner[s])[0]) + 1 for s, column in enumerate(scores.T)]
    best = [max(row[owner == i]) for i, row in enumerate(scores)]
    tied = {
        "imageToSentence": sum(bool(np.any((row == best[i]) & (owner != i))) for i, row in enumerate(scores)),
        "sentenceToImage": sum(int(np.count_nonzero(column == column[owner[s]]) > 1) for s, column in enumerate(scores.T)),
    }
    return (
        differs("imageToSentence", {"ranks": to_sentence, "scores": rank_scores(to_sentence)}, space["imageToSentence"])
        + differs("sentenceToImage", {"ranks": to_image, "scores": rank_scores(to_image)}, space["sentenceToImage"])
        + differs("tied", tied, space["tied"])
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rovist")
    arguments = parser.parse_args()
    cases = json.loads((arguments.folder / "diversity.json").read_text())
    function = rovist_function(arguments.rovist) if arguments.rovist else None
    counts, failed = Counter(), 0
    for corpus in cases["corpora"]:
        problems = differs("diversity", diversity(corpus["stories"], set(corpus["vocabulary"])), corpus["diversity"])
        problems += differs("repetition", repetition(corpus["stories"]), corpus["repetition"])
        problems += differs("novelty", novelty(corpus["words"], corpus["trainingWords"]), corpus["novelty"])
        counts["corpora"] += 1
        if function:
            found, compared = rovist_problems(function, corpus)
            problems += found
            counts["stories by RoViST's script"] += compared
        failed += len(problems)
        for problem in problems[:3]:
            print(problem)
    for space in cases["spaces"]:
        problems = check_space(space)
        counts["joint spaces"] += 1
        counts["ties in them"] += sum(space["tied"].values())
        failed += len(problems)
        for problem in problems[:3]:
            print(problem)
    print(", ".join(f"{count} {name}" for name, count in counts.items()) + f"; {failed} differences")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
