"""Study few_texts: KL divergences of pretrained models from few texts, compared with all texts.

The stage score gives most pretrained models scores of few texts only. Here they are scored on all
texts, which shows how large the errors of their KLs are, and how many texts the papers' estimate
would have needed.
"""
