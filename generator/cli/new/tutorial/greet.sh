#!/usr/bin/env bash
# Greet whom the first argument names.
set -euo pipefail
echo "Hello, ${1:?whom shall I greet}."
for step in 1 2; do
    echo "You are on step $step."
done
