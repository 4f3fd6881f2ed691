#!/bin/bash
# Benchmark two million bodies on one GPU of Base Command Platform.
# Needs ORG, TEAM (with its leading slash, or empty) and USER.

ngc batch run \
    --name "nbody_2M_1gpu" \
    --org "${ORG}" \
    --team "${TEAM#/}" \
    --ace "${ACE:-sa-nvex-scus-ace}" \
    --instance "dgxa100.80g.1.norm" \
    --image "nvcr.io/${ORG}${TEAM}/${USER}_nbody:efficient" \
    --result /results \
    --total-runtime 10m \
    --commandline "nbody -benchmark -numbodies=2000000"
