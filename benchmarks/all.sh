#!/bin/sh
# Every result and figure of the README, from benchmarks/results/pruning.csv;
# what is missing there is trained (hours on two cores). Extra arguments go to each command.
set -e
cd "$(dirname "$0")"
plain="alpha=None dropout=None learning_rate_init=None"
long="pruning_epochs=20 fine_tune_epochs=20"
channels="budget=macs"
bare="fine_tune_epochs=0 n_rounds=1 pruning_epochs=0"
run() {
    python pruning.py "$@"
    echo
}
for data in fashion mnist5k; do
    run --data $data --sparsities 0.917 0.95 0.98 0.99 --figure results/$data-mlp.png "$@"
    run --data $data --sparsities 0.95 0.98 0.99 --options "$plain" \
        --figure results/$data-mlp-plain.png "$@"
done
run --data fashion mnist5k --sparsities 0.8 0.9 --criteria screening magnitude wanda random \
    --options "$bare" "$@"
run --data digits --sparsities 0.9 0.95 "$@"
run --data digits fashion mnist5k --criteria screening --sparsities 0 "$@"
run --data fashion --sparsities 0.982 --options "$long" "$@"
run --data fashion mnist5k --schedules one-shot --sparsities 0.95 0.98 "$@"
run --data fashion --network lenet-5 --granularity channel --sparsities 0.875 \
    --criteria screening magnitude random --options "$channels" "$@"
run --data fashion mnist5k --network lenet-5 --sparsities 0.917 0.9907 "$@"
run --data mnist5k --sparsities 0.95 0.99 --criteria wanda taylor snip random "$@"
run --data fashion --seeds 3 --sparsities 0.95 0.99 --criteria wanda taylor random "$@"

# Tables with many inputs: those of the development, and those that were kept apart
for group in "--group noise" --apart; do
    python tables.py $group --any-revision \
        --methods dense screening magnitude wanda dense-tuned select-kbest select-fdr lasso
done

# Few samples, and what epochs cost; `pruning.py --data mnist --published` needs the full MNIST
python few_samples.py --samples 300 1000 10000
python few_samples.py --epochs --network lenet-300-100
