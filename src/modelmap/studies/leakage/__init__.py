"""Study leakage: can a model that was trained on the texts be told from one that was not?

Fine-tunes the base models of the zoo on a part of the texts they are scored on, and on other texts
of the same categories, and writes reports/studies/leakage.csv and leakage.json.
"""
