"""How one notebook becomes a verdict: engine, judging, answers, keys, store. Knows no gradebook."""
