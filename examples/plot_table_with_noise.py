"""
A table with categories and noise: which inputs survive
=======================================================

Numbers, categories and columns that tell nothing, through a `ColumnTransformer` whose output is
sparse, into a network, into the pruner. What the lean network still reads is a selection of
features with a reason for each.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skscreen import MLPClassifier, ScreeningPruner, Significance
from skscreen.inspection import UnitDisplay

# %%
# Who joins the club? Age, income and town decide; shoes and thirty measurements do not.
rng = np.random.default_rng(0)
n = 1500
table = pd.DataFrame(
    {
        "age": rng.normal(40, 12, n),
        "income": rng.lognormal(8, 0.4, n),
        "town": rng.choice(["Aachen", "Bonn", "Celle", "Dresden"], n),
        "shoes": rng.choice(["black", "brown", "red"], n),
    }
)
chance = (
    (table["age"] - 40) / 12 + (table["income"] - 3200) / 1300 + 1.5 * (table["town"] == "Bonn")
)
member = np.where(chance + rng.normal(0, 0.5, n) > 0.4, "member", "guest")
for number in range(30):
    table[f"noise {number}"] = rng.normal(size=n)
table = table.mask(rng.random(table.shape) < 0.03)  # a few fields are empty
train, test, y_train, y_test = train_test_split(table, member, stratify=member, random_state=0)

# %%
numbers = [name for name in table if name not in ("town", "shoes")]
prepare = make_column_transformer(
    (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
    (OneHotEncoder(handle_unknown="ignore"), ["town", "shoes"]),
    sparse_threshold=1.0,
    verbose_feature_names_out=False,
)
net = MLPClassifier((50, 20), max_iter=40, tol=None, random_state=0)
# what is not significant at a false discovery rate of 1 % goes, then the cut goes on to 90 %
prune = ScreeningPruner(selection=Significance("fdr", level=0.01), sparsity=0.9)
pipe = Pipeline([("prepare", prepare), ("net", net), ("prune", prune)]).fit(train, y_train)
dense = pipe["net"].score(pipe["prepare"].transform(test), y_test)
print(f"dense {dense:.3f}, pruned {pipe.score(test, y_test):.3f}")

# %%
# Names of what is still read, and how much it counts.
names = pipe["prepare"].get_feature_names_out()
importances = pd.Series(pipe["prune"].feature_importances_, index=names)
read = importances[pipe["prune"].get_support()].sort_values()
print(f"{len(read)} of {len(names)} inputs are read")
fig, ax = plt.subplots(figsize=(6, 1 + 0.3 * len(read)), layout="constrained")
ax.barh(read.index, read, color="#1f5a99")
ax.set(xlabel="importance", title="inputs that survive")

# %%
# The reason for one of them, and for one that was cut.
for name in ("age", "noise 3"):
    display = UnitDisplay.from_estimator(pipe["prune"], 0, list(names).index(name))
    display.ax_.set_title(name, loc="left", fontweight="bold", pad=22)
plt.show()
